import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate, useSearchParams } from "react-router";
import { ApiError, api } from "../api/client";
import { useWorkspace } from "../api/queries";
import { useShortcuts } from "../lib/shortcuts";
import { SignIn } from "../pages/SignIn";
import { HelpIcon } from "./icons";
import { Progress } from "./Progress";
import { Refreshing } from "./Refreshing";
import { SchemeToggle } from "./SchemeToggle";
import { Shortcuts } from "./Shortcuts";
import { Failure } from "./states";
import { WorkspaceContext } from "./workspace";

const PAGES = [
  { to: "/", label: "Dashboard" },
  { to: "/explore", label: "Explorer" },
  { to: "/sql", label: "SQL" },
  { to: "/sources", label: "Sources" },
];

/** Header, navigation and the question whether anybody is signed in. */
export function Shell() {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const location = useLocation();
  const [search] = useSearchParams();
  const [help, setHelp] = useState(false);
  const wasSignedIn = useRef(false);

  useShortcuts({
    "g d": () => navigate("/"),
    "g e": () => navigate("/explore"),
    "g q": () => navigate("/sql"),
    "g s": () => navigate("/sources"),
    "?": () => setHelp(true),
    "/": () => {
      const filter = document.getElementById("filter-input");
      if (filter) filter.focus();
      else navigate("/explore#filter");
    },
  });

  const page = PAGES.find((one) => one.to === location.pathname)?.label;
  useEffect(() => {
    document.title = page ? `${page} · Bursar` : "Bursar";
  }, [page]);

  const error = workspace.error;
  const signedOut = error instanceof ApiError && error.status === 401;
  useEffect(() => {
    if (workspace.isSuccess) wasSignedIn.current = true;
  }, [workspace.isSuccess]);

  if (signedOut)
    return (
      <SignIn
        ended={wasSignedIn.current}
        spent={search.get("reason") === "link"}
        retry={() => void workspace.refetch()}
      />
    );

  const signOut = async () => {
    await api.logout().catch(() => undefined);
    wasSignedIn.current = false;
    await client.resetQueries();
  };

  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="header">
        <Progress />
        <div className="header-inner">
          <Link className="brand" to="/">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            Bursar
            <span className="workspace clip">{workspace.data?.name}</span>
          </Link>
          <nav className="nav" aria-label="Pages">
            {PAGES.map((one) => (
              <NavLink key={one.to} to={one.to} end={one.to === "/"}>
                {one.label}
              </NavLink>
            ))}
          </nav>
          <div className="header-end">
            <SchemeToggle />
            <button
              type="button"
              className="icon-button"
              aria-label="Keyboard shortcuts"
              onClick={() => setHelp(true)}
            >
              <HelpIcon />
            </button>
            <button type="button" className="text-button small" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {workspace.data ? (
          <WorkspaceContext value={workspace.data}>
            <Refreshing refresh={workspace.data.refresh ?? null} />
            <Outlet />
          </WorkspaceContext>
        ) : (
          <div className="page">
            {error && <Failure error={error} retry={() => void workspace.refetch()} />}
          </div>
        )}
      </main>
      {help && <Shortcuts close={() => setHelp(false)} />}
    </>
  );
}
