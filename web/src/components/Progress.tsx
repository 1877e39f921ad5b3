import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

const SHOW_AFTER_MS = 200;
const EXPLAIN_AFTER_MS = 2_000;

/** Nothing for quick answers; a slim bar after 200 ms; after two seconds also what takes so long. */
export function Progress() {
  const client = useQueryClient();
  const fetching =
    useIsFetching({
      predicate: (query) =>
        !query.meta?.quiet && !["workspace", "session"].includes(String(query.queryKey[0])),
    }) > 0;
  const [elapsed, setElapsed] = useState(0);

  useEffect(() => {
    if (!fetching) return setElapsed(0);
    const started = performance.now();
    const tick = () => setElapsed(performance.now() - started);
    const first = setTimeout(tick, SHOW_AFTER_MS);
    const later = setInterval(tick, 500);
    return () => {
      clearTimeout(first);
      clearInterval(later);
    };
  }, [fetching]);

  if (!fetching || elapsed < SHOW_AFTER_MS) return null;
  const waiting = client.getQueryCache().findAll({ fetchStatus: "fetching" });
  const what =
    waiting.map((query) => query.meta?.waiting).find((text) => typeof text === "string") ??
    "Waiting for the answer";
  const stop = () => void client.cancelQueries({ fetchStatus: "fetching" });
  return (
    <>
      <div className="progress" role="progressbar" aria-label={String(what)} />
      {elapsed >= EXPLAIN_AFTER_MS && (
        <div className="waiting" role="status">
          <span>
            {String(what)} … <span className="num">{Math.round(elapsed / 1000)} s</span>
          </span>
          <button type="button" className="text-button" onClick={stop}>
            Stop
          </button>
        </div>
      )}
    </>
  );
}
