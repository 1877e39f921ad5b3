import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import { Field, Problem, SelectField } from "../../components/form";
import { plural } from "../../lib/money";
import { chooseWorkspace } from "../../lib/workspaceChoice";

/** Who hosts Bursar asks to come into a customer's workspace; an owner there decides. */
export function AskStaffAccess() {
  const [workspace, setWorkspace] = useState("");
  const [reason, setReason] = useState("");
  const [ticket, setTicket] = useState("");
  const [hours, setHours] = useState("4");
  const [readOnly, setReadOnly] = useState(true);
  const ask = useChange(
    () =>
      admin.askStaff({
        workspace: workspace.trim(),
        reason: reason.trim(),
        ticket: ticket.trim(),
        hours: Number(hours),
        read_only: readOnly,
      }),
    [],
  );
  const open = () => {
    chooseWorkspace(workspace.trim());
    window.location.assign("/");
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <section className="card" aria-labelledby="ask">
      <div className="card-head">
        <h2 id="ask">Come into a customer's workspace</h2>
      </div>
      <p className="lead">
        You have no access to workspaces of customers. Ask with a reason and a ticket; when an owner has let
        you in, open the workspace below. It ends by itself, and all you do is in the customer's record.
      </p>
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <Field
            label="Workspace"
            value={workspace}
            required
            pattern="wsp_[0-9a-f]{32}"
            title="The customer's workspace, by its id: wsp_ and 32 digits"
            onChange={(event) => setWorkspace(event.target.value)}
          />
          <Field
            label="Reason"
            value={reason}
            required
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
          <Field
            label="Ticket"
            value={ticket}
            required
            maxLength={80}
            onChange={(event) => setTicket(event.target.value)}
          />
          <SelectField label="For" value={hours} onChange={setHours}>
            {["1", "4", "8", "24"].map((one) => (
              <option key={one} value={one}>
                {plural(Number(one), "hour")}
              </option>
            ))}
          </SelectField>
        </div>
        <label className="check">
          <input type="checkbox" checked={readOnly} onChange={(event) => setReadOnly(event.target.checked)} />
          To read only
        </label>
        {ask.error && <Problem error={ask.error} />}
        <div className="row">
          <button type="submit" className="control primary" disabled={ask.isPending}>
            Ask
          </button>
          <button type="button" className="control" disabled={!workspace.trim()} onClick={open}>
            Open it
          </button>
          <span role="status" className="muted small">
            {ask.isSuccess ? "Asked. An owner of the workspace decides." : ""}
          </span>
        </div>
      </form>
    </section>
  );
}
