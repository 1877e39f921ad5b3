import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { me } from "../../api/identity";
import type { Account } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { instantLabel } from "../../lib/dates";

export function Profile({ account }: { account: Account }) {
  const client = useQueryClient();
  const [name, setName] = useState(account.display_name);
  const [email, setEmail] = useState(account.email ?? "");
  const [leaving, setLeaving] = useState(false);
  const save = useChange((body: { display_name?: string; email?: string }) => me.change(body), ["session"]);
  const keep = useChange(() => me.keep(), ["session"]);
  const changed = name.trim() !== account.display_name || email.trim() !== (account.email ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({
      ...(name.trim() !== account.display_name ? { display_name: name.trim() } : {}),
      ...(email.trim() !== (account.email ?? "") ? { email: email.trim() } : {}),
    });
  };
  return (
    <section className="card" aria-labelledby="profile">
      <div className="card-head">
        <h2 id="profile">Name and address</h2>
        <span className="muted small">Account since {instantLabel(account.created_at)}</span>
      </div>
      {account.deletion_due_at && (
        <div className="note warn row between">
          <span>This account is deleted on {instantLabel(account.deletion_due_at)}.</span>
          <button
            type="button"
            className="control compact"
            disabled={keep.isPending}
            onClick={() => keep.mutate()}
          >
            Keep it after all
          </button>
        </div>
      )}
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <Field
            label="Name"
            value={name}
            autoComplete="name"
            maxLength={60}
            required
            onChange={(event) => setName(event.target.value)}
          />
          <Field
            label="E-mail"
            type="email"
            value={email}
            autoComplete="email"
            required
            onChange={(event) => setEmail(event.target.value)}
          />
        </div>
        {save.error && <Problem error={save.error} />}
        <div className="row between">
          <span className="row">
            <button type="submit" className="control primary" disabled={!changed || save.isPending}>
              Save
            </button>
            <span role="status" className="muted small">
              {save.isSuccess && !changed ? "Saved." : ""}
            </span>
          </span>
          <button type="button" className="text-button bad" onClick={() => setLeaving(true)}>
            Delete my account …
          </button>
        </div>
      </form>
      {leaving && (
        <Confirm
          title="Delete your account?"
          verb="Delete my account"
          typed={account.email ?? account.display_name}
          act={async () => {
            await me.delete();
            await client.invalidateQueries({ queryKey: ["session"] });
          }}
          close={() => setLeaving(false)}
        >
          <p>
            In 30 days your account, its passkeys and its second factor are destroyed, and its sessions and
            API tokens end. What you did stays in the record under your account's id. Until then everything
            works.
          </p>
          <p>Workspaces are not deleted. The last owner of one cannot leave it before naming another.</p>
        </Confirm>
      )}
    </section>
  );
}
