import { Fragment } from "react";
import { Link } from "react-router";
import { useDeliveries, useSourceNames } from "../../api/queries";
import type { Delivery, Money, Restatement } from "../../api/types";
import { Amount, Standing } from "../../components/Figure";
import { Empty, Failure } from "../../components/states";
import { instantLabel, monthLabel } from "../../lib/dates";
import { parse } from "../../lib/decimal";
import { bytes, count, moneyChange, moneyExact } from "../../lib/money";

/** The newest complete delivery of every period, and what changed when a month came again. */
export function Deliveries({ source }: { source: string | null }) {
  const deliveries = useDeliveries(source);
  const name = useSourceNames();
  if (deliveries.error) return <Failure error={deliveries.error} retry={() => void deliveries.refetch()} />;
  if (!deliveries.data) return null;
  const list = [...deliveries.data.deliveries].sort(
    (a, b) =>
      (b.billing_period ?? "").localeCompare(a.billing_period ?? "") || a.source.localeCompare(b.source),
  );
  if (list.length === 0)
    return (
      <div className="card">
        <Empty
          title="Nothing delivered yet"
          reason="A delivery counts once it is complete; clouds write the first one within a day of setting up the export."
        />
      </div>
    );
  const restated = list.filter((one) => one.restatement !== null);
  return (
    <div className="stack">
      {restated.map(
        (one) =>
          one.restatement && (
            <RestatementNote
              key={one.id}
              delivery={one}
              source={name(one.source)}
              restatement={one.restatement}
            />
          ),
      )}
      <div className="card">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
        <section className="table-wrap flush" tabIndex={0} aria-label="Deliveries">
          <table className="data">
            <caption className="visually-hidden">Deliveries by billing period, newest first</caption>
            <thead>
              <tr>
                <th scope="col">Period</th>
                <th scope="col">Source</th>
                <th scope="col">Dataset</th>
                <th scope="col">State</th>
                <th scope="col">Delivered</th>
                <th scope="col" className="right">
                  Billed cost
                </th>
                <th scope="col" className="right">
                  Effective cost
                </th>
                <th scope="col" className="right">
                  Rows
                </th>
                <th scope="col" className="right">
                  Quarantined
                </th>
                <th scope="col" className="right">
                  Size
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{periodOf(one)}</th>
                  <td title={one.source}>{name(one.source)}</td>
                  <td>{one.dataset}</td>
                  <td>
                    <Standing provisional={one.status === "provisional"} />{" "}
                    {one.restatement && <span className="badge">restated</span>}
                  </td>
                  <td className="num">{instantLabel(one.delivered_at)}</td>
                  <td className="right">
                    <Moneys list={one.billed} />
                  </td>
                  <td className="right">
                    <Moneys list={one.effective} />
                  </td>
                  <td className="right">{count(one.rows)}</td>
                  <td className="right">
                    {one.quarantined > 0 ? (
                      <Link to={`/sources?tab=conformance&source=${encodeURIComponent(one.source)}`}>
                        {count(one.quarantined)}
                      </Link>
                    ) : (
                      <span className="muted">0</span>
                    )}
                  </td>
                  <td className="right" title={`${count(one.objects)} objects`}>
                    {bytes(one.bytes)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </div>
    </div>
  );
}

function periodOf(delivery: Delivery): string {
  return delivery.billing_period ? monthLabel(delivery.billing_period) : "As its rows say";
}

function Moneys({ list }: { list: Money[] }) {
  if (list.length === 0) return <span className="muted">—</span>;
  return list.map((one, at) => (
    <Fragment key={one.currency}>
      {at > 0 && <br />}
      <Amount amount={one.amount} currency={one.currency} />
    </Fragment>
  ));
}

const MEASURES: Record<string, string> = {
  BilledCost: "billed cost",
  EffectiveCost: "effective cost",
  ListCost: "list cost",
  ContractedCost: "contracted cost",
};

/** "Oct 2026 was re-stated by −$1,204.00", with before and after. */
interface NoteProps {
  delivery: Delivery;
  source: string;
  restatement: Restatement;
}

function RestatementNote({ delivery, source, restatement }: NoteProps) {
  const first =
    restatement.difference.find((one) => one.measure === "BilledCost") ?? restatement.difference[0];
  const rows = delivery.rows - restatement.rows_before;
  return (
    <div className="note warn">
      <strong>
        {periodOf(delivery)} was re-stated
        {first && parse(first.difference) !== 0n
          ? ` by ${moneyChange(first.difference, first.currency)} ${MEASURES[first.measure] ?? first.measure}`
          : " without a change of its totals"}
      </strong>{" "}
      <span className="muted">
        · {source} · {instantLabel(restatement.replaced_at)} · {rows >= 0 ? "+" : "−"}
        {count(Math.abs(rows))} rows
      </span>
      <ul className="reasons small">
        {restatement.difference.map((one) => (
          <li key={`${one.measure} ${one.currency}`}>
            {MEASURES[one.measure] ?? one.measure}:{" "}
            <span className="num">{moneyExact(one.before, one.currency)}</span> →{" "}
            <span className="num">{moneyExact(one.after, one.currency)}</span> (
            <span className="num">{moneyChange(one.difference, one.currency)}</span>)
          </li>
        ))}
      </ul>
    </div>
  );
}
