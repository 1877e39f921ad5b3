/** Budgets as series to draw and in words. */
import type { BudgetInput, BudgetStatus, Cadence, Standing } from "../api/insightTypes";
import { periodsOf } from "./dates";
import { parse, toNumber, type Units } from "./decimal";
import type { Value } from "./plot";

export const STANDINGS: Record<Standing, { label: string; badge: string; rank: number }> = {
  over: { label: "over budget", badge: "bad", rank: 0 },
  "at-risk": { label: "at risk", badge: "warn", rank: 1 },
  "on-track": { label: "on track", badge: "good", rank: 2 },
};

export const CADENCES: { id: Cadence; label: string; each: string }[] = [
  { id: "monthly", label: "Monthly", each: "a month" },
  { id: "quarterly", label: "Quarterly", each: "a quarter" },
  { id: "yearly", label: "Yearly", each: "a year" },
];

export type Direction = "up" | "down";

export interface Burn {
  days: string[];
  actual: Value[];
  exact: (Units | null)[];
  plan: Value[];
  exactPlan: Units[];
  /** From the last known day to the end of the period, straight: the ends are forecast, the way is not. */
  expected: Value[];
  low: Value[];
  high: Value[];
  /** The whole budget, when burning up; nothing left, when burning down. */
  limit: Value[];
  last: number;
}

/** What was spent so far, growing; or what is left, shrinking. */
export function burnSeries(status: BudgetStatus, direction: Direction): Burn {
  const points = new Map(status.burn.map((one) => [one.day, one]));
  const whole = parse(status.amount);
  const turn = (units: Units) => (direction === "up" ? units : whole - units);
  const listed = [...points.keys()].sort();
  const first = listed[0] ?? status.period.from;
  // Days that are not told yet belong to the picture: it ends where the period does.
  const days = listed[listed.length - 1] ? periodsOf({ from: first, to: status.period.to }, "day") : [];
  const exact = days.map((day) => {
    const text = points.get(day)?.actual_cumulative ?? null;
    return text === null ? null : turn(parse(text));
  });
  const last = exact.findLastIndex((one) => one !== null);
  const end = days.length - 1;
  const start = last >= 0 ? toNumber(exact[last] ?? 0n) : null;
  const cone = (text: string | undefined): Value[] =>
    days.map((_, at) => {
      if (text === undefined || start === null || at < last || end <= last) return null;
      return start + ((toNumber(turn(parse(text))) - start) * (at - last)) / (end - last);
    });
  const [lower, upper] =
    direction === "up"
      ? [status.forecast?.low, status.forecast?.high]
      : [status.forecast?.high, status.forecast?.low];
  const told = listed.length - 1;
  const sofar = parse(points.get(listed[told] ?? "")?.plan_cumulative ?? "0");
  const exactPlan = days.map((day, at) => {
    const text = points.get(day)?.plan_cumulative;
    // Straight from the last day that is told to the whole amount.
    const plan =
      text === undefined || text === null
        ? sofar + ((whole - sofar) * BigInt(at - told)) / BigInt(Math.max(1, end - told))
        : parse(text);
    return turn(plan);
  });
  return {
    days,
    exact,
    actual: exact.map((one) => (one === null ? null : toNumber(one))),
    exactPlan,
    plan: exactPlan.map(toNumber),
    expected: cone(status.forecast?.expected),
    low: cone(lower),
    high: cone(upper),
    limit: days.map(() => (direction === "up" ? toNumber(whole) : 0)),
    last,
  };
}

/** What keeps a budget from being saved, in words; null when nothing does. */
export function budgetProblem(budget: BudgetInput): string | null {
  if (budget.name.trim() === "") return "Give it a name.";
  if (!/^\d{1,15}(\.\d{1,6})?$/.test(budget.amount) || /^[0.]+$/.test(budget.amount))
    return "Say how much, such as 12000 or 12000.50.";
  if (!/^[A-Z]{3}$/.test(budget.currency)) return "Choose the currency.";
  const empty = (budget.scope ?? []).find((rule) => rule.values.length === 0);
  if (empty) return `Name at least one value for ${empty.dimension}, or remove that rule.`;
  for (const one of budget.thresholds) {
    if (!(one.percent > 0 && one.percent <= 1000)) return "A threshold is between 1% and 1000%.";
    if (one.recipients.length === 0) return `Say who is written to at ${one.percent}%.`;
    const wrong = one.recipients.find((each) => !/^[^@\s]+@[^@\s]+$/.test(each));
    if (wrong) return `“${wrong}” is no e-mail address.`;
  }
  return null;
}
