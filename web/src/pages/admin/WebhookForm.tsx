import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { messages } from "../../api/messages";
import type { Webhook, WebhookInput } from "../../api/messageTypes";
import { Dialog } from "../../components/Dialog";
import { Field, Problem } from "../../components/form";
import { TypePicker } from "./TypePicker";

interface Props {
  hook: Webhook | null;
  close: () => void;
  /** With the secret, which nobody can show again. */
  made: (item: Webhook, secret: string) => void;
}

export function WebhookForm({ hook, close, made }: Props) {
  const [url, setUrl] = useState(hook?.url ?? "");
  const [description, setDescription] = useState(hook?.description ?? "");
  const [all, setAll] = useState(hook?.types === null);
  const [types, setTypes] = useState<string[]>(hook?.types ?? []);
  const save = useChange(
    async (input: WebhookInput) => {
      if (hook) return void (await messages.changeWebhook(hook.id, input));
      const { item, secret } = await messages.addWebhook(input);
      made(item, secret);
    },
    ["webhooks"],
  );
  const secure = /^https:\/\/[^\s/]+/.test(url.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { url: url.trim(), description: description.trim(), types: all ? null : types },
      { onSuccess: close },
    );
  };
  return (
    <Dialog title={hook ? "Change the webhook" : "A new webhook"} wide close={close}>
      <form className="stack" onSubmit={submit}>
        <Field
          label="Address"
          type="url"
          value={url}
          required
          maxLength={2000}
          placeholder="https://hooks.example.com/bursar"
          hint="It must be https and public: addresses inside of your network are refused."
          error={
            url !== "" && !secure && !"https://".startsWith(url) ? "The address begins with https://" : null
          }
          onChange={(event) => setUrl(event.target.value)}
        />
        <Field
          label="What it is for"
          value={description}
          maxLength={200}
          placeholder="Into the on-call tool"
          onChange={(event) => setDescription(event.target.value)}
        />
        <label className="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
          Everything that happens, types of later versions too
        </label>
        {!all && <TypePicker legend="Only these" value={types} onChange={setTypes} />}
        {save.error && <Problem error={save.error} />}
        <div className="row end">
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
          <button
            type="submit"
            className="control primary"
            disabled={save.isPending || !secure || (!all && types.length === 0)}
          >
            {save.isPending ? "Saving …" : hook ? "Save" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
