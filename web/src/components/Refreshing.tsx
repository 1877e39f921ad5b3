import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Workspace } from "../api/types";
import { count } from "../lib/money";
import { sentence } from "./states";

/** The sources are being looked through: how far it is, and fresh figures once it is done. */
export function Refreshing({ refresh }: { refresh: NonNullable<Workspace["refresh"]> | null }) {
  const client = useQueryClient();
  const ran = useRef(false);
  const running = refresh !== null;
  useEffect(() => {
    if (ran.current && !running)
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "workspace" });
    ran.current = running;
  }, [running, client]);
  if (!refresh) return null;
  return (
    <div className="refreshing" role="status">
      <span>
        {sentence(refresh.what)}
        {refresh.total > 0 && (
          <span className="num">
            {" "}
            · {count(refresh.done)} of {count(refresh.total)}
          </span>
        )}
      </span>
      <progress
        max={refresh.total || 1}
        {...(refresh.total > 0 ? { value: refresh.done } : {})}
        aria-label={refresh.what}
      />
      <span className="muted small">Figures are shown as far as they are known.</span>
    </div>
  );
}
