/** Forecasts in words and as series to draw. */
import type { Ahead, AheadDay, CurrencyForecast, Until } from "../api/insightTypes";
import { addDays, addMonths, monthLabel, monthStart, type Range } from "./dates";
import { parse, sum, toNumber, type Units } from "./decimal";
import { percent } from "./money";
import type { Value } from "./plot";

export const UNTILS: { id: Until; label: string }[] = [
  { id: "month", label: "Month end" },
  { id: "quarter", label: "Quarter end" },
  { id: "year", label: "Year end" },
];

/** How many days of the past are drawn before the forecast. */
const PAST: Record<Until, number> = { month: 62, quarter: 124, year: 300 };

/** A day's forecast as an amount; statistics come as floats, and their last digits mean nothing. */
export function estimate(value: number | string): Units {
  return parse(typeof value === "string" ? value : value.toFixed(6));
}

/** The period that ends there. `ends` may be its last day or the first after it. */
export function periodAhead(until: Until, ends: string): Range {
  const last = ends.endsWith("-01") ? addDays(ends, -1) : ends;
  const month = monthStart(last);
  const number = Number(last.slice(5, 7)) - 1;
  const back = until === "month" ? 0 : until === "quarter" ? number % 3 : number;
  return { from: addMonths(month, -back), to: addDays(last, 1) };
}

/** `November 2026` is short as `Nov 2026`, a quarter is `Q4 2026`, a year its number. */
export function periodName(until: Until, { from }: Range): string {
  if (until === "month") return monthLabel(from);
  const year = from.slice(0, 4);
  return until === "year" ? year : `Q${Math.floor((Number(from.slice(5, 7)) - 1) / 3) + 1} ${year}`;
}

/** The ceilings of the FinOps Foundation for the variance between forecast and actual. */
export const CLASSES = [
  { id: "run", name: "Run", ceiling: 0.12 },
  { id: "walk", name: "Walk", ceiling: 0.15 },
  { id: "crawl", name: "Crawl", ceiling: 0.2 },
  { id: "beyond", name: "Beyond", ceiling: null },
] as const;

/** What the class means, in one sentence. */
export function classSentence({ class: found, variance }: Pick<Ahead, "class" | "variance">): string {
  if (found === null)
    return "There is too little history to say how far forecasts of this kind end up from what comes.";
  const off =
    variance === null
      ? "Tested on past periods of this length, it"
      : `Tested on past periods of this length, it ended ${percent(variance)} off on average and`;
  if (found === "beyond")
    return `${off} misses the 20% that the FinOps Foundation asks of beginners: plan with the range, not with the number.`;
  const one = CLASSES.find((each) => each.id === found);
  return `${off} stays within the ${percent(one?.ceiling ?? 0).replace(".0%", "%")} that the FinOps Foundation calls “${found}”.`;
}

/** How well the model did, beside the number. */
export function errorWords(ahead: Pick<Ahead, "backtest">): string {
  const { backtest } = ahead;
  if (!backtest) return "not tested: too little history";
  return `daily error ${percent(Number(backtest.wape))} (WAPE, ${backtest.folds} backtests)`;
}

export interface Fan {
  days: string[];
  history: Value[];
  exact: (Units | null)[];
  mean: Value[];
  ahead: (AheadDay | null)[];
  lo80: Value[];
  hi80: Value[];
  lo95: Value[];
  hi95: Value[];
  /** The last day with charges, as a place in `days`; -1 without history. */
  last: number;
}

/** One column per day from the first drawn past day to the end; the fan opens at the last known day. */
export function fan({ history, daily }: Pick<CurrencyForecast, "history" | "daily">, until: Until): Fan {
  const past = [...history].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-PAST[until]);
  const future = [...daily].sort((a, b) => (a.day < b.day ? -1 : 1));
  const first = past[0]?.day ?? future[0]?.day;
  const end = future[future.length - 1]?.day ?? past[past.length - 1]?.day;
  const days: string[] = [];
  if (first && end)
    for (let day = first; day <= end && days.length < 1500; day = addDays(day, 1)) days.push(day);
  const amounts = new Map(past.map((one) => [one.day, parse(one.amount)]));
  const known = past[past.length - 1]?.day ?? "";
  const aheads = new Map(future.map((one) => [one.day, one]));
  const exact = days.map((day) => amounts.get(day) ?? null);
  const last = days.lastIndexOf(known);
  const anchor = last >= 0 && aheads.has(addDays(known, 1)) ? (exact[last] ?? null) : null;
  const series = (pick: (day: AheadDay) => number | string | null): Value[] =>
    days.map((day, at) => {
      const one = aheads.get(day);
      const value = one ? pick(one) : null;
      if (value !== null && value !== undefined) return Number(value);
      return at === last && anchor !== null ? toNumber(anchor) : null;
    });
  return {
    days,
    exact,
    history: exact.map((one) => (one === null ? null : toNumber(one))),
    mean: series((one) => one.mean),
    ahead: days.map((day) => aheads.get(day) ?? null),
    lo80: series((one) => one.lo80),
    hi80: series((one) => one.hi80),
    lo95: series((one) => one.lo95),
    hi95: series((one) => one.hi95),
    last,
  };
}

/** What the parts leave of the total; zero when they add up, as they should. */
export function unexplained({ total, parts }: Pick<CurrencyForecast, "total" | "parts">): Units {
  return parse(total.expected_total) - sum(parts.map((one) => parse(one.ahead.expected_total)));
}
