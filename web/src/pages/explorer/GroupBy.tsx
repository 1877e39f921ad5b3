import { MultiSelect } from "@mantine/core";
import { useMemo } from "react";
import type { Dimensions } from "../../api/types";
import { MAX_GROUPS, TOPS } from "../../lib/question";

interface Props {
  value: string[];
  top: number;
  dimensions: Dimensions | undefined;
  onChange: (by: string[]) => void;
  onTop: (top: number) => void;
}

/** Any FOCUS dimension or tag, found by typing; at most three at once, and how many groups stand alone. */
export function GroupBy({ value, top, dimensions, onChange, onTop }: Props) {
  const data = useMemo(() => {
    const groups = new Map<string, { value: string; label: string }[]>();
    for (const one of dimensions?.dimensions ?? []) {
      const label = one.label === one.id ? one.id : `${one.label} (${one.id})`;
      groups.set(one.group, [...(groups.get(one.group) ?? []), { value: one.id, label }]);
    }
    const tags = dimensions?.tag_keys.map((key) => ({ value: `tag:${key}`, label: `tag: ${key}` })) ?? [];
    const known = new Set([...groups.values(), tags].flat().map((item) => item.value));
    const unknown = value.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id }));
    return [
      ...[...groups].map(([group, items]) => ({ group, items })),
      ...(tags.length ? [{ group: "Tags", items: tags }] : []),
      ...(unknown.length ? [{ group: "In the address", items: unknown }] : []),
    ];
  }, [dimensions, value]);

  return (
    <div className="field group-by">
      <label htmlFor="group-by">Group by</label>
      <MultiSelect
        id="group-by"
        data={data}
        value={value}
        onChange={onChange}
        searchable
        clearable
        hidePickedOptions
        maxValues={MAX_GROUPS}
        limit={80}
        nothingFoundMessage="No dimension or tag of that name"
        placeholder={value.length === 0 ? "Nothing: one total" : ""}
        clearButtonProps={{ "aria-label": "Group by nothing" }}
        comboboxProps={{ transitionProps: { duration: 0 }, withinPortal: false, shadow: "md" }}
      />
      <select aria-label="Groups shown" value={top} onChange={(event) => onTop(Number(event.target.value))}>
        {[...new Set([...TOPS, top])]
          .sort((a, b) => a - b)
          .map((one) => (
            <option key={one} value={one}>
              top {one}
            </option>
          ))}
      </select>
    </div>
  );
}
