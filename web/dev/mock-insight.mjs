// Made-up forecasts, budgets, anomalies and the rest of what the pages of insight ask, on the mock's charges.
// Nothing here is a forecast: shapes and magnitudes are right, the mathematics is a stand-in.
import { addDays, TODAY } from "./mock-data.mjs";
import { Refusal } from "./mock-identity.mjs";

const KNOWN = "2026-11-21";
const PROBLEM = (status, title, detail) => new Refusal(status, title, detail, "bad-request");

const print = (micro) => {
  const negative = micro < 0n;
  const digits = (negative ? -micro : micro).toString().padStart(7, "0");
  return `${negative ? "-" : ""}${`${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, "")}`;
};
const micro = (text) => {
  const [whole, fraction = ""] = String(text).split(".");
  return (
    BigInt(whole) * 1_000_000n +
    BigInt(fraction.padEnd(6, "0").slice(0, 6)) * (whole.startsWith("-") ? -1n : 1n)
  );
};
const scaled = (value, factor) => (value * BigInt(Math.round(factor * 10_000))) / 10_000n;
const sum = (values) => values.reduce((a, b) => a + b, 0n);
const monthStart = (day) => `${day.slice(0, 7)}-01`;
const addMonths = (day, months) => {
  const date = new Date(`${monthStart(day)}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
};
const days = (from, to) => {
  const found = [];
  for (let day = from; day < to; day = addDays(day, 1)) found.push(day);
  return found;
};
function periodOf(until) {
  const month = Number(TODAY.slice(5, 7)) - 1;
  const back = until === "month" ? 0 : until === "quarter" ? month % 3 : month;
  const length = until === "month" ? 1 : until === "quarter" ? 3 : 12;
  const from = addMonths(TODAY, -back);
  return { from, to: addMonths(from, length) };
}

/** Amounts per day of the charges that fit. */
function daily(charges, measure, fits) {
  const found = new Map();
  for (const one of charges) if (fits(one)) found.set(one.day, (found.get(one.day) ?? 0n) + one[measure]);
  return found;
}

function ahead(perDay, period) {
  const so = sum(days(period.from, addDays(KNOWN, 1)).map((day) => perDay.get(day) ?? 0n));
  const recent = days(addDays(KNOWN, -27), addDays(KNOWN, 1)).map((day) => perDay.get(day) ?? 0n);
  const mean = sum(recent) / BigInt(recent.length);
  const rest = days(addDays(KNOWN, 1), period.to);
  const future = rest.map((day, at) => {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    const value = scaled(mean, (weekday === 0 || weekday === 6 ? 0.82 : 1.07) * (1 + at * 0.0008));
    const width = 0.07 + 0.012 * Math.sqrt(at);
    return {
      day,
      mean: value,
      lo80: scaled(value, 1 - width),
      hi80: scaled(value, 1 + width),
      lo95: scaled(value, 1 - width * 1.55),
      hi95: scaled(value, 1 + width * 1.55),
    };
  });
  const coming = sum(future.map((one) => one.mean));
  const width = 0.04 + 0.0035 * Math.sqrt(rest.length);
  const variance = 0.028 + rest.length / 1_400;
  return {
    future,
    ahead: {
      actual_so_far: print(so),
      expected_total: print(so + coming),
      lo80: print(so + scaled(coming, 1 - width)),
      hi80: print(so + scaled(coming, 1 + width)),
      lo95: print(so + scaled(coming, 1 - width * 1.6)),
      hi95: print(so + scaled(coming, 1 + width * 1.6)),
      model: "Weekly season with damped trend",
      backtest: { wape: 0.047, mase: 0.82, smape: 0.051, folds: 12 },
      variance,
      class: variance <= 0.12 ? "run" : variance <= 0.15 ? "walk" : variance <= 0.2 ? "crawl" : "beyond",
    },
  };
}

