import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { ApiError, api } from "../api/client";
import { useDimensions } from "../api/queries";
import type { SqlAnswer } from "../api/types";
import { Empty, Failure } from "../components/states";
import { download, toCsv } from "../lib/csv";
import { EXAMPLES, FOCUS_GROUPS, OTHER_TABLES } from "../lib/focusColumns";
import { plural } from "../lib/money";
import { HowRead } from "./explorer/HowRead";

const LIMIT = 1000;
/** Longer statements do not fit into an address; they run all the same. */
const MAX_IN_ADDRESS = 4000;

/** SELECT over the bill's own columns. The statement is in the address, so a result can be shared as a question. */
export function Sql() {
  const [search, setSearch] = useSearchParams();
  const [text, setText] = useState(search.get("sql") ?? EXAMPLES[0]?.sql ?? "");
  const editor = useRef<HTMLTextAreaElement>(null);
  const stop = useRef<AbortController | null>(null);
  const run = useMutation({
    mutationFn: (sql: string) => {
      stop.current = new AbortController();
      return api.sql(sql, LIMIT, stop.current.signal);
    },
  });

  const start = () => {
    if (!text.trim() || run.isPending) return;
    if (text.length <= MAX_IN_ADDRESS) setSearch({ sql: text }, { replace: true });
    run.mutate(text);
  };

  const insert = (name: string) => {
    const area = editor.current;
    if (!area) return;
    const { selectionStart: from, selectionEnd: to } = area;
    setText(`${text.slice(0, from)}${name}${text.slice(to)}`);
    requestAnimationFrame(() => {
      area.focus();
      area.setSelectionRange(from + name.length, from + name.length);
    });
  };

  const stopped = run.error instanceof DOMException && run.error.name === "AbortError";
  return (
    <div className="page">
      <div className="page-head">
        <h1>SQL</h1>
        <span className="muted small">
          Reads only: SELECT over your bills where they lie. FOCUS column ids are written as FOCUS spells
          them.
        </span>
      </div>
      <div className="sql-grid">
        <div className="stack sql-main">
          <div className="card">
            <label className="visually-hidden" htmlFor="sql-text">
              SQL statement
            </label>
            <textarea
              id="sql-text"
              ref={editor}
              className="sql-editor mono"
              value={text}
              rows={Math.min(24, Math.max(8, text.split("\n").length + 1))}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                  event.preventDefault();
                  start();
                }
              }}
            />
            <div className="row sql-actions">
              <button
                type="button"
                className="control primary"
                onClick={start}
                disabled={run.isPending || !text.trim()}
              >
                Run
              </button>
              {run.isPending && (
                <button type="button" className="control" onClick={() => stop.current?.abort()}>
                  Stop
                </button>
              )}
              <span className="muted small">
                <kbd>Ctrl</kbd> <kbd>Enter</kbd>
              </span>
              <label className="check sql-example">
                <span className="muted small">Examples</span>
                <select
                  value=""
                  onChange={(event) => {
                    const found = EXAMPLES.find((one) => one.title === event.target.value);
                    if (found) setText(found.sql);
                    editor.current?.focus();
                  }}
                >
                  <option value="" disabled>
                    choose …
                  </option>
                  {EXAMPLES.map((one) => (
                    <option key={one.title}>{one.title}</option>
                  ))}
                </select>
              </label>
            </div>
          </div>
          <div aria-live="polite" className="stack">
            {run.isPending && <p className="muted">Reading …</p>}
            {stopped && <div className="note">Stopped. The statement is as you left it.</div>}
            {run.error && !stopped && <SqlFailure error={run.error} />}
            {run.data && !run.isPending && <Result answer={run.data} />}
          </div>
        </div>
        <Reference insert={insert} />
      </div>
    </div>
  );
}

function SqlFailure({ error }: { error: Error }) {
  if (error instanceof ApiError && error.status === 401)
    return (
      <Failure
        error={
          new ApiError({
            title: "your session has ended",
            status: 401,
            detail: "open a new sign-in link; the statement stays here",
          })
        }
      />
    );
  return <Failure error={error} />;
}

const NUMERIC = /decimal|int|float|double/i;

function Result({ answer }: { answer: SqlAnswer }) {
  const numeric = answer.columns.map((column) => NUMERIC.test(column.type));
  if (answer.rows.length === 0)
    return (
      <div className="card">
        <Empty title="No rows" reason="The statement ran; nothing matches it." />
        <HowRead read={answer.read} />
      </div>
    );
  return (
    <div className="card">
      <div className="card-head">
        <h2>
          {plural(answer.rows.length, "row")}
          {answer.truncated && (
            <span className="badge warn gap-left">cut at {answer.rows.length.toLocaleString("en-US")}</span>
          )}
        </h2>
        <button
          type="button"
          className="control compact"
          onClick={() =>
            download(
              "bursar-sql.csv",
              toCsv(
                answer.columns.map((column) => column.name),
                answer.rows,
              ),
            )
          }
        >
          CSV
        </button>
      </div>
      {answer.truncated && (
        <p className="muted small">
          There are more rows. Add a LIMIT or a WHERE, or run it with `bursar sql` for all of them.
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must take the focus */}
      <section className="table-wrap sql-result" tabIndex={0} aria-label="Result">
        <table className="data">
          <thead>
            <tr>
              {answer.columns.map((column, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have the same name
                <th key={at} scope="col" className={numeric[at] ? "right" : ""}>
                  {column.name}
                  <br />
                  <span className="type">{column.type}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {answer.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no identity
              <tr key={at}>
                {row.map((value, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  <td key={index} className={numeric[index] ? "right" : ""}>
                    {value === null ? <span className="muted">NULL</span> : value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="after-table">
        <HowRead read={answer.read} />
      </div>
    </div>
  );
}

function Reference({ insert }: { insert: (name: string) => void }) {
  const dimensions = useDimensions();
  const [wanted, setWanted] = useState("");
  const has = (one: string) => one.toLowerCase().includes(wanted.trim().toLowerCase());
  const tags = (dimensions.data?.tag_keys ?? []).filter(has);
  return (
    <aside className="card reference" aria-label="Tables and columns">
      <h2>
        Table <code>focus</code>
      </h2>
      <p className="muted small">One row per charge, all sources together.</p>
      <input
        type="search"
        className="search"
        aria-label="Find a column"
        placeholder="Find a column"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      {FOCUS_GROUPS.map((group) => {
        const columns = group.columns.filter((one) => has(one.id) || has(one.help));
        return (
          columns.length > 0 && (
            <section key={group.title}>
              <h3>{group.title}</h3>
              <ul>
                {columns.map((one) => (
                  <li key={one.id}>
                    <button type="button" onClick={() => insert(one.id)} title={`Insert ${one.id}`}>
                      <code>{one.id}</code> <span className="type">{one.type}</span>
                      <span className="muted small help">{one.help}</span>
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          )
        );
      })}
      {tags.length > 0 && (
        <section>
          <h3>Tags</h3>
          <ul>
            {tags.map((key) => (
              <li key={key}>
                <button type="button" onClick={() => insert(`tag('${key.replaceAll("'", "''")}')`)}>
                  <code>tag('{key}')</code> <span className="type">text</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>Other tables</h3>
        <ul>
          {OTHER_TABLES.map((one) => (
            <li key={one.name}>
              <button type="button" onClick={() => insert(one.name)}>
                <code>{one.name}</code>
                <span className="muted small help">{one.help}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </aside>
  );
}
