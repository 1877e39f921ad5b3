import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { useAsked } from "../../api/changes";
import { admin } from "../../api/identity";
import type { RecordRow } from "../../api/identityTypes";
import { SelectField } from "../../components/form";
import { Empty, Failure } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { EntryDetail } from "./EntryDetail";
import { LogStatusCard } from "./LogStatusCard";
import { changedFields, RECORD_WORDS, whoDid } from "./recordWords";

/** Who did what, and which policy decided. The filter is in the address. */
export function RecordPage() {
  const members = useAsked("members", admin.members);
  const [search, setSearch] = useSearchParams();
  const actor = search.get("actor") ?? "";
  const action = search.get("action") ?? "";
  const entry = search.get("entry") ?? "";
  const asked = { ...(actor ? { actor } : {}), ...(action ? { action } : {}) };
  const records = useInfiniteQuery({
    queryKey: ["records", asked],
    queryFn: ({ pageParam, signal }) =>
      admin.records({ ...asked, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 5_000,
  });
  const filter = (part: Record<string, string>) =>
    setSearch(
      Object.entries({ actor, action, entry, ...part }).filter(([, value]) => value !== ""),
      { replace: true },
    );
  const people = members.data?.items ?? [];
  const rows = records.data?.pages.flatMap((one) => one.items) ?? [];
  return (
    <>
      <LogStatusCard search={asked} />
      <section className="card" aria-labelledby="record">
        <div className="card-head">
          <h2 id="record">Record</h2>
          <span className="muted small">Written with every change; nobody can edit it.</span>
        </div>
        <div className="stack record-filter">
          <div className="form-grid">
            <SelectField label="Who" value={actor} onChange={(value) => filter({ actor: value })}>
              <option value="">everybody</option>
              {actor !== "" && !people.some((one) => one.account.id === actor) && (
                <option value={actor}>{actor}</option>
              )}
              {people.map((one) => (
                <option key={one.account.id} value={one.account.id}>
                  {one.account.display_name || one.account.email}
                </option>
              ))}
            </SelectField>
            <SelectField label="Did what" value={action} onChange={(value) => filter({ action: value })}>
              <option value="">anything</option>
              {action !== "" && !RECORD_WORDS[action] && <option value={action}>{action}</option>}
              {Object.entries(RECORD_WORDS).map(([id, words]) => (
                <option key={id} value={id}>
                  {words}
                </option>
              ))}
            </SelectField>
          </div>
        </div>
        {records.error && <Failure error={records.error} retry={() => void records.refetch()} />}
        {records.data &&
          (rows.length === 0 ? (
            <Empty
              title="Nothing to show"
              reason={
                actor || action
                  ? "No entry fits the filter."
                  : "Entries appear as soon as somebody changes something."
              }
            />
          ) : (
            <Entries rows={rows} open={(seq) => filter({ entry: seq })} />
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
      {/^\d{1,15}$/.test(entry) && (
        <EntryDetail
          key={entry}
          seq={entry}
          row={rows.find((one) => String(one.seq) === entry) ?? null}
          close={() => filter({ entry: "" })}
        />
      )}
    </>
  );
}

function Entries({ rows, open }: { rows: RecordRow[]; open: (seq: string) => void }) {
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
              <td>{whoDid(one)}</td>
              <td>
                {RECORD_WORDS[one.action] ?? <code>{one.action}</code>}
                {one.target && <span className="muted small break"> {one.target}</span>}
              </td>
              <td>
                <span className={`badge ${/refus|fail|denied/.test(one.outcome) ? "warn" : ""}`}>
                  {one.outcome}
                </span>
              </td>
              <td>
                <button
                  type="button"
                  className="text-button small num"
                  aria-label={`Entry no. ${one.seq}: changes and proof`}
                  onClick={() => open(String(one.seq))}
                >
                  No. {one.seq}
                </button>
                <span className="muted small">{changedFields(one.payload)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
