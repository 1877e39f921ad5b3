// The routes of identity and administration, on the made-up people of mock-state.mjs. Nothing here is secure.
import { ahead, BUILT_IN, PAGES, PLACES, worldOf } from "./mock-state.mjs";

const LINKS = { demo: "act_ada", grace: "act_grace", viewer: "act_vera", operator: "act_otto" };
const now = () => new Date().toISOString();

export class Refusal extends Error {
  constructor(status, title, detail, kind = "mock", more = {}) {
    super(title);
    Object.assign(this, { status, title, detail, kind, more });
  }
}

const missing = (what) => new Refusal(404, "there is no such thing here", `there is no ${what}`, "not-found");
const wrong = () =>
  new Refusal(
    401,
    "the sign-in failed",
    "the e-mail address, the password or the code is not right",
    "sign-in-failed",
  );

export function sessionOf(request) {
  const world = worldOf(request.headers.cookie);
  const id = /(?:^|; )bursar=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  const session = id ? world.sessions.get(id) : undefined;
  return { world, session };
}

function begin(world, account, methods, agent) {
  const id = `ses${Math.random().toString(36).slice(2)}`;
  world.sessions.set(id, {
    id,
    account,
    methods,
    created_at: now(),
    last_seen_at: now(),
    expires_at: ahead(12 * 3_600_000),
    address: "127.0.0.1",
    agent: agent ?? "",
  });
  return { "set-cookie": `bursar=${id}; Path=/; HttpOnly; SameSite=Strict` };
}

const QR = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h21v21H0z"/><path d="M0 0h7v7H0zm14 0h7v7h-7zM0 14h7v7H0zm9-9h2v2H9zm3 4h2v5h-2zm4 2h3v2h-3zm-7 6h3v3H9zm7 1h4v2h-4z"/><path fill="#fff" d="M1 1h5v5H1zm14 0h5v5h-5zM1 15h5v5H1z"/><path d="M2 2h3v3H2zm14 0h3v3h-3zM2 16h3v3H2z"/></svg>`;

