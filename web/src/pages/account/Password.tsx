import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { me } from "../../api/identity";
import type { Account } from "../../api/identityTypes";
import { PasswordField, Problem } from "../../components/form";
import { longEnough, passwordHint } from "../../lib/passwords";

export function Password({ account }: { account: Account }) {
  const [open, setOpen] = useState(false);
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const save = useChange(
    () => me.password({ ...(account.has_password ? { current: old } : {}), password: next }),
    ["session", "sessions"],
  );
  const second = account.totp;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, {
      onSuccess: () => {
        setOpen(false);
        setOld("");
        setNext("");
      },
    });
  };
  return (
    <section className="card" aria-labelledby="password">
      <div className="card-head">
        <h2 id="password">Password</h2>
        {!open && (
          <button type="button" className="control compact" onClick={() => setOpen(true)}>
            {account.has_password ? "Change the password" : "Set a password"}
          </button>
        )}
      </div>
      {!open && (
        <p className="lead">
          {account.has_password
            ? "You can sign in with a password."
            : "You sign in without a password. You need none."}{" "}
          <span role="status">{save.isSuccess ? "The new password is set." : ""}</span>
        </p>
      )}
      {open && (
        <form className="stack" onSubmit={submit}>
          <input type="email" autoComplete="username" value={account.email ?? ""} readOnly hidden />
          <div className="form-grid">
            {account.has_password && (
              <PasswordField
                label="Current password"
                value={old}
                onChange={setOld}
                autoComplete="current-password"
              />
            )}
            <PasswordField
              label="New password"
              value={next}
              onChange={setNext}
              autoComplete="new-password"
              hint={passwordHint(next, second)}
            />
          </div>
          <p className="muted small">Your other sessions end when the password changes.</p>
          {save.error && <Problem error={save.error} />}
          <div className="row">
            <button
              type="submit"
              className="control primary"
              disabled={save.isPending || !longEnough(next, second)}
            >
              Set the password
            </button>
            <button type="button" className="control" onClick={() => setOpen(false)}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </section>
  );
}
