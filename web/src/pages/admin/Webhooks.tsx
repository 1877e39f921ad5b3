import { useState } from "react";
import { useSearchParams } from "react-router";
import { useAsked, useChange } from "../../api/changes";
import { messages } from "../../api/messages";
import type { Webhook } from "../../api/messageTypes";
import { Asked } from "../../components/Asked";
import { Confirm } from "../../components/Dialog";
import { Problem } from "../../components/form";
import { may, useMe } from "../../components/me";
import { Once } from "../../components/Once";
import { Empty, sentence } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { typeWords } from "../../lib/eventWords";
import { moment } from "../../lib/moments";
import { plural } from "../../lib/money";
import { Deliveries } from "./HookDeliveries";
import { WebhookForm } from "./WebhookForm";

/** Programs that are told what happened, and how that went. */
export function Webhooks() {
  const me = useMe();
  const hooks = useAsked("webhooks", messages.webhooks);
  const [search, setSearch] = useSearchParams();
  const [editing, setEditing] = useState<Webhook | "new" | null>(null);
  const [secret, setSecret] = useState<{ url: string; secret: string } | null>(null);
  const manages = may(me, "manage-settings");
  const shown = search.get("hook");
  const create = manages && (
    <button
      type="button"
      className="control primary"
      onClick={() => {
        setSecret(null);
        setEditing("new");
      }}
    >
      New webhook
    </button>
  );
  return (
    <>
      <div className="row between">
        <p className="lead">
          A webhook sends what happens here to a program of yours, signed as Standard Webhooks describes. What
          is not taken is sent again, ten times over three days; what still is not waits as a dead letter.
        </p>
        {(hooks.data?.items.length ?? 0) > 0 && create}
      </div>
      {secret && (
        <Once title={`The secret of ${secret.url} is shown only now: copy it.`} secret={secret.secret}>
          Check the header <code>webhook-signature</code> with it, and refuse what does not fit.
        </Once>
      )}
      <Asked query={hooks} what="Webhooks">
        {({ items }) =>
          items.length === 0 ? (
            <div className="card">
              <Empty
                title="No webhook yet"
                reason="Make one for a ticket system, a chat or a script that should hear of budgets, anomalies or failed deliveries."
              >
                {create}
              </Empty>
            </div>
          ) : (
            items.map((one) => (
              <Hook
                key={one.id}
                hook={one}
                manages={manages}
                open={shown === one.id}
                show={(open) => setSearch(open ? { hook: one.id } : {}, { replace: true })}
                edit={() => setEditing(one)}
                rotated={(next) => setSecret({ url: one.url, secret: next })}
              />
            ))
          )
        }
      </Asked>
      {editing !== null && (
        <WebhookForm
          hook={editing === "new" ? null : editing}
          close={() => setEditing(null)}
          made={(item, made) => setSecret({ url: item.url, secret: made })}
        />
      )}
    </>
  );
}

const STATES: Record<Webhook["state"], string> = { active: "good", paused: "warn", gone: "bad" };

interface HookProps {
  hook: Webhook;
  manages: boolean;
  open: boolean;
  show: (open: boolean) => void;
  edit: () => void;
  rotated: (secret: string) => void;
}

function Hook({ hook, manages, open, show, edit, rotated }: HookProps) {
  const [asking, setAsking] = useState<"delete" | "rotate" | null>(null);
  const test = useChange(() => messages.testWebhook(hook.id), ["hook-deliveries"]);
  const pause = useChange((paused: boolean) => messages.changeWebhook(hook.id, { paused }), ["webhooks"]);
  const remove = useChange(() => messages.removeWebhook(hook.id), ["webhooks"]);
  const rotate = useChange(() => messages.rotateSecret(hook.id), ["webhooks"]);
  const now = Date.now();
  return (
    <section className="card hook" aria-label={hook.url}>
      <div className="card-head">
        <h2 className="break">{hook.url}</h2>
        <span className={`badge ${STATES[hook.state] ?? ""}`}>{hook.state}</span>
      </div>
      <p className="small">
        {hook.description && <>{hook.description} · </>}
        <span className="muted">
          {hook.types === null
            ? "everything that happens"
            : hook.types.length <= 3
              ? hook.types.map(typeWords).join(", ")
              : plural(hook.types.length, "type of event", "types of events")}
          {" · "}made {moment(hook.created_at, now)}
        </span>
      </p>
      {hook.paused_reason && (
        <p className="note warn">
          {sentence(hook.paused_reason)}. Events are kept and wait; they are sent once it goes on.
        </p>
      )}
      {hook.secret_rotates_until && Date.parse(hook.secret_rotates_until) > now && (
        <p className="note">
          Two secrets are in use until {instantLabel(hook.secret_rotates_until)}: everything is signed with
          both.
        </p>
      )}
      <div className="row card-actions">
        {manages && hook.state !== "gone" && (
          <>
            <button
              type="button"
              className="text-button"
              disabled={test.isPending}
              aria-label={`Send a test to ${hook.url}`}
              onClick={() => test.mutate()}
            >
              {test.isPending ? "Sending …" : "Send a test"}
            </button>
            <button
              type="button"
              className="text-button"
              disabled={pause.isPending}
              aria-label={`${hook.state === "paused" ? "Resume" : "Pause"} ${hook.url}`}
              onClick={() => pause.mutate(hook.state !== "paused")}
            >
              {hook.state === "paused" ? "Resume" : "Pause"}
            </button>
            <button
              type="button"
              className="text-button"
              aria-label={`New secret for ${hook.url}`}
              onClick={() => setAsking("rotate")}
            >
              New secret
            </button>
            <button type="button" className="text-button" aria-label={`Change ${hook.url}`} onClick={edit}>
              Change
            </button>
          </>
        )}
        <button
          type="button"
          className="text-button"
          aria-expanded={open}
          aria-label={`Deliveries to ${hook.url}`}
          onClick={() => show(!open)}
        >
          {open ? "Hide deliveries" : "Deliveries"}
        </button>
        {manages && (
          <button
            type="button"
            className="text-button bad"
            aria-label={`Delete ${hook.url}`}
            onClick={() => setAsking("delete")}
          >
            Delete
          </button>
        )}
      </div>
      <div role="status" className="small">
        {test.data &&
          (test.data.error || test.data.status === null || test.data.status >= 300 ? (
            <span className="bad-text">
              The test was not taken: {test.data.error ?? `the answer was ${test.data.status}`} (
              {test.data.took_ms} ms).
            </span>
          ) : (
            <span className="good-text">
              The test was taken: {test.data.status} after {test.data.took_ms} ms.
            </span>
          ))}
      </div>
      {(test.error ?? pause.error) && <Problem error={test.error ?? pause.error ?? new Error("")} />}
      {open && <Deliveries hook={hook} manages={manages} />}
      {asking === "rotate" && (
        <Confirm
          title="Make a new secret?"
          verb="Make a new secret"
          danger={false}
          act={async () => rotated((await rotate.mutateAsync()).secret)}
          close={() => setAsking(null)}
        >
          <p>
            It is shown once. For a while everything is signed with the old and the new one, so that the
            receiver can be changed without missing anything.
          </p>
        </Confirm>
      )}
      {asking === "delete" && (
        <Confirm
          title="Delete this webhook?"
          verb="Delete"
          act={() => remove.mutateAsync()}
          close={() => setAsking(null)}
        >
          <p className="break">{hook.url}</p>
          <p>Nothing more is sent there, and its dead letters are gone. This cannot be taken back.</p>
        </Confirm>
      )}
    </section>
  );
}
