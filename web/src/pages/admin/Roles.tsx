import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { CustomRole } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { may, ROLE_NAMES, useKnownMe } from "../../components/me";
import { sentence } from "../../components/states";
import { Explain } from "./Explain";
import { Matrix } from "./Matrix";
import { useRoles } from "./RoleChoice";
import { RoleEditor } from "./RoleEditor";
import { actionLabel, pageLabel } from "./words";

export function Roles() {
  const me = useKnownMe();
  const roles = useRoles();
  const matrix = useAsked("matrix", admin.matrix);
  const [editing, setEditing] = useState<CustomRole | "new" | null>(null);
  const [removing, setRemoving] = useState<CustomRole | null>(null);
  const remove = useChange((id: string) => admin.removeRole(id), ["roles", "matrix"]);
  const manages = may(me, "manage-members");
  return (
    <>
      <section className="card" aria-labelledby="roles">
        <div className="card-head">
          <h2 id="roles">Roles</h2>
          {manages && (
            <button type="button" className="control" onClick={() => setEditing("new")}>
              Make a role of your own
            </button>
          )}
        </div>
        <p className="lead">
          A role opens pages and lets people do actions on them. Whoever opens a page may look at what is on
          it. Every request is decided anew, so a change holds at once.
        </p>
        <Loaded query={roles}>
          {({ built_in, items }) => (
            <ul className="plain-list">
              {built_in.map((one) => (
                <li key={one.role}>
                  <span className="person">
                    <strong>{ROLE_NAMES[one.role] ?? one.role}</strong>
                    <span className="muted small">{sentence(one.description)}</span>
                  </span>
                  <span className="badge">built in</span>
                </li>
              ))}
              {items.map((one) => (
                <li key={one.id}>
                  <span className="person">
                    <strong>{one.name}</strong>
                    <span className="muted small">
                      {one.pages.map(pageLabel).join(", ") || "no page"};{" "}
                      {one.actions.map(actionLabel).join(", ").toLowerCase() || "only looking"}
                    </span>
                  </span>
                  {manages && (
                    <span className="table-actions">
                      <button
                        type="button"
                        className="text-button"
                        aria-label={`Change the role ${one.name}`}
                        onClick={() => setEditing(one)}
                      >
                        Change
                      </button>
                      <button
                        type="button"
                        className="text-button bad"
                        aria-label={`Delete the role ${one.name}`}
                        onClick={() => setRemoving(one)}
                      >
                        Delete
                      </button>
                    </span>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </section>
      <section className="card" aria-labelledby="matrix">
        <div className="card-head">
          <h2 id="matrix">Who may do what</h2>
        </div>
        <Loaded query={matrix}>
          {({ rows }) => (
            <Matrix
              rows={rows}
              name={(role) =>
                ROLE_NAMES[role] ?? roles.data?.items.find((one) => one.id === role)?.name ?? sentence(role)
              }
            />
          )}
        </Loaded>
      </section>
      <Explain />
      {editing && <RoleEditor role={editing === "new" ? null : editing} close={() => setEditing(null)} />}
      {removing && (
        <Confirm
          title={`Delete the role ${removing.name}?`}
          verb="Delete the role"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p>A role that members or invitations still have cannot be deleted: give them another first.</p>
        </Confirm>
      )}
    </>
  );
}