function forecast(search, charges, matches, parseWhere) {
  const until = search.get("until") ?? "month";
  const by = search.get("by");
  const measure = search.get("measure") ?? "EffectiveCost";
  const fits = matches(search.getAll("where").map(parseWhere));
  const period = periodOf(until);
  const currencies = [...new Set(charges.filter(fits).map((one) => one.currency))].sort().reverse();
  return {
    as_of: addDays(KNOWN, 1),
    known_until: addDays(KNOWN, 1),
    until: { kind: until, from: period.from, ends: period.to },
    currencies: currencies.map((currency) => {
      const mine = (one) => one.currency === currency && fits(one);
      const all = daily(charges, measure, mine);
      const total = ahead(all, period);
      let parts = [];
      if (by) {
        const values = new Map();
        for (const one of charges)
          if (mine(one) && one.day >= addDays(KNOWN, -27))
            values.set(one[by] ?? null, (values.get(one[by] ?? null) ?? 0n) + one[measure]);
        const ordered = [...values].sort((a, b) => (b[1] > a[1] ? 1 : -1)).map(([value]) => value);
        const top = Number(search.get("top") ?? 8);
        const listed = ordered.slice(0, top);
        parts = listed.map((value) => ({
          value,
          other: false,
          ahead: ahead(
            daily(charges, measure, (one) => mine(one) && (one[by] ?? null) === value),
            period,
          ).ahead,
        }));
        if (ordered.length > top)
          parts.push({
            value: null,
            other: true,
            ahead: ahead(
              daily(charges, measure, (one) => mine(one) && !listed.includes(one[by] ?? null)),
              period,
            ).ahead,
          });
        // The parts add up, as the program's do: the largest takes what rounding left.
        const left =
          micro(total.ahead.expected_total) - sum(parts.map((one) => micro(one.ahead.expected_total)));
        if (parts[0]) parts[0].ahead.expected_total = print(micro(parts[0].ahead.expected_total) + left);
      }
      return {
        currency,
        total: total.ahead,
        parts,
        history: [...all].map(([day, amount]) => ({ day, amount: print(amount) })),
        daily: total.future.map((one) => ({
          day: one.day,
          mean: Number(print(one.mean)),
          lo80: Number(print(one.lo80)),
          hi80: Number(print(one.hi80)),
          lo95: Number(print(one.lo95)),
          hi95: Number(print(one.hi95)),
        })),
      };
    }),
    notes: ["Taxes, credits and purchases are forecast as they recur, not as usage."],
  };
}

function scenario({ currency, until, changes }, charges) {
  const period = periodOf(until);
  const names = [
    ...new Set(charges.filter((one) => one.currency === currency).map((one) => one.ServiceName)),
  ];
  const parts = new Map(
    names.map((name) => {
      const found = ahead(
        daily(charges, "EffectiveCost", (one) => one.currency === currency && one.ServiceName === name),
        period,
      );
      return [
        name,
        {
          without: sum(found.future.map((one) => one.mean)),
          with: sum(found.future.map((one) => one.mean)),
          future: found.future,
        },
      ];
    }),
  );
  const after = (part, from) => sum(part.future.filter((one) => one.day >= from).map((one) => one.mean));
  for (const change of changes) {
    const hit = [...parts].filter(([name]) => !change.value || name === change.value);
    if (hit.length === 0)
      throw PROBLEM(
        422,
        "the scenario cannot be calculated",
        `there is no service \`${change.value}\` in ${currency}`,
      );
    if (change.kind === "grow")
      for (const [, part] of hit) part.with += scaled(after(part, change.from), change.percent / 100);
    if (change.kind === "move") {
      const [, part] = hit[0];
      const moved = scaled(after(part, change.from), 1 - change.keeps_percent / 100);
      part.with -= moved;
      if (!parts.has(change.to)) parts.set(change.to, { without: 0n, with: 0n, future: [] });
      parts.get(change.to).with += scaled(moved, change.price ?? 1);
    }
    if (change.kind === "commit") {
      const [, part] = hit[0];
      const covered =
        micro(change.per_day) * BigInt(part.future.filter((one) => one.day >= change.from).length);
      part.with -= scaled(covered, change.discount_percent / 100);
    }
  }
  const listed = [...parts].map(([name, part]) => ({ name, without: part.without, with: part.with }));
  const without = sum(listed.map((one) => one.without));
  const changed = sum(listed.map((one) => one.with));
  return {
    without: print(without),
    with: print(changed),
    difference: print(changed - without),
    parts: listed
      .filter((one) => one.without !== one.with)
      .map((one) => ({ name: one.name, without: print(one.without), with: print(one.with) })),
  };
}

