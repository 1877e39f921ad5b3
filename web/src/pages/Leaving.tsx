import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useAsked, useChange } from "../api/changes";
import { admin } from "../api/identity";
import type { CertificateRow } from "../api/identityTypes";
import { Problem } from "../components/form";
import { Loaded } from "../components/Loaded";
import { downloadText } from "../lib/csv";
import { instantLabel } from "../lib/dates";
import { chooseWorkspace } from "../lib/workspaceChoice";

/**
 * After a workspace's deletion was asked for nobody opens it any more, so what can still be done about it has a
 * page of its own. Which workspace, its name and the day are in the address, to come back to.
 */
export function Leaving() {
  const { id = "" } = useParams();
  const [search] = useSearchParams();
  const name = search.get("name") ?? "The workspace";
  const due = search.get("due");
  const client = useQueryClient();
  const navigate = useNavigate();
  const [now] = useState(() => Date.now());
  const keep = useChange(() => admin.keep(id), []);
  const late = due !== null && Date.parse(due) <= now;
  useEffect(() => {
    document.title = `${name} is being deleted · Bursar`;
  }, [name]);
  const keepIt = () =>
    keep.mutate(undefined, {
      onSuccess: () => {
        chooseWorkspace(id);
        void navigate("/admin/workspace", { replace: true });
        void client.resetQueries();
      },
    });
  return (
    <div className="page">
      <div className="settings">
        <h1>{name} is being deleted</h1>
        <section className="card stack" aria-label="What happens now">
          {late ? (
            <p>
              Its key is being destroyed, then every byte of it. When that is done, a signed certificate is
              listed below.
            </p>
          ) : (
            <>
              <p>
                Nobody opens it any more. {due ? `On ${instantLabel(due)}` : "After the grace period"} its key
                is destroyed, then every byte of it, and a signed certificate is listed below. Until then one
                of its owners can keep it.
              </p>
              {keep.error && <Problem error={keep.error} />}
              <div className="row">
                <button type="button" className="control primary" disabled={keep.isPending} onClick={keepIt}>
                  Keep it after all
                </button>
                <span className="muted small">The address of this page leads back here.</span>
              </div>
            </>
          )}
        </section>
        <Certificates />
        <div>
          <Link to="/">To the other workspaces</Link>
        </div>
      </div>
    </div>
  );
}

function Certificates() {
  const certificates = useAsked("certificates", admin.certificates);
  return (
    <section className="card" aria-labelledby="certificates">
      <div className="card-head">
        <h2 id="certificates">Certificates of deletion</h2>
      </div>
      <Loaded query={certificates}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="lead">None yet. A certificate is signed when the last byte is gone.</p>
          ) : (
            <ul className="plain-list">
              {items.map((one) => (
                <li key={one.id}>
                  <span className="person">
                    <span className="mono small break">{one.id}</span>
                    <span className="muted small">
                      issued {instantLabel(one.issued_at)}
                      {one.workspace ? `, of ${one.workspace}` : ""}
                    </span>
                  </span>
                  <button type="button" className="text-button" onClick={() => saveCertificate(one)}>
                    Save
                    <span className="visually-hidden"> the certificate {one.id}</span>
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}

/** The signed text is saved byte for byte: a space more, and the signature no longer fits. */
function saveCertificate(one: CertificateRow): void {
  downloadText(
    `${one.id}.json`,
    typeof one.certificate === "string" ? one.certificate : JSON.stringify(one, null, 2),
  );
  if (typeof one.signature === "string") downloadText(`${one.id}.sig.txt`, one.signature);
}
