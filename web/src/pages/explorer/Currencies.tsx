import { useEffect, useId, useRef, useState } from "react";
import { type Conversion, isCode, missingRates, readRate } from "../../lib/conversion";

interface Props {
  value: Conversion | null;
  /** The currencies of the workspace. */
  known: string[];
  /** The currencies of the figures on the page; null when they are converted or not there yet. */
  present: string[] | null;
  /** Why the server did not convert. */
  refusal: string | null;
  /** Whether to take the focus: the user asked for this row. */
  focus: boolean;
  onChange: (conversion: Conversion | null) => void;
}

interface Draft {
  to: string;
  /** Whether the target is typed instead of chosen. */
  typed: boolean;
  /** Per target, so that looking at another one loses nothing. */
  rates: Record<string, Record<string, string>>;
}

const ANOTHER = "*";

function draftOf(value: Conversion | null, known: string[]): Draft {
  if (!value) return { to: "", typed: false, rates: {} };
  const rates = Object.fromEntries(value.rates.map((one) => [one.currency, one.text]));
  return { to: value.to, typed: !known.includes(value.to), rates: { [value.to]: rates } };
}

const named = (list: string[]) => list.join(", ").replace(/, ([^,]*)$/, " and $1");

/**
 * Whether currencies stand apart or become one. Nothing is converted before there is a rate for every currency
 * of the figures, and only the user gives rates.
 */
export function Currencies({ value, known, present, refusal, focus, onChange }: Props) {
  const id = useId();
  const select = useRef<HTMLSelectElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const codes = known.filter(isCode);
  const address = JSON.stringify(value);
  const [seen, setSeen] = useState(address);
  const [draft, setDraft] = useState(() => draftOf(value, codes));
  const [tried, setTried] = useState(false);
  if (seen !== address) {
    setSeen(address);
    setDraft(draftOf(value, codes));
    setTried(false);
  }
  useEffect(() => {
    if (focus) select.current?.focus();
  }, [focus]);

  const { to } = draft;
  const texts = draft.rates[to] ?? {};
  const there = present?.length ? present : value ? [value.to] : known;
  const sources = [...new Set([...there, ...(value?.rates.map((one) => one.currency) ?? [])])].filter(
    (one) => one !== to,
  );
  const unconvertible = sources.filter((one) => !isCode(one));
  const fields = isCode(to) ? sources.filter(isCode) : [];
  const rates = fields
    .filter((currency) => texts[currency]?.trim())
    .map((currency) => ({ currency, text: texts[currency] ?? "" }));

  const faults = new Map<string, string>();
  if (to && !isCode(to)) faults.set("to", "Type the three letters of a currency, such as USD.");
  for (const { currency, text } of rates) {
    const read = readRate(text);
    if ("fault" in read) faults.set(currency, read.fault);
  }
  for (const currency of missingRates({ to, rates }, fields))
    if (there.includes(currency))
      faults.set(currency, `Type what 1 ${currency} is worth in ${to}, such as 1.08.`);
  if (draft.typed && !to) faults.set("to", "Type the three letters of a currency, such as USD.");
  // An address that converts nothing shows at once what it lacks; a form waits until it is sent.
  const told = tried || (value !== null && present !== null && to === value.to);

  const send = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    const first = [...faults.keys()][0];
    if (first !== undefined) {
      form.current?.querySelector<HTMLInputElement>(`[data-field="${first}"]`)?.focus();
      return;
    }
    const next: Conversion = {
      to,
      rates: rates.map(({ currency, text }) => {
        const read = readRate(text);
        return { currency, text: "rate" in read ? read.rate : text };
      }),
    };
    if (JSON.stringify(next) !== address) onChange(next);
  };

  const pick = (choice: string) => {
    setTried(false);
    setDraft({ ...draft, to: choice === ANOTHER ? "" : choice, typed: choice === ANOTHER });
    if (choice === "" && value) onChange(null);
  };

  const field = (name: string) => ({
    "data-field": name,
    "aria-invalid": told && faults.has(name),
    "aria-describedby": told && faults.has(name) ? `${id}-${name}` : undefined,
    autoComplete: "off",
    spellCheck: false,
  });

  const converting = draft.typed || to !== "";
  return (
    <form className="field currencies" onSubmit={send} ref={form} noValidate>
      <label htmlFor={`${id}-select`}>Currencies</label>
      <div className="row">
        <select
          id={`${id}-select`}
          ref={select}
          value={draft.typed ? ANOTHER : to}
          onChange={(event) => pick(event.target.value)}
        >
          <option value="">kept apart</option>
          {codes.map((code) => (
            <option key={code} value={code}>
              as one in {code}
            </option>
          ))}
          <option value={ANOTHER}>as one in another …</option>
        </select>
        {draft.typed && (
          <label className="rate">
            Code
            <input
              {...field("to")}
              className="code"
              maxLength={3}
              value={to}
              onChange={(event) => setDraft({ ...draft, to: event.target.value.toUpperCase() })}
            />
          </label>
        )}
        {fields.map((currency) => (
          <label className="rate" key={currency}>
            1 {currency} =
            <input
              {...field(currency)}
              inputMode="decimal"
              maxLength={30}
              value={texts[currency] ?? ""}
              onChange={(event) =>
                setDraft({
                  ...draft,
                  rates: { ...draft.rates, [to]: { ...texts, [currency]: event.target.value } },
                })
              }
            />
            {to}
          </label>
        ))}
        {converting && (
          <button type="submit" className="control">
            Convert
          </button>
        )}
      </div>
      {converting && (
        <div className="currencies-told small">
          {told &&
            [...faults].map(([name, fault]) => (
              <p key={name} id={`${id}-${name}`} className="fault">
                {name !== "to" && faults.size > 1 && `${name}: `}
                {fault}
              </p>
            ))}
          {unconvertible.length > 0 && (
            <p className="fault">
              {named(unconvertible)}{" "}
              {unconvertible.length === 1 ? "is no currency code" : "are no currency codes"} and cannot be
              converted: take such charges out with a filter on BillingCurrency.
            </p>
          )}
          <p role="status" className="muted">
            {apartBecause(value, present, refusal, sources, to)}
          </p>
        </div>
      )}
    </form>
  );
}

/** Why the figures stand apart although a conversion is in the making or in the address. */
function apartBecause(
  value: Conversion | null,
  present: string[] | null,
  refusal: string | null,
  sources: string[],
  to: string,
): string {
  if (value && present === null)
    return to === value.to ? "" : `The figures are in ${value.to} until you convert.`;
  if (!value) return "Bursar has no rates of its own: the currencies stand apart until you give yours.";
  const missing = missingRates(value, sources.filter(isCode));
  if (missing.length > 0) return `The currencies stand apart: there is no rate for ${named(missing)}.`;
  if (refusal) return `The currencies stand apart: ${refusal}.`;
  return "The currencies stand apart: a rate of this address cannot be read.";
}
