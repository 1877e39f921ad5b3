import { SegmentedControl, Skeleton } from "@mantine/core";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useChange } from "../../api/changes";
import { insight, useBudgets } from "../../api/insight";
import type { Budget } from "../../api/insightTypes";
import { Asked } from "../../components/Asked";
import { Confirm } from "../../components/Dialog";
import { may, useMe } from "../../components/me";
import { Empty } from "../../components/states";
import { type Direction, STANDINGS } from "../../lib/burn";
import { BudgetCard } from "./BudgetCard";
import { BudgetForm } from "./BudgetForm";

/** Every budget with how it burns, what pushed it, and where it will end; those in trouble first. */
export function Budgets() {
  const me = useMe();
  const budgets = useBudgets();
  const [search, setSearch] = useSearchParams();
  const direction: Direction = search.get("view") === "down" ? "down" : "up";
  const only = search.get("standing");
  const [editing, setEditing] = useState<Budget | "new" | null>(null);
  const [removing, setRemoving] = useState<Budget | null>(null);
  const remove = useChange((id: string) => insight.removeBudget(id), ["budgets"]);
  const manages = me === null || may(me, "manage-settings");
  const set = (key: string, value: string | null) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(key, value);
        else next.delete(key);
        return next;
      },
      { replace: true },
    );
  const create = manages && (
    <button type="button" className="control primary" onClick={() => setEditing("new")}>
      New budget
    </button>
  );
  const items = [...(budgets.data?.items ?? [])].sort(
    (a, b) => rank(a) - rank(b) || (b.status?.used_percent ?? 0) - (a.status?.used_percent ?? 0),
  );
  const shown = items.filter((one) => !only || one.status?.standing === only);
  return (
    <div className="page" aria-busy={budgets.isFetching}>
      <div className="page-head">
        <h1>Budgets</h1>
        {items.length > 0 && (
          <div className="row">
            <SegmentedControl
              aria-label="Drawn as"
              value={direction}
              onChange={(next) => set("view", next === "up" ? null : next)}
              data={[
                { value: "up", label: "Spent so far" },
                { value: "down", label: "What is left" },
              ]}
            />
            {create}
          </div>
        )}
      </div>
      <Asked
        query={budgets}
        what="Budgets"
        waiting={
          <div className="budget-grid">
            <Skeleton height={420} radius="md" />
            <Skeleton height={420} radius="md" />
          </div>
        }
      >
        {() =>
          items.length === 0 ? (
            <div className="card">
              <Empty
                title="No budget yet"
                reason={
                  manages
                    ? "A budget holds a part of the costs against an amount, draws how it burns, and writes to people when a threshold is reached or the forecast says it will be."
                    : "An administrator can make one; it then stands here for everybody who opens forecasts."
                }
              >
                {create}
              </Empty>
            </div>
          ) : (
            <>
              <Standings items={items} only={only} choose={(one) => set("standing", one)} />
              {shown.length === 0 && (
                <div className="card">
                  <Empty title="No budget stands like that">
                    <button type="button" className="control" onClick={() => set("standing", null)}>
                      Show all of them
                    </button>
                  </Empty>
                </div>
              )}
              <div className="budget-grid">
                {shown.map((one) => (
                  <BudgetCard
                    key={one.id}
                    budget={one}
                    direction={direction}
                    edit={manages ? () => setEditing(one) : null}
                    remove={manages ? () => setRemoving(one) : null}
                  />
                ))}
              </div>
            </>
          )
        }
      </Asked>
      {editing !== null && (
        <BudgetForm budget={editing === "new" ? null : editing} close={() => setEditing(null)} />
      )}
      {removing && (
        <Confirm
          title={`Delete the budget ${removing.name}?`}
          verb="Delete"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p>
            Its thresholds stop writing to anybody. Charges and forecasts stay as they are; what it told so
            far stays in the inboxes and in the record.
          </p>
        </Confirm>
      )}
    </div>
  );
}

function rank(budget: Budget): number {
  return budget.status ? (STANDINGS[budget.status.standing]?.rank ?? 3) : 3;
}

interface StandingsProps {
  items: Budget[];
  only: string | null;
  choose: (standing: string | null) => void;
}

/** How many stand how; each is a filter. */
function Standings({ items, only, choose }: StandingsProps) {
  return (
    <fieldset className="row standings">
      <legend className="visually-hidden">Only budgets that are</legend>
      {Object.entries(STANDINGS).map(([id, one]) => {
        const number = items.filter((each) => each.status?.standing === id).length;
        return (
          <button
            key={id}
            type="button"
            className="control compact"
            aria-pressed={only === id}
            disabled={number === 0 && only !== id}
            onClick={() => choose(only === id ? null : id)}
          >
            <span className={`dot ${one.badge}`} aria-hidden="true" />
            <span className="num">{number}</span> {one.label}
          </button>
        );
      })}
    </fieldset>
  );
}
