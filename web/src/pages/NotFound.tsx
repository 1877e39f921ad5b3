import { isRouteErrorResponse, Link, useRouteError } from "react-router";
import { Empty, Failure } from "../components/states";

export function NotFound() {
  return (
    <div className="page">
      <div className="card">
        <Empty
          only
          title="There is no such page"
          reason="The address may be mistyped, or from another version."
        >
          <Link to="/">To the dashboard</Link>
        </Empty>
      </div>
    </div>
  );
}

/** The last resort: a page that fails says so and offers to load again. */
export function PageFailure() {
  const error = useRouteError();
  const shown =
    error instanceof Error
      ? error
      : new Error(isRouteErrorResponse(error) ? error.statusText : String(error));
  return (
    <main className="page">
      <Failure error={shown} retry={() => window.location.reload()} />
    </main>
  );
}
