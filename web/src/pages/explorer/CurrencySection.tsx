import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useMemo } from "react";
import type { CostAnswer, Measure } from "../../api/types";
import { Chart } from "../../components/chart/Chart";
import { Amount, Change, Context } from "../../components/Figure";
import { useKnownWorkspace } from "../../components/workspace";
import type { UsedRate } from "../../lib/conversion";
import { addDays, addMonths, dayLabel, periodsOf, type Range, rangeLabel, shiftRange } from "../../lib/dates";
import type { Group, Section } from "../../lib/pivot";
import type { Question, Sort } from "../../lib/question";
import { CostTable } from "./CostTable";
import { chartOption, drawnGroups, groupAt } from "./chartOption";

interface Props {
  section: Section;
  several: boolean;
  /** The rates that made one currency of several, as the answer names them. */
  rates: UsedRate[];
  /** A conversion was asked for and every charge was in its currency already. */
  already: boolean;
  question: Question;
  range: Range;
  answer: CostAnswer;
  measure: Measure;
  label: (dimension: string) => string;
  until: string | null;
  onDrill: (group: Group) => void;
  onPeriod: (range: Range) => void;
  onSort: (sort: Sort) => void;
}

/** Total, chart and table of one currency. */
export function CurrencySection({
  section,
  several,
  rates,
  already,
  question,
  range,
  answer,
  measure,
  label,
  until,
  onDrill,
  onPeriod,
  onSort,
}: Props) {
  // Counted over all currencies of the answer, so it is no section's own number when there are several.
  const others = several ? null : answer.other.groups;
  const scheme = useComputedColorScheme("light");
  const { grain, view, by } = question;
  const { from, to } = range;
  const before = answer.question.compare ?? shiftRange(range, -1);
  const { first_day: first } = useKnownWorkspace();
  const unknown = question.compare && first !== null && before.from < first;
  // Nothing was delivered for any day of the period before: it is unknown, not zero.
  const compare = question.compare && !(first !== null && before.to <= first);
  const periods = useMemo(
    () => (grain === "total" ? [""] : periodsOf({ from, to }, grain)),
    [grain, from, to],
  );
  const drawn = useMemo(() => drawnGroups(section, scheme), [section, scheme]);
  const option = useMemo(
    () =>
      chartOption({
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
        measure: measure.label,
      }),
    [section, drawn, periods, grain, view, by, compare, scheme, until, others, label, measure.label],
  );
  const pick = useCallback(
    (x: number, y: number) => {
      if (grain === "total") {
        const one = drawn[drawn.length - 1 - y];
        const group = one?.group ?? one?.members.find((member) => member.other);
        if (group) onDrill(group);
        return;
      }
      const period = periods[x];
      if (period === undefined) return;
      if (by.length === 0)
        return onPeriod({ from: period, to: grain === "day" ? addDays(period, 1) : addMonths(period, 1) });
      const group = groupAt(drawn, period, view, y);
      if (group) onDrill(group);
    },
    [grain, view, drawn, by.length, periods, onDrill, onPeriod],
  );

  const { currency } = section;
  const names = by.map(label).join(" and ");
  const chartLabel = `${measure.label} in ${currency}, ${rangeLabel(range)}, ${grain === "total" ? "in total" : `by ${grain}`}${names ? `, by ${names}` : ""}. The table below has the same figures.`;
  const against = `the period before (${rangeLabel(before)})`;

  return (
    <section className="card" aria-label={`${currency}`}>
      <div className="section-head">
        <div>
          {several && <h2>{currency}</h2>}
          <div className="figure-amount">
            <Amount amount={section.total} currency={currency} />
            {compare && (
              <small>
                <Change
                  now={section.total}
                  before={section.previous}
                  currency={currency}
                  against={against}
                  withAmount
                />
                <span className="muted"> against {against}</span>
              </small>
            )}
          </div>
          {rates.length > 0 && (
            <p className="rates small">
              <span className="badge">converted</span> at your {rates.length === 1 ? "rate" : "rates"}:{" "}
              {rates.map((one, at) => (
                <span key={one.currency} className="num">
                  {at > 0 && " · "}1 {one.currency} = {one.rate} {one.to}
                </span>
              ))}
            </p>
          )}
          {already && (
            <p className="rates small muted">Every charge here is in {currency} already; no rate was used.</p>
          )}
        </div>
        <Context
          measure={measure.label}
          currency={currency}
          range={range}
          until={until}
          provisional={answer.provisional}
        />
      </div>
      {unknown && (
        <p className="note warn small">
          Charges begin on {dayLabel(first)}, so the period before ({rangeLabel(before)}) is{" "}
          {compare ? "not known whole" : "not known and nothing is compared"}.
        </p>
      )}
      <Chart
        option={option}
        height={grain === "total" ? Math.max(120, 34 + drawn.length * 28) : 300}
        label={chartLabel}
        onPick={pick}
      />
      <CostTable
        section={section}
        drawn={drawn}
        by={by}
        label={label}
        compare={compare}
        others={others}
        measure={measure.label}
        against={against}
        range={range}
        sort={question.sort}
        onSort={onSort}
        onDrill={onDrill}
      />
    </section>
  );
}
