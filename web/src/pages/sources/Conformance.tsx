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
  const { findings, checked_rows: rows, version } = conformance.data;
  if (findings.length === 0)
    return (
      <div className="card">
        <Empty
          title="Nothing to report"
          reason={`All ${count(rows)} rows follow the rules of FOCUS ${version} that a bill alone can be checked against.`}
        />
      </div>
    );
  return (
    <div className="stack">
      <p className="muted">
        {plural(findings.length, "rule")} of FOCUS {version} broken somewhere in {count(rows)} rows.
      </p>
      {findings.map((one) => (
        <FindingCard key={`${one.rule} ${one.column}`} finding={one} rows={rows} />
      ))}
    </div>
  );
}

function FindingCard({ finding, rows }: { finding: Finding; rows: number }) {
  const level = LEVELS[finding.level.toLowerCase()] ?? { text: finding.level, look: "" };
  return (
    <section className="card finding" aria-label={finding.rule}>
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
            <span key={`${one.row}`}>
              {at > 0 && ", "}
              row <span className="num">{typeof one.row === "number" ? count(one.row) : one.row}</span>:{" "}
              <code>{one.value === null ? "NULL" : one.value === "" ? "(blank)" : one.value}</code>
            </span>
          ))}
        </p>
      )}
    </section>
  );
}
