import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { insight } from "../../api/insight";
import type { Incident } from "../../api/insightTypes";
import { Dialog } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { useKnownWorkspace } from "../../components/workspace";
import { addDays } from "../../lib/dates";
import { scopeWords } from "../../lib/incident";

interface Props {
  incident: Incident;
  close: () => void;
}

/** Somebody knows why: the reason stays with the incident, and the same is not told again until that day. */
export function FeedbackForm({ incident, close }: Props) {
  const { today } = useKnownWorkspace();
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const tell = useChange(
    () =>
      insight.expectIncident(incident.id, {
        expected: true,
        reason: reason.trim(),
        ...(until ? { until } : {}),
      }),
    ["anomalies"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    tell.mutate(undefined, { onSuccess: close });
  };
  return (
    <Dialog title="This was expected" close={close}>
      <form className="stack" onSubmit={submit}>
        <p>{scopeWords(incident.scope)}</p>
        <Field
          label="Why"
          value={reason}
          required
          maxLength={500}
          placeholder="Load test of the new checkout"
          hint="Everybody who looks at it reads this, and that it was you who said it."
          onChange={(event) => setReason(event.target.value)}
        />
        <Field
          label="Until"
          type="date"
          value={until}
          min={addDays(today, 1)}
          hint="Until that day the same is not told again. Leave it empty for good."
          onChange={(event) => setUntil(event.target.value)}
        />
        {tell.error && <Problem error={tell.error} />}
        <div className="row end">
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="control primary" disabled={tell.isPending || reason.trim() === ""}>
            {tell.isPending ? "Saving …" : "Mark as expected"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
