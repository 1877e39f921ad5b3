import { expect, test } from "vitest";
import { homelessAction } from "./words";

test("an action without one of its pages is noticed", () => {
  expect(homelessAction(["explorer"], ["query"])).toBeNull();
  expect(homelessAction(["dashboard"], ["query"])).toContain("Explorer or SQL or Reports");
  expect(homelessAction([], [])).toBeNull();
});
