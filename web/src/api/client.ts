/** The only place that speaks HTTP. GET reads; what changes state is POST with the CSRF header. */
import type {
  Conformance,
  CostAnswer,
  Dashboard,
  Delivery,
  Dimensions,
  DimensionValues,
  Ledger,
  Problem,
  Source,
  SqlAnswer,
  Workspace,
} from "./types";

const BASE = "/api/v1";

/** A refusal or failure in the server's words. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
  }
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError({
      title: "The server does not answer",
      status: 0,
      detail:
        "Bursar could not be reached. Is it still running? This page tries again when you come back to it.",
    });
  }
  if (!response.ok) throw new ApiError(await problemOf(response));
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const problem = (await response.json()) as Partial<Problem>;
    return {
      title: problem.title ?? response.statusText,
      status: response.status,
      detail: problem.detail ?? "",
    };
  } catch {
    return { title: response.statusText || "The server answered with an error", status: response.status };
  }
}

function get<T>(
  path: string,
  search?: URLSearchParams | Record<string, string>,
  signal?: AbortSignal,
): Promise<T> {
  const query = search ? new URLSearchParams(search).toString() : "";
  return send<T>(`${BASE}${path}${query ? `?${query}` : ""}`, {
    headers: { accept: "application/json" },
    ...(signal ? { signal } : {}),
  });
}

function post<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  return send<T>(path, {
    method: "POST",
    headers: {
      accept: "application/json",
      "content-type": "application/json",
      "x-bursar-csrf": "1",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}

export const api = {
  workspace: (signal?: AbortSignal) => get<Workspace>("/workspace", undefined, signal),
  dimensions: (signal?: AbortSignal) => get<Dimensions>("/dimensions", undefined, signal),
  values: (dimension: string, search: Record<string, string>, signal?: AbortSignal) =>
    get<DimensionValues>(`/dimensions/${encodeURIComponent(dimension)}/values`, search, signal),
  cost: (search: URLSearchParams, signal?: AbortSignal) => get<CostAnswer>("/cost", search, signal),
  exportHref: (search: URLSearchParams, format: "csv" | "xlsx") =>
    `${BASE}/cost/export?format=${format}&${search}`,
  dashboard: (measure: string, signal?: AbortSignal) => get<Dashboard>("/dashboard", { measure }, signal),
  sources: (signal?: AbortSignal) => get<{ sources: Source[] }>("/sources", undefined, signal),
  deliveries: (source: string | null, signal?: AbortSignal) =>
    get<{ deliveries: Delivery[] }>("/deliveries", source ? { source } : undefined, signal),
  conformance: (source: string | null, signal?: AbortSignal) =>
    get<Conformance>("/conformance", source ? { source } : undefined, signal),
  ledger: (signal?: AbortSignal) => get<Ledger>("/ledger", undefined, signal),
  sql: (sql: string, limit: number, signal?: AbortSignal) =>
    post<SqlAnswer>(`${BASE}/sql`, { sql, limit }, signal),
  logout: () => post<void>("/auth/logout"),
};
