/** The chart of one currency. Floats only make lengths here; every printed amount is the exact one. */
import type { EChartsCoreOption } from "echarts/core";
import { categoryAxis, FONT, tooltip, valueAxis } from "../../components/chart/base";
import { type TipRow, tip } from "../../components/chart/tip";
import { monthLabel, weekdayLabel } from "../../lib/dates";
import { sum, toNumber, type Units } from "../../lib/decimal";
import { money } from "../../lib/money";
import { INK, type Scheme, SERIES_COUNT, seriesColor } from "../../lib/palette";
import { type Group, groupLabel, type Label, type Section } from "../../lib/pivot";
import type { Grain, View } from "../../lib/question";

export interface Drawn {
  id: string;
  color: string;
  /** Null for the groups beyond the palette, drawn as one. */
  group: Group | null;
  members: Group[];
}

/** One entry per colour: the largest groups, what has no value in its own grey, all else in one grey. */
export function drawnGroups(section: Section, scheme: Scheme): Drawn[] {
  const drawn: Drawn[] = [];
  const rest: Group[] = [];
  let colours = 0;
  for (const group of section.groups) {
    if (group.other) rest.push(group);
    else if (group.unset) drawn.push({ id: group.id, color: INK[scheme].unset, group, members: [group] });
    else if (colours < SERIES_COUNT) {
      drawn.push({ id: group.id, color: seriesColor(scheme, colours), group, members: [group] });
      colours += 1;
    } else rest.push(group);
  }
  const only = rest.length === 1 ? (rest[0] ?? null) : null;
  if (rest.length > 0) drawn.push({ id: "rest", color: INK[scheme].other, group: only, members: rest });
  return drawn;
}

interface Input {
  section: Section;
  drawn: Drawn[];
  periods: string[];
  grain: Grain;
  view: View;
  by: string[];
  compare: boolean;
  scheme: Scheme;
  until: string | null;
  others: number | null;
  label: Label;
  measure: string;
}

export function chartOption(input: Input): EChartsCoreOption {
  return input.grain === "total" ? totals(input) : overTime(input);
}

function nameOf(one: Drawn, { by, others, label }: Pick<Input, "by" | "others" | "label">): string {
  if (one.group) return groupLabel(one.group, by, others, label);
  const listed = one.members.filter((group) => !group.other).length;
  if (others === null && listed < one.members.length) return "Other";
  const hidden = listed + (others ?? 0);
  return `Other (${hidden.toLocaleString("en-US")} more)`;
}

function at(one: Drawn, period: string): Units | null {
  let found: Units | null = null;
  for (const group of one.members) {
    const amount = group.byPeriod.get(period);
    if (amount !== undefined) found = (found ?? 0n) + amount;
  }
  return found;
}

const GRID = {
  left: 4,
  right: 8,
  top: 14,
  bottom: 2,
  outerBoundsMode: "same",
  outerBoundsContain: "axisLabel",
};

/** The group drawn at a value of the axis in one period: the stacked part there, or the nearest line. */
export function groupAt(drawn: Drawn[], period: string, view: View, value: number): Group | null {
  const parts = drawn
    .map((one) => ({ one, amount: toNumber(at(one, period) ?? 0n) }))
    .filter((part) => part.amount !== 0);
  if (view === "lines") {
    const distance = (part: { amount: number }) => Math.abs(part.amount - value);
    return parts.sort((a, b) => distance(a) - distance(b))[0]?.one.group ?? null;
  }
  let end = 0;
  for (const { one, amount } of parts) {
    if (amount > 0 !== value > 0) continue;
    end += amount;
    if (Math.abs(value) <= Math.abs(end)) return one.group;
  }
  return null;
}

