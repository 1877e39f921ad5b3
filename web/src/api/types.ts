/** The API's answers, as the contract of `/api/v1` spells them. Amounts are decimal text; days `YYYY-MM-DD`. */
export interface Measure {
  id: string;
  label: string;
  help: string;
}

export interface Workspace {
  id: string;
  name: string;
  today: string;
  first_day: string | null;
  last_day: string | null;
  currencies: string[];
  providers: string[];
  default_measure: string;
  measures: Measure[];
  sources: number;
  deliveries: number;
  /** The look through the sources that runs, if one does; `total` is 0 while unknown. */
  refresh?: { what: string; done: number; total: number } | null;
}

export interface Dimension {
  id: string;
  label: string;
  group: string;
}

export interface Dimensions {
  dimensions: Dimension[];
  tag_keys: string[];
}

export interface DimensionValues {
  values: { value: string | null; amount: string; currency: string }[];
  truncated: boolean;
}

export interface Freshness {
  /** Where it lies. */
  source: string;
  provider: string | null;
  charges_until: string | null;
  delivered_at: string | null;
  provisional_periods: string[];
}

export interface Read {
  engine?: string;
  operations: number;
  objects: number;
  bytes: number;
  rows?: number;
  elapsed_ms?: number;
}

export interface CostRow {
  keys: (string | null)[];
  period: string | null;
  currency: string;
  amount: string;
  previous: string | null;
  /** The rest beyond the top groups, in one row. */
  other?: boolean;
}

export interface CostAnswer {
  question: { compare?: { from: string; to: string } | null };
  rows: CostRow[];
  totals: { currency: string; amount: string; previous: string | null }[];
  other: { included: boolean; groups: number };
  freshness: Freshness[];
  provisional: boolean;
  excluded: { rows: number; reasons: { reason: string; rows: number }[] };
  notes: string[];
  empty_reason: string | null;
  read: Read;
}

export interface BreakdownRow {
  key: string | null;
  label: string;
  currency: string;
  amount: string;
  previous: string | null;
}

export interface Mover {
  dimension: string;
  key: string | null;
  label: string;
  currency: string;
  amount: string;
  previous: string;
  change: string;
}

export interface Dashboard {
  measure: string;
  this_month: {
    period: string;
    from: string;
    to: string;
    totals: {
      currency: string;
      amount: string;
      previous: string | null;
      previous_same_days: string | null;
      provisional: boolean;
    }[];
  };
  daily: { period: string; currency: string; amount: string }[];
  by_provider: BreakdownRow[];
  by_service: BreakdownRow[];
  by_account: BreakdownRow[];
  movers: Mover[];
  freshness: Freshness[];
}

export interface Source {
  id: string;
  location: string;
  dialect: string | null;
  providers: string[];
  status: "ok" | "partial" | "refused" | "unreachable";
  problem: string | null;
  deliveries: number;
  rows: number;
  bytes: number;
  first_period: string | null;
  last_period: string | null;
  charges_until: string | null;
  delivered_at: string | null;
  read: Read;
}

export interface Money {
  currency: string;
  amount: string;
}

export interface Restatement {
  replaced_at: string | null;
  rows_before: number;
  difference: { measure: string; currency: string; before: string; after: string; difference: string }[];
}

export interface Delivery {
  id: string;
  source: string;
  dataset: string;
  /** Null when the rows of the file decide. */
  billing_period: string | null;
  status: "provisional" | "final";
  delivered_at: string | null;
  objects: number;
  bytes: number;
  rows: number;
  billed: Money[];
  effective: Money[];
  quarantined: number;
  restatement: Restatement | null;
}

export interface Finding {
  rule: string;
  column: string | null;
  level: string;
  count: number;
  explanation: string;
  examples: { file: string; row: number; value: string | null }[];
}

export interface Conformance {
  checked_rows: number;
  version: string;
  findings: Finding[];
  /** What was not checked, and why. */
  notes: string[];
}

export interface SqlAnswer {
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
  truncated: boolean;
  read: Read;
}

export interface Ledger {
  entries: { time: string; operation: string; object: string; bytes: number; source: string }[];
  totals: { operations: number; bytes: number };
}

/** RFC 9457. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  /** Seconds. */
  retry_after?: number;
}
