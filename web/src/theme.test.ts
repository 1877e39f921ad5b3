import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from "@mantine/core";
import { expect, test } from "vitest";
import { theme } from "./theme";

const block = (selector: string, variables: Record<string, string>) =>
  `${selector} {\n${Object.entries(variables)
    .map(([name, value]) => `  ${name}: ${value};\n`)
    .join("")}}\n`;

test("the variables in styles/theme-vars.css are those of the theme", async () => {
  const resolved = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const css = [
    "/* Written by theme.test.ts from theme.ts: npm test -- -u */\n",
    block(":root", resolved.variables),
    block(':root[data-mantine-color-scheme="light"]', resolved.light),
    block(':root[data-mantine-color-scheme="dark"]', resolved.dark),
  ].join("");
  await expect(css).toMatchFileSnapshot("./styles/theme-vars.css");
});
