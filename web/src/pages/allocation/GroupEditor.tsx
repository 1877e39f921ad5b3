import { useId } from "react";
import { above, type CostGroup, freshId, groupPath, type RuleSet } from "../../lib/rulebook";

interface Props {
  set: RuleSet;
  readOnly: boolean;
  onChange: (set: RuleSet) => void;
}

/** The tree that cost is put into. An id stays when its group moves: it is how months are compared. */
export function GroupEditor({ set, readOnly, onChange }: Props) {
  const id = useId();
  const { groups } = set;
  const write = (next: CostGroup[]) => onChange({ ...set, groups: next });
  const put = (one: CostGroup, part: Partial<CostGroup>) =>
    write(groups.map((each) => (each === one ? { ...each, ...part } : each)));
  const setParent = (one: CostGroup, parent: string) =>
    write(
      groups.map((each) => {
        if (each !== one) return each;
        const { parent: _, ...rest } = each;
        return parent ? { ...rest, parent } : rest;
      }),
    );
  // Depth first, as they are read.
  const ordered: CostGroup[] = [];
  const visit = (parent: string | undefined) => {
    for (const one of groups)
      if (one.parent === parent && !ordered.includes(one)) {
        ordered.push(one);
        visit(one.id);
      }
  };
  visit(undefined);
  for (const one of groups) if (!ordered.includes(one)) ordered.push(one);
  const used = (group: string) =>
    groups.some((one) => one.parent === group) ||
    set.rules.some((one) => one.group === group) ||
    (set.shared ?? []).some((one) => one.from === group || one.among.includes(group));
  return (
    <section className="card" aria-labelledby={`${id}-h`}>
      <div className="card-head">
        <h2 id={`${id}-h`}>Groups</h2>
        <label className="row inline-field small">
          <span className="muted">in force from</span>
          <input
            className="input month"
            type="month"
            value={set.effective_from}
            disabled={readOnly}
            onChange={(event) => onChange({ ...set, effective_from: event.target.value })}
          />
        </label>
      </div>
      <ul className="groups">
        {ordered.map((one) => {
          const depth = above(groups, one.id).length;
          return (
            <li key={groups.indexOf(one)} className={`group-line depth-${Math.min(depth, 4)}`}>
              <input
                className="input"
                aria-label={`Name of the group ${one.id}`}
                value={one.name}
                maxLength={256}
                disabled={readOnly}
                placeholder="Name"
                onChange={(event) => put(one, { name: event.target.value })}
              />
              <select
                aria-label={`Group above ${one.name || one.id}`}
                value={one.parent ?? ""}
                disabled={readOnly}
                onChange={(event) => setParent(one, event.target.value)}
              >
                <option value="">at the top</option>
                {groups
                  .filter((each) => each !== one && !above(groups, each.id).includes(one.id))
                  .map((each) => (
                    <option key={each.id} value={each.id}>
                      in {groupPath(groups, each.id)}
                    </option>
                  ))}
              </select>
              <code
                className="muted clip"
                title={`The id ${one.id} stays when the group is renamed or moved`}
              >
                {one.id}
              </code>
              {!readOnly && (
                <button
                  type="button"
                  className="icon-button"
                  aria-label={`Remove the group ${one.name || one.id}`}
                  title={used(one.id) ? "It has groups, rules or shared costs" : ""}
                  disabled={used(one.id)}
                  onClick={() => write(groups.filter((each) => each !== one))}
                >
                  ×
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {!readOnly && (
        <form
          className="row add-group"
          onSubmit={(event) => {
            event.preventDefault();
            const form = event.currentTarget;
            const name = String(new FormData(form).get("name") ?? "").trim();
            if (!name) return;
            write([...groups, { id: freshId(groups, name), name }]);
            form.reset();
          }}
        >
          <input
            className="input"
            name="name"
            aria-label="Name of a new group"
            placeholder="A new group"
            maxLength={256}
          />
          <button type="submit" className="control compact">
            Add the group
          </button>
        </form>
      )}
    </section>
  );
}
