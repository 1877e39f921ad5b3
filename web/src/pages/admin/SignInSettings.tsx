import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { Provider } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { CheckIcon, CrossIcon } from "../../components/icons";
import { Loaded } from "../../components/Loaded";
import { may, roleLabel, useKnownMe } from "../../components/me";
import { Command, Empty, Told } from "../../components/states";
import { ProviderForm } from "./ProviderForm";
import { Scim } from "./Scim";

export function SignInSettings() {
  const me = useKnownMe();
  const providers = useAsked("providers", admin.providers);
  const [editing, setEditing] = useState<Provider | "new" | null>(null);
  // Providers are the whole installation's, so owners set them up; others may test them.
  const manages = may(me, "own");
  const add = manages && editing === null && (
    <button type="button" className="control primary" onClick={() => setEditing("new")}>
      Add a provider
    </button>
  );
  return (
    <>
      <div className="row between">
        <p className="lead">
          People can sign in with what they have already: Entra ID, Google, GitHub or any OpenID Connect
          provider. Passwords and passkeys go on working beside it.
        </p>
        {(providers.data?.items.length ?? 0) > 0 && add}
      </div>
      {editing && (
        <ProviderForm
          key={editing === "new" ? "new" : editing.id}
          provider={editing === "new" ? null : editing}
          close={() => setEditing(null)}
        />
      )}
      <Loaded query={providers}>
        {({ items }) =>
          items.length === 0 && editing === null ? (
            <div className="card">
              <Empty
                title="No provider yet"
                reason="Register Bursar as an application with your provider, then give its client id and secret here. The test says what is missing before anybody tries to sign in."
              >
                {add}
              </Empty>
            </div>
          ) : (
            items.map((one) => (
              <ProviderCard key={one.id} provider={one} manages={manages} edit={() => setEditing(one)} />
            ))
          )
        }
      </Loaded>
      <Scim />
    </>
  );
}

interface CardProps {
  provider: Provider;
  manages: boolean;
  edit: () => void;
}

function ProviderCard({ provider, manages, edit }: CardProps) {
  const [removing, setRemoving] = useState(false);
  const test = useChange(() => admin.testProvider(provider.id), []);
  const remove = useChange(() => admin.removeProvider(provider.id), ["providers", "methods"]);
  const findings = test.data?.findings;
  const good = findings?.every((one) => one.ok);
  return (
    <section className="card" aria-label={provider.name}>
      <div className="card-head">
        <h2>
          {provider.name}{" "}
          <span className={provider.enabled ? "badge good" : "badge"}>{provider.enabled ? "on" : "off"}</span>
        </h2>
        <span className="table-actions">
          <button
            type="button"
            className="control compact"
            disabled={test.isPending}
            aria-label={`Test ${provider.name}`}
            onClick={() => test.mutate()}
          >
            {test.isPending ? "Testing …" : "Test"}
          </button>
          {manages && (
            <>
              <button
                type="button"
                className="text-button"
                aria-label={`Change ${provider.name}`}
                onClick={edit}
              >
                Change
              </button>
              <button
                type="button"
                className="text-button bad"
                aria-label={`Remove ${provider.name}`}
                onClick={() => setRemoving(true)}
              >
                Remove
              </button>
            </>
          )}
        </span>
      </div>
      <div className="stack tight">
        <p className="muted small mono break">{provider.issuer}</p>
        <p className="small">
          {provider.role
            ? `Whoever signs in with it for the first time becomes ${roleLabel(provider.role)} here.`
            : "Only people who are members or invited can sign in with it."}
        </p>
        <p className="small">Give this redirect address to the provider:</p>
        <Command
          text={provider.redirect ?? `${window.location.origin}/auth/oidc/${provider.id}/callback`}
          label="Copy the redirect address"
        />
        <div aria-live="polite">
          {test.error && <Problem error={test.error} />}
          {findings && (
            <>
              <p>
                <strong className={good ? "good-text" : "bad-text"}>
                  {good ? "Everything that can be tested from here is right." : "Something is not right yet."}
                </strong>
              </p>
              <ul className="plain-list findings-list">
                {findings.map((one) => (
                  <li key={one.step}>
                    <span className={one.ok ? "good-text" : "bad-text"}>
                      {one.ok ? <CheckIcon /> : <CrossIcon />}
                      <span className="visually-hidden">{one.ok ? "right" : "wrong"}</span>
                    </span>
                    <span>
                      <Told text={one.text} /> <span className="muted small">{one.step}</span>
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      </div>
      {removing && (
        <Confirm
          title={`Remove ${provider.name}?`}
          verb="Remove the provider"
          act={() => remove.mutateAsync()}
          close={() => setRemoving(false)}
        >
          <p>
            Nobody can sign in with it any more. Accounts stay, but whoever has no password and no passkey is
            locked out until you give them another way in.
          </p>
        </Confirm>
      )}
    </section>
  );
}
