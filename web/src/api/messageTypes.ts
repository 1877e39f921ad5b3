/** The log with its proofs, webhooks, alert rules and the inbox. */
import type { RecordRow } from "./identityTypes";

export interface Checkpoint {
  size: number;
  root?: string;
  signed_at: string;
  /** The signed text itself. */
  note?: string;
  key_id?: string;
}

export type Verdict = "good" | "broken" | "unknown";

export interface LogStatus {
  size: number;
  root: string | null;
  checkpoint: Checkpoint | null;
  verified_at: string | null;
  verified_entries?: number | null;
  verdict: Verdict;
  findings: string[];
  keys: { id: string; from: string; until: string | null; public: string }[];
}

export interface RecordDetail {
  /** The line of the log, byte for byte as it was hashed. */
  entry: string | (RecordRow & Record<string, unknown>);
  leaf_hash: string | null;
  proof: string[] | null;
  checkpoint: Checkpoint | null;
  change: { before: unknown; after: unknown } | null;
}

export interface Webhook {
  id: string;
  url: string;
  /** Null is every type. */
  types: string[] | null;
  description: string;
  state: "active" | "paused" | "gone";
  paused_reason: string | null;
  created_at: string;
  secret_rotates_until: string | null;
}

export interface WebhookInput {
  url: string;
  types: string[] | null;
  description: string;
}

export interface HookDelivery {
  id: string;
  event: string;
  type: string;
  attempt: number;
  at: string;
  status: number | null;
  response: string | null;
  error: string | null;
  next_at: string | null;
  state: "delivered" | "retrying" | "dead";
}

export interface EventTypeRow {
  type: string;
  description: string;
  schema: unknown;
}

export type Severity = "info" | "warning" | "critical";
export type ChannelKind = "email" | "in-app" | "slack" | "teams";

export interface AlertRuleInput {
  name: string;
  types: string[];
  least_severity: Severity;
  channels: { kind: ChannelKind; to: string }[];
  quiet: { from: string; until: string; zone: string } | null;
}

export interface AlertRule extends AlertRuleInput {
  id: string;
}

export interface InboxItem {
  id: string;
  at: string;
  type: string;
  severity: Severity;
  title: string;
  text: string;
  link: string | null;
  read_at: string | null;
}

export interface Inbox {
  items: InboxItem[];
  unread: number;
}
