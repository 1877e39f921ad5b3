import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { useAsked, useChange } from "../../api/changes";
import { saveFile } from "../../api/http";
import { admin } from "../../api/identity";
import { Confirm } from "../../components/Dialog";
import { Field, Problem, SelectField } from "../../components/form";
import { may, useKnownMe, useMyWorkspace } from "../../components/me";
import { chooseWorkspace } from "../../lib/workspaceChoice";
import { AdminSources } from "./AdminSources";

export function WorkspaceSettings() {
  const me = useKnownMe();
  return (
    <>
      <Rename />
      <AdminSources />
      {may(me, "own") && <Leave />}
      {may(me, "own") && <NewWorkspace />}
      {!may(me, "own") && <p className="muted small">Only owners export the whole workspace or delete it.</p>}
    </>
  );
}

function Rename() {
  const me = useKnownMe();
  const workspace = useMyWorkspace();
  const [name, setName] = useState(workspace.name);
  const save = useChange(() => admin.rename(name.trim()), ["session", "workspace"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const changed = name.trim() !== workspace.name;
  return (
    <section className="card" aria-labelledby="rename">
      <div className="card-head">
        <h2 id="rename">This workspace</h2>
        <span className="muted small">
          {workspace.region && `In region ${workspace.region} · `}
          <span className="mono">{workspace.id}</span>
        </span>
      </div>
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <Field
            label="Name"
            value={name}
            maxLength={100}
            required
            hint="Letters, digits, blanks, hyphens and dots."
            disabled={!may(me, "manage-settings")}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        {save.error && <Problem error={save.error} />}
        <div className="row">
          <button
            type="submit"
            className="control primary"
            disabled={!changed || save.isPending || !name.trim()}
          >
            Rename
          </button>
          <span role="status" className="muted small">
            {save.isSuccess && !changed ? "Renamed." : ""}
          </span>
        </div>
      </form>
    </section>
  );
}

function Leave() {
  const workspace = useMyWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const [atOnce, setAtOnce] = useState(false);
  const save = useChange(() => saveFile(admin.exportPath(), "bursar-workspace.zip"), []);
  const remove = async () => {
    const asked = await admin.delete(workspace.name, atOnce);
    const known = new URLSearchParams({ name: workspace.name });
    if (asked?.due_at) known.set("due", asked.due_at);
    chooseWorkspace(null);
    await navigate(`/leaving/${workspace.id}?${known}`);
    await client.resetQueries();
  };
  return (
    <section className="card danger-zone" aria-labelledby="leave">
      <div className="card-head">
        <h2 id="leave">Leaving</h2>
      </div>
      <ul className="plain-list">
        <li>
          <span className="person">
            <strong>Export everything</strong>
            <span className="muted small">
              Members, roles, teams, settings, sources and the record, as one file in open formats. Secrets
              are not in it.
            </span>
          </span>
          <button type="button" className="control" disabled={save.isPending} onClick={() => save.mutate()}>
            {save.isPending ? "Preparing …" : "Export"}
          </button>
        </li>
        <li>
          <span className="person">
            <strong>Delete the workspace</strong>
            <span className="muted small">
              Its key is destroyed first, then every byte; you get a signed certificate.
            </span>
          </span>
          <button type="button" className="control danger" onClick={() => setDeleting(true)}>
            Delete …
          </button>
        </li>
      </ul>
      {save.error && <Problem error={save.error} />}
      {deleting && (
        <Confirm
          title={`Delete ${workspace.name}?`}
          verb={atOnce ? "Delete at once" : "Delete after 30 days"}
          typed={workspace.name}
          act={remove}
          close={() => setDeleting(false)}
        >
          <ol className="steps">
            <li>
              <strong>Now:</strong> the door is shut. Nobody opens this workspace any more, and its API tokens
              stop working.{atOnce ? "" : " An owner can still take it back, for 30 days."}
            </li>
            <li>
              <strong>{atOnce ? "At once:" : "After 30 days:"}</strong> the workspace's key is destroyed. From
              then on nothing of it can be read, by anybody.
            </li>
            <li>
              <strong>Then:</strong> its backups and every byte are removed, and a signed certificate says
              what was destroyed, when, and what is kept until when.
            </li>
          </ol>
          <p>Your bills stay where your clouds deliver them; Bursar never wrote there.</p>
          <label className="check">
            <input type="checkbox" checked={atOnce} onChange={(event) => setAtOnce(event.target.checked)} />
            Skip the grace period. This cannot be taken back.
          </label>
        </Confirm>
      )}
    </section>
  );
}

/** Who may make another is a setting of the installation; the server says so when it refuses. */
function NewWorkspace() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const regions = useAsked("regions", admin.regions);
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState("");
  const known = regions.data?.items ?? [];
  const region = chosen || (known.find((one) => one.current) ?? known[0])?.name || "";
  const make = useChange(() => admin.addWorkspace({ name: name.trim(), region }), []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, {
      onSuccess: ({ id }) => {
        chooseWorkspace(id);
        void navigate("/", { replace: true });
        void client.resetQueries();
      },
    });
  };
  return (
    <details className="how-read">
      <summary>Make another workspace</summary>
      <form className="card stack" onSubmit={submit}>
        <p className="lead">
          It shares nothing with this one: its own members, keys, sources and record. You become its owner.
        </p>
        <div className="form-grid">
          <Field
            label="Name"
            value={name}
            maxLength={100}
            required
            onChange={(event) => setName(event.target.value)}
          />
          <SelectField
            label="Region"
            value={region}
            onChange={setChosen}
            hint="Everything of it stays there. It cannot be changed later."
          >
            {known.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </SelectField>
        </div>
        {make.error && <Problem error={make.error} />}
        <div>
          <button type="submit" className="control" disabled={make.isPending || !name.trim() || !region}>
            Make the workspace
          </button>
        </div>
      </form>
    </details>
  );
}
