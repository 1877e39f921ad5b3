import { useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { messages } from "../../api/messages";
import type { AlertRule } from "../../api/messageTypes";
import { Asked } from "../../components/Asked";
import { Confirm } from "../../components/Dialog";
import { may, useMe } from "../../components/me";
import { Empty, sentence } from "../../components/states";
import { channelWords, quietWords, ruleWords } from "../../lib/alertRules";
import { AlertRuleForm } from "./AlertRuleForm";

/** Which events become messages, to whom, and when not. */
export function Alerts() {
  const me = useMe();
  const rules = useAsked("alert-rules", messages.alertRules);
  const [editing, setEditing] = useState<AlertRule | "new" | null>(null);
  const [removing, setRemoving] = useState<AlertRule | null>(null);
  const remove = useChange((id: string) => messages.removeAlertRule(id), ["alert-rules"]);
  const manages = may(me, "manage-settings");
  const create = manages && (
    <button type="button" className="control primary" onClick={() => setEditing("new")}>
      New rule
    </button>
  );
  return (
    <>
      <div className="row between">
        <p className="lead">
          A rule says which events people are told about, where, and when it should be quiet. However many
          rules choose an event, a person is told once per channel.
        </p>
        {(rules.data?.items.length ?? 0) > 0 && create}
      </div>
      <Asked query={rules} what="Alert rules">
        {({ items }) =>
          items.length === 0 ? (
            <div className="card">
              <Empty
                title="No alert rule yet"
                reason="Without one, nobody is written to except the recipients of a budget's thresholds. Begin with warnings to the people who pay."
              >
                {create}
              </Empty>
            </div>
          ) : (
            <div className="card">
              <ul className="plain-list">
                {items.map((one) => (
                  <li key={one.id} className="alert-rule">
                    <span className="person">
                      <strong>{one.name}</strong>
                      <span className="muted small">{sentence(ruleWords(one))}</span>
                      <span className="muted small">
                        {one.channels.map(channelWords).join(" · ")}, {quietWords(one.quiet)}
                      </span>
                    </span>
                    {manages && (
                      <span className="table-actions">
                        <button
                          type="button"
                          className="text-button"
                          aria-label={`Change ${one.name}`}
                          onClick={() => setEditing(one)}
                        >
                          Change
                        </button>
                        <button
                          type="button"
                          className="text-button bad"
                          aria-label={`Delete ${one.name}`}
                          onClick={() => setRemoving(one)}
                        >
                          Delete
                        </button>
                      </span>
                    )}
                  </li>
                ))}
              </ul>
            </div>
          )
        }
      </Asked>
      {editing !== null && (
        <AlertRuleForm rule={editing === "new" ? null : editing} close={() => setEditing(null)} />
      )}
      {removing && (
        <Confirm
          title={`Delete the rule ${removing.name}?`}
          verb="Delete"
          act={() => remove.mutateAsync(removing.id)}
          close={() => setRemoving(null)}
        >
          <p>
            {removing.channels.map(channelWords).join(", ")} hears nothing more by this rule. What was told
            stays in the inboxes.
          </p>
        </Confirm>
      )}
    </>
  );
}
