import { Modal } from "@mantine/core";

const KEYS: [string[], string][] = [
  [["/"], "Type a filter (in the explorer)"],
  [["g", "d"], "Dashboard"],
  [["g", "e"], "Explorer"],
  [["g", "q"], "SQL"],
  [["g", "s"], "Sources and deliveries"],
  [["↑", "↓"], "Move through the rows of a table"],
  [["Home", "End"], "First and last row"],
  [["Enter"], "Drill into the row"],
  [["Backspace"], "In an empty filter field: take the last filter away"],
  [["Ctrl", "Enter"], "Run the SQL"],
  [["Esc"], "Close what is open"],
  [["?"], "This list"],
];

export function Shortcuts({ close }: { close: () => void }) {
  return (
    <Modal
      opened
      onClose={close}
      title="Keyboard shortcuts"
      centered
      // Locking the scroll would insert a <style> tag, which the page's policy forbids.
      lockScroll={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <dl className="shortcuts">
        {KEYS.map(([keys, what]) => (
          <div key={what} style={{ display: "contents" }}>
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
    </Modal>
  );
}
