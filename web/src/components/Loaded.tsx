import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "./states";

interface Props<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** What was asked, or why it is not there; nothing while it is on its way (the bar at the top says so). */
export function Loaded<T>({ query, children }: Props<T>) {
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <p className="visually-hidden">Loading …</p>;
  return children(query.data);
}
