import { expect, test } from "vitest";
import { longEnough, passwordHint } from "./passwords";

test("length counts as people see characters, and nothing else is asked for", () => {
  expect(passwordHint("", false)).toContain("At least 15 characters");
  expect(passwordHint("", true)).toContain("At least 8 characters");
  expect(passwordHint("fourteen chars", false)).toBe("1 more character.");
  expect(passwordHint("🔑".repeat(15), false)).toContain("Long enough");
  expect(longEnough("🔑".repeat(14), false)).toBe(false);
  expect(longEnough("all lower case and long", false)).toBe(true);
});
