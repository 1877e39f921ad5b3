import { useMemo, useRef, useState } from "react";
import { Amount, Change } from "../../components/Figure";
import { type Range, rangeLabel } from "../../lib/dates";
import { ratio } from "../../lib/decimal";
import { percent } from "../../lib/money";
import { type Group, groupLabel, type Section, unsetLabel } from "../../lib/pivot";
import type { Sort, SortColumn } from "../../lib/question";
import type { Drawn } from "./chartOption";

interface Props {
  section: Section;
  drawn: Drawn[];
  by: string[];
  label: (dimension: string) => string;
  compare: boolean;
  others: number | null;
  measure: string;
  against: string;
  range: Range;
  sort: Sort;
  onSort: (sort: Sort) => void;
  onDrill: (group: Group) => void;
}

/**
 * The exact figures. A row drills on click or Enter; arrow keys, Home and End move; one row is in the tab order.
 */
export function CostTable({
  section,
  drawn,
  by,
  label,
  compare,
  others,
  measure,
  against,
  range,
  sort,
  onSort,
  onDrill,
}: Props) {
  const [current, setCurrent] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const { currency } = section;

  const groups = useMemo(() => {
    const sign = sort.down ? -1 : 1;
    const compareGroups = (a: Group, b: Group): number => {
      if (a.other !== b.other) return a.other ? 1 : -1;
      if (sort.column === "name")
        return sign * groupLabel(a, by, null, label).localeCompare(groupLabel(b, by, null, label), "en");
      const value = (group: Group) =>
        sort.column === "amount"
          ? group.amount
          : sort.column === "previous"
            ? (group.previous ?? 0n)
            : group.amount - (group.previous ?? 0n);
      const [x, y] = [value(a), value(b)];
      return x === y ? 0 : sign * (x < y ? -1 : 1);
    };
    return [...section.groups].sort(compareGroups);
  }, [section, sort, by, label]);

  const colors = useMemo(() => {
    const found = new Map<string, string>();
    for (const one of drawn) for (const group of one.members) found.set(group.id, one.color);
    return found;
  }, [drawn]);

  const move = (to: number) => {
    const at = Math.max(0, Math.min(groups.length - 1, to));
    setCurrent(at);
    body.current?.rows[at]?.focus();
  };
  const onKey = (event: React.KeyboardEvent, at: number) => {
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: groups.length - 1,
    };
    const to = steps[event.key];
    const group = groups[at];
    if (to !== undefined) {
      event.preventDefault();
      move(to);
    } else if (event.key === "Enter" && group && by.length > 0) {
      event.preventDefault();
      onDrill(group);
    }
  };

  const header = (column: SortColumn, text: string, right = true) => {
    const sorted = sort.column === column ? (sort.down ? "descending" : "ascending") : "none";
    return (
      <th scope="col" className={right ? "right" : ""} aria-sort={sorted}>
        <button
          type="button"
          onClick={() => onSort({ column, down: sort.column === column ? !sort.down : column !== "name" })}
        >
          {text}
          <span aria-hidden="true">{sorted === "none" ? "" : sort.down ? " ↓" : " ↑"}</span>
        </button>
      </th>
    );
  };

  const drillable = by.length > 0;
  const shown = Math.min(current, groups.length - 1);
  return (
    <div className="table-wrap">
      <table className="data">
        <caption className="visually-hidden">
          {measure} in {currency}, {rangeLabel(range)}
          {drillable && ". Arrow keys move, Enter drills into a row."}
        </caption>
        <thead>
          <tr>
            {header("name", by.length ? by.map(label).join(" · ") : "Charges", false)}
            {header("amount", `${measure}, ${currency}`)}
            <th scope="col" className="right">
              Share
            </th>
            {compare && header("previous", "Period before")}
            {compare && header("change", "Change")}
          </tr>
        </thead>
        <tbody ref={body}>
          {groups.map((group, at) => (
            <tr
              key={group.id}
              tabIndex={at === shown ? 0 : -1}
              className={drillable ? "drillable" : ""}
              onFocus={() => setCurrent(at)}
              onKeyDown={(event) => onKey(event, at)}
              onClick={() => drillable && onDrill(group)}
            >
              <th scope="row">
                <span className="group-name">
                  <span
                    className={`swatch${group.unset ? " unset" : ""}`}
                    style={{ background: colors.get(group.id) }}
                  />
                  {group.other ? (
                    <span className="muted">{groupLabel(group, by, others, label)}</span>
                  ) : group.keys.length === 0 ? (
                    "All charges"
                  ) : (
                    <span>
                      {group.keys.map((key, index) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: the position is the identity, one per dimension
                        <span key={index} className={key === null ? "muted" : ""}>
                          {index > 0 && <span className="muted"> · </span>}
                          {key ?? unsetLabel(by[index] ?? "", label)}
                        </span>
                      ))}
                    </span>
                  )}
                </span>
              </th>
              <td className="right">
                <Amount amount={group.amount} currency={currency} />
              </td>
              <td className="right muted">{percent(ratio(group.amount, section.total))}</td>
              {compare && (
                <td className="right">
                  {group.previous === null ? "—" : <Amount amount={group.previous} currency={currency} />}
                </td>
              )}
              {compare && (
                <td className="right">
                  <Change
                    now={group.amount}
                    before={group.previous}
                    currency={currency}
                    against={against}
                    withAmount
                  />
                </td>
              )}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Total</th>
            <td className="right">
              <Amount amount={section.total} currency={currency} />
            </td>
            <td className="right">100%</td>
            {compare && (
              <td className="right">
                {section.previous === null ? "—" : <Amount amount={section.previous} currency={currency} />}
              </td>
            )}
            {compare && (
              <td className="right">
                <Change
                  now={section.total}
                  before={section.previous}
                  currency={currency}
                  against={against}
                  withAmount
                />
              </td>
            )}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
