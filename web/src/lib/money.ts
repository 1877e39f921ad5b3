/** How amounts, shares and changes are written for people. Exact text in, exact text out. */
import { parse, print, printRounded, ratio, toNumber, type Units } from "./decimal";

const SYMBOLS: Record<string, string> = {
  USD: "$",
  EUR: "€",
  GBP: "£",
  JPY: "¥",
  INR: "₹",
  KRW: "₩",
  ILS: "₪",
};

/** Decimal places of the currency's minor unit (2 where the currency is unknown). */
export function minorDigits(currency: string): number {
  try {
    return (
      new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ??
      2
    );
  } catch {
    return 2;
  }
}

function withCurrency(text: string, currency: string): string {
  const negative = text.startsWith("−");
  const digits = negative ? text.slice(1) : text;
  const symbol = SYMBOLS[currency];
  return `${negative ? "−" : ""}${symbol ?? `${currency} `}${digits}`;
}

/** `$1,234.56`, `CHF 1,234.56`, `−€3.10`: rounded to the currency's minor unit. */
export function money(amount: string | Units, currency: string): string {
  const units = typeof amount === "string" ? parse(amount) : amount;
  return withCurrency(printRounded(units, minorDigits(currency)), currency);
}

/** The same without minor units, for headlines and dense bars. Amounts under 100 keep their cents. */
export function moneyShort(amount: string | Units, currency: string): string {
  const units = typeof amount === "string" ? parse(amount) : amount;
  const absolute = units < 0n ? -units : units;
  if (absolute !== 0n && absolute < 100n * 10n ** 18n) return money(units, currency);
  return withCurrency(printRounded(units, 0), currency);
}

/** Every digit the server sent, with its currency code. */
export function moneyExact(amount: string | Units, currency: string): string {
  const text = print(typeof amount === "string" ? parse(amount) : amount);
  const [whole = "0", fraction] = text.replace("-", "−").split(".");
  return `${currency} ${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}${fraction ? `.${fraction}` : ""}`;
}

/** `+$1,234.56` / `−$3.10` / `$0.00`. */
export function moneyChange(amount: string | Units, currency: string): string {
  const units = typeof amount === "string" ? parse(amount) : amount;
  return units > 0n ? `+${money(units, currency)}` : money(units, currency);
}

/** Axis labels: `$1.2M`. Drawn, so a float is enough. */
export function moneyCompact(value: number, currency: string): string {
  const absolute = Math.abs(value);
  const steps: [number, string][] = [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  const step = steps.find(([size]) => absolute >= size);
  const scaled = step ? absolute / step[0] : absolute;
  const places = scaled >= 100 || scaled === 0 ? 0 : scaled >= 10 ? 1 : 2;
  const digits = Number(scaled.toFixed(places)).toString();
  return withCurrency(`${value < 0 ? "−" : ""}${digits}${step?.[1] ?? ""}`, currency);
}

/** `12.3%`, or an em dash where there is nothing to divide by. */
export function percent(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "—";
  const scaled = value * 100;
  const absolute = Math.abs(scaled);
  const places = absolute >= 100 ? 0 : 1;
  if (absolute > 0 && absolute < 0.05) return scaled < 0 ? "−<0.1%" : "<0.1%";
  return `${scaled < 0 ? "−" : ""}${absolute.toFixed(places)}%`;
}

/** `+12.3%`; `new` where there was nothing before. */
export function percentChange(now: Units, before: Units | null): string {
  if (before === null) return "—";
  if (before === 0n) return now === 0n ? "0.0%" : "new";
  const change = ratio(now - before, before < 0n ? -before : before);
  return change !== null && change > 0 ? `+${percent(change)}` : percent(change);
}

export function share(part: Units, whole: Units): number | null {
  return ratio(part, whole);
}

/** `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 row`, `2 rows`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `12.4 MB`, decimal units as clouds bill them. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(scaled >= 100 ? 0 : 1)} ${units[unit]}`;
}

export { toNumber };
