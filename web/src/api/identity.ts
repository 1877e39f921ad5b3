/** Signing in, one's own account, and the administration of a workspace. */
import { BASE, change, get } from "./http";
import type {
  Backup,
  Ceremony,
  CertificateRow,
  CustomRole,
  Deletion,
  Explained,
  Invitation,
  InvitationAsked,
  Items,
  Keys,
  MatrixRow,
  Me,
  Member,
  Methods,
  NewToken,
  PasskeyRow,
  Provider,
  ProviderInput,
  RecordRow,
  Region,
  Roles,
  ScopeRule,
  SessionRow,
  StaffAccess,
  Team,
  TestFinding,
  TokenRow,
  TotpStart,
} from "./identityTypes";

/** The whole list: what administrators look through is asked for to its end, which is bounded. */
async function all<T>(path: string, signal?: AbortSignal): Promise<Items<T>> {
  const items: T[] = [];
  let cursor: string | null | undefined = null;
  for (let page = 0; page < 100; page += 1) {
    const answer: Items<T> = await get<Items<T>>(path, cursor ? { cursor } : undefined, signal);
    items.push(...answer.items);
    cursor = answer.next;
    if (!cursor) break;
  }
  return { items };
}

const at = (...parts: string[]) => `${BASE}/${parts.map(encodeURIComponent).join("/")}`;

export const auth = {
  methods: (signal?: AbortSignal) => get<Methods>("/auth/methods", undefined, signal),
  login: (body: { email: string; password: string; code?: string }) => change("POST", "/auth/login", body),
  passkeyStart: () => change<Ceremony>("POST", "/auth/passkey/start", {}),
  passkeyFinish: (ceremony: string, credential: unknown) =>
    change("POST", "/auth/passkey/finish", { ceremony, credential }),
  invitation: (token: string, signal?: AbortSignal) =>
    get<InvitationAsked>("/auth/invitation", { token }, signal),
  acceptInvitation: (body: { token: string; display_name?: string; password?: string }) =>
    change("POST", "/auth/invitation", body),
  askReset: (email: string) => change("POST", "/auth/reset/request", { email }),
  reset: (token: string, password: string) => change("POST", "/auth/reset", { token, password }),
  logout: () => change("POST", "/auth/logout"),
  logoutEverywhere: () => change("POST", "/auth/logout-everywhere"),
};

export const me = {
  get: (signal?: AbortSignal) => get<Me>(at("me"), undefined, signal),
  change: (body: { display_name?: string; email?: string }) => change("PATCH", at("me"), body),
  password: (body: { current?: string; password: string }) => change("POST", at("me", "password"), body),
  delete: () => change("DELETE", at("me")),
  keep: () => change("DELETE", at("me", "deletion")),
  sessions: (signal?: AbortSignal) => all<SessionRow>(at("me", "sessions"), signal),
  endSession: (id: string) => change("DELETE", at("me", "sessions", id)),
  totpStart: () => change<TotpStart>("POST", at("me", "totp"), {}),
  totpConfirm: (code: string) =>
    change<{ recovery_codes: string[] }>("POST", at("me", "totp", "confirm"), { code }),
  totpRemove: () => change("DELETE", at("me", "totp")),
  passkeys: (signal?: AbortSignal) => get<Items<PasskeyRow>>(at("me", "passkeys"), undefined, signal),
  passkeyStart: () => change<Ceremony>("POST", at("me", "passkeys", "start"), {}),
  passkeyFinish: (body: { ceremony: string; credential: unknown; name: string }) =>
    change("POST", at("me", "passkeys", "finish"), body),
  passkeyRemove: (id: string) => change("DELETE", at("me", "passkeys", id)),
};

