import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { Invitation, Member } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { may, roleLabel, useKnownMe } from "../../components/me";
import { moment } from "../../lib/moments";
import { plural } from "../../lib/money";
import { Invite } from "./Invite";
import { MemberEditor } from "./MemberEditor";

export function Members() {
  const me = useKnownMe();
  const members = useAsked("members", admin.members);
  const [inviting, setInviting] = useState(false);
  const [editing, setEditing] = useState<Member | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  const remove = useChange((id: string) => admin.removeMember(id), ["members", "teams", "session"]);
  const manages = may(me, "manage-members");
  return (
    <>
      <section className="card" aria-labelledby="members">
        <div className="card-head">
          <h2 id="members">{members.data ? plural(members.data.items.length, "member") : "Members"}</h2>
          {manages && (
            <button type="button" className="control primary" onClick={() => setInviting(true)}>
              Invite somebody
            </button>
          )}
        </div>
        <Loaded query={members}>
          {({ items }) => (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus
            <section className="table-wrap" tabIndex={0} aria-label="Members">
              <table className="data roomy">
                <thead>
                  <tr>
                    <th scope="col">Who</th>
                    <th scope="col">Role</th>
                    <th scope="col">Teams</th>
                    <th scope="col">Here last</th>
                    <th scope="col">
                      <span className="visually-hidden">Change</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <Row
                      key={one.account.id}
                      member={one}
                      own={one.account.id === me.account.id}
                      edit={manages ? () => setEditing(one) : null}
                      remove={manages ? () => setRemoving(one) : null}
                    />
                  ))}
                </tbody>
              </table>
            </section>
          )}
        </Loaded>
      </section>
      <Invitations manages={manages} />
      {inviting && <Invite close={() => setInviting(false)} />}
      {editing && <MemberEditor member={editing} close={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={`Remove ${removing.account.display_name || removing.account.email}?`}
          verb="Remove from the workspace"
          act={() => remove.mutateAsync(removing.account.id)}
          close={() => setRemoving(null)}
        >
          <p>
            They lose this workspace at once, and their API tokens for it end. Their account and other
            workspaces stay. What they did stays in the record.
          </p>
          {removing.via === "scim" && (
            <p>
              They came by SCIM: as long as the provider assigns them, it may add them again. Remove them
              there too.
            </p>
          )}
        </Confirm>
      )}
    </>
  );
}

interface RowProps {
  member: Member;
  own: boolean;
  edit: (() => void) | null;
  remove: (() => void) | null;
}

function Row({ member, own, edit, remove }: RowProps) {
  const { account } = member;
  const name = account.display_name || account.email || account.id;
  return (
    <tr>
      <th scope="row">
        <span className="person">
          <span>
            <strong>{name}</strong> {own && <span className="badge">you</span>}{" "}
            {account.status !== "active" && <span className="badge warn">{account.status}</span>}
          </span>
          <span className="muted small">{account.email}</span>
        </span>
      </th>
      <td>
        {roleLabel(member.role, member.role_name)} {member.owner && <span className="badge good">owner</span>}
      </td>
      <td data-label="Teams:">
        {member.teams.map((one) => one.name).join(", ") || <span className="muted">none</span>}
      </td>
      <td className="num" data-label="Here last:">
        {moment(member.last_used_at, Date.now())}
        {member.via === "scim" && <span className="muted small"> · by SCIM</span>}
      </td>
      <td>
        <span className="table-actions">
          {edit && (
            <button type="button" className="text-button" onClick={edit} aria-label={`Change ${name}`}>
              Change
            </button>
          )}
          {remove && (
            <button type="button" className="text-button bad" onClick={remove} aria-label={`Remove ${name}`}>
              Remove
            </button>
          )}
        </span>
      </td>
    </tr>
  );
}

function Invitations({ manages }: { manages: boolean }) {
  const invitations = useAsked("invitations", admin.invitations);
  const [withdrawing, setWithdrawing] = useState<Invitation | null>(null);
  const withdraw = useChange((id: string) => admin.withdraw(id), ["invitations"]);
  if (!invitations.error && (invitations.data?.items.length ?? 0) === 0) return null;
  return (
    <section className="card" aria-labelledby="invitations">
      <div className="card-head">
        <h2 id="invitations">Invited, not here yet</h2>
      </div>
      <Loaded query={invitations}>
        {({ items }) => (
          <ul className="plain-list">
            {items.map((one) => (
              <li key={one.id}>
                <span className="person">
                  <strong>{one.email}</strong>
                  <span className="muted small">
                    as {roleLabel(one.role, one.role_name)}
                    {one.owner ? ", owner" : ""}, ends {moment(one.expires_at, Date.now())}
                  </span>
                </span>
                {manages && (
                  <button
                    type="button"
                    className="text-button bad"
                    aria-label={`Take back the invitation of ${one.email}`}
                    onClick={() => setWithdrawing(one)}
                  >
                    Take back
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {withdrawing && (
        <Confirm
          title={`Take back the invitation of ${withdrawing.email}?`}
          verb="Take it back"
          act={() => withdraw.mutateAsync(withdrawing.id)}
          close={() => setWithdrawing(null)}
        >
          <p>Its link stops working at once. You can invite the same address again.</p>
        </Confirm>
      )}
    </section>
  );
}
