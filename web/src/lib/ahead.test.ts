import { expect, test } from "vitest";
import type { Ahead, CurrencyForecast } from "../api/insightTypes";
import { classSentence, fan, periodAhead, periodName, unexplained } from "./ahead";

const total: Ahead = {
  actual_so_far: "100",
  expected_total: "150.30",
  lo80: "140",
  hi80: "160",
  lo95: "130",
  hi95: "170",
  model: "seasonal",
  backtest: { wape: 0.05, mase: null, smape: 0.06, folds: 6 },
  variance: 0.034,
  class: "run",
};

const forecast: CurrencyForecast = {
  currency: "USD",
  total,
  parts: [
    { value: "a", other: false, ahead: { ...total, expected_total: "100.10" } },
    { value: null, other: true, ahead: { ...total, expected_total: "50.20" } },
  ],
  history: [
    { day: "2026-11-21", amount: "12" },
    { day: "2026-11-19", amount: "10" },
  ],
  daily: [
    { day: "2026-11-22", mean: "11", lo80: "9", hi80: "13", lo95: "8", hi95: "14" },
    { day: "2026-11-23", mean: "11.5", lo80: "9", hi80: "14", lo95: null, hi95: null },
  ],
};

test("the fan opens at the last known day and leaves unknown days empty", () => {
  const drawn = fan(forecast, "month");
  expect(drawn.days).toEqual(["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"]);
  expect(drawn.history).toEqual([10, null, 12, null, null]);
  expect(drawn.last).toBe(2);
  expect(drawn.mean).toEqual([null, null, 12, 11, 11.5]);
  expect(drawn.lo80).toEqual([null, null, 12, 9, 9]);
  expect(drawn.hi95).toEqual([null, null, 12, 14, null]);
});

test("a forecast that does not begin the day after is not joined to the past", () => {
  const late = fan({ ...forecast, daily: forecast.daily.slice(1) }, "month");
  expect(late.mean).toEqual([null, null, null, null, 11.5]);
});

test("nothing at all draws nothing", () => {
  expect(fan({ history: [], daily: [] }, "year").days).toEqual([]);
});

test("the parts add up exactly, or the rest is said", () => {
  expect(unexplained(forecast)).toBe(0n);
  expect(unexplained({ total, parts: forecast.parts.slice(0, 1) })).toBe(50_200_000_000_000_000_000n);
});

test("the period is the same whether its end is the last day or the first after it", () => {
  const quarter = { from: "2026-10-01", to: "2027-01-01" };
  expect(periodAhead("quarter", "2026-12-31")).toEqual(quarter);
  expect(periodAhead("quarter", "2027-01-01")).toEqual(quarter);
  expect(periodAhead("month", "2026-11-30")).toEqual({ from: "2026-11-01", to: "2026-12-01" });
  expect(periodAhead("year", "2026-12-31").from).toBe("2026-01-01");
  expect(periodName("quarter", quarter)).toBe("Q4 2026");
});

test("the class is explained in one sentence with its ceiling", () => {
  expect(classSentence(total)).toContain("3.4% off on average");
  expect(classSentence(total)).toContain("within the 12%");
  expect(classSentence({ class: "beyond", variance: 0.31 })).toContain("misses the 20%");
  expect(classSentence({ class: null, variance: null })).toContain("too little history");
});
