/** Allocation rules as the API's JSON document, and what a preview of them says. */
import { parse, sum, type Units } from "./decimal";

export interface Condition {
  dimension: string;
  equals?: string;
  in?: string[];
  starts_with?: string;
  contains?: string;
  missing?: boolean;
  matches?: string;
  not?: boolean;
}

export interface Rule {
  name: string;
  when: Condition[];
  group?: string;
  group_named_by?: string;
}

export interface CostGroup {
  id: string;
  name: string;
  parent?: string;
  owners?: Record<string, string>;
}

export type Proportion = "even" | "cost" | { measure: string } | { weights: Record<string, string> };

export interface SharedCost {
  from: string;
  among: string[];
  by: Proportion;
}

export interface RuleSet {
  /** `2026-01`: the first month of charges it is for. */
  effective_from: string;
  groups: CostGroup[];
  virtual_tags?: unknown[];
  rules: Rule[];
  shared?: SharedCost[];
}

/** The document holds one rule set, or several by month; it is written back in the shape it came in. */
export interface Book {
  sets: RuleSet[];
  write: (sets: RuleSet[]) => unknown;
}

const isSet = (value: unknown): value is RuleSet =>
  typeof value === "object" && value !== null && "groups" in value && "rules" in value;

function filled(set: RuleSet): RuleSet {
  return { ...set, rules: set.rules.map((rule) => ({ ...rule, when: rule.when ?? [] })) };
}

/** Null when the document is none that this page knows. */
export function readBook(document: unknown): Book | null {
  if (document === null || document === undefined)
    return { sets: [], write: (sets) => (sets.length === 1 ? sets[0] : sets) };
  if (isSet(document))
    return { sets: [filled(document)], write: (sets) => (sets.length === 1 ? sets[0] : sets) };
  if (Array.isArray(document))
    return document.every(isSet) ? { sets: byMonth(document.map(filled)), write: (sets) => sets } : null;
  if (typeof document !== "object") return null;
  for (const [key, value] of Object.entries(document))
    if (Array.isArray(value) && value.every(isSet))
      return {
        sets: byMonth(value.map(filled)),
        write: (sets) => ({ ...document, [key]: sets }),
      };
  return null;
}

function byMonth(sets: RuleSet[]): RuleSet[] {
  return [...sets].sort((a, b) => (a.effective_from < b.effective_from ? -1 : 1));
}

export const TESTS = [
  { id: "equals", label: "is", not: false },
  { id: "!equals", label: "is not", not: true },
  { id: "in", label: "is one of", not: false },
  { id: "!in", label: "is none of", not: true },
  { id: "starts_with", label: "begins with", not: false },
  { id: "!starts_with", label: "does not begin with", not: true },
  { id: "contains", label: "contains", not: false },
  { id: "!contains", label: "does not contain", not: true },
  { id: "matches", label: "matches (regular expression)", not: false },
  { id: "!matches", label: "does not match", not: true },
  { id: "missing", label: "is missing", not: false },
  { id: "present", label: "is there", not: false },
] as const;

export type TestId = (typeof TESTS)[number]["id"];

export function testOf(condition: Condition): TestId {
  if (condition.missing !== undefined)
    return condition.missing !== (condition.not ?? false) ? "missing" : "present";
  const plain =
    condition.in !== undefined
      ? "in"
      : condition.starts_with !== undefined
        ? "starts_with"
        : condition.contains !== undefined
          ? "contains"
          : condition.matches !== undefined
            ? "matches"
            : "equals";
  return condition.not ? `!${plain}` : plain;
}

/** What is compared with, as a list; empty for a test without a value. */
export function valuesOf(condition: Condition): string[] {
  const one = condition.equals ?? condition.starts_with ?? condition.contains ?? condition.matches;
  return condition.in ?? (one === undefined ? [] : [one]);
}

