/** Alert rules in words, and what keeps one from being saved. */
import type { AlertRuleInput, ChannelKind, Severity } from "../api/messageTypes";
import { typeWords } from "./eventWords";

export const SEVERITIES: { id: Severity; label: string; badge: string }[] = [
  { id: "info", label: "Everything", badge: "" },
  { id: "warning", label: "Warnings and worse", badge: "warn" },
  { id: "critical", label: "Only what is critical", badge: "bad" },
];

export const CHANNELS: { id: ChannelKind; label: string; to: string; placeholder: string }[] = [
  { id: "email", label: "E-mail", to: "Address", placeholder: "fin@example.com" },
  { id: "in-app", label: "Inbox here", to: "Who", placeholder: "owners, a role, or an e-mail" },
  { id: "slack", label: "Slack", to: "Webhook address", placeholder: "https://hooks.slack.com/services/…" },
  { id: "teams", label: "Teams", to: "Workflow address", placeholder: "https://…" },
];

/** `22:00 to 07:00, Europe/Berlin`. */
export function quietWords(quiet: AlertRuleInput["quiet"]): string {
  return quiet ? `quiet from ${quiet.from} to ${quiet.until}, ${quiet.zone}` : "at any time";
}

export function ruleWords(rule: AlertRuleInput): string {
  const severity = SEVERITIES.find((one) => one.id === rule.least_severity)?.label.toLowerCase() ?? "";
  const what = rule.types.length === 0 ? "of any type" : `of ${rule.types.map(typeWords).join("; ")}`;
  return `${severity} ${what}`;
}

/** Where it goes, without what an address may keep secret. */
export function channelWords({ kind, to }: { kind: ChannelKind; to: string }): string {
  const label = CHANNELS.find((one) => one.id === kind)?.label ?? kind;
  if (!/^https?:\/\//.test(to)) return to ? `${label}: ${to}` : label;
  try {
    return `${label}: ${new URL(to).host}`;
  } catch {
    return label;
  }
}

export function alertRuleProblem(rule: AlertRuleInput): string | null {
  if (rule.name.trim() === "") return "Give it a name.";
  if (rule.channels.length === 0) return "Say at least one place that it goes to.";
  for (const { kind, to } of rule.channels) {
    if (kind === "email" && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(to)) return `“${to}” is no e-mail address.`;
    if ((kind === "slack" || kind === "teams") && !/^https:\/\/\S+/.test(to))
      return "The address of Slack or Teams begins with https://.";
    if (kind === "in-app" && to.trim() === "") return "Say whose inbox: owners, a role, or an e-mail.";
  }
  if (rule.quiet) {
    const { from, until, zone } = rule.quiet;
    const time = /^([01]\d|2[0-3]):[0-5]\d$/;
    if (!time.test(from) || !time.test(until)) return "Quiet hours are times such as 22:00.";
    if (from === until) return "Quiet hours begin when they end.";
    if (zone.trim() === "") return "Say in which time zone, such as Europe/Berlin.";
  }
  return null;
}
