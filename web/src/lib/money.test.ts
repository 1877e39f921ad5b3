import { expect, test } from "vitest";
import { parse } from "./decimal";
import {
  bytes,
  money,
  moneyChange,
  moneyCompact,
  moneyExact,
  moneyShort,
  percent,
  percentChange,
  plural,
} from "./money";

test("money shows its currency and its minor unit", () => {
  expect(money("1234.5", "USD")).toBe("$1,234.50");
  expect(money("-3.1", "EUR")).toBe("−€3.10");
  expect(money("1234.5", "CHF")).toBe("CHF 1,234.50");
  expect(money("1234.6", "JPY")).toBe("¥1,235");
  expect(money("1", "XTOKENS")).toBe("XTOKENS 1.00");
});

test("the exact form keeps every digit", () => {
  expect(moneyExact("12345678.000000000000000001", "USD")).toBe("USD 12,345,678.000000000000000001");
  expect(moneyExact("-5", "EUR")).toBe("EUR −5");
});

test("changes carry a sign", () => {
  expect(moneyChange("1204", "USD")).toBe("+$1,204.00");
  expect(moneyChange("-1204", "USD")).toBe("−$1,204.00");
  expect(moneyChange("0", "USD")).toBe("$0.00");
});

test("short and compact forms", () => {
  expect(moneyShort("123456.78", "USD")).toBe("$123,457");
  expect(moneyShort("12.345", "USD")).toBe("$12.34");
  expect(moneyCompact(1_234_567, "USD")).toBe("$1.23M");
  expect(moneyCompact(-1500, "USD")).toBe("−$1.5k");
  expect(moneyCompact(0, "EUR")).toBe("€0");
  expect(moneyCompact(250_000, "CHF")).toBe("CHF 250k");
});

test("percentages say when there is nothing to compare with", () => {
  expect(percent(0.1234)).toBe("12.3%");
  expect(percent(-0.0001)).toBe("−<0.1%");
  expect(percent(null)).toBe("—");
  expect(percentChange(parse("110"), parse("100"))).toBe("+10.0%");
  expect(percentChange(parse("90"), parse("100"))).toBe("−10.0%");
  expect(percentChange(parse("5"), parse("-10"))).toBe("+150%");
  expect(percentChange(parse("5"), 0n)).toBe("new");
  expect(percentChange(parse("5"), null)).toBe("—");
});

test("bytes and counts", () => {
  expect(bytes(999)).toBe("999 B");
  expect(bytes(1_234_567)).toBe("1.2 MB");
  expect(plural(1, "row")).toBe("1 row");
  expect(plural(1200, "delivery", "deliveries")).toBe("1,200 deliveries");
});
