/**
 * The look. Mantine's own variables are written to `styles/theme-vars.css` by a test (run `npm test -- -u`
 * after a change here), because the page may not insert `<style>` tags: its policy is `style-src 'self'`.
 */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#edf6f8",
  "#d8e9ee",
  "#b1d4df",
  "#86bdcd",
  "#5fa6ba",
  "#418fa6",
  "#2b7991",
  "#1c657c",
  "#115266",
  "#083f50",
];

/** Mantine's greys for the dark scheme, with our ground's blue in them. */
const dark: MantineColorsTuple = [
  "#c3ced4",
  "#b0bdc4",
  "#8b9aa3",
  "#5f6e77",
  "#3a4850",
  "#28343b",
  "#1c262c",
  "#161e23",
  "#0f1519",
  "#0a0f12",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 7 },
  colors: { ink, dark },
  fontFamily: '"Inter Variable", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontFamily: "inherit", fontWeight: "620" },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
});
