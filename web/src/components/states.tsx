import type { ReactNode } from "react";
import { Fragment, useState } from "react";
import { ApiError } from "../api/client";

/** What went wrong, in the server's words, and a way to go on. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const api = error instanceof ApiError ? error : null;
  return (
    <div className="note bad" role="alert">
      <h2>{sentence(api?.title ?? "Something in this page failed")}</h2>
      <p>
        <Told text={api?.detail || (api ? "" : error.message)} />
      </p>
      {retry && (
        <button type="button" className="text-button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Server messages begin in lower case, as in a log; on a page they are sentences. */
export function sentence(text: string): string {
  return text ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** A message of the server as a sentence, with what it quotes between backticks set as code. */
export function Told({ text }: { text: string }) {
  return sentence(text)
    .split("`")
    .map((part, at, parts) =>
      // The last part stands behind no closing backtick, so an odd one is kept as it is written.
      at % 2 === 1 && at < parts.length - 1 ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no identity but their place
        <code key={at}>{part}</code>
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <Fragment key={at}>{at % 2 === 1 ? `\`${part}` : part}</Fragment>
      ),
    );
}

interface EmptyProps {
  title: string;
  reason?: string | null;
  /** The page has no other heading. */
  only?: boolean;
  children?: ReactNode;
}

export function Empty({ title, reason, only, children }: EmptyProps) {
  return (
    <div className="empty">
      {only ? <h1>{title}</h1> : <h2>{title}</h2>}
      {reason && (
        <p>
          <Told text={reason} />
        </p>
      )}
      {children}
    </div>
  );
}

/** A command to run in a terminal, or another text to take along, with a copy button. */
export function Command({ text, label }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // No clipboard on this origin; the text can be selected.
    }
  };
  return (
    <div className="command">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so it must take the focus */}
      <pre tabIndex={0}>{text}</pre>
      <button type="button" onClick={() => void copy()} aria-label={label ?? `Copy the command ${text}`}>
        <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
      </button>
    </div>
  );
}
