import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("fields are quoted where they must be, and nothing is run by a spreadsheet", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ["x,y", null],
        ['say "hi"', "two\nlines"],
      ],
    ),
  ).toBe('a,b\r\n"x,y",\r\n"say ""hi""","two\nlines"\r\n');
  expect(toCsv(["f"], [["=1+1"], ["-2.50"], ["-cmd"], ["@x"], ["+1"]])).toBe(
    "f\r\n'=1+1\r\n-2.50\r\n'-cmd\r\n'@x\r\n'+1\r\n",
  );
});
