import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isMissing } from "../../api/http";
import type { RecordRow } from "../../api/identityTypes";
import { log } from "../../api/messages";
import type { RecordDetail } from "../../api/messageTypes";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { type Difference, differences, members, pathWords, valueWords } from "../../lib/diff";
import { type Proved, proved } from "../../lib/inclusion";
import { count } from "../../lib/money";
import { entryOfLine, RECORD_WORDS, telling, whoDid } from "./recordWords";

interface Props {
  seq: string;
  /** The row of the list, shown while the rest is on its way or where the server has no more. */
  row: RecordRow | null;
  close: () => void;
}

/** One entry: who, what it changed side by side, and the proof that it stands where it stood. */
export function EntryDetail({ seq, row, close }: Props) {
  const asked = useQuery({
    queryKey: ["record", seq],
    queryFn: ({ signal }) => log.entry(seq, signal),
    staleTime: 60_000,
  });
  const line = typeof asked.data?.entry === "string" ? asked.data.entry : null;
  const entry =
    row ?? (line === null ? ((asked.data?.entry as RecordRow | undefined) ?? null) : entryOfLine(line));
  const missing = isMissing(asked.error);
  return (
    <Dialog title={`Entry no. ${seq}`} wide close={close}>
      {entry && <Facts entry={entry} />}
      {asked.error && !(missing && row) && <Failure error={asked.error} retry={() => void asked.refetch()} />}
      {asked.data ? (
        <>
          {asked.data.change ? (
            <Change before={asked.data.change.before} after={asked.data.change.after} />
          ) : (
            telling(entry?.payload) && (
              <pre className="payload">{JSON.stringify(entry?.payload, null, 1)}</pre>
            )
          )}
          <Proof detail={asked.data} line={line} seq={Number(seq)} />
        </>
      ) : missing ? (
        <>
          {telling(row?.payload) && <pre className="payload">{JSON.stringify(row?.payload, null, 1)}</pre>}
          <p className="muted small">This version of the server tells no proof of single entries.</p>
        </>
      ) : (
        !asked.error && <p className="muted">Looking up the entry and its proof …</p>
      )}
    </Dialog>
  );
}

function Facts({ entry }: { entry: RecordRow }) {
  return (
    <dl className="facts entry-facts">
      <dt>What</dt>
      <dd>
        <strong>{whoDid(entry)}</strong> {RECORD_WORDS[entry.action] ?? entry.action}{" "}
        {entry.target && <code>{entry.target}</code>}
      </dd>
      <dt>When</dt>
      <dd>{instantLabel(entry.time)}</dd>
      <dt>Outcome</dt>
      <dd>
        {entry.outcome}
        {entry.deciding_policy && (
          <>
            , decided by <code>{entry.deciding_policy}</code>
          </>
        )}
      </dd>
      {entry.request_id && (
        <>
          <dt>Request</dt>
          <dd>
            <code>{entry.request_id}</code>
          </dd>
        </>
      )}
    </dl>
  );
}

