import { MultiSelect } from "@mantine/core";
import { groupPath, type Proportion, type RuleSet, type SharedCost } from "../../lib/rulebook";

interface Props {
  set: RuleSet;
  readOnly: boolean;
  onChange: (set: RuleSet) => void;
}

/** Costs that everybody causes: a group gives all it has to others. */
export function SharedEditor({ set, readOnly, onChange }: Props) {
  const shared = set.shared ?? [];
  const write = (next: SharedCost[]) => onChange({ ...set, shared: next });
  const put = (at: number, part: Partial<SharedCost>) =>
    write(shared.map((one, index) => (index === at ? { ...one, ...part } : one)));
  const data = set.groups.map((one) => ({ value: one.id, label: groupPath(set.groups, one.id) }));
  return (
    <section className="card" aria-labelledby="shared">
      <div className="card-head">
        <h2 id="shared">Shared costs</h2>
        <span className="muted small">Divided after the rules, to the last digit.</span>
      </div>
      {shared.length === 0 && (
        <p className="muted">
          Nothing is divided: support, networking and platform stay where the rules put them.
        </p>
      )}
      {shared.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a shared cost's identity is its place
        <div className="shared-line" key={at}>
          <label className="form-field">
            <span>The cost of</span>
            <select
              value={one.from}
              disabled={readOnly}
              onChange={(event) => put(at, { from: event.target.value })}
            >
              {data.map((each) => (
                <option key={each.value} value={each.value}>
                  {each.label}
                </option>
              ))}
            </select>
          </label>
          <div className="form-field">
            <span>is borne by</span>
            <MultiSelect
              aria-label={`Who bears the cost of ${one.from}`}
              data={data.filter((each) => each.value !== one.from)}
              value={one.among}
              disabled={readOnly}
              onChange={(among) => put(at, { among })}
              comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 }, shadow: "md" }}
            />
          </div>
          <label className="form-field">
            <span>in proportion to</span>
            <select
              value={typeof one.by === "string" ? one.by : "other"}
              disabled={readOnly}
              onChange={(event) => {
                if (event.target.value !== "other") put(at, { by: event.target.value as Proportion });
              }}
            >
              <option value="cost">their own cost</option>
              <option value="even">nothing: the same for each</option>
              {typeof one.by !== "string" && (
                <option value="other">
                  {"measure" in one.by ? `the measure ${one.by.measure}` : "fixed weights"}
                </option>
              )}
            </select>
          </label>
          {!readOnly && (
            <button
              type="button"
              className="icon-button"
              aria-label={`Do not divide the cost of ${one.from}`}
              onClick={() => write(shared.filter((_, index) => index !== at))}
            >
              ×
            </button>
          )}
        </div>
      ))}
      {!readOnly && (
        <button
          type="button"
          className="control compact"
          disabled={set.groups.length < 2}
          onClick={() => write([...shared, { from: set.groups[0]?.id ?? "", among: [], by: "cost" }])}
        >
          Divide the cost of a group
        </button>
      )}
    </section>
  );
}
