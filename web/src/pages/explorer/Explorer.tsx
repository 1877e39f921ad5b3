import { SegmentedControl } from "@mantine/core";
import { useCallback, useMemo, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { ApiError } from "../../api/client";
import { useCost, useDimensions, useLabels } from "../../api/queries";
import type { CostAnswer } from "../../api/types";
import { completeUntil, Freshness } from "../../components/Freshness";
import { MeasureSelect } from "../../components/MeasureSelect";
import { useMe } from "../../components/me";
import { PageLink } from "../../components/PageLink";
import { Empty, Failure } from "../../components/states";
import { measureOf, useKnownWorkspace } from "../../components/workspace";
import { readable, usedRates } from "../../lib/conversion";
import { dayLabel, type Range } from "../../lib/dates";
import { narrowedTo } from "../../lib/filters";
import { type Group, sections } from "../../lib/pivot";
import {
  apiSearch,
  DEFAULTS,
  fromSearch,
  type Grain,
  nextDimensions,
  type Question,
  resolveRange,
  TOPS,
  toSearch,
  type View,
} from "../../lib/question";
import { NoSources } from "../sources/NoSources";
import { Currencies } from "./Currencies";
import { CurrencySection } from "./CurrencySection";
import { type Drill, DrillBar } from "./DrillBar";
import { Exports } from "./Exports";
import { Filters } from "./Filters";
import { GroupBy } from "./GroupBy";
import { HowRead } from "./HowRead";
import { PeriodPicker } from "./PeriodPicker";

/** Ask anything of the charges; the address bar holds the whole question. */
export function Explorer() {
  const workspace = useKnownWorkspace();
  const dimensions = useDimensions();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [drill, setDrill] = useState<Drill | null>(null);

  const question = useMemo(
    () => fromSearch(search, workspace.default_measure),
    [search, workspace.default_measure],
  );
  const range = resolveRange(question, workspace.today);
  const wanted = apiSearch(question, workspace.today);
  const answered = useCost(wanted);
  const readableConversion = readable(question.convert);
  // Charges of a currency without a rate: the server converts nothing, so the page shows them apart and says why.
  const refusal =
    readableConversion && answered.error instanceof ApiError && answered.error.status === 409
      ? answered.error.message
      : null;
  const apart = apiSearch({ ...question, convert: null }, workspace.today);
  const answeredApart = useCost(apart, refusal !== null);
  const [asked, cost] = refusal === null ? [wanted, answered] : [apart, answeredApart];
  const converted = readableConversion !== null && refusal === null;
  const [offerRates, setOfferRates] = useState(false);
  const measure = measureOf(workspace, question.measure);

  const change = useCallback(
    (part: Partial<Question>) => {
      const next = toSearch({ ...question, ...part }, workspace.default_measure).toString();
      void navigate({ pathname: "/explore", search: next ? `?${next}` : "" }, { preventScrollReset: true });
    },
    [question, navigate, workspace.default_measure],
  );

  const labels = useLabels();
  const known = useMemo(
    () => [
      ...(dimensions.data?.dimensions.map((one) => one.id) ?? []),
      ...(dimensions.data?.tag_keys.map((key) => `tag:${key}`) ?? []),
    ],
    [dimensions.data],
  );

  const drillInto = useCallback(
    (group: Group) => {
      if (group.other) return change({ top: TOPS.find((top) => top > question.top) ?? 1000 });
      if (question.by.length === 0) return;
      let where = question.where;
      question.by.forEach((dimension, at) => {
        where = narrowedTo(where, dimension, group.keys[at] ?? "");
      });
      const last = question.by[question.by.length - 1] ?? "";
      const suggestions = nextDimensions(last, where, known);
      setDrill({ dimension: last, value: group.keys[question.by.length - 1] ?? null, suggestions });
      change({ where, by: suggestions.slice(0, 1) });
    },
    [change, known, question],
  );

  const drilled =
    drill !== null &&
    question.where.some(
      (one) => one.dimension === drill.dimension && one.operator === "=" && one.value === (drill.value ?? ""),
    );
  const answer = cost.data;
  const shown = useMemo(() => (answer ? sections(answer, question.by) : []), [answer, question.by]);
  const { rates, others: notes } = useMemo(() => usedRates(answer?.notes ?? []), [answer]);
  const present = useMemo(
    () => (answer && !cost.isPlaceholderData && !converted ? answer.totals.map((one) => one.currency) : null),
    [answer, cost.isPlaceholderData, converted],
  );
  const currencies = workspace.currencies.length > 1 || question.convert !== null || offerRates;

  return (
    <div className="page" aria-busy={cost.isFetching}>
      <div className="page-head">
        <h1>Explorer</h1>
        <div className="row">
          <CopyLink question={question} range={range} defaultMeasure={workspace.default_measure} />
          <Exports search={asked} />
        </div>
      </div>

      <div className="card controls">
        <div className="row">
          <MeasureSelect value={question.measure} onChange={(id) => change({ measure: id })} />
          <PeriodPicker
            question={question}
            today={workspace.today}
            onChange={(period) => change({ period })}
          />
          <SegmentedControl
            aria-label="Grain"
            value={question.grain}
            onChange={(grain) => change({ grain: grain as Grain })}
            data={[
              { value: "day", label: "Day" },
              { value: "month", label: "Month" },
              { value: "total", label: "Total" },
            ]}
          />
          <SegmentedControl
            aria-label="Drawn as"
            value={question.view}
            disabled={question.grain === "total"}
            onChange={(view) => change({ view: view as View })}
            data={[
              { value: "bars", label: "Bars" },
              { value: "lines", label: "Lines" },
              { value: "area", label: "Area" },
            ]}
          />
          <label className="check">
            <input
              type="checkbox"
              checked={question.compare}
              onChange={(event) => change({ compare: event.target.checked })}
            />
            Compare with before
          </label>
          {!currencies && workspace.currencies.length > 0 && (
            <button type="button" className="text-button" onClick={() => setOfferRates(true)}>
              Convert {workspace.currencies[0]}
            </button>
          )}
        </div>
        <GroupBy
          value={question.by}
          top={question.top}
          dimensions={dimensions.data}
          onChange={(by) => change({ by })}
          onTop={(top) => change({ top })}
        />
        <Filters
          value={question.where}
          dimensions={dimensions.data}
          label={labels}
          range={range}
          onChange={(where) => change({ where })}
        />
        {currencies && (
          <Currencies
            value={question.convert}
            known={workspace.currencies}
            present={present}
            refusal={refusal}
            focus={offerRates}
            onChange={(convert) => change({ convert })}
          />
        )}
      </div>

      {drill && drilled && (
        <DrillBar
          drill={drill}
          by={question.by}
          label={labels}
          onPick={(by) => change({ by: [by] })}
          onBack={() => {
            setDrill(null);
            void navigate(-1);
          }}
          onClose={() => setDrill(null)}
        />
      )}

      {cost.error && <Failure error={cost.error} retry={() => void cost.refetch()} />}
      {answer && !cost.error && (
        <div className={`stack${cost.isPlaceholderData ? " stale" : ""}`}>
          {answer.rows.length === 0 ? (
            <NothingFound answer={answer} question={question} range={range} change={change} />
          ) : (
            shown.map((section) => (
              <CurrencySection
                key={section.currency}
                section={section}
                several={shown.length > 1}
                rates={rates}
                already={converted && !cost.isPlaceholderData && rates.length === 0}
                question={question}
                range={range}
                answer={answer}
                measure={measure}
                label={labels}
                until={completeUntil(answer.freshness)}
                onDrill={drillInto}
                onSort={(sort) => change({ sort })}
                onPeriod={(period) =>
                  change({ period, ...(question.grain === "month" ? { grain: "day" as const } : {}) })
                }
              />
            ))
          )}
          {answer.excluded.rows > 0 && (
            <div className="note warn">
              <strong>
                {answer.excluded.rows.toLocaleString("en-US")} rows are left out of these figures
              </strong>
              <ul className="reasons">
                {answer.excluded.reasons.map((one) => (
                  <li key={one.reason}>
                    <span className="num">{one.rows.toLocaleString("en-US")}</span> × {one.reason}
                  </li>
                ))}
              </ul>
              <PageLink only to="/sources?tab=conformance">
                See the rows and what to do
              </PageLink>
            </div>
          )}
          {notes.map((note) => (
            <div className="note" key={note}>
              {note}
            </div>
          ))}
          <Freshness items={answer.freshness} />
          <HowRead read={answer.read} search={asked} />
        </div>
      )}
    </div>
  );
}

interface CopyProps {
  question: Question;
  range: Range;
  defaultMeasure: string;
}

/** A link to exactly these days: "this month" in the address would mean another month next month. */
function CopyLink({ question, range, defaultMeasure }: CopyProps) {
  const [copied, setCopied] = useState(false);
  const me = useMe();
  const search = toSearch({ ...question, period: range }, defaultMeasure);
  // Whoever has several workspaces must land in this one.
  if (me?.workspace && me.workspaces.length > 1) search.set("w", me.workspace.id);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${window.location.origin}/explore?${search}`);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // No clipboard here (plain http on another host): the address bar has the question too.
    }
  };
  return (
    <button
      type="button"
      className="control"
      onClick={() => void copy()}
      title="With the days fixed as they are shown"
    >
      <span aria-live="polite">{copied ? "Copied" : "Copy link"}</span>
    </button>
  );
}

interface NothingProps {
  answer: CostAnswer;
  question: Question;
  range: Range;
  change: (part: Partial<Question>) => void;
}

/** An empty answer says why, and offers what would not be empty. */
function NothingFound({ answer, question, range, change }: NothingProps) {
  const workspace = useKnownWorkspace();
  const { first_day: first, last_day: last } = workspace;
  if (workspace.sources === 0)
    return (
      <div className="card">
        <NoSources />
      </div>
    );
  const outside = first !== null && last !== null && (range.to <= first || range.from > last);
  return (
    <div className="card">
      <Empty title="No charges to show" reason={answer.empty_reason ?? "No charge matches this question."}>
        <div className="row">
          {question.where.length > 0 && (
            <button type="button" className="control" onClick={() => change({ where: [] })}>
              Take the filters away
            </button>
          )}
          {(outside || question.where.length === 0) && (
            <button
              type="button"
              className="control"
              onClick={() => change({ period: { preset: "last-12-months" }, grain: "month" })}
            >
              Last 12 full months
            </button>
          )}
          <button
            type="button"
            className="control"
            onClick={() => change({ ...DEFAULTS, measure: question.measure })}
          >
            Start over
          </button>
        </div>
        {first && last && !outside && (
          <p className="small">
            There are charges from {dayLabel(first)} to {dayLabel(last)}.
          </p>
        )}
      </Empty>
    </div>
  );
}
