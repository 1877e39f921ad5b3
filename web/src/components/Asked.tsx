import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError, isMissing } from "../api/http";
import { PageLink } from "./PageLink";
import { Empty, Failure } from "./states";

interface Props<T> {
  query: UseQueryResult<T>;
  /** What the page is about, as the beginning of a sentence. */
  what: string;
  /** Drawn while nothing is there yet. */
  waiting?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What was asked; or that this version of the server does not know the question; or why it failed. */
export function Asked<T>({ query, what, waiting, children }: Props<T>) {
  if (isMissing(query.error))
    return (
      <div className="card">
        <Empty
          title={`${what} are not on this server yet`}
          reason="This version of the server has no such endpoint. They appear here after its next update; nothing needs to be set up for that."
        />
      </div>
    );
  if (query.error instanceof ApiError && query.error.kind === "no-charges")
    return (
      <div className="card">
        <Empty title="There is nothing to go by yet" reason={query.error.message}>
          <PageLink only to="/sources">
            Look at the sources
          </PageLink>
        </Empty>
      </div>
    );
  if (query.error && query.data === undefined)
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <>{waiting ?? <p className="visually-hidden">Loading …</p>}</>;
  return (
    <>
      {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
      {children(query.data)}
    </>
  );
}
