import { type FormEvent, useState } from "react";
import { saveFile } from "../../api/http";
import { log } from "../../api/messages";
import { Dialog } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { RECORD_WORDS } from "./recordWords";

interface Props {
  /** The filter of the page: who, and did what. */
  search: Record<string, string>;
  close: () => void;
}

/** A file with the entries, their proofs and the checkpoints, so that they can be verified without this server. */
export function ExportLog({ search, close }: Props) {
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await saveFile(
        log.exportPath({
          ...search,
          ...(from ? { from: `${from}T00:00:00Z` } : {}),
          ...(to ? { to: `${to}T00:00:00Z` } : {}),
        }),
        "bursar-log.tar",
      );
      close();
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      setBusy(false);
    }
  };
  const action = search.action;
  return (
    <Dialog title="Export the log" close={close}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <p className="lead">
          The file holds the entries, the proof of each and the signed checkpoints. Whoever gets it can verify
          it without this server.
        </p>
        <div className="form-grid">
          <Field
            label="From"
            type="date"
            value={from}
            hint="The first day, UTC. Empty: from the beginning."
            onChange={(event) => setFrom(event.target.value)}
          />
          <Field
            label="Until before"
            type="date"
            value={to}
            min={from}
            hint="This day is not in it. Empty: to the end."
            onChange={(event) => setTo(event.target.value)}
          />
        </div>
        {(search.actor || action) && (
          <p className="small">
            As the page is filtered:{" "}
            {search.actor && (
              <>
                of <code>{search.actor}</code>{" "}
              </>
            )}
            {action && <>only “{RECORD_WORDS[action] ?? action}”</>}.
          </p>
        )}
        {error && <Problem error={error} />}
        <div className="row end">
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="control primary" disabled={busy}>
            {busy ? "Packing …" : "Download"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
