/** How a figure is shown: exact on demand, and never without what it means. */
import { dayLabel, type Range, rangeLabel } from "../lib/dates";
import { parse, type Units } from "../lib/decimal";
import { money, moneyChange, moneyExact, moneyShort, percentChange } from "../lib/money";

interface AmountProps {
  amount: string | Units;
  currency: string;
  short?: boolean;
}

/** An amount; all its digits are in the title. */
export function Amount({ amount, currency, short }: AmountProps) {
  return (
    <span className="num" title={moneyExact(amount, currency)}>
      {short ? moneyShort(amount, currency) : money(amount, currency)}
    </span>
  );
}

interface ChangeProps {
  now: string | Units;
  before: string | Units | null;
  currency: string;
  /** What it is compared with, for the title and for readers. */
  against: string;
  withAmount?: boolean;
}

/** More is ▲ and less is ▼; colour only repeats it. */
export function Change({ now, before, currency, against, withAmount }: ChangeProps) {
  if (before === null) return <span className="muted">—</span>;
  const to = typeof now === "string" ? parse(now) : now;
  const from = typeof before === "string" ? parse(before) : before;
  const difference = to - from;
  const direction = difference > 0n ? "up" : difference < 0n ? "down" : "";
  const mark = difference > 0n ? "▲" : difference < 0n ? "▼" : "";
  return (
    <span
      className={`num ${direction}`}
      title={`${against}: ${moneyExact(from, currency)} (${moneyChange(difference, currency)})`}
    >
      <span aria-hidden="true">{mark}</span> {withAmount && `${moneyChange(difference, currency)} · `}
      {percentChange(to, from)}
    </span>
  );
}

interface ContextProps {
  measure: string;
  currency?: string;
  range: Range;
  until?: string | null;
  provisional: boolean;
}

/** The line that every figure stands under: measure, currency, period, freshness, provisional or final. */
export function Context({ measure, currency, range, until, provisional }: ContextProps) {
  return (
    <div className="context">
      <span>{measure}</span>
      {currency && <span>{currency}</span>}
      <span>{rangeLabel(range)}</span>
      {until && <span>charges until {dayLabel(until)}</span>}
      <Standing provisional={provisional} />
    </div>
  );
}

export function Standing({ provisional }: { provisional: boolean }) {
  return provisional ? (
    <span className="badge warn" title="At least one delivery of this period may still change">
      provisional
    </span>
  ) : (
    <span className="badge good" title="Every delivery of this period is closed by its provider">
      final
    </span>
  );
}
