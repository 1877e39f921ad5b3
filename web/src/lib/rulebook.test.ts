import { expect, test } from "vitest";
import { parse, print } from "./decimal";
import {
  branches,
  type Condition,
  conditionOf,
  conditionWords,
  freshId,
  groupPath,
  type RuleSet,
  readBook,
  readPreview,
  ruleSetProblems,
  testOf,
  valuesOf,
} from "./rulebook";

const SET: RuleSet = {
  effective_from: "2026-01",
  groups: [
    { id: "shop", name: "Shop" },
    { id: "search", name: "Search", parent: "shop" },
  ],
  rules: [{ name: "by tag", when: [{ dimension: "tag:team", equals: "search" }], group: "search" }],
  shared: [],
};

test("a document is written back in the shape it came in", () => {
  expect(readBook(SET)?.write([SET])).toEqual(SET);
  expect(readBook([SET])?.write([SET])).toEqual([SET]);
  expect(readBook({ version: 2, sets: [SET] })?.write([])).toEqual({ version: 2, sets: [] });
  expect(readBook(null)?.sets).toEqual([]);
  expect(readBook({ something: 1 })).toBeNull();
});

test("rule sets stand in the order of their months", () => {
  const later = { ...SET, effective_from: "2026-07" };
  expect(readBook([later, SET])?.sets.map((one) => one.effective_from)).toEqual(["2026-01", "2026-07"]);
});

test("every condition comes back from its test and values", () => {
  const all: Condition[] = [
    { dimension: "tag:env", equals: "prod" },
    { dimension: "tag:env", equals: "prod", not: true },
    { dimension: "SubAccountId", in: ["1", "2"] },
    { dimension: "X", starts_with: "a" },
    { dimension: "X", contains: "a", not: true },
    { dimension: "X", matches: "^a" },
    { dimension: "X", missing: true },
    { dimension: "X", missing: false },
  ];
  for (const one of all) expect(conditionOf(one.dimension, testOf(one), valuesOf(one))).toEqual(one);
  expect(testOf({ dimension: "X", missing: true, not: true })).toBe("present");
  expect(conditionWords({ dimension: "tag:env", in: ["a", "b", "c", "d", "e"] })).toBe(
    "tag env is one of a, b, c and 2 more",
  );
});

test("what is wrong is said with its rule", () => {
  expect(ruleSetProblems(SET)).toEqual([]);
  const wrong: RuleSet = {
    effective_from: "2026-13",
    groups: [
      { id: "a", name: "A", parent: "b" },
      { id: "b", name: "B", parent: "a" },
    ],
    rules: [{ name: "x", when: [{ dimension: "tag:env", equals: "" }], group: "nowhere" }],
    shared: [{ from: "a", among: ["a"], by: "even" }],
  };
  const problems = ruleSetProblems(wrong).join("\n");
  for (const part of [
    "which month",
    "above itself",
    "group that is there",
    "tag env is compared",
    "own shared cost",
  ])
    expect(problems).toContain(part);
});

test("groups have paths, and new ones free ids", () => {
  expect(groupPath(SET.groups, "search")).toBe("Shop / Search");
  expect(freshId(SET.groups, "Shop")).toBe("shop-2");
  expect(freshId(SET.groups, "Ümlaut & Co")).toBe("mlaut-co");
});

test("a preview is read whether currencies are keys or a list", () => {
  const groups = [{ path: ["Shop"], amount: "10", share_percent: 100, charges: 2 }];
  const keyed = readPreview({
    USD: { groups, unallocated: { amount: "0.5", share_percent: 5 } },
    notes: ["n"],
  });
  expect(keyed.currencies[0]?.left).toEqual({ amount: "0.5", share: 0.05 });
  expect(keyed.notes).toEqual(["n"]);
  const listed = readPreview({
    currencies: [{ currency: "EUR", groups }],
    unallocated: { EUR: "3" },
    unused_rules: ["x"],
    values: [{ dimension: "SubAccountId", seen: 214, left_over: 9 }],
  });
  expect(listed.currencies[0]).toMatchObject({ currency: "EUR", left: { amount: "3", share: null } });
  expect(listed.unused).toEqual(["x"]);
  expect(listed.counts).toEqual([{ dimension: "SubAccountId", seen: 214, left_over: 9 }]);
  expect(readPreview(null).currencies).toEqual([]);
});

test("amounts of one's own are added up the tree; amounts with what is below are not added twice", () => {
  const group = (path: string[], amount: string, share: number) => ({
    path,
    amount,
    share_percent: share,
    charges: 1,
  });
  const own = branches({
    currency: "USD",
    groups: [group(["Shop"], "10", 10), group(["Shop", "Search"], "80", 80)],
    left: { amount: "10", share: 0.1 },
  });
  expect(own.map((one) => print(one.amount))).toEqual(["90"]);
  const whole = branches({
    currency: "USD",
    groups: [group(["Shop"], "90", 90), group(["Shop", "Search"], "80", 80)],
    left: { amount: "10", share: 0.1 },
  });
  expect(whole.map((one) => one.amount)).toEqual([parse("90")]);
  expect(whole[0]?.below[0]?.name).toBe("Search");
});
