import type { RecordRow } from "../../api/identityTypes";
import { differences, pathWords } from "../../lib/diff";

/** What entries of the record are called, by the action's id. An action that is not listed shows its id. */
export const RECORD_WORDS: Record<string, string> = {
  "alert-rule.add": "made an alert rule",
  "alert-rule.change": "changed an alert rule",
  "alert-rule.remove": "deleted an alert rule",
  "allocation.change": "changed the allocation rules",
  "anomaly.expect": "said that an anomaly was expected",
  "anomaly.unexpect": "took back that an anomaly was expected",
  "backup.take": "took a backup",
  "budget.add": "made a budget",
  "budget.alert": "reached a threshold",
  "budget.change": "changed a budget",
  "budget.remove": "deleted a budget",
  "credential.remove": "removed a cloud credential",
  "credential.set": "set a cloud credential",
  "identity-provider.add": "added a provider",
  "identity-provider.change": "changed a provider",
  "identity-provider.remove": "removed a provider",
  "invitation.accept": "accepted an invitation",
  "invitation.create": "invited somebody",
  "invitation.withdraw": "took back an invitation",
  "member.add": "added a member",
  "member.change": "changed a member",
  "member.remove": "removed a member",
  permission: "was not allowed",
  "role.add": "made a role",
  "role.change": "changed a role",
  "role.remove": "deleted a role",
  "scim-group.add": "added a group by SCIM",
  "scim-group.change": "changed a group by SCIM",
  "scim-group.remove": "removed a group by SCIM",
  "scim-user.add": "added a person by SCIM",
  "scim-user.change": "changed a person by SCIM",
  "scim-user.remove": "removed a person by SCIM",
  "source.add": "added a source",
  "source.remove": "removed a source",
  "staff-access.ask": "asked for staff access",
  "staff-access.end": "ended staff access",
  "staff-access.grant": "let staff in",
  "staff-access.refuse": "refused staff access",
  "team.add": "made a team",
  "team.change": "changed a team",
  "team.join": "put somebody into a team",
  "team.leave": "took somebody out of a team",
  "team.remove": "deleted a team",
  "token.create": "made a token",
  "token.revoke": "revoked a token",
  "webhook.add": "made a webhook",
  "webhook.change": "changed a webhook",
  "webhook.remove": "deleted a webhook",
  "webhook.replay": "sent deliveries of a webhook again",
  "webhook.rotate": "rotated a webhook's secret",
  "workspace.ask-deletion": "asked for the workspace's deletion",
  "workspace.create": "made the workspace",
  "workspace.keep": "kept the workspace after all",
  "workspace.rename": "renamed the workspace",
};

/** `null` and empty objects say nothing. */
export function telling(payload: unknown): boolean {
  return (
    payload !== null &&
    payload !== undefined &&
    !(typeof payload === "object" && Object.keys(payload).length === 0)
  );
}

/** Whoever did it, by the name that people know. */
export function whoDid(row: RecordRow): string {
  const account = row.account;
  const name = typeof account === "string" ? account : (account?.email ?? account?.id);
  return name ?? row.actor;
}

/** The names of what a change touched, for the list; empty when the entry is no change. */
export function changedFields(payload: unknown): string {
  if (typeof payload !== "object" || payload === null || !("before" in payload) || !("after" in payload))
    return "";
  const names = differences(payload.before, payload.after)
    .filter((one) => one.kind !== "same")
    .map((one) => pathWords(one.path));
  const more = names.length - 3;
  return ` ${names.slice(0, 3).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A line of the log as the list shows entries; null when it is none. */
export function entryOfLine(line: string): RecordRow | null {
  try {
    const found = JSON.parse(line) as Record<string, unknown>;
    const text = (name: string) => (typeof found[name] === "string" ? (found[name] as string) : null);
    return {
      seq: Number(found.sequence),
      time: text("time") ?? "",
      actor: text("actor") ?? "",
      account: text("account"),
      action: text("action") ?? "",
      target: text("target"),
      outcome: text("outcome") ?? "",
      deciding_policy: text("policy"),
      request_id: text("request"),
      payload: found.payload ?? null,
    };
  } catch {
    return null;
  }
}
