import { type FormEvent, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/http";
import { auth } from "../../api/identity";
import { Field, PasswordField, Problem } from "../../components/form";
import { countdown } from "../../lib/moments";

/** Counts down from what the server asked to wait; null when nothing has to be waited for. */
export function useCountdown(): [number | null, (seconds: number) => void] {
  const [until, setUntil] = useState<number | null>(null);
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    if (until === null) return;
    const tick = () => {
      const seconds = (until - performance.now()) / 1000;
      setLeft(seconds > 0 ? seconds : null);
      if (seconds <= 0) setUntil(null);
    };
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [until]);
  return [left, (seconds) => setUntil(performance.now() + seconds * 1000)];
}

/** E-mail and password, then a code when the account asks for one. */
export function PasswordSignIn({ done, forgot }: { done: () => void; forgot: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [second, setSecond] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [wait, startWait] = useCountdown();
  const passwordInput = useRef<HTMLInputElement>(null);
  const codeInput = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (second) codeInput.current?.focus();
  }, [second]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || wait !== null) return;
    setBusy(true);
    setError(null);
    try {
      await auth.login({ email: email.trim(), password, ...(second ? { code: code.trim() } : {}) });
      done();
      return;
    } catch (cause) {
      const failure = cause instanceof Error ? cause : new Error(String(cause));
      if (failure instanceof ApiError && failure.kind === "second-factor" && !second) setSecond(true);
      else if (failure instanceof ApiError && failure.status === 429) startWait(failure.retryAfter ?? 5);
      else {
        setError(failure);
        if (second) codeInput.current?.select();
        else passwordInput.current?.select();
      }
    } finally {
      setBusy(false);
    }
  };
  const startOver = () => {
    setSecond(false);
    setCode("");
    setPassword("");
    setError(null);
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)} aria-label="Sign in with a password">
      {second ? (
        <>
          <p>The password is right. Now the code of your authenticator app, or one of your recovery codes.</p>
          <Field
            label="Code"
            inputRef={codeInput}
            value={code}
            onChange={(event) => setCode(event.target.value)}
            autoComplete="one-time-code"
            autoCapitalize="off"
            spellCheck={false}
            className="mono code-input"
            maxLength={64}
            required
          />
        </>
      ) : (
        <>
          <Field
            label="E-mail"
            type="email"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            autoComplete="username webauthn"
            required
          />
          <PasswordField
            label="Password"
            value={password}
            onChange={setPassword}
            autoComplete="current-password"
            inputRef={passwordInput}
          />
        </>
      )}
      {wait !== null && (
        <div className="note warn" role="alert">
          <strong>Too many attempts.</strong> You can try again in{" "}
          <span className="num" aria-hidden="true">
            {countdown(wait)}
          </span>
          <span className="visually-hidden">a while; the button says when</span>. Nothing is locked for good.
        </div>
      )}
      {error && wait === null && <Refused error={error} second={second} />}
      <div className="row between">
        <button type="submit" className="control primary" disabled={busy || wait !== null}>
          {busy
            ? "Signing in …"
            : wait !== null
              ? `Wait ${countdown(wait)}`
              : second
                ? "Continue"
                : "Sign in"}
        </button>
        {second ? (
          <button type="button" className="text-button" onClick={startOver}>
            Start over
          </button>
        ) : (
          <button type="button" className="text-button" onClick={forgot}>
            Forgot the password?
          </button>
        )}
      </div>
    </form>
  );
}

/** One text whatever was wrong: which part it was would help whoever guesses. */
function Refused({ error, second }: { error: Error; second: boolean }) {
  if (!(error instanceof ApiError) || error.status !== 401) return <Problem error={error} />;
  return (
    <div className="note bad" role="alert">
      {second ? (
        <>
          <strong>That code is not right.</strong> Codes change every thirty seconds, and each works once. Is
          the clock of your phone right?
        </>
      ) : (
        <>
          <strong>E-mail or password is not right.</strong> Check both and try again. If you usually sign in
          another way, use that.
        </>
      )}
    </div>
  );
}
