import { useState } from "react";
import type { MatrixRow } from "../../api/identityTypes";
import { CheckIcon } from "../../components/icons";
import { ACTION_LABELS, actionLabel, PAGE_LABELS, pageLabel } from "./words";

interface Props {
  rows: MatrixRow[];
  name: (role: string) => string;
}

const inOrder = (found: string[], known: Record<string, string>) => {
  const order = Object.keys(known);
  const place = (one: string) => (order.includes(one) ? order.indexOf(one) : order.length);
  return [...new Set(found)].sort((a, b) => place(a) - place(b));
};

/** One role at a time: pages across, actions down. A grey field is an action that nobody does on that page. */
export function Matrix({ rows, name }: Props) {
  const roles = [...new Set(rows.map((one) => one.role))];
  const [chosen, setChosen] = useState<string | null>(null);
  const role = chosen !== null && roles.includes(chosen) ? chosen : (roles[0] ?? "");
  const cell = new Map(rows.map((one) => [`${one.role} ${one.page} ${one.action}`, one]));
  const somebody = new Set(rows.filter((one) => one.allowed).map((one) => `${one.page} ${one.action}`));
  const pages = inOrder(
    rows.map((one) => one.page),
    PAGE_LABELS,
  );
  const actions = inOrder(
    rows.map((one) => one.action),
    ACTION_LABELS,
  ).filter((action) => pages.some((page) => somebody.has(`${page} ${action}`)));
  const policies = [
    ...new Set(rows.filter((one) => one.role === role && one.allowed && one.policy).map((one) => one.policy)),
  ];
  return (
    <div className="stack">
      <fieldset className="row role-picker">
        <legend className="visually-hidden">Role</legend>
        {roles.map((one) => (
          <button
            key={one}
            type="button"
            className="control compact"
            aria-pressed={one === role}
            onClick={() => setChosen(one)}
          >
            {name(one)}
          </button>
        ))}
      </fieldset>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <section className="table-wrap matrix-wrap" tabIndex={0} aria-label={`What ${name(role)} may do`}>
        <table className="data matrix">
          <caption className="visually-hidden">What {name(role)} may do, by action and page</caption>
          <thead>
            <tr>
              <th scope="col">Action</th>
              {pages.map((page) => (
                <th key={page} scope="col">
                  {pageLabel(page)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {actions.map((action) => (
              <tr key={action}>
                <th scope="row">{actionLabel(action)}</th>
                {pages.map((page) => {
                  if (!somebody.has(`${page} ${action}`))
                    return (
                      <td key={page} className="nowhere">
                        <span className="visually-hidden">not done here</span>
                      </td>
                    );
                  const found = cell.get(`${role} ${page} ${action}`);
                  return (
                    <td key={page} title={found?.policy ?? undefined}>
                      {found?.allowed ? (
                        <span className="yes">
                          <CheckIcon />
                          <span className="visually-hidden">yes</span>
                        </span>
                      ) : (
                        <span className="no">
                          <span aria-hidden="true">–</span>
                          <span className="visually-hidden">no</span>
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="muted small">
        {policies.length > 0 ? (
          <>
            Decided by{" "}
            {policies.map((one, at) => (
              <span key={one}>
                {at > 0 && ", "}
                <code>{one}</code>
              </span>
            ))}
            .{" "}
          </>
        ) : null}
        {!roles.includes("owner") &&
          "Owners may also restore, delete and export the whole workspace, and let staff in."}
      </p>
    </div>
  );
}
