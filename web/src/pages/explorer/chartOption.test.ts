import { expect, test } from "vitest";
import { INK, SERIES_COUNT, seriesColor } from "../../lib/palette";
import type { Group } from "../../lib/pivot";
import { drawnGroups, groupAt } from "./chartOption";

const group = (id: string, amount: bigint, part: Partial<Group> = {}): Group => ({
  id,
  keys: [id],
  other: false,
  unset: false,
  amount,
  previous: null,
  byPeriod: new Map(),
  ...part,
});

test("each group has a colour of its own until the palette ends; the rest and the untagged are grey", () => {
  const groups = [
    ...Array.from({ length: SERIES_COUNT + 3 }, (_, at) => group(`g${at}`, BigInt(100 - at))),
    group("null", 5n, { unset: true, keys: [null] }),
    group("other", 900n, { other: true }),
  ];
  const drawn = drawnGroups(
    { currency: "USD", total: 0n, previous: null, groups, previousByPeriod: new Map() },
    "light",
  );
  expect(drawn.slice(0, SERIES_COUNT).map((one) => one.color)).toEqual(
    Array.from({ length: SERIES_COUNT }, (_, at) => seriesColor("light", at)),
  );
  expect(new Set(drawn.map((one) => one.color)).size).toBe(SERIES_COUNT + 2);
  expect(drawn.find((one) => one.id === "null")?.color).toBe(INK.light.unset);
  expect(drawn.at(-1)).toMatchObject({ id: "rest", color: INK.light.other, group: null });
  expect(drawn.at(-1)?.members).toHaveLength(4);
});

test("a click finds the stacked part under it, credits below zero, or the nearest line", () => {
  const unit = 10n ** 18n;
  const at = (id: string, amount: bigint) => group(id, amount, { byPeriod: new Map([["p", amount * unit]]) });
  const groups = [at("a", 100n), at("b", 40n), at("credit", -30n)];
  const drawn = drawnGroups(
    { currency: "USD", total: 0n, previous: null, groups, previousByPeriod: new Map() },
    "dark",
  );
  const found = (view: "bars" | "lines", value: number) => groupAt(drawn, "p", view, value)?.id;
  expect([
    found("bars", 50),
    found("bars", 120),
    found("bars", -10),
    found("bars", 141),
    found("bars", -31),
  ]).toEqual(["a", "b", "credit", undefined, undefined]);
  expect([found("lines", 90), found("lines", 60), found("lines", -500)]).toEqual(["a", "b", "credit"]);
  expect(groupAt(drawn, "nothing", "bars", 1)).toBeNull();
});