/** The condition with that test on those values. */
export function conditionOf(dimension: string, test: TestId, values: string[]): Condition {
  if (test === "missing" || test === "present") return { dimension, missing: test === "missing" };
  const not = test.startsWith("!");
  const plain = test.replace("!", "") as "equals" | "in" | "starts_with" | "contains" | "matches";
  const value = plain === "in" ? { in: values } : { [plain]: values[0] ?? "" };
  return { dimension, ...value, ...(not ? { not: true } : {}) };
}

const name = (dimension: string) => dimension.replace(/^(tag|virtual):/, "$1 ");

export function conditionWords(condition: Condition): string {
  const test = TESTS.find((one) => one.id === testOf(condition))?.label ?? "is";
  const values = valuesOf(condition);
  const shown =
    values.length > 3 ? `${values.slice(0, 3).join(", ")} and ${values.length - 3} more` : values.join(", ");
  return `${name(condition.dimension)} ${test.replace(" (regular expression)", "")}${shown ? ` ${shown}` : ""}`;
}

/** What keeps the rules from being tried, by the place it belongs to. */
export function ruleSetProblems(set: RuleSet): string[] {
  const problems: string[] = [];
  const ids = set.groups.map((one) => one.id);
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(set.effective_from))
    problems.push("Say from which month on, such as 2026-01.");
  if (ids.length === 0) problems.push("Make at least one group.");
  for (const group of set.groups) {
    if (!/^[\w.-]{1,64}$/.test(group.id))
      problems.push(
        `The group “${group.name || group.id}” needs an id of letters, digits, dots, dashes and underscores.`,
      );
    else if (ids.indexOf(group.id) !== ids.lastIndexOf(group.id))
      problems.push(`Two groups have the id ${group.id}.`);
    if (group.name.trim() === "") problems.push(`The group ${group.id} needs a name.`);
    if (group.parent && above(set.groups, group.id).includes(group.id))
      problems.push(`The group ${group.id} is above itself.`);
  }
  const names = set.rules.map((one) => one.name);
  set.rules.forEach((rule, at) => {
    const called = rule.name.trim() === "" ? `Rule ${at + 1}` : `The rule “${rule.name}”`;
    if (rule.name.trim() === "") problems.push(`${called} needs a name.`);
    else if (names.indexOf(rule.name) !== at) problems.push(`Two rules are called “${rule.name}”.`);
    if (rule.group_named_by === undefined && !ids.includes(rule.group ?? ""))
      problems.push(`${called} needs a group that is there.`);
    for (const one of rule.when)
      if (one.missing === undefined && valuesOf(one).filter((value) => value !== "").length === 0)
        problems.push(`${called}: say what ${name(one.dimension)} is compared with.`);
  });
  for (const one of set.shared ?? []) {
    if (!ids.includes(one.from)) problems.push("A shared cost needs the group that it comes from.");
    else if (one.among.length === 0) problems.push(`Say who bears the shared cost of ${one.from}.`);
    else if (one.among.includes(one.from)) problems.push(`${one.from} cannot bear its own shared cost.`);
  }
  return [...new Set(problems)];
}

/** The groups above one, the nearest first; ends where it comes round to itself. */
export function above(groups: CostGroup[], id: string): string[] {
  const found: string[] = [];
  let at = groups.find((one) => one.id === id)?.parent;
  while (at && !found.includes(at)) {
    found.push(at);
    at = groups.find((one) => one.id === at)?.parent;
  }
  return found;
}

/** `Acme / Shop / Search`, for choosing. */
export function groupPath(groups: CostGroup[], id: string): string {
  const names = [id, ...above(groups, id)].map((each) => groups.find((one) => one.id === each)?.name ?? each);
  return names.reverse().join(" / ");
}

/** A free id made from a name. */
export function freshId(groups: CostGroup[], from: string): string {
  const base =
    from
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "")
      .slice(0, 50) || "group";
  let id = base;
  for (let at = 2; groups.some((one) => one.id === id); at += 1) id = `${base}-${at}`;
  return id;
}

export interface PreviewGroup {
  path: string[];
  amount: string;
  share_percent: number | null;
  charges: number | null;
}

