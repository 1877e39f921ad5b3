import { Link, Navigate, Outlet, useLocation } from "react-router";
import { useWorkspace } from "../api/queries";
import { scopeSentence } from "../lib/scope";
import { opens, roleLabel, useMe } from "./me";
import { PAGES } from "./pages";
import { Refreshing } from "./Refreshing";
import { Empty, Failure } from "./states";
import { WorkspaceContext } from "./workspace";

/** Around every page of costs: the workspace it is about, and what part of it is seen. */
export function Charges() {
  const me = useMe();
  const workspace = useWorkspace();
  const { pathname } = useLocation();
  const entry = PAGES.find((one) => one.to === pathname);
  if (entry && !opens(me, entry.page)) return <Closed label={entry.label} root={entry.to === "/"} />;
  if (!workspace.data)
    return (
      <div className="page">
        {workspace.error && <Failure error={workspace.error} retry={() => void workspace.refetch()} />}
      </div>
    );
  return (
    <WorkspaceContext value={workspace.data}>
      <Refreshing refresh={workspace.data.refresh ?? null} />
      <Narrowed />
      <Outlet />
    </WorkspaceContext>
  );
}

/** A page that the role does not open. The front page gives way to the first that it does. */
function Closed({ label, root }: { label: string; root: boolean }) {
  const me = useMe();
  const first = PAGES.find((one) => opens(me, one.page));
  if (root && first) return <Navigate to={first.to} replace />;
  const role = roleLabel(me?.workspace?.role ?? "", me?.workspace?.role_name);
  return (
    <div className="page">
      <div className="card">
        <Empty
          only
          title={`${label} is not among your pages`}
          reason={`Your role here is ${role}. An administrator of this workspace can give you one that opens ${label}.`}
        >
          {first && <Link to={first.to}>To {first.label}</Link>}
        </Empty>
      </div>
    </div>
  );
}

/** Figures that leave something out must say so. */
function Narrowed() {
  const workspace = useMe()?.workspace;
  const sentence = workspace ? scopeSentence(workspace.scope) : null;
  if (sentence === null) return null;
  const teams = workspace?.teams.map((one) => one.name).join(", ");
  return (
    <section className="narrowed" aria-label="What you see">
      {sentence === "" ? (
        <span>
          <strong>You see no charges.</strong> You are in no team with a scope. Ask an administrator to add
          you to one.
        </span>
      ) : (
        <span>
          <strong>You see:</strong> {sentence}.{" "}
          <span className="muted">
            {teams ? `That is the scope of ${teams}; ` : ""}every figure, export and SQL answer keeps to it.
          </span>
        </span>
      )}
    </section>
  );
}