/** Routes under /auth. Returns [status, body, headers], or null when it is none of them. */
export async function authRoute(request, url, body) {
  const { world, session } = sessionOf(request);
  const agent = request.headers["user-agent"];
  const given = async () => JSON.parse(await body());
  switch (`${request.method} ${url.pathname}`) {
    case "GET /auth/methods":
      return [
        200,
        {
          installation: { name: "Acme" },
          password: true,
          passkeys: true,
          providers: [
            { id: "idp_0000", name: "Acme Entra ID", kind: "oidc", start: "/auth/oidc/idp_0000/start" },
            { id: "idp_0001", name: "GitHub", kind: "github", start: "/auth/oidc/idp_0001/start" },
          ],
          first_owner: false,
        },
      ];
    case "GET /auth/link": {
      const account = LINKS[url.searchParams.get("token")];
      if (!account) return [303, null, { location: "/sign-in?reason=link" }];
      return [303, null, { ...begin(world, account, ["link"], agent), location: "/" }];
    }
    case "POST /auth/login": {
      const { email, password, code } = await given();
      const found = world.accounts.find((one) => one.email === email);
      if (email === "slow@acme.example")
        throw new Refusal(429, "slow down", "too many attempts", "slow-down", { retry_after: 3 });
      if (!found || found.password !== password) throw wrong();
      if (found.totp && !code)
        throw new Refusal(401, "a code is needed", "give the code of the app", "second-factor");
      if (found.totp && code !== "123456") throw wrong();
      return [200, {}, begin(world, found.id, found.totp ? ["password", "totp"] : ["password"], agent)];
    }
    case "POST /auth/passkey/start":
      return [
        200,
        {
          ceremony: "cer_1",
          publicKey: { challenge: "AQIDBA", rpId: url.hostname, userVerification: "required" },
          mediation: "conditional",
        },
      ];
    case "POST /auth/passkey/finish": {
      const { credential } = await given();
      const found = world.accounts.find((one) =>
        one.passkeys.some((key) => key.credential === credential.id),
      );
      if (!found || !credential.response.signature)
        throw new Refusal(
          401,
          "the passkey did not sign you in",
          "this passkey is not known here",
          "passkey",
        );
      found.passkeys.find((key) => key.credential === credential.id).last_used_at = now();
      return [200, {}, begin(world, found.id, ["passkey"], agent)];
    }
    case "GET /auth/invitation": {
      const found = world.invitations.find((one) => one.token === url.searchParams.get("token"));
      if (!found) throw missing("such invitation");
      const exists = world.accounts.some((one) => one.email === found.email);
      const { email, role, expires_at } = found;
      return [
        200,
        { email, role, expires_at, workspace: { name: world.workspaces[0].name }, account_exists: exists },
      ];
    }
    case "POST /auth/invitation": {
      const { token, display_name, password } = await given();
      const found = world.invitations.find((one) => one.token === token);
      if (!found) throw missing("such invitation");
      if ([...(password ?? "")].length < 15)
        throw new Refusal(
          422,
          "the password is too weak",
          "the password needs at least 15 characters",
          "weak",
        );
      const id = world.next("act");
      world.accounts.push({
        id,
        email: found.email,
        display_name,
        password,
        totp: false,
        passkeys: [],
        status: "active",
        created_at: now(),
      });
      world.members.wsp_demo.push({
        account: id,
        role: found.role,
        owner: found.owner,
        via: "invitation",
        created_at: now(),
        last_used_at: null,
      });
      world.invitations = world.invitations.filter((one) => one !== found);
      return [200, {}, begin(world, id, ["password"], agent)];
    }
    case "POST /auth/reset/request":
      return [202, {}];
    case "POST /auth/reset": {
      const { token, password } = await given();
      if (token !== "reset")
        throw new Refusal(401, "this link does not work", "it was used already or is too old", "link-spent");
      if (password.length < 15)
        throw new Refusal(
          422,
          "the password is too weak",
          "the password needs at least 15 characters",
          "weak",
        );
      return [200, {}];
    }
    case "POST /auth/logout":
    case "POST /auth/logout-everywhere":
      if (!session) throw new Refusal(401, "sign in first", "this needs a session", "signed-out");
      if (url.pathname.endsWith("everywhere"))
        for (const [id, one] of world.sessions)
          if (one.account === session.account) world.sessions.delete(id);
      world.sessions.delete(session.id);
      return [204, null, { "set-cookie": "bursar=; Path=/; Max-Age=0" }];
  }
  if (/^\/auth\/oidc\/[^/]+\/start$/.test(url.pathname))
    return [303, null, { location: "/sign-in?reason=oidc&detail=the+provider+said+%60access_denied%60" }];
  return null;
}

function current(world, session, asked) {
  const mine = world.workspaces.filter(
    (one) => !one.due_at && world.members[one.id]?.some((member) => member.account === session.account),
  );
  const chosen = asked ? mine.find((one) => one.id === asked) : mine[0];
  if (asked && !chosen) throw missing("such workspace");
  const member = chosen && world.members[chosen.id].find((one) => one.account === session.account);
  return { mine, chosen, member };
}

const roleOf = (world, role) =>
  BUILT_IN.find((one) => one.role === role) ?? world.roles.find((one) => one.id === role);
const roleName = (world, role) => {
  const found = roleOf(world, role);
  return found?.name ?? role.charAt(0).toUpperCase() + role.slice(1);
};

function allowedTo(world, member) {
  const role = roleOf(world, member.role) ?? { pages: [], actions: [] };
  return {
    pages: role.pages,
    actions: [...new Set(["view", ...role.actions, ...(member.owner ? ["own"] : [])])],
  };
}

