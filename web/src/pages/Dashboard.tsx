import { Skeleton } from "@mantine/core";
import { useSearchParams } from "react-router";
import { useDashboard, useLabels } from "../api/queries";
import type { Dashboard as Answer, BreakdownRow, Mover } from "../api/types";
import { type Bar, BarList } from "../components/BarList";
import { DailyChart } from "../components/chart/DailyChart";
import { Amount, Change, Context } from "../components/Figure";
import { completeUntil, Freshness } from "../components/Freshness";
import { MeasureSelect } from "../components/MeasureSelect";
import { PageLink } from "../components/PageLink";
import { Empty, Failure } from "../components/states";
import { measureOf, useKnownWorkspace } from "../components/workspace";
import { addDays, addMonths, dayLabel, monthLabel, rangeLabel } from "../lib/dates";
import { parse } from "../lib/decimal";
import { moneyChange } from "../lib/money";
import { unsetLabel } from "../lib/pivot";
import { explorerHref } from "../lib/question";
import { Insights } from "./Insights";
import { NoSources } from "./sources/NoSources";

/** This month so far, against the same days of the last one. Every figure leads into the explorer. */
export function Dashboard() {
  const workspace = useKnownWorkspace();
  const [search, setSearch] = useSearchParams();
  const measureId = search.get("measure") ?? workspace.default_measure;
  const measure = measureOf(workspace, measureId);
  const dashboard = useDashboard(measureId);

  if (workspace.sources === 0)
    return (
      <div className="page">
        <div className="card">
          <NoSources only />
        </div>
      </div>
    );

  return (
    <div className="page" aria-busy={dashboard.isFetching}>
      <div className="page-head">
        <h1>
          {dashboard.data ? `${monthLabel(dashboard.data.this_month.period)} so far` : "This month so far"}
        </h1>
        <MeasureSelect
          value={measureId}
          onChange={(id) =>
            setSearch(id === workspace.default_measure ? {} : { measure: id }, { replace: true })
          }
        />
      </div>
      {dashboard.error && <Failure error={dashboard.error} retry={() => void dashboard.refetch()} />}
      {dashboard.data ? (
        <Figures
          answer={dashboard.data}
          measure={measure.label}
          measureId={measureId}
          defaultMeasure={workspace.default_measure}
        />
      ) : (
        !dashboard.error && <Waiting />
      )}
    </div>
  );
}

function Waiting() {
  return (
    <>
      <Skeleton height={58} radius="md" />
      <div className="figures">
        <Skeleton height={330} radius="md" />
      </div>
      <div className="columns">
        <Skeleton height={300} radius="md" />
        <Skeleton height={300} radius="md" />
      </div>
    </>
  );
}

interface FiguresProps {
  answer: Answer;
  measure: string;
  measureId: string;
  defaultMeasure: string;
}

