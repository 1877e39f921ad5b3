import { SegmentedControl, Skeleton } from "@mantine/core";
import { useCallback, useId } from "react";
import { useSearchParams } from "react-router";
import { useForecast } from "../../api/insight";
import type { Forecast as Answer, Until } from "../../api/insightTypes";
import { useDimensions, useLabels } from "../../api/queries";
import { Asked } from "../../components/Asked";
import { MeasureSelect } from "../../components/MeasureSelect";
import { PageLink } from "../../components/PageLink";
import { Empty } from "../../components/states";
import { measureOf, useKnownWorkspace } from "../../components/workspace";
import { periodAhead, UNTILS } from "../../lib/ahead";
import { dayLabel } from "../../lib/dates";
import { parseFilter, printFilter } from "../../lib/filters";
import { Filters } from "../explorer/Filters";
import { NoSources } from "../sources/NoSources";
import { CurrencyAhead } from "./CurrencyAhead";
import { WhatIf } from "./WhatIf";

const USUAL = ["ServiceName", "SubAccountName", "ProviderName", "RegionId", "ServiceCategory"];

/** Where the month, the quarter or the year will end, how sure that is, and what would change it. */
export function Forecast() {
  const workspace = useKnownWorkspace();
  const dimensions = useDimensions();
  const label = useLabels();
  const [search, setSearch] = useSearchParams();
  const byId = useId();
  const until: Until = UNTILS.find((one) => one.id === search.get("until"))?.id ?? "month";
  const by = search.get("by") ?? "ServiceName";
  const measureId = search.get("measure") ?? workspace.default_measure;
  const where = search
    .getAll("where")
    .map(parseFilter)
    .filter((one) => one !== null);

  const change = useCallback(
    (part: Record<string, string | string[] | null>) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [key, value] of Object.entries(part)) {
            next.delete(key);
            for (const one of Array.isArray(value) ? value : value === null ? [] : [value])
              next.append(key, one);
          }
          return next;
        },
        { replace: true, preventScrollReset: true },
      ),
    [setSearch],
  );

  const asked = new URLSearchParams({ measure: measureId, until, top: "8" });
  if (by) asked.set("by", by);
  for (const one of where) asked.append("where", printFilter(one));
  const forecast = useForecast(asked);
  const options = dimensions.data?.dimensions ?? USUAL.map((id) => ({ id, label: id }));

  if (workspace.sources === 0)
    return (
      <div className="page">
        <div className="card">
          <NoSources only />
        </div>
      </div>
    );
  return (
    <div className="page" aria-busy={forecast.isFetching}>
      <div className="page-head">
        <h1>Forecast</h1>
        <MeasureSelect
          value={measureId}
          onChange={(id) => change({ measure: id === workspace.default_measure ? null : id })}
        />
      </div>
      <div className="card controls">
        <div className="row">
          <SegmentedControl
            aria-label="Until"
            value={until}
            onChange={(value) => change({ until: value === "month" ? null : value })}
            data={UNTILS.map((one) => ({ value: one.id, label: one.label }))}
          />
          <label className="row inline-field" htmlFor={byId}>
            <span className="muted small">Parts by</span>
            <select
              id={byId}
              value={by}
              onChange={(event) =>
                change({ by: event.target.value === "ServiceName" ? null : event.target.value })
              }
            >
              <option value="">no parts</option>
              {!options.some((one) => one.id === by) && by !== "" && <option value={by}>{label(by)}</option>}
              {options.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.label}
                </option>
              ))}
              {(dimensions.data?.tag_keys ?? []).map((key) => (
                <option key={key} value={`tag:${key}`}>
                  tag {key}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Filters
          value={where}
          dimensions={dimensions.data}
          label={label}
          range={{ from: workspace.first_day ?? workspace.today, to: workspace.today }}
          onChange={(filters) => change({ where: filters.map(printFilter) })}
        />
      </div>
      <Asked
        query={forecast}
        what="Forecasts"
        waiting={
          <div className="ahead">
            <Skeleton height={380} radius="md" />
            <Skeleton height={380} radius="md" />
          </div>
        }
      >
        {(answer) => (
          <Figures
            answer={answer}
            stale={forecast.isPlaceholderData}
            by={by}
            measureId={measureId}
            where={where.length > 0}
            clear={() => change({ where: [] })}
          >
            <WhatIf
              currencies={answer.currencies}
              until={until}
              end={periodAhead(answer.until.kind, answer.until.ends)}
              changes={search.getAll("if")}
              currency={search.get("currency")}
              onChange={change}
            />
          </Figures>
        )}
      </Asked>
    </div>
  );
}

interface FiguresProps {
  answer: Answer;
  stale: boolean;
  by: string;
  measureId: string;
  where: boolean;
  clear: () => void;
  children: React.ReactNode;
}

function Figures({ answer, stale, by, measureId, where, clear, children }: FiguresProps) {
  const workspace = useKnownWorkspace();
  const measure = measureOf(workspace, measureId);
  if ((answer.currencies ?? []).length === 0)
    return (
      <div className="card">
        <Empty
          title="Nothing to forecast from"
          reason={
            answer.notes?.[0] ??
            (where
              ? "No charge matches these filters."
              : "A forecast needs a few weeks of daily charges. It appears here by itself once they have been delivered.")
          }
        >
          {where ? (
            <button type="button" className="control" onClick={clear}>
              Take the filters away
            </button>
          ) : (
            <PageLink only to="/sources">
              Look at the sources
            </PageLink>
          )}
        </Empty>
      </div>
    );
  return (
    <div className={`stack${stale ? " stale" : ""}`}>
      {answer.currencies.map((one) => (
        <CurrencyAhead
          key={one.currency}
          forecast={one}
          until={answer.until}
          known={answer.known_until}
          by={by}
          measure={measure}
          several={answer.currencies.length > 1}
        />
      ))}
      {answer.currencies.length > 1 && (
        <p className="muted small">Currencies are forecast apart; Bursar adds nothing across them.</p>
      )}
      {children}
      {(answer.notes ?? []).map((note) => (
        <div className="note" key={note}>
          {note}
        </div>
      ))}
      <p className="muted small">
        Charges before {dayLabel(answer.known_until)} are complete. That day and those after it are forecast,
        whatever has arrived of them.
      </p>
    </div>
  );
}
