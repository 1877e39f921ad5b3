/**
 * What the explorer shows, as the address bar says it.
 *
 * The address is the only state: back, forward, bookmarks and shared links work because nothing else is
 * remembered. Defaults are left out, unknown or broken parts fall back to them.
 */
import { appendConversion, type Conversion, conversionFrom, readable } from "./conversion";
import { isDay, PRESETS, type PresetId, presetRange, type Range } from "./dates";
import { type Filter, parseFilter, printFilter } from "./filters";

export type Grain = "day" | "month" | "total";
export type View = "bars" | "lines" | "area";
export type SortColumn = "name" | "amount" | "previous" | "change";

/** How the table is ordered. */
export interface Sort {
  column: SortColumn;
  down: boolean;
}

export interface Question {
  measure: string;
  by: string[];
  where: Filter[];
  grain: Grain;
  period: { preset: PresetId } | Range;
  top: number;
  compare: boolean;
  view: View;
  sort: Sort;
  /** Null keeps the currencies apart. */
  convert: Conversion | null;
}

export const MAX_GROUPS = 3;
export const TOPS = [5, 10, 25, 100];

export const DEFAULTS: Question = {
  measure: "EffectiveCost",
  by: ["ServiceName"],
  where: [],
  grain: "day",
  period: { preset: "this-month" },
  top: 10,
  compare: false,
  view: "bars",
  sort: { column: "amount", down: true },
  convert: null,
};

export function fromSearch(search: URLSearchParams, defaultMeasure = DEFAULTS.measure): Question {
  const by = search.has("by")
    ? [...new Set((search.get("by") ?? "").split("|").filter(Boolean))].slice(0, MAX_GROUPS)
    : DEFAULTS.by;
  const from = search.get("from");
  const to = search.get("to");
  const preset = PRESETS.find((one) => one.id === search.get("period"))?.id;
  const period: Question["period"] =
    isDay(from) && isDay(to) && from < to ? { from, to } : preset ? { preset } : DEFAULTS.period;
  const top = Number(search.get("top"));
  return {
    measure: search.get("measure") || defaultMeasure,
    by,
    where: search
      .getAll("where")
      .map(parseFilter)
      .filter((one) => one !== null),
    grain: oneOf(search.get("grain"), ["day", "month", "total"]) ?? DEFAULTS.grain,
    period,
    top: Number.isInteger(top) && top > 0 && top <= 1000 ? top : DEFAULTS.top,
    compare: search.get("compare") === "previous",
    view: oneOf(search.get("view"), ["bars", "lines", "area"]) ?? DEFAULTS.view,
    sort: readSort(search.get("sort")),
    convert: conversionFrom(search),
  };
}

export function toSearch(question: Question, defaultMeasure = DEFAULTS.measure): URLSearchParams {
  const search = new URLSearchParams();
  if (question.measure !== defaultMeasure) search.set("measure", question.measure);
  if (question.by.join("|") !== DEFAULTS.by.join("|")) search.set("by", question.by.join("|"));
  for (const filter of question.where) search.append("where", printFilter(filter));
  if ("preset" in question.period) {
    if (question.period.preset !== "this-month") search.set("period", question.period.preset);
  } else {
    search.set("from", question.period.from);
    search.set("to", question.period.to);
  }
  if (question.grain !== DEFAULTS.grain) search.set("grain", question.grain);
  if (question.top !== DEFAULTS.top) search.set("top", String(question.top));
  if (question.compare) search.set("compare", "previous");
  if (question.view !== DEFAULTS.view) search.set("view", question.view);
  if (question.sort.column !== "amount" || !question.sort.down)
    search.set("sort", `${question.sort.down ? "-" : ""}${question.sort.column}`);
  appendConversion(search, question.convert);
  return search;
}

export function resolveRange(question: Question, today: string): Range {
  return "preset" in question.period ? presetRange(question.period.preset, today) : question.period;
}

/** The API's parameters for the question on a given day. A conversion with an unreadable rate is left out. */
export function apiSearch(question: Question, today: string): URLSearchParams {
  const range = resolveRange(question, today);
  const search = new URLSearchParams({ measure: question.measure });
  if (question.by.length) search.set("by", question.by.map((one) => one.replace(/[\\,]/g, "\\$&")).join(","));
  search.set("from", range.from);
  search.set("to", range.to);
  search.set("grain", question.grain);
  for (const filter of question.where) search.append("where", printFilter(filter));
  search.set("top", String(question.top));
  if (question.compare) search.set("compare", "previous");
  appendConversion(search, readable(question.convert));
  return search;
}

/** A link into the explorer from anywhere else. */
export function explorerHref(part: Partial<Question>, defaultMeasure?: string): string {
  const search = toSearch({ ...DEFAULTS, ...part }, defaultMeasure).toString();
  return search ? `/explore?${search}` : "/explore";
}

/** What people usually ask next after narrowing a dimension to one value. */
const NEXT: Record<string, string[]> = {
  ProviderName: ["ServiceName", "SubAccountName", "ServiceCategory", "RegionId"],
  ServiceProviderName: ["ServiceName", "SubAccountName", "ServiceCategory", "RegionId"],
  BillingAccountName: ["SubAccountName", "ServiceName"],
  BillingAccountId: ["SubAccountName", "ServiceName"],
  SubAccountName: ["ServiceName", "RegionId", "ResourceName"],
  SubAccountId: ["ServiceName", "RegionId", "ResourceName"],
  ServiceCategory: ["ServiceName", "SubAccountName", "RegionId"],
  ServiceName: ["SubAccountName", "ResourceName", "ChargeDescription", "RegionId", "SkuId"],
  RegionId: ["ServiceName", "SubAccountName", "ResourceName"],
  RegionName: ["ServiceName", "SubAccountName", "ResourceName"],
  ResourceType: ["ResourceName", "RegionId"],
  ResourceName: ["ChargeDescription", "SkuId", "ChargeCategory"],
  ResourceId: ["ChargeDescription", "SkuId", "ChargeCategory"],
  SkuId: ["ResourceName", "ChargeDescription"],
  ChargeCategory: ["ServiceName", "ChargeDescription"],
};

const FALLBACK = ["ServiceName", "SubAccountName", "ResourceName", "ChargeDescription", "ChargeCategory"];

/** Dimensions to group by next: known to the data, not already narrowed to one value. */
export function nextDimensions(dimension: string, where: Filter[], known: string[]): string[] {
  const narrowed = new Set(where.filter((one) => one.operator === "=").map((one) => one.dimension));
  const wanted = [...(NEXT[dimension] ?? []), ...FALLBACK];
  return [...new Set(wanted)]
    .filter((one) => one !== dimension && known.includes(one) && !narrowed.has(one))
    .slice(0, 4);
}

/** `name` is upward, `-change` downward. */
function readSort(text: string | null): Sort {
  const down = text?.startsWith("-") ?? false;
  const column = oneOf(text?.slice(down ? 1 : 0) ?? null, ["name", "amount", "previous", "change"]);
  return column ? { column, down } : DEFAULTS.sort;
}

function oneOf<T extends string>(text: string | null, allowed: T[]): T | undefined {
  return allowed.find((one) => one === text);
}
