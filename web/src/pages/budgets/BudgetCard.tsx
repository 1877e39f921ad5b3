import { useId, useMemo } from "react";
import type { Budget, BudgetStatus } from "../../api/insightTypes";
import { Legend, TimeChart } from "../../components/chart/TimeChart";
import { Amount } from "../../components/Figure";
import { PageLink } from "../../components/PageLink";
import { useKnownWorkspace } from "../../components/workspace";
import { burnSeries, CADENCES, type Direction, STANDINGS } from "../../lib/burn";
import { addDays, dayLabel, rangeLabel } from "../../lib/dates";
import { parse } from "../../lib/decimal";
import { money, moneyChange, moneyShort, percentChange } from "../../lib/money";
import { explorerHref } from "../../lib/question";
import { rulesSentence } from "../../lib/scope";

interface Props {
  budget: Budget;
  direction: Direction;
  edit: (() => void) | null;
  remove: (() => void) | null;
}

export function BudgetCard({ budget, direction, edit, remove }: Props) {
  const { status, currency } = budget;
  const id = useId();
  const cadence = CADENCES.find((one) => one.id === budget.cadence);
  const standing = status ? STANDINGS[status.standing] : null;
  return (
    <section className="card budget" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{budget.name}</h2>
        {standing && <span className={`badge ${standing.badge}`}>{standing.label}</span>}
      </div>
      <p className="muted small">
        {money(budget.amount, currency)} {cadence?.each} ·{" "}
        {budget.scope?.length ? `where ${rulesSentence(budget.scope)}` : "all charges"}
      </p>
      {status ? (
        <Burning budget={budget} status={status} direction={direction} />
      ) : (
        <p className="note">
          Not held against any charges yet: the next look through the deliveries does that. It is recalculated
          whenever something is delivered.
        </p>
      )}
      <Thresholds budget={budget} />
      <div className="row card-actions">
        {edit && (
          <button type="button" className="text-button" onClick={edit} aria-label={`Change ${budget.name}`}>
            Change
          </button>
        )}
        {remove && (
          <button
            type="button"
            className="text-button bad"
            onClick={remove}
            aria-label={`Delete ${budget.name}`}
          >
            Delete
          </button>
        )}
      </div>
    </section>
  );
}