function overTime({
  section,
  drawn,
  periods,
  grain,
  view,
  by,
  compare,
  scheme,
  until,
  others,
  label,
  measure,
}: Input): EChartsCoreOption {
  const names = { by, others, label };
  const ink = INK[scheme];
  const { currency } = section;
  const title = (period: string) => (grain === "month" ? monthLabel(period) : weekdayLabel(period));
  // Lines end with the charges instead of falling to zero on days that were not delivered yet.
  const last = periods.findLast((period) => drawn.some((one) => (at(one, period) ?? 0n) !== 0n)) ?? "";
  const firstBefore = periods.find((period) => (section.previousByPeriod.get(period) ?? 0n) !== 0n) ?? "";
  const late = (period: string) => grain === "day" && until !== null && period >= until;
  // Negative parts (credits, refunds) stack below zero, so that a bar's parts still add up to its ends.
  const series: unknown[] = drawn.map((one) => {
    const data = periods.map((period) => {
      const amount = at(one, period);
      return amount === null ? (view === "bars" || period > last ? null : 0) : toNumber(amount);
    });
    const common = { id: one.id, name: nameOf(one, names), color: one.color };
    if (view === "bars")
      return {
        ...common,
        type: "bar",
        stack: "all",
        barMaxWidth: 44,
        barCategoryGap: "22%",
        data: data.map((value, index) =>
          late(periods[index] ?? "") ? { value, itemStyle: { opacity: 0.5 } } : value,
        ),
        itemStyle: { borderColor: ink.surface, borderWidth: periods.length > 120 ? 0 : 0.5 },
        emphasis: { disabled: true },
      };
    return {
      ...common,
      type: "line",
      stack: view === "area" ? "all" : undefined,
      data,
      showSymbol: periods.length === 1,
      symbolSize: 5,
      triggerLineEvent: true,
      lineStyle: { width: view === "area" ? 1 : 1.8 },
      areaStyle: view === "area" ? { opacity: 0.75 } : undefined,
      emphasis: { disabled: true },
    };
  });
  if (compare)
    series.push({
      id: "previous",
      name: "The period before",
      type: "line",
      silent: true,
      emphasis: { disabled: true },
      showSymbol: false,
      data: periods.map((period) => {
        const amount = section.previousByPeriod.get(period);
        return amount === undefined || period < firstBefore ? null : toNumber(amount);
      }),
      lineStyle: { color: ink.text, width: 1.5, type: [4, 3] },
      itemStyle: { color: ink.text },
      z: 5,
    });
  return {
    grid: GRID,
    xAxis: {
      ...categoryAxis(
        periods.map((period) => axisLabel(period, grain)),
        ink,
      ),
      boundaryGap: view === "bars",
    },
    yAxis: valueAxis(currency, ink),
    tooltip: tooltip(ink, (index) => {
      const period = periods[index] ?? "";
      const parts = drawn
        .map((one) => ({ one, amount: at(one, period) }))
        .filter((part): part is { one: Drawn; amount: Units } => part.amount !== null && part.amount !== 0n);
      const rows: TipRow[] = parts.map(({ one, amount }) => ({
        color: one.color,
        label: nameOf(one, names),
        value: money(amount, currency),
      }));
      if (parts.length !== 1)
        rows.push({
          color: null,
          label: "Total",
          value: money(sum(parts.map((part) => part.amount)), currency),
          total: true,
        });
      const before = section.previousByPeriod.get(period);
      if (compare && before !== undefined)
        rows.push({ color: null, label: "The period before", value: money(before, currency) });
      return tip(
        `${title(period)} · ${measure}`,
        rows,
        late(period) ? "Charges of this day are still arriving" : undefined,
      );
    }),
    series,
  };
}

function axisLabel(period: string, grain: Grain): string {
  const month = monthLabel(period);
  return grain === "month" ? month : `${Number(period.slice(8))} ${month.slice(0, 3)}`;
}

function totals({ section, drawn, by, scheme, others, label, measure, compare }: Input): EChartsCoreOption {
  const names = { by, others, label };
  const ink = INK[scheme];
  const { currency } = section;
  // The value axis begins at the bottom, so the largest group goes last.
  const rows = [...drawn].reverse();
  const total = (one: Drawn) => sum(one.members.map((group) => group.amount));
  const before = (one: Drawn) => sum(one.members.map((group) => group.previous ?? 0n));
  const series: unknown[] = [
    {
      id: "total",
      type: "bar",
      barMaxWidth: 20,
      data: rows.map((one) => ({
        value: toNumber(total(one)),
        itemStyle: { color: one.color, borderRadius: [0, 3, 3, 0] },
      })),
    },
  ];
  if (compare)
    series.push({
      id: "previous",
      type: "bar",
      barMaxWidth: 5,
      barGap: "15%",
      silent: true,
      data: rows.map((one) => ({ value: toNumber(before(one)), itemStyle: { color: ink.muted } })),
    });
  return {
    grid: GRID,
    xAxis: { ...valueAxis(currency, ink) },
    yAxis: {
      ...categoryAxis(
        rows.map((one) => nameOf(one, names)),
        ink,
      ),
      axisLabel: { color: ink.text, fontFamily: FONT, fontSize: 12, width: 190, overflow: "truncate" },
    },
    tooltip: tooltip(ink, (index) => {
      const one = rows[index];
      if (!one) return tip("", []);
      const lines: TipRow[] = [{ color: one.color, label: measure, value: money(total(one), currency) }];
      if (compare)
        lines.push({ color: ink.muted, label: "The period before", value: money(before(one), currency) });
      return tip(nameOf(one, names), lines);
    }),
    series,
  };
}
