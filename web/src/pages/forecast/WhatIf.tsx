import { type FormEvent, useId, useMemo, useState } from "react";
import { useChange } from "../../api/changes";
import { isMissing } from "../../api/http";
import { insight } from "../../api/insight";
import type { CurrencyForecast, Scenario, ScenarioChange, Until } from "../../api/insightTypes";
import { useValues } from "../../api/queries";
import { Amount, Change } from "../../components/Figure";
import { Field, Problem } from "../../components/form";
import { useKnownWorkspace } from "../../components/workspace";
import { periodName } from "../../lib/ahead";
import { addMonths, monthStart, type Range } from "../../lib/dates";
import { parse } from "../../lib/decimal";
import { moneyChange } from "../../lib/money";
import { CHANGE_KINDS, changeProblem, printChange, readChange } from "../../lib/scenario";

interface Props {
  currencies: CurrencyForecast[];
  until: Until;
  end: Range;
  /** As they stand in the address. */
  changes: string[];
  currency: string | null;
  onChange: (part: Record<string, string | string[] | null>) => void;
}

/** What would growth, a move or a commitment do to the end of the period? With and without, side by side. */
export function WhatIf({ currencies, until, end, changes, currency, onChange }: Props) {
  const { today } = useKnownWorkspace();
  const services = useId();
  const chosen = currencies.find((one) => one.currency === currency) ?? currencies[0];
  const list = useMemo(() => changes.map(readChange).filter((one) => one !== null), [changes]);
  const values = useValues("ServiceName", { q: "", limit: "60" });
  const [answer, setAnswer] = useState<{ for: string; scenario: Scenario } | null>(null);
  const ask = useChange(insight.scenario, []);
  if (!chosen) return null;
  const key = JSON.stringify([list, chosen.currency, until]);
  const write = (next: ScenarioChange[]) => onChange({ if: next.map(printChange) });
  const problems = list.map(changeProblem);
  const from = (() => {
    const next = addMonths(monthStart(today), 1);
    return next < end.to ? next : today;
  })();
  const add = (kind: ScenarioChange["kind"]) =>
    write([
      ...list,
      kind === "grow"
        ? { kind, value: null, percent: 20, from }
        : kind === "move"
          ? { kind, value: "", to: "", keeps_percent: 0, price: 0.8, from }
          : { kind, value: "", per_day: 0, discount_percent: 28, from },
    ]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate(
      { currency: chosen.currency, until, changes: list },
      { onSuccess: (scenario) => setAnswer({ for: key, scenario }) },
    );
  };
  const shown = answer && answer.for === key ? answer.scenario : null;
  const name = periodName(until, end);
  return (
    <section className="card" aria-labelledby="what-if">
      <div className="card-head">
        <h2 id="what-if">What if …</h2>
        <div className="row">
          {CHANGE_KINDS.map((one) => (
            <button
              key={one.id}
              type="button"
              className="control compact"
              title={one.help}
              onClick={() => add(one.id)}
            >
              + {one.label}
            </button>
          ))}
        </div>
      </div>
      <datalist id={services}>
        {[...new Set((values.data?.values ?? []).map((one) => one.value ?? ""))]
          .filter(Boolean)
          .map((one) => (
            <option key={one} value={one} />
          ))}
      </datalist>
      {list.length === 0 ? (
        <p className="lead">
          Try a change before it is made: a service that grows, a workload that moves, a commitment that is
          bought. The forecast is calculated with it and without it; nothing is saved, and the address keeps
          it.
        </p>
      ) : (
        <form onSubmit={submit} className="stack">
          <div>
            {list.map((one, at) => (
              <ChangeRow
                // biome-ignore lint/suspicious/noArrayIndexKey: a change has no identity but its place
                key={at}
                change={one}
                services={services}
                currency={chosen.currency}
                problem={problems[at] ?? null}
                set={(next) => write(list.map((each, index) => (index === at ? next : each)))}
                remove={() => write(list.filter((_, index) => index !== at))}
              />
            ))}
          </div>
          <div className="row">
            {currencies.length > 1 && (
              <label className="row inline-field">
                <span className="muted small">Currency</span>
                <select
                  value={chosen.currency}
                  onChange={(event) => onChange({ currency: event.target.value })}
                >
                  {currencies.map((one) => (
                    <option key={one.currency}>{one.currency}</option>
                  ))}
                </select>
              </label>
            )}
            <button
              type="submit"
              className="control primary"
              disabled={ask.isPending || problems.some((one) => one !== null)}
            >
              {ask.isPending ? "Calculating …" : "Calculate"}
            </button>
            {answer && !shown && !ask.isPending && (
              <span className="muted small">Something changed since the last calculation.</span>
            )}
          </div>
          {ask.error &&
            (isMissing(ask.error) ? (
              <p className="note">This version of the server does not calculate scenarios yet.</p>
            ) : (
              <Problem error={ask.error} />
            ))}
        </form>
      )}
      <div role="status">{shown && <Outcome scenario={shown} currency={chosen.currency} name={name} />}</div>
    </section>
  );
}

