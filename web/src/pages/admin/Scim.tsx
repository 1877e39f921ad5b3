import { type FormEvent, useState } from "react";
import { useAsked, useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import { Field, Problem } from "../../components/form";
import { may, useKnownMe } from "../../components/me";
import { Once } from "../../components/Once";
import { Command } from "../../components/states";
import { TokenTable } from "./Tokens";

/** The provider adds, changes and switches off members by itself. */
export function Scim() {
  const me = useKnownMe();
  const tokens = useAsked("tokens", admin.tokens);
  const [name, setName] = useState("Entra provisioning");
  const make = useChange(() => admin.addToken({ name: name.trim(), kind: "scim" }), ["tokens"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const scim = (tokens.data?.items ?? []).filter((one) => one.kind === "scim");
  return (
    <>
      <section className="card" aria-labelledby="scim">
        <div className="card-head">
          <h2 id="scim">Provisioning by SCIM</h2>
        </div>
        <div className="stack">
          <p className="lead">
            With SCIM the provider adds people and groups to this workspace and switches them off. Switched
            off there means: sessions and tokens end here at once.
          </p>
          <p className="small">Give the provider this address (in Entra ID: tenant URL) and a token:</p>
          <Command text={`${window.location.origin}/scim/v2`} label="Copy the SCIM address" />
          {make.data && (
            <Once title="The SCIM token is shown only now: copy it." secret={make.data.token}>
              It can add and switch off members of this workspace, and nothing else.
            </Once>
          )}
          {may(me, "manage-tokens") && !make.data && (
            <form className="stack" onSubmit={submit}>
              <div className="form-grid">
                <Field
                  label="Name of the token"
                  value={name}
                  maxLength={80}
                  required
                  onChange={(event) => setName(event.target.value)}
                />
              </div>
              {make.error && <Problem error={make.error} />}
              <div>
                <button type="submit" className="control" disabled={make.isPending || !name.trim()}>
                  Make a SCIM token
                </button>
              </div>
            </form>
          )}
        </div>
      </section>
      <TokenTable items={scim} manages={may(me, "manage-tokens")} />
    </>
  );
}
