import { useMemo } from "react";
import type { Ahead, CurrencyForecast, Until } from "../../api/insightTypes";
import { useLabels } from "../../api/queries";
import type { Measure } from "../../api/types";
import { Legend, TimeChart } from "../../components/chart/TimeChart";
import { Amount } from "../../components/Figure";
import { PageLink } from "../../components/PageLink";
import {
  CLASSES,
  classSentence,
  errorWords,
  estimate,
  type Fan,
  fan,
  periodAhead,
  periodName,
  unexplained,
} from "../../lib/ahead";
import { dayLabel, type Range, rangeLabel } from "../../lib/dates";
import { parse, ratio } from "../../lib/decimal";
import { money, moneyShort, percent } from "../../lib/money";
import { unsetLabel } from "../../lib/pivot";
import { explorerHref } from "../../lib/question";

interface Props {
  forecast: CurrencyForecast;
  until: { kind: Until; ends: string };
  known: string;
  by: string;
  measure: Measure;
  several: boolean;
}

/** One currency: the number with its error, the fan, and the parts that make it up. */
export function CurrencyAhead({ forecast, until, known, by, measure, several }: Props) {
  const { currency, total } = forecast;
  const period = periodAhead(until.kind, until.ends);
  const name = periodName(until.kind, period);
  const drawn = useMemo(() => fan(forecast, until.kind), [forecast, until.kind]);
  return (
    <section className="stack currency" aria-label={`${name} in ${currency}`}>
      <div className="ahead">
        <div className="card">
          <div className="card-head">
            <h2>
              {name} ends at{several ? ` (${currency})` : ""}
            </h2>
          </div>
          <div>
            <div className="figure-amount">
              <Amount amount={total.expected_total} currency={currency} short />
            </div>
            <Interval ahead={total} currency={currency} />
          </div>
          <dl className="facts">
            <dt>Before {dayLabel(known)}</dt>
            <dd>
              <Amount amount={total.actual_so_far} currency={currency} />
            </dd>
            <dt>Still to come</dt>
            <dd>
              <Amount amount={parse(total.expected_total) - parse(total.actual_so_far)} currency={currency} />
            </dd>
          </dl>
          <Quality ahead={total} />
          <div className="context">
            <span>{measure.label}</span>
            <span>{currency}</span>
            <span>{rangeLabel(period)}</span>
            <span>charges until {dayLabel(known)}</span>
            <span className="badge warn">forecast</span>
          </div>
        </div>
        <div className="card">
          <div className="card-head">
            <h2>Day by day</h2>
            <span className="muted small">
              {measure.label} per day, {currency}
            </span>
          </div>
          <FanChart drawn={drawn} currency={currency} name={name} />
        </div>
      </div>
      {forecast.parts.length > 0 && (
        <Parts forecast={forecast} by={by} measure={measure} period={period} name={name} />
      )}
    </section>
  );
}

function Interval({ ahead, currency }: { ahead: Ahead; currency: string }) {
  if (ahead.lo80 === null || ahead.hi80 === null)
    return <p className="muted small">No range: there is too little history to say how sure this is.</p>;
  return (
    <dl className="intervals small">
      <dt>80 of 100 times</dt>
      <dd>
        <Amount amount={ahead.lo80} currency={currency} short /> –{" "}
        <Amount amount={ahead.hi80} currency={currency} short />
      </dd>
      {ahead.lo95 !== null && ahead.hi95 !== null && (
        <>
          <dt>95 of 100 times</dt>
          <dd>
            <Amount amount={ahead.lo95} currency={currency} short /> –{" "}
            <Amount amount={ahead.hi95} currency={currency} short />
          </dd>
        </>
      )}
    </dl>
  );
}

/** The model, how it did on the past, and the FinOps class with its meaning. */
function Quality({ ahead }: { ahead: Ahead }) {
  return (
    <div className="small">
      <p>
        <strong>{ahead.model}</strong> <span className="muted">· {errorWords(ahead)}</span>
      </p>
      {ahead.class && (
        <div className="class-scale" aria-hidden="true">
          {CLASSES.map((one) => (
            <span key={one.id} className={one.id === ahead.class ? "here" : ""} title={one.name} />
          ))}
        </div>
      )}
      <p className="muted">{classSentence(ahead)}</p>
    </div>
  );
}

