import { expect, test } from "vitest";
import type { BudgetInput, BudgetStatus } from "../api/insightTypes";
import { budgetProblem, burnSeries } from "./burn";

const status: BudgetStatus = {
  period: { from: "2026-11-01", to: "2026-11-05" },
  amount: "100",
  actual: "60",
  remaining: "40",
  used_percent: 60,
  elapsed_percent: 50,
  forecast: { low: "90", expected: "110", high: "130" },
  standing: "at-risk",
  burn: [
    { day: "2026-11-02", actual_cumulative: "60", plan_cumulative: "50" },
    { day: "2026-11-01", actual_cumulative: "30", plan_cumulative: "25" },
    { day: "2026-11-03", actual_cumulative: null, plan_cumulative: "75" },
  ],
  pushed_by: [],
  fired: [],
};

test("burning up grows towards the forecast, from the last known day", () => {
  const burn = burnSeries(status, "up");
  expect(burn.actual).toEqual([30, 60, null, null]);
  expect(burn.last).toBe(1);
  expect(burn.expected).toEqual([null, 60, 85, 110]);
  expect(burn.low).toEqual([null, 60, 75, 90]);
  expect(burn.high).toEqual([null, 60, 95, 130]);
  expect(burn.limit).toEqual([100, 100, 100, 100]);
});

test("burning down is what is left, and its band is the right way up", () => {
  const burn = burnSeries(status, "down");
  expect(burn.actual).toEqual([70, 40, null, null]);
  expect(burn.plan).toEqual([75, 50, 25, 0]);
  expect(burn.expected[3]).toBe(-10);
  expect([burn.low[3], burn.high[3]]).toEqual([-30, 10]);
  expect(burn.limit).toEqual([0, 0, 0, 0]);
});

test("days that are not told yet are planned straight to the whole amount", () => {
  const burn = burnSeries({ ...status, burn: status.burn.slice(0, 2) }, "up");
  expect(burn.days).toEqual(["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]);
  expect(burn.plan).toEqual([25, 50, 75, 100]);
});

test("without a forecast there is no cone", () => {
  expect(burnSeries({ ...status, forecast: null }, "up").expected).toEqual([null, null, null, null]);
});

test("what keeps a budget from being saved is said", () => {
  const good: BudgetInput = {
    name: "Shop",
    currency: "USD",
    cadence: "monthly",
    amount: "12000.50",
    scope: [],
    thresholds: [{ on: "actual", percent: 80, recipients: ["fin@acme.example"] }],
  };
  expect(budgetProblem(good)).toBeNull();
  expect(budgetProblem({ ...good, name: " " })).toContain("name");
  for (const amount of ["", "0", "0.00", "-4", "12e3"])
    expect(budgetProblem({ ...good, amount })).toContain("how much");
  expect(budgetProblem({ ...good, scope: [{ dimension: "RegionId", values: [] }] })).toContain("RegionId");
  expect(budgetProblem({ ...good, thresholds: [{ on: "actual", percent: 80, recipients: [] }] })).toContain(
    "who is written to at 80%",
  );
  expect(
    budgetProblem({ ...good, thresholds: [{ on: "actual", percent: 80, recipients: ["fin"] }] }),
  ).toContain("“fin”");
});
