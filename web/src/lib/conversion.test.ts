import { expect, test } from "vitest";
import {
  appendConversion,
  type Conversion,
  conversionFrom,
  missingRates,
  readable,
  readRate,
  usedRates,
} from "./conversion";

const from = (text: string) => conversionFrom(new URLSearchParams(text));

test("a rate is written as the API reads it", () => {
  const cases = [
    ["1.08", "1.08"],
    [" 0.920 ", "0.92"],
    [".5", "0.5"],
    ["2.", "2"],
    ["007", "7"],
    ["10", "10"],
    ["0.0000000001", "0.0000000001"],
  ];
  for (const [text, rate] of cases) expect(readRate(text ?? ""), text).toEqual({ rate });
});

test("what is no rate says what to do", () => {
  const fault = (text: string) => {
    const read = readRate(text);
    return "fault" in read ? read.fault : "";
  };
  expect(fault("1,08")).toContain("point");
  for (const text of ["", "  ", ".", "x", "-1", "1e3", "1 08", "٣"])
    expect(fault(text), text).toContain("number");
  for (const text of ["0", "0.000", "000"]) expect(fault(text), text).toContain("above zero");
  for (const text of ["1234567890", "0.12345678901"]) expect(fault(text), text).toContain("digits");
});

test("a conversion survives the address, whole or half", () => {
  const whole: Conversion = {
    to: "USD",
    rates: [
      { currency: "EUR", text: "1.08" },
      { currency: "GBP", text: "x" },
    ],
  };
  const search = new URLSearchParams();
  appendConversion(search, whole);
  expect(search.toString()).toBe("currency=USD&rate=EUR%3D1.08&rate=GBP%3Dx");
  expect(from(search.toString())).toEqual(whole);
  expect(from("currency=USD")).toEqual({ to: "USD", rates: [] });
});

test("an address without a target, or with a broken one, converts nothing", () => {
  for (const text of ["", "rate=EUR%3D1.08", "currency=dollars", "currency=usd", "currency="])
    expect(from(text), text).toBeNull();
  expect(
    from("currency=USD&rate=EUR&rate=%3D2&rate=USD%3D2&rate=euro%3D2&rate=EUR%3D1&rate=EUR%3D2"),
  ).toEqual({
    to: "USD",
    rates: [{ currency: "EUR", text: "2" }],
  });
});

test("one unreadable rate and nothing is converted", () => {
  const of = (text: string): Conversion => ({ to: "USD", rates: [{ currency: "EUR", text }] });
  expect(readable(of("1.080"))).toEqual(of("1.08"));
  expect(readable(of("1,08"))).toBeNull();
  expect(readable(null)).toBeNull();
});

test("rates are needed for what is there and is not the target", () => {
  const conversion = { to: "USD", rates: [{ currency: "EUR", text: "1.08" }] };
  expect(missingRates(conversion, ["EUR", "GBP", "USD"])).toEqual(["GBP"]);
  expect(missingRates(conversion, ["EUR", "USD"])).toEqual([]);
});

test("the rates that the answer used are told apart from its other notes", () => {
  expect(
    usedRates(["EUR was converted at 1.08 USD (given)", "Purchases of commitments are counted whole."]),
  ).toEqual({
    rates: [{ currency: "EUR", rate: "1.08", to: "USD" }],
    others: ["Purchases of commitments are counted whole."],
  });
});
