import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { NewToken, ScopeRule } from "../../api/identityTypes";
import { Checks, Field, Problem, SelectField } from "../../components/form";
import { useMyWorkspace } from "../../components/me";
import { scopeProblem } from "../../lib/scope";
import { ScopeEditor } from "./ScopeEditor";
import { actionOptions, homelessAction, pageOptions } from "./words";

const LENGTHS = [
  { days: 1, label: "1 day" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
  { days: 0, label: "no end" },
];

interface Props {
  close: () => void;
  done: (name: string, token: string) => void;
}

export function TokenForm({ close, done }: Props) {
  const workspace = useMyWorkspace();
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [limited, setLimited] = useState(false);
  const [pages, setPages] = useState<string[]>(["explorer"]);
  const [actions, setActions] = useState<string[]>(["query"]);
  const [scoped, setScoped] = useState(false);
  const [rules, setRules] = useState<ScopeRule[]>([]);
  const make = useChange((body: NewToken) => admin.addToken(body), ["tokens"]);
  const homeless = limited ? homelessAction(pages, actions) : null;
  const ready =
    name.trim() !== "" &&
    (!limited || (pages.length > 0 && homeless === null)) &&
    (!scoped || scopeProblem(rules) === null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(
      {
        name: name.trim(),
        kind: "api",
        ...(days > 0 ? { expires_at: new Date(Date.now() + days * 86_400_000).toISOString() } : {}),
        ...(limited ? { pages, actions } : {}),
        ...(scoped ? { scope: rules } : {}),
      },
      { onSuccess: ({ token, item }) => done(item?.name ?? name.trim(), token) },
    );
  };
  return (
    <section className="card" aria-label="A new token">
      <div className="card-head">
        <h2>A new token</h2>
      </div>
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <Field
            label="Name"
            value={name}
            maxLength={80}
            required
            hint="What will use it: Grafana, the nightly report."
            onChange={(event) => setName(event.target.value)}
          />
          <SelectField
            label="Works for"
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            hint={days === 0 ? "A token without an end is forgotten before it is revoked." : undefined}
          >
            {LENGTHS.map((one) => (
              <option key={one.days} value={one.days}>
                {one.label}
              </option>
            ))}
          </SelectField>
        </div>
        <label className="check">
          <input type="checkbox" checked={limited} onChange={(event) => setLimited(event.target.checked)} />
          Limit what it may do
        </label>
        {limited && (
          <>
            <Checks
              legend="Pages it opens"
              options={pageOptions.filter((one) => workspace.pages.includes(one.id))}
              value={pages}
              onChange={setPages}
            />
            <Checks
              legend="Actions it does"
              hint="A token never makes tokens, whatever is chosen."
              options={actionOptions.filter(
                (one) => one.id !== "manage-tokens" && workspace.actions.includes(one.id),
              )}
              value={actions}
              onChange={setActions}
            />
            {homeless && <p className="hint bad">{homeless}</p>}
          </>
        )}
        <label className="check">
          <input type="checkbox" checked={scoped} onChange={(event) => setScoped(event.target.checked)} />
          Limit which charges it sees
        </label>
        {scoped && <ScopeEditor rules={rules} onChange={setRules} />}
        {make.error && <Problem error={make.error} />}
        <div className="row">
          <button type="submit" className="control primary" disabled={make.isPending || !ready}>
            Make the token
          </button>
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </section>
  );
}
