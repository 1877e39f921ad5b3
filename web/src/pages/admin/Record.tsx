import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "react-router";
import { admin } from "../../api/identity";
import type { RecordRow } from "../../api/identityTypes";
import { Field } from "../../components/form";
import { Empty, Failure } from "../../components/states";
import { addDays, instantLabel, isDay } from "../../lib/dates";

const FIELDS = ["actor", "action", "from", "to"] as const;

/** The last day counts: people name the last day they mean, the API the first that it leaves out. */
function questionOf(search: URLSearchParams): Record<string, string> {
  const asked: Record<string, string> = {};
  for (const field of FIELDS) {
    const value = search.get(field)?.trim();
    if (!value) continue;
    if (field === "from" && isDay(value)) asked.from = `${value}T00:00:00Z`;
    else if (field === "to" && isDay(value)) asked.to = `${addDays(value, 1)}T00:00:00Z`;
    else if (field === "actor" || field === "action") asked[field] = value;
  }
  return asked;
}

/** Who did what, and which policy decided. The filter is in the address. */
export function RecordPage() {
  const [search, setSearch] = useSearchParams();
  const [draft, setDraft] = useState(() =>
    Object.fromEntries(FIELDS.map((one) => [one, search.get(one) ?? ""])),
  );
  const asked = questionOf(search);
  const records = useInfiniteQuery({
    queryKey: ["records", asked],
    queryFn: ({ pageParam, signal }) =>
      admin.records({ ...asked, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 5_000,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSearch(Object.fromEntries(Object.entries(draft).filter(([, value]) => value.trim() !== "")));
  };
  const clear = () => {
    setDraft(Object.fromEntries(FIELDS.map((one) => [one, ""])));
    setSearch({});
  };
  const filtered = Object.keys(asked).length > 0;
  const rows = records.data?.pages.flatMap((one) => one.items) ?? [];
  return (
    <section className="card" aria-labelledby="record">
      <div className="card-head">
        <h2 id="record">Record</h2>
        <span className="muted small">Written with every change; nobody can edit it.</span>
      </div>
      <form className="stack record-filter" onSubmit={submit}>
        <div className="form-grid narrow">
          <Field
            label="Who"
            value={draft.actor ?? ""}
            placeholder="account or e-mail"
            onChange={(event) => setDraft({ ...draft, actor: event.target.value })}
          />
          <Field
            label="Did what"
            value={draft.action ?? ""}
            placeholder="member."
            onChange={(event) => setDraft({ ...draft, action: event.target.value })}
          />
          <Field
            label="First day"
            type="date"
            value={draft.from ?? ""}
            onChange={(event) => setDraft({ ...draft, from: event.target.value })}
          />
          <Field
            label="Last day"
            type="date"
            value={draft.to ?? ""}
            onChange={(event) => setDraft({ ...draft, to: event.target.value })}
          />
        </div>
        <div className="row">
          <button type="submit" className="control">
            Filter
          </button>
          {filtered && (
            <button type="button" className="text-button" onClick={clear}>
              Show everything
            </button>
          )}
        </div>
      </form>
      {records.error && <Failure error={records.error} retry={() => void records.refetch()} />}
      {records.data &&
        (rows.length === 0 ? (
          <Empty
            title="Nothing to show"
            reason={
              filtered ? "No entry fits the filter." : "Entries appear as soon as somebody does something."
            }
          />
        ) : (
          <Entries rows={rows} />
        ))}
      {records.hasNextPage && (
        <div className="row more">
          <button
            type="button"
            className="control"
            disabled={records.isFetchingNextPage}
            onClick={() => void records.fetchNextPage()}
          >
            {records.isFetchingNextPage ? "Reading …" : "Show older entries"}
          </button>
        </div>
      )}
    </section>
  );
}

function Entries({ rows }: { rows: RecordRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus
    <section className="table-wrap" tabIndex={0} aria-label="Entries">
      <table className="data">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Outcome</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.seq}>
              <td className="num">{instantLabel(one.time)}</td>
              <td>{who(one)}</td>
              <td>
                <code>{one.action}</code>
                {one.target && <span className="muted small break"> {one.target}</span>}
              </td>
              <td>
                <span className={`badge ${/refus|fail|denied/.test(one.outcome) ? "warn" : ""}`}>
                  {one.outcome}
                </span>
              </td>
              <td>
                <details>
                  <summary className="small">No. {one.seq}</summary>
                  <p className="small">
                    {one.deciding_policy && (
                      <>
                        Decided by <code>{one.deciding_policy}</code>.{" "}
                      </>
                    )}
                    {one.request_id && (
                      <>
                        Request <code>{one.request_id}</code>.
                      </>
                    )}
                  </p>
                  {one.payload !== null && one.payload !== undefined && (
                    <pre className="payload">{JSON.stringify(one.payload, null, 1)}</pre>
                  )}
                </details>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function who(row: RecordRow): string {
  const account = row.account;
  const name = typeof account === "string" ? account : (account?.email ?? account?.id);
  return name ?? row.actor;
}
