import { Skeleton } from "@mantine/core";
import { useAnomalies, useBudgets, useForecast, useOpens } from "../api/insight";
import type { Budget, Incident } from "../api/insightTypes";
import { Amount } from "../components/Figure";
import { PageLink } from "../components/PageLink";
import { periodAhead, periodName } from "../lib/ahead";
import { parse } from "../lib/decimal";
import { scopeWords } from "../lib/incident";
import { moneyChange, moneyShort, percent, plural } from "../lib/money";

interface Props {
  measure: string;
  measureLabel: string;
  defaultMeasure: string;
}

/** What is ahead and what is odd, in three cards; one that the server or the role does not have is not there. */
export function Insights({ measure, measureLabel, defaultMeasure }: Props) {
  const [forecasts, findings] = [useOpens("forecasts"), useOpens("findings")];
  const forecast = useForecast(new URLSearchParams({ measure, until: "month", top: "1" }), {
    quiet: true,
    enabled: forecasts,
  });
  const budgets = useBudgets(true, forecasts);
  const anomalies = useAnomalies(30, true, findings);
  const ahead = forecasts && !forecast.error ? forecast.data : undefined;
  const told = forecasts && !budgets.error ? budgets.data?.items : undefined;
  const odd = findings && !anomalies.error ? anomalies.data?.items.filter((one) => !one.feedback) : undefined;
  const first = ahead?.currencies[0];
  const waiting =
    (forecasts && forecast.isPending) ||
    (forecasts && budgets.isPending) ||
    (findings && anomalies.isPending);
  if (!first && !told && !odd) return waiting ? <Skeleton height={126} radius="md" /> : null;
  const period = ahead ? periodAhead("month", ahead.until.ends) : null;
  return (
    <section className="insights" aria-label="Ahead and out of the ordinary">
      {ahead && first && period && (
        <div className="card insight">
          <h2>{periodName("month", period)} ends at</h2>
          {ahead.currencies.map((one) => (
            <div key={one.currency}>
              <PageLink
                className="quiet insight-amount"
                to={measure === defaultMeasure ? "/forecast" : `/forecast?measure=${measure}`}
              >
                <Amount amount={one.total.expected_total} currency={one.currency} short />
              </PageLink>{" "}
              {one.total.lo80 !== null && one.total.hi80 !== null && (
                <span className="muted small num">
                  80%: {moneyShort(one.total.lo80, one.currency)} – {moneyShort(one.total.hi80, one.currency)}
                </span>
              )}
            </div>
          ))}
          <p className="muted small">
            {measureLabel}, forecast
            {first.total.variance !== null && `, usually ${percent(first.total.variance)} off`}
          </p>
        </div>
      )}
      {told && <BudgetsAtRisk budgets={told} />}
      {odd && <OpenAnomalies incidents={odd} />}
    </section>
  );
}

function BudgetsAtRisk({ budgets }: { budgets: Budget[] }) {
  const over = budgets.filter((one) => one.status?.standing === "over");
  const risky = budgets.filter((one) => one.status?.standing === "at-risk");
  const worst = [...over, ...risky];
  return (
    <div className="card insight">
      <h2>Budgets at risk</h2>
      <PageLink className="quiet insight-amount" to="/budgets">
        {budgets.length === 0 ? "No budget yet" : `${worst.length} of ${budgets.length}`}
      </PageLink>
      {worst.slice(0, 2).map((one) => (
        <p key={one.id} className="small clip" title={one.name}>
          <span className={`dot ${one.status?.standing === "over" ? "bad" : "warn"}`} aria-hidden="true" />{" "}
          {one.name}{" "}
          <span className="muted num">
            {one.status?.standing === "over" ? "over" : "heading over"},{" "}
            {one.status?.used_percent === null ? "" : `${Math.round(one.status?.used_percent ?? 0)}% spent`}
          </span>
        </p>
      ))}
      <p className="muted small">
        {budgets.length === 0
          ? "A budget tells people before the bill does."
          : worst.length === 0
            ? "All of them are on track."
            : worst.length > 2
              ? `and ${plural(worst.length - 2, "other")}`
              : ""}
      </p>
    </div>
  );
}

function OpenAnomalies({ incidents }: { incidents: Incident[] }) {
  const newest = [...incidents].sort((a, b) => (a.since < b.since ? 1 : -1));
  return (
    <div className="card insight">
      <h2>Open anomalies</h2>
      <PageLink className="quiet insight-amount" to="/anomalies">
        {newest.length === 0 ? "None" : newest.length}
      </PageLink>
      {newest.slice(0, 2).map((one) => (
        <p key={one.id} className="small clip" title={one.explanation}>
          {scopeWords(one.scope)}{" "}
          <span className={`num ${parse(one.impact) > 0n ? "up" : "down"}`}>
            {moneyChange(one.impact, one.currency)}
          </span>
        </p>
      ))}
      <p className="muted small">
        in the last 30 days{newest.length > 2 && `, and ${plural(newest.length - 2, "other")}`}
      </p>
    </div>
  );
}
