import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { CustomRole } from "../../api/identityTypes";
import { Dialog } from "../../components/Dialog";
import { Checks, Field, Problem } from "../../components/form";
import { actionOptions, homelessAction, pageOptions } from "./words";

export function RoleEditor({ role, close }: { role: CustomRole | null; close: () => void }) {
  const [name, setName] = useState(role?.name ?? "");
  const [pages, setPages] = useState(role?.pages ?? ["dashboard"]);
  const [actions, setActions] = useState((role?.actions ?? []).filter((one) => one !== "view"));
  const save = useChange(async () => {
    const body = { name: name.trim(), pages, actions };
    if (role) await admin.changeRole(role.id, body);
    else await admin.addRole(body);
  }, ["roles", "matrix", "session", "members"]);
  const homeless = homelessAction(pages, actions);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: close });
  };
  return (
    <Dialog title={role ? `The role ${role.name}` : "A role of your own"} close={close} wide>
      <form className="stack" onSubmit={submit}>
        <Field
          label="Name"
          value={name}
          maxLength={64}
          required
          onChange={(event) => setName(event.target.value)}
        />
        <Checks legend="Pages it opens" options={pageOptions} value={pages} onChange={setPages} />
        <Checks
          legend="Actions it lets people do"
          hint="Looking comes with the page. What is the owners' alone cannot be given."
          options={actionOptions}
          value={actions}
          onChange={setActions}
        />
        {homeless && <p className="hint bad">{homeless}</p>}
        {role && <p className="muted small">Everybody who has this role is affected at once.</p>}
        {save.error && <Problem error={save.error} />}
        <div className="row end">
          <button
            type="submit"
            className="control primary"
            disabled={save.isPending || !name.trim() || pages.length === 0 || homeless !== null}
          >
            {role ? "Save" : "Make the role"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
