import { type FormEvent, useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { ScopeRule, Team } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe } from "../../components/me";
import { Empty } from "../../components/states";
import { rulesSentence, scopeProblem } from "../../lib/scope";
import { useTeams } from "./RoleChoice";
import { ScopeEditor } from "./ScopeEditor";

export function Teams() {
  const me = useKnownMe();
  const teams = useTeams();
  const [editing, setEditing] = useState<Team | "new" | null>(null);
  const [removing, setRemoving] = useState<Team | null>(null);
  const remove = useChange((id: string) => admin.removeTeam(id), ["teams", "members", "session"]);
  const manages = may(me, "manage-members");
  const make = manages && editing === null && (
    <button type="button" className="control primary" onClick={() => setEditing("new")}>
      Make a team
    </button>
  );
  return (
    <>
      <div className="row between">
        <p className="lead">
          A team sees the charges in its scope and no others: on every page, in every export, in SQL and
          through API tokens. Admins see everything.
        </p>
        {(teams.data?.items.length ?? 0) > 0 && make}
      </div>
      {editing && (
        <TeamEditor
          key={editing === "new" ? "new" : editing.id}
          team={editing === "new" ? null : editing}
          close={() => setEditing(null)}
        />
      )}
      <Loaded query={teams}>
        {({ items }) =>
          items.length === 0 && editing === null ? (
            <div className="card">
              <Empty
                title="No team yet"
                reason="Without teams everybody sees all charges that their role opens. Make a team to show a group of people only its own accounts or tags."
              >
                {make}
              </Empty>
            </div>
          ) : (
            <div className="team-grid">
              {items.map((team) => (
                <TeamCard
                  key={team.id}
                  team={team}
                  manages={manages}
                  edit={() => setEditing(team)}
                  remove={() => setRemoving(team)}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      {removing && (
        <Confirm
          title={`Delete the team ${removing.name}?`}
          verb="Delete the team"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p>
            Its {removing.members.length === 1 ? "member stays" : "members stay"} in the workspace. Whoever is
            then in no team sees what the workspace's setting for people without a team says, which may be
            more than now.
          </p>
        </Confirm>
      )}
    </>
  );
}

interface CardProps {
  team: Team;
  manages: boolean;
  edit: () => void;
  remove: () => void;
}

function TeamCard({ team, manages, edit, remove }: CardProps) {
  const members = useAsked("members", admin.members);
  const join = useChange((account: string) => admin.joinTeam(team.id, account), ["teams", "members"]);
  const leave = useChange((account: string) => admin.leaveTeam(team.id, account), ["teams", "members"]);
  const others = (members.data?.items ?? []).filter(
    (one) => !team.members.some((member) => member.id === one.account.id),
  );
  const failed = join.error ?? leave.error;
  return (
    <section className="card" aria-label={team.name}>
      <div className="card-head">
        <h2>{team.name}</h2>
        {manages && (
          <span className="table-actions">
            <button type="button" className="text-button" aria-label={`Change ${team.name}`} onClick={edit}>
              Change
            </button>
            <button
              type="button"
              className="text-button bad"
              aria-label={`Delete ${team.name}`}
              onClick={remove}
            >
              Delete
            </button>
          </span>
        )}
      </div>
      <p className="preview small">
        {team.scope ? <>Sees charges where {rulesSentence(team.scope)}.</> : "Sees all charges."}
      </p>
      <ul className="plain-list">
        {team.members.map((one) => (
          <li key={one.id}>
            <span>{one.display_name || one.email}</span>
            {manages && (
              <button
                type="button"
                className="text-button small"
                aria-label={`Take ${one.display_name || one.email} out of ${team.name}`}
                onClick={() => leave.mutate(one.id)}
              >
                Take out
              </button>
            )}
          </li>
        ))}
        {team.members.length === 0 && <li className="muted">Nobody is in it yet.</li>}
      </ul>
      {failed && <Problem error={failed} />}
      {manages && others.length > 0 && (
        <select
          aria-label={`Add somebody to ${team.name}`}
          value=""
          onChange={(event) => join.mutate(event.target.value)}
        >
          <option value="" disabled>
            Add somebody …
          </option>
          {others.map((one) => (
            <option key={one.account.id} value={one.account.id}>
              {one.account.display_name || one.account.email}
            </option>
          ))}
        </select>
      )}
    </section>
  );
}

function TeamEditor({ team, close }: { team: Team | null; close: () => void }) {
  const [name, setName] = useState(team?.name ?? "");
  const [everything, setEverything] = useState(team ? team.scope === null : false);
  const [rules, setRules] = useState<ScopeRule[]>(team?.scope ?? []);
  const save = useChange(async () => {
    const body = { name: name.trim(), scope: everything ? null : rules };
    if (team) await admin.changeTeam(team.id, body);
    else await admin.addTeam(body);
  }, ["teams", "members", "session"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: close });
  };
  const ready = name.trim() !== "" && (everything || scopeProblem(rules) === null);
  return (
    <section className="card" aria-label={team ? `Change ${team.name}` : "A new team"}>
      <div className="card-head">
        <h2>{team ? `Change ${team.name}` : "A new team"}</h2>
      </div>
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <Field
            label="Name"
            value={name}
            maxLength={64}
            required
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={everything}
            onChange={(event) => setEverything(event.target.checked)}
          />
          This team sees all charges
        </label>
        {!everything && <ScopeEditor rules={rules} onChange={setRules} />}
        {save.error && <Problem error={save.error} />}
        <div className="row">
          <button type="submit" className="control primary" disabled={save.isPending || !ready}>
            {team ? "Save" : "Make the team"}
          </button>
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </section>
  );
}
