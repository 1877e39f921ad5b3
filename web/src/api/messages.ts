/** What the pages of the log, webhooks, alerts and the inbox ask. */
import { useQuery } from "@tanstack/react-query";
import { useMe } from "../components/me";
import { BASE, change, get } from "./http";
import type { Items } from "./identityTypes";
import type {
  AlertRule,
  AlertRuleInput,
  EventTypeRow,
  HookDelivery,
  Inbox,
  LogStatus,
  RecordDetail,
  Webhook,
  WebhookInput,
} from "./messageTypes";

const at = (...parts: string[]) => `${BASE}/${parts.map(encodeURIComponent).join("/")}`;

export const log = {
  status: (signal?: AbortSignal) => get<LogStatus>(at("log"), undefined, signal),
  verify: () => change<LogStatus>("POST", at("log", "verify"), {}),
  entry: (seq: string, signal?: AbortSignal) => get<RecordDetail>(at("records", seq), undefined, signal),
  exportPath: (search: Record<string, string>) => {
    const query = new URLSearchParams(search).toString();
    return `${at("log", "export")}${query ? `?${query}` : ""}`;
  },
};

export const messages = {
  webhooks: (signal?: AbortSignal) => get<Items<Webhook>>(at("webhooks"), undefined, signal),
  addWebhook: (body: WebhookInput) => change<{ item: Webhook; secret: string }>("POST", at("webhooks"), body),
  changeWebhook: (id: string, body: Partial<WebhookInput> & { paused?: boolean }) =>
    change("PATCH", at("webhooks", id), body),
  removeWebhook: (id: string) => change("DELETE", at("webhooks", id)),
  rotateSecret: (id: string) => change<{ secret: string }>("POST", at("webhooks", id, "rotate"), {}),
  testWebhook: (id: string) =>
    change<{ status: number | null; error: string | null; took_ms: number }>(
      "POST",
      at("webhooks", id, "test"),
      {},
    ),
  deliveries: (id: string, signal?: AbortSignal) =>
    get<Items<HookDelivery>>(at("webhooks", id, "deliveries"), undefined, signal),
  replay: (id: string, delivery?: string) =>
    change("POST", at("webhooks", id, "replay"), delivery ? { delivery } : {}),
  eventTypes: (signal?: AbortSignal) => get<Items<EventTypeRow>>(at("event-types"), undefined, signal),

  alertRules: (signal?: AbortSignal) => get<Items<AlertRule>>(at("alert-rules"), undefined, signal),
  addAlertRule: (body: AlertRuleInput) => change<AlertRule>("POST", at("alert-rules"), body),
  changeAlertRule: (id: string, body: AlertRuleInput) => change("PUT", at("alert-rules", id), body),
  removeAlertRule: (id: string) => change("DELETE", at("alert-rules", id)),

  inbox: (signal?: AbortSignal) => get<Inbox>(at("inbox"), undefined, signal),
  read: (id: string) => change("POST", at("inbox", id, "read"), {}),
  readAll: () => change("POST", at("inbox", "read-all"), {}),
};

/** Asked again every minute while somebody looks; a server without an inbox is asked once. */
export function useInbox() {
  const me = useMe();
  return useQuery({
    queryKey: ["inbox"],
    queryFn: ({ signal }) => messages.inbox(signal),
    enabled: Boolean(me?.workspace),
    refetchInterval: (query) => (query.state.error ? false : 60_000),
    refetchOnWindowFocus: (query) => !query.state.error,
    meta: { quiet: true },
  });
}

export function useEventTypes() {
  return useQuery({
    queryKey: ["event-types"],
    queryFn: ({ signal }) => messages.eventTypes(signal),
    staleTime: 600_000,
  });
}
