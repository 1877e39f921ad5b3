import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useChange } from "../../api/changes";
import { insight } from "../../api/insight";
import { Asked } from "../../components/Asked";
import { Problem, SelectField } from "../../components/form";
import { may, useMe } from "../../components/me";
import { Empty } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";
import { monthLabel, type PresetId, presetRange, rangeLabel } from "../../lib/dates";
import { type Book, type RuleSet, readBook, readPreview, ruleSetProblems } from "../../lib/rulebook";
import { PreviewTree } from "./PreviewTree";
import { RuleEditor } from "./RuleEditor";

const PERIODS: { id: PresetId; label: string }[] = [
  { id: "last-month", label: "Last month" },
  { id: "this-month", label: "This month so far" },
  { id: "last-3-months", label: "Last 3 full months" },
  { id: "last-12-months", label: "Last 12 full months" },
];

/** Whose cost is it? Rules in order, tried on the charges that are there before they are saved. */
export function Allocation() {
  const asked = useQuery({
    queryKey: ["allocation"],
    queryFn: ({ signal }) => insight.allocation(signal),
    meta: { waiting: "Reading the rules" },
  });
  return (
    <div className="page" aria-busy={asked.isFetching}>
      <div className="page-head">
        <h1>Allocation</h1>
      </div>
      <Asked query={asked} what="Allocation rules">
        {(answer) => {
          const book = readBook(answer.rules);
          return book ? (
            <Desk key={JSON.stringify(answer)} book={book} revision={answer.revision} />
          ) : (
            <div className="card">
              <Empty
                title="These rules cannot be shown here"
                reason="The server sent a rule book of a shape that this page does not know. The API reads and writes it all the same."
              />
            </div>
          );
        }}
      </Asked>
    </div>
  );
}

function first(month: string): RuleSet {
  return { effective_from: month.slice(0, 7), groups: [], rules: [], shared: [] };
}

/** The rules at the left, what they do at the right. What is typed stays until it is saved or taken back. */
function Desk({ book, revision }: { book: Book; revision: number | string | null }) {
  const workspace = useKnownWorkspace();
  const me = useMe();
  const [search, setSearch] = useSearchParams();
  const manages = me === null || may(me, "manage-settings");
  const period = PERIODS.find((one) => one.id === search.get("period"))?.id ?? "last-month";
  const range = presetRange(period, workspace.today);
  const [sets, setSets] = useState<RuleSet[]>(book.sets);
  const [at, setAt] = useState(Math.max(0, book.sets.length - 1));
  const set = sets[at] ?? null;
  const problems = useMemo(() => (set ? ruleSetProblems(set) : []), [set]);
  const saved = useMemo(() => JSON.stringify(book.sets), [book]);
  const written = JSON.stringify(sets);
  const dirty = written !== saved;
  const save = useChange(
    () => insight.saveAllocation({ rules: book.write(sets), ...(revision === null ? {} : { revision }) }),
    ["allocation"],
  );

  // Leaving the page with rules that are not saved is asked about by the browser.
  useEffect(() => {
    if (!dirty) return;
    const stay = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", stay);
    return () => window.removeEventListener("beforeunload", stay);
  }, [dirty]);

  const [tried] = useDebouncedValue(problems.length === 0 ? written : null, 500);
  const preview = useQuery({
    queryKey: ["allocation-preview", tried, range.from, range.to],
    queryFn: ({ signal }) =>
      insight.previewAllocation({ rules: book.write(JSON.parse(tried ?? "[]")), ...range }, signal),
    enabled: tried !== null && set !== null && set.rules.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
    meta: { quiet: true },
  });

  if (!set)
    return (
      <div className="card">
        <Empty
          title="No rules yet: all cost is unallocated"
          reason={
            manages
              ? "Make groups (a company, its products, their teams) and rules that say which charges belong to which. Whatever no rule takes stays visible as left over, and shared costs can be divided afterwards."
              : "An administrator can write them; what they allocate then shows here."
          }
        >
          {manages && (
            <button
              type="button"
              className="control primary"
              onClick={() => {
                setSets([first(workspace.first_day ?? workspace.today)]);
                setAt(0);
              }}
            >
              Begin with a group
            </button>
          )}
        </Empty>
      </div>
    );
  return (
    <div className="desk">
      <div className="stack">
        {(sets.length > 1 || dirty || manages) && (
          <div className="card desk-bar">
            <div className="row between">
              {sets.length > 1 ? (
                <SelectField
                  label="Rules in force"
                  value={String(at)}
                  onChange={(value) => setAt(Number(value))}
                >
                  {sets.map((one, index) => (
                    <option key={one.effective_from} value={index}>
                      from {monthLabel(`${one.effective_from}-01`)} on
                    </option>
                  ))}
                </SelectField>
              ) : (
                <span className="muted small">
                  {dirty ? "Not saved yet: only this window sees it." : "Saved, and in force."}
                </span>
              )}
              {manages && (
                <div className="row">
                  <button
                    type="button"
                    className="control"
                    disabled={!dirty || save.isPending}
                    onClick={() => {
                      setSets(book.sets);
                      setAt(Math.max(0, book.sets.length - 1));
                    }}
                  >
                    Take back
                  </button>
                  <button
                    type="button"
                    className="control primary"
                    disabled={!dirty || problems.length > 0 || save.isPending}
                    onClick={() => save.mutate()}
                  >
                    {save.isPending ? "Saving …" : "Save"}
                  </button>
                </div>
              )}
            </div>
            {problems.length > 0 && (
              <ul className="problems small" aria-label="Before it can be saved">
                {problems.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            )}
            {save.error && <Problem error={save.error} />}
          </div>
        )}
        <RuleEditor
          set={set}
          readOnly={!manages}
          onChange={(next) => setSets(sets.map((one, index) => (index === at ? next : one)))}
        />
      </div>
      <section className="stack sticky-side" aria-labelledby="preview">
        <div className="card" aria-busy={preview.isFetching}>
          <div className="card-head">
            <h2 id="preview">{dirty ? "What these rules would do" : "What these rules do"}</h2>
            <label className="row inline-field">
              <span className="visually-hidden">Period</span>
              <select
                value={period}
                onChange={(event) =>
                  setSearch(event.target.value === "last-month" ? {} : { period: event.target.value }, {
                    replace: true,
                  })
                }
              >
                {PERIODS.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.label}
                  </option>
                ))}
              </select>
            </label>
          </div>
          {preview.error && <Problem error={preview.error} />}
          {set.rules.length === 0 ? (
            <p className="muted">Add a rule, and this shows what it takes.</p>
          ) : (
            preview.data !== undefined &&
            !preview.error && (
              <div className={preview.isPlaceholderData || tried !== written ? "stale" : ""}>
                <PreviewTree preview={readPreview(preview.data)} />
              </div>
            )
          )}
          <div className="context">
            <span>Effective cost</span>
            <span>{rangeLabel(range)}</span>
            <span className="badge">{preview.isFetching ? "calculating …" : "on live data"}</span>
          </div>
        </div>
      </section>
    </div>
  );
}
