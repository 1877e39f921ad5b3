import { TagsInput } from "@mantine/core";
import { type FormEvent, useId, useState } from "react";
import { useChange } from "../../api/changes";
import { insight } from "../../api/insight";
import type { Budget, BudgetInput, Cadence, Threshold } from "../../api/insightTypes";
import { Dialog } from "../../components/Dialog";
import { Field, Problem, SelectField } from "../../components/form";
import { useMe } from "../../components/me";
import { useKnownWorkspace } from "../../components/workspace";
import { budgetProblem, CADENCES } from "../../lib/burn";
import { ScopeEditor } from "../admin/ScopeEditor";

interface Props {
  budget: Budget | null;
  close: () => void;
}

/** A budget's name, amount, part of the costs and thresholds. */
export function BudgetForm({ budget, close }: Props) {
  const workspace = useKnownWorkspace();
  const mine = useMe()?.account.email ?? null;
  const recipients = mine ? [mine] : [];
  const [input, setInput] = useState<BudgetInput>(() =>
    budget
      ? {
          name: budget.name,
          currency: budget.currency,
          cadence: budget.cadence,
          amount: budget.amount,
          scope: budget.scope,
          thresholds: budget.thresholds,
        }
      : {
          name: "",
          currency: workspace.currencies[0] ?? "USD",
          cadence: "monthly",
          amount: "",
          scope: [],
          thresholds: [
            { on: "actual", percent: 80, recipients },
            { on: "forecast", percent: 100, recipients },
          ],
        },
  );
  const [tried, setTried] = useState(false);
  const save = useChange(
    (body: BudgetInput) => (budget ? insight.changeBudget(budget.id, body) : insight.addBudget(body)),
    ["budgets"],
  );
  const problem = budgetProblem(input);
  const set = (part: Partial<BudgetInput>) => setInput((before) => ({ ...before, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (problem === null)
      save.mutate(
        { ...input, name: input.name.trim(), scope: input.scope?.length ? input.scope : null },
        { onSuccess: close },
      );
  };
  const currencies = [...new Set([...workspace.currencies, input.currency])];
  return (
    <Dialog title={budget ? `Change ${budget.name}` : "A new budget"} wide close={close}>
      <form className="stack" onSubmit={submit} noValidate>
        <div className="form-grid">
          <Field
            label="Name"
            value={input.name}
            maxLength={120}
            required
            placeholder="Platform, production"
            onChange={(event) => set({ name: event.target.value })}
          />
          <SelectField
            label="Begins anew"
            value={input.cadence}
            onChange={(value) => set({ cadence: value as Cadence })}
          >
            {CADENCES.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </SelectField>
          <Field
            label="Amount"
            value={input.amount}
            inputMode="decimal"
            required
            placeholder="12000"
            onChange={(event) => set({ amount: event.target.value.replace(/[\s,]/g, "") })}
          />
          <SelectField label="Currency" value={input.currency} onChange={(currency) => set({ currency })}>
            {currencies.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </SelectField>
        </div>
        <ScopeEditor
          rules={input.scope ?? []}
          onChange={(scope) => set({ scope })}
          legend="What it covers"
          without={`All charges in ${input.currency}.`}
          meaning={(sentence) => (
            <>
              Charges in {input.currency} where {sentence}.
            </>
          )}
        />
        <Thresholds
          value={input.thresholds}
          recipients={recipients}
          onChange={(thresholds) => set({ thresholds })}
        />
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
            {save.isPending ? "Saving …" : budget ? "Save" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ThresholdsProps {
  value: Threshold[];
  recipients: string[];
  onChange: (value: Threshold[]) => void;
}

function Thresholds({ value, recipients, onChange }: ThresholdsProps) {
  const id = useId();
  const set = (at: number, part: Partial<Threshold>) =>
    onChange(value.map((one, index) => (index === at ? { ...one, ...part } : one)));
  return (
    <fieldset className="checks">
      <legend>Who is written to, and when</legend>
      {value.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a threshold has no identity but its place
        <div className="threshold" key={at}>
          <label htmlFor={`${id}-${at}-on`} className="visually-hidden">
            What is looked at
          </label>
          <select
            id={`${id}-${at}-on`}
            value={one.on}
            onChange={(event) => set(at, { on: event.target.value as Threshold["on"] })}
          >
            <option value="actual">spent reaches</option>
            <option value="forecast">forecast reaches</option>
          </select>
          <span className="percent-field">
            <input
              className="input"
              type="number"
              min={1}
              max={1000}
              step="any"
              aria-label="Percent of the budget"
              value={one.percent || ""}
              onChange={(event) => set(at, { percent: Number(event.target.value) })}
            />
            <span aria-hidden="true">%</span>
          </span>
          <TagsInput
            aria-label="Recipients"
            placeholder={one.recipients.length === 0 ? "e-mail addresses" : ""}
            value={one.recipients}
            onChange={(next) => set(at, { recipients: next })}
            splitChars={[",", " ", ";"]}
            acceptValueOnBlur
            maxTags={20}
            comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 } }}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove the threshold at ${one.percent}%`}
            onClick={() => onChange(value.filter((_, index) => index !== at))}
          >
            ×
          </button>
        </div>
      ))}
      <button
        type="button"
        className="control compact"
        disabled={value.length >= 10}
        onClick={() => onChange([...value, { on: "actual", percent: 100, recipients }])}
      >
        Add a threshold
      </button>
    </fieldset>
  );
}