function whoAmI(world, session, asked) {
  const account = world.accounts.find((one) => one.id === session.account);
  const { mine, chosen, member } = current(world, session, asked);
  const teams = world.teams.filter((one) => one.members.includes(account.id));
  const parts = teams.map((one) => one.scope);
  const all = !member || member.role === "admin" || teams.length === 0 || parts.includes(null);
  const { id, email, display_name, created_at } = account;
  const leaving = world.workspaces.filter(
    (one) => one.due_at && world.members[one.id]?.some((each) => each.account === id && each.owner),
  );
  return {
    leaving: leaving.map((one) => ({ id: one.id, name: one.name, due_at: one.due_at })),
    account: {
      id,
      email,
      display_name,
      staff: false,
      has_password: true,
      totp: account.totp,
      passkeys: account.passkeys.length,
      created_at,
    },
    workspace: chosen
      ? {
          ...chosen,
          role: member.role,
          role_name: roleName(world, member.role),
          owner: member.owner,
          ...allowedTo(world, member),
          scope: { all, parts: all ? [] : parts },
          teams: teams.map((one) => ({ id: one.id, name: one.name })),
        }
      : null,
    workspaces: mine.map((one) => {
      const other = world.members[one.id].find((each) => each.account === id);
      return { id: one.id, name: one.name, role: other.role, owner: other.owner };
    }),
    methods: session.methods,
  };
}

function shownMember(world, member) {
  const account = world.accounts.find((one) => one.id === member.account);
  const { id, email, display_name, status } = account;
  return {
    ...member,
    account: { id, email, display_name, status },
    role_name: roleName(world, member.role),
    teams: world.teams
      .filter((one) => one.members.includes(id))
      .map((one) => ({ id: one.id, name: one.name })),
  };
}

const shownTeam = (world, team) => ({
  ...team,
  members: team.members.map((id) => {
    const { email, display_name } = world.accounts.find((one) => one.id === id);
    return { id, email, display_name };
  }),
});

function matrix(world) {
  const roles = [
    ...BUILT_IN.map((one) => ({ ...one, id: one.role })),
    { id: "owner", pages: PAGES, actions: Object.keys(PLACES) },
    ...world.roles,
  ];
  const rows = [];
  for (const role of roles)
    for (const [action, pages] of Object.entries(PLACES))
      for (const page of pages) {
        const does = action === "view" || role.actions.includes(action);
        const allowed = role.pages.includes(page) && does;
        rows.push({ role: role.id, page, action, allowed, policy: allowed ? `${role.id}-acts` : null });
      }
  return { rows };
}

