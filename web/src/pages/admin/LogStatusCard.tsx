import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/changes";
import { isMissing } from "../../api/http";
import { log } from "../../api/messages";
import type { LogStatus, Verdict } from "../../api/messageTypes";
import { Problem } from "../../components/form";
import { CheckIcon, CrossIcon } from "../../components/icons";
import { Command, Failure } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { moment } from "../../lib/moments";
import { count } from "../../lib/money";
import { ExportLog } from "./ExportLog";

const VERDICTS: Record<Verdict, { badge: string; label: string; sentence: string }> = {
  good: {
    badge: "good",
    label: "unbroken",
    sentence:
      "Every entry was hashed again and led to the signed root: nothing was changed, left out or put in.",
  },
  broken: {
    badge: "bad",
    label: "broken",
    sentence:
      "The entries do not lead to what was signed. Keep a copy, and look at the findings below first.",
  },
  unknown: {
    badge: "",
    label: "not checked yet",
    sentence: "Nobody has recalculated the log yet. Verify it now; it reads every entry once.",
  },
};

/** The chain as a whole: how long, how sealed, and whether it still holds. Silent on a server without it. */
export function LogStatusCard({ search }: { search: Record<string, string> }) {
  const client = useQueryClient();
  const [exporting, setExporting] = useState(false);
  const asked = useQuery({
    queryKey: ["log"],
    queryFn: ({ signal }) => log.status(signal),
    staleTime: 10_000,
  });
  const verify = useChange(async () => {
    const found = await log.verify();
    client.setQueryData(["log"], found);
  }, ["records"]);
  if (isMissing(asked.error)) return null;
  if (asked.error) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  if (!asked.data) return null;
  const status = asked.data;
  const verdict = VERDICTS[status.verdict] ?? VERDICTS.unknown;
  return (
    <section className="card" aria-labelledby="log">
      <div className="card-head">
        <h2 id="log">
          The log <span className={`badge ${verdict.badge}`}>{verdict.label}</span>
        </h2>
        <div className="row">
          <button type="button" className="control" onClick={() => setExporting(true)}>
            Export …
          </button>
          <button
            type="button"
            className="control primary"
            disabled={verify.isPending}
            onClick={() => verify.mutate()}
          >
            {verify.isPending ? "Verifying …" : "Verify now"}
          </button>
        </div>
      </div>
      <div className="stack" aria-live="polite">
        <p className="lead">{verdict.sentence}</p>
        {verify.isPending && (
          <progress className="wide-progress" aria-label={`Hashing ${count(status.size)} entries again`} />
        )}
        <div className="with-without">
          <div className="stat">
            <span className="muted small">Entries</span>
            <strong className="num">{count(status.size)}</strong>
          </div>
          <div className="stat">
            <span className="muted small">Last checkpoint</span>
            <strong>
              {status.checkpoint ? moment(status.checkpoint.signed_at, Date.now()) : "none yet"}
            </strong>
            {status.checkpoint && (
              <span className="muted small num">
                over {count(status.checkpoint.size)} entries
                {status.size > status.checkpoint.size &&
                  `, ${count(status.size - status.checkpoint.size)} newer ones follow`}
              </span>
            )}
          </div>
          <div className="stat">
            <span className="muted small">Last verified</span>
            <strong>{status.verified_at ? moment(status.verified_at, Date.now()) : "never"}</strong>
            {status.verified_at && (
              <span className="muted small">
                {instantLabel(status.verified_at)}
                {status.verified_entries != null && `, ${count(status.verified_entries)} entries`}
              </span>
            )}
          </div>
        </div>
        <Findings status={status} />
        {verify.error && <Problem error={verify.error} />}
        <Behind status={status} />
      </div>
      {exporting && <ExportLog search={search} close={() => setExporting(false)} />}
    </section>
  );
}

function Findings({ status }: { status: LogStatus }) {
  if (status.findings.length === 0) return null;
  const bad = status.verdict === "broken";
  return (
    <ul className="plain-list findings-list" aria-label="Findings">
      {status.findings.map((one) => (
        <li key={one}>
          <span className={bad ? "bad-text" : "good-text"}>{bad ? <CrossIcon /> : <CheckIcon />}</span>
          <span>{one}</span>
        </li>
      ))}
    </ul>
  );
}

function over(until: string | null): boolean {
  return until !== null && Date.parse(until) < Date.now();
}

/** The root and the keys: what somebody outside needs to check the log without us. */
function Behind({ status }: { status: LogStatus }) {
  if (!status.root && status.keys.length === 0) return null;
  return (
    <details>
      <summary className="small">Root and keys, for checking it elsewhere</summary>
      <div className="stack tight proof-parts">
        {status.root && (
          <>
            <p className="small">
              The root over all {count(status.size)} entries. Keep it somewhere else: a later log that does
              not contain these entries unchanged cannot lead to it.
            </p>
            <Command text={status.root} label="Copy the root" />
          </>
        )}
        {status.keys.map((one) => (
          <div key={one.id}>
            <p className="small">
              Key <code>{one.id}</code>, {over(one.until) ? "used" : "in use"} since {instantLabel(one.from)}
              {one.until && ` until ${instantLabel(one.until)}`}
            </p>
            <Command text={one.public} label={`Copy the public key ${one.id}`} />
          </div>
        ))}
      </div>
    </details>
  );
}
