import type { Read } from "../../api/types";
import { bytes, count } from "../../lib/money";

const ENGINES: Record<string, string> = {
  rollup: "from a rollup: sums kept encrypted beside the server, equal to the rows to the last digit",
  rows: "from the rows of the bill itself, read where they lie",
};

/** How the figures came about: what was read, how much of it, how long it took, and the question as the API had it. */
export function HowRead({ read, search }: { read: Read; search?: URLSearchParams }) {
  return (
    <details className="how-read">
      <summary>
        How this was read
        <span className="muted">
          {read.engine ? ` · ${read.engine}` : ""}
          {read.elapsed_ms !== undefined ? ` · ${count(read.elapsed_ms)} ms` : ""}
        </span>
      </summary>
      <dl className="facts wide">
        {read.engine && (
          <>
            <dt>Answered</dt>
            <dd>{ENGINES[read.engine] ?? read.engine}</dd>
          </>
        )}
        {read.rows !== undefined && (
          <>
            <dt>Rows looked at</dt>
            <dd className="num">{count(read.rows)}</dd>
          </>
        )}
        <dt>Objects opened</dt>
        <dd className="num">{count(read.objects)}</dd>
        <dt>Storage operations</dt>
        <dd className="num">{count(read.operations)}, all of them reads</dd>
        <dt>Bytes read</dt>
        <dd className="num">
          {bytes(read.bytes)} ({count(read.bytes)})
        </dd>
        {search && (
          <>
            <dt>The question</dt>
            <dd>
              <code className="question-text">
                GET /api/v1/cost?{decodeURIComponent(search.toString().replaceAll("+", " "))}
              </code>
            </dd>
          </>
        )}
      </dl>
    </details>
  );
}
