import { TagsInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useId, useState } from "react";
import { useDimensions, useValues } from "../../api/queries";
import {
  type Condition,
  conditionOf,
  conditionWords,
  groupPath,
  type Rule,
  type RuleSet,
  TESTS,
  type TestId,
  testOf,
  valuesOf,
} from "../../lib/rulebook";
import { GroupEditor } from "./GroupEditor";
import { JsonEditor } from "./JsonEditor";
import { SharedEditor } from "./SharedEditor";

interface Props {
  set: RuleSet;
  readOnly: boolean;
  onChange: (set: RuleSet) => void;
}

/** Groups, rules by priority, and what is divided afterwards. */
export function RuleEditor({ set, readOnly, onChange }: Props) {
  return (
    <>
      <GroupEditor set={set} readOnly={readOnly} onChange={onChange} />
      <Rules set={set} readOnly={readOnly} onChange={onChange} />
      <SharedEditor set={set} readOnly={readOnly} onChange={onChange} />
      {!readOnly && <JsonEditor set={set} onChange={onChange} />}
    </>
  );
}

function Rules({ set, readOnly, onChange }: Props) {
  const [open, setOpen] = useState<number | null>(null);
  const rules = (next: Rule[]) => onChange({ ...set, rules: next });
  const move = (at: number, by: number) => {
    const next = [...set.rules];
    const [moved] = next.splice(at, 1);
    if (!moved) return;
    next.splice(at + by, 0, moved);
    rules(next);
    setOpen(open === at ? at + by : open);
  };
  return (
    <section className="card" aria-labelledby="rules">
      <div className="card-head">
        <h2 id="rules">Rules</h2>
        <span className="muted small">The first whose conditions all hold takes the charge.</span>
      </div>
      {set.rules.length === 0 && <p className="muted">No rule yet: everything is left over.</p>}
      <ol className="rules">
        {set.rules.map((rule, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a rule's identity is its priority
          <li key={at}>
            <div className="rule-line">
              <span className="num muted">{at + 1}</span>
              <button
                type="button"
                className="rule-name"
                aria-expanded={open === at}
                onClick={() => setOpen(open === at ? null : at)}
              >
                <strong>{rule.name || "a rule without a name"}</strong>
                <span className="muted small">
                  {rule.when.length === 0
                    ? "everything that is left"
                    : rule.when.map(conditionWords).join(", and ")}
                </span>
              </button>
              <span className="rule-target small">
                →{" "}
                {rule.group_named_by
                  ? `the group named by ${rule.group_named_by}`
                  : rule.group
                    ? groupPath(set.groups, rule.group)
                    : "no group"}
              </span>
              {!readOnly && (
                <span className="rule-moves">
                  <button
                    type="button"
                    className="icon-button"
                    disabled={at === 0}
                    aria-label={`Move ${rule.name || `rule ${at + 1}`} up`}
                    onClick={() => move(at, -1)}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    className="icon-button"
                    disabled={at === set.rules.length - 1}
                    aria-label={`Move ${rule.name || `rule ${at + 1}`} down`}
                    onClick={() => move(at, 1)}
                  >
                    ↓
                  </button>
                </span>
              )}
            </div>
            {open === at && (
              <RuleForm
                rule={rule}
                set={set}
                readOnly={readOnly}
                onChange={(next) => rules(set.rules.map((one, index) => (index === at ? next : one)))}
                remove={() => {
                  setOpen(null);
                  rules(set.rules.filter((_, index) => index !== at));
                }}
              />
            )}
          </li>
        ))}
      </ol>
      {!readOnly && (
        <button
          type="button"
          className="control compact"
          disabled={set.groups.length === 0}
          onClick={() => {
            const group = set.groups[set.groups.length - 1]?.id ?? "";
            rules([...set.rules, { name: "", when: [], group }]);
            setOpen(set.rules.length);
          }}
        >
          Add a rule
        </button>
      )}
    </section>
  );
}

interface RuleFormProps {
  rule: Rule;
  set: RuleSet;
  readOnly: boolean;
  onChange: (rule: Rule) => void;
  remove: () => void;
}