function budgetStatus(budget, charges) {
  const until = { monthly: "month", quarterly: "quarter", yearly: "year" }[budget.cadence];
  const period = periodOf(until);
  const fits = (one) =>
    one.currency === budget.currency &&
    (budget.scope ?? []).every((rule) => rule.values.includes(one[rule.dimension] ?? null));
  const perDay = daily(charges, "EffectiveCost", fits);
  const found = ahead(perDay, period).ahead;
  const whole = micro(budget.amount);
  const all = days(period.from, period.to);
  let cumulative = 0n;
  const burn = all.map((day, at) => {
    if (day <= KNOWN) cumulative += perDay.get(day) ?? 0n;
    return {
      day,
      actual_cumulative: day <= KNOWN ? print(cumulative) : null,
      plan_cumulative: print((whole * BigInt(at + 1)) / BigInt(all.length)),
    };
  });
  const actual = cumulative;
  const used = (Number(actual) / Number(whole)) * 100;
  const expected = (Number(micro(found.expected_total)) / Number(whole)) * 100;
  const standing = used > 100 ? "over" : expected > 100 ? "at-risk" : "on-track";
  const services = [...new Set(charges.filter(fits).map((one) => one.ServiceName))];
  const length = days(period.from, addDays(KNOWN, 1)).length;
  const pushed = services
    .map((key) => {
      const each = daily(charges, "EffectiveCost", (one) => fits(one) && one.ServiceName === key);
      const now = sum(days(period.from, addDays(KNOWN, 1)).map((day) => each.get(day) ?? 0n));
      const start = addMonths(period.from, -1);
      const before = sum(days(start, addDays(start, length)).map((day) => each.get(day) ?? 0n));
      return { key, now: print(now), before: print(before), change: print(now - before), size: now - before };
    })
    .sort((a, b) => (b.size > a.size ? 1 : -1))
    .slice(0, 3)
    .map(({ size, ...one }) => one);
  return {
    period,
    amount: budget.amount,
    actual: print(actual),
    remaining: print(whole - actual),
    used_percent: Number(used.toFixed(2)),
    elapsed_percent: Number(((length / all.length) * 100).toFixed(2)),
    forecast: { low: found.lo80, expected: found.expected_total, high: found.hi80 },
    standing,
    burn,
    pushed_by: pushed,
    fired: budget.thresholds
      .filter((one) => (one.on === "actual" ? used : expected) >= one.percent)
      .map((one) => ({ on: one.on, percent: one.percent, amount: print(scaled(whole, one.percent / 100)) })),
  };
}

