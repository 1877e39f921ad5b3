import { expect, test } from "vitest";
import { narrowedTo, parseFilter, printFilter, withFilter } from "./filters";
import {
  apiSearch,
  DEFAULTS,
  explorerHref,
  fromSearch,
  nextDimensions,
  type Question,
  toSearch,
} from "./question";

const read = (text: string) => fromSearch(new URLSearchParams(text));

test("an empty address is the default question, and back", () => {
  expect(read("")).toEqual(DEFAULTS);
  expect(toSearch(DEFAULTS).toString()).toBe("");
});

test("every part of a question survives the address", () => {
  const question: Question = {
    measure: "BilledCost",
    by: ["SubAccountName", "tag:team"],
    where: [
      { dimension: "ServiceName", operator: "=", value: "A & B = C|D" },
      { dimension: "ServiceName", operator: "!=", value: "Ü~x" },
      { dimension: "tag:cost center", operator: "=", value: "" },
      { dimension: "ResourceId", operator: "~", value: "arn:aws" },
    ],
    grain: "month",
    period: { from: "2026-01-01", to: "2026-07-01" },
    top: 25,
    compare: true,
    view: "area",
    sort: { column: "change", down: true },
    convert: { to: "USD", rates: [{ currency: "EUR", text: "1.08" }] },
  };
  expect(fromSearch(new URLSearchParams(toSearch(question).toString()))).toEqual(question);
});

test("nothing grouped is different from the default grouping", () => {
  const nothing = { ...DEFAULTS, by: [] };
  expect(read(toSearch(nothing).toString())).toEqual(nothing);
});

test("broken addresses fall back instead of failing", () => {
  expect(
    read("from=2026-13-01&to=x&grain=hour&top=-3&view=pie&where=nonsense&sort=size&period=tomorrow"),
  ).toEqual(DEFAULTS);
  expect(read("from=2026-05-02&to=2026-05-01").period).toEqual(DEFAULTS.period);
  expect(read("by=A|B|B|C|D").by).toEqual(["A", "B", "C"]);
});

test("the API gets days, not presets", () => {
  const search = apiSearch({ ...DEFAULTS, by: ["ServiceName", "tag:a,b"], compare: true }, "2026-11-22");
  expect(search.get("from")).toBe("2026-11-01");
  expect(search.get("to")).toBe("2026-11-23");
  expect(search.get("by")).toBe("ServiceName,tag:a\\,b");
  expect(search.get("compare")).toBe("previous");
});

test("the API gets a conversion only when it can read every rate", () => {
  const asked = (text: string) =>
    apiSearch({ ...DEFAULTS, convert: { to: "USD", rates: [{ currency: "EUR", text }] } }, "2026-11-22");
  expect([asked("1.080").get("currency"), asked("1.080").get("rate")]).toEqual(["USD", "EUR=1.08"]);
  expect([asked("1,08").has("currency"), asked("1,08").has("rate")]).toEqual([false, false]);
});

test("filters split at their first operator", () => {
  expect(parseFilter("ServiceName=a=b")).toEqual({ dimension: "ServiceName", operator: "=", value: "a=b" });
  expect(parseFilter("tag:team!=x")).toEqual({ dimension: "tag:team", operator: "!=", value: "x" });
  expect(parseFilter("ResourceId~=y")).toEqual({ dimension: "ResourceId", operator: "~", value: "=y" });
  expect(parseFilter("tag:a!b=c")).toEqual({ dimension: "tag:a!b", operator: "=", value: "c" });
  expect(parseFilter("=x")).toBeNull();
  expect(parseFilter("ServiceName")).toBeNull();
});

test("narrowing replaces equalities of that dimension only", () => {
  const before = [parseFilter("A=1"), parseFilter("A=2"), parseFilter("A!=3"), parseFilter("B=1")].filter(
    (one) => one !== null,
  );
  expect(narrowedTo(before, "A", "1").map(printFilter)).toEqual(["A!=3", "B=1", "A=1"]);
  expect(withFilter(before, before[0] as (typeof before)[0])).toBe(before);
});

test("drilling suggests dimensions the data has and that are still open", () => {
  const known = ["ServiceName", "SubAccountName", "ResourceName", "RegionId"];
  expect(nextDimensions("ServiceName", [], known)).toEqual(["SubAccountName", "ResourceName", "RegionId"]);
  expect(
    nextDimensions("ServiceName", [{ dimension: "SubAccountName", operator: "=", value: "x" }], known),
  ).toEqual(["ResourceName", "RegionId"]);
});

test("links leave defaults out", () => {
  expect(explorerHref({})).toBe("/explore");
  expect(explorerHref({ where: [{ dimension: "ServiceName", operator: "=", value: "S3" }] })).toBe(
    "/explore?where=ServiceName%3DS3",
  );
});
