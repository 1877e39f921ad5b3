import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useAsked } from "../../api/changes";
import { admin } from "../../api/identity";
import { Problem, SelectField } from "../../components/form";
import { CheckIcon, CrossIcon } from "../../components/icons";
import { sentence, Told } from "../../components/states";
import { actionOptions, pageOptions } from "./words";

/** Which policy lets somebody do something, or keeps them from it. */
export function Explain() {
  const members = useAsked("members", admin.members);
  const [account, setAccount] = useState("");
  const [action, setAction] = useState("view");
  const [page, setPage] = useState("explorer");
  const [asked, setAsked] = useState<{ account: string; action: string; page: string } | null>(null);
  const answer = useQuery({
    queryKey: ["explain", asked],
    queryFn: ({ signal }) =>
      admin.explain(asked?.account ?? "", asked?.action ?? "", asked?.page ?? "", signal),
    enabled: asked !== null,
  });
  const who = account || (members.data?.items[0]?.account.id ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked({ account: who, action, page });
  };
  return (
    <section className="card" aria-labelledby="explain">
      <div className="card-head">
        <h2 id="explain">Why may somebody do something, or not?</h2>
      </div>
      <form className="stack" onSubmit={submit}>
        <div className="form-grid">
          <SelectField label="Who" value={who} onChange={setAccount}>
            {(members.data?.items ?? []).map((one) => (
              <option key={one.account.id} value={one.account.id}>
                {one.account.display_name || one.account.email}
              </option>
            ))}
          </SelectField>
          <SelectField label="Action" value={action} onChange={setAction}>
            <option value="view">View</option>
            {actionOptions.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
            <option value="own">Own</option>
          </SelectField>
          <SelectField label="Page" value={page} onChange={setPage}>
            {pageOptions.map((one) => (
              <option key={one.id} value={one.id}>
                {one.label}
              </option>
            ))}
          </SelectField>
        </div>
        <div>
          <button type="submit" className="control" disabled={who === ""}>
            Explain
          </button>
        </div>
        <div aria-live="polite">
          {answer.error && <Problem error={answer.error} />}
          {answer.data && (
            <div className="note">
              <strong className={answer.data.allowed ? "good-text" : "bad-text"}>
                {answer.data.allowed ? <CheckIcon /> : <CrossIcon />} {answer.data.allowed ? "Yes" : "No"}
              </strong>
              : <Told text={sentence(answer.data.reason)} />
              {answer.data.policies.length > 0 && (
                <span className="muted small">
                  {" "}
                  (<code>{answer.data.policies.join(", ")}</code>)
                </span>
              )}
            </div>
          )}
        </div>
      </form>
    </section>
  );
}
