import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import { useSources } from "../../api/queries";
import type { Source } from "../../api/types";
import { Confirm } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe } from "../../components/me";
import { plural } from "../../lib/money";

const CHANGED = ["sources", "workspace", "deliveries", "dashboard", "cost", "dimensions", "values"];

/** Where this workspace reads its bills. */
export function AdminSources() {
  const me = useKnownMe();
  const sources = useSources();
  const [location, setLocation] = useState("");
  const [removing, setRemoving] = useState<Source | null>(null);
  const add = useChange(() => admin.addSource({ location: location.trim() }), CHANGED);
  const remove = useChange((id: string) => admin.removeSource(id), CHANGED);
  const manages = may(me, "manage-sources");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setLocation("") });
  };
  return (
    <section className="card" aria-labelledby="admin-sources">
      <div className="card-head">
        <h2 id="admin-sources">Sources</h2>
      </div>
      <Loaded query={sources}>
        {(found) => (
          <ul className="plain-list">
            {found.sources.map((one) => (
              <li key={one.id}>
                <span className="person">
                  <span className="mono small break">{one.location}</span>
                  <span className="muted small">
                    {one.providers.join(", ") || "nothing recognised yet"},{" "}
                    {plural(one.deliveries, "delivery", "deliveries")}
                  </span>
                </span>
                {manages && (
                  <button
                    type="button"
                    className="text-button bad"
                    aria-label={`Remove the source ${one.location}`}
                    onClick={() => setRemoving(one)}
                  >
                    Remove
                  </button>
                )}
              </li>
            ))}
            {found.sources.length === 0 && (
              <li className="muted">
                None yet. Add the folder or bucket into which a cloud delivers its bills.
              </li>
            )}
          </ul>
        )}
      </Loaded>
      {manages && (
        <form className="stack" onSubmit={submit}>
          <Field
            label="Add a source"
            value={location}
            required
            spellCheck={false}
            placeholder="s3://my-bucket/exports/focus"
            hint="A folder of the server, or s3://, az://, abfss:// or gs://. Bursar lists and reads there, and never writes."
            onChange={(event) => setLocation(event.target.value)}
          />
          {add.error && <Problem error={add.error} />}
          <div className="row">
            <button type="submit" className="control" disabled={add.isPending || !location.trim()}>
              {add.isPending ? "Adding …" : "Add"}
            </button>
            <span role="status" className="muted small">
              {add.isSuccess && !location ? "Added; it is being looked through." : ""}
            </span>
          </div>
        </form>
      )}
      {removing && (
        <Confirm
          title="Remove this source?"
          verb="Remove the source"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p className="mono small break">{removing.location}</p>
          <p>
            Its charges leave every figure at once, and what Bursar derived from them is removed. The bills
            themselves stay where they lie. Adding the source again brings them back.
          </p>
        </Confirm>
      )}
    </section>
  );
}
