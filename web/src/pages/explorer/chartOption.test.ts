import { expect, test } from "vitest";
import { INK, SERIES_COUNT, seriesColor } from "../../lib/palette";
import type { Group } from "../../lib/pivot";
import { drawnGroups } from "./chartOption";

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
