import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/changes";
import { messages } from "../../api/messages";
import type { HookDelivery, Webhook } from "../../api/messageTypes";
import { Confirm } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { Failure } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { typeWords } from "../../lib/eventWords";
import { moment } from "../../lib/moments";
import { plural } from "../../lib/money";

const STATES: Record<HookDelivery["state"], { badge: string; label: string }> = {
  delivered: { badge: "good", label: "taken" },
  retrying: { badge: "warn", label: "is tried again" },
  dead: { badge: "bad", label: "dead letter" },
};

/** What was sent, what came back, and sending it again. */
export function Deliveries({ hook, manages }: { hook: Webhook; manages: boolean }) {
  const [only, setOnly] = useState<HookDelivery["state"] | null>(null);
  const [asking, setAsking] = useState(false);
  const asked = useQuery({
    queryKey: ["hook-deliveries", hook.id],
    queryFn: ({ signal }) => messages.deliveries(hook.id, signal),
    // What is tried again changes by itself.
    refetchInterval: (query) =>
      query.state.data?.items.some((one) => one.state === "retrying") ? 15_000 : false,
    meta: { quiet: true },
  });
  const replay = useChange(
    (delivery: string | undefined) => messages.replay(hook.id, delivery),
    ["hook-deliveries"],
  );
  if (asked.error) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  if (!asked.data) return <p className="muted small">Reading the deliveries …</p>;
  const { items } = asked.data;
  if (items.length === 0)
    return <p className="muted small">Nothing was sent yet. A test shows whether it arrives.</p>;
  const dead = items.filter((one) => one.state === "dead").length;
  const shown = items.filter((one) => only === null || one.state === only);
  return (
    <div className="stack deliveries">
      <div className="row between">
        <fieldset className="row standings">
          <legend className="visually-hidden">Only deliveries that are</legend>
          {Object.entries(STATES).map(([id, one]) => {
            const number = items.filter((each) => each.state === id).length;
            return (
              <button
                key={id}
                type="button"
                className="control compact"
                aria-pressed={only === id}
                disabled={number === 0 && only !== id}
                onClick={() => setOnly(only === id ? null : (id as HookDelivery["state"]))}
              >
                <span className={`dot ${one.badge}`} aria-hidden="true" />
                <span className="num">{number}</span> {one.label}
              </button>
            );
          })}
        </fieldset>
        {manages && dead > 0 && (
          <button type="button" className="control compact" onClick={() => setAsking(true)}>
            Send all dead letters again
          </button>
        )}
      </div>
      {replay.error && <Problem error={replay.error} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <section className="table-wrap" tabIndex={0} aria-label={`Deliveries to ${hook.url}`}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">Answer</th>
              <th scope="col">
                <span className="visually-hidden">Again</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.id}>
                <td className="num" title={instantLabel(one.at)}>
                  {moment(one.at, Date.now())}
                </td>
                <td>
                  {typeWords(one.type)}
                  <br />
                  <code className="muted small">{one.event}</code>
                </td>
                <td>
                  <span className={`badge ${STATES[one.state]?.badge ?? ""}`}>
                    {STATES[one.state]?.label ?? one.state}
                  </span>
                  <br />
                  <span className="muted small">
                    {one.attempt === 1 ? "first try" : `try ${one.attempt}`}
                    {one.next_at && `, next ${moment(one.next_at, Date.now())}`}
                  </span>
                </td>
                <td className="small">
                  {one.status !== null && <strong className="num">{one.status} </strong>}
                  {one.error && <span className="bad-text">{one.error}</span>}
                  {one.response && (
                    <details>
                      <summary>what it said</summary>
                      <pre className="payload">{one.response}</pre>
                    </details>
                  )}
                </td>
                <td>
                  {manages && (
                    <button
                      type="button"
                      className="text-button"
                      disabled={replay.isPending}
                      aria-label={`Send ${one.event} again`}
                      onClick={() => replay.mutate(one.id)}
                    >
                      Again
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {asking && (
        <Confirm
          title={`Send ${plural(dead, "dead letter")} again?`}
          verb="Send again"
          danger={false}
          act={() => replay.mutateAsync(undefined)}
          close={() => setAsking(false)}
        >
          <p>
            They go out in the order in which they happened, each with the identifier it had: a receiver that
            remembers those takes nothing twice.
          </p>
        </Confirm>
      )}
    </div>
  );
}
