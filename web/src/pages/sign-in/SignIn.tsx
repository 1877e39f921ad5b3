import { type ReactNode, useEffect, useState } from "react";
import { useLocation, useSearchParams } from "react-router";
import { useMethods } from "../../api/session";
import { Command } from "../../components/states";
import { ForgotPassword } from "./ForgotPassword";
import { PasskeySignIn } from "./PasskeySignIn";
import { PasswordSignIn } from "./PasswordSignIn";

interface Props {
  /** Somebody was signed in a moment ago. */
  ended: boolean;
  done: () => void;
}

/**
 * Shown in place of any page while nobody is signed in. The address stays as it was, so signing in here or in
 * another window brings the page back.
 */
export function SignIn({ ended, done }: Props) {
  const methods = useMethods();
  const [search] = useSearchParams();
  const [forgot, setForgot] = useState(false);
  const linkOnly = methods.isSuccess && (methods.data === null || methods.data.first_owner);

  useEffect(() => {
    document.title = "Sign in · Bursar";
    const onReturn = () => {
      if (document.visibilityState === "visible") done();
    };
    document.addEventListener("visibilitychange", onReturn);
    // A link may be opened in another window of this browser.
    const again = linkOnly ? setInterval(done, 3_000) : undefined;
    return () => {
      document.removeEventListener("visibilitychange", onReturn);
      clearInterval(again);
    };
  }, [done, linkOnly]);

  if (methods.isPending) return <Frame title="Sign in">{null}</Frame>;
  if (!methods.data)
    return (
      <Frame title={ended ? "Your session has ended" : "Sign in with a one-time link"}>
        <Reason ended={ended} />
        <p>
          Bursar prints a sign-in link in the terminal where it starts. Open that link in this browser; it
          works once. There is no password to remember or to leak.
        </p>
        <LinkHelp done={done} />
      </Frame>
    );

  const { installation, password, passkeys, providers, first_owner: firstOwner } = methods.data;
  const where = installation?.name;
  if (firstOwner)
    return (
      <Frame title="Become the first owner">
        <Reason ended={ended} />
        <p>
          Nobody owns this installation yet. The terminal in which Bursar started shows a link; whoever opens
          it becomes the owner and can invite everybody else.
        </p>
        <LinkHelp done={done} />
      </Frame>
    );
  if (forgot) return <ForgotPassword back={() => setForgot(false)} />;
  const passkey = passkeys && <PasskeySignIn done={done} />;
  return (
    <Frame title={ended ? "Your session has ended" : where ? `Sign in to ${where}` : "Sign in"}>
      <Reason ended={ended} />
      {password && <PasswordSignIn done={done} forgot={() => setForgot(true)} />}
      {password && (passkeys || providers.length > 0) && <p className="or">or</p>}
      {(passkeys || providers.length > 0) && (
        <div className="stack ways">
          {passkey}
          {providers.map((one) => (
            <ProviderLink key={one.id} name={one.name} start={one.start} />
          ))}
        </div>
      )}
      <details className="how-read" open={!password && !passkeys && providers.length === 0}>
        <summary>Sign in with a one-time link</summary>
        <div className="stack add-source">
          <p>
            For whoever runs Bursar and has no other way in. A link signs in the owner, works once and for
            fifteen minutes.
          </p>
          <LinkHelp done={done} />
        </div>
      </details>
      <p className="muted small">
        {search.get("reason") === "invitation" ? "" : "New here? An administrator of Bursar can invite you."}
      </p>
    </Frame>
  );
}

export function Frame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="sign-in">
      <div className="card">
        <div className="brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          Bursar
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}

/** The provider sends the browser back to where it was. */
function ProviderLink({ name, start }: { name: string; start: string }) {
  const { pathname, search, hash } = useLocation();
  const back = pathname === "/sign-in" ? "/" : `${pathname}${search}${hash}`;
  return (
    <a className="control wide-control" href={`${start}?return=${encodeURIComponent(back)}`}>
      Continue with {name}
    </a>
  );
}

const REASONS: Record<string, { title: string; text: string }> = {
  link: {
    title: "That link no longer works.",
    text: "A link works once and for fifteen minutes. This one was used already, or is too old.",
  },
  oidc: {
    title: "The provider did not sign you in.",
    text: "Try once more. If it happens again, tell an administrator what stands here.",
  },
  unknown: {
    title: "No account here belongs to that sign-in.",
    text: "Ask an administrator for an invitation, and accept it with the same provider.",
  },
  "signed-out": { title: "You are signed out.", text: "" },
  expired: {
    title: "That took too long.",
    text: "Start again; a sign-in has to be finished in a few minutes.",
  },
};

/** Why somebody stands before this page, as the address says it. The detail is the server's, shown as text. */
function Reason({ ended }: { ended: boolean }) {
  const [search] = useSearchParams();
  const reason = search.get("reason");
  const detail = search.get("detail");
  if (ended) return <p>Nothing is lost: sign in and this page comes back as it was.</p>;
  if (!reason) return null;
  const known = REASONS[reason];
  return (
    <div className={reason === "signed-out" ? "note" : "note warn"} role="alert">
      <strong>{known?.title ?? "You could not be signed in."}</strong> {known?.text}
      {detail && <p className="small">It said: {detail.slice(0, 400)}</p>}
    </div>
  );
}

function LinkHelp({ done }: { done: () => void }) {
  return (
    <>
      <p>For a new link, on the machine where it runs:</p>
      <Command text="pkill -USR1 -x bursar" />
      <p>
        The link appears in the terminal of Bursar. Starting it again with <code>bursar serve</code> prints
        one too.
      </p>
      <p className="muted small">
        To look around with made-up bills, run <code>bursar demo</code>. This page notices by itself when you
        are signed in.
      </p>
      <div>
        <button type="button" className="text-button" onClick={done}>
          I have opened the link
        </button>
      </div>
    </>
  );
}
