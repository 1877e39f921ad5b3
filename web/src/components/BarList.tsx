import { useComputedColorScheme } from "@mantine/core";
import { ratio, type Units } from "../lib/decimal";
import { percent } from "../lib/money";
import { INK, seriesColor } from "../lib/palette";
import { Amount, Change } from "./Figure";
import { PageLink } from "./PageLink";

export interface Bar {
  id: string;
  label: string;
  unset: boolean;
  amount: Units;
  previous: Units | null;
  href: string;
}

interface Props {
  bars: Bar[];
  total: Units;
  currency: string;
  against: string;
}

/** Largest first, each with its share of the total and its change. The bar repeats the share for the eye. */
export function BarList({ bars, total, currency, against }: Props) {
  const scheme = useComputedColorScheme("light");
  return (
    <>
      <div className="bars-head" aria-hidden="true">
        <span />
        <span>{currency}</span>
        <span>share</span>
        <span>change</span>
      </div>
      <ul className="bars">
        {bars.map((bar) => {
          const share = ratio(bar.amount, total);
          return (
            <li key={bar.id}>
              <PageLink className={`quiet clip${bar.unset ? " muted" : ""}`} to={bar.href} title={bar.label}>
                {bar.label}
              </PageLink>
              <Amount amount={bar.amount} currency={currency} short />
              <span className="share num muted">{percent(share)}</span>
              <span className="change">
                <Change now={bar.amount} before={bar.previous} currency={currency} against={against} />
              </span>
              <div className="track" aria-hidden="true">
                <div
                  className="fill"
                  style={{
                    width: `${Math.min(100, Math.max(0, (share ?? 0) * 100))}%`,
                    background: bar.unset ? INK[scheme].unset : seriesColor(scheme, 0),
                  }}
                />
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}
