import { type FormEvent, useId, useState } from "react";
import { useChange } from "../../api/changes";
import { messages } from "../../api/messages";
import type { AlertRule, AlertRuleInput, ChannelKind, Severity } from "../../api/messageTypes";
import { Dialog } from "../../components/Dialog";
import { Field, Problem, SelectField } from "../../components/form";
import { useMe } from "../../components/me";
import { alertRuleProblem, CHANNELS, SEVERITIES } from "../../lib/alertRules";
import { TypePicker } from "./TypePicker";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export function AlertRuleForm({ rule, close }: { rule: AlertRule | null; close: () => void }) {
  const mine = useMe()?.account.email ?? "";
  const [input, setInput] = useState<AlertRuleInput>(() => {
    if (rule) {
      const { id: _, ...rest } = rule;
      return rest;
    }
    return {
      name: "",
      types: [],
      least_severity: "warning",
      channels: [{ kind: "email", to: mine }],
      quiet: null,
    };
  });
  const [tried, setTried] = useState(false);
  const id = useId();
  const set = (part: Partial<AlertRuleInput>) => setInput((before) => ({ ...before, ...part }));
  const channel = (at: number, part: Partial<AlertRuleInput["channels"][number]>) =>
    set({ channels: input.channels.map((one, index) => (index === at ? { ...one, ...part } : one)) });
  const save = useChange(
    async (body: AlertRuleInput) => {
      await (rule ? messages.changeAlertRule(rule.id, body) : messages.addAlertRule(body));
    },
    ["alert-rules"],
  );
  const problem = alertRuleProblem(input);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (problem === null) save.mutate({ ...input, name: input.name.trim() }, { onSuccess: close });
  };
  return (
    <Dialog title={rule ? `Change ${rule.name}` : "A new alert rule"} wide close={close}>
      <form className="stack" onSubmit={submit} noValidate>
        <div className="form-grid">
          <Field
            label="Name"
            value={input.name}
            maxLength={120}
            required
            placeholder="Money, to finance"
            onChange={(event) => set({ name: event.target.value })}
          />
          <SelectField
            label="How serious"
            value={input.least_severity}
            onChange={(value) => set({ least_severity: value as Severity })}
          >
            {SEVERITIES.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </SelectField>
        </div>
        <TypePicker
          legend="About what (none chosen: everything)"
          value={input.types}
          onChange={(types) => set({ types })}
        />
        <fieldset className="checks">
          <legend>Where to</legend>
          {input.channels.map((one, at) => {
            const kind = CHANNELS.find((each) => each.id === one.kind);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a channel has no identity but its place
              <div className="channel" key={at}>
                <select
                  aria-label="Channel"
                  value={one.kind}
                  onChange={(event) => channel(at, { kind: event.target.value as ChannelKind })}
                >
                  {CHANNELS.map((each) => (
                    <option key={each.id} value={each.id}>
                      {each.label}
                    </option>
                  ))}
                </select>
                <input
                  className="input"
                  aria-label={kind?.to ?? "To"}
                  value={one.to}
                  placeholder={kind?.placeholder}
                  maxLength={2000}
                  onChange={(event) => channel(at, { to: event.target.value.trim() })}
                />
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`Do not send to ${one.to || kind?.label}`}
                  onClick={() => set({ channels: input.channels.filter((_, index) => index !== at) })}
                >
                  ×
                </button>
              </div>
            );
          })}
          <button
            type="button"
            className="control compact"
            disabled={input.channels.length >= 20}
            onClick={() => set({ channels: [...input.channels, { kind: "email", to: "" }] })}
          >
            Add a place
          </button>
        </fieldset>
        <label className="check">
          <input
            type="checkbox"
            checked={input.quiet !== null}
            onChange={(event) =>
              set({ quiet: event.target.checked ? { from: "22:00", until: "07:00", zone: ZONE } : null })
            }
          />
          Quiet hours: what happens then is told afterwards
        </label>
        {input.quiet && (
          <div className="form-grid narrow">
            <Field
              label="From"
              type="time"
              value={input.quiet.from}
              onChange={(event) =>
                set({ quiet: input.quiet && { ...input.quiet, from: event.target.value } })
              }
            />
            <Field
              label="Until"
              type="time"
              value={input.quiet.until}
              onChange={(event) =>
                set({ quiet: input.quiet && { ...input.quiet, until: event.target.value } })
              }
            />
            <Field
              label="Time zone"
              value={input.quiet.zone}
              list={`${id}-zones`}
              onChange={(event) =>
                set({ quiet: input.quiet && { ...input.quiet, zone: event.target.value } })
              }
            />
            <datalist id={`${id}-zones`}>
              {Intl.supportedValuesOf("timeZone").map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </div>
        )}
        {tried && problem && (
          <p className="hint bad" role="alert">
            {problem}
          </p>
        )}
        {save.error && <Problem error={save.error} />}
        <div className="row end">
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="control primary" disabled={save.isPending}>
            {save.isPending ? "Saving …" : rule ? "Save" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
