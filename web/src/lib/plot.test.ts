import { expect, test } from "vitest";
import { bandPath, extent, labelled, linePath, scales, ticks } from "./plot";

const frame = { width: 110, height: 120, left: 10, right: 0, top: 10, bottom: 10 };

test("ticks are round and cover the range", () => {
  expect(ticks(0, 4200, 4)).toEqual([0, 2000, 4000, 6000]);
  expect(ticks(-30, 70, 4)).toEqual([-50, -25, 0, 25, 50, 75]);
  expect(ticks(0, 0.012, 3)).toEqual([0, 0.005, 0.01, 0.015]);
  expect(ticks(5, 5, 4)).toEqual([5]);
});

test("zero always belongs to what is drawn", () => {
  expect(extent([[120, null, 80]])).toEqual([0, 120]);
  expect(extent([[-4, 3]])).toEqual([-4, 3]);
  expect(extent([[null], []])).toEqual([0, 1]);
});

test("a day stands in the middle of its column, and more is higher", () => {
  const { x, y, step } = scales(frame, 10, [0, 100], 4);
  expect(step).toBe(10);
  expect([x(0), x(9)]).toEqual([15, 105]);
  expect([y(0), y(100)]).toEqual([110, 10]);
});

test("a line is lifted over a gap", () => {
  const scale = { x: (at: number) => at * 10, y: (value: number) => 100 - value };
  expect(linePath([10, 20, null, 30], scale)).toBe("M0 90L10 80M30 70");
  expect(linePath([null, null], scale)).toBe("");
});

test("a band is closed around every stretch that has both edges", () => {
  const scale = { x: (at: number) => at, y: (value: number) => value };
  expect(bandPath([1, 2, null, 4], [5, 6, 7, 8], scale)).toBe("M0 5L1 6L1 2L0 1ZM3 8L3 4Z");
});

test("labels do not run into each other", () => {
  const month = Array.from({ length: 30 }, (_, at) => `2026-11-${String(at + 1).padStart(2, "0")}`);
  const at = labelled(month, 12, 52);
  for (let index = 1; index < at.length; index += 1)
    expect(((at[index] ?? 0) - (at[index - 1] ?? 0)) * 12).toBeGreaterThanOrEqual(52);
  const year = Array.from({ length: 12 }, (_, index) => `2026-${String(index + 1).padStart(2, "0")}-01`);
  expect(labelled(year, 40)).toHaveLength(12);
});
