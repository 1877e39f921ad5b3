import { expect, test } from "vitest";
import { commitmentNotes, commitmentRows, metric } from "./commitments";

test("a ratio is made from its part and whole, and its denominator is named", () => {
  expect(metric({ share: { part: "25", whole: "100" }, denominator: "all_standard_usage" }, "usage")).toEqual(
    {
      value: 0.25,
      part: "25",
      whole: "100",
      denominator: "all usage at standard prices",
    },
  );
  expect(metric({ percent: 40.85 }, "usage")?.value).toBeCloseTo(0.4085);
  expect(metric(96, "what was committed")?.value).toBe(0.96);
  expect(metric({ part: "0", whole: "0" }, "usage")?.value).toBeNull();
  expect(metric(null, "usage")).toBeNull();
});

test("all of it comes first, then each provider, whatever the lists are called", () => {
  const flat = {
    currency: "USD",
    coverage: 0.4,
    by_provider: [{ provider: "AWS", coverage: 0.5 }, { provider: "nothing" }],
    notes: ["a note", 4],
  };
  expect(commitmentRows(flat).map((one) => [one.name, one.currency])).toEqual([
    ["All providers", "USD"],
    ["AWS", "USD"],
  ]);
  expect(commitmentNotes(flat)).toEqual(["a note"]);
  const nested = {
    currencies: [
      { currency: "EUR", coverage: 0.1, by_provider: [{ provider: "Microsoft", utilisation: 0.9 }] },
    ],
  };
  expect(commitmentRows(nested).map((one) => [one.name, one.currency])).toEqual([
    ["All providers", "EUR"],
    ["Microsoft", "EUR"],
  ]);
  expect(commitmentRows(null)).toEqual([]);
});
