import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { StaffAccess } from "../../api/identityTypes";
import { Confirm } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { may, useKnownMe } from "../../components/me";
import { Empty } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { moment } from "../../lib/moments";
import { plural } from "../../lib/money";

type Verdict = "grant" | "refuse" | "end";

/** Where the request stands; what is over cannot be decided any more. */
function standing(one: StaffAccess, now: number): { text: string; look: string; open: Verdict[] } {
  if (one.ended_at) return { text: `ended ${moment(one.ended_at, now)}`, look: "", open: [] };
  if (one.refused_at) return { text: "refused", look: "", open: [] };
  if (one.granted_at) {
    const over = one.until !== null && Date.parse(one.until) <= now;
    return over
      ? { text: `ended ${moment(one.until, now)}`, look: "", open: [] }
      : { text: `let in until ${instantLabel(one.until)}`, look: "warn", open: ["end"] };
  }
  return { text: "asks to come in", look: "warn", open: ["grant", "refuse"] };
}

const nameOf = (one: StaffAccess) =>
  typeof one.staff === "string" ? one.staff : (one.staff.email ?? one.staff.display_name ?? one.staff.id);

export function Staff() {
  const me = useKnownMe();
  const staff = useAsked("staff", admin.staff);
  const [deciding, setDeciding] = useState<{ one: StaffAccess; verdict: Verdict } | null>(null);
  const decide = useChange(
    ({ id, verdict }: { id: string; verdict: Verdict }) => admin.decideStaff(id, verdict),
    ["staff"],
  );
  const owns = may(me, "own");
  const now = Date.now();
  return (
    <>
      <section className="card" aria-labelledby="staff">
        <div className="card-head">
          <h2 id="staff">Staff access</h2>
        </div>
        <p className="lead">
          Whoever hosts Bursar for you has no access to this workspace. To help, they ask with a reason and a
          ticket; an owner lets them in for some hours, and all they do is in your record.
        </p>
        <Loaded query={staff}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nobody asked" reason="There is nothing to decide. No staff has access." />
            ) : (
              <ul className="plain-list">
                {items.map((one) => {
                  const stands = standing(one, now);
                  return (
                    <li key={one.id}>
                      <span className="person">
                        <span>
                          <strong>{nameOf(one)}</strong>{" "}
                          <span className={`badge ${stands.look}`}>{stands.text}</span>
                        </span>
                        <span>“{one.reason}”</span>
                        <span className="muted small">
                          Ticket {one.ticket}, asked {moment(one.asked_at, now)} for{" "}
                          {plural(one.asked_hours, "hour")}, {one.read_only ? "to read only" : "to help"}
                        </span>
                      </span>
                      {owns && (
                        <span className="table-actions">
                          {stands.open.map((verdict) => (
                            <button
                              key={verdict}
                              type="button"
                              className={verdict === "grant" ? "control compact" : "text-button bad"}
                              onClick={() => setDeciding({ one, verdict })}
                            >
                              {{ grant: "Let in …", refuse: "Refuse", end: "End now" }[verdict]}
                            </button>
                          ))}
                        </span>
                      )}
                    </li>
                  );
                })}
              </ul>
            )
          }
        </Loaded>
        {!owns && <p className="muted small">Only owners decide this.</p>}
      </section>
      {deciding && (
        <Confirm
          title={
            {
              grant: `Let ${nameOf(deciding.one)} in?`,
              refuse: `Refuse ${nameOf(deciding.one)}?`,
              end: `End the access of ${nameOf(deciding.one)}?`,
            }[deciding.verdict]
          }
          verb={{ grant: "Let in", refuse: "Refuse", end: "End it now" }[deciding.verdict]}
          danger={deciding.verdict !== "grant"}
          act={() => decide.mutateAsync({ id: deciding.one.id, verdict: deciding.verdict })}
          close={() => setDeciding(null)}
        >
          <p>
            {deciding.verdict === "grant"
              ? `For ${plural(deciding.one.asked_hours, "hour")} from now they can ${
                  deciding.one.read_only
                    ? "look at costs and change nothing"
                    : "look and help with sources and settings"
                }. They never touch keys, members, tokens or sign-in. It ends by itself; you can end it sooner.`
              : deciding.verdict === "refuse"
                ? "They are told, and may ask again with a better reason."
                : "Their next request is refused."}
          </p>
        </Confirm>
      )}
    </>
  );
}