function incidents(charges) {
  const account = (name) => charges.find((one) => one.SubAccountName === name).SubAccountId;
  const make = (id, kind, service, from, until, more) => {
    const fits = (one) => one.ServiceName === service;
    const perDay = daily(charges, "EffectiveCost", fits);
    const currency = charges.find(fits).currency;
    const before = days(addDays(from, -28), from).map((day) => perDay.get(day) ?? 0n);
    const expected = sum(before) / BigInt(before.length);
    const during = days(from, until ?? addDays(KNOWN, 1)).map((day) => perDay.get(day) ?? 0n);
    const actual = sum(during) / BigInt(during.length);
    return {
      id,
      since: from,
      detected: addDays(from, 1),
      until,
      kind,
      scope: {
        currency,
        provider: charges.find(fits).ProviderName,
        billing_account: null,
        account: more.account ? account(more.account) : null,
        service,
        region: more.region ?? null,
        tag: more.tag ?? null,
      },
      expected_per_day: print(expected),
      actual_per_day: print(actual),
      impact: print(sum(during) - expected * BigInt(during.length)),
      currency,
      confidence: more.confidence,
      explanation: more.explanation,
      layers: more.layers,
      drivers: more.drivers,
      chart: days(addDays(from, -35), addDays(KNOWN, 1)).map((day) => ({
        day,
        actual: print(perDay.get(day) ?? 0n),
        expected: print(expected),
      })),
      feedback: null,
    };
  };
  return [
    make("ano_0002", "spike", "BigQuery", "2026-11-09", "2026-11-12", {
      account: "data-warehouse-eu",
      confidence: 0.98,
      explanation:
        "BigQuery in data-warehouse-eu cost 3.4 times the usual for three days. The bytes that queries scanned grew by the same factor; no price changed and no resource is new.",
      layers: ["currency", "provider", "account", "service"],
      drivers: [
        {
          account: account("data-warehouse-eu"),
          service: "BigQuery",
          region: "europe-west3",
          item: "Analysis (bytes scanned)",
          change_per_day: "318.42",
          resources_now: 4,
          new_resources: [],
          new_count: 0,
        },
        {
          account: account("ml-experiments"),
          service: "BigQuery",
          region: "us-central1",
          item: "Analysis (bytes scanned)",
          change_per_day: "121.07",
          resources_now: 2,
          new_resources: ["dataset-ml-9"],
          new_count: 1,
        },
      ],
    }),
    make("ano_0001", "step", "Amazon Bedrock", "2026-10-27", null, {
      account: "prod-shop",
      region: "eu-central-1",
      tag: "team=search",
      confidence: 0.86,
      explanation:
        "Amazon Bedrock in prod-shop went up to a new level and stayed there. Two models that were not there before make up most of it.",
      layers: ["service", "account", "tag"],
      drivers: [
        {
          account: account("prod-shop"),
          service: "Amazon Bedrock",
          region: "eu-central-1",
          item: "Input tokens",
          change_per_day: "38.90",
          resources_now: 5,
          new_resources: ["model-prod-4", "model-prod-7"],
          new_count: 2,
        },
      ],
    }),
  ];
}

const RULES = {
  effective_from: "2026-01",
  groups: [
    { id: "company", name: "Acme" },
    { id: "shop", name: "Shop", parent: "company" },
    { id: "search", name: "Search", parent: "shop" },
    { id: "checkout", name: "Checkout", parent: "shop" },
    { id: "data", name: "Data", parent: "company" },
    { id: "platform", name: "Platform", parent: "company" },
  ],
  rules: [
    { name: "search by tag", when: [{ dimension: "tag:team", equals: "search" }], group: "search" },
    { name: "checkout by tag", when: [{ dimension: "tag:team", equals: "checkout" }], group: "checkout" },
    {
      name: "data accounts",
      when: [{ dimension: "SubAccountName", in: ["data-warehouse-eu", "ml-experiments"] }],
      group: "data",
    },
    {
      name: "shared platform",
      when: [{ dimension: "ServiceName", contains: "Support" }],
      group: "platform",
    },
  ],
  shared: [{ from: "platform", among: ["shop", "data"], by: "cost" }],
};

function holds(condition, charge) {
  const value = charge[condition.dimension] ?? null;
  const found =
    condition.equals !== undefined
      ? value === condition.equals
      : condition.in
        ? condition.in.includes(value)
        : condition.starts_with !== undefined
          ? (value ?? "").startsWith(condition.starts_with)
          : condition.contains !== undefined
            ? (value ?? "").includes(condition.contains)
            : condition.missing === undefined
              ? new RegExp(condition.matches).test(value ?? "")
              : (value === null) === condition.missing;
  return condition.not ? !found : found;
}

