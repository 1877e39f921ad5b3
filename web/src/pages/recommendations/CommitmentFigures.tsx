import { useQuery } from "@tanstack/react-query";
import { ApiError, isMissing } from "../../api/http";
import { insight } from "../../api/insight";
import { Failure, sentence } from "../../components/states";
import { useKnownWorkspace } from "../../components/workspace";
import { type CommitmentRow, commitmentNotes, commitmentRows, type Metric } from "../../lib/commitments";
import { addMonths, monthStart, rangeLabel } from "../../lib/dates";
import { parse } from "../../lib/decimal";
import { money, percent } from "../../lib/money";

const METRICS: { key: "coverage" | "utilisation" | "savings"; label: string; help: string }[] = [
  { key: "coverage", label: "Coverage", help: "how much of the usage a commitment pays for" },
  { key: "utilisation", label: "Utilisation", help: "how much of what was committed was used" },
  { key: "savings", label: "Effective savings rate", help: "what was saved in the end, waste included" },
];

/** Coverage, utilisation and savings of the last full month, each with what it is a part of. */
export function CommitmentFigures() {
  const { today } = useKnownWorkspace();
  const to = monthStart(today);
  const period = { from: addMonths(to, -1), to };
  const asked = useQuery({
    queryKey: ["commitments", period.from],
    queryFn: ({ signal }) => insight.commitments({ ...period }, signal),
    staleTime: 300_000,
    meta: { quiet: true },
  });
  if (isMissing(asked.error) || (asked.error instanceof ApiError && asked.error.status === 409)) return null;
  if (asked.error) return <Failure error={asked.error} retry={() => void asked.refetch()} />;
  if (!asked.data) return null;
  const rows = commitmentRows(asked.data);
  return (
    <section className="card" aria-labelledby="commitments">
      <div className="card-head">
        <h2 id="commitments">Commitments</h2>
        <span className="muted small">{rangeLabel(period)}, usage only</span>
      </div>
      {rows.length === 0 ? (
        <p className="muted">No commitment paid for anything in {rangeLabel(period)}.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus
        <section className="table-wrap" tabIndex={0} aria-label="By provider">
          <table className="data roomy">
            <thead>
              <tr>
                <th scope="col">Provider</th>
                {METRICS.map((one) => (
                  <th scope="col" key={one.key} title={one.help}>
                    {one.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.name} ${row.currency}`}>
                  <th scope="row">
                    {row.name}
                    <span className="muted small"> {row.currency}</span>
                    <Sums row={row} />
                  </th>
                  {METRICS.map((one) => (
                    <td key={one.key} data-label={`${one.label}:`}>
                      <Share metric={row[one.key]} row={row} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {commitmentNotes(asked.data).map((note) => (
        <p className="muted small commitment-note" key={note}>
          {sentence(note)}.
        </p>
      ))}
    </section>
  );
}

function Sums({ row }: { row: CommitmentRow }) {
  const { net, unused, unpriced, currency } = row;
  if (!currency || (net === null && unused === null)) return null;
  return (
    <span className="person muted small">
      {net !== null && <span>saved {money(net, currency)} in the end</span>}
      {unused !== null && <span>{money(unused, currency)} paid for nothing</span>}
      {unpriced !== null && parse(unpriced) !== 0n && (
        <span>{money(unpriced, currency)} without a known price</span>
      )}
    </span>
  );
}

function Share({ metric, row }: { metric: Metric | null; row: CommitmentRow }) {
  if (metric === null || metric.value === null) return <span className="muted">cannot be told</span>;
  const width = Math.max(0, Math.min(100, metric.value * 100));
  const of =
    metric.part !== null && metric.whole !== null && row.currency
      ? `${money(metric.part, row.currency)} of ${money(metric.whole, row.currency)}: `
      : "of ";
  return (
    <>
      <strong className="num">{percent(metric.value)}</strong>
      <svg className="range-bar share-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="range-track" x="0" y="1" width="100" height="4" />
        <rect className="range-80" x="0" y="1" width={width} height="4" />
      </svg>
      <span className="muted small">
        {of}
        {metric.denominator}
      </span>
    </>
  );
}
