import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Problem } from "./form";

interface DialogProps {
  title: string;
  close: () => void;
  wide?: boolean;
  /** Closing would lose what cannot be shown again: only the button inside closes. */
  sticky?: boolean;
  children: ReactNode;
}

/** The browser's own dialog keeps the focus inside and closes on Escape. */
export function Dialog({ title, close, wide = false, sticky = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    // What is there to be filled in, rather than the button that closes.
    dialog.current?.querySelector<HTMLElement>("input:not([hidden]), select, textarea")?.focus();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onClose={close}
      onCancel={(event) => {
        if (sticky) event.preventDefault();
      }}
    >
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {!sticky && (
          <button type="button" className="text-button" onClick={close}>
            Close
          </button>
        )}
      </div>
      <div className="stack">{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  /** What will happen. */
  children: ReactNode;
  /** The verb on the button. */
  verb: string;
  danger?: boolean;
  /** A name that must be typed first. */
  typed?: string;
  act: () => Promise<unknown>;
  close: () => void;
}

/** Asks before something that cannot be taken back, and says what will happen. */
export function Confirm({ title, children, verb, danger = true, typed, act, close }: ConfirmProps) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await act();
      close();
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
      setBusy(false);
    }
  };
  const ready = typed === undefined || text === typed;
  return (
    <Dialog title={title} close={close}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <div className="stack tight">{children}</div>
        {typed !== undefined && (
          <label className="form-field">
            <span>
              Type <strong>{typed}</strong> to confirm
            </span>
            <input
              className="input"
              value={text}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        )}
        {error && <Problem error={error} />}
        <div className="row end">
          <button type="button" className="control" onClick={close}>
            Keep as it is
          </button>
          <button
            type="submit"
            className={danger ? "control danger" : "control primary"}
            disabled={busy || !ready}
          >
            {busy ? "One moment …" : verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