function Figures({ answer, measure, measureId, defaultMeasure }: FiguresProps) {
  const { this_month: month } = answer;
  const label = useLabels();
  const range = { from: month.from, to: month.to };
  const until = completeUntil(answer.freshness);
  const currencies = month.totals.map((one) => one.currency);
  const several = currencies.length > 1;
  const lastMonth = addMonths(month.period, -1);
  const days = Math.max(1, Number(addDays(month.to, -1).slice(8)));
  const sameDays = { from: lastMonth, to: addDays(lastMonth, days) };
  const against = `${rangeLabel(sameDays)} (same days)`;
  const href = (part: Parameters<typeof explorerHref>[0]) =>
    explorerHref({ measure: measureId, ...part }, defaultMeasure);

  if (currencies.length === 0)
    return (
      <>
        <Freshness items={answer.freshness} />
        <div className="card">
          <Empty
            title="No charges this month yet"
            reason={
              until
                ? `The newest delivery ends on ${dayLabel(until)}. Figures appear here with the first delivery of ${monthLabel(month.period)}.`
                : "No source has delivered charges yet."
            }
          >
            <PageLink only to={href({ period: { preset: "last-12-months" }, grain: "month" })}>
              Look at the last twelve months
            </PageLink>
          </Empty>
        </div>
      </>
    );

  const breakdown = (dimension: string, rows: BreakdownRow[], currency: string): Bar[] =>
    rows
      .filter((row) => row.currency === currency)
      .map((row) => ({
        id: JSON.stringify(row.key),
        label: row.key === null ? unsetLabel(dimension, label) : row.label,
        unset: row.key === null,
        amount: parse(row.amount),
        previous: row.previous === null ? null : parse(row.previous),
        href: href({
          by: [
            dimension === "ProviderName"
              ? "ServiceName"
              : dimension === "ServiceName"
                ? "SubAccountName"
                : "ServiceName",
          ],
          where: [{ dimension, operator: "=", value: row.key ?? "" }],
        }),
      }));

  return (
    <>
      <Freshness items={answer.freshness} />
      <Insights measure={measureId} measureLabel={measure} defaultMeasure={defaultMeasure} />
      {month.totals.map((total) => {
        const { currency } = total;
        const cards: [string, string, BreakdownRow[]][] = [
          ["By provider", "ProviderName", answer.by_provider],
          ["By service", "ServiceName", answer.by_service],
          ["By account", "SubAccountName", answer.by_account],
        ];
        return (
          <section key={currency} className="stack currency" aria-label={`${currency} this month`}>
            <div className="dash-top">
              <div className="card">
                <div className="card-head">
                  <h2>{several ? `Total in ${currency}` : "Total"}</h2>
                </div>
                <PageLink className="quiet figure-amount" to={href({ by: [] })}>
                  <Amount amount={total.amount} currency={currency} short />
                </PageLink>
                {total.previous_same_days !== null && (
                  <div className="figure-change">
                    <Change
                      now={total.amount}
                      before={total.previous_same_days}
                      currency={currency}
                      against={against}
                      withAmount
                    />
                  </div>
                )}
                <dl className="facts">
                  {total.previous_same_days !== null && (
                    <>
                      <dt>{rangeLabel(sameDays)}</dt>
                      <dd>
                        <Amount amount={total.previous_same_days} currency={currency} />
                      </dd>
                    </>
                  )}
                  {total.previous !== null && (
                    <>
                      <dt>{monthLabel(lastMonth)}, whole</dt>
                      <dd>
                        <PageLink className="quiet" to={href({ period: { preset: "last-month" } })}>
                          <Amount amount={total.previous} currency={currency} />
                        </PageLink>
                      </dd>
                    </>
                  )}
                </dl>
                <Context
                  measure={measure}
                  currency={currency}
                  range={range}
                  until={until}
                  provisional={total.provisional}
                />
              </div>
              <div className="card">
                <div className="card-head">
                  <h2>Day by day</h2>
                  <PageLink only className="small" to={href({})}>
                    Open in the explorer
                  </PageLink>
                </div>
                <DailyChart
                  daily={answer.daily.filter((one) => one.currency === currency)}
                  month={month.period}
                  currency={currency}
                  measure={measure}
                  until={until}
                />
              </div>
            </div>
            <div className="columns">
              {cards.map(([title, dimension, rows]) => {
                const bars = breakdown(dimension, rows, currency);
                return (
                  <div className="stack" key={dimension}>
                    {bars.length > 0 && (
                      <div className="card">
                        <div className="card-head">
                          <h2>{title}</h2>
                          <PageLink
                            only
                            className="small"
                            to={href({ by: [dimension] })}
                            aria-label={`${title} in ${currency}: explore`}
                          >
                            Explore
                          </PageLink>
                        </div>
                        <BarList
                          bars={bars}
                          total={parse(total.amount)}
                          currency={currency}
                          against={against}
                        />
                      </div>
                    )}
                    {dimension === "ProviderName" && (
                      <Movers
                        movers={answer.movers.filter((one) => one.currency === currency)}
                        currency={currency}
                        against={against}
                        href={href}
                      />
                    )}
                  </div>
                );
              })}
            </div>
          </section>
        );
      })}
      {several && (
        <p className="muted small">
          Amounts in {currencies.join(" and ")} stand apart: Bursar adds nothing across currencies unless you
          give it rates, <PageLink to="/explore">in the explorer</PageLink>.
        </p>
      )}
    </>
  );
}

interface MoversProps {
  movers: Mover[];
  currency: string;
  against: string;
  href: (part: Parameters<typeof explorerHref>[0]) => string;
}

/** What changed most, up or down, with its dimension named. */
function Movers({ movers, currency, against, href }: MoversProps) {
  const label = useLabels();
  if (movers.length === 0) return null;
  return (
    <div className="card">
      <div className="card-head">
        <h2>What moved</h2>
        <span className="muted small">against {against}</span>
      </div>
      <ul className="movers">
        {movers.map((one) => {
          const change = parse(one.change);
          const direction = change > 0n ? "up" : "down";
          return (
            <li key={`${one.dimension} ${one.key}`}>
              <span className={`mover-mark ${direction}`} aria-hidden="true">
                {change > 0n ? "▲" : "▼"}
              </span>
              <span className="mover-what">
                <PageLink
                  className="quiet clip"
                  to={href({
                    by: [one.dimension === "ServiceName" ? "SubAccountName" : "ServiceName"],
                    where: [{ dimension: one.dimension, operator: "=", value: one.key ?? "" }],
                    compare: true,
                  })}
                >
                  {one.key === null ? unsetLabel(one.dimension, label) : one.label}
                </PageLink>
                <span className="muted small">{label(one.dimension)}</span>
              </span>
              <span className="mover-sum">
                <span className={`num ${direction}`}>{moneyChange(change, currency)}</span>
                <span className="muted small num">
                  now <Amount amount={one.amount} currency={currency} />
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
