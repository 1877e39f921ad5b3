/** Keys for people who keep their hands on the keyboard: single keys and two-key sequences such as `g e`. */
import { useEffect, useRef } from "react";

const SEQUENCE_MS = 1200;

/** True where a key belongs to the text being typed. */
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement)
    return !["radio", "checkbox", "button", "submit"].includes(target.type);
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

export function useShortcuts(actions: Record<string, () => void>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    let pending = "";
    let since = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target))
        return;
      if (document.querySelector("[role=dialog], dialog[open]")) return;
      const sequence = event.timeStamp - since < SEQUENCE_MS ? `${pending} ${event.key}`.trim() : event.key;
      const action = latest.current[sequence] ?? latest.current[event.key];
      const starts = Object.keys(latest.current).some((one) => one.startsWith(`${event.key} `));
      pending = !action && starts ? event.key : "";
      since = event.timeStamp;
      if (action) {
        event.preventDefault();
        action();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
