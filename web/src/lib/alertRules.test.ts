import { expect, test } from "vitest";
import type { AlertRuleInput } from "../api/messageTypes";
import { alertRuleProblem, channelWords, quietWords, ruleWords } from "./alertRules";

const rule: AlertRuleInput = {
  name: "Money",
  types: ["org.bursar.budget.threshold-reached.v1"],
  least_severity: "warning",
  channels: [{ kind: "email", to: "fin@acme.example" }],
  quiet: { from: "22:00", until: "07:00", zone: "Europe/Berlin" },
};

test("a rule is a sentence", () => {
  expect(ruleWords(rule)).toBe("warnings and worse of budget: threshold reached");
  expect(ruleWords({ ...rule, types: [] })).toContain("of any type");
  expect(quietWords(rule.quiet)).toBe("quiet from 22:00 to 07:00, Europe/Berlin");
});

test("an address of a chat is a secret, so only its host is shown", () => {
  expect(channelWords({ kind: "slack", to: "https://hooks.slack.com/services/T0/B0/secret" })).toBe(
    "Slack: hooks.slack.com",
  );
  expect(channelWords({ kind: "email", to: "fin@acme.example" })).toBe("E-mail: fin@acme.example");
});

test("what keeps a rule from being saved is said", () => {
  expect(alertRuleProblem(rule)).toBeNull();
  expect(alertRuleProblem({ ...rule, channels: [] })).toContain("at least one place");
  expect(alertRuleProblem({ ...rule, channels: [{ kind: "teams", to: "http://x" }] })).toContain("https://");
  expect(alertRuleProblem({ ...rule, quiet: { from: "7", until: "8:00", zone: "UTC" } })).toContain("22:00");
  expect(alertRuleProblem({ ...rule, quiet: { from: "07:00", until: "07:00", zone: "UTC" } })).toContain(
    "begin",
  );
});
