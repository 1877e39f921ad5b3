// The log with its proofs, webhooks, alert rules and an inbox, made up; the Merkle tree is a real one.
import { createHash } from "node:crypto";
import { Refusal } from "./mock-identity.mjs";

const MINUTE = 60_000;
const ago = (milliseconds) => new Date(Date.now() - milliseconds).toISOString();
const sha = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const lineOf = ({ seq, deciding_policy: policy, account, request_id: request, ...entry }) =>
  JSON.stringify({ sequence: seq, ...entry, account: account?.id, policy, request });
const leafOf = (entry) => sha(Buffer.from([0]), Buffer.from(lineOf(entry)));
const nodeOf = (left, right) => sha(Buffer.from([1]), left, right);
function split(size) {
  let at = 1;
  while (at * 2 < size) at *= 2;
  return at;
}
function root(leaves) {
  if (leaves.length === 1) return leaves[0];
  const at = split(leaves.length);
  return nodeOf(root(leaves.slice(0, at)), root(leaves.slice(at)));
}
function proofOf(leaves, index) {
  if (leaves.length === 1) return [];
  const at = split(leaves.length);
  return index < at
    ? [...proofOf(leaves.slice(0, at), index), root(leaves.slice(at))]
    : [...proofOf(leaves.slice(at), index - at), root(leaves.slice(0, at))];
}

const CHANGE = {
  before: {
    name: "Platform",
    amount: "12000",
    cadence: "monthly",
    scope: [{ dimension: "tag:team", values: ["platform"] }],
    recipients: ["ada@acme.example", "otto@acme.example"],
  },
  after: {
    name: "Platform",
    amount: "14500",
    cadence: "monthly",
    scope: [{ dimension: "tag:team", values: ["platform", "data"] }],
    recipients: ["ada@acme.example", "fin@acme.example"],
    note: "raised for the new region",
  },
};

const TYPES = [
  ["org.bursar.budget.threshold-reached.v1", "A budget reached one of its thresholds."],
  ["org.bursar.forecast.over-budget.v1", "The forecast ends above the budget."],
  ["org.bursar.anomaly.opened.v1", "Charges do what their past does not explain."],
  ["org.bursar.anomaly.closed.v1", "An anomaly is over."],
  ["org.bursar.sync.failed.v1", "A source could not be read."],
  ["org.bursar.delivery.restated.v1", "A provider sent a month again, with other amounts."],
  ["org.bursar.member.added.v1", "Somebody was added to the workspace."],
  ["org.bursar.role.changed.v1", "A role was changed."],
  ["org.bursar.credential.expiring.v1", "A credential ends soon."],
  ["org.bursar.webhook.paused.v1", "A webhook was paused because it kept failing."],
  ["org.bursar.webhook.test.v1", "A test."],
].map(([type, description]) => ({
  type,
  description,
  schema: { type: "object", properties: { workspace: { type: "string" } }, required: ["workspace"] },
}));