function RuleForm({ rule, set, readOnly, onChange, remove }: RuleFormProps) {
  const id = useId();
  const dimensions = useDimensions();
  const options = [
    ...(dimensions.data?.dimensions ?? []).map((one) => ({ id: one.id, label: one.label })),
    ...(dimensions.data?.tag_keys ?? []).map((key) => ({ id: `tag:${key}`, label: `tag ${key}` })),
  ];
  const when = (next: Condition[]) => onChange({ ...rule, when: next });
  const toGroup = (group: string) => onChange({ name: rule.name, when: rule.when, group });
  return (
    <fieldset className="rule-form" disabled={readOnly}>
      <legend className="visually-hidden">{rule.name || "A new rule"}</legend>
      <div className="form-grid">
        <label className="form-field" htmlFor={`${id}-name`}>
          <span>Name</span>
          <input
            id={`${id}-name`}
            className="input"
            value={rule.name}
            maxLength={256}
            placeholder="search by tag"
            onChange={(event) => onChange({ ...rule, name: event.target.value })}
          />
        </label>
        {rule.group_named_by === undefined ? (
          <label className="form-field" htmlFor={`${id}-group`}>
            <span>Belongs to</span>
            <select
              id={`${id}-group`}
              value={rule.group ?? ""}
              onChange={(event) => toGroup(event.target.value)}
            >
              {!set.groups.some((one) => one.id === rule.group) && (
                <option value={rule.group ?? ""}>choose</option>
              )}
              {set.groups.map((one) => (
                <option key={one.id} value={one.id}>
                  {groupPath(set.groups, one.id)}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <p className="hint">
            To the group whose id is the value of <code>{rule.group_named_by}</code>.{" "}
            <button type="button" className="text-button" onClick={() => toGroup(set.groups[0]?.id ?? "")}>
              To one group instead
            </button>
          </p>
        )}
      </div>
      {rule.when.map((condition, at) => (
        <ConditionRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a condition has no identity but its place
          key={at}
          condition={condition}
          options={options}
          onChange={(next) => when(rule.when.map((one, index) => (index === at ? next : one)))}
          remove={() => when(rule.when.filter((_, index) => index !== at))}
        />
      ))}
      {!readOnly && (
        <div className="row between">
          <button
            type="button"
            className="control compact"
            onClick={() => when([...rule.when, { dimension: options[0]?.id ?? "ServiceName", equals: "" }])}
          >
            {rule.when.length === 0 ? "Add a condition" : "And another condition"}
          </button>
          <button type="button" className="text-button bad" onClick={remove}>
            Remove the rule
          </button>
        </div>
      )}
    </fieldset>
  );
}

interface ConditionProps {
  condition: Condition;
  options: { id: string; label: string }[];
  onChange: (condition: Condition) => void;
  remove: () => void;
}

function ConditionRow({ condition, options, onChange, remove }: ConditionProps) {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState(false);
  const [query] = useDebouncedValue(text, 120);
  const test = testOf(condition);
  const several = test === "in" || test === "!in";
  const values = valuesOf(condition);
  const found = useValues(asked && !condition.dimension.startsWith("virtual:") ? condition.dimension : null, {
    q: several ? query : "",
    limit: "30",
  });
  const offered = [...new Set((found.data?.values ?? []).map((one) => one.value ?? ""))].filter(Boolean);
  const id = useId();
  return (
    <div className="condition">
      <select
        aria-label="Dimension"
        value={condition.dimension}
        onChange={(event) => onChange(conditionOf(event.target.value, test, []))}
      >
        {!options.some((one) => one.id === condition.dimension) && (
          <option value={condition.dimension}>{condition.dimension}</option>
        )}
        {options.map((one) => (
          <option key={one.id} value={one.id}>
            {one.label}
          </option>
        ))}
      </select>
      <select
        aria-label="Test"
        value={test}
        onChange={(event) => onChange(conditionOf(condition.dimension, event.target.value as TestId, values))}
      >
        {TESTS.map((one) => (
          <option key={one.id} value={one.id}>
            {one.label}
          </option>
        ))}
      </select>
      {test === "missing" || test === "present" ? (
        <span />
      ) : several ? (
        <TagsInput
          aria-label="Values"
          value={values.filter(Boolean)}
          onChange={(next) => onChange(conditionOf(condition.dimension, test, next))}
          data={offered}
          searchValue={text}
          onSearchChange={setText}
          onFocus={() => setAsked(true)}
          filter={({ options: all }) => all}
          acceptValueOnBlur
          maxTags={2000}
          comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 }, shadow: "md" }}
          maxDropdownHeight={220}
        />
      ) : (
        <>
          <input
            className="input"
            aria-label="Value"
            value={values[0] ?? ""}
            list={id}
            maxLength={256}
            onFocus={() => setAsked(true)}
            onChange={(event) => onChange(conditionOf(condition.dimension, test, [event.target.value]))}
          />
          <datalist id={id}>
            {offered.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
      <button type="button" className="icon-button" aria-label="Remove this condition" onClick={remove}>
        ×
      </button>
    </div>
  );
}
