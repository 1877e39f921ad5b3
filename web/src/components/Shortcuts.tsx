import { useEffect, useRef } from "react";

const KEYS: [string[], string][] = [
  [["/"], "Type a filter (in the explorer)"],
  [["g", "d"], "Dashboard"],
  [["g", "e"], "Explorer"],
  [["g", "q"], "SQL"],
  [["g", "f"], "Forecast"],
  [["g", "b"], "Budgets"],
  [["g", "l"], "Allocation"],
  [["g", "n"], "Anomalies"],
  [["g", "r"], "Recommendations"],
  [["g", "s"], "Sources and deliveries"],
  [["g", "i"], "Inbox"],
  [["g", "a"], "Administration"],
  [["g", "m"], "My account"],
  [["j"], "The next incident (k: the one before)"],
  [["↑", "↓"], "Move through the rows of a table"],
  [["Home", "End"], "First and last row"],
  [["Enter"], "Drill into the row"],
  [["Backspace"], "In an empty filter field: take the last filter away"],
  [["Ctrl", "Enter"], "Run the SQL"],
  [["Esc"], "Close what is open"],
  [["?"], "This list"],
];

/** The browser's own dialog keeps the focus inside and closes on Escape. */
export function Shortcuts({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="shortcuts-title" onClose={close}>
      <div className="card-head">
        <h2 id="shortcuts-title">Keyboard shortcuts</h2>
        <button type="button" className="text-button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <dl className="shortcuts">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <span key={key}>
                  <kbd>{key}</kbd>{" "}
                </span>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
