/**
 * The only place that speaks HTTP. GET reads; what changes state carries the CSRF header, which no form of
 * another site can send. Every question of the API names the workspace that was chosen in this window.
 */
import { chosenWorkspace } from "../lib/workspaceChoice";
import type { Problem } from "./types";

export const BASE = "/api/v1";

/** A refusal or failure in the server's words. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  /** The stable name of the problem, such as `second-factor`; empty when the answer had none. */
  readonly kind: string;
  /** Seconds to wait, when the server said so. */
  readonly retryAfter: number | null;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.kind = (problem.type ?? "").split(":").pop() ?? "";
    this.retryAfter = problem.retry_after ?? null;
  }
}

/** True for answers of a server that does not know the address at all. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 405);
}

async function answered(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  const headers = { ...(init.headers as Record<string, string> | undefined) };
  if (path.startsWith(BASE)) headers["bursar-workspace"] ??= chosenWorkspace() ?? "";
  if (headers["bursar-workspace"] === "") delete headers["bursar-workspace"];
  try {
    response = await fetch(path, { credentials: "same-origin", ...init, headers });
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
  return response;
}

async function send<T>(path: string, init: RequestInit): Promise<T> {
  const response = await answered(path, init);
  const text = response.status === 204 ? "" : await response.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch {
    // A server that does not know the address answers with the page itself.
    throw new ApiError({
      title: "This server does not answer that",
      status: 404,
      detail: `there is nothing at \`${path}\` in this version`,
    });
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const header = Number(response.headers.get("retry-after"));
  const wait = Number.isFinite(header) && header > 0 ? { retry_after: header } : {};
  try {
    const problem = (await response.json()) as Partial<Problem>;
    return {
      type: problem.type ?? "",
      title: problem.title ?? response.statusText,
      status: response.status,
      detail: problem.detail ?? "",
      ...wait,
      ...(typeof problem.retry_after === "number" ? { retry_after: problem.retry_after } : {}),
    };
  } catch {
    return {
      title: response.statusText || "The server answered with an error",
      status: response.status,
      ...wait,
    };
  }
}

export function get<T>(
  path: string,
  search?: URLSearchParams | Record<string, string>,
  signal?: AbortSignal,
): Promise<T> {
  const query = search ? new URLSearchParams(search).toString() : "";
  return send<T>(`${path}${query ? `?${query}` : ""}`, {
    headers: { accept: "application/json" },
    ...(signal ? { signal } : {}),
  });
}

type Method = "POST" | "PUT" | "PATCH" | "DELETE";

/** A request that changes something, in the workspace of this window or in another. */
export function change<T = void>(
  method: Method,
  path: string,
  body?: unknown,
  { signal, workspace }: { signal?: AbortSignal | undefined; workspace?: string } = {},
): Promise<T> {
  return send<T>(path, {
    method,
    headers: {
      accept: "application/json",
      ...(body === undefined && method !== "POST" ? {} : { "content-type": "application/json" }),
      "x-bursar-csrf": "1",
      ...(workspace ? { "bursar-workspace": workspace } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
}

/** Fetches a file, so that the request can name its workspace, and hands it to the browser. */
export async function saveFile(path: string, fallbackName: string): Promise<void> {
  const response = await answered(path, {});
  const named = /filename="?([^";]+)"?/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = named ?? fallbackName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
