import { type FormEvent, useState } from "react";
import { useChange } from "../../api/changes";
import { admin } from "../../api/identity";
import type { Provider } from "../../api/identityTypes";
import { Field, PasswordField, Problem, SelectField } from "../../components/form";
import { ROLE_NAMES } from "../../components/me";
import { useRoles } from "./RoleChoice";

type Preset = "entra" | "google" | "github" | "oidc";

const ENTRA = /^https:\/\/login\.microsoftonline\.com\/([^/]+)\/v2\.0$/;

function presetOf(provider: Provider | null): Preset {
  if (!provider) return "entra";
  if (provider.kind === "github") return "github";
  if (provider.issuer === "https://accounts.google.com") return "google";
  return ENTRA.test(provider.issuer) ? "entra" : "oidc";
}

const HELP: Record<Preset, string> = {
  entra: "Entra admin centre → App registrations → your application. The tenant id stands on its overview.",
  google:
    "Google Cloud console → APIs and services → Credentials → OAuth client of the type web application.",
  github: "GitHub → Settings → Developer settings → OAuth apps.",
  oidc: "Any provider with a discovery document under its issuer. Copy the issuer exactly, with or without its last slash.",
};

export function ProviderForm({ provider, close }: { provider: Provider | null; close: () => void }) {
  const [preset, setPreset] = useState<Preset>(presetOf(provider));
  const [name, setName] = useState(provider?.name ?? "Entra ID");
  const [tenant, setTenant] = useState(ENTRA.exec(provider?.issuer ?? "")?.[1] ?? "");
  const [issuer, setIssuer] = useState(provider?.issuer ?? "");
  const [client, setClient] = useState(provider?.client_id ?? "");
  const [secret, setSecret] = useState("");
  const [enabled, setEnabled] = useState(provider?.enabled ?? true);
  const [role, setRole] = useState(provider?.role ?? "");
  const roles = useRoles();
  const address = {
    entra: `https://login.microsoftonline.com/${tenant.trim()}/v2.0`,
    google: "https://accounts.google.com",
    github: "https://github.com",
    oidc: issuer.trim(),
  }[preset];
  const save = useChange(async () => {
    const body = {
      kind: preset === "github" ? ("github" as const) : ("oidc" as const),
      name: name.trim(),
      issuer: address,
      client_id: client.trim(),
      ...(secret ? { client_secret: secret } : {}),
      enabled,
      ...(role ? { role } : {}),
    };
    if (provider) await admin.changeProvider(provider.id, body);
    else await admin.addProvider(body);
  }, ["providers", "methods"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, { onSuccess: close });
  };
  const choose = (value: string) => {
    const next = value as Preset;
    const usual: Record<Preset, string> = {
      entra: "Entra ID",
      google: "Google",
      github: "GitHub",
      oidc: "",
    };
    if (Object.values(usual).includes(name)) setName(usual[next]);
    setPreset(next);
  };
  const ready =
    name.trim() !== "" &&
    client.trim() !== "" &&
    (provider !== null || secret !== "") &&
    (preset !== "entra" || tenant.trim() !== "") &&
    (preset !== "oidc" || issuer.trim() !== "");
  return (
    <section className="card" aria-label={provider ? `Change ${provider.name}` : "A new provider"}>
      <div className="card-head">
        <h2>{provider ? `Change ${provider.name}` : "A new provider"}</h2>
      </div>
      <form className="stack" onSubmit={submit} autoComplete="off">
        <div className="form-grid">
          <SelectField label="Provider" value={preset} onChange={choose} hint={HELP[preset]}>
            <option value="entra">Microsoft Entra ID</option>
            <option value="google">Google</option>
            <option value="github">GitHub</option>
            <option value="oidc">Any OpenID Connect provider</option>
          </SelectField>
          <Field
            label="Name on the sign-in page"
            value={name}
            maxLength={60}
            required
            onChange={(event) => setName(event.target.value)}
          />
          {preset === "entra" && (
            <Field
              label="Tenant id"
              value={tenant}
              required
              spellCheck={false}
              hint="Not “common”: anybody with a Microsoft account could sign in."
              onChange={(event) => setTenant(event.target.value)}
            />
          )}
          {preset === "oidc" && (
            <Field
              label="Issuer"
              type="url"
              value={issuer}
              required
              spellCheck={false}
              placeholder="https://id.example.com"
              onChange={(event) => setIssuer(event.target.value)}
            />
          )}
          <Field
            label="Client id"
            value={client}
            required
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setClient(event.target.value)}
          />
          {provider ? (
            <Field
              label="New client secret"
              type="password"
              value={secret}
              autoComplete="new-password"
              hint="Leave it empty to keep the one that is stored."
              onChange={(event) => setSecret(event.target.value)}
            />
          ) : (
            <PasswordField
              label="Client secret"
              value={secret}
              onChange={setSecret}
              autoComplete="new-password"
              hint="Stored sealed; it is never shown again."
            />
          )}
        </div>
        <div className="form-grid">
          <SelectField
            label="Who signs in for the first time"
            value={role}
            onChange={setRole}
            hint={
              role
                ? "Everybody whom the provider lets in comes into this workspace."
                : "Accounts are matched by what the provider says they are, never by the address alone."
            }
          >
            <option value="">must be a member or invited already</option>
            {(roles.data?.built_in ?? [])
              .filter((one) => one.role !== "admin" || role === "admin")
              .map((one) => (
                <option key={one.role} value={one.role}>
                  becomes {ROLE_NAMES[one.role] ?? one.role}
                </option>
              ))}
            {(roles.data?.items ?? []).map((one) => (
              <option key={one.id} value={one.id}>
                becomes {one.name}
              </option>
            ))}
          </SelectField>
        </div>
        <label className="check">
          <input type="checkbox" checked={enabled} onChange={(event) => setEnabled(event.target.checked)} />
          Offer it on the sign-in page
        </label>
        {save.error && <Problem error={save.error} />}
        <div className="row">
          <button type="submit" className="control primary" disabled={save.isPending || !ready}>
            {provider ? "Save" : "Add the provider"}
          </button>
          <button type="button" className="control" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </section>
  );
}
