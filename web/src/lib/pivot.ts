/** Turns the answer's rows into groups with one value per period, for the chart and the table under it. */
import type { CostAnswer, CostRow } from "../api/types";
import { parse, type Units } from "./decimal";

export interface Group {
  /** Stable identity inside one answer. */
  id: string;
  keys: (string | null)[];
  other: boolean;
  /** No key has a value: untagged, or a dimension the charges lack. */
  unset: boolean;
  amount: Units;
  previous: Units | null;
  byPeriod: Map<string, Units>;
}

export interface Section {
  currency: string;
  total: Units;
  previous: Units | null;
  groups: Group[];
  /** Σ previous per period, when the question compares. */
  previousByPeriod: Map<string, Units>;
}

/** One section per currency: currencies are never added. Groups by size, the rest ("other") last. */
export function sections(answer: CostAnswer, by: string[]): Section[] {
  const found = new Map<string, Section>();
  const groups = new Map<string, Group>();
  const at = (currency: string): Section => {
    let section = found.get(currency);
    if (!section) {
      section = { currency, total: 0n, previous: null, groups: [], previousByPeriod: new Map() };
      found.set(currency, section);
    }
    return section;
  };
  for (const total of answer.totals) {
    const section = at(total.currency);
    section.total = parse(total.amount);
    section.previous = total.previous === null ? null : parse(total.previous);
  }
  for (const row of answer.rows) {
    const section = at(row.currency);
    const other = isOther(row, answer);
    const id = other ? "other" : JSON.stringify(row.keys);
    let group = groups.get(`${row.currency} ${id}`);
    if (!group) {
      group = {
        id,
        keys: row.keys,
        other,
        unset: !other && by.length > 0 && row.keys.length > 0 && row.keys.every((key) => key === null),
        amount: 0n,
        previous: null,
        byPeriod: new Map(),
      };
      groups.set(`${row.currency} ${id}`, group);
      section.groups.push(group);
    }
    const amount = parse(row.amount);
    group.amount += amount;
    const period = row.period ?? "";
    group.byPeriod.set(period, (group.byPeriod.get(period) ?? 0n) + amount);
    if (row.previous !== null) {
      const previous = parse(row.previous);
      group.previous = (group.previous ?? 0n) + previous;
      section.previousByPeriod.set(period, (section.previousByPeriod.get(period) ?? 0n) + previous);
    }
  }
  const sorted = [...found.values()];
  for (const section of sorted) section.groups.sort(bySize);
  return sorted;
}

function isOther(row: CostRow, answer: CostAnswer): boolean {
  return (
    row.other ?? (answer.other.included && row.keys.length > 0 && row.keys.every((key) => key === OTHER_KEY))
  );
}

const OTHER_KEY = "(other)";

function bySize(a: Group, b: Group): number {
  if (a.other !== b.other) return a.other ? 1 : -1;
  if (a.amount !== b.amount) return a.amount > b.amount ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** What people call a dimension. */
export type Label = (dimension: string) => string;

/** How a group without a value reads: `Untagged (no team)`, `No resource`, `No SKU id`. */
export function unsetLabel(dimension: string, label: Label): string {
  if (dimension.startsWith("tag:")) return `Untagged (no ${dimension.slice(4)})`;
  return `No ${label(dimension).replace(/^[A-Z](?=[a-z]+( |$))/, (first) => first.toLowerCase())}`;
}

/**
 * `others` is how many groups the rest holds. An answer counts them over all its currencies together, so it is
 * null where there are several: no section's rest has that many.
 */
export function groupLabel(group: Group, by: string[], others: number | null, label: Label): string {
  if (group.other) return others ? `Other (${others.toLocaleString("en-US")} more)` : "Other";
  if (group.keys.length === 0) return "All charges";
  return group.keys.map((key, at) => key ?? unsetLabel(by[at] ?? "", label)).join(" · ");
}
