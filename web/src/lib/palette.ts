/**
 * Ten colours that stay apart for people with colour-blindness (hue and lightness both change from one to
 * the next), for each scheme. What is not a group of its own is grey: the rest, and what has no value.
 */
export type Scheme = "light" | "dark";

const SERIES: Record<Scheme, string[]> = {
  light: [
    "#2f6f9f",
    "#e58a4e",
    "#3f9b8f",
    "#b5547a",
    "#d9b13b",
    "#6fb3d9",
    "#7a5aa6",
    "#8c9a3a",
    "#c05a4a",
    "#8a6d5a",
  ],
  dark: [
    "#5b9fd0",
    "#f0a067",
    "#57bdaf",
    "#d67fa3",
    "#e6c65c",
    "#93cdf0",
    "#a48bd0",
    "#aebb5c",
    "#e07f6e",
    "#c2a48f",
  ],
};

export interface Ink {
  text: string;
  muted: string;
  line: string;
  surface: string;
  other: string;
  unset: string;
  accent: string;
}

export const INK: Record<Scheme, Ink> = {
  light: {
    text: "#16212b",
    muted: "#52616b",
    line: "#e4eaed",
    surface: "#ffffff",
    other: "#b4bec4",
    unset: "#8a969d",
    accent: "#1c657c",
  },
  dark: {
    text: "#e4ebee",
    muted: "#9dadb6",
    line: "#28343b",
    surface: "#161e23",
    other: "#4d5a62",
    unset: "#75838b",
    accent: "#5fa6ba",
  },
};

export const SERIES_COUNT = SERIES.light.length;

/** The colour of the n-th group; beyond the palette everything is "other". */
export function seriesColor(scheme: Scheme, at: number): string {
  return SERIES[scheme][at] ?? INK[scheme].other;
}
