import { expect, test } from "vitest";
import {
  confidenceWords,
  incidentDays,
  incidentQuestion,
  scopeFilters,
  scopeWords,
  spanIn,
} from "./incident";

test("a scope is said with the narrowest first", () => {
  expect(scopeWords({ currency: "USD" })).toBe("All charges in USD");
  expect(scopeWords({})).toBe("All charges");
  expect(scopeWords({ service: "Amazon EC2", account: "4711", region: "eu-west-1", provider: "AWS" })).toBe(
    "Amazon EC2 in account 4711, eu-west-1",
  );
  expect(scopeWords({ account: "4711" })).toBe("Account 4711");
  expect(scopeWords({ provider: "AWS" })).toBe("AWS");
  expect(scopeWords({ service: "Amazon S3", tag: "team=search" })).toBe("Amazon S3, tagged team=search");
  expect(scopeWords({ tag: "search" })).toBe("Tagged search");
});

test("a scope becomes filters of the explorer, and only of what it names", () => {
  expect(scopeFilters({ service: "Amazon EC2", account: "4711", region: null, currency: "USD" })).toEqual([
    { dimension: "SubAccountId", operator: "=", value: "4711" },
    { dimension: "ServiceName", operator: "=", value: "Amazon EC2" },
  ]);
  expect(scopeFilters({ tag: "team=a=b" })).toEqual([{ dimension: "tag:team", operator: "=", value: "a=b" }]);
  expect(scopeFilters({ tag: { key: "env", value: "prod" } })).toEqual([
    { dimension: "tag:env", operator: "=", value: "prod" },
  ]);
  expect(scopeFilters({ tag: "search" })).toEqual([]);
});

test("what lasts reaches until the charges end, and is a day at least", () => {
  expect(incidentDays({ since: "2026-11-01", until: null }, "2026-11-22")).toEqual({
    from: "2026-11-01",
    to: "2026-11-22",
  });
  expect(incidentDays({ since: "2026-11-22", until: null }, "2026-11-22").to).toBe("2026-11-23");
});

test("the explorer is asked two weeks around it, by what is below the scope", () => {
  const asked = incidentQuestion(
    { since: "2026-11-09", until: "2026-11-12", scope: { service: "BigQuery" } },
    "2026-11-22",
  );
  expect(asked.period).toEqual({ from: "2026-10-26", to: "2026-11-15" });
  expect(asked.by).toEqual(["SubAccountName"]);
});

test("confidence is read as a share, percent, basis points or a word", () => {
  expect(["0.98", 0.98, 98, 9800, "medium", null].map((one) => confidenceWords(one))).toEqual([
    "98%",
    "98%",
    "98%",
    "98%",
    "medium",
    "",
  ]);
});

test("the span lies where its days are", () => {
  const days = ["2026-11-08", "2026-11-09", "2026-11-10", "2026-11-11"];
  expect(spanIn(days, { from: "2026-11-09", to: "2026-11-11" })).toEqual({ from: 1, to: 2 });
  expect(spanIn(days, { from: "2026-12-01", to: "2026-12-02" })).toBeNull();
});