const states = new WeakMap();
function stateOf(world) {
  let state = states.get(world);
  if (!state) {
    // One entry of the list is a change, to be looked at.
    const record = world.records[5];
    Object.assign(record, { action: "budget.change", target: "bud_0001", outcome: "done", payload: CHANGE });
    state = {
      number: 0,
      verified_at: null,
      webhooks: [
        {
          id: "whk_0001",
          url: "https://hooks.acme.example/bursar",
          types: ["org.bursar.anomaly.opened.v1", "org.bursar.budget.threshold-reached.v1"],
          description: "Into the on-call tool",
          state: "active",
          paused_reason: null,
          created_at: ago(40 * 24 * 60 * MINUTE),
          secret_rotates_until: null,
        },
        {
          id: "whk_0002",
          url: "https://old.acme.example/costs",
          types: null,
          description: "",
          state: "paused",
          paused_reason: "it failed for five days in a row",
          created_at: ago(200 * 24 * 60 * MINUTE),
          secret_rotates_until: null,
        },
      ],
      deliveries: [
        {
          id: "dlv_0003",
          event: "evt_0003",
          type: "org.bursar.anomaly.opened.v1",
          attempt: 1,
          at: ago(14 * MINUTE),
          status: 204,
          response: "",
          error: null,
          next_at: null,
          state: "delivered",
        },
        {
          id: "dlv_0002",
          event: "evt_0002",
          type: "org.bursar.budget.threshold-reached.v1",
          attempt: 3,
          at: ago(31 * MINUTE),
          status: 503,
          response: "upstream is restarting",
          error: null,
          next_at: new Date(Date.now() + 29 * MINUTE).toISOString(),
          state: "retrying",
        },
        {
          id: "dlv_0001",
          event: "evt_0001",
          type: "org.bursar.anomaly.opened.v1",
          attempt: 10,
          at: ago(26 * 60 * MINUTE),
          status: null,
          response: null,
          error: "the connection was refused",
          next_at: null,
          state: "dead",
        },
      ],
      rules: [
        {
          id: "alr_0001",
          name: "Money, to finance",
          types: ["org.bursar.budget.threshold-reached.v1", "org.bursar.forecast.over-budget.v1"],
          least_severity: "warning",
          channels: [
            { kind: "email", to: "fin@acme.example" },
            { kind: "in-app", to: "owners" },
          ],
          quiet: { from: "22:00", until: "07:00", zone: "Europe/Berlin" },
        },
      ],
      inbox: [
        {
          id: "inb_0003",
          at: ago(14 * MINUTE),
          type: "org.bursar.anomaly.opened.v1",
          severity: "warning",
          title: "BigQuery costs 3.4 times the usual",
          text: "Since 9 November, +$1,546 so far. The bytes that queries scanned grew by the same factor.",
          link: "/anomalies?id=ano_0002",
          read_at: null,
        },
        {
          id: "inb_0002",
          at: ago(5 * 60 * MINUTE),
          type: "org.bursar.budget.threshold-reached.v1",
          severity: "critical",
          title: "Shop, production is over its budget",
          text: "$13,702 of $13,500 with nine days to go.",
          link: "/budgets",
          read_at: null,
        },
        {
          id: "inb_0001",
          at: ago(3 * 24 * 60 * MINUTE),
          type: "org.bursar.delivery.restated.v1",
          severity: "info",
          title: "AWS sent October again",
          text: "The month is $42.11 less than before.",
          link: "/sources?tab=deliveries",
          read_at: ago(2 * 24 * 60 * MINUTE),
        },
      ],
    };
    states.set(world, state);
  }
  return state;
}

function tree(world) {
  // The newest is the last leaf; entries before those listed are made up.
  const first = world.records[world.records.length - 1].seq;
  const older = Array.from({ length: first - 1 }, (_, at) => leafOf({ seq: at + 1 }));
  return [...older, ...[...world.records].reverse().map(leafOf)];
}

