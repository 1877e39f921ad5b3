/** Incidents in words, and as questions for the explorer. */
import type { Incident, IncidentKind, IncidentScope } from "../api/insightTypes";
import { addDays, type Range, rangeLabel } from "./dates";
import type { Filter } from "./filters";
import { percent } from "./money";
import type { Question } from "./question";

export const KINDS: Record<IncidentKind, { label: string; help: string }> = {
  spike: { label: "spike", help: "went up and came back" },
  step: { label: "step", help: "went to a new level and stayed" },
  ramp: { label: "ramp", help: "grows day by day" },
  drop: { label: "drop", help: "fell away" },
  new: { label: "new", help: "was not there before" },
};

type Part = Exclude<keyof IncidentScope, "tag" | "currency">;

const DIMENSIONS: [Part, string][] = [
  ["provider", "ProviderName"],
  ["billing_account", "BillingAccountId"],
  ["account", "SubAccountId"],
  ["service", "ServiceName"],
  ["region", "RegionId"],
];

/** `key=value`, when the scope's tag says both. */
function tagOf({ tag }: IncidentScope): { key: string; value: string } | null {
  if (!tag) return null;
  if (typeof tag !== "string") return tag;
  const at = tag.indexOf("=");
  return at > 0 ? { key: tag.slice(0, at), value: tag.slice(at + 1) } : null;
}

/** `Amazon Bedrock in prod-shop, eu-central-1, tagged search`: the narrowest first. */
export function scopeWords(scope: IncidentScope): string {
  const tag = tagOf(scope);
  const tagged = tag ? `tagged ${tag.key}=${tag.value}` : scope.tag ? `tagged ${String(scope.tag)}` : "";
  const account = scope.account ? `account ${scope.account}` : "";
  const places = [
    account,
    scope.region ?? "",
    tagged,
    !scope.account && scope.billing_account ? `billing account ${scope.billing_account}` : "",
    !scope.service && scope.provider && !scope.account ? scope.provider : "",
  ].filter(Boolean);
  if (scope.service) {
    const where = places.filter((one) => one !== tagged);
    const whole = where.length > 0 ? `${scope.service} in ${where.join(", ")}` : scope.service;
    return tagged ? `${whole}, ${tagged}` : whole;
  }
  if (places.length > 0) return places.join(", ").replace(/^./, (first) => first.toUpperCase());
  return scope.currency ? `All charges in ${scope.currency}` : "All charges";
}

/** The scope as filters. A tag whose key is not told narrows nothing; the page then says so. */
export function scopeFilters(scope: IncidentScope): Filter[] {
  const found: Filter[] = [];
  for (const [part, dimension] of DIMENSIONS) {
    const value = scope[part];
    if (value !== null && value !== undefined && value !== "")
      found.push({ dimension, operator: "=", value });
  }
  const tag = tagOf(scope);
  if (tag) found.push({ dimension: `tag:${tag.key}`, operator: "=", value: tag.value });
  return found;
}

/** Its days; the end of one that lasts is where the charges end. */
export function incidentDays(incident: Pick<Incident, "since" | "until">, asOf: string): Range {
  const to = incident.until ?? asOf.slice(0, 10);
  return { from: incident.since, to: to > incident.since ? to : addDays(incident.since, 1) };
}

export function sinceWords(incident: Pick<Incident, "since" | "until">): string {
  return incident.until
    ? rangeLabel({ from: incident.since, to: incident.until })
    : `since ${rangeLabel({ from: incident.since, to: incident.since })}`;
}

/** Two weeks before it until its end, by what is below the scope. */
export function incidentQuestion(
  incident: Pick<Incident, "since" | "until" | "scope">,
  asOf: string,
): Partial<Question> {
  const { from, to } = incidentDays(incident, asOf);
  const { scope } = incident;
  return {
    where: scopeFilters(scope),
    period: { from: addDays(from, -14), to: addDays(to, 3) },
    by: [scope.service ? (scope.account ? "ResourceId" : "SubAccountName") : "ServiceName"],
    grain: "day",
  };
}

/** A share, a word or basis points: how sure it is, in words. */
export function confidenceWords(value: number | string | null): string {
  if (value === null || value === "") return "";
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  return percent(number <= 1 ? number : number <= 100 ? number / 100 : number / 10_000).replace(".0%", "%");
}

/** Where the incident's span lies among the drawn days, both ends included; null when outside. */
export function spanIn(days: string[], range: Range): { from: number; to: number } | null {
  const from = days.findIndex((day) => day >= range.from);
  const to = days.findLastIndex((day) => day < range.to);
  return from < 0 || to < from ? null : { from, to };
}
