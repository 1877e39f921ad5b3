import { expect, test } from "vitest";
import type { ScenarioChange } from "../api/insightTypes";
import { changeProblem, printChange, readChange } from "./scenario";

const CHANGES: ScenarioChange[] = [
  { kind: "grow", value: null, percent: 20, from: "2027-01-01" },
  { kind: "grow", value: "Storage ~ 100%", percent: -12.5, from: "2026-12-01" },
  {
    kind: "move",
    value: "Amazon EC2",
    to: "Compute Engine",
    keeps_percent: 10,
    price: 0.8,
    from: "2027-01-01",
  },
  { kind: "commit", value: "Amazon EC2", per_day: 41.1, discount_percent: 28, from: "2027-01-01" },
];

test("a change comes back from the address as it went in", () => {
  for (const one of CHANGES) expect(readChange(printChange(one))).toEqual(one);
});

test("a broken change is none", () => {
  for (const text of [
    "",
    "grow~20",
    "grow~x~2027-01-01~",
    "grow~~2027-01-01~",
    "grow~20~2027-02-30~",
    "buy~1~2027-01-01",
  ])
    expect(readChange(text)).toBeNull();
});

test("what cannot be calculated says why", () => {
  expect(CHANGES.map(changeProblem)).toEqual([null, null, null, null]);
  expect(
    changeProblem({ kind: "move", value: "A", to: "A", keeps_percent: 10, price: 1, from: "2027-01-01" }),
  ).toContain("where it is");
  expect(
    changeProblem({ kind: "commit", value: "A", per_day: 0, discount_percent: 28, from: "2027-01-01" }),
  ).toContain("how much a day");
  expect(changeProblem({ kind: "grow", value: null, percent: -120, from: "2027-01-01" })).not.toBeNull();
});
