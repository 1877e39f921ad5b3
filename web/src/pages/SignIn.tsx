import { useEffect } from "react";
import { Command } from "../components/states";

/**
 * Shown in place of any page while nobody is signed in. The address stays as it was, so opening a link in
 * this or another window brings the page back.
 */
export function SignIn({ ended, spent, retry }: { ended: boolean; spent: boolean; retry: () => void }) {
  useEffect(() => {
    document.title = "Sign in · Bursar";
    const onReturn = () => {
      if (document.visibilityState === "visible") retry();
    };
    document.addEventListener("visibilitychange", onReturn);
    return () => document.removeEventListener("visibilitychange", onReturn);
  }, [retry]);

  return (
    <main className="sign-in">
      <div className="card">
        <div className="brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          Bursar
        </div>
        <h1>
          {ended
            ? "Your session has ended"
            : spent
              ? "That link no longer works"
              : "Sign in with a one-time link"}
        </h1>
        {spent && !ended && (
          <p>A link works once and for fifteen minutes. This one was used already, or is too old.</p>
        )}
        {ended && <p>Nothing is lost: open a new link and this page comes back as it was.</p>}
        <p>
          Bursar prints a sign-in link in the terminal where it starts. Open that link in this browser; it
          works once. There is no password to remember or to leak.
        </p>
        <p>For a new link, on the machine where it runs:</p>
        <Command text="pkill -USR1 -x bursar" />
        <p>
          The link appears in the terminal of Bursar. Starting it again with <code>bursar serve</code> prints
          one too.
        </p>
        <p className="muted small">
          To look around with made-up bills, run <code>bursar demo</code>. This page notices by itself when
          you are signed in.
        </p>
        <div>
          <button type="button" className="text-button" onClick={retry}>
            I have opened the link
          </button>
        </div>
      </div>
    </main>
  );
}