/** Routes under /api/v1 that need a session; undefined when it is none of them. */
export async function identityRoute(request, url, body) {
  const { world, session } = sessionOf(request);
  const asked = request.headers["bursar-workspace"];
  const path = url.pathname.replace("/api/v1/", "");
  const parts = path.split("/").map(decodeURIComponent);
  const [head, id, verb, other] = parts;
  const method = request.method;
  const is = (wanted) => {
    const [verbWanted, pattern] = wanted.split(" ");
    const pieces = pattern.split("/");
    return (
      method === verbWanted &&
      pieces.length === parts.length &&
      pieces.every((one, at) => one === "*" || one === parts[at])
    );
  };
  const given = async () => JSON.parse(await body());
  const me = world.accounts.find((one) => one.id === session.account);

  const known = { records: ["actor", "action", "cursor"], permissions: ["account", "action", "page"] };
  if (
    method === "GET" &&
    ["me", "members", "roles", "teams", "tokens", "records", "permissions"].includes(head)
  )
    for (const name of url.searchParams.keys())
      if (!known[head]?.includes(name))
        throw new Refusal(400, "the request is not understood", `there is no parameter \`${name}\``);

  if (is("GET me")) return whoAmI(world, session, asked);
  if (is("PATCH me")) return void Object.assign(me, await given());
  if (is("POST me/password")) {
    const { current: old, password } = await given();
    if (old !== me.password)
      throw new Refusal(403, "the password was not changed", "the current password is not right", "refused");
    if (password.length < 15)
      throw new Refusal(
        422,
        "the password is too weak",
        "the password needs at least 15 characters: a few words in a row are easy to remember",
        "weak",
      );
    me.password = password;
    return undefined;
  }
  if (is("DELETE me")) return void Object.assign(me, { deletion_due_at: ahead(14 * 86_400_000) });
  if (is("GET me/sessions"))
    return {
      items: [...world.sessions.values()]
        .filter((one) => one.account === me.id)
        .map((one) => ({ ...one, current: one.id === session.id })),
    };
  if (is("DELETE me/sessions/*")) return void world.sessions.delete(verb);
  if (is("POST me/totp"))
    return {
      secret: "JBSWY3DPEHPK3PXP",
      uri: "otpauth://totp/Bursar:ada?secret=JBSWY3DPEHPK3PXP",
      qr_svg: QR,
    };
  if (is("POST me/totp/confirm")) {
    if ((await given()).code !== "123456")
      throw new Refusal(422, "the code is not right", "wait for the next code and type that", "wrong-code");
    me.totp = true;
    return {
      recovery_codes: Array.from({ length: 10 }, (_, at) => `k${at}v9-x2rt-${at}pqm-7w${at}z`),
    };
  }
  if (is("DELETE me/totp")) return void Object.assign(me, { totp: false });
  if (is("GET me/passkeys")) return { items: me.passkeys };
  if (is("POST me/passkeys/start"))
    return {
      ceremony: "cer_2",
      publicKey: {
        challenge: "AQIDBA",
        rp: { id: url.hostname, name: "Bursar" },
        user: { id: "AQID", name: me.email, displayName: me.display_name },
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
      },
    };
  if (is("POST me/passkeys/finish")) {
    const { name, credential } = await given();
    if (!credential.response.attestationObject) throw new Refusal(422, "no passkey", "nothing was attested");
    const id = world.next("pky");
    me.passkeys.push({ id, name, credential: credential.id, added_at: now(), last_used_at: null });
    return undefined;
  }
  if (is("DELETE me/passkeys/*")) {
    me.passkeys = me.passkeys.filter((one) => one.id !== verb);
    return undefined;
  }

  if (is("POST workspaces")) {
    const made = { id: world.next("wsp"), ...(await given()) };
    world.workspaces.push(made);
    world.members[made.id] = [
      { account: me.id, role: "admin", owner: true, via: "made", created_at: now(), last_used_at: now() },
    ];
    return made;
  }

  if (is("DELETE workspace/deletion")) {
    const left = world.workspaces.find((one) => one.id === asked && one.due_at);
    if (!left) throw missing("such workspace");
    left.due_at = undefined;
    return undefined;
  }
  if (is("GET certificates")) return { items: [] };

  const { chosen, member } = current(world, session, asked);
  if (!chosen) throw missing("workspace of yours");
  const administration =
    /^(members|invitations|roles|permissions|teams|tokens|identity-providers|keys|backups|records|staff-access|regions|certificates)$/;
  const { pages } = allowedTo(world, member);
  if (administration.test(head) && !pages.includes("admin"))
    throw new Refusal(
      403,
      "this is refused",
      "your role opens no Admin page (`viewer-opens` decides)",
      "refused",
    );
  // As the program's route table has it.
  const needed = {
    workspace: "dashboard",
    dashboard: "dashboard",
    dimensions: "explorer",
    cost: "explorer",
    sources: "sources",
    deliveries: "sources",
    conformance: "sources",
    ledger: "sources",
    sql: "sql",
  }[head];
  if (needed && !pages.includes(needed))
    throw new Refusal(403, "this is refused", `your role does not open ${needed}`, "refused");
  const members = world.members[chosen.id];

  if (is("GET members")) return { items: members.map((one) => shownMember(world, one)), next: null };
  if (is("POST members")) {
    const { email, role, owner = false, teams = [] } = await given();
    const account = world.accounts.find((one) => one.email === email);
    if (account && members.some((one) => one.account === account.id))
      throw new Refusal(409, "already a member", `\`${email}\` is a member of this workspace`, "conflict");
    if (account) {
      const added = { account: account.id, role, owner, via: "added", created_at: now(), last_used_at: null };
      members.push(added);
      return { member: shownMember(world, added) };
    }
    const invitation = {
      id: world.next("inv"),
      token: world.next("invitation"),
      email,
      role,
      owner,
      teams: world.teams
        .filter((one) => teams.includes(one.id))
        .map(({ id: at, name }) => ({ id: at, name })),
      created_at: now(),
      expires_at: ahead(7 * 86_400_000),
    };
    world.invitations.push(invitation);
    return {
      invitation,
      link: `http://${request.headers.host}/welcome?purpose=invitation&token=${invitation.token}`,
    };
  }
  if (is("PATCH members/*")) {
    const found = members.find((one) => one.account === id);
    const { teams, ...rest } = await given();
    if (found.owner && rest.owner === false && members.filter((one) => one.owner).length === 1)
      throw new Refusal(409, "the last owner stays", "make somebody else an owner first", "last-owner");
    Object.assign(found, rest);
    if (teams)
      for (const team of world.teams) {
        team.members = team.members.filter((one) => one !== id);
        if (teams.includes(team.id)) team.members.push(id);
      }
    return shownMember(world, found);
  }
  if (is("POST members/*/reset-link"))
    return {
      link: `http://${request.headers.host}/welcome?purpose=reset&token=reset`,
      expires_at: ahead(86_400_000),
    };
  if (is("DELETE members/*")) {
    const found = members.find((one) => one.account === id);
    if (found?.owner && members.filter((one) => one.owner).length === 1)
      throw new Refusal(409, "the last owner stays", "make somebody else an owner first", "last-owner");
    world.members[chosen.id] = members.filter((one) => one !== found);
    return undefined;
  }
  if (is("GET invitations")) return { items: world.invitations.map(({ token: _, ...rest }) => rest) };
  if (is("DELETE invitations/*")) {
    world.invitations = world.invitations.filter((one) => one.id !== id);
    return undefined;
  }

  if (is("GET roles")) return { built_in: BUILT_IN, items: world.roles };
  if (is("POST roles")) {
    const role = { id: world.next("rol"), ...(await given()) };
    world.roles.push(role);
    return role;
  }
  if (is("PUT roles/*"))
    return Object.assign(
      world.roles.find((one) => one.id === id),
      await given(),
    );
  if (is("DELETE roles/*")) {
    if (members.some((one) => one.role === id))
      throw new Refusal(409, "the role is in use", "give its members another role first", "in-use");
    world.roles = world.roles.filter((one) => one.id !== id);
    return undefined;
  }
  if (is("GET permissions/matrix")) return matrix(world);
  if (is("GET permissions/explain")) {
    const found = members.find((one) => one.account === url.searchParams.get("account"));
    const action = url.searchParams.get("action");
    const where = url.searchParams.get("page");
    const allowed = allowedTo(world, found);
    const yes =
      allowed.pages.includes(where) && allowed.actions.includes(action) && PLACES[action].includes(where);
    return {
      allowed: yes,
      policies: [yes ? `${found.role}-acts` : "none permits"],
      reason: yes
        ? `${found.role}s may \`${action}\` on ${where}`
        : `no policy permits \`${action}\` on ${where}`,
    };
  }

  if (is("GET teams")) return { items: world.teams.map((one) => shownTeam(world, one)) };
  if (is("POST teams")) {
    const team = { id: world.next("tea"), members: [], ...(await given()) };
    world.teams.push(team);
    return shownTeam(world, team);
  }
  if (head === "teams" && id) {
    const team = world.teams.find((one) => one.id === id);
    if (!team) throw missing("such team");
    if (is("PUT teams/*")) return shownTeam(world, Object.assign(team, await given()));
    if (is("DELETE teams/*")) {
      world.teams = world.teams.filter((one) => one !== team);
      return undefined;
    }
    team.members = team.members.filter((one) => one !== other);
    if (is("PUT teams/*/members/*")) team.members.push(other);
    return undefined;
  }

  if (is("GET tokens")) return { items: world.tokens, next: null };
  if (is("POST tokens")) {
    const asks = await given();
    const item = {
      pages: null,
      actions: null,
      scope: null,
      expires_at: null,
      ...asks,
      id: world.next("tok"),
      account: { id: me.id, email: me.email },
      created_at: now(),
      last_used_at: null,
      revoked_at: null,
    };
    world.tokens.unshift(item);
    return { token: `bursar_${"Zk3vT9qLw2".repeat(4)}${item.id.slice(-4)}`, item };
  }
  if (is("DELETE tokens/*")) {
    world.tokens.find((one) => one.id === id).revoked_at = now();
    return undefined;
  }

  if (is("GET identity-providers"))
    return { items: world.providers.map(({ client_secret: _, ...rest }) => rest) };
  if (is("POST identity-providers")) {
    const id = world.next("idp");
    const redirect = `http://${request.headers.host}/auth/oidc/${id}/callback`;
    const provider = { id, has_secret: true, role: null, redirect, ...(await given()) };
    world.providers.push(provider);
    return provider;
  }
  if (is("PUT identity-providers/*"))
    return Object.assign(
      world.providers.find((one) => one.id === id),
      await given(),
    );
  if (is("DELETE identity-providers/*")) {
    world.providers = world.providers.filter((one) => one.id !== id);
    return undefined;
  }
  if (is("POST identity-providers/*/test")) {
    const provider = world.providers.find((one) => one.id === id);
    const good = !/example\.org/.test(provider.issuer);
    return {
      findings: [
        { step: "address", ok: true, text: "the issuer's address resolves and answers over TLS" },
        {
          step: "discovery",
          ok: good,
          text: good
            ? "the discovery document names the same issuer"
            : "the discovery document names `https://id.example.net`, not the issuer given here; copy it from there",
        },
        { step: "keys", ok: good, text: good ? "2 signing keys (RS256)" : "not looked at" },
      ],
    };
  }

  if (is("GET keys")) return world.keys;
  if (is("POST keys/rotate")) {
    world.keys.workspace = { version: world.keys.workspace.version + 1, created_at: now() };
    return {};
  }
  if (is("GET regions"))
    return {
      items: [
        { name: "eu-central", current: true },
        { name: "us-east", current: false },
      ],
    };
  if (is("GET backups")) return { items: world.backups };
  if (is("POST backups")) {
    const backup = {
      ...world.backups[0],
      id: world.next("bak"),
      size_bytes: 48_400_112,
      taken_at: now(),
      verified_at: now(),
      expires_at: ahead(30 * 86_400_000),
    };
    world.backups.unshift(backup);
    return backup;
  }
  if (head === "backups" && verb === "verify") {
    const backup = world.backups.find((one) => one.id === id);
    backup.verified_at = now();
    return backup;
  }
  if (head === "backups" && verb === "restore") return {};

  if (is("GET records")) {
    const actor = url.searchParams.get("actor");
    const action = url.searchParams.get("action");
    const from = Number(url.searchParams.get("cursor") ?? 0);
    const found = world.records.filter(
      (one) => (!actor || one.account.id === actor) && (!action || one.action === action),
    );
    return { items: found.slice(from, from + 25), next: from + 25 < found.length ? String(from + 25) : null };
  }

  if (is("GET staff-access")) return { items: world.staff };
  if (head === "staff-access" && verb) {
    const access = world.staff.find((one) => one.id === id);
    if (verb === "grant")
      Object.assign(access, {
        granted_at: now(),
        granted_by: { id: me.id, email: me.email },
        until: ahead(access.asked_hours * 3_600_000),
      });
    if (verb === "refuse") access.refused_at = now();
    if (verb === "end") access.ended_at = now();
    return access;
  }

  if (is("PATCH workspace")) return void Object.assign(chosen, await given());
  if (is("POST workspace/deletion")) {
    const { confirm, at_once } = await given();
    if (confirm !== chosen.name)
      throw new Refusal(422, "the name is not right", "type the workspace's name to confirm", "bad-request");
    if (!member.owner)
      throw new Refusal(403, "this is refused", "`owner-owns` decides: only owners delete", "refused");
    chosen.due_at = at_once ? now() : ahead(30 * 86_400_000);
    return { due_at: chosen.due_at };
  }
  if (is("POST sources")) {
    const { location, dialect = null } = await given();
    const source = { id: world.next("src"), location, dialect };
    world.sources.push(source);
    return source;
  }
  if (is("DELETE sources/*")) {
    world.sources = world.sources.filter((one) => one.id !== id);
    return undefined;
  }
  return null;
}

/** For the pages of costs: which workspace the request is about. */
export function workspaceOf(request) {
  const { world, session } = sessionOf(request);
  return { world, chosen: current(world, session, request.headers["bursar-workspace"]).chosen };
}

export { PAGES };

/** Refuses what the role of whoever asks does not do. */
export function mayOf(request) {
  const { world, session } = sessionOf(request);
  const { member } = current(world, session, request.headers["bursar-workspace"]);
  return (action) => {
    if (!allowedTo(world, member).actions.includes(action))
      throw new Refusal(403, "this is refused", `your role does not do \`${action}\``, "refused");
  };
}
