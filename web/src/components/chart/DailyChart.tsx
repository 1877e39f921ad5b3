import { useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";
import { addDays, addMonths, monthLabel, weekdayLabel } from "../../lib/dates";
import { parse, toNumber, type Units } from "../../lib/decimal";
import { money } from "../../lib/money";
import { INK, seriesColor } from "../../lib/palette";
import { categoryAxis, tooltip, valueAxis } from "./base";
import { Chart } from "./Chart";
import { tip } from "./tip";

interface Props {
  daily: { period: string; amount: string }[];
  month: string;
  currency: string;
  measure: string;
  until: string | null;
}

/** This month's days as bars over last month's as a line, by day of the month. */
export function DailyChart({ daily, month, currency, measure, until }: Props) {
  const scheme = useComputedColorScheme("light");
  const { option, label } = useMemo(() => {
    const ink = INK[scheme];
    const before = addMonths(month, -1);
    const amounts = new Map<string, Units>(daily.map((one) => [one.period, parse(one.amount)]));
    const length = Math.max(daysIn(month), daysIn(before));
    const at = (start: string, day: number) =>
      day < daysIn(start) ? (amounts.get(addDays(start, day)) ?? null) : null;
    const days = Array.from({ length }, (_, day) => ({ now: at(month, day), before: at(before, day) }));
    const hasBefore = days.some((one) => one.before !== null);
    const color = seriesColor(scheme, 0);
    const option = {
      grid: {
        left: 4,
        right: 6,
        top: 12,
        bottom: 2,
        outerBoundsMode: "same",
        outerBoundsContain: "axisLabel",
      },
      xAxis: categoryAxis(
        days.map((_, day) => String(day + 1)),
        ink,
      ),
      yAxis: valueAxis(currency, ink),
      tooltip: tooltip(ink, (day) => {
        const rows = [];
        const now = days[day]?.now ?? null;
        const then = days[day]?.before ?? null;
        if (now !== null) {
          const late = until !== null && addDays(month, day) >= until;
          rows.push({
            color,
            label: `${weekdayLabel(addDays(month, day))}${late ? " (still arriving)" : ""}`,
            value: money(now, currency),
          });
        }
        if (then !== null)
          rows.push({
            color: ink.muted,
            label: weekdayLabel(addDays(before, day)),
            value: money(then, currency),
          });
        return tip(`Day ${day + 1} · ${measure}`, rows);
      }),
      series: [
        {
          type: "bar",
          name: monthLabel(month),
          data: days.map((one, day) => ({
            value: one.now === null ? null : toNumber(one.now),
            // The last days keep arriving: drawn paler, as what they are.
            itemStyle: { color, opacity: until !== null && addDays(month, day) >= until ? 0.5 : 1 },
          })),
          itemStyle: { color, borderRadius: [2, 2, 0, 0] },
          barCategoryGap: "28%",
        },
        {
          type: "line",
          name: monthLabel(before),
          data: days.map((one) => (one.before === null ? null : toNumber(one.before))),
          showSymbol: false,
          silent: true,
          lineStyle: { color: ink.muted, width: 1.5, type: [4, 3] },
          itemStyle: { color: ink.muted },
        },
      ],
    };
    const label = `${measure} per day of ${monthLabel(month)} in ${currency}${hasBefore ? `, with ${monthLabel(before)} as a dashed line` : ""}. The explorer shows the same figures as a table.`;
    return { option, label };
  }, [daily, month, currency, measure, until, scheme]);
  return (
    <>
      <Chart option={option} height={216} label={label} />
      <div className="legend small muted" aria-hidden="true">
        <span>
          <span className="swatch" style={{ background: seriesColor(scheme, 0) }} />
          {monthLabel(month)}
        </span>
        <span>
          <span className="dash" />
          {monthLabel(addMonths(month, -1))}
        </span>
      </div>
    </>
  );
}

function daysIn(month: string): number {
  return Number(addDays(addMonths(month, 1), -1).slice(8));
}
