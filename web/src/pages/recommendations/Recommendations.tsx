import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useSearchParams } from "react-router";
import { insight } from "../../api/insight";
import type { Recommendations as Answer, Recommendation } from "../../api/insightTypes";
import { Asked } from "../../components/Asked";
import { Amount } from "../../components/Figure";
import { PageLink } from "../../components/PageLink";
import { Empty, Told } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";
import { parse, sum } from "../../lib/decimal";
import { confidenceWords } from "../../lib/incident";
import { plural } from "../../lib/money";
import { explorerHref } from "../../lib/question";
import { CommitmentFigures } from "./CommitmentFigures";

/** So many are drawn per currency before somebody asks for more. */
const PAGE = 50;

/** What could cost less, by what it would save, with the evidence; and what could not be judged. */
export function Recommendations() {
  const asked = useQuery({
    queryKey: ["recommendations"],
    queryFn: ({ signal }) => insight.recommendations(signal),
    staleTime: 300_000,
    meta: { waiting: "Looking through the resources" },
  });
  return (
    <div className="page" aria-busy={asked.isFetching}>
      <div className="page-head">
        <h1>Recommendations</h1>
      </div>
      <Asked query={asked} what="Recommendations" waiting={<Skeleton height={320} radius="md" />}>
        {(answer) => <List answer={answer} />}
      </Asked>
      <CommitmentFigures />
    </div>
  );
}

