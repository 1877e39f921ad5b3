// Made-up people and what they administer. Each "world" is a state of its own, kept in memory, so that tests that
// change things do not meet: a cookie `mock-world` names it (default `main`).

const MINUTE = 60_000;
const DAY = 86_400_000;
const ago = (milliseconds) => new Date(Date.now() - milliseconds).toISOString();
export const ahead = (milliseconds) => new Date(Date.now() + milliseconds).toISOString();

export const PAGES = [
  "dashboard",
  "findings",
  "explorer",
  "sql",
  "sources",
  "forecasts",
  "actions",
  "reports",
  "admin",
];
const NOT_ADMIN = PAGES.filter((one) => one !== "admin");
/** Where each action is done. */
export const PLACES = {
  view: PAGES,
  scan: ["sources", "findings"],
  query: ["explorer", "sql", "reports"],
  forecast: ["forecasts"],
  approve: ["actions"],
  remediate: ["actions"],
  "manage-sources": ["sources"],
  "manage-members": ["admin"],
  "manage-tokens": ["admin"],
  "manage-sign-in": ["admin"],
  "manage-keys": ["admin"],
  "manage-settings": ["admin"],
  "read-records": ["admin"],
  own: ["admin"],
};
const ACTIONS = Object.keys(PLACES);
export const BUILT_IN = [
  {
    role: "viewer",
    pages: ["dashboard", "findings"],
    actions: ["view"],
    description: "opens the dashboard and the findings, and only looks",
  },
  {
    role: "analyst",
    pages: NOT_ADMIN,
    actions: ["view", "scan", "query", "forecast"],
    description: "scans, queries and forecasts, and changes nothing",
  },
  {
    role: "operator",
    pages: NOT_ADMIN,
    actions: ["view", "scan", "query", "approve", "remediate"],
    description: "scans, queries, approves and remediates, within the scope of their teams",
  },
  {
    role: "admin",
    pages: PAGES,
    actions: ACTIONS.filter((one) => one !== "own"),
    description: "does everything, except what is the owners' alone",
  },
];

const PEOPLE = [
  ["act_ada", "ada@acme.example", "Ada Byron", "correct horse battery staple"],
  ["act_grace", "grace@acme.example", "Grace Hopper", "a quiet river at dawn"],
  ["act_vera", "vera@acme.example", "Vera Rubin", "only looking, thank you"],
  ["act_otto", "otto@acme.example", "Otto Lilienthal", "gliding down the hill"],
];

function makeWorld() {
  let number = 0;
  const accounts = PEOPLE.map(([id, email, display_name, password]) => ({
    id,
    email,
    display_name,
    password,
    staff: false,
    totp: id === "act_grace",
    passkeys: [],
    status: "active",
    created_at: ago(200 * DAY),
  }));
  const member = (account, role, more = {}) => ({
    account,
    role,
    owner: false,
    via: "invitation",
    created_at: ago(90 * DAY),
    last_used_at: ago(3 * 60 * MINUTE),
    ...more,
  });
  return {
    next: (prefix) => {
      number += 1;
      return `${prefix}_${String(number).padStart(4, "0")}`;
    },
    accounts,
    sessions: new Map(),
    workspaces: [
      { id: "wsp_demo", name: "Acme (demo)", region: "eu-central" },
      { id: "wsp_lab", name: "Acme Lab", region: "eu-central" },
    ],
    members: {
      wsp_demo: [
        member("act_ada", "admin", { owner: true, via: "first owner", last_used_at: ago(MINUTE) }),
        member("act_grace", "analyst"),
        member("act_vera", "viewer", { via: "scim" }),
        member("act_otto", "operator", { last_used_at: null }),
      ],
      wsp_lab: [member("act_ada", "admin")],
    },
    invitations: [
      {
        id: "inv_0000",
        token: "welcome",
        email: "nora@acme.example",
        role: "analyst",
        owner: false,
        teams: [],
        created_at: ago(DAY),
        expires_at: ahead(6 * DAY),
      },
    ],
    roles: [
      {
        id: "rol_0000",
        name: "Reporting",
        pages: ["dashboard", "explorer", "reports"],
        actions: ["query"],
      },
    ],
    teams: [
      {
        id: "tea_0000",
        name: "Checkout",
        scope: [
          { dimension: "SubAccountName", values: ["prod-shop"] },
          { dimension: "tag:team", values: ["checkout", "search"] },
        ],
        members: ["act_otto"],
      },
    ],
    tokens: [
      {
        id: "tok_0000",
        name: "Grafana",
        kind: "api",
        account: { id: "act_ada", email: "ada@acme.example" },
        pages: ["explorer", "sql"],
        actions: ["query"],
        scope: null,
        created_at: ago(40 * DAY),
        expires_at: ahead(50 * DAY),
        last_used_at: ago(12 * MINUTE),
        revoked_at: null,
      },
    ],
    providers: [
      {
        id: "idp_0000",
        kind: "oidc",
        name: "Acme Entra ID",
        issuer: "https://login.microsoftonline.com/6f0f5a2c-0000-0000-0000-000000000000/v2.0",
        client_id: "0f5e8f4e-1111-2222-3333-444444444444",
        enabled: true,
        has_secret: true,
        role: "viewer",
        redirect: "https://bursar.acme.example/auth/oidc/idp_0000/callback",
      },
    ],
    keys: {
      master: { id: "mk-2026-01", origin: "file /run/secrets/bursar-key" },
      region: { name: "eu-central", version: 1, created_at: ago(300 * DAY) },
      workspace: { version: 2, created_at: ago(60 * DAY) },
      data_keys: [
        { purpose: "fields", version: 2, created_at: ago(60 * DAY) },
        { purpose: "files", version: 2, created_at: ago(60 * DAY) },
        { purpose: "credentials", version: 2, created_at: ago(60 * DAY) },
      ],
    },
    backups: [
      {
        id: "bak_0000",
        location: "/var/lib/bursar/backups/2026-11-21.bak",
        size_bytes: 48_211_904,
        taken_at: ago(DAY),
        verified_at: ago(DAY - 2 * MINUTE),
        expires_at: ahead(29 * DAY),
      },
    ],
    staff: [
      {
        id: "sta_0000",
        staff: { id: "act_staff", email: "sam@hosting.example" },
        reason: "the Azure export shows two Octobers",
        ticket: "SUP-4711",
        read_only: true,
        asked_hours: 4,
        asked_at: ago(20 * MINUTE),
        granted_at: null,
        granted_by: null,
        until: null,
        refused_at: null,
        ended_at: null,
      },
    ],
    records: Array.from({ length: 64 }, (_, at) => ({
      seq: 900 - at,
      time: ago(at * 47 * MINUTE),
      actor: "account",
      account: { id: PEOPLE[at % 4][0], email: PEOPLE[at % 4][1] },
      action: ["team.join", "source.add", "permission", "member.change"][at % 4],
      target: at % 4 === 3 ? "act_otto" : null,
      outcome: at % 4 === 2 ? "refused" : "done",
      deciding_policy: ["analyst-acts", "admin-acts", "viewer-opens", "operator-acts"][at % 4],
      request_id: `req_${(4000 - at).toString(16)}`,
      payload: at % 4 === 2 ? { page: "sql", action: "query" } : {},
    })),
    sources: [],
  };
}

const worlds = new Map();

export function worldOf(cookies) {
  const name = /(?:^|; )mock-world=([\w-]+)/.exec(cookies ?? "")?.[1] ?? "main";
  if (!worlds.has(name)) worlds.set(name, makeWorld());
  return worlds.get(name);
}
