import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { me } from "../../api/identity";
import type { SessionRow } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { Loaded } from "../../components/Loaded";
import { instantLabel } from "../../lib/dates";
import { agentName, moment } from "../../lib/moments";

const METHODS: Record<string, string> = {
  password: "password",
  pwd: "password",
  totp: "code",
  otp: "code",
  recovery: "recovery code",
  passkey: "passkey",
  link: "one-time link",
  oidc: "provider",
  github: "GitHub",
  invitation: "invitation",
};

/** Where this account is signed in, and how to end it there. */
export function Sessions() {
  const sessions = useAsked("sessions", me.sessions);
  const [ending, setEnding] = useState<SessionRow | null>(null);
  const end = useChange((id: string) => me.endSession(id), ["sessions", "session"]);
  return (
    <section className="card" aria-labelledby="sessions">
      <div className="card-head">
        <h2 id="sessions">Sessions</h2>
      </div>
      <Loaded query={sessions}>
        {({ items }) => (
          <ul className="plain-list">
            {items.map((one) => (
              <li key={one.id}>
                <span className="person">
                  <span>
                    <strong>{agentName(one.agent)}</strong> <span className="muted">from {one.address}</span>{" "}
                    {one.current && <span className="badge good">this one</span>}
                  </span>
                  <span className="muted small">
                    signed in {moment(one.created_at, Date.now())} by{" "}
                    {one.methods.map((each) => METHODS[each] ?? each).join(" and ") || "unknown means"}, seen{" "}
                    {moment(one.last_seen_at, Date.now())}, ends {instantLabel(one.expires_at)}
                  </span>
                </span>
                {!one.current && (
                  <button
                    type="button"
                    className="text-button"
                    aria-label={`End the session of ${agentName(one.agent)} from ${one.address}`}
                    onClick={() => setEnding(one)}
                  >
                    End
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {end.error && <Problem error={end.error} />}
      {ending && (
        <Confirm
          title="End this session?"
          verb="End it"
          act={() => end.mutateAsync(ending.id)}
          close={() => setEnding(null)}
        >
          <p>
            {agentName(ending.agent)} at {ending.address} is signed out at once. If you do not know this
            session, change your password too.
          </p>
        </Confirm>
      )}
    </section>
  );
}
