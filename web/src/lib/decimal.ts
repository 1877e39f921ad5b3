/**
 * Exact decimal arithmetic on the strings the server sends.
 *
 * Money reaches us as decimal text with up to 18 places. It is never turned into a float where digits are
 * shown or exported: sums are made on `bigint` units of 10^-18. `toNumber` exists for drawing only.
 */
const SCALE = 18;
const ONE = 10n ** BigInt(SCALE);
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** An amount in units of 10^-18. */
export type Units = bigint;

/** Reads decimal text. Text that is no number is a bug of the server and throws. */
export function parse(text: string): Units {
  const found = SHAPE.exec(text.trim());
  if (!found || (!found[2] && !found[3])) throw new Error(`not a decimal: ${JSON.stringify(text)}`);
  const exponent = Number(found[4] ?? 0);
  if (Math.abs(exponent) > 60) throw new Error(`exponent out of range: ${JSON.stringify(text)}`);
  const fraction = found[3] ?? "";
  const digits = BigInt(`${found[2] ?? ""}${fraction}`);
  const shift = SCALE - fraction.length + exponent;
  const units = shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift));
  return found[1] === "-" ? -units : units;
}

/** Text with all its digits and no trailing zeros. */
export function print(units: Units): string {
  const negative = units < 0n;
  const absolute = negative ? -units : units;
  const whole = absolute / ONE;
  const fraction = (absolute % ONE).toString().padStart(SCALE, "0").replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}

/** Text with exactly `places` decimals, rounded half to even, thousands separated by commas. */
export function printRounded(units: Units, places: number): string {
  const rounded = divideRounded(units < 0n ? -units : units, 10n ** BigInt(SCALE - places));
  const digits = rounded.toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places) || "0";
  const fraction = places ? `.${digits.slice(digits.length - places)}` : "";
  const sign = units < 0n && rounded !== 0n ? "−" : "";
  return `${sign}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}${fraction}`;
}

function divideRounded(value: bigint, by: bigint): bigint {
  if (value < 0n) return -divideRounded(-value, by);
  const quotient = value / by;
  const twice = (value % by) * 2n;
  if (twice > by || (twice === by && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

/** The nearest float: for lengths, heights and colours, never for digits. */
export function toNumber(units: Units): number {
  return Number(print(units));
}

/** `part / whole` as a ratio, or null when there is nothing to divide by. */
export function ratio(part: Units, whole: Units): number | null {
  if (whole === 0n) return null;
  return Number((part * 1_000_000n) / whole) / 1_000_000;
}

export function sum(values: Iterable<Units>): Units {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