/** Before and after, side by side; what stayed the same is folded away. */
function Change({ before, after }: { before: unknown; after: unknown }) {
  const all = differences(before, after);
  const changed = all.filter((one) => one.kind !== "same");
  const same = all.filter((one) => one.kind === "same");
  return (
    <section className="diff" aria-label="What changed">
      <table className="data">
        <thead>
          <tr>
            <th scope="col">Field</th>
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {changed.length === 0 && (
            <tr>
              <td colSpan={3} className="muted">
                Nothing differs.
              </td>
            </tr>
          )}
          {changed.map((one) => (
            <Row key={one.path.join("/")} one={one} />
          ))}
        </tbody>
      </table>
      {same.length > 0 && (
        <details>
          <summary className="small">
            {same.length === 1 ? "1 field" : `${same.length} fields`} stayed the same
          </summary>
          <dl className="facts entry-facts">
            {same.map((one) => (
              <SameField key={one.path.join("/")} one={one} />
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function SameField({ one }: { one: Difference }) {
  return (
    <>
      <dt>{pathWords(one.path)}</dt>
      <dd className="break">{valueWords(one.after)}</dd>
    </>
  );
}

function Row({ one }: { one: Difference }) {
  const list = members(one.before, one.after);
  return (
    <tr>
      <th scope="row">
        {pathWords(one.path)}
        <span className="muted small"> {one.kind}</span>
      </th>
      <td className={one.kind === "added" ? "muted" : "was"}>
        {list ? <Members list={list} side="before" /> : <Value value={one.before} />}
      </td>
      <td className={one.kind === "removed" ? "muted" : "is"}>
        {list ? <Members list={list} side="after" /> : <Value value={one.after} />}
      </td>
    </tr>
  );
}

function Value({ value }: { value: unknown }) {
  const words = valueWords(value);
  return typeof value === "object" && value !== null ? (
    <pre className="diff-value">{words}</pre>
  ) : (
    <span className="break">{words}</span>
  );
}

function Members({
  list,
  side,
}: {
  list: NonNullable<ReturnType<typeof members>>;
  side: "before" | "after";
}) {
  const mine = list.filter((one) => one.only === null || one.only === side);
  if (mine.length === 0) return <span className="muted">(none)</span>;
  return mine.map((one, at) => (
    <span key={one.text} className="break">
      {at > 0 && ", "}
      {one.only ? <mark>{one.text}</mark> : one.text}
    </span>
  ));
}

const WORDS: Record<Proved, { badge: string; label: string; sentence: string }> = {
  yes: {
    badge: "good",
    label: "proved here",
    sentence: "This browser hashed the entry and its path again: they lead to the signed root.",
  },
  no: {
    badge: "bad",
    label: "does not hold",
    sentence:
      "This browser hashed the path again, and it does not lead to the signed root. Verify the whole log.",
  },
  cannot: {
    badge: "",
    label: "not calculated here",
    sentence:
      "This page cannot calculate the proof (it is not served over https, or a part is missing). The export can be verified elsewhere.",
  },
};

function Proof({ detail, line, seq }: { detail: RecordDetail; line: string | null; seq: number }) {
  const { leaf_hash: leaf, proof, checkpoint } = detail;
  const [verdict, setVerdict] = useState<Proved | null>(null);
  useEffect(() => {
    let gone = false;
    setVerdict(null);
    if (leaf && proof && checkpoint)
      void proved(leaf, seq, proof, checkpoint, line).then((found) => {
        if (!gone) setVerdict(found);
      });
    return () => {
      gone = true;
    };
  }, [leaf, proof, checkpoint, seq, line]);
  if (!leaf) return null;
  if (!checkpoint || !proof)
    return (
      <p className="note">
        No checkpoint covers this entry yet. The next one does, within minutes; then it can be proved.
      </p>
    );
  const words = verdict ? WORDS[verdict] : null;
  return (
    <section className="proof" aria-label="Proof">
      <div className="row between">
        <h3>Proof</h3>
        {words && <span className={`badge ${words.badge}`}>{words.label}</span>}
      </div>
      <p className="small" role="status">
        {words?.sentence ?? "Hashing the path …"}
      </p>
      <details>
        <summary className="small">
          The path: {count(proof.length)} hashes up to the root over {count(checkpoint.size)} entries, signed{" "}
          {instantLabel(checkpoint.signed_at)}
        </summary>
        <ol className="hash-path mono small">
          <li>
            <span className="muted">entry</span> {leaf}
          </li>
          {proof.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a hash's identity is its place on the path
            <li key={at}>
              <span className="muted">with</span> {one}
            </li>
          ))}
          {checkpoint.root && (
            <li>
              <span className="muted">root</span> {checkpoint.root}
            </li>
          )}
        </ol>
        {checkpoint.note && <pre className="payload">{checkpoint.note}</pre>}
        {line !== null && (
          <>
            <p className="small muted">The line as it was hashed:</p>
            <pre className="payload">{line}</pre>
          </>
        )}
      </details>
    </section>
  );
}
