import { expect, test } from "vitest";
import { differences, equal, members, pathWords, valueWords } from "./diff";

const before = { name: "Shop", amount: "100", scope: { values: ["a", "b"], dimension: "X" }, gone: 1 };
const after = { name: "Shop", amount: "120", scope: { values: ["a", "c"], dimension: "X" }, fresh: true };

test("fields are compared by name, lists as a whole", () => {
  const found = differences(before, after);
  expect(found.map((one) => [one.path.join("/"), one.kind])).toEqual([
    ["amount", "changed"],
    ["fresh", "added"],
    ["gone", "removed"],
    ["name", "same"],
    ["scope/dimension", "same"],
    ["scope/values", "changed"],
  ]);
});

test("what was made or deleted is told field by field", () => {
  expect(differences(null, { a: 1, b: { c: 2 } }).map((one) => [one.path.join("/"), one.kind])).toEqual([
    ["a", "added"],
    ["b/c", "added"],
  ]);
  expect(differences({ a: 1 }, null)[0]?.kind).toBe("removed");
  expect(differences("x", "y")).toEqual([{ path: [], before: "x", after: "y", kind: "changed" }]);
  expect(differences({ a: {} }, { a: {} })[0]?.kind).toBe("same");
});

test("an object that became a text is one change", () => {
  expect(differences({ a: { b: 1 } }, { a: "none" })).toEqual([
    { path: ["a"], before: { b: 1 }, after: "none", kind: "changed" },
  ]);
});

test("equality does not depend on the order of names", () => {
  expect(equal({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true);
  expect(equal({ a: 1 }, { a: undefined })).toBe(false);
  expect(equal([1, 2], [2, 1])).toBe(false);
});

test("values and lists are read as words", () => {
  expect(["", null, ["a", "b"], [], true].map(valueWords)).toEqual([
    "(empty)",
    "—",
    "a, b",
    "(none)",
    "true",
  ]);
  expect(pathWords(["quiet_hours", "from"])).toBe("quiet hours › from");
  expect(members(["a", "b"], ["a", "c"])).toEqual([
    { text: "a", only: null },
    { text: "b", only: "before" },
    { text: "c", only: "after" },
  ]);
  expect(members([{}], ["a"])).toBeNull();
});
