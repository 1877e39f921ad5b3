import { Combobox, Pill, PillsInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { useValues } from "../../api/queries";
import type { Dimensions } from "../../api/types";
import type { Range } from "../../lib/dates";
import {
  type Filter,
  OPERATORS,
  type Operator,
  operatorLabel,
  parseFilter,
  printFilter,
  withFilter,
} from "../../lib/filters";
import { money } from "../../lib/money";

interface Props {
  value: Filter[];
  dimensions: Dimensions | undefined;
  label: (dimension: string) => string;
  range: Range;
  onChange: (filters: Filter[]) => void;
}

/**
 * One line of typing: a dimension, then an operator, then a value; each step offers what there is.
 * `ServiceName=Amazon S3` typed whole and Enter works too.
 */
export function Filters({ value, dimensions, label, range, onChange }: Props) {
  const [dimension, setDimension] = useState<string | null>(null);
  const [operator, setOperator] = useState<Operator | null>(null);
  const [text, setText] = useState("");
  const [entered, setEntered] = useState(false);
  const [query] = useDebouncedValue(text, 120);
  const input = useRef<HTMLInputElement>(null);
  const { hash } = useLocation();
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });
  const choosing = dimension !== null && operator !== null && operator !== "~";
  const values = useValues(choosing ? dimension : null, {
    q: query,
    limit: "30",
    from: range.from,
    to: range.to,
  });

  // While the server still looks, what it found for a shorter text is narrowed here.
  const offered = new Map<string, string[]>();
  for (const one of values.data?.values ?? []) {
    const key = one.value ?? "";
    if (!key.toLowerCase().includes(text.trim().toLowerCase())) continue;
    // One entry per value: one that is billed in two currencies would otherwise stand there twice.
    offered.set(key, [...(offered.get(key) ?? []), money(one.amount, one.currency)]);
  }
  const looked = query === text && !values.isPlaceholderData && !values.isFetching;

  // Enter means the value typed in full, else the first that fits, else (none fits) the text as it stands.
  useEffect(() => {
    if (!entered || dimension === null || operator === null) return;
    const keys = [...offered.keys()];
    const chosen = keys.find((key) => key.toLowerCase() === text.toLowerCase()) ?? keys[0];
    if (chosen === undefined && !looked) return;
    setEntered(false);
    add({ dimension, operator, value: chosen ?? text });
  });

  useEffect(() => {
    if (hash === "#filter") input.current?.focus();
  }, [hash]);

  const reset = () => {
    setDimension(null);
    setOperator(null);
    setText("");
  };
  const add = (filter: Filter) => {
    onChange(withFilter(value, filter));
    reset();
    combobox.closeDropdown();
  };
  const step = (next: string) => {
    setText("");
    if (dimension === null) setDimension(next);
    else if (operator === null) setOperator(next as Operator);
    else add({ dimension, operator, value: next });
    combobox.openDropdown();
    combobox.resetSelectedOption();
    input.current?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Backspace" && text === "") {
      if (operator !== null) setOperator(null);
      else if (dimension !== null) setDimension(null);
      else if (value.length > 0) onChange(value.slice(0, -1));
      return;
    }
    if (event.key === "Escape" && dimension !== null) {
      reset();
      return;
    }
    if (event.key !== "Enter" || combobox.getSelectedOptionIndex() !== -1) return;
    const typed = dimension === null ? parseFilter(text) : null;
    if (typed) {
      event.preventDefault();
      add(typed);
    } else if (operator === "~") {
      event.preventDefault();
      if (dimension !== null && text !== "") add({ dimension, operator, value: text });
    } else if (choosing && text !== "") {
      event.preventDefault();
      setEntered(true);
    } else combobox.selectFirstOption();
  };

  const options = optionsOf();
  return (
    <div className="field">
      <label htmlFor="filter-input">Filter</label>
      <Combobox
        store={combobox}
        onOptionSubmit={step}
        transitionProps={{ duration: 0 }}
        withinPortal={false}
        shadow="md"
      >
        <Combobox.DropdownTarget>
          <PillsInput id="filter-input" onClick={() => combobox.openDropdown()}>
            <Pill.Group>
              {value.map((one) => (
                <Pill
                  key={printFilter(one)}
                  withRemoveButton
                  onRemove={() => onChange(value.filter((other) => other !== one))}
                  removeButtonProps={{
                    "aria-label": `Remove the filter ${spoken(one)}`,
                    "aria-hidden": false,
                    tabIndex: 0,
                  }}
                >
                  {label(one.dimension)} <span className="muted">{operatorLabel(one.operator)}</span>{" "}
                  {one.value || "(none)"}
                </Pill>
              ))}
              {dimension !== null && (
                <Pill>
                  {label(dimension)}{" "}
                  {operator !== null && <span className="muted">{operatorLabel(operator)}</span>} …
                </Pill>
              )}
              <Combobox.EventsTarget withExpandedAttribute>
                <PillsInput.Field
                  role="combobox"
                  ref={input}
                  value={text}
                  placeholder={placeholder()}
                  autoComplete="off"
                  spellCheck={false}
                  onFocus={() => combobox.openDropdown()}
                  onBlur={() => combobox.closeDropdown()}
                  onChange={(event) => {
                    setText(event.currentTarget.value);
                    setEntered(false);
                    combobox.openDropdown();
                    combobox.resetSelectedOption();
                  }}
                  onKeyDown={onKeyDown}
                />
              </Combobox.EventsTarget>
            </Pill.Group>
          </PillsInput>
        </Combobox.DropdownTarget>
        <Combobox.Dropdown>
          <Combobox.Options mah={320} style={{ overflowY: "auto" }} aria-label={placeholder()}>
            {options}
          </Combobox.Options>
        </Combobox.Dropdown>
      </Combobox>
    </div>
  );

  function spoken(filter: Filter): string {
    return `${label(filter.dimension)} ${operatorLabel(filter.operator)} ${filter.value || "none"}`;
  }

  function placeholder(): string {
    if (dimension === null) return value.length ? "and …" : "Type a dimension, or press / from anywhere";
    if (operator === null) return "is, is not or contains";
    return operator === "~" ? "Text to look for, then Enter" : "Type to find a value";
  }

  function optionsOf() {
    const wanted = text.trim().toLowerCase();
    const has = (one: string) => one.toLowerCase().includes(wanted);
    if (dimension === null) {
      const all = [
        ...(dimensions?.dimensions ?? []).map((one) => ({ id: one.id, label: one.label })),
        ...(dimensions?.tag_keys ?? []).map((key) => ({ id: `tag:${key}`, label: `tag: ${key}` })),
      ].filter((one) => has(one.id) || has(one.label));
      if (all.length === 0)
        return (
          <Combobox.Empty>
            {parseFilter(text) ? "Enter adds this filter" : "No dimension of that name"}
          </Combobox.Empty>
        );
      return all.slice(0, 60).map((one) => (
        <Combobox.Option key={one.id} value={one.id}>
          {one.label}{" "}
          {one.label !== one.id && !one.id.startsWith("tag:") && (
            <span className="muted small">{one.id}</span>
          )}
        </Combobox.Option>
      ));
    }
    if (operator === null)
      return OPERATORS.filter((one) => has(one.label) || one.id.includes(wanted)).map((one) => (
        <Combobox.Option key={one.id} value={one.id}>
          {one.label} <span className="muted small">{one.help}</span>
        </Combobox.Option>
      ));
    if (operator === "~") return <Combobox.Empty>Enter adds: contains “{text}”</Combobox.Empty>;
    if (values.error) return <Combobox.Empty>{values.error.message}</Combobox.Empty>;
    if (!values.data) return <Combobox.Empty>Looking …</Combobox.Empty>;
    if (offered.size === 0)
      return (
        <Combobox.Empty>
          {looked ? "No such value in this period. Enter filters by it anyway" : "Looking …"}
        </Combobox.Empty>
      );
    return (
      <>
        {[...offered].map(([one, amounts]) => (
          <Combobox.Option key={one} value={one}>
            <span className="option-line">
              <span className={one ? "clip" : "clip muted"}>{one || "(none)"}</span>
              <span className="num muted small">{amounts.join(" + ")}</span>
            </span>
          </Combobox.Option>
        ))}
        {values.data.truncated && (
          <Combobox.Footer className="muted small">More values: type to narrow them</Combobox.Footer>
        )}
      </>
    );
  }
}
