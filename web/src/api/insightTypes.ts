/**
 * Forecasts, budgets, anomalies, allocation and recommendations, as `/api/v1` answers. Amounts are decimal text in
 * the currency beside them; days `YYYY-MM-DD`; ratios such as a backtest's error are numbers, 0.05 being 5 %.
 */
import type { ScopeRule } from "./identityTypes";

export type Until = "month" | "quarter" | "year";

/** What a period will have cost when it ends. The bounds are missing where there is too little history. */
export interface Ahead {
  actual_so_far: string;
  expected_total: string;
  lo80: string | null;
  hi80: string | null;
  lo95: string | null;
  hi95: string | null;
  model: string;
  backtest: { wape: number; mase: number | null; smape: number; folds: number } | null;
  variance: number | null;
  class: "run" | "walk" | "crawl" | "beyond" | null;
}

/** A day to come. Statistics, so numbers. */
export interface AheadDay {
  day: string;
  mean: number | string;
  lo80: number | string | null;
  hi80: number | string | null;
  lo95: number | string | null;
  hi95: number | string | null;
}

export interface CurrencyForecast {
  currency: string;
  total: Ahead;
  /** They add up to the total. */
  parts: { value: string | null; other: boolean; ahead: Ahead }[];
  history: { day: string; amount: string }[];
  daily: AheadDay[];
}

export interface Forecast {
  as_of: string;
  /** The first day whose charges are not complete; it and the days after are forecast. */
  known_until: string;
  /** `ends` is the day after the last. */
  until: { kind: Until; from?: string; ends: string };
  currencies: CurrencyForecast[];
  notes: string[];
}

export type ScenarioChange =
  | { kind: "grow"; value: string | null; percent: number; from: string }
  | { kind: "move"; value: string; to: string; keeps_percent: number; price: number; from: string }
  | { kind: "commit"; value: string; per_day: number; discount_percent: number; from: string };

/** What is still to come in the period, with and without the changes. */
export interface Scenario {
  without: string;
  with: string;
  difference: string;
  parts: { name: string; without: string; with: string }[];
}

export type Cadence = "monthly" | "quarterly" | "yearly";
export type Standing = "on-track" | "at-risk" | "over";

export interface Threshold {
  on: "actual" | "forecast";
  percent: number;
  recipients: string[];
}

export interface BudgetInput {
  name: string;
  currency: string;
  cadence: Cadence;
  amount: string;
  /** Null is all charges. */
  scope: ScopeRule[] | null;
  thresholds: Threshold[];
}

export interface BudgetStatus {
  period: { from: string; to: string };
  amount: string;
  actual: string;
  remaining: string;
  used_percent: number | null;
  elapsed_percent: number | null;
  forecast: { low: string; expected: string; high: string } | null;
  standing: Standing;
  burn: { day: string; actual_cumulative: string | null; plan_cumulative: string }[];
  pushed_by: { key: string | null; now: string; before: string; change: string }[];
  fired: { on: "actual" | "forecast"; percent: number; amount: string }[];
}

export interface Budget extends BudgetInput {
  id: string;
  revision: number | string;
  status: BudgetStatus | null;
}

export type IncidentKind = "spike" | "step" | "ramp" | "drop" | "new";

/** Where it happened; what is missing is not narrowed. */
export interface IncidentScope {
  currency?: string | null;
  provider?: string | null;
  billing_account?: string | null;
  account?: string | null;
  service?: string | null;
  region?: string | null;
  /** `key=value`, or the two apart. */
  tag?: string | { key: string; value: string } | null;
}

export interface Driver {
  account: string | null;
  service: string | null;
  region: string | null;
  item: string | null;
  change_per_day: string;
  resources_now: number | null;
  new_resources: string[] | null;
  new_count: number | null;
}

export interface Incident {
  id: string;
  since: string;
  /** The day on which it could be told. */
  detected: string;
  /** The day after the last; null while it lasts. */
  until: string | null;
  kind: IncidentKind;
  scope: IncidentScope;
  expected_per_day: string;
  actual_per_day: string;
  impact: string;
  currency: string;
  confidence: number | string | null;
  explanation: string;
  layers: string[];
  drivers: Driver[];
  chart: { day: string; actual: string | null; expected: string | null }[];
  feedback: { reason: string; by: string | null; until: string | null } | null;
}

export interface Anomalies {
  as_of: string;
  /** Taxes, credits, purchases and corrections, which are not looked at. */
  left_out: number | null;
  items: Incident[];
}

export interface Recommendation {
  id: string;
  kind: string;
  title: string;
  /** What to do, and what to look at before doing it. */
  advice?: string | null;
  check_first?: string | null;
  resource: string | null;
  account: string | null;
  service: string | null;
  region: string | null;
  evidence: (string | { what: string; value: string })[];
  saving_per_month: string | null;
  /** The saving is an upper bound. */
  at_most?: boolean;
  /** What would be left of a commitment, to be used by something else. */
  freed_commitment_per_month?: string | null;
  currency: string;
  effort: string | null;
  risk: string | null;
  confidence: number | string | null;
}

export interface Recommendations {
  items: Recommendation[];
  not_assessed: { kind: string; why: string }[];
}

/** A part of a whole; both in the same unit, so that the denominator is on the page. */
export interface Share {
  part: string;
  whole: string;
}