function FanChart({ drawn, currency, name }: { drawn: Fan; currency: string; name: string }) {
  const wide = drawn.lo95.some((one) => one !== null);
  const narrow = drawn.lo80.some((one) => one !== null);
  const range = (low: number | string | null, high: number | string | null) =>
    low === null || high === null
      ? null
      : `${money(estimate(low), currency)} – ${money(estimate(high), currency)}`;
  return (
    <>
      <TimeChart
        days={drawn.days}
        currency={currency}
        height={286}
        label={`Cost per day in ${currency}: ${drawn.last + 1} days that are known, then the forecast until the end of ${name} with its ${narrow ? "80% and 95% ranges" : "expected value"}. The days stand as a table below it.`}
        bands={[
          { id: "95", label: "95%", low: drawn.lo95, high: drawn.hi95 },
          { id: "80", label: "80%", low: drawn.lo80, high: drawn.hi80, strong: true },
        ]}
        lines={[
          { id: "mean", label: "Forecast", values: drawn.mean, tone: "main", dashed: true },
          { id: "history", label: "Actual", values: drawn.history, tone: "main" },
        ]}
        mark={drawn.last >= 0 ? { at: drawn.last, label: "forecast from here" } : null}
        tip={(at) => {
          const actual = drawn.exact[at];
          if (actual !== null && actual !== undefined)
            return [{ label: "Actual", value: money(actual, currency), tone: "main" }];
          const ahead = drawn.ahead[at];
          if (!ahead) return [];
          const [in80, in95] = [range(ahead.lo80, ahead.hi80), range(ahead.lo95, ahead.hi95)];
          return [
            { label: "Expected", value: money(estimate(ahead.mean), currency), tone: "main" },
            ...(in80 ? [{ label: "80%", value: in80 }] : []),
            ...(in95 ? [{ label: "95%", value: in95 }] : []),
          ];
        }}
      />
      <Legend
        entries={[
          { label: "actual", mark: "line" },
          { label: "expected", mark: "dash" },
          ...(narrow ? [{ label: "80 of 100 times", mark: "band" as const }] : []),
          ...(wide ? [{ label: "95 of 100 times", mark: "wide-band" as const }] : []),
        ]}
      />
      <details className="figures-behind">
        <summary className="small">The forecast days as a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must take the focus */}
        <section className="table-wrap inset" tabIndex={0} aria-label={`The forecast days in ${currency}`}>
          <table className="data">
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col" className="right">
                  Expected
                </th>
                <th scope="col" className="right">
                  80%
                </th>
                <th scope="col" className="right">
                  95%
                </th>
              </tr>
            </thead>
            <tbody>
              {drawn.ahead.map((one) =>
                one === null ? null : (
                  <tr key={one.day}>
                    <th scope="row" className="num">
                      {dayLabel(one.day)}
                    </th>
                    <td className="right">{money(estimate(one.mean), currency)}</td>
                    <td className="right">{range(one.lo80, one.hi80) ?? "—"}</td>
                    <td className="right">{range(one.lo95, one.hi95) ?? "—"}</td>
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </section>
      </details>
    </>
  );
}

interface PartsProps {
  forecast: CurrencyForecast;
  by: string;
  measure: Measure;
  period: Range;
  name: string;
}

function Parts({ forecast, by, measure, period, name }: PartsProps) {
  const label = useLabels();
  const { currency, total, parts } = forecast;
  const whole = parse(total.expected_total);
  const left = unexplained(forecast);
  const widest = Math.max(
    0.05,
    ...parts.flatMap((one) => offsets(one.ahead).map((each) => Math.abs(each ?? 0))),
  );
  return (
    <div className="card">
      <div className="card-head">
        <h2>
          {name} by {label(by).toLowerCase()}
        </h2>
        <span className="muted small">
          {left === 0n
            ? "The parts add up to the total."
            : `The parts leave ${money(left, currency)} of the total.`}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <section className="table-wrap" tabIndex={0} aria-label={`Forecast by ${label(by)} in ${currency}`}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col">{label(by)}</th>
              <th scope="col" className="right">
                So far
              </th>
              <th scope="col" className="right">
                Expected
              </th>
              <th scope="col" className="right">
                Share
              </th>
              <th scope="col">80% and 95% range</th>
              <th scope="col">Model and error</th>
            </tr>
          </thead>
          <tbody>
            {parts.map(({ value, other, ahead }) => (
              <tr key={`${other} ${value}`}>
                <th scope="row">
                  {other ? (
                    <span className="muted">Everything else</span>
                  ) : (
                    <PageLink
                      className="quiet"
                      to={explorerHref({
                        measure: measure.id,
                        where: [{ dimension: by, operator: "=", value: value ?? "" }],
                        period,
                      })}
                    >
                      {value === null ? unsetLabel(by, label) : value}
                    </PageLink>
                  )}
                </th>
                <td className="right">{money(ahead.actual_so_far, currency)}</td>
                <td className="right">
                  <strong>{money(ahead.expected_total, currency)}</strong>
                </td>
                <td className="right">{percent(ratio(parse(ahead.expected_total), whole))}</td>
                <td>
                  <RangeBar ahead={ahead} widest={widest} currency={currency} />
                </td>
                <td className="small model">
                  {ahead.model}
                  <br />
                  <span className="muted">
                    {ahead.backtest ? `${percent(Number(ahead.backtest.wape))} a day` : "not tested"}
                    {ahead.class && ` · ${ahead.class}`}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              <td className="right">{money(total.actual_so_far, currency)}</td>
              <td className="right">{money(total.expected_total, currency)}</td>
              <td className="right">100%</td>
              <td className="small">
                {total.lo80 !== null &&
                  total.hi80 !== null &&
                  `${moneyShort(total.lo80, currency)} – ${moneyShort(total.hi80, currency)}`}
              </td>
              <td />
            </tr>
          </tfoot>
        </table>
      </section>
    </div>
  );
}

/** How far the four bounds lie from what is expected, as parts of it. */
function offsets(ahead: Ahead): (number | null)[] {
  const expected = parse(ahead.expected_total);
  const size = expected < 0n ? -expected : expected;
  return [ahead.lo95, ahead.lo80, ahead.hi80, ahead.hi95].map((one) =>
    one === null ? null : ratio(parse(one) - expected, size),
  );
}

/** How sure each part is: percent around what is expected, on a scale that all rows share. */
function RangeBar({ ahead, widest, currency }: { ahead: Ahead; widest: number; currency: string }) {
  const [lo95, lo80, hi80, hi95] = offsets(ahead).map((one) =>
    one === null ? null : 50 + (one / widest) * 49,
  );
  if (ahead.lo80 === null || ahead.hi80 === null || lo80 == null || hi80 == null)
    return <span className="muted small">no range</span>;
  const exact =
    ahead.lo95 !== null && ahead.hi95 !== null
      ? `95%: ${money(ahead.lo95, currency)} – ${money(ahead.hi95, currency)}`
      : "";
  return (
    <span title={exact}>
      <svg className="range-bar" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
        <rect className="range-track" x="0" y="6" width="100" height="2" />
        {lo95 != null && hi95 != null && (
          <rect className="range-95" x={lo95} y="4" width={Math.max(0.5, hi95 - lo95)} height="6" />
        )}
        <rect className="range-80" x={lo80} y="3" width={Math.max(0.5, hi80 - lo80)} height="8" />
        <rect className="range-mean" x="49.6" y="1" width="0.8" height="12" />
      </svg>
      <span className="num small">
        {moneyShort(ahead.lo80, currency)} – {moneyShort(ahead.hi80, currency)}
      </span>
    </span>
  );
}
