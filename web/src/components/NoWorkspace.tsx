import { Link } from "react-router";
import type { Me } from "../api/identityTypes";
import { Empty } from "./states";

/** Signed in, and a member of nothing. */
export function NoWorkspace({ me }: { me: Me }) {
  return (
    <div className="page">
      <div className="card">
        <Empty
          only
          title="You are in no workspace yet"
          reason={`You are signed in as ${me.account.email ?? me.account.display_name}. Ask an administrator to add this address to a workspace; this page notices when you are in.`}
        >
          <p>
            Whoever runs Bursar can do it from the command line:{" "}
            <code>bursar member add {me.account.email ?? "EMAIL"} --workspace NAME --role viewer</code>
          </p>
          {(me.leaving ?? []).map((one) => (
            <Link
              key={one.id}
              to={`/leaving/${one.id}?${new URLSearchParams({ name: one.name, ...(one.due_at ? { due: one.due_at } : {}) })}`}
            >
              {one.name} is being deleted: see, or keep it
            </Link>
          ))}
          <Link to="/account">To my account</Link>
        </Empty>
      </div>
    </div>
  );
}
