/** The geometry of charts over days: numbers in, SVG paths out. Floats, because they only make lengths. */

export type Value = number | null;

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Round steps that cover the range, at most about `wanted` of them. */
export function ticks(low: number, high: number, wanted: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999) ?? rough;
  const first = Math.floor(low / step + 1e-9) * step;
  const found: number[] = [];
  for (let at = first; at < high + step * 0.999; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/** Least and greatest of everything drawn; zero always belongs to it, so that heights can be compared. */
export function extent(series: Value[][]): [number, number] {
  let low = 0;
  let high = 0;
  for (const values of series)
    for (const value of values) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low === high ? [low, low + 1] : [low, high];
}

export interface Scales {
  x: (at: number) => number;
  y: (value: number) => number;
  /** Width of one day. */
  step: number;
  ticks: number[];
}

/** Days side by side, each in the middle of its own column. */
export function scales(frame: Frame, days: number, [low, high]: [number, number], wanted = 4): Scales {
  const marks = ticks(low, high, wanted);
  const bottom = Math.min(low, marks[0] ?? low);
  const top = Math.max(high, marks[marks.length - 1] ?? high);
  const inner = frame.width - frame.left - frame.right;
  const step = inner / Math.max(1, days);
  const height = frame.height - frame.top - frame.bottom;
  return {
    x: (at) => frame.left + (at + 0.5) * step,
    y: (value) => frame.top + height * (1 - (value - bottom) / (top - bottom || 1)),
    step,
    ticks: marks,
  };
}

const place = (value: number) => Number(value.toFixed(1));

/** A line with a gap wherever there is nothing. */
export function linePath(values: Value[], { x, y }: Pick<Scales, "x" | "y">): string {
  let path = "";
  let pen = false;
  values.forEach((value, at) => {
    if (value === null) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${place(x(at))} ${place(y(value))}`;
    pen = true;
  });
  return path;
}

/** The area between two lines, one closed shape for every stretch in which both are there. */
export function bandPath(low: Value[], high: Value[], { x, y }: Pick<Scales, "x" | "y">): string {
  const shapes: string[] = [];
  let from = -1;
  const close = (to: number) => {
    if (from < 0) return;
    const there: string[] = [];
    const back: string[] = [];
    for (let at = from; at < to; at += 1) {
      there.push(`${place(x(at))} ${place(y(high[at] ?? 0))}`);
      back.unshift(`${place(x(at))} ${place(y(low[at] ?? 0))}`);
    }
    shapes.push(`M${[...there, ...back].join("L")}Z`);
    from = -1;
  };
  const length = Math.max(low.length, high.length);
  for (let at = 0; at < length; at += 1) {
    const both = (low[at] ?? null) !== null && (high[at] ?? null) !== null;
    if (both && from < 0) from = at;
    if (!both) close(at);
  }
  close(length);
  return shapes.join("");
}

/** Which days get a label: whole months where many days stand side by side, else every n-th day. */
export function labelled(days: string[], step: number, width = 52): number[] {
  const fits = Math.max(1, Math.ceil(width / Math.max(step, 0.01)));
  const months = days.map((day, at) => (day.endsWith("-01") ? at : -1)).filter((at) => at >= 0);
  if (months.length >= 3) {
    const every = Math.max(1, Math.ceil(fits / 28));
    return months.filter((_, at) => at % every === 0);
  }
  const found: number[] = [];
  for (let at = Math.floor(Math.min(fits, days.length) / 2); at < days.length; at += fits) found.push(at);
  return found;
}