function List({ answer }: { answer: Answer }) {
  const [search, setSearch] = useSearchParams();
  const id = useId();
  const [shownAtMost, setShownAtMost] = useState(PAGE);
  const kind = search.get("kind") ?? "";
  const items = answer.items ?? [];
  const kinds = [...new Set(items.map((one) => one.kind))].sort();
  const shown = items.filter((one) => !kind || one.kind === kind);
  const currencies = [...new Set(shown.map((one) => one.currency))];
  const missing = answer.not_assessed ?? [];
  return (
    <>
      {items.length === 0 ? (
        <div className="card">
          <Empty
            title="Nothing to recommend"
            reason={
              missing.length > 0
                ? "No rule found anything in what it could judge. What it could not judge stands below, with the reason."
                : "Every rule was applied to every resource of the last weeks, and none of them found anything."
            }
          />
        </div>
      ) : (
        <>
          <div className="row between">
            <p className="lead">
              {currencies
                .map((currency) => {
                  const mine = shown.filter(
                    (one) => one.currency === currency && one.saving_per_month !== null,
                  );
                  return {
                    currency,
                    count: mine.length,
                    total: sum(mine.map((one) => parse(one.saving_per_month ?? "0"))),
                  };
                })
                .map((one, at) => (
                  <span key={one.currency}>
                    {at > 0 && " and "}
                    <strong className="strong-text">
                      <Amount amount={one.total} currency={one.currency} short />
                    </strong>{" "}
                    a month from {plural(one.count, "recommendation")}
                  </span>
                ))}
              , if every one of them were done. Each is judged by itself from the bills; effective cost.
            </p>
            {kinds.length > 1 && (
              <label className="row inline-field" htmlFor={id}>
                <span className="muted small">Kind</span>
                <select
                  id={id}
                  value={kind}
                  onChange={(event) =>
                    setSearch(event.target.value ? { kind: event.target.value } : {}, { replace: true })
                  }
                >
                  <option value="">all kinds</option>
                  {kinds.map((one) => (
                    <option key={one} value={one}>
                      {one.replaceAll("-", " ")}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </div>
          {currencies.map((currency) => (
            <section key={currency} className="stack" aria-label={`Recommendations in ${currency}`}>
              {shown
                .filter((one) => one.currency === currency)
                .sort(bySaving)
                .slice(0, shownAtMost)
                .map((one) => (
                  <Item key={one.id} item={one} />
                ))}
            </section>
          ))}
          {currencies.some(
            (currency) => shown.filter((one) => one.currency === currency).length > shownAtMost,
          ) && (
            <div className="row more">
              <button type="button" className="control" onClick={() => setShownAtMost(shownAtMost + PAGE)}>
                Show more
              </button>
            </div>
          )}
        </>
      )}
      {missing.length > 0 && (
        <section className="card" aria-labelledby={`${id}-missing`}>
          <div className="card-head">
            <h2 id={`${id}-missing`}>What was not assessed, and why</h2>
          </div>
          <ul className="plain-list">
            {missing.map((one) => (
              <li key={`${one.kind} ${one.why}`} className="not-assessed">
                <strong>{one.kind.replaceAll("-", " ")}</strong>
                <span className="muted">
                  <Told text={one.why} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function bySaving(a: Recommendation, b: Recommendation): number {
  const [x, y] = [parse(a.saving_per_month ?? "0"), parse(b.saving_per_month ?? "0")];
  return x === y ? 0 : x > y ? -1 : 1;
}

const LEVELS: Record<string, string> = { low: "good", medium: "warn", high: "bad" };

function Item({ item }: { item: Recommendation }) {
  const workspace = useKnownWorkspace();
  const id = useId();
  const href = explorerHref(
    {
      where: [
        ["ResourceId", item.resource],
        ["ServiceName", item.resource ? null : item.service],
        ["SubAccountId", item.resource ? null : item.account],
        ["RegionId", item.resource ? null : item.region],
      ].flatMap(([dimension, value]) =>
        dimension && value ? [{ dimension, operator: "=" as const, value }] : [],
      ),
      by: [item.resource ? "ChargeDescription" : "ResourceId"],
      period: { preset: "last-30-days" },
    },
    workspace.default_measure,
  );
  const place = [item.service, item.account, item.region].filter(Boolean).join(" · ");
  return (
    <article className="card recommendation" aria-labelledby={id}>
      <div>
        <h2 id={id}>{item.title}</h2>
        <p className="break">
          {item.resource && (
            <PageLink className="mono" to={href}>
              {item.resource}
            </PageLink>
          )}
        </p>
        <p className="muted small break">{place}</p>
        {item.advice && (
          <p className="advice">
            <Told text={item.advice} />
          </p>
        )}
        {item.evidence.length > 0 && (
          <ul className="evidence">
            {item.evidence.map((one) => {
              const words = typeof one === "string" ? one : `${one.what}: ${one.value}`;
              return (
                <li key={words}>
                  <Told text={words} />
                </li>
              );
            })}
          </ul>
        )}
        {item.check_first && (
          <p className="small check-first">
            <strong>Check first:</strong> <span className="muted">{item.check_first}</span>
          </p>
        )}
      </div>
      <div className="recommendation-sum">
        {item.saving_per_month === null ? (
          <span className="muted">not counted in money</span>
        ) : (
          <>
            <strong className="num">
              <Amount amount={item.saving_per_month} currency={item.currency} />
            </strong>
            <span className="muted small">saved a month{item.at_most && ", at most"}</span>
            {parse(item.freed_commitment_per_month ?? "0") > 0n && (
              <span className="muted small">
                and <Amount amount={item.freed_commitment_per_month ?? "0"} currency={item.currency} /> of
                commitments become free for something else
              </span>
            )}
          </>
        )}
        <dl className="facts">
          {item.effort && (
            <>
              <dt>Effort</dt>
              <dd>{item.effort}</dd>
            </>
          )}
          {item.risk && (
            <>
              <dt>Risk</dt>
              <dd>
                <span className={`badge ${LEVELS[item.risk.toLowerCase()] ?? ""}`}>{item.risk}</span>
              </dd>
            </>
          )}
          {item.confidence !== null && (
            <>
              <dt>Confidence</dt>
              <dd>{confidenceWords(item.confidence)}</dd>
            </>
          )}
        </dl>
      </div>
    </article>
  );
}
