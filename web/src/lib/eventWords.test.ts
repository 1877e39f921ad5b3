import { expect, test } from "vitest";
import { typesByTopic, typeWords } from "./eventWords";

test("types are read without their namespace and version", () => {
  expect(typeWords("org.bursar.budget.threshold-reached.v1")).toBe("budget: threshold reached");
  expect(typeWords("org.bursar.sign-in-method.changed.v12")).toBe("sign in method: changed");
  expect(typeWords("something")).toBe("something");
});

test("types stand under what they are about", () => {
  const types = ["a.opened.v1", "b.made.v1", "a.closed.v1"].map((one) => ({ type: `org.bursar.${one}` }));
  expect(typesByTopic(types).map(([topic, all]) => [topic, all.length])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});
