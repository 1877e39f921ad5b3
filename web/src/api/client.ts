/** What the pages of costs ask. */
import { BASE, change, get } from "./http";
import type {
  Conformance,
  CostAnswer,
  Dashboard,
  Delivery,
  Dimensions,
  DimensionValues,
  Ledger,
  Source,
  SqlAnswer,
  Workspace,
} from "./types";

export { ApiError } from "./http";

export const api = {
  workspace: (signal?: AbortSignal) => get<Workspace>(`${BASE}/workspace`, undefined, signal),
  dimensions: (signal?: AbortSignal) => get<Dimensions>(`${BASE}/dimensions`, undefined, signal),
  values: (dimension: string, search: Record<string, string>, signal?: AbortSignal) =>
    get<DimensionValues>(`${BASE}/dimensions/${encodeURIComponent(dimension)}/values`, search, signal),
  cost: (search: URLSearchParams, signal?: AbortSignal) => get<CostAnswer>(`${BASE}/cost`, search, signal),
  exportHref: (search: URLSearchParams, format: "csv" | "xlsx") =>
    `${BASE}/cost/export?format=${format}&${search}`,
  dashboard: (measure: string, signal?: AbortSignal) =>
    get<Dashboard>(`${BASE}/dashboard`, { measure }, signal),
  sources: (signal?: AbortSignal) => get<{ sources: Source[] }>(`${BASE}/sources`, undefined, signal),
  deliveries: (source: string | null, signal?: AbortSignal) =>
    get<{ deliveries: Delivery[] }>(`${BASE}/deliveries`, source ? { source } : undefined, signal),
  conformance: (source: string | null, signal?: AbortSignal) =>
    get<Conformance>(`${BASE}/conformance`, source ? { source } : undefined, signal),
  ledger: (signal?: AbortSignal) => get<Ledger>(`${BASE}/ledger`, undefined, signal),
  sql: (sql: string, limit: number, signal?: AbortSignal) =>
    change<SqlAnswer>("POST", `${BASE}/sql`, { sql, limit }, { signal }),
};
