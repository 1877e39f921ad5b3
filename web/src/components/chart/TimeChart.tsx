import { useComputedColorScheme } from "@mantine/core";
import { type PointerEvent, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { addDays, monthLabel, weekdayLabel } from "../../lib/dates";
import { moneyCompact } from "../../lib/money";
import { INK, seriesColor } from "../../lib/palette";
import { bandPath, extent, labelled, linePath, scales, type Value } from "../../lib/plot";

type Tone = "main" | "muted" | "warn";

export interface Line {
  id: string;
  label: string;
  values: Value[];
  tone: Tone;
  dashed?: boolean;
  /** Filled down to zero. */
  filled?: boolean;
}

export interface Band {
  id: string;
  label: string;
  low: Value[];
  high: Value[];
  /** The narrower band is the darker one. */
  strong?: boolean;
}

export interface TimeChartProps {
  days: string[];
  lines: Line[];
  bands?: Band[];
  bars?: { label: string; values: Value[]; pale?: (at: number) => boolean };
  /** Days from one to another, both included. */
  spans?: { from: number; to: number; label: string }[];
  /** A day that a line is drawn at. */
  mark?: { at: number; label: string } | null;
  currency: string;
  height?: number;
  /** What the chart shows, and where the same figures stand as text. */
  label: string;
  tip: (at: number) => { label: string; value: string; tone?: Tone }[];
}

const RIGHT = 10;

/** Money over days as an SVG that follows its box. Everything in it is also a table, so it is one image to readers. */
export function TimeChart({
  days,
  lines,
  bands = [],
  bars,
  spans = [],
  mark = null,
  currency,
  height = 260,
  label,
  tip,
}: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  // Negative until it was measured; zero where the box is not shown.
  const [width, setWidth] = useState(-1);
  const [over, setOver] = useState<number | null>(null);
  const scheme = useComputedColorScheme("light");
  const id = useId();
  const ink = INK[scheme];
  const colors: Record<Tone, string> = {
    main: seriesColor(scheme, 0),
    muted: ink.muted,
    warn: seriesColor(scheme, 1),
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  const drawn = useMemo(() => {
    const range = extent([
      ...lines.map((one) => one.values),
      ...bands.flatMap((one) => [one.low, one.high]),
      bars?.values ?? [],
    ]);
    const frame = { width, height, left: 0, right: RIGHT, top: mark || spans.length ? 22 : 10, bottom: 22 };
    const widest = Math.max(
      ...scales(frame, 1, range).ticks.map((one) => moneyCompact(one, currency).length),
      2,
    );
    frame.left = 12 + widest * 6.8;
    return { frame, ...scales(frame, days.length, range) };
  }, [lines, bands, bars, width, height, days.length, currency, mark, spans]);
  const { frame, x, y, step } = drawn;
  const ready = width > 0;

  const move = (event: PointerEvent<HTMLDivElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const at = Math.floor((event.clientX - left - frame.left) / step);
    setOver(at >= 0 && at < days.length ? at : null);
  };
  const rows = over === null ? [] : tip(over);
  const overDay = over === null ? null : (days[over] ?? null);
  const flip = over !== null && x(over) > width * 0.6;
  return (
    <div
      ref={box}
      className="time-chart chart"
      style={{ height }}
      role="img"
      aria-label={label}
      data-ready={width >= 0}
      onPointerMove={move}
      onPointerLeave={() => setOver(null)}
    >
      {ready && (
        <svg width={width} height={height} aria-hidden="true">
          <defs>
            <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="6" height="6" fill={colors.warn} opacity="0.1" />
              <rect width="2" height="6" fill={colors.warn} opacity="0.22" />
            </pattern>
          </defs>
          {spans.map((one) => {
            const from = x(Math.max(0, one.from)) - step / 2;
            const to = x(Math.min(days.length - 1, one.to)) + step / 2;
            return (
              <g key={`${one.from} ${one.label}`}>
                <rect
                  x={from}
                  y={frame.top}
                  width={Math.max(2, to - from)}
                  height={height - frame.top - frame.bottom}
                  fill={`url(#${id})`}
                />
                <text
                  x={Math.min(Math.max(from, frame.left), width - RIGHT)}
                  y={14}
                  fill={ink.text}
                  textAnchor={from > width * 0.7 ? "end" : "start"}
                  className="plot-note"
                >
                  {one.label}
                </text>
              </g>
            );
          })}
          {drawn.ticks.map((one) => (
            <g key={one}>
              <line x1={frame.left} x2={width - RIGHT} y1={y(one)} y2={y(one)} stroke={ink.line} />
              <text x={frame.left - 6} y={y(one) + 4} textAnchor="end" fill={ink.muted} className="plot-text">
                {moneyCompact(one, currency)}
              </text>
            </g>
          ))}
          {labelled(days, step).map((at) => (
            <text
              key={at}
              x={x(at)}
              y={height - 5}
              textAnchor="middle"
              fill={ink.muted}
              className="plot-text"
            >
              {axisDay(days[at] ?? "", days.length)}
            </text>
          ))}
          {bands.map((one) => (
            <path
              key={one.id}
              d={bandPath(one.low, one.high, drawn)}
              fill={colors.main}
              opacity={one.strong ? 0.26 : 0.14}
            />
          ))}
          {bars?.values.map((value, at) =>
            value === null ? null : (
              <rect
                key={days[at]}
                x={x(at) - step * 0.36}
                width={Math.max(0.5, step * 0.72)}
                y={Math.min(y(value), y(0))}
                height={Math.abs(y(value) - y(0))}
                fill={colors.main}
                opacity={bars.pale?.(at) ? 0.45 : 1}
              />
            ),
          )}
          {lines.map((one) => (
            <g key={one.id}>
              {one.filled && (
                <path
                  d={bandPath(
                    one.values.map((value) => (value === null ? null : 0)),
                    one.values,
                    drawn,
                  )}
                  fill={colors[one.tone]}
                  opacity="0.1"
                />
              )}
              <path
                d={linePath(one.values, drawn)}
                fill="none"
                stroke={colors[one.tone]}
                strokeWidth={one.tone === "muted" ? 1.6 : 2}
                strokeDasharray={one.dashed ? "5 4" : undefined}
                strokeLinejoin="round"
                strokeLinecap="round"
              />
              <Alone values={one.values} x={x} y={y} fill={colors[one.tone]} />
            </g>
          ))}
          {mark && (
            <g>
              <line
                x1={x(mark.at) + step / 2}
                x2={x(mark.at) + step / 2}
                y1={frame.top - 4}
                y2={height - frame.bottom}
                stroke={ink.muted}
                strokeDasharray="2 3"
              />
              <text
                x={x(mark.at) + step / 2 + (x(mark.at) > width * 0.7 ? -5 : 5)}
                y={14}
                fill={ink.muted}
                textAnchor={x(mark.at) > width * 0.7 ? "end" : "start"}
                className="plot-text"
              >
                {mark.label}
              </text>
            </g>
          )}
          {over !== null && (
            <line
              x1={x(over)}
              x2={x(over)}
              y1={frame.top}
              y2={height - frame.bottom}
              stroke={ink.text}
              opacity="0.35"
            />
          )}
        </svg>
      )}
      {overDay !== null && rows.length > 0 && over !== null && (
        <div
          className="plot-tip chart-tip"
          style={
            flip ? { right: width - x(over) + 10, top: frame.top } : { left: x(over) + 10, top: frame.top }
          }
        >
          <div className="tip-title">{weekdayLabel(overDay)}</div>
          {rows.map((row) => (
            <div className="tip-row" key={row.label}>
              <span
                className={row.tone ? "swatch" : ""}
                style={row.tone ? { background: colors[row.tone] } : undefined}
              />
              <span className="clip">{row.label}</span>
              <span className="num">{row.value}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** A day between two gaps would be no line at all. */
function Alone({
  values,
  x,
  y,
  fill,
}: {
  values: Value[];
  x: (at: number) => number;
  y: (value: number) => number;
  fill: string;
}) {
  return values.map((value, at) =>
    value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a day is its place
      <circle key={at} cx={x(at)} cy={y(value)} r="2.5" fill={fill} />
    ) : null,
  );
}

function axisDay(day: string, days: number): string {
  const month = monthLabel(day);
  if (days > 75 && day.endsWith("-01"))
    return day.slice(5, 7) === "01" ? month : (month.split(" ")[0] ?? month);
  return `${Number(day.slice(8))} ${month.slice(0, 3)}`;
}

/** Which line is which; the picture's own words say it to readers. */
export function Legend({
  entries,
}: {
  entries: { label: string; mark: "line" | "dash" | "band" | "wide-band" | "bar" | "span" | "limit" }[];
}) {
  return (
    <div className="legend small muted" aria-hidden="true">
      {entries.map((one) => (
        <span key={one.label}>
          <span className={`key ${one.mark}`} />
          {one.label}
        </span>
      ))}
    </div>
  );
}

/** Every day from the first to the last of those given. */
export function everyDay(days: string[]): string[] {
  const sorted = [...days].sort();
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (!first || !last) return [];
  const found: string[] = [];
  for (let day = first; day <= last && found.length < 1500; day = addDays(day, 1)) found.push(day);
  return found;
}
