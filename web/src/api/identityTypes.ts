/** Who somebody is, what they may do, and what administrators see. Times are RFC 3339; ids carry a prefix. */
export interface Items<T> {
  items: T[];
  next?: string | null;
}

export interface ScopeRule {
  dimension: string;
  values: string[];
}

export interface NamedId {
  id: string;
  name: string;
}

/** A charge is seen when one part holds; in a part all rules hold. */
export interface Scope {
  all: boolean;
  parts: ScopeRule[][];
}

export interface Methods {
  installation?: { name: string | null };
  password: boolean;
  passkeys: boolean;
  providers: { id: string; name: string; kind: string; start: string }[];
  /** Nobody owns this installation yet; the terminal has a link. */
  first_owner: boolean;
}

export interface Account {
  id: string;
  email: string | null;
  display_name: string;
  staff?: boolean;
  has_password: boolean;
  totp: boolean;
  passkeys: number;
  created_at: string;
  deletion_due_at?: string | null;
}

export interface MyWorkspace {
  id: string;
  name: string;
  region: string;
  role: string;
  role_name?: string;
  owner: boolean;
  pages: string[];
  actions: string[];
  scope: Scope;
  teams: NamedId[];
}

export interface Me {
  account: Account;
  workspace: MyWorkspace | null;
  workspaces: { id: string; name: string; role: string; owner: boolean }[];
  methods: string[];
  /** Workspaces of one's own whose deletion was asked for; not told by every server. */
  leaving?: { id: string; name: string; due_at: string | null }[];
}

export interface InvitationAsked {
  email: string;
  workspace: { name: string };
  role: string;
  expires_at: string;
  account_exists: boolean;
}

export interface SessionRow {
  id: string;
  current: boolean;
  methods: string[];
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  address: string;
  agent: string;
}

export interface TotpStart {
  secret: string;
  uri: string;
  qr_svg: string;
}

export interface PasskeyRow {
  id: string;
  name: string;
  added_at?: string;
  created_at?: string;
  last_used_at: string | null;
}

/** The options that `navigator.credentials` takes, in JSON. */
export interface Ceremony {
  ceremony: string;
  publicKey: unknown;
}

export interface Member {
  account: { id: string; email: string | null; display_name: string; status: string };
  role: string;
  role_name: string;
  owner: boolean;
  via: string;
  teams: NamedId[];
  created_at: string;
  last_used_at: string | null;
}

export interface Invitation {
  id: string;
  email: string;
  role: string;
  role_name?: string;
  owner: boolean;
  teams?: NamedId[];
  created_at: string;
  expires_at: string;
}

export interface BuiltInRole {
  role: string;
  pages: string[];
  actions: string[];
  description: string;
}

export interface CustomRole {
  id: string;
  name: string;
  pages: string[];
  actions: string[];
}

export interface Roles {
  built_in: BuiltInRole[];
  items: CustomRole[];
}

export interface MatrixRow {
  role: string;
  page: string;
  action: string;
  allowed: boolean;
  policy: string | null;
}

export interface Explained {
  allowed: boolean;
  policies: string[];
  reason: string;
}

export interface Team {
  id: string;
  name: string;
  /** Null: all charges. */
  scope: ScopeRule[] | null;
  members: { id: string; email: string | null; display_name: string }[];
}

export interface TokenRow {
  id: string;
  name: string;
  kind: "api" | "scim";
  account: { id: string; email: string | null };
  pages: string[] | null;
  actions: string[] | null;
  scope: ScopeRule[] | Scope | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface NewToken {
  name: string;
  kind: "api" | "scim";
  expires_at?: string;
  pages?: string[];
  actions?: string[];
  scope?: ScopeRule[];
}

export interface Provider {
  id: string;
  kind: "oidc" | "github";
  name: string;
  issuer: string;
  client_id: string;
  enabled: boolean;
  has_secret?: boolean;
  /** What people become in this workspace at their first sign-in; null lets nobody new in. */
  role?: string | null;
  /** The callback to register with the provider. */
  redirect?: string;
}

export interface ProviderInput {
  kind: "oidc" | "github";
  name: string;
  issuer: string;
  client_id: string;
  client_secret?: string;
  enabled: boolean;
  role?: string;
}

export interface TestFinding {
  step: string;
  ok: boolean;
  text: string;
}

export interface Keys {
  master: { id: string; origin: string };
  region: { name: string; version: number; created_at: string | null };
  workspace: { version: number; created_at: string | null };
  data_keys: { purpose: string; version: number; created_at: string | null }[];
}

export interface Region {
  name: string;
  current: boolean;
}

export interface Backup {
  id: string;
  location?: string | null;
  size_bytes: number;
  taken_at: string;
  verified_at: string | null;
  expires_at: string | null;
}

export interface RecordRow {
  seq: number;
  time: string;
  actor: string;
  account: { id: string; email: string | null } | string | null;
  action: string;
  target: string | null;
  outcome: string;
  deciding_policy: string | null;
  request_id: string | null;
  payload: unknown;
}

export interface StaffAccess {
  id: string;
  staff: { id: string; email: string | null; display_name?: string } | string;
  reason: string;
  ticket: string;
  read_only: boolean;
  asked_hours: number;
  asked_at: string;
  granted_at: string | null;
  granted_by?: { id: string; email: string | null } | string | null;
  until: string | null;
  refused_at: string | null;
  ended_at: string | null;
}

export interface CertificateRow {
  id: string;
  workspace?: string | null;
  issued_at: string;
  /** The signed text, as it stands. */
  certificate?: unknown;
  signature?: unknown;
}

export interface Deletion {
  asked_at?: string;
  due_at?: string | null;
  certificate?: string | null;
}
