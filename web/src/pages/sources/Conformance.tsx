import { useConformance } from "../../api/queries";
import type { Finding } from "../../api/types";
import { Empty, Failure } from "../../components/states";
import { count, plural } from "../../lib/money";

const LEVELS: Record<string, { text: string; look: string }> = {
  must: { text: "broken rule", look: "bad" },
  should: { text: "advice not followed", look: "warn" },
  quality: { text: "figures may mislead", look: "warn" },
};

/** What the bills break of the FOCUS specification, and what that means for the figures. */
export function Conformance({ source }: { source: string | null }) {
  const conformance = useConformance(source);
  if (conformance.error)
    return <Failure error={conformance.error} retry={() => void conformance.refetch()} />;
  if (!conformance.data) return <p className="muted">Checking the rows against the FOCUS rules …</p>;
  const { findings, checked_rows: rows, version, notes } = conformance.data;
  if (rows === 0 && findings.length === 0)
    return (
      <div className="card">
        <Empty title="Nothing to check" reason={notes.join("; ") || "No rows of FOCUS were delivered yet."} />
      </div>
    );
  if (findings.length === 0)
    return (
      <div className="card">
        <Empty
          title="Nothing to report"
          reason={`All ${count(rows)} rows follow the rules of FOCUS ${version} that a bill alone can be checked against.`}
        />
        <Notes notes={notes} />
      </div>
    );
  return (
    <div className="stack">
      <p className="muted">
        {plural(findings.length, "rule")} of FOCUS {version} broken somewhere in {count(rows)} rows.
      </p>
      <Notes notes={notes} />
      {findings.map((one) => (
        <FindingCard key={`${one.rule} ${one.column}`} finding={one} rows={rows} />
      ))}
    </div>
  );
}

/** What was not checked, so that no one takes silence for a clean bill. */
function Notes({ notes }: { notes: string[] }) {
  return notes.map((note) => (
    <p key={note} className="small muted">
      {note}
    </p>
  ));
}

function FindingCard({ finding, rows }: { finding: Finding; rows: number }) {
  const level = LEVELS[finding.level.toLowerCase()] ?? { text: finding.level, look: "" };
  return (
    <section
      className="card finding"
      aria-label={`${finding.rule} ${finding.level} ${finding.column ?? "the whole file"}`}
    >
      <div className="card-head">
        <h2>
          {finding.column ?? "The whole file"} <span className={`badge ${level.look}`}>{level.text}</span>
        </h2>
        <span className="small">
          <strong className="num">{plural(finding.count, "row")}</strong>{" "}
          <span className="muted">of {count(rows)}</span>
        </span>
      </div>
      <p>{finding.explanation}</p>
      <p className="small muted">
        Rule <code>{finding.rule}</code>
      </p>
      {finding.examples.length > 0 && (
        <p className="small">
          <span className="muted">For example </span>
          {finding.examples.map((one, at) => (
            <span key={`${one.file} ${one.row} ${one.value}`} title={one.file}>
              {at > 0 && ", "}
              {one.row > 0 ? (
                <>
                  row <span className="num">{count(one.row)}</span>:{" "}
                </>
              ) : (
                "the header: "
              )}
              <code>{one.value === null ? "NULL" : one.value === "" ? "(blank)" : one.value}</code>
            </span>
          ))}
        </p>
      )}
    </section>
  );
}
