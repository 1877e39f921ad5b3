/** What the pages of forecasts, budgets, anomalies, recommendations and allocation ask. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { opens, useMe } from "../components/me";
import { BASE, change, get } from "./http";
import type { Items } from "./identityTypes";
import type {
  Anomalies,
  Budget,
  BudgetInput,
  Forecast,
  Recommendations,
  Scenario,
  ScenarioChange,
  Until,
} from "./insightTypes";

const at = (...parts: string[]) => `${BASE}/${parts.map(encodeURIComponent).join("/")}`;

export const insight = {
  forecast: (search: URLSearchParams, signal?: AbortSignal) => get<Forecast>(at("forecast"), search, signal),
  scenario: (body: { currency: string; until: Until; changes: ScenarioChange[] }) =>
    change<Scenario>("POST", at("forecast", "scenario"), body),

  budgets: (signal?: AbortSignal) => get<Items<Budget>>(at("budgets"), undefined, signal),
  addBudget: (body: BudgetInput) => change<Budget>("POST", at("budgets"), body),
  changeBudget: (id: string, body: BudgetInput & { revision?: number | string }) =>
    change<Budget>("PUT", at("budgets", id), body),
  removeBudget: (id: string) => change("DELETE", at("budgets", id)),

  anomalies: (days: number, signal?: AbortSignal) =>
    get<Anomalies>(at("anomalies"), { days: String(days) }, signal),
  expectIncident: (id: string, body: { expected: true; reason: string; until?: string }) =>
    change("POST", at("anomalies", id, "feedback"), body),
  unexpectIncident: (id: string) => change("DELETE", at("anomalies", id, "feedback")),

  recommendations: (signal?: AbortSignal) => get<Recommendations>(at("recommendations"), undefined, signal),
  commitments: (search: Record<string, string>, signal?: AbortSignal) =>
    get<unknown>(at("commitments"), search, signal),

  allocation: (signal?: AbortSignal) =>
    get<{ rules: unknown; revision: number | string | null }>(at("allocation"), undefined, signal),
  saveAllocation: (body: { rules: unknown; revision?: number | string }) =>
    change("PUT", at("allocation"), body),
  previewAllocation: (body: { rules: unknown; from: string; to: string }, signal?: AbortSignal) =>
    change<unknown>("POST", at("allocation", "preview"), body, { signal }),
};

export function useForecast(search: URLSearchParams, { quiet = false, enabled = true } = {}) {
  return useQuery({
    queryKey: ["forecast", search.toString()],
    queryFn: ({ signal }) => insight.forecast(search, signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
    enabled,
    meta: quiet ? { quiet: true } : { waiting: "Forecasting, and testing the forecast on the past" },
  });
}

export function useBudgets(quiet = false, enabled = true) {
  return useQuery({
    queryKey: ["budgets"],
    queryFn: ({ signal }) => insight.budgets(signal),
    enabled,
    meta: quiet ? { quiet: true } : { waiting: "Holding the charges against the budgets" },
  });
}

export function useAnomalies(days: number, quiet = false, enabled = true) {
  return useQuery({
    queryKey: ["anomalies", days],
    queryFn: ({ signal }) => insight.anomalies(days, signal),
    placeholderData: keepPreviousData,
    staleTime: 300_000,
    enabled,
    meta: quiet ? { quiet: true } : { waiting: "Comparing every day with what was to be expected" },
  });
}

/** Whether the role opens a page of the permission model; what it does not open is not asked for. */
export function useOpens(page: string): boolean {
  return opens(useMe(), page);
}
