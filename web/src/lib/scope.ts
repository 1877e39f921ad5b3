/** Scopes in words: what part of the charges somebody sees. */
import type { Scope, ScopeRule } from "../api/identityTypes";

const SHOWN_VALUES = 4;

function joined(words: string[], by: string): string {
  const last = words[words.length - 1] ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${by} ${last}`;
}

export function dimensionName(id: string): string {
  return id.startsWith("tag:") ? `tag ${id.slice(4)}` : id;
}

/** `SubAccountId is 4711 or 4712`. */
export function ruleSentence(rule: ScopeRule): string {
  const more = rule.values.length - SHOWN_VALUES;
  const shown = more > 1 ? [...rule.values.slice(0, SHOWN_VALUES), `${more} more`] : rule.values;
  return `${dimensionName(rule.dimension)} is ${joined(shown, "or") || "…"}`;
}

/** Rules of one team: all must hold. */
export function rulesSentence(rules: ScopeRule[]): string {
  return joined(rules.map(ruleSentence), "and");
}

/** The union over the teams; null when everything is seen. */
export function scopeSentence(scope: Scope): string | null {
  if (scope.all) return null;
  return scope.parts.map(rulesSentence).join("; or ");
}

/** What keeps the rules from being a scope, in words; null when they are one. */
export function scopeProblem(rules: ScopeRule[]): string | null {
  const empty = rules.find((rule) => rule.values.length === 0);
  if (rules.length === 0) return "Add at least one rule, or let the team see all charges.";
  if (empty) return `Name at least one value for ${dimensionName(empty.dimension)}.`;
  return null;
}
