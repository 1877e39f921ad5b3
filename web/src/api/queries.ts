/** Every question a page asks, with its cache key. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { opens, useMe } from "../components/me";
import { api } from "./client";

export function useWorkspace() {
  return useQuery({
    queryKey: ["workspace"],
    queryFn: ({ signal }) => api.workspace(signal),
    // While the sources are looked through, follow along.
    refetchInterval: (query) => (query.state.data?.refresh ? 1_500 : false),
  });
}

export function useDimensions() {
  const me = useMe();
  return useQuery({
    queryKey: ["dimensions"],
    queryFn: ({ signal }) => api.dimensions(signal),
    staleTime: 300_000,
    // Whoever may not ask the explorer reads dimensions by their ids.
    enabled: opens(me, "explorer"),
  });
}

export function useValues(dimension: string | null, search: Record<string, string>) {
  return useQuery({
    queryKey: ["values", dimension, search],
    queryFn: ({ signal }) => api.values(dimension ?? "", search, signal),
    enabled: dimension !== null,
    placeholderData: keepPreviousData,
    meta: { quiet: true },
  });
}

export function useCost(search: URLSearchParams, enabled = true) {
  return useQuery({
    queryKey: ["cost", search.toString()],
    queryFn: ({ signal }) => api.cost(search, signal),
    placeholderData: keepPreviousData,
    enabled,
    meta: { waiting: "Adding up the charges" },
  });
}

export function useDashboard(measure: string) {
  return useQuery({
    queryKey: ["dashboard", measure],
    queryFn: ({ signal }) => api.dashboard(measure, signal),
    placeholderData: keepPreviousData,
    meta: { waiting: "Adding up this month and the last" },
  });
}

export function useSources() {
  return useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => api.sources(signal),
    meta: { waiting: "Looking at the sources" },
  });
}

export function useDeliveries(source: string | null) {
  return useQuery({
    queryKey: ["deliveries", source],
    queryFn: ({ signal }) => api.deliveries(source, signal),
    meta: { waiting: "Reading the manifests of all deliveries" },
  });
}

export function useConformance(source: string | null) {
  return useQuery({
    queryKey: ["conformance", source],
    queryFn: ({ signal }) => api.conformance(source, signal),
    staleTime: 300_000,
    meta: { waiting: "Checking every row against the FOCUS rules" },
  });
}

export function useLedger() {
  return useQuery({ queryKey: ["ledger"], queryFn: ({ signal }) => api.ledger(signal), staleTime: 5_000 });
}

/** What people call a dimension: `Service` for `ServiceName`, `tag team` for `tag:team`. */
export function useLabels(): (dimension: string) => string {
  const { data } = useDimensions();
  return useMemo(() => {
    const found = new Map(data?.dimensions.map((one) => [one.id, one.label]));
    return (id: string) => (id.startsWith("tag:") ? `tag ${id.slice(4)}` : (found.get(id) ?? id));
  }, [data]);
}

/** What people call a source: its providers and the end of its location, not its id. */
export function useSourceNames(): (id: string) => string {
  const { data } = useSources();
  return useMemo(() => {
    const names = new Map(
      data?.sources.map((one) => [
        one.id,
        one.providers.join(", ") || one.location.replace(/\/+$/, "").split("/").slice(-2).join("/"),
      ]),
    );
    return (id: string) => names.get(id) ?? id;
  }, [data]);
}
