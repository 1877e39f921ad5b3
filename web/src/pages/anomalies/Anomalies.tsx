import { SegmentedControl, Skeleton } from "@mantine/core";
import { useSearchParams } from "react-router";
import { useAnomalies } from "../../api/insight";
import type { Anomalies as Answer, Incident } from "../../api/insightTypes";
import { Asked } from "../../components/Asked";
import { PageLink } from "../../components/PageLink";
import { Empty } from "../../components/states";
import { dayLabel } from "../../lib/dates";
import { parse } from "../../lib/decimal";
import { KINDS, scopeWords, sinceWords } from "../../lib/incident";
import { moneyChange, moneyShort, plural } from "../../lib/money";
import { useShortcuts } from "../../lib/shortcuts";
import { IncidentDetail } from "./IncidentDetail";

const DAYS = [30, 90, 180];
const SHOWN = [
  { value: "open", label: "Open" },
  { value: "all", label: "All" },
];

/** What costs unlike before: one entry per cause, the newest first, each with its reason and what it came to. */
export function Anomalies() {
  const [search, setSearch] = useSearchParams();
  const days = DAYS.find((one) => String(one) === search.get("days")) ?? 90;
  const anomalies = useAnomalies(days);
  const shown = search.get("show") === "all" ? "all" : "open";
  const set = (part: Record<string, string | null>) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [key, value] of Object.entries(part))
          if (value === null) next.delete(key);
          else next.set(key, value);
        return next;
      },
      { replace: true, preventScrollReset: true },
    );
  return (
    <div className="page" aria-busy={anomalies.isFetching}>
      <div className="page-head">
        <h1>Anomalies</h1>
        <div className="row">
          <SegmentedControl
            aria-label="Which are shown"
            value={shown}
            onChange={(value) => set({ show: value === "open" ? null : value })}
            data={SHOWN}
          />
          <SegmentedControl
            aria-label="How far back"
            value={String(days)}
            onChange={(value) => set({ days: value === "90" ? null : value })}
            data={DAYS.map((one) => ({ value: String(one), label: `${one} days` }))}
          />
        </div>
      </div>
      <Asked
        query={anomalies}
        what="Anomalies"
        waiting={
          <div className="split">
            <Skeleton height={420} radius="md" />
            <Skeleton height={420} radius="md" />
          </div>
        }
      >
        {(answer) => <Found answer={answer} shown={shown} days={days} id={search.get("id")} set={set} />}
      </Asked>
    </div>
  );
}

interface FoundProps {
  answer: Answer;
  shown: "open" | "all";
  days: number;
  id: string | null;
  set: (part: Record<string, string | null>) => void;
}

function Found({ answer, shown, days, id, set }: FoundProps) {
  const newest = [...answer.items].sort((a, b) =>
    a.since === b.since ? (a.id < b.id ? -1 : 1) : a.since < b.since ? 1 : -1,
  );
  const expected = newest.filter((one) => one.feedback).length;
  const list = newest.filter((one) => shown === "all" || !one.feedback || one.id === id);
  const chosen = list.find((one) => one.id === id) ?? null;
  const open = chosen ?? list[0] ?? null;
  const step = (by: number) => () => {
    const at = open ? list.indexOf(open) : -1;
    const next = list[Math.max(0, Math.min(list.length - 1, at + by))];
    if (next) set({ id: next.id });
  };
  useShortcuts({ j: step(1), k: step(-1) });
  if (list.length === 0)
    return (
      <div className="card">
        <Empty
          title={expected > 0 ? "Nothing that nobody expected" : "Nothing out of the ordinary"}
          reason={`In the ${days} days before ${dayLabel(answer.as_of)} no part of the charges did anything that its past does not explain${expected > 0 ? `, besides ${plural(expected, "incident")} that somebody marked as expected` : ""}.`}
        >
          {expected > 0 ? (
            <button type="button" className="control" onClick={() => set({ show: "all" })}>
              Show those
            </button>
          ) : (
            <PageLink only to="/explore?compare=previous">
              Compare with the period before
            </PageLink>
          )}
        </Empty>
      </div>
    );
  return (
    <>
      <div className={`split${chosen ? " chosen" : ""}`}>
        <nav className="card incidents" aria-label="Incidents">
          <ul>
            {list.map((one) => (
              <Entry key={one.id} incident={one} current={one === open} choose={() => set({ id: one.id })} />
            ))}
          </ul>
          <p className="muted small">
            <kbd>j</kbd> and <kbd>k</kbd> move through them.
          </p>
        </nav>
        {open && (
          <IncidentDetail key={open.id} incident={open} asOf={answer.as_of} back={() => set({ id: null })} />
        )}
      </div>
      <p className="muted small">
        Days before {dayLabel(answer.as_of)} are looked at: they are complete.{" "}
        {answer.left_out
          ? `${plural(answer.left_out, "charge")} of taxes, credits, purchases and corrections ${answer.left_out === 1 ? "is" : "are"} left out.`
          : "Taxes, credits, purchases and corrections are left out."}
        {shown === "open" && expected > 0 && ` ${plural(expected, "incident")} marked as expected not shown.`}
      </p>
    </>
  );
}

interface EntryProps {
  incident: Incident;
  current: boolean;
  choose: () => void;
}

function Entry({ incident, current, choose }: EntryProps) {
  const impact = parse(incident.impact);
  return (
    <li>
      <button type="button" aria-current={current || undefined} onClick={choose}>
        <span className="incident-top">
          <span className={`badge ${incident.until ? "" : "warn"}`} title={KINDS[incident.kind]?.help}>
            {KINDS[incident.kind]?.label ?? incident.kind}
            {!incident.until && " · lasts"}
          </span>
          <span
            className={`num ${impact > 0n ? "up" : "down"}`}
            title={moneyChange(impact, incident.currency)}
          >
            {impact > 0n ? "+" : ""}
            {moneyShort(impact, incident.currency)}
          </span>
        </span>
        <strong>{scopeWords(incident.scope)}</strong>
        <span className="muted small">
          {sinceWords(incident)}
          {incident.feedback && " · expected"}
        </span>
      </button>
    </li>
  );
}
