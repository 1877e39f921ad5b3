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

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 7 },
  colors: { ink },
  fontFamily: '"Inter Variable", ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontFamily: "inherit", fontWeight: "620" },
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
});