function previewRules({ rules: given, from, to }, charges) {
  const rules = Array.isArray(given) ? given[given.length - 1] : given;
  const ids = new Set(rules.groups.map((one) => one.id));
  for (const rule of rules.rules)
    if (rule.group && !ids.has(rule.group))
      throw PROBLEM(
        422,
        "the rules do not fit",
        `rule \`${rule.name}\`, \`group\`: there is no group \`${rule.group}\``,
      );
  const path = (id) => {
    const group = rules.groups.find((one) => one.id === id);
    return group?.parent ? [...path(group.parent), group.name] : [group?.name ?? id];
  };
  const taken = new Map();
  const seen = new Map();
  const used = new Set();
  for (const charge of charges) {
    if (charge.day < from || charge.day >= to) continue;
    const rule = rules.rules.find((one) => (one.when ?? []).every((each) => holds(each, charge)));
    if (rule) used.add(rule.name);
    const key = `${charge.currency}|${rule?.group ?? ""}`;
    const at = taken.get(key) ?? { amount: 0n, charges: 0 };
    at.amount += charge.EffectiveCost;
    at.charges += 1;
    taken.set(key, at);
    const account = seen.get(charge.SubAccountName) ?? false;
    seen.set(charge.SubAccountName, account || !rule);
  }
  const currencies = {};
  for (const currency of ["USD", "EUR"]) {
    const mine = [...taken].filter(([key]) => key.startsWith(`${currency}|`));
    const whole = sum(mine.map(([, one]) => one.amount));
    if (whole === 0n) continue;
    const groups = mine
      .filter(([key]) => key.split("|")[1])
      .map(([key, one]) => ({
        path: path(key.split("|")[1]),
        amount: print(one.amount),
        share_percent: Number(((Number(one.amount) / Number(whole)) * 100).toFixed(2)),
        charges: one.charges,
      }));
    const left = mine.find(([key]) => !key.split("|")[1])?.[1] ?? { amount: 0n, charges: 0 };
    currencies[currency] = {
      groups,
      unallocated: {
        amount: print(left.amount),
        share_percent: Number(((Number(left.amount) / Number(whole)) * 100).toFixed(2)),
        charges: left.charges,
      },
    };
  }
  return {
    ...currencies,
    values: [
      {
        dimension: "SubAccountName",
        seen: seen.size,
        left_over: [...seen.values()].filter(Boolean).length,
      },
    ],
    notes: ["Shared costs are divided in each currency for itself."],
    unused_rules: rules.rules.filter((one) => !used.has(one.name)).map((one) => one.name),
  };
}

const RECOMMENDATIONS = {
  items: [
    {
      id: "rec_0001",
      kind: "idle-database",
      title: "The database has had no connection for 30 days",
      advice: "Take a last snapshot, and delete it.",
      check_first: "whether a yearly job is the only one that uses it",
      at_most: true,
      freed_commitment_per_month: "310.00",
      resource: "db instance-prod-4",
      account: "prod-platform",
      service: "Amazon Relational Database Service",
      region: "eu-central-1",
      evidence: [
        "0 connections in 30 days, of 30 days that were looked at",
        "storage did not grow",
        "the tag `env` says `test`",
      ],
      saving_per_month: "1284.20",
      currency: "USD",
      effort: "hours",
      risk: "medium",
      confidence: 0.93,
    },
    {
      id: "rec_0002",
      kind: "stop-at-night",
      title: "Stop it outside working hours",
      resource: "instance-staging-2",
      account: "staging",
      service: "Amazon Elastic Compute Cloud",
      region: "eu-central-1",
      evidence: [{ what: "cost between 20:00 and 06:00", value: "58.3 % of the whole" }],
      saving_per_month: "612.75",
      currency: "USD",
      effort: "minutes",
      risk: "low",
      confidence: 0.81,
    },
    {
      id: "rec_0003",
      kind: "old-generation",
      title: "Move to the present generation",
      resource: "virtual machine-contoso-3",
      account: "Contoso Production",
      service: "Virtual Machines",
      region: "westeurope",
      evidence: ["the meter is of a generation that has a successor at a lower price"],
      saving_per_month: "214.10",
      currency: "EUR",
      effort: "days",
      risk: "medium",
      confidence: "medium",
    },
  ],
  not_assessed: [
    {
      kind: "over-sized-machine",
      why: "bills do not say how busy a processor is: connect monitoring, or look at the provider's own advice",
    },
    { kind: "unattached-address", why: "this export names no address resources" },
  ],
};

const COMMITMENTS = {
  from: "2026-10-01",
  to: "2026-11-01",
  currencies: [
    {
      currency: "USD",
      coverage: { part: "8214.11", whole: "20110.40", denominator: "all_standard_usage" },
      utilisation: { part: "5120.00", whole: "5333.33", denominator: "what was committed" },
      effective_savings_rate: { part: "2980.12", whole: "20110.40", denominator: "contracted" },
      net_saving: "2766.79",
      unused: "213.33",
      unpriced: "0",
    },
  ],
  notes: ["rates are of charges by the day: whether a commitment was used in every hour is not in them"],
};

