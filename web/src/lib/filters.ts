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

/** Splits at the first operator after the first character (a tag key may hold any); null when there is none. */
export function parseFilter(text: string): Filter | null {
  for (let at = 1; at < text.length; at += 1) {
    const operator =
      text[at] === "=" ? "=" : text[at] === "~" ? "~" : text.startsWith("!=", at) ? "!=" : null;
    if (operator) return { dimension: text.slice(0, at), operator, value: text.slice(at + operator.length) };
  }
  return null;
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
