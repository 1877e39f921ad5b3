import { Link } from "react-router";
import { useSources } from "../../api/queries";
import type { Source } from "../../api/types";
import { may, opens, useMe } from "../../components/me";
import { Command, Failure, Told } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";
import { dayLabel, daysBehind, instantLabel, monthLabel } from "../../lib/dates";
import { bytes, count, plural } from "../../lib/money";
import { addSourceCommand, NoSources } from "./NoSources";

const STATUS: Record<Source["status"], { text: string; look: string }> = {
  ok: { text: "read whole", look: "good" },
  partial: { text: "partly read", look: "warn" },
  refused: { text: "refused", look: "bad" },
  unreachable: { text: "unreachable", look: "bad" },
};

/** Clouds deliver a day's charges within a day or two; what is older than this has stopped coming. */
const LATE_DAYS = 3;

/** Whether the source could be read, and if so whether charges still arrive. */
function standing(source: Source, today: string): { text: string; look: string } {
  const behind = source.charges_until ? daysBehind(source.charges_until, today) : 0;
  if (source.status !== "ok") return STATUS[source.status] ?? { text: source.status, look: "" };
  if (behind > LATE_DAYS) return { text: `${count(behind)} days behind`, look: "warn" };
  return source.charges_until ? { text: "up to date", look: "good" } : STATUS.ok;
}

export function SourceList({ show }: { show: (tab: string, source: string) => void }) {
  const sources = useSources();
  const workspace = useKnownWorkspace();
  const me = useMe();
  if (sources.error) return <Failure error={sources.error} retry={() => void sources.refetch()} />;
  if (!sources.data) return null;
  if (sources.data.sources.length === 0)
    return (
      <div className="card">
        <NoSources />
      </div>
    );
  return (
    <div className="stack">
      <div className="source-grid">
        {sources.data.sources.map((source) => (
          <SourceCard key={source.id} source={source} today={workspace.today} show={show} />
        ))}
      </div>
      {may(me, "manage-sources") && opens(me, "admin") && (
        <div>
          <Link className="control" to="/admin/workspace">
            Add or remove a source
          </Link>
        </div>
      )}
      {me === null && (
        <details className="how-read">
          <summary>Add a source</summary>
          <div className="stack add-source">
            <p>
              Add the place and start the server again; all sources together are one bill. Nothing is ever
              written there, so permission to list and read is enough.
            </p>
            <Command text={addSourceCommand(workspace.name, "s3://my-bucket/exports/focus")} />
          </div>
        </details>
      )}
    </div>
  );
}

interface CardProps {
  source: Source;
  today: string;
  show: (tab: string, source: string) => void;
}

function SourceCard({ source, today, show }: CardProps) {
  const status = standing(source, today);
  return (
    <section className="card source" aria-label={source.id}>
      <div className="card-head">
        <h2>{source.providers.length > 0 ? source.providers.join(", ") : source.id}</h2>
        <span className={`badge ${status.look}`}>{status.text}</span>
      </div>
      <p className="mono small location">{source.location}</p>
      {source.problem && (
        <div className={`note ${status.look}`}>
          <p>
            <Told text={source.problem} />
          </p>
        </div>
      )}
      <dl className="facts">
        <dt>Format</dt>
        <dd>{source.dialect ?? "not recognised"}</dd>
        {source.deliveries > 0 && (
          <>
            <dt>Charges until</dt>
            <dd>{source.charges_until ? dayLabel(source.charges_until) : "none yet"}</dd>
            <dt>Newest delivery</dt>
            <dd>{source.delivered_at ? instantLabel(source.delivered_at) : "none yet"}</dd>
            <dt>Periods</dt>
            <dd>
              {source.first_period && source.last_period
                ? `${monthLabel(source.first_period)} – ${monthLabel(source.last_period)}`
                : "none yet"}
            </dd>
            <dt>Holds</dt>
            <dd className="num">
              {plural(source.rows, "row")}, {bytes(source.bytes)}
            </dd>
          </>
        )}
        <dt>Read so far</dt>
        <dd className="num">
          {plural(source.read.operations, "operation")}, {bytes(source.read.bytes)}
        </dd>
      </dl>
      {source.deliveries > 0 && (
        <div className="row source-links">
          <button type="button" className="text-button small" onClick={() => show("deliveries", source.id)}>
            {plural(source.deliveries, "delivery", "deliveries")}
          </button>
          <button type="button" className="text-button small" onClick={() => show("conformance", source.id)}>
            Conformance
          </button>
        </div>
      )}
    </section>
  );
}
