import { useSources } from "../../api/queries";
import type { Source } from "../../api/types";
import { Command, Failure, sentence } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";
import { dayLabel, instantLabel, monthLabel } from "../../lib/dates";
import { bytes, count } from "../../lib/money";
import { addSourceCommand, NoSources } from "./NoSources";

const STATUS: Record<Source["status"], { text: string; look: string }> = {
  ok: { text: "up to date", look: "good" },
  partial: { text: "partly read", look: "warn" },
  refused: { text: "refused", look: "bad" },
  unreachable: { text: "unreachable", look: "bad" },
};

export function SourceList({ show }: { show: (tab: string, source: string) => void }) {
  const sources = useSources();
  const workspace = useKnownWorkspace();
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
          <SourceCard key={source.id} source={source} show={show} />
        ))}
      </div>
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
    </div>
  );
}

function SourceCard({ source, show }: { source: Source; show: (tab: string, source: string) => void }) {
  const status = STATUS[source.status] ?? { text: source.status, look: "" };
  return (
    <section className="card source" aria-label={source.id}>
      <div className="card-head">
        <h2>{source.providers.length > 0 ? source.providers.join(", ") : source.id}</h2>
        <span className={`badge ${status.look}`}>{status.text}</span>
      </div>
      <p className="mono small location">{source.location}</p>
      {source.problem && (
        <div className={`note ${status.look}`}>
          <p>{sentence(source.problem)}</p>
        </div>
      )}
      <dl className="facts">
        <dt>Format</dt>
        <dd>{source.dialect ?? "not known yet"}</dd>
        <dt>Charges until</dt>
        <dd>{source.charges_until ? dayLabel(source.charges_until) : "—"}</dd>
        <dt>Newest delivery</dt>
        <dd>{instantLabel(source.delivered_at)}</dd>
        <dt>Periods</dt>
        <dd>
          {source.first_period && source.last_period
            ? `${monthLabel(source.first_period)} – ${monthLabel(source.last_period)}`
            : "—"}
        </dd>
        <dt>Holds</dt>
        <dd className="num">
          {count(source.rows)} rows, {bytes(source.bytes)}
        </dd>
        <dt>Read from it</dt>
        <dd className="num">
          {count(source.read.operations)} operations, {bytes(source.read.bytes)}
        </dd>
      </dl>
      <div className="row source-links">
        <button type="button" className="text-button small" onClick={() => show("deliveries", source.id)}>
          {count(source.deliveries)} deliveries
        </button>
        <button type="button" className="text-button small" onClick={() => show("conformance", source.id)}>
          Conformance
        </button>
      </div>
    </section>
  );
}
