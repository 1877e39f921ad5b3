import { useId, useMemo, useState } from "react";
import { useChange } from "../../api/changes";
import { insight } from "../../api/insight";
import type { Incident } from "../../api/insightTypes";
import { Legend, TimeChart } from "../../components/chart/TimeChart";
import { Amount } from "../../components/Figure";
import { Problem } from "../../components/form";
import { may, useMe } from "../../components/me";
import { PageLink } from "../../components/PageLink";
import { useKnownWorkspace } from "../../components/workspace";
import { dayLabel, rangeLabel } from "../../lib/dates";
import { parse, toNumber } from "../../lib/decimal";
import {
  confidenceWords,
  incidentDays,
  incidentQuestion,
  KINDS,
  scopeWords,
  sinceWords,
  spanIn,
} from "../../lib/incident";
import { money, moneyChange, percentChange, plural } from "../../lib/money";
import { explorerHref } from "../../lib/question";
import { FeedbackForm } from "./FeedbackForm";

interface Props {
  incident: Incident;
  asOf: string;
  /** To the list, where there is no room for both. */
  back: () => void;
}

/** One incident: why, how much, what drove it, and what people say about it. */
export function IncidentDetail({ incident, asOf, back }: Props) {
  const workspace = useKnownWorkspace();
  const me = useMe();
  const id = useId();
  const [telling, setTelling] = useState(false);
  const undo = useChange(() => insight.unexpectIncident(incident.id), ["anomalies"]);
  const says = me === null || may(me, "scan");
  const { currency, kind } = incident;
  const range = incidentDays(incident, asOf);
  const impact = parse(incident.impact);
  const explorer = explorerHref(incidentQuestion(incident, asOf), workspace.default_measure);
  return (
    <article className="stack incident" aria-labelledby={id}>
      <div className="card">
        <button type="button" className="text-button only-narrow" onClick={back}>
          ← All incidents
        </button>
        <div className="card-head">
          <h2 id={id}>{scopeWords(incident.scope)}</h2>
          <div className="row">
            <span className={`badge ${incident.until ? "" : "warn"}`} title={KINDS[kind]?.help}>
              {KINDS[kind]?.label ?? kind}: {KINDS[kind]?.help}
            </span>
          </div>
        </div>
        <p className="explanation">{incident.explanation}</p>
        <div className="with-without incident-stats">
          <div className="stat">
            <span className="muted small">Impact so far</span>
            <strong className={impact > 0n ? "up num" : "down num"}>{moneyChange(impact, currency)}</strong>
            <span className="muted small">{sinceWords(incident)}</span>
          </div>
          <div className="stat">
            <span className="muted small">A day, instead of</span>
            <strong>
              <Amount amount={incident.actual_per_day} currency={currency} />
            </strong>
            <span className="muted small num">
              {money(incident.expected_per_day, currency)} (
              {percentChange(parse(incident.actual_per_day), parse(incident.expected_per_day))})
            </span>
          </div>
          <div className="stat">
            <span className="muted small">How sure</span>
            <strong className="num">{confidenceWords(incident.confidence) || "—"}</strong>
            <span className="muted small">could be told on {dayLabel(incident.detected)}</span>
          </div>
        </div>
        <ActualChart incident={incident} asOf={asOf} />
        <div className="context">
          <span>Effective cost</span>
          <span>{currency}</span>
          <span>{rangeLabel(range)}</span>
          <span>charges until {dayLabel(asOf)}</span>
          <span className="badge warn" title="The bills of these days may still change">
            provisional
          </span>
        </div>
        <div className="row incident-links">
          <PageLink only className="control quiet" to={explorer}>
            Open in the explorer
          </PageLink>
          {says && !incident.feedback && (
            <button type="button" className="control" onClick={() => setTelling(true)}>
              This was expected …
            </button>
          )}
        </div>
        {incident.feedback && (
          <div className="note">
            <strong>Expected:</strong> {incident.feedback.reason}{" "}
            <span className="muted">
              {incident.feedback.by && `said ${incident.feedback.by}, `}
              {incident.feedback.until ? `until ${dayLabel(incident.feedback.until)}` : "for good"}.
            </span>{" "}
            {says && (
              <button
                type="button"
                className="text-button"
                disabled={undo.isPending}
                onClick={() => undo.mutate()}
              >
                {undo.isPending ? "Taking back …" : "Take it back"}
              </button>
            )}
          </div>
        )}
        {undo.error && <Problem error={undo.error} />}
      </div>
      <Drivers incident={incident} asOf={asOf} />
      {telling && <FeedbackForm incident={incident} close={() => setTelling(false)} />}
    </article>
  );
}

