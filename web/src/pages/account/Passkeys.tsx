import { type FormEvent, useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { me } from "../../api/identity";
import type { PasskeyRow } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { Loaded } from "../../components/Loaded";
import { agentName, moment } from "../../lib/moments";
import { creationOptions, credentialJson, passkeysHere, passkeyTrouble } from "../../lib/webauthn";

async function makePasskey(name: string): Promise<void> {
  const { ceremony, publicKey } = await me.passkeyStart();
  let credential: Credential | null;
  try {
    credential = await navigator.credentials.create({ publicKey: creationOptions(publicKey) });
  } catch (error) {
    throw new Error(passkeyTrouble(error) ?? "No passkey was made: the browser's question was closed.");
  }
  if (credential)
    await me.passkeyFinish({ ceremony, credential: credentialJson(credential as PublicKeyCredential), name });
}

/** Passkeys: nothing to remember, nothing to phish, two factors in one. */
export function Passkeys() {
  const passkeys = useAsked("passkeys", me.passkeys);
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const [removing, setRemoving] = useState<PasskeyRow | null>(null);
  const add = useChange(makePasskey, ["passkeys", "session"]);
  const remove = useChange((id: string) => me.passkeyRemove(id), ["passkeys", "session"]);
  const here = passkeysHere();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(name.trim(), { onSuccess: () => setNaming(false) });
  };
  return (
    <section className="card" aria-labelledby="passkeys">
      <div className="card-head">
        <h2 id="passkeys">Passkeys</h2>
        {here && !naming && (
          <button
            type="button"
            className="control compact"
            onClick={() => {
              setName(agentName(navigator.userAgent));
              setNaming(true);
            }}
          >
            Add a passkey
          </button>
        )}
      </div>
      {!here && (
        <p className="note">
          Passkeys need HTTPS, or Bursar on this machine itself. Open Bursar under its public address to add
          one.
        </p>
      )}
      {naming && (
        <form className="stack" onSubmit={submit}>
          <Field
            label="What shall it be called?"
            value={name}
            maxLength={60}
            required
            hint="So that you know it again in this list: the laptop, the blue key."
            onChange={(event) => setName(event.target.value)}
          />
          {add.error && <Problem error={add.error} />}
          <div className="row">
            <button type="submit" className="control primary" disabled={add.isPending || !name.trim()}>
              {add.isPending ? "Waiting for the browser …" : "Go on"}
            </button>
            <button type="button" className="control" onClick={() => setNaming(false)}>
              Cancel
            </button>
          </div>
        </form>
      )}
      <Loaded query={passkeys}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="lead">
              None yet. A passkey is kept by your device or your password manager, and signs you in with a
              fingerprint, a face or a PIN.
            </p>
          ) : (
            <ul className="plain-list">
              {items.map((one) => (
                <li key={one.id}>
                  <span className="person">
                    <strong>{one.name}</strong>
                    <span className="muted small">
                      added {moment(one.added_at ?? one.created_at, Date.now())}, used{" "}
                      {moment(one.last_used_at, Date.now())}
                    </span>
                  </span>
                  <button
                    type="button"
                    className="text-button bad"
                    aria-label={`Remove the passkey ${one.name}`}
                    onClick={() => setRemoving(one)}
                  >
                    Remove …
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {removing && (
        <Confirm
          title={`Remove the passkey ${removing.name}?`}
          verb="Remove"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p>
            It no longer signs you in. Your device still lists it until you remove it there too. Make sure
            that another way in is left.
          </p>
        </Confirm>
      )}
    </section>
  );
}
