import { expect, test } from "vitest";
import { scopeProblem, scopeSentence } from "./scope";

const rule = (dimension: string, ...values: string[]) => ({ dimension, values });

test("a scope reads as a sentence", () => {
  const check = (parts: ReturnType<typeof rule>[][], expected: string | null) =>
    expect(scopeSentence({ all: false, parts })).toBe(expected);
  check([], "");
  check([[rule("SubAccountId", "4711")]], "SubAccountId is 4711");
  check(
    [[rule("SubAccountId", "1", "2", "3"), rule("tag:team", "checkout")]],
    "SubAccountId is 1, 2 or 3 and tag team is checkout",
  );
  check([[rule("A", "1")], [rule("B", "2")]], "A is 1; or B is 2");
  check([[rule("A", "1", "2", "3", "4", "5", "6", "7")]], "A is 1, 2, 3, 4 or 3 more");
  expect(scopeSentence({ all: true, parts: [] })).toBeNull();
});

test("rules that would mean nothing or everything are told apart", () => {
  expect(scopeProblem([])).toContain("at least one rule");
  expect(scopeProblem([rule("tag:team")])).toContain("tag team");
  expect(scopeProblem([rule("tag:team", "x")])).toBeNull();
});
