import { Popover } from "@mantine/core";
import { useState } from "react";
import { ChevronDown, ChevronLeft, ChevronRight } from "../../components/icons";
import { addDays, isDay, PRESETS, presetRange, type Range, rangeLabel, shiftRange } from "../../lib/dates";
import { type Question, resolveRange } from "../../lib/question";

interface Props {
  question: Question;
  today: string;
  onChange: (period: Question["period"]) => void;
}

/** Presets and days of one's own. People pick the last day; the question keeps the day after it. */
export function PeriodPicker({ question, today, onChange }: Props) {
  const [open, setOpen] = useState(false);
  const range = resolveRange(question, today);
  const preset = "preset" in question.period ? question.period.preset : null;
  const name = PRESETS.find((one) => one.id === preset)?.label;
  const pick = (period: Question["period"]) => {
    setOpen(false);
    onChange(period);
  };
  return (
    <div className="joined">
      <button
        type="button"
        className="control"
        aria-label="The period before"
        onClick={() => onChange(shiftRange(range, -1))}
      >
        <ChevronLeft />
      </button>
      <Popover
        opened={open}
        onChange={setOpen}
        position="bottom-start"
        trapFocus
        transitionProps={{ duration: 0 }}
        withinPortal={false}
        shadow="md"
      >
        <Popover.Target>
          <button
            type="button"
            className="control period"
            onClick={() => setOpen(!open)}
            aria-haspopup="dialog"
            aria-expanded={open}
          >
            {name && <span className="muted">{name}</span>} {rangeLabel(range)} <ChevronDown />
          </button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Period">
          <div className="period-panel">
            <ul className="presets">
              {PRESETS.map((one) => (
                <li key={one.id}>
                  <button
                    type="button"
                    aria-pressed={one.id === preset}
                    onClick={() => pick({ preset: one.id })}
                  >
                    {one.label}
                    <span className="muted small">{rangeLabel(presetRange(one.id, today))}</span>
                  </button>
                </li>
              ))}
            </ul>
            <Custom range={range} onPick={pick} />
          </div>
        </Popover.Dropdown>
      </Popover>
      <button
        type="button"
        className="control"
        aria-label="The period after"
        onClick={() => onChange(shiftRange(range, 1))}
      >
        <ChevronRight />
      </button>
    </div>
  );
}

function Custom({ range, onPick }: { range: Range; onPick: (range: Range) => void }) {
  const [first, setFirst] = useState(range.from);
  const [last, setLast] = useState(addDays(range.to, -1));
  const good = isDay(first) && isDay(last) && first <= last;
  return (
    <form
      className="custom-period"
      onSubmit={(event) => {
        event.preventDefault();
        if (good) onPick({ from: first, to: addDays(last, 1) });
      }}
    >
      <label>
        First day
        <input type="date" value={first} onChange={(event) => setFirst(event.target.value)} />
      </label>
      <label>
        Last day
        <input type="date" value={last} min={first} onChange={(event) => setLast(event.target.value)} />
      </label>
      {!good && <p className="small">The last day lies before the first.</p>}
      <button type="submit" className="control primary" disabled={!good}>
        Show these days
      </button>
      <p className="muted small">Days are UTC, as in the bills.</p>
    </form>
  );
}