interface RowProps {
  change: ScenarioChange;
  services: string;
  currency: string;
  problem: string | null;
  set: (change: ScenarioChange) => void;
  remove: () => void;
}

function ChangeRow({ change, services, currency, problem, set, remove }: RowProps) {
  const day = (
    <Field
      label="From"
      type="date"
      value={change.from}
      required
      onChange={(event) => {
        if (event.target.value) set({ ...change, from: event.target.value });
      }}
    />
  );
  const kind = CHANGE_KINDS.find((one) => one.id === change.kind);
  return (
    <div className="scenario-change">
      <strong>{kind?.label}</strong>
      <div className="scenario-fields">
        {change.kind === "grow" && (
          <>
            <Field
              label="Service"
              list={services}
              value={change.value ?? ""}
              placeholder="everything"
              onChange={(event) => set({ ...change, value: event.target.value || null })}
            />
            <NumberField
              label="By %"
              value={change.percent}
              onChange={(percent) => set({ ...change, percent })}
            />
          </>
        )}
        {change.kind === "move" && (
          <>
            <Field
              label="From service"
              list={services}
              value={change.value}
              onChange={(event) => set({ ...change, value: event.target.value })}
            />
            <Field
              label="To service"
              list={services}
              value={change.to}
              onChange={(event) => set({ ...change, to: event.target.value })}
            />
            <NumberField
              label="Price there, % of here"
              value={Math.round(change.price * 1e6) / 1e4}
              onChange={(percent) => set({ ...change, price: percent / 100 })}
            />
            <NumberField
              label="Stays here, %"
              value={change.keeps_percent}
              onChange={(keeps_percent) => set({ ...change, keeps_percent })}
            />
          </>
        )}
        {change.kind === "commit" && (
          <>
            <Field
              label="Service"
              list={services}
              value={change.value}
              onChange={(event) => set({ ...change, value: event.target.value })}
            />
            <NumberField
              label={`${currency} a day`}
              value={change.per_day}
              onChange={(per_day) => set({ ...change, per_day })}
            />
            <NumberField
              label="Discount %"
              value={change.discount_percent}
              onChange={(discount_percent) => set({ ...change, discount_percent })}
            />
          </>
        )}
        {day}
      </div>
      <button
        type="button"
        className="icon-button"
        aria-label={`Remove this change: ${kind?.label}`}
        onClick={remove}
      >
        ×
      </button>
      {problem && <p className="hint scenario-problem">{problem}</p>}
    </div>
  );
}

function NumberField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
}) {
  const [text, setText] = useState(String(value));
  return (
    <Field
      label={label}
      type="number"
      step="any"
      value={Number(text) === value ? text : String(value)}
      onChange={(event) => {
        setText(event.target.value);
        const next = Number(event.target.value);
        if (event.target.value !== "" && Number.isFinite(next)) onChange(next);
      }}
    />
  );
}

function Outcome({ scenario, currency, name }: { scenario: Scenario; currency: string; name: string }) {
  const difference = parse(scenario.difference);
  const parts = scenario.parts ?? [];
  return (
    <div className="stack outcome">
      <div className="with-without">
        <div className="stat">
          <span className="muted small">Still to come in {name}, without it</span>
          <strong>
            <Amount amount={scenario.without} currency={currency} short />
          </strong>
        </div>
        <div className="stat">
          <span className="muted small">Still to come in {name}, with it</span>
          <strong>
            <Amount amount={scenario.with} currency={currency} short />
          </strong>
        </div>
        <div className="stat">
          <span className="muted small">Difference</span>
          <strong className={difference > 0n ? "up num" : difference < 0n ? "down num" : "num"}>
            {moneyChange(difference, currency)}
          </strong>
        </div>
      </div>
      {parts.length > 0 && (
        <section className="table-wrap" aria-label="With and without, by part">
          <table className="data">
            <thead>
              <tr>
                <th scope="col">Part</th>
                <th scope="col" className="right">
                  Without
                </th>
                <th scope="col" className="right">
                  With
                </th>
                <th scope="col" className="right">
                  Change
                </th>
              </tr>
            </thead>
            <tbody>
              {parts.map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td className="right">
                    <Amount amount={one.without} currency={currency} />
                  </td>
                  <td className="right">
                    <Amount amount={one.with} currency={currency} />
                  </td>
                  <td className="right">
                    <Change
                      now={one.with}
                      before={one.without}
                      currency={currency}
                      against="without it"
                      withAmount
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
