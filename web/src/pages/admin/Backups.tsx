import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { Backup } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe, useMyWorkspace } from "../../components/me";
import { Empty } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { moment } from "../../lib/moments";
import { bytes } from "../../lib/money";

export function Backups() {
  const me = useKnownMe();
  const workspace = useMyWorkspace();
  const backups = useAsked("backups", admin.backups);
  const [restoring, setRestoring] = useState<Backup | null>(null);
  const take = useChange(() => admin.addBackup(), ["backups"]);
  const verify = useChange((id: string) => admin.verifyBackup(id), ["backups"]);
  const restore = useChange(
    (id: string) => admin.restoreBackup(id),
    ["backups", "members", "teams", "tokens"],
  );
  const owns = may(me, "own");
  const now = Date.now();
  const failed = take.error ?? verify.error;
  const takeNow = (
    <button type="button" className="control primary" disabled={take.isPending} onClick={() => take.mutate()}>
      {take.isPending ? "Backing up …" : "Back up now"}
    </button>
  );
  return (
    <section className="card" aria-labelledby="backups">
      <div className="card-head">
        <h2 id="backups">Backups</h2>
        {(backups.data?.items.length ?? 0) > 0 && takeNow}
      </div>
      <p className="lead">
        A backup is taken while Bursar runs, encrypted with this workspace's key, and read back before it
        counts. Bills are not in it: they stay where your clouds deliver them.
      </p>
      {failed && <Problem error={failed} />}
      <Loaded query={backups}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No backup yet" reason="Take the first one now; the schedule takes the next.">
              {takeNow}
            </Empty>
          ) : (
            <ul className="plain-list">
              {items.map((one) => (
                <li key={one.id}>
                  <span className="person">
                    <strong className="num">{instantLabel(one.taken_at)}</strong>
                    <span className="muted small">
                      {bytes(one.size_bytes)},{" "}
                      {one.verified_at ? `read back ${moment(one.verified_at, now)}` : "not read back yet"}
                      {one.expires_at
                        ? `, kept until ${instantLabel(one.expires_at).replace(/,.*/, "")}`
                        : ""}
                    </span>
                  </span>
                  <span className="table-actions">
                    <button
                      type="button"
                      className="text-button"
                      aria-label={`Verify the backup of ${instantLabel(one.taken_at)}`}
                      disabled={verify.isPending}
                      onClick={() => verify.mutate(one.id)}
                    >
                      Verify
                    </button>
                    {owns && (
                      <button
                        type="button"
                        className="text-button bad"
                        aria-label={`Restore the backup of ${instantLabel(one.taken_at)}`}
                        onClick={() => setRestoring(one)}
                      >
                        Restore …
                      </button>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {restoring && (
        <Confirm
          title="Restore this backup?"
          verb="Restore"
          typed={workspace.name}
          act={() => restore.mutateAsync(restoring.id)}
          close={() => setRestoring(null)}
        >
          <p>
            Members, roles, teams, tokens and settings of this workspace go back to how they were on{" "}
            {instantLabel(restoring.taken_at)}. Later changes are lost: to be able to come back, back up
            first.
          </p>
          <p>What was deleted or revoked since stays so. If anything fails, nothing changes.</p>
        </Confirm>
      )}
    </section>
  );
}
