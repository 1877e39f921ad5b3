import type { Freshness as Item } from "../api/types";
import { dayLabel, instantLabel, monthLabel } from "../lib/dates";
import { PageLink } from "./PageLink";

/** The oldest "charges until" of all sources: up to there the figures are complete. */
export function completeUntil(items: Item[]): string | null {
  const days = items.map((one) => one.charges_until).filter((day) => day !== null);
  return days.sort()[0] ?? null;
}

/** One chip per source: how far its charges reach, when it was delivered, what may still change. */
export function Freshness({ items }: { items: Item[] }) {
  if (items.length === 0) return null;
  return (
    <ul className="fresh" aria-label="Freshness of the sources">
      {items.map((one) => (
        <li key={one.source}>
          <PageLink className="quiet" to="/sources?tab=deliveries" title={one.source}>
            <strong>{one.provider ?? one.source}</strong>
          </PageLink>
          <span className="muted">
            {one.charges_until ? `charges until ${dayLabel(one.charges_until)}` : "no charges yet"}
            {one.delivered_at && ` · delivered ${instantLabel(one.delivered_at)}`}
          </span>
          {one.provisional_periods.length > 0 ? (
            <span className="badge warn">
              {one.provisional_periods.map(monthLabel).join(", ")} provisional
            </span>
          ) : (
            <span className="badge good">final</span>
          )}
        </li>
      ))}
    </ul>
  );
}