export async function messagesRoute({ method, path, body, world, may }) {
  const [head, id, verb] = path.replace("/api/v1/", "").split("/").map(decodeURIComponent);
  const state = stateOf(world);
  const given = async () => JSON.parse(await body());
  const status = () => {
    const leaves = tree(world);
    return {
      size: leaves.length,
      root: root(leaves).toString("hex"),
      checkpoint: { size: leaves.length - 3, signed_at: ago(4 * MINUTE), key_id: "alk_0001" },
      verified_at: state.verified_at,
      verdict: state.verified_at ? "good" : "unknown",
      findings: state.verified_at ? [`${leaves.length} entries lead to the signed root`] : [],
      keys: [
        {
          id: "alk_0001",
          from: ago(90 * 24 * 60 * MINUTE),
          until: null,
          public: "bursar/wsp_demo+7a1f2c3d+AfX1pQm0v6Xn0Qm3bqk9vZ8m1r8h9c3YkJ1mYp3nV0aB",
        },
      ],
    };
  };
  if (head === "log") {
    may("read-records");
    if (id === "verify") state.verified_at = new Date().toISOString();
    return status();
  }
  if (head === "records" && id && method === "GET") {
    may("read-records");
    const leaves = tree(world);
    const entry = world.records.find((one) => String(one.seq) === id);
    if (!entry) throw new Refusal(404, "not found", `there is no entry ${id}`);
    const index = entry.seq - 1;
    const covered = leaves.slice(0, leaves.length - 3);
    const inside = index < covered.length;
    return {
      entry: lineOf(entry),
      seq: entry.seq,
      leaf_hash: leaves[index].toString("hex"),
      proof: inside ? proofOf(covered, index).map((one) => one.toString("hex")) : [],
      checkpoint: inside
        ? {
            size: covered.length,
            root: root(covered).toString("base64"),
            signed_at: ago(4 * MINUTE),
            note: `bursar/wsp_demo\n${covered.length}\n${root(covered).toString("base64")}\ntime ${ago(4 * MINUTE)}\n\n— bursar/wsp_demo wvNu…`,
          }
        : null,
      change: entry.payload?.before ? entry.payload : null,
    };
  }
  if (head === "webhooks") {
    may("manage-settings");
    const hook = state.webhooks.find((one) => one.id === id);
    if (method === "GET" && !id) return { items: state.webhooks };
    if (method === "POST" && !id) {
      state.number += 1;
      const input = await given();
      if (/localhost|127\.|10\.|192\.168/.test(input.url))
        throw new Refusal(
          422,
          "the address is refused",
          "webhooks go to public addresses only",
          "bad-request",
        );
      const item = {
        ...input,
        id: `whk_new${state.number}`,
        state: "active",
        paused_reason: null,
        created_at: new Date().toISOString(),
        secret_rotates_until: null,
      };
      state.webhooks.push(item);
      return { item, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" };
    }
    if (!hook) throw new Refusal(404, "not found", `there is no webhook \`${id}\``);
    if (method === "PATCH") {
      const { paused, ...input } = await given();
      Object.assign(hook, input);
      if (paused !== undefined)
        Object.assign(hook, {
          state: paused ? "paused" : "active",
          paused_reason: paused ? "paused by hand" : null,
        });
      return hook;
    }
    if (method === "DELETE") {
      state.webhooks = state.webhooks.filter((one) => one !== hook);
      return undefined;
    }
    if (verb === "rotate") {
      hook.secret_rotates_until = new Date(Date.now() + 24 * 60 * MINUTE).toISOString();
      return { secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" };
    }
    if (verb === "test") return { status: 204, error: null, took_ms: 118 };
    if (verb === "deliveries") return { items: id === "whk_0001" ? state.deliveries : [] };
    if (verb === "replay") {
      const { delivery } = await given();
      for (const one of state.deliveries)
        if (delivery ? one.id === delivery : one.state === "dead")
          Object.assign(one, { state: "delivered", status: 204, error: null, next_at: null, attempt: 1 });
      return { done: true };
    }
  }
  if (head === "event-types") return { items: TYPES };
  if (head === "alert-rules") {
    may("manage-settings");
    if (method === "GET") return { items: state.rules };
    if (method === "POST") {
      state.number += 1;
      const rule = { ...(await given()), id: `alr_new${state.number}` };
      state.rules.push(rule);
      return rule;
    }
    const at = state.rules.findIndex((one) => one.id === id);
    if (at < 0) throw new Refusal(404, "not found", `there is no rule \`${id}\``);
    if (method === "PUT") state.rules[at] = { ...(await given()), id };
    else state.rules.splice(at, 1);
    return undefined;
  }
  if (head === "inbox") {
    if (method === "POST")
      for (const one of state.inbox)
        if (id === "read-all" || one.id === id) one.read_at ??= new Date().toISOString();
    return { items: state.inbox, unread: state.inbox.filter((one) => !one.read_at).length };
  }
  return null;
}
