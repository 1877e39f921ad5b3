/** Filters as the API writes them: `Dim=value`, `Dim!=value`, `Dim~text`; an empty value is "has none". */
export type Operator = "=" | "!=" | "~";

export interface Filter {
  dimension: string;
  operator: Operator;
  /** Empty means the charge has no value there (an untagged one, say). */
  value: string;
}

export const OPERATORS: { id: Operator; label: string; help: string }[] = [
  { id: "=", label: "is", help: "exactly this value" },
  { id: "!=", label: "is not", help: "every other value" },
  { id: "~", label: "contains", help: "the text anywhere in the value" },
];

/** Splits at the first operator; null when there is none or no dimension before it. */
export function parseFilter(text: string): Filter | null {
  const found = /^([^=~!]+)(!=|=|~)([\s\S]*)$/.exec(text);
  if (!found?.[1]?.trim() || !found[2]) return null;
  return { dimension: found[1].trim(), operator: found[2] as Operator, value: found[3] ?? "" };
}

export function printFilter(filter: Filter): string {
  return `${filter.dimension}${filter.operator}${filter.value}`;
}

export function operatorLabel(operator: Operator): string {
  return OPERATORS.find((one) => one.id === operator)?.label ?? operator;
}

/** Adds a filter once. An equality on a dimension that a drill narrows replaces what stood there. */
export function withFilter(filters: Filter[], added: Filter): Filter[] {
  if (filters.some((one) => printFilter(one) === printFilter(added))) return filters;
  return [...filters, added];
}

/** Narrowing to one value: other equalities of that dimension would widen it again, so they go. */
export function narrowedTo(filters: Filter[], dimension: string, value: string): Filter[] {
  return [
    ...filters.filter((one) => !(one.dimension === dimension && one.operator === "=")),
    { dimension, operator: "=", value },
  ];
}
