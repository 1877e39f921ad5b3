/** What commitments did, read from an answer whose parts may be missing. */
import { parse, ratio } from "./decimal";

export interface Metric {
  /** Null where the server says it cannot be told. */
  value: number | null;
  part: string | null;
  whole: string | null;
  /** What stands below the line, in words. */
  denominator: string;
}

export interface CommitmentRow {
  name: string;
  currency: string;
  coverage: Metric | null;
  utilisation: Metric | null;
  savings: Metric | null;
  /** What they saved in the end, what was paid for nothing, and usage whose price nobody tells. */
  net: string | null;
  unused: string | null;
  unpriced: string | null;
}

const DENOMINATORS: Record<string, string> = {
  eligible_usage: "usage that could be covered",
  EligibleUsage: "usage that could be covered",
  all_standard_usage: "all usage at standard prices",
  AllStandardUsage: "all usage at standard prices",
  contracted: "the same usage at contracted prices",
  contracted_cost: "the same usage at contracted prices",
  list: "the same usage at list prices",
  list_cost: "the same usage at list prices",
};

const USUAL = {
  coverage: "usage at standard prices",
  utilisation: "what was committed",
  savings: "the same usage without commitments",
};

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** A ratio as a number, or a part and a whole; a share of one and percent are told apart by the field's name. */
export function metric(given: unknown, usual: string): Metric | null {
  if (given === undefined || given === null) return null;
  const plain = (value: number): Metric => ({ value, part: null, whole: null, denominator: usual });
  if (typeof given === "number") return plain(given > 1.5 ? given / 100 : given);
  if (typeof given === "string") return Number.isFinite(Number(given)) ? metric(Number(given), usual) : null;
  if (typeof given !== "object") return null;
  const found = given as Record<string, unknown>;
  const share = (typeof found.share === "object" && found.share ? found.share : found) as Record<
    string,
    unknown
  >;
  const part = text(share.part);
  const whole = text(share.whole);
  const word = text(found.denominator) ?? text(found.basis);
  let value: number | null = null;
  if (part !== null && whole !== null) value = ratio(parse(part), parse(whole));
  else if (typeof found.ratio === "number") value = found.ratio;
  else if (typeof found.percent === "number") value = found.percent / 100;
  return { value, part, whole, denominator: word ? (DENOMINATORS[word] ?? word) : usual };
}

function row(given: Record<string, unknown>, name: string, currency: string): CommitmentRow | null {
  const found = {
    name: text(given.provider) ?? text(given.name) ?? name,
    currency: text(given.currency) ?? currency,
    coverage: metric(given.coverage, USUAL.coverage),
    utilisation: metric(given.utilisation ?? given.utilization, USUAL.utilisation),
    savings: metric(given.effective_savings_rate ?? given.esr, USUAL.savings),
    net: text(given.net_saving),
    unused: text(given.unused),
    unpriced: text(given.unpriced),
  };
  return found.coverage || found.utilisation || found.savings ? found : null;
}

/** All of it, then each provider. */
export function commitmentRows(answer: unknown): CommitmentRow[] {
  if (typeof answer !== "object" || answer === null) return [];
  const all = answer as Record<string, unknown>;
  const currency = text(all.currency) ?? "";
  const lists = [all.currencies, all.items, all.by_provider].filter(Array.isArray).flat() as unknown[];
  return [all, ...lists]
    .flatMap((one) => {
      if (typeof one !== "object" || one === null) return [];
      const nested = (one as Record<string, unknown>).by_provider;
      const own = row(one as Record<string, unknown>, "All providers", currency);
      const below =
        one !== all && Array.isArray(nested)
          ? nested.flatMap((each) => {
              const inner = (one as Record<string, unknown>).currency;
              return typeof each === "object" && each !== null
                ? [row(each as Record<string, unknown>, "", text(inner) ?? currency)]
                : [];
            })
          : [];
      return [own, ...below];
    })
    .filter((one) => one !== null);
}

export function commitmentNotes(answer: unknown): string[] {
  const notes = (answer as { notes?: unknown } | null)?.notes;
  return Array.isArray(notes) ? notes.filter((one) => typeof one === "string") : [];
}
