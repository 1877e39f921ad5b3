import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import { Dialog } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { Once } from "../../components/Once";
import { moment } from "../../lib/moments";
import { RoleChoice } from "./RoleChoice";

/** Adds somebody who has an account, or invites an address. */
export function Invite({ close }: { close: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("viewer");
  const [owner, setOwner] = useState(false);
  const [teams, setTeams] = useState<string[]>([]);
  const add = useChange(
    () => admin.addMember({ email: email.trim(), role, owner: role === "admin" && owner, teams }),
    ["members", "invitations", "teams"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  if (add.data)
    return (
      <Dialog title={add.data.link ? "Send them this link" : "Done"} close={close}>
        {add.data.link ? (
          <>
            <Once title="It is shown only now, and works once." secret={add.data.link}>
              Whoever opens it becomes {email.trim()} here, so send it to them alone.
            </Once>
            {add.data.invitation && (
              <p className="muted small">
                The invitation ends {moment(add.data.invitation.expires_at, Date.now())}.
              </p>
            )}
          </>
        ) : add.data.member ? (
          <p role="status">
            {email.trim()} has an account here already and is a member of this workspace now. Nothing has to
            be sent.
          </p>
        ) : (
          <p role="status">An invitation is on its way to {email.trim()}.</p>
        )}
        <div className="row end">
          <button type="button" className="control primary" onClick={close}>
            Done
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title="Invite somebody" close={close}>
      <form className="stack" onSubmit={submit}>
        <Field
          label="E-mail"
          type="email"
          value={email}
          required
          autoComplete="off"
          onChange={(event) => setEmail(event.target.value)}
        />
        <RoleChoice
          role={role}
          onRole={setRole}
          owner={owner}
          onOwner={setOwner}
          teams={teams}
          onTeams={setTeams}
        />
        {add.error && <Problem error={add.error} />}
        <div className="row end">
          <button type="submit" className="control primary" disabled={add.isPending || !email.trim()}>
            {add.isPending ? "One moment …" : "Invite"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
