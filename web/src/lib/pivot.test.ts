import { expect, test } from "vitest";
import type { CostAnswer, CostRow } from "../api/types";
import { print } from "./decimal";
import { groupLabel, sections, unsetLabel } from "./pivot";

function answer(rows: CostRow[], totals: CostAnswer["totals"], groups = 0): CostAnswer {
  return {
    question: {},
    rows,
    totals,
    other: { included: groups > 0, groups },
    freshness: [],
    provisional: false,
    excluded: { rows: 0, reasons: [] },
    notes: [],
    empty_reason: null,
    read: { operations: 0, objects: 0, bytes: 0 },
  };
}

const row = (
  key: string | null,
  period: string,
  currency: string,
  amount: string,
  previous: string | null = null,
): CostRow => ({
  keys: [key],
  period,
  currency,
  amount,
  previous,
});

test("currencies stay apart and groups are summed exactly", () => {
  const [usd, eur] = sections(
    answer(
      [
        row("a", "2026-11-01", "USD", "0.1"),
        row("a", "2026-11-02", "USD", "0.2"),
        row("a", "2026-11-01", "EUR", "5"),
      ],
      [
        { currency: "USD", amount: "0.3", previous: null },
        { currency: "EUR", amount: "5", previous: null },
      ],
    ),
    ["ServiceName"],
  );
  expect(print(usd?.groups[0]?.amount ?? 0n)).toBe("0.3");
  expect(print(usd?.total ?? 0n)).toBe("0.3");
  expect(eur?.currency).toBe("EUR");
  expect(usd?.groups[0]?.previous).toBeNull();
});

test("the rest comes last however large, and missing values are named", () => {
  const other: CostRow = { ...row("x", "", "USD", "100", "90"), keys: [], other: true };
  const [usd] = sections(
    answer(
      [other, row("a", "", "USD", "1", "2"), row(null, "", "USD", "7")],
      [{ currency: "USD", amount: "108", previous: "92" }],
      12,
    ),
    ["tag:team"],
  );
  expect(usd?.groups.map((group) => groupLabel(group, ["tag:team"], 12, (id) => id))).toEqual([
    "Untagged (no team)",
    "a",
    "Other (12 more)",
  ]);
  expect(usd?.groups[0]?.unset).toBe(true);
  expect(print(usd?.previousByPeriod.get("") ?? 0n)).toBe("92");
});

test("what has no value is named as people call it", () => {
  const labels: Record<string, string> = { ResourceName: "Resource", SkuId: "SKU id", RegionId: "RegionId" };
  const named = (id: string) => unsetLabel(id, (one) => labels[one] ?? one);
  expect(["ResourceName", "SkuId", "RegionId", "tag:team"].map(named)).toEqual([
    "No resource",
    "No SKU id",
    "No RegionId",
    "Untagged (no team)",
  ]);
});
