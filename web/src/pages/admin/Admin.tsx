import { useEffect } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";
import { opens, roleLabel, useMe } from "../../components/me";
import { Empty } from "../../components/states";

export const TABS = [
  { to: "members", label: "Members" },
  { to: "roles", label: "Roles" },
  { to: "teams", label: "Teams and scopes" },
  { to: "tokens", label: "API tokens" },
  { to: "sign-in", label: "Sign-in" },
  { to: "keys", label: "Keys and regions" },
  { to: "backups", label: "Backups" },
  { to: "record", label: "Record" },
  { to: "webhooks", label: "Webhooks" },
  { to: "alerts", label: "Alert rules" },
  { to: "staff", label: "Staff access" },
  { to: "workspace", label: "Workspace" },
];

/** Everything about who may do what, where it is kept, and how to leave. Each part has its own address. */
export function Admin() {
  const me = useMe();
  const { pathname } = useLocation();
  const tab = TABS.find((one) => pathname === `/admin/${one.to}`)?.label;
  useEffect(() => {
    document.title = `${tab ? `${tab} · ` : ""}Administration · Bursar`;
  }, [tab]);
  if (!me || !opens(me, "admin"))
    return (
      <div className="page">
        <div className="card">
          <Empty
            only
            title="Administration is not among your pages"
            reason={
              me
                ? `Your role here is ${roleLabel(me.workspace?.role ?? "", me.workspace?.role_name)}. Members, teams, tokens and keys are an administrator's.`
                : "This version of the server has no accounts yet."
            }
          >
            <Link to="/">To the dashboard</Link>
          </Empty>
        </div>
      </div>
    );
  return (
    <div className="page admin-page">
      <div className="page-head">
        <h1>Administration</h1>
        <span className="muted small">{me.workspace?.name}</span>
      </div>
      <div className="admin-grid">
        <nav className="side-nav" aria-label="Administration">
          {TABS.map((one) => (
            <NavLink key={one.to} to={one.to}>
              {one.label}
            </NavLink>
          ))}
        </nav>
        <div className="admin-main stack loose">
          <Outlet />
        </div>
      </div>
    </div>
  );
}
