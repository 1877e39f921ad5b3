import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { ApiError, isMissing } from "../../api/http";
import { auth } from "../../api/identity";
import type { InvitationAsked } from "../../api/identityTypes";
import { useSession } from "../../api/session";
import { Field, PasswordField, Problem } from "../../components/form";
import { Failure } from "../../components/states";
import { moment } from "../../lib/moments";
import { longEnough, passwordHint } from "../../lib/passwords";
import { Frame } from "./SignIn";

/** Where the links of invitations and password resets lead. */
export function Welcome() {
  const [search] = useSearchParams();
  const token = search.get("token") ?? "";
  const invitation = useQuery({
    queryKey: ["invitation-asked", token],
    queryFn: async ({ signal }) => {
      try {
        return await auth.invitation(token, signal);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    enabled: token !== "" && search.get("purpose") !== "reset",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    document.title = "Welcome · Bursar";
  }, []);

  if (token === "")
    return <Spent text="The address has no token in it. Open the link as it was sent to you." />;
  if (search.get("purpose") === "reset") return <NewPassword token={token} />;
  if (invitation.isPending) return <Frame title="Welcome">{null}</Frame>;
  if (invitation.error)
    return (
      <Frame title="Welcome">
        <Failure error={invitation.error} retry={() => void invitation.refetch()} />
      </Frame>
    );
  if (invitation.data) return <Accept token={token} asked={invitation.data} />;
  if (search.get("purpose") === "invitation")
    return (
      <Spent text="This invitation was accepted already, was taken back, or is too old. Ask for a new one." />
    );
  return <NewPassword token={token} />;
}

function Spent({ text }: { text: string }) {
  return (
    <Frame title="That link no longer works">
      <p>{text}</p>
      <div>
        <Link to="/">To the sign-in page</Link>
      </div>
    </Frame>
  );
}

const ROLES: Record<string, string> = {
  viewer: "a viewer",
  analyst: "an analyst",
  operator: "an operator",
  admin: "an administrator",
};

function Accept({ token, asked }: { token: string; asked: InvitationAsked }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const signedInAs = session.data?.me?.account;
  const mine = signedInAs?.email?.toLowerCase() === asked.email.toLowerCase();
  const accept = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await auth.acceptInvitation({
        token,
        ...(asked.account_exists ? {} : { display_name: name.trim() }),
        ...(mine ? {} : { password }),
      });
      await navigate("/", { replace: true });
      await client.resetQueries();
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      setBusy(false);
    }
  };
  return (
    <Frame title={`Join ${asked.workspace.name}`}>
      <p>
        You are invited as {ROLES[asked.role] ?? asked.role}, with the address <strong>{asked.email}</strong>.
        The invitation ends {moment(asked.expires_at, Date.now())}.
      </p>
      {signedInAs && !mine && (
        <div className="note warn">
          This browser is signed in as {signedInAs.email}. Accepting signs you in as {asked.email} instead.
        </div>
      )}
      <form className="stack" onSubmit={(event) => void accept(event)}>
        {!asked.account_exists && (
          <>
            <Field
              label="Your name"
              value={name}
              autoComplete="name"
              maxLength={60}
              required
              hint="As your colleagues know you; it stands beside what you decide."
              onChange={(event) => setName(event.target.value)}
            />
            <input type="email" autoComplete="username" value={asked.email} readOnly hidden />
            <PasswordField
              label="Choose a password"
              value={password}
              onChange={setPassword}
              autoComplete="new-password"
              hint={passwordHint(password, false)}
            />
          </>
        )}
        {asked.account_exists && !mine && (
          <>
            <input type="email" autoComplete="username" value={asked.email} readOnly hidden />
            <PasswordField
              label="Your password"
              value={password}
              onChange={setPassword}
              autoComplete="current-password"
              hint="This address has an account here already; its password shows that it is yours. Signed in with a passkey or a provider? Sign in first, then open the link again."
            />
          </>
        )}
        {error instanceof ApiError && error.kind === "second-factor" ? (
          <div className="note warn" role="alert">
            <strong>The password is right, and your account asks for a code too.</strong>{" "}
            <Link to="/">Sign in</Link> with both, then open the link of the invitation again: it is not used
            up.
          </div>
        ) : (
          error && <Problem error={error} />
        )}
        <div>
          <button
            type="submit"
            className="control primary"
            disabled={busy || (!asked.account_exists && (!name.trim() || !longEnough(password, false)))}
          >
            {busy ? "One moment …" : `Join ${asked.workspace.name}`}
          </button>
        </div>
      </form>
    </Frame>
  );
}

function NewPassword({ token }: { token: string }) {
  const client = useQueryClient();
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await auth.reset(token, password);
      setDone(true);
      await client.resetQueries({ queryKey: ["session"] });
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setBusy(false);
    }
  };
  if (done)
    return (
      <Frame title="The new password is set">
        <p role="status">All other sessions of your account have ended. Use the new password from now on.</p>
        <div>
          <Link className="control primary" to="/">
            Go on
          </Link>
        </div>
      </Frame>
    );
  return (
    <Frame title="Choose a new password">
      <p className="muted small">
        A link works once. If this one was an invitation, it was used or taken back: ask for a new one.
      </p>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <PasswordField
          label="New password"
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          hint={passwordHint(password, false)}
        />
        {error && <Problem error={error} />}
        <div>
          <button type="submit" className="control primary" disabled={busy || password === ""}>
            {busy ? "One moment …" : "Set the password"}
          </button>
        </div>
      </form>
    </Frame>
  );
}
