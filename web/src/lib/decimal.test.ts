import { expect, test } from "vitest";
import { parse, print, printRounded, ratio, sum, toNumber } from "./decimal";

test("decimal text survives to the last digit", () => {
  for (const text of [
    "0",
    "-1204",
    "12345678901234567890.123456789012345678",
    "0.000000000000000001",
    "-0.1",
  ])
    expect(print(parse(text))).toBe(text);
  expect(print(parse("1.50"))).toBe("1.5");
  expect(print(parse("1.5e3"))).toBe("1500");
  expect(print(parse("5E-3"))).toBe("0.005");
});

test("ten cents ten times is one dollar", () => {
  expect(print(sum(Array.from({ length: 10 }, () => parse("0.1"))))).toBe("1");
});

test("rounding is half to even and never shows a negative zero", () => {
  const check = (text: string, places: number, expected: string) =>
    expect(printRounded(parse(text), places)).toBe(expected);
  check("0.125", 2, "0.12");
  check("0.135", 2, "0.14");
  check("-0.004", 2, "0.00");
  check("-1234567.891", 2, "−1,234,567.89");
  check("999.995", 2, "1,000.00");
  check("1234.5", 0, "1,234");
  check("0.5", 0, "0");
  check("12345678901234567890.129", 2, "12,345,678,901,234,567,890.13");
});

test("what is no number is refused", () => {
  for (const text of ["", "NaN", "1,000", "--1", ".", "1e999"]) expect(() => parse(text), text).toThrow();
});

test("ratios and floats are for drawing", () => {
  expect(ratio(parse("1"), parse("3"))).toBeCloseTo(0.333333, 6);
  expect(ratio(parse("1"), 0n)).toBeNull();
  expect(toNumber(parse("-12.5"))).toBe(-12.5);
});
