import { useLedger, useSources } from "../../api/queries";
import { Empty, Failure } from "../../components/states";
import { instantLabel } from "../../lib/dates";
import { bytes, count } from "../../lib/money";

const SHOWN = 500;

/** Every call to the customer's storage. List, head and get are all that exists. */
export function LedgerTab() {
  const ledger = useLedger();
  const sources = useSources();
  const providers = new Map(
    sources.data?.sources.map((one) => [one.location, one.providers.join(", ")] as const) ?? [],
  );
  if (ledger.error) return <Failure error={ledger.error} retry={() => void ledger.refetch()} />;
  if (!ledger.data) return null;
  const { entries, totals } = ledger.data;
  if (entries.length === 0)
    return (
      <div className="card">
        <Empty
          title="Nothing read yet"
          reason="Every list, head and get that Bursar makes on your storage is written down here."
        />
      </div>
    );
  return (
    <div className="card">
      <div className="card-head">
        <h2>
          <span className="num">{count(totals.operations)}</span> operations,{" "}
          <span className="num">{bytes(totals.bytes)}</span> read
        </h2>
        <span className="muted small">
          Listing and reading only: Bursar has no call that writes to a source.
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must take the focus */}
      <section className="table-wrap reads" tabIndex={0} aria-label="Reads">
        <table className="data">
          <caption className="visually-hidden">Reads, newest first</caption>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Operation</th>
              <th scope="col">Object</th>
              <th scope="col">Source</th>
              <th scope="col" className="right">
                Bytes
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.slice(0, SHOWN).map((one, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two reads of an object in one second are two entries
              <tr key={at}>
                <td className="num">{instantLabel(one.time)}</td>
                <td>{one.operation}</td>
                <td className="mono object">{one.object}</td>
                <td className="source-name" title={one.source}>
                  {providers.get(one.source) || one.source}
                </td>
                <td className="right">{count(one.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {entries.length > SHOWN && (
        <p className="muted small ledger-rest">The newest {count(SHOWN)} are shown.</p>
      )}
    </div>
  );
}
