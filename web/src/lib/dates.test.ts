import { expect, test } from "vitest";
import {
  addMonths,
  daysBehind,
  isDay,
  isWholeMonths,
  periodsOf,
  presetRange,
  rangeLabel,
  shiftRange,
} from "./dates";

test("ranges read with their last day included", () => {
  const check = (from: string, to: string, expected: string) =>
    expect(rangeLabel({ from, to })).toBe(expected);
  check("2026-11-01", "2026-11-23", "1–22 Nov 2026");
  check("2026-11-01", "2026-12-01", "Nov 2026");
  check("2026-06-01", "2026-12-01", "Jun – Nov 2026");
  check("2025-12-01", "2026-12-01", "Dec 2025 – Nov 2026");
  check("2026-10-28", "2026-11-04", "28 Oct – 3 Nov 2026");
  check("2025-12-30", "2026-01-03", "30 Dec 2025 – 2 Jan 2026");
  check("2026-11-05", "2026-11-06", "5 Nov 2026");
});

test("presets end where the API's ranges do: one day after the last", () => {
  expect(presetRange("this-month", "2026-11-22")).toEqual({ from: "2026-11-01", to: "2026-11-23" });
  expect(presetRange("last-month", "2026-01-15")).toEqual({ from: "2025-12-01", to: "2026-01-01" });
  expect(presetRange("last-3-months", "2026-11-22")).toEqual({ from: "2026-08-01", to: "2026-11-01" });
  expect(presetRange("last-12-months", "2026-02-01")).toEqual({ from: "2025-02-01", to: "2026-02-01" });
  expect(presetRange("last-30-days", "2026-03-01")).toEqual({ from: "2026-01-31", to: "2026-03-02" });
});

test("ranges step by their own length", () => {
  expect(shiftRange({ from: "2026-01-01", to: "2026-04-01" }, -1)).toEqual({
    from: "2025-10-01",
    to: "2026-01-01",
  });
  expect(shiftRange({ from: "2026-11-01", to: "2026-11-08" }, 1)).toEqual({
    from: "2026-11-08",
    to: "2026-11-15",
  });
});

test("days that do not exist are no days", () => {
  expect(isDay("2026-02-29")).toBe(false);
  expect(isDay("2028-02-29")).toBe(true);
  expect(isDay("2026-2-9")).toBe(false);
  expect(isDay(null)).toBe(false);
});

test("periods cover the range, months by their first day", () => {
  expect(periodsOf({ from: "2026-02-27", to: "2026-03-02" }, "day")).toEqual([
    "2026-02-27",
    "2026-02-28",
    "2026-03-01",
  ]);
  expect(periodsOf({ from: "2026-01-15", to: "2026-03-02" }, "month")).toEqual([
    "2026-01-01",
    "2026-02-01",
    "2026-03-01",
  ]);
  expect(isWholeMonths({ from: "2026-01-01", to: "2026-02-02" })).toBe(false);
  expect(addMonths("2026-01-31", 1)).toBe("2026-02-01");
});

test("a day lies behind today or not at all", () => {
  expect(daysBehind("2026-11-18", "2026-11-22")).toBe(4);
  expect(daysBehind("2026-11-22", "2026-11-22")).toBe(0);
  expect(daysBehind("2026-12-01", "2026-11-22")).toBe(0);
});
