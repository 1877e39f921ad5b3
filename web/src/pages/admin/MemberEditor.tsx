import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { Member } from "../../api/identityTypes";
import { Dialog } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { useKnownMe } from "../../components/me";
import { Once } from "../../components/Once";
import { moment } from "../../lib/moments";
import { RoleChoice } from "./RoleChoice";

export function MemberEditor({ member, close }: { member: Member; close: () => void }) {
  const before = member.teams.map((one) => one.id);
  const [role, setRole] = useState(member.role);
  const [owner, setOwner] = useState(member.owner);
  const [teams, setTeams] = useState(before);
  const sameTeams = teams.length === before.length && teams.every((one) => before.includes(one));
  const ownerNow = role === "admin" && owner;
  const save = useChange(
    () =>
      admin.changeMember(member.account.id, {
        ...(role !== member.role ? { role } : {}),
        ...(ownerNow !== member.owner ? { owner: ownerNow } : {}),
        ...(sameTeams ? {} : { teams }),
      }),
    ["members", "teams", "session"],
  );
  const me = useKnownMe();
  const reset = useChange(() => admin.resetLink(member.account.id), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: close });
  };
  return (
    <Dialog title={member.account.display_name || (member.account.email ?? "Member")} close={close}>
      <form className="stack" onSubmit={submit}>
        <RoleChoice
          role={role}
          onRole={setRole}
          owner={owner}
          onOwner={setOwner}
          teams={teams}
          onTeams={setTeams}
        />
        <p className="muted small">It holds from their next request on, and for their API tokens too.</p>
        {save.error && <Problem error={save.error} />}
        <div className="row end">
          <button
            type="submit"
            className="control primary"
            disabled={save.isPending || (role === member.role && ownerNow === member.owner && sameTeams)}
          >
            Save
          </button>
        </div>
      </form>
      {member.account.id !== me.account.id && (
        <details className="how-read">
          <summary>They forgot their password</summary>
          <div className="stack add-source">
            {reset.data ? (
              <Once title="It is shown only now, and works once." secret={reset.data.link}>
                Whoever opens it chooses a new password for this account, so send it to them alone. It ends{" "}
                {moment(reset.data.expires_at, Date.now())}.
              </Once>
            ) : (
              <>
                <p className="small">
                  A link lets them choose a new one; their other sessions end then. It is for accounts that
                  belong to this workspace only.
                </p>
                {reset.error && <Problem error={reset.error} />}
                <div>
                  <button
                    type="button"
                    className="control"
                    disabled={reset.isPending}
                    onClick={() => reset.mutate()}
                  >
                    Make a link
                  </button>
                </div>
              </>
            )}
          </div>
        </details>
      )}
    </Dialog>
  );
}
