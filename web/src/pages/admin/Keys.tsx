import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import { Confirm } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe } from "../../components/me";
import { instantLabel } from "../../lib/dates";
import { moment } from "../../lib/moments";

const PURPOSES: Record<string, string> = {
  fields: "single values, such as names and addresses",
  files: "files: sums, evidence, backups",
  credentials: "cloud credentials",
};

export function Keys() {
  const me = useKnownMe();
  const keys = useAsked("keys", admin.keys);
  const regions = useAsked("regions", admin.regions);
  const [rotating, setRotating] = useState(false);
  const rotate = useChange(() => admin.rotateKeys(), ["keys"]);
  const now = Date.now();
  return (
    <>
      <section className="card" aria-labelledby="keys">
        <div className="card-head">
          <h2 id="keys">Keys</h2>
          {may(me, "manage-keys") && (
            <button type="button" className="control" onClick={() => setRotating(true)}>
              Rotate the workspace's keys
            </button>
          )}
        </div>
        <div className="stack">
          <p className="lead">
            Each key wraps the next. Without the master key nothing stored for this workspace can be read, not
            by whoever copies the disk either.
          </p>
          <Loaded query={keys}>
            {(found) => (
              <>
                <ol className="chain">
                  <li>
                    <strong>Master key</strong>
                    <span className="mono small">{found.master.id}</span>
                    <br />
                    <span className="muted small">{found.master.origin}</span>
                  </li>
                  <li>
                    <strong>Region {found.region.name}</strong>
                    <span className="muted small">
                      version {found.region.version}, since {instantLabel(found.region.created_at)}
                    </span>
                  </li>
                  <li>
                    <strong>This workspace</strong>
                    <span className="muted small">
                      version {found.workspace.version}, made {moment(found.workspace.created_at, now)}
                    </span>
                  </li>
                </ol>
                <ul className="plain-list">
                  {found.data_keys.map((one) => (
                    <li key={`${one.purpose} ${one.version}`}>
                      <span>
                        <strong>{one.purpose}</strong>{" "}
                        <span className="muted small">{PURPOSES[one.purpose] ?? ""}</span>
                      </span>
                      <span className="muted small">
                        version {one.version}, made {moment(one.created_at, now)}
                      </span>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </Loaded>
          <p className="muted small">
            The master and region keys are rotated by whoever runs Bursar: <code>bursar keys rotate</code>.
          </p>
          <p role="status" className="small">
            {rotate.isSuccess ? "New keys are in use. What was sealed before is being sealed anew." : ""}
          </p>
        </div>
      </section>
      <section className="card" aria-labelledby="regions">
        <div className="card-head">
          <h2 id="regions">Region</h2>
        </div>
        <p className="lead">
          Everything of this workspace lies in one region, backups and temporary files included. It was chosen
          when the workspace was made and cannot change.
        </p>
        <Loaded query={regions}>
          {({ items }) => (
            <ul className="plain-list">
              {items.map((one) => (
                <li key={one.name}>
                  <span className={one.current ? "" : "muted"}>{one.name}</span>
                  {one.current && <span className="badge good">this workspace</span>}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </section>
      {rotating && (
        <Confirm
          title="Rotate the workspace's keys?"
          verb="Rotate"
          danger={false}
          act={() => rotate.mutateAsync()}
          close={() => setRotating(false)}
        >
          <p>
            New keys are made and used from now on; what is sealed with the old ones is sealed anew in the
            background while everything goes on working. If it is interrupted it resumes by itself.
          </p>
          <p>Older backups can still be opened with the keys that they name.</p>
        </Confirm>
      )}
    </>
  );
}
