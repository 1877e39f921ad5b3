import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate } from "react-router";
import { ApiError } from "../api/http";
import { auth } from "../api/identity";
import type { Me } from "../api/identityTypes";
import { useWorkspace } from "../api/queries";
import { useSession } from "../api/session";
import { useShortcuts } from "../lib/shortcuts";
import { chooseWorkspace } from "../lib/workspaceChoice";
import { SignIn } from "../pages/sign-in/SignIn";
import { AccountMenu } from "./AccountMenu";
import { InboxBell } from "./InboxBell";
import { HelpIcon } from "./icons";
import { MeContext, opens } from "./me";
import { NoWorkspace } from "./NoWorkspace";
import { Progress } from "./Progress";
import { ADMIN, GROUPS, PAGES } from "./pages";
import { SchemeToggle } from "./SchemeToggle";
import { Shortcuts } from "./Shortcuts";
import { Failure } from "./states";
import { WorkspaceSwitcher } from "./WorkspaceSwitcher";

/** Header, navigation and the question whether anybody is signed in. */
export function Shell() {
  const session = useSession();
  const client = useQueryClient();
  const location = useLocation();
  const wasSignedIn = useRef(false);
  const me = session.data?.me ?? null;

  const page = [...PAGES, ADMIN].find((one) =>
    one.to === "/" ? location.pathname === "/" : location.pathname.startsWith(one.to),
  )?.label;
  useEffect(() => {
    document.title = page ? `${page} · Bursar` : "Bursar";
  }, [page]);

  const { error, isSuccess } = session;
  const signedOut = error instanceof ApiError && error.status === 401;
  useEffect(() => {
    if (isSuccess && !signedOut) wasSignedIn.current = true;
  }, [isSuccess, signedOut]);
  // What one person saw is not kept for the next who signs in here.
  useEffect(() => {
    if (signedOut)
      client.removeQueries({
        predicate: (query) => !["session", "methods"].includes(String(query.queryKey[0])),
      });
  }, [signedOut, client]);
  const look = useCallback(() => void client.refetchQueries({ queryKey: ["session"] }), [client]);
  if (signedOut) return <SignIn ended={wasSignedIn.current} done={look} />;

  const leave = async () => {
    wasSignedIn.current = false;
    chooseWorkspace(null);
    await client.resetQueries();
  };
  return (
    <MeContext value={me}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header me={me} known={session.isSuccess} leave={leave} />
      <main id="main" tabIndex={-1}>
        {session.data ? (
          me && !me.workspace && !/^\/(account|leaving)\b/.test(location.pathname) ? (
            <NoWorkspace me={me} />
          ) : (
            <Outlet />
          )
        ) : (
          <div className="page">
            {error && <Failure error={error} retry={() => void session.refetch()} />}
          </div>
        )}
      </main>
    </MeContext>
  );
}

interface HeaderProps {
  me: Me | null;
  known: boolean;
  leave: () => Promise<void>;
}

function Header({ me, known, leave }: HeaderProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [help, setHelp] = useState(false);
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the row of pages scrolls sideways: the one that is open is brought into it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page or another role moves the mark
  useEffect(() => {
    const row = nav.current;
    const link = row?.querySelector<HTMLElement>("[aria-current=page]");
    if (row && link)
      row.scrollLeft = link.offsetLeft - row.offsetLeft - (row.clientWidth - link.clientWidth) / 2;
  }, [pathname, known, me]);
  const groups = (known ? [...GROUPS, ...(me ? [{ label: "Admin", pages: [ADMIN] }] : [])] : [])
    .map((group) => ({ ...group, pages: group.pages.filter((one) => opens(me, one.page)) }))
    .filter((group) => group.pages.length > 0);
  const jumps = Object.fromEntries(
    PAGES.map((one) => [
      `g ${one.key}`,
      () => {
        if (opens(me, one.page)) void navigate(one.to);
      },
    ]),
  );

  useShortcuts({
    ...jumps,
    "g i": () => {
      if (me?.workspace) void navigate("/inbox");
    },
    "g a": () => {
      if (me && opens(me, "admin")) void navigate("/admin");
    },
    "g m": () => {
      if (me) void navigate("/account");
    },
    "?": () => setHelp(true),
    "/": () => {
      const filter = document.getElementById("filter-input");
      if (filter) filter.focus();
      else if (opens(me, "explorer")) void navigate("/explore#filter");
    },
  });

  const choose = (id: string) => {
    chooseWorkspace(id);
    void navigate(pathname, { replace: true });
    void client.resetQueries();
  };
  return (
    <header className="header">
      <Progress />
      <div className="header-inner">
        <Link className="brand" to="/">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          Bursar
        </Link>
        {me ? <WorkspaceSwitcher me={me} choose={choose} /> : known && <LegacyName />}
        <div className="header-end">
          {me?.workspace && <InboxBell />}
          <SchemeToggle />
          <button
            type="button"
            className="icon-button keys-button"
            aria-label="Keyboard shortcuts"
            onClick={() => setHelp(true)}
          >
            <HelpIcon />
          </button>
          {me ? (
            <AccountMenu me={me} signedOut={leave} />
          ) : (
            <button
              type="button"
              className="text-button small"
              onClick={() =>
                void auth
                  .logout()
                  .catch(() => undefined)
                  .then(leave)
              }
            >
              Sign out
            </button>
          )}
        </div>
      </div>
      {groups.length > 0 && (
        <nav ref={nav} className="nav" aria-label="Pages">
          {groups.map((group) => (
            <div key={group.label} className="nav-group">
              {group.pages.map((one) => (
                <NavLink key={one.to} to={one.to} end={one.to === "/"}>
                  {one.label}
                </NavLink>
              ))}
            </div>
          ))}
        </nav>
      )}
      {help && <Shortcuts close={() => setHelp(false)} />}
    </header>
  );
}

/** A server without accounts says the workspace's name in its own answer. */
function LegacyName() {
  const workspace = useWorkspace();
  return <span className="workspace-name clip">{workspace.data?.name}</span>;
}
