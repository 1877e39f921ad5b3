import { useId, useState } from "react";
import { type RuleSet, readBook } from "../../lib/rulebook";

interface Props {
  set: RuleSet;
  onChange: (set: RuleSet) => void;
}

/** Everything the document can say: virtual tags, owners, weights and measures too. */
export function JsonEditor({ set, onChange }: Props) {
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const take = () => {
    try {
      const found = readBook(JSON.parse(text ?? ""))?.sets[0];
      if (!found) throw new Error("This is no rule set: it needs `effective_from`, `groups` and `rules`.");
      onChange(found);
      setText(null);
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section className="card">
      <details
        onToggle={(event) => {
          if (event.currentTarget.open) setText(JSON.stringify(set, null, 2));
        }}
      >
        <summary>As JSON</summary>
        <p className="hint">
          The same rules as the API has them. Virtual tags, owners, weights and measures are written here.
        </p>
        <label className="visually-hidden" htmlFor={id}>
          The rule set as JSON
        </label>
        <textarea
          id={id}
          className="input mono json"
          rows={16}
          spellCheck={false}
          value={text ?? JSON.stringify(set, null, 2)}
          onChange={(event) => setText(event.target.value)}
        />
        {problem && (
          <p className="hint bad" role="alert">
            {problem}
          </p>
        )}
        <button type="button" className="control compact" onClick={take}>
          Use this
        </button>
      </details>
    </section>
  );
}