function ActualChart({ incident, asOf }: { incident: Incident; asOf: string }) {
  const { currency } = incident;
  const drawn = useMemo(() => {
    const chart = [...incident.chart].sort((a, b) => (a.day < b.day ? -1 : 1));
    const value = (text: string | null) => (text === null ? null : toNumber(parse(text)));
    const days = chart.map((one) => one.day);
    return {
      chart,
      days,
      actual: chart.map((one) => value(one.actual)),
      expected: chart.map((one) => value(one.expected)),
      span: spanIn(days, incidentDays(incident, asOf)),
    };
  }, [incident, asOf]);
  if (drawn.days.length === 0) return <p className="muted small">No days to draw were sent.</p>;
  return (
    <>
      <TimeChart
        days={drawn.days}
        currency={currency}
        height={230}
        label={`${scopeWords(incident.scope)} per day in ${currency}, against what was to be expected; the incident, ${sinceWords(incident)}, is marked. The explorer has the same days as a table.`}
        bars={{ label: "Actual", values: drawn.actual }}
        lines={[{ id: "expected", label: "Expected", values: drawn.expected, tone: "muted", dashed: true }]}
        spans={drawn.span ? [{ ...drawn.span, label: KINDS[incident.kind]?.label ?? incident.kind }] : []}
        tip={(at) => {
          const day = drawn.chart[at];
          if (!day) return [];
          return [
            ...(day.actual === null
              ? []
              : [{ label: "Actual", value: money(day.actual, currency), tone: "main" as const }]),
            ...(day.expected === null
              ? []
              : [{ label: "Expected", value: money(day.expected, currency), tone: "muted" as const }]),
          ];
        }}
      />
      <Legend
        entries={[
          { label: "actual per day", mark: "bar" },
          { label: "expected", mark: "dash" },
          { label: "the incident", mark: "span" },
        ]}
      />
    </>
  );
}

/** What moved inside of the scope, the largest first; each leads to its charges. */
function Drivers({ incident, asOf }: { incident: Incident; asOf: string }) {
  const workspace = useKnownWorkspace();
  const { currency, drivers } = incident;
  if (drivers.length === 0) return null;
  const { period } = incidentQuestion(incident, asOf);
  return (
    <section className="card" aria-label="What drove it">
      <div className="card-head">
        <h2>What drove it</h2>
        <span className="muted small">change per day, against the four weeks before</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <section className="table-wrap" tabIndex={0} aria-label="Drivers">
        <table className="data">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Account</th>
              <th scope="col">Region</th>
              <th scope="col" className="right">
                A day
              </th>
              <th scope="col">Resources</th>
            </tr>
          </thead>
          <tbody>
            {drivers.map((one) => {
              const change = parse(one.change_per_day);
              const where = [
                ["SubAccountId", one.account],
                ["ServiceName", one.service],
                ["RegionId", one.region],
              ].flatMap(([dimension, value]) =>
                dimension && value ? [{ dimension, operator: "=" as const, value }] : [],
              );
              const fresh = one.new_resources ?? [];
              const more = (one.new_count ?? fresh.length) - fresh.length;
              return (
                <tr key={[one.account, one.service, one.region, one.item].join(" ")}>
                  <th scope="row">
                    <PageLink
                      className="quiet"
                      to={explorerHref(
                        { where, by: ["ResourceId"], ...(period ? { period } : {}) },
                        workspace.default_measure,
                      )}
                    >
                      {one.service || "(no service)"}
                    </PageLink>
                    {one.item && (
                      <>
                        <br />
                        <span className="muted small">{one.item}</span>
                      </>
                    )}
                  </th>
                  <td>{one.account || "—"}</td>
                  <td>{one.region || "—"}</td>
                  <td className={`right ${change > 0n ? "up" : "down"}`}>{moneyChange(change, currency)}</td>
                  <td className="small">
                    {one.resources_now ? plural(one.resources_now, "resource") : "—"}
                    {(one.new_count ?? 0) > 0 && (
                      <>
                        , <strong>{one.new_count} new</strong>
                        <br />
                        <span className="muted break">
                          {fresh.join(", ")}
                          {more > 0 && ` and ${more} more`}
                        </span>
                      </>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <p className="muted small drivers-note">
        Seen in: {incident.layers.join(", ") || "one layer"}. The same cause is told once, whatever it shows
        up in.
      </p>
    </section>
  );
}
