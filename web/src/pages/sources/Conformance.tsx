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
        {summary(findings, version)} in {plural(rows, "row")}.
      </p>
      <Notes notes={notes} />
      {findings.map((one) => (
        <FindingCard key={`${one.rule} ${one.column}`} finding={one} rows={rows} />
      ))}
    </div>
  );
}

/** Broken rules apart from advice and what Bursar itself noticed: a bill may have either without the other. */
function summary(findings: Finding[], version: string): string {
  const broken = findings.filter((one) => one.level.toLowerCase() === "must").length;
  const rest = findings.length - broken;
  const rules = `${plural(broken, "rule")} of FOCUS ${version} ${broken === 1 ? "is" : "are"} broken`;
  const others = `${plural(rest, broken ? "other finding" : "finding")}`;
  if (rest === 0) return rules;
  return broken === 0 ? `No rule of FOCUS ${version} is broken; ${others}` : `${rules}, with ${others},`;
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
      <Examples examples={finding.examples} />
    </section>
  );
}

/** Where to look: the file, the row in it and what stands there. */
function Examples({ examples }: { examples: Finding["examples"] }) {
  const first = examples[0];
  if (!first) return null;
  const files = new Map<string, Finding["examples"]>();
  for (const one of examples) files.set(one.file, [...(files.get(one.file) ?? []), one]);
  return [...files].map(([file, found]) => (
    <div key={file} className="small examples">
      <p className="muted">
        For example in <code title={file}>{file.split("/").at(-1)}</code>
      </p>
      <ul>
        {found.map((one) => (
          <li key={`${one.row} ${one.value}`}>
            <span className="muted num">{one.row > 0 ? `row ${count(one.row)}` : "the header"}</span>
            {one.value === null ? (
              <span className="muted">no value</span>
            ) : one.value === "" ? (
              <span className="muted">an empty text</span>
            ) : (
              <code>{one.value}</code>
            )}
          </li>
        ))}
      </ul>
    </div>
  ));
}