const states = new WeakMap();

function stateOf(world, charges) {
  let state = states.get(world);
  if (!state) {
    const thresholds = [
      { on: "actual", percent: 80, recipients: ["ada@acme.example"] },
      { on: "forecast", percent: 100, recipients: ["ada@acme.example", "fin@acme.example"] },
    ];
    state = {
      number: 10,
      budgets: [
        {
          id: "bud_0001",
          name: "Everything in dollars",
          currency: "USD",
          cadence: "monthly",
          amount: "52000",
          scope: null,
          thresholds,
          revision: 1,
        },
        {
          id: "bud_0002",
          name: "Shop, production",
          currency: "USD",
          cadence: "monthly",
          amount: "13500",
          scope: [{ dimension: "SubAccountName", values: ["prod-shop"] }],
          thresholds,
          revision: 3,
        },
        {
          id: "bud_0003",
          name: "Azure",
          currency: "EUR",
          cadence: "quarterly",
          amount: "32000",
          scope: [{ dimension: "ProviderName", values: ["Microsoft"] }],
          thresholds: [],
          revision: 1,
        },
      ],
      incidents: incidents(charges),
      rules: [RULES],
      revision: 4,
    };
    states.set(world, state);
  }
  return state;
}

/** Answers; null when the address is none of these. */
export async function insightRoute({ method, path, search, body, world, charges, matches, parseWhere, may }) {
  const parts = path.replace("/api/v1/", "").split("/").map(decodeURIComponent);
  const [head, id, verb] = parts;
  const state = stateOf(world, charges);
  const given = async () => JSON.parse(await body());
  const changing = method !== "GET";
  if (head === "forecast") {
    if (id === "scenario" && method === "POST") return scenario(await given(), charges);
    return forecast(search, charges, matches, parseWhere);
  }
  if (head === "budgets") {
    if (changing) may("manage-settings");
    const shown = (one) => ({ ...one, status: budgetStatus(one, charges) });
    if (method === "GET") return { items: state.budgets.map(shown) };
    if (method === "POST") {
      state.number += 1;
      const made = { ...(await given()), id: `bud_00${state.number}`, revision: 1 };
      if (state.budgets.some((one) => one.name === made.name))
        throw PROBLEM(
          409,
          "the name is taken",
          `there is a budget \`${made.name}\` already: choose another name`,
        );
      state.budgets.push(made);
      return made;
    }
    const at = state.budgets.findIndex((one) => one.id === id);
    if (at < 0) throw PROBLEM(404, "not found", `there is no budget \`${id}\``);
    if (method === "PUT") {
      state.budgets[at] = { ...(await given()), id, revision: state.budgets[at].revision + 1 };
      return state.budgets[at];
    }
    state.budgets.splice(at, 1);
    return undefined;
  }
  if (head === "anomalies") {
    if (method === "GET")
      return {
        as_of: addDays(KNOWN, 1),
        left_out: 214,
        items: state.incidents,
      };
    const incident = state.incidents.find((one) => one.id === id);
    if (verb === "feedback" && incident) {
      may("scan");
      incident.feedback =
        method === "DELETE"
          ? null
          : (({ reason, until = null }) => ({ reason, by: "ada@acme.example", until }))(await given());
      return { done: true };
    }
  }
  if (head === "recommendations") return RECOMMENDATIONS;
  if (head === "commitments") return COMMITMENTS;
  if (head === "allocation") {
    if (id === "preview") return previewRules(await given(), charges);
    if (method === "PUT") {
      may("manage-settings");
      const { rules, revision } = await given();
      if (revision !== undefined && revision !== state.revision)
        throw PROBLEM(
          409,
          "this contradicts what is there",
          "the rules were saved by somebody else meanwhile",
        );
      state.rules = Array.isArray(rules) ? rules : [rules];
      state.revision += 1;
    }
    return { rules: state.rules, revision: state.revision };
  }
  return null;
}
