import { useMemo } from "react";
import { useLabels } from "../../api/queries";
import { Amount } from "../../components/Figure";
import { parse, ratio, sum, toNumber, type Units } from "../../lib/decimal";
import { count, percent, plural } from "../../lib/money";
import { type Branch, branches, type Preview, type PreviewCurrency } from "../../lib/rulebook";

/** The groups with their amounts, what is left over, and the rules that took nothing. */
export function PreviewTree({ preview }: { preview: Preview }) {
  const label = useLabels();
  return (
    <div className="stack">
      {preview.counts.length > 0 && (
        <p className="counts">
          {preview.counts.map((one) => (
            <span key={one.dimension}>
              <strong>{count(one.seen)}</strong> {label(one.dimension).toLowerCase()}
              {one.seen === 1 ? "" : "s"}
              {one.left_over > 0
                ? `, ${one.left_over === one.seen ? "all" : count(one.left_over)} with something left over`
                : ", nothing left over"}
            </span>
          ))}
        </p>
      )}
      {preview.currencies.map((one) => (
        <CurrencyTree key={one.currency} of={one} several={preview.currencies.length > 1} />
      ))}
      {preview.currencies.length === 0 && <p className="muted">No charges in this period.</p>}
      {preview.unused.length > 0 && (
        <p className="note small">
          <strong>{plural(preview.unused.length, "rule")} took nothing</strong> in this period:{" "}
          {preview.unused.join(", ")}.
        </p>
      )}
      {preview.notes.map((one) => (
        <p className="muted small" key={one}>
          {one}
        </p>
      ))}
    </div>
  );
}

function CurrencyTree({ of, several }: { of: PreviewCurrency; several: boolean }) {
  const { currency, left } = of;
  const roots = useMemo(() => branches(of), [of]);
  const remaining = left ? parse(left.amount) : 0n;
  const whole = sum(roots.map((one) => one.amount)) + remaining;
  const share = left?.share ?? ratio(remaining, whole) ?? 0;
  return (
    <section className="stack tight" aria-label={`Groups in ${currency}`}>
      <div className="left-over">
        <div className="stat">
          <span className="muted small">Left over{several ? ` in ${currency}` : ""}</span>
          <strong className={share > 0.1 ? "up" : share === 0 ? "down" : ""}>{percent(share)}</strong>
        </div>
        <svg className="gauge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
          <rect className="gauge-track" x="0" y="3" width="100" height="5" rx="1" />
          <rect
            className="gauge-fill"
            x="0"
            y="3"
            width={Math.max(0, Math.min(100, (1 - share) * 100))}
            height="5"
            rx="1"
          />
        </svg>
        <span className="num small">
          <Amount amount={remaining} currency={currency} /> of <Amount amount={whole} currency={currency} />
        </span>
      </div>
      <ul className="tree">
        {roots.map((one) => (
          <Node key={one.name} branch={one} whole={whole} currency={currency} depth={0} />
        ))}
        {remaining !== 0n && (
          <li>
            <Line
              name="No rule took it"
              amount={remaining}
              whole={whole}
              currency={currency}
              depth={0}
              left
            />
          </li>
        )}
      </ul>
    </section>
  );
}

interface NodeProps {
  branch: Branch;
  whole: Units;
  currency: string;
  depth: number;
}

function Node({ branch, whole, currency, depth }: NodeProps) {
  return (
    <li>
      <Line
        name={branch.name}
        amount={branch.amount}
        whole={whole}
        currency={currency}
        depth={depth}
        charges={branch.charges}
      />
      {branch.below.length > 0 && (
        <ul>
          {branch.below.map((one) => (
            <Node key={one.name} branch={one} whole={whole} currency={currency} depth={depth + 1} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface LineProps {
  name: string;
  amount: Units;
  whole: Units;
  currency: string;
  depth: number;
  charges?: number;
  left?: boolean;
}

function Line({ name, amount, whole, currency, depth, charges, left = false }: LineProps) {
  const width = Math.max(0, Math.min(100, (toNumber(amount) / (toNumber(whole) || 1)) * 100));
  return (
    <div className="tree-line" title={charges ? plural(charges, "charge") : undefined}>
      <span className={`clip depth-${Math.min(depth, 4)}${left ? " muted" : ""}`}>{name}</span>
      <Amount amount={amount} currency={currency} />
      <span className="num muted share">{percent(ratio(amount, whole))}</span>
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect className="range-track" x="0" y="0" width="100" height="4" />
        <rect className={left ? "range-left" : "range-80"} x="0" y="0" width={width} height="4" />
      </svg>
    </div>
  );
}
