import { useAsked } from "../../api/changes";
import { admin } from "../../api/identity";
import { Checks, SelectField } from "../../components/form";
import { ROLE_NAMES } from "../../components/me";
import { sentence } from "../../components/states";

export function useRoles() {
  return useAsked("roles", admin.roles);
}

export function useTeams() {
  return useAsked("teams", admin.teams);
}

interface Props {
  role: string;
  onRole: (role: string) => void;
  owner: boolean;
  onOwner: (owner: boolean) => void;
  teams: string[];
  onTeams: (teams: string[]) => void;
}

/** What a member is given: a role, whether they are an owner, and teams. */
export function RoleChoice({ role, onRole, owner, onOwner, teams, onTeams }: Props) {
  const roles = useRoles();
  const known = useTeams();
  const builtIn = roles.data?.built_in.find((one) => one.role === role);
  const own = roles.data?.items.find((one) => one.id === role);
  const help = builtIn?.description ?? (own ? `opens ${own.pages.join(", ")}` : "");
  return (
    <>
      <SelectField
        label="Role"
        value={role}
        onChange={onRole}
        hint={help ? `${sentence(help.replace(/\.$/, ""))}.` : undefined}
      >
        {(roles.data?.built_in ?? []).map((one) => (
          <option key={one.role} value={one.role}>
            {ROLE_NAMES[one.role] ?? one.role}
          </option>
        ))}
        {(roles.data?.items ?? []).map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </SelectField>
      {role === "admin" && (
        <label className="check">
          <input type="checkbox" checked={owner} onChange={(event) => onOwner(event.target.checked)} />
          Owner too: may restore, delete, export everything and let staff in
        </label>
      )}
      {(known.data?.items.length ?? 0) > 0 && (
        <Checks
          legend="Teams"
          hint={
            role === "admin"
              ? "Admins see all charges, whatever their teams."
              : "Somebody in teams sees what any of the teams sees."
          }
          options={(known.data?.items ?? []).map((one) => ({ id: one.id, label: one.name }))}
          value={teams}
          onChange={onTeams}
        />
      )}
    </>
  );
}