export const admin = {
  members: (signal?: AbortSignal) => all<Member>(at("members"), signal),
  addMember: (body: { email: string; role: string; owner?: boolean; teams?: string[] }) =>
    change<{ member?: Member; invitation?: Invitation; link?: string | null }>("POST", at("members"), body),
  changeMember: (account: string, body: { role?: string; owner?: boolean; teams?: string[] }) =>
    change("PATCH", at("members", account), body),
  resetLink: (account: string) =>
    change<{ link: string; expires_at: string }>("POST", at("members", account, "reset-link"), {}),
  removeMember: (account: string) => change("DELETE", at("members", account)),
  invitations: (signal?: AbortSignal) => all<Invitation>(at("invitations"), signal),
  withdraw: (id: string) => change("DELETE", at("invitations", id)),

  roles: (signal?: AbortSignal) => get<Roles>(at("roles"), undefined, signal),
  addRole: (body: Omit<CustomRole, "id">) => change("POST", at("roles"), body),
  changeRole: (id: string, body: Omit<CustomRole, "id">) => change("PUT", at("roles", id), body),
  removeRole: (id: string) => change("DELETE", at("roles", id)),
  matrix: (signal?: AbortSignal) =>
    get<{ rows: MatrixRow[] }>(at("permissions", "matrix"), undefined, signal),
  explain: (account: string, action: string, page: string, signal?: AbortSignal) =>
    get<Explained>(at("permissions", "explain"), { account, action, page }, signal),

  teams: (signal?: AbortSignal) => all<Team>(at("teams"), signal),
  addTeam: (body: { name: string; scope: ScopeRule[] | null }) => change<Team>("POST", at("teams"), body),
  changeTeam: (id: string, body: { name: string; scope: ScopeRule[] | null }) =>
    change("PUT", at("teams", id), body),
  removeTeam: (id: string) => change("DELETE", at("teams", id)),
  joinTeam: (id: string, account: string) => change("PUT", at("teams", id, "members", account)),
  leaveTeam: (id: string, account: string) => change("DELETE", at("teams", id, "members", account)),

  tokens: (signal?: AbortSignal) => all<TokenRow>(at("tokens"), signal),
  addToken: (body: NewToken) => change<{ token: string; item: TokenRow }>("POST", at("tokens"), body),
  revokeToken: (id: string) => change("DELETE", at("tokens", id)),

  providers: (signal?: AbortSignal) => all<Provider>(at("identity-providers"), signal),
  addProvider: (body: ProviderInput) => change<Provider>("POST", at("identity-providers"), body),
  changeProvider: (id: string, body: ProviderInput) => change("PUT", at("identity-providers", id), body),
  removeProvider: (id: string) => change("DELETE", at("identity-providers", id)),
  testProvider: (id: string) =>
    change<{ findings: TestFinding[] }>("POST", at("identity-providers", id, "test"), {}),

  keys: (signal?: AbortSignal) => get<Keys>(at("keys"), undefined, signal),
  rotateKeys: () => change("POST", at("keys", "rotate"), {}),
  regions: (signal?: AbortSignal) => get<Items<Region>>(at("regions"), undefined, signal),

  backups: (signal?: AbortSignal) => all<Backup>(at("backups"), signal),
  addBackup: () => change("POST", at("backups"), {}),
  verifyBackup: (id: string) => change("POST", at("backups", id, "verify"), {}),
  restoreBackup: (id: string) => change("POST", at("backups", id, "restore"), {}),

  records: (search: Record<string, string>, signal?: AbortSignal) =>
    get<Items<RecordRow>>(at("records"), search, signal),

  staff: (signal?: AbortSignal) => all<StaffAccess>(at("staff-access"), signal),
  askStaff: (body: {
    workspace: string;
    reason: string;
    ticket: string;
    hours: number;
    read_only: boolean;
  }) => change("POST", at("staff-access"), body),
  decideStaff: (id: string, verdict: "grant" | "refuse" | "end") =>
    change("POST", at("staff-access", id, verdict), {}),

  rename: (name: string) => change("PATCH", at("workspace"), { name }),
  delete: (confirm: string, atOnce: boolean) =>
    change<Deletion | undefined>("POST", at("workspace", "deletion"), { confirm, at_once: atOnce }),
  keep: (workspace: string) => change("DELETE", at("workspace", "deletion"), undefined, { workspace }),
  exportPath: () => at("workspace", "export"),
  addSource: (body: { location: string; dialect?: string }) => change("POST", at("sources"), body),
  removeSource: (id: string) => change("DELETE", at("sources", id)),
  certificates: (signal?: AbortSignal) => all<CertificateRow>(at("certificates"), signal),
  addWorkspace: (body: { name: string; region: string }) =>
    change<{ id: string }>("POST", at("workspaces"), body),
};
