/** What all our charts share: quiet axes, one tooltip, compact money on the value axis. */
import { moneyCompact } from "../../lib/money";
import type { Ink } from "../../lib/palette";

export const FONT = '"Inter Variable", ui-sans-serif, system-ui, sans-serif';

export function valueAxis(currency: string, ink: Ink) {
  return {
    type: "value" as const,
    splitNumber: 4,
    axisLabel: {
      color: ink.muted,
      fontFamily: FONT,
      fontSize: 11.5,
      formatter: (value: number) => moneyCompact(value, currency),
    },
    splitLine: { lineStyle: { color: ink.line } },
  };
}

export function categoryAxis(labels: string[], ink: Ink) {
  return {
    type: "category" as const,
    data: labels,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: ink.line } },
    axisLabel: { color: ink.muted, fontFamily: FONT, fontSize: 11.5, hideOverlap: true },
  };
}

export function tooltip(ink: Ink, formatter: (at: number) => HTMLElement) {
  return {
    trigger: "axis" as const,
    axisPointer: {
      type: "shadow" as const,
      // Behind the bars; by default it lies over them.
      z: 0,
      shadowStyle: { color: ink.line, opacity: 0.45 },
    },
    confine: true,
    backgroundColor: ink.surface,
    borderColor: ink.line,
    textStyle: { color: ink.text, fontFamily: FONT, fontSize: 12.5 },
    padding: [8, 12],
    transitionDuration: 0,
    extraCssText: "box-shadow: 0 6px 24px rgb(0 0 0 / 16%); border-radius: 8px",
    formatter: (params: unknown) => {
      const first = (Array.isArray(params) ? params[0] : params) as { dataIndex: number };
      return formatter(first.dataIndex);
    },
  };
}