export interface PreviewCurrency {
  currency: string;
  groups: PreviewGroup[];
  left: { amount: string; share: number | null } | null;
}

export interface Preview {
  currencies: PreviewCurrency[];
  notes: string[];
  unused: string[];
  /** How many values of a dimension were seen, and with how many something is left over. */
  counts: { dimension: string; seen: number; left_over: number }[];
}

type Loose = Record<string, unknown>;
const object = (value: unknown): Loose | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : null;
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
const number = (value: unknown): number | null =>
  value === null || value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);

function leftOf(value: unknown): PreviewCurrency["left"] {
  if (typeof value === "string") return { amount: value, share: null };
  const found = object(value);
  if (!found || typeof found.amount !== "string") return null;
  const percent = number(found.share_percent);
  return { amount: found.amount, share: percent === null ? null : percent / 100 };
}

/** Currencies may be the keys of the answer or a list in it. */
export function readPreview(answer: unknown): Preview {
  const all = object(answer) ?? {};
  const spread = object(all.unallocated) ?? {};
  const of = (currency: string, given: unknown): PreviewCurrency | null => {
    const one = Array.isArray(given) ? { groups: given } : object(given);
    if (!one || !Array.isArray(one.groups)) return null;
    return {
      currency,
      groups: one.groups.flatMap((each) => {
        const group = object(each);
        return group && typeof group.amount === "string"
          ? [
              {
                path: texts(group.path),
                amount: group.amount,
                share_percent: number(group.share_percent),
                charges: number(group.charges),
              },
            ]
          : [];
      }),
      left: leftOf(one.unallocated ?? spread[currency]),
    };
  };
  const listed = Array.isArray(all.currencies)
    ? all.currencies.map((one) => of(String(object(one)?.currency ?? ""), one))
    : Object.entries(object(all.currencies) ?? all)
        .filter(([key]) => /^[A-Z]{3}$/.test(key))
        .map(([key, one]) => of(key, one));
  const counts = Array.isArray(all.values) ? all.values : [];
  return {
    currencies: listed.filter((one) => one !== null),
    notes: texts(all.notes),
    unused: texts(all.unused_rules),
    counts: counts.flatMap((each) => {
      const one = object(each);
      const [seen, left] = [number(one?.seen), number(one?.left_over)];
      return one && seen !== null && left !== null
        ? [{ dimension: String(one.dimension), seen, left_over: left }]
        : [];
    }),
  };
}

export interface Branch {
  name: string;
  /** With everything below. */
  amount: Units;
  charges: number;
  below: Branch[];
}

/** The groups as a tree. Amounts are the groups' own when all shares together are the whole, else with what is below. */
export function branches({ groups, left }: PreviewCurrency): Branch[] {
  const shares = groups.reduce((total, one) => total + (one.share_percent ?? 0), (left?.share ?? 0) * 100);
  const own = shares <= 100.5;
  const roots: Branch[] = [];
  const told = new Map<Branch, PreviewGroup>();
  for (const group of groups) {
    let at = roots;
    let found: Branch | undefined;
    for (const part of group.path) {
      found = at.find((one) => one.name === part);
      if (!found) {
        found = { name: part, amount: 0n, charges: 0, below: [] };
        at.push(found);
      }
      at = found.below;
    }
    if (found) told.set(found, group);
  }
  const add = (branch: Branch): void => {
    branch.below.forEach(add);
    const group = told.get(branch);
    const mine = group ? parse(group.amount) : 0n;
    const below = sum(branch.below.map((one) => one.amount));
    const counted = branch.below.reduce((total, one) => total + one.charges, 0);
    branch.amount = group && !own ? mine : mine + below;
    branch.charges = group && !own ? (group.charges ?? counted) : (group?.charges ?? 0) + counted;
    branch.below.sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1));
  };
  roots.forEach(add);
  return roots.sort((a, b) => (a.amount === b.amount ? 0 : a.amount > b.amount ? -1 : 1));
}
