import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { TokenRow } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe } from "../../components/me";
import { Once } from "../../components/Once";
import { Empty } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { moment } from "../../lib/moments";
import { rulesSentence, scopeSentence } from "../../lib/scope";
import { TokenForm } from "./TokenForm";
import { actionLabel, pageLabel } from "./words";

export function Tokens() {
  const me = useKnownMe();
  const tokens = useAsked("tokens", admin.tokens);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  const manages = may(me, "manage-tokens");
  const make = manages && !making && (
    <button
      type="button"
      className="control primary"
      onClick={() => {
        setMade(null);
        setMaking(true);
      }}
    >
      Make a token
    </button>
  );
  return (
    <>
      <div className="row between">
        <p className="lead">
          Programs sign in with a token instead of a session. A token acts in your role and your scope, or
          less. Only its fingerprint is kept here, so it can be shown once.
        </p>
        {(tokens.data?.items.length ?? 0) > 0 && make}
      </div>
      {made && (
        <Once title={`The token ${made.name} is shown only now: copy it.`} secret={made.token}>
          Send it as <code>Authorization: Bearer …</code>. Whoever has it is you, within its limits. If it
          gets lost, revoke it and make another.
        </Once>
      )}
      {making && (
        <TokenForm
          close={() => setMaking(false)}
          done={(name, token) => {
            setMade({ name, token });
            setMaking(false);
          }}
        />
      )}
      <Loaded query={tokens}>
        {({ items }) => {
          const shown = items.filter((one) => one.kind !== "scim");
          return shown.length === 0 && !making ? (
            <div className="card">
              <Empty
                title="No API token yet"
                reason="Make one for a dashboard, a script or a notebook that reads costs from here."
              >
                {make}
              </Empty>
            </div>
          ) : (
            <TokenTable items={shown} manages={manages} />
          );
        }}
      </Loaded>
    </>
  );
}

/** What the token is held to, in words. */
function limits(token: TokenRow): string {
  const scope =
    token.scope === null
      ? null
      : Array.isArray(token.scope)
        ? rulesSentence(token.scope)
        : scopeSentence(token.scope);
  return (
    [
      token.pages ? `pages ${token.pages.map(pageLabel).join(", ")}` : "",
      token.actions ? token.actions.map(actionLabel).join(", ").toLowerCase() || "only looking" : "",
      scope ? `where ${scope}` : "",
    ]
      .filter(Boolean)
      .join("; ") || "everything its owner may do"
  );
}

export function TokenTable({ items, manages }: { items: TokenRow[]; manages: boolean }) {
  const [revoking, setRevoking] = useState<TokenRow | null>(null);
  const revoke = useChange((id: string) => admin.revokeToken(id), ["tokens"]);
  if (items.length === 0) return null;
  const now = Date.now();
  return (
    <div className="card">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <section className="table-wrap flush-top" tabIndex={0} aria-label="Tokens">
        <table className="data roomy">
          <thead>
            <tr>
              <th scope="col">Token</th>
              <th scope="col">May</th>
              <th scope="col">Used</th>
              <th scope="col">Ends</th>
              <th scope="col">
                <span className="visually-hidden">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => {
              const expired = one.expires_at !== null && Date.parse(one.expires_at) <= now;
              return (
                <tr key={one.id}>
                  <th scope="row">
                    <span className="person">
                      <strong>{one.name}</strong>
                      <span className="muted small">
                        {one.account.email}, made {moment(one.created_at, now)}
                      </span>
                    </span>
                  </th>
                  <td data-label="May:">{limits(one)}</td>
                  <td className="num" data-label="Used:">
                    {moment(one.last_used_at, now)}
                  </td>
                  <td className="num" data-label="Ends:">
                    {one.revoked_at ? (
                      <span className="badge bad">revoked {moment(one.revoked_at, now)}</span>
                    ) : expired ? (
                      <span className="badge warn">ended</span>
                    ) : one.expires_at ? (
                      <span title={instantLabel(one.expires_at)}>{moment(one.expires_at, now)}</span>
                    ) : (
                      "never"
                    )}
                  </td>
                  <td>
                    {manages && !one.revoked_at && (
                      <span className="table-actions">
                        <button
                          type="button"
                          className="text-button bad"
                          aria-label={`Revoke ${one.name}`}
                          onClick={() => setRevoking(one)}
                        >
                          Revoke
                        </button>
                      </span>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {revoking && (
        <Confirm
          title={`Revoke the token ${revoking.name}?`}
          verb="Revoke"
          act={() => revoke.mutateAsync(revoking.id)}
          close={() => setRevoking(null)}
        >
          <p>
            Its next request is refused. It was used {moment(revoking.last_used_at, now)}; whatever uses it
            stops working. This cannot be taken back.
          </p>
        </Confirm>
      )}
    </div>
  );
}
