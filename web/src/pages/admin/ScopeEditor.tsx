import { TagsInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { type ReactNode, useState } from "react";
import type { ScopeRule } from "../../api/identityTypes";
import { useDimensions, useValues } from "../../api/queries";
import { dimensionName, rulesSentence, scopeProblem } from "../../lib/scope";

interface Props {
  rules: ScopeRule[];
  onChange: (rules: ScopeRule[]) => void;
  legend?: string;
  /** What the rules mean here, around the sentence that says them. */
  meaning?: (sentence: ReactNode) => ReactNode;
  /** What to do while there is no rule. */
  without?: string;
}

/** Rules that must all hold: a dimension, and the values that are seen. */
export function ScopeEditor({
  rules,
  onChange,
  legend = "Only charges where",
  meaning = (sentence) => (
    <>They see charges where {sentence}. A charge that has no such value is not seen.</>
  ),
  without,
}: Props) {
  const dimensions = useDimensions();
  const all = [
    ...(dimensions.data?.dimensions ?? []).map((one) => ({ id: one.id, label: one.label })),
    ...(dimensions.data?.tag_keys ?? []).map((key) => ({ id: `tag:${key}`, label: `tag ${key}` })),
  ];
  const set = (at: number, rule: ScopeRule) =>
    onChange(rules.map((one, index) => (index === at ? rule : one)));
  const unused = all.find((one) => !rules.some((rule) => rule.dimension === one.id));
  const problem = rules.length === 0 && without ? without : scopeProblem(rules);
  return (
    <fieldset className="checks">
      <legend>{legend}</legend>
      <div>
        {rules.map((rule, at) => (
          <Rule
            key={rule.dimension}
            rule={rule}
            options={all.filter(
              (one) => one.id === rule.dimension || !rules.some((other) => other.dimension === one.id),
            )}
            onChange={(next) => set(at, next)}
            remove={() => onChange(rules.filter((_, index) => index !== at))}
          />
        ))}
      </div>
      <button
        type="button"
        className="control compact"
        disabled={!unused}
        onClick={() => {
          const usual = ["SubAccountId", "SubAccountName", "tag:team"];
          const next =
            all.find((one) => usual.includes(one.id) && !rules.some((rule) => rule.dimension === one.id)) ??
            unused;
          if (next) onChange([...rules, { dimension: next.id, values: [] }]);
        }}
      >
        {rules.length === 0 ? "Add a rule" : "And another rule"}
      </button>
      <p className="preview" role="status">
        {problem ?? meaning(<strong>{rulesSentence(rules)}</strong>)}
      </p>
    </fieldset>
  );
}

interface RuleProps {
  rule: ScopeRule;
  options: { id: string; label: string }[];
  onChange: (rule: ScopeRule) => void;
  remove: () => void;
}

function Rule({ rule, options, onChange, remove }: RuleProps) {
  const [text, setText] = useState("");
  const [query] = useDebouncedValue(text, 120);
  const values = useValues(rule.dimension, { q: query, limit: "30" });
  const offered = [...new Set((values.data?.values ?? []).map((one) => one.value ?? ""))].filter(Boolean);
  const name = dimensionName(rule.dimension);
  const listed = options.some((one) => one.id === rule.dimension);
  return (
    <div className="rule">
      <select
        aria-label="Dimension"
        value={rule.dimension}
        onChange={(event) => onChange({ dimension: event.target.value, values: [] })}
      >
        {!listed && <option value={rule.dimension}>{name}</option>}
        {options.map((one) => (
          <option key={one.id} value={one.id}>
            {one.label}
          </option>
        ))}
      </select>
      <TagsInput
        aria-label={`Values of ${name}`}
        placeholder={rule.values.length === 0 ? "is one of …" : ""}
        value={rule.values}
        onChange={(next) => onChange({ ...rule, values: next })}
        data={offered}
        searchValue={text}
        onSearchChange={setText}
        filter={({ options: found }) => found}
        acceptValueOnBlur
        maxTags={1000}
        comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 }, shadow: "md" }}
        maxDropdownHeight={220}
      />
      <button
        type="button"
        className="icon-button"
        aria-label={`Remove the rule about ${name}`}
        onClick={remove}
      >
        ×
      </button>
    </div>
  );
}