function Burning({
  budget,
  status,
  direction,
}: {
  budget: Budget;
  status: BudgetStatus;
  direction: Direction;
}) {
  const { currency } = budget;
  const workspace = useKnownWorkspace();
  const burn = useMemo(() => burnSeries(status, direction), [status, direction]);
  const period = status.period;
  const href = explorerHref(
    {
      period,
      // Several values of one dimension are several filters: the server takes any of them.
      where: (budget.scope ?? []).flatMap((rule) =>
        rule.values.map((value) => ({ dimension: rule.dimension, operator: "=" as const, value })),
      ),
    },
    workspace.default_measure,
  );
  const left = parse(status.remaining);
  const up = direction === "up";
  return (
    <>
      <div className="budget-figures">
        <div className="stat">
          <span className="muted small">Spent</span>
          <strong>
            <PageLink className="quiet" to={href}>
              <Amount amount={status.actual} currency={currency} short />
            </PageLink>
          </strong>
          <span className="muted small num">{one(status.used_percent)}% of it</span>
        </div>
        <div className="stat">
          <span className="muted small">{left < 0n ? "Over by" : "Left"}</span>
          <strong>
            <Amount amount={left < 0n ? -left : left} currency={currency} short />
          </strong>
          <span className="muted small num">{one(status.elapsed_percent)}% of the time is over</span>
        </div>
        <div className="stat">
          <span className="muted small">Ends at</span>
          {status.forecast ? (
            <>
              <strong>
                <Amount amount={status.forecast.expected} currency={currency} short />
              </strong>
              <span className="muted small num">
                {moneyShort(status.forecast.low, currency)} – {moneyShort(status.forecast.high, currency)}
              </span>
            </>
          ) : (
            <span className="muted small">no forecast: too little history</span>
          )}
        </div>
      </div>
      <Gauge status={status} />
      <TimeChart
        days={burn.days}
        currency={currency}
        height={190}
        label={`${budget.name}, ${rangeLabel(period)}: ${up ? "spent so far" : "left"} per day in ${currency} against the plan${status.forecast ? ", and where the forecast says it ends" : ""}. The figures stand beside it.`}
        bands={[{ id: "forecast", label: "Forecast", low: burn.low, high: burn.high, strong: true }]}
        lines={[
          { id: "limit", label: "Budget", values: burn.limit, tone: "warn" },
          { id: "plan", label: "Plan", values: burn.plan, tone: "muted", dashed: true },
          { id: "expected", label: "Forecast", values: burn.expected, tone: "main", dashed: true },
          { id: "actual", label: "Actual", values: burn.actual, tone: "main", filled: up },
        ]}
        tip={(at) => {
          const actual = burn.exact[at];
          return [
            ...(actual !== null && actual !== undefined
              ? [{ label: up ? "Spent" : "Left", value: money(actual, currency), tone: "main" as const }]
              : []),
            { label: "Plan", value: money(burn.exactPlan[at] ?? 0n, currency), tone: "muted" as const },
            {
              label: "Budget",
              value: money(up ? budget.amount : "0", currency),
              tone: "warn" as const,
            },
          ];
        }}
      />
      <Legend
        entries={[
          { label: up ? "spent" : "left", mark: "line" },
          { label: "plan", mark: "dash" },
          ...(status.forecast ? [{ label: "forecast", mark: "band" as const }] : []),
          { label: up ? "budget" : "nothing left", mark: "limit" as const },
        ]}
      />
      {(status.pushed_by ?? []).length > 0 && (
        <details open={status.standing !== "on-track"}>
          <summary className="small">What pushed it, against the period before</summary>
          <ul className="pushed">
            {status.pushed_by.map((each) => (
              <li key={String(each.key)}>
                <span className="clip" title={each.key ?? ""}>
                  {each.key ?? "(none)"}
                </span>
                <span className={`num ${parse(each.change) > 0n ? "up" : "down"}`}>
                  {moneyChange(each.change, currency)}
                </span>
                <span className="muted small num">
                  {percentChange(parse(each.now), parse(each.before))}, now {moneyShort(each.now, currency)}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <div className="context">
        <span>Effective cost</span>
        <span>{currency}</span>
        <span>{rangeLabel(period)}</span>
        {burn.last >= 0 && <span>charges until {dayLabel(addDays(burn.days[burn.last] ?? "", 1))}</span>}
        <span className="badge warn" title="The period is not over, so its charges may still change">
          provisional
        </span>
      </div>
    </>
  );
}

/** Used beside elapsed: the bar is the money, the mark is the time. */
function Gauge({ status }: { status: BudgetStatus }) {
  const used = Math.max(0, Math.min(100, status.used_percent ?? 0));
  const elapsed = Math.max(0, Math.min(100, status.elapsed_percent ?? 0));
  return (
    <svg className="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect className="gauge-track" x="0" y="3" width="100" height="5" rx="1" />
      <rect className={`gauge-fill ${status.standing}`} x="0" y="3" width={used} height="5" rx="1" />
      <rect className="gauge-time" x={Math.max(0, elapsed - 0.3)} y="0" width="0.6" height="10" />
    </svg>
  );
}

function Thresholds({ budget }: { budget: Budget }) {
  if (budget.thresholds.length === 0)
    return <p className="muted small">Nobody is written to: it has no thresholds.</p>;
  return (
    <ul className="thresholds" aria-label="Thresholds">
      {budget.thresholds.map((each) => {
        const fired = budget.status?.fired?.find(
          (other) => other.on === each.on && other.percent === each.percent,
        );
        return (
          <li key={`${each.on} ${each.percent}`} title={each.recipients.join(", ")}>
            <span className={`badge ${fired ? "warn" : ""}`}>
              {each.percent}% {each.on === "forecast" ? "forecast" : "spent"}
              {fired ? " · reached" : ""}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function one(value: number | null): string {
  return value === null ? "—" : Number(value).toFixed(value >= 100 ? 0 : 1);
}
