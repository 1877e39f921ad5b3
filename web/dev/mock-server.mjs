// A stand-in for `bursar serve`, for developing and testing the pages. It speaks the same API on made-up
// charges and sends the same security headers, so a page that breaks the content security policy breaks here too.
//   node dev/mock-server.mjs [--port 8090] [--dist dist] [--slow 0]
// Sign in with the printed link, or with a password of mock-state.mjs (one-time code 123456). It is not shipped,
// has no security and keeps nothing.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { addDays, DIMENSIONS, MEASURES, makeCharges, TAG_KEYS, TODAY } from "./mock-data.mjs";
import { authRoute, identityRoute, mayOf, Refusal, sessionOf, workspaceOf } from "./mock-identity.mjs";
import { insightRoute } from "./mock-insight.mjs";
import { messagesRoute } from "./mock-messages.mjs";

const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
};
const PORT = Number(option("port", "8090"));
const DIST = option("dist", new URL("../dist", import.meta.url).pathname);
const SLOW = Number(option("slow", "0"));
// `--refresh 20`: the first so many seconds the sources are still looked through.
const REFRESH = Number(option("refresh", "0"));
const STARTED = Date.now();
const CHARGES = makeCharges();

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".md": "text/plain; charset=utf-8",
  ".json": "application/json",
};

const print = (micro) => {
  const negative = micro < 0n;
  const digits = (negative ? -micro : micro).toString().padStart(7, "0");
  const text = `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, "");
  return `${negative && text !== "0" ? "-" : ""}${text}`;
};
const print10 = (units) => {
  const digits = units.toString().padStart(11, "0");
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, "");
};
const month = (day) => `${day.slice(0, 7)}-01`;
const addMonths = (day, months) => {
  const date = new Date(`${month(day)}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
};
const isMonths = (from, to) => from.endsWith("-01") && to.endsWith("-01");
const KNOWN = new Set([
  ...DIMENSIONS.map((one) => one.id),
  ...TAG_KEYS.map((key) => `tag:${key}`),
  "ServiceProviderName",
]);

function dimension(id) {
  if (KNOWN.has(id)) return id;
  if (id.startsWith("tag:")) return id;
  throw new Refusal(
    400,
    "unknown dimension",
    `there is no dimension \`${id}\`; near ones: ${[...KNOWN].filter((one) => one.toLowerCase().includes(id.slice(0, 4).toLowerCase())).join(", ") || "ServiceName, ProviderName"}`,
  );
}

function parseWhere(text) {
  const found = /^(.[^=~]*?)(!=|=|~)([\s\S]*)$/.exec(text);
  if (!found) throw new Refusal(400, "unreadable filter", `\`${text}\` is not Dimension=value`);
  return { id: dimension(found[1]), operator: found[2], value: found[3] === "" ? null : found[3] };
}

function matches(filters) {
  const equal = new Map();
  for (const one of filters)
    if (one.operator === "=") equal.set(one.id, [...(equal.get(one.id) ?? []), one.value]);
  return (charge) => {
    for (const [id, values] of equal) if (!values.includes(charge[id] ?? null)) return false;
    for (const one of filters) {
      const value = charge[one.id] ?? null;
      if (one.operator === "!=" && value === one.value) return false;
      if (one.operator === "~" && !(value ?? "").toLowerCase().includes((one.value ?? "").toLowerCase()))
        return false;
    }
    return true;
  };
}

function measureOf(search) {
  const measure = search.get("measure") ?? "EffectiveCost";
  if (!MEASURES.some((one) => one.id === measure))
    throw new Refusal(
      400,
      "unknown measure",
      `there is no measure \`${measure}\`; there are ${MEASURES.map((one) => one.id).join(", ")}`,
    );
  return measure;
}

const FRESHNESS = [
  {
    source: "aws-exports",
    provider: "AWS",
    charges_until: "2026-11-21",
    delivered_at: "2026-11-22T04:10:00Z",
    provisional_periods: ["2026-11-01"],
  },
  {
    source: "azure-exports",
    provider: "Microsoft",
    charges_until: "2026-11-20",
    delivered_at: "2026-11-21T22:40:00Z",
    provisional_periods: ["2026-11-01"],
  },
  {
    source: "gcp-export",
    provider: "Google Cloud",
    charges_until: "2026-11-21",
    delivered_at: "2026-11-22T05:55:00Z",
    provisional_periods: ["2026-10-01", "2026-11-01"],
  },
];

/** What `currency` and `rate` ask for; rates in units of 10^-10. */
function conversionOf(search) {
  const to = search.get("currency");
  const rates = new Map();
  for (const text of search.getAll("rate")) {
    const found = /^([A-Z]{3})=(\d{1,9})(?:\.(\d{1,10}))?$/.exec(text);
    if (!found) throw new Refusal(400, "bad request", `\`rate\`: \`${text}\` is no rate such as EUR=1.08`);
    rates.set(found[1], BigInt(found[2] + (found[3] ?? "").padEnd(10, "0")));
  }
  if (to && !/^[A-Z]{3}$/.test(to))
    throw new Refusal(400, "bad request", `\`currency\`: \`${to}\` is no code such as USD`);
  if (!to && rates.size)
    throw new Refusal(
      409,
      "the rates do not fit together",
      "`rate` is given without `currency`, what to convert to",
    );
  return to ? { to, rates } : null;
}

/** The charges as they are, or in one currency; `used` collects the rates. */
function inOne(charge, measure, conversion, used) {
  if (!conversion || charge.currency === conversion.to) return charge;
  const rate = conversion.rates.get(charge.currency);
  if (rate === undefined)
    throw new Refusal(
      409,
      "the question does not fit the charges",
      `there are charges in ${charge.currency} and no rate for it: give one as ${charge.currency}=RATE, what one ${charge.currency} is worth in ${conversion.to}`,
    );
  used.set(charge.currency, rate);
  return { ...charge, currency: conversion.to, [measure]: (charge[measure] * rate) / 10n ** 10n };
}

function cost(search) {
  const started = performance.now();
  const measure = measureOf(search);
  const conversion = conversionOf(search);
  const used = new Map();
  const by = (search.get("by") ?? "")
    .split(/(?<!\\),/)
    .filter(Boolean)
    .map((id) => dimension(id.replaceAll("\\,", ",")));
  const from = search.get("from") ?? month(TODAY);
  const to = search.get("to") ?? addDays(TODAY, 1);
  if (from >= to) throw new Refusal(400, "empty period", `\`from\` ${from} is not before \`to\` ${to}`);
  const grain = search.get("grain") ?? "total";
  const filters = search.getAll("where").map(parseWhere);
  const top = Number(search.get("top") ?? 0);
  const compare = search.get("compare") === "previous";
  const length = Math.round((Date.parse(to) - Date.parse(from)) / 864e5);
  const months = isMonths(from, to)
    ? (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 +
      Number(to.slice(5, 7)) -
      Number(from.slice(5, 7))
    : 0;
  const back = (day) => (months ? addMonths(day, -months) : addDays(day, -length));
  const forward = (day) =>
    months ? addMonths(day, months).slice(0, 8) + day.slice(8) : addDays(day, length);
  const keep = matches(filters);
  const periodOf = (day) => (grain === "total" ? null : grain === "month" ? month(day) : day);
  const cells = new Map();
  const groups = new Map();
  const totals = new Map();
  let rows = 0;
  const add = (charge, day, field) => {
    const keys = by.map((id) => charge[id] ?? null);
    const group = JSON.stringify([charge.currency, keys]);
    const period = periodOf(day);
    const id = `${group}|${period}`;
    const cell = cells.get(id) ?? {
      keys,
      group,
      period,
      currency: charge.currency,
      amount: 0n,
      previous: 0n,
    };
    cell[field] += charge[measure];
    cells.set(id, cell);
    if (field === "amount") groups.set(group, (groups.get(group) ?? 0n) + charge[measure]);
    else if (!groups.has(group)) groups.set(group, 0n);
    const total = totals.get(charge.currency) ?? { amount: 0n, previous: 0n };
    total[field] += charge[measure];
    totals.set(charge.currency, total);
  };
  const [beforeFrom, beforeTo] = [back(from), months ? from : back(to)];
  for (const one of CHARGES) {
    if (!keep(one)) continue;
    const now = one.day >= from && one.day < to;
    if (!now && !(compare && one.day >= beforeFrom && one.day < beforeTo)) continue;
    const charge = inOne(one, measure, conversion, used);
    if (now) {
      rows += 1;
      add(charge, charge.day, "amount");
    } else add(charge, forward(charge.day), "previous");
  }
  let others = 0;
  let kept = [...cells.values()];
  if (top > 0 && by.length) {
    const chosen = new Set();
    for (const currency of totals.keys()) {
      const ranked = [...groups]
        .filter(([group]) => JSON.parse(group)[0] === currency)
        .sort((a, b) => (a[1] > b[1] ? -1 : a[1] < b[1] ? 1 : a[0] < b[0] ? -1 : 1));
      for (const [group] of ranked.slice(0, top)) chosen.add(group);
      others += Math.max(0, ranked.length - top);
    }
    const rest = new Map();
    for (const cell of kept) {
      if (chosen.has(cell.group)) continue;
      const id = `${cell.currency}|${cell.period}`;
      const sum = rest.get(id) ?? {
        keys: by.map(() => null),
        other: true,
        period: cell.period,
        currency: cell.currency,
        amount: 0n,
        previous: 0n,
      };
      sum.amount += cell.amount;
      sum.previous += cell.previous;
      rest.set(id, sum);
    }
    kept = [...kept.filter((cell) => chosen.has(cell.group)), ...rest.values()];
  }
  const useRollup = by.every((id) => !["ResourceName", "ChargeDescription", "ResourceType"].includes(id));
  return {
    question: {
      measure,
      by,
      from,
      to,
      grain,
      where: search.getAll("where"),
      top,
      compare: compare ? { from: beforeFrom, to: beforeTo } : null,
    },
    rows: kept.map(({ keys, period, currency, amount, previous, other }) => ({
      keys,
      period,
      currency,
      amount: print(amount),
      previous: compare ? print(previous) : null,
      ...(other ? { other } : {}),
    })),
    totals: [...totals].map(([currency, { amount, previous }]) => ({
      currency,
      amount: print(amount),
      previous: compare ? print(previous) : null,
    })),
    other: { included: others > 0, groups: others },
    freshness: FRESHNESS,
    provisional: to > "2026-10-01",
    excluded:
      from <= "2026-11-04" && to > "2026-11-04"
        ? {
            rows: 3,
            reasons: [
              { reason: "cost is not a number (`NaN`)", rows: 2 },
              { reason: "charge period of the year 0001", rows: 1 },
            ],
          }
        : { rows: 0, reasons: [] },
    notes: [
      ...(measure === "BilledCost"
        ? ["Purchases of commitments are counted whole on the day they were billed."]
        : []),
      ...[...used].map(
        ([currency, rate]) => `${currency} was converted at ${print10(rate)} ${conversion.to} (given)`,
      ),
    ],
    empty_reason: rows
      ? null
      : filters.length
        ? "No charge of this period matches all filters."
        : from > "2026-11-21"
          ? "The newest delivery ends on 2026-11-21; there are no charges after it."
          : "There are no charges in this period; the first ones are of 2025-10-01.",
    read: useRollup
      ? {
          engine: "rollup",
          operations: 2,
          objects: 1,
          bytes: 48213,
          rows: Math.round(rows / 3),
          elapsed_ms: Math.round(performance.now() - started),
        }
      : {
          engine: "rows",
          operations: 14,
          objects: 6,
          bytes: 18_402_113,
          rows,
          elapsed_ms: Math.round(performance.now() - started),
        },
  };
}

function dashboard(search) {
  const measure = measureOf(search);
  const ask = (more) => cost(new URLSearchParams({ measure, ...more }));
  const from = month(TODAY);
  const to = addDays(TODAY, 1);
  const lastFrom = addMonths(from, -1);
  const same = addDays(lastFrom, Math.round((Date.parse(to) - Date.parse(from)) / 864e5));
  const totals = new Map(ask({ from, to }).totals.map((one) => [one.currency, one.amount]));
  const whole = new Map(ask({ from: lastFrom, to: from }).totals.map((one) => [one.currency, one.amount]));
  const days = new Map(ask({ from: lastFrom, to: same }).totals.map((one) => [one.currency, one.amount]));
  const breakdown = (by, top = "8") => {
    const before = new Map(
      ask({ by, from: lastFrom, to: same }).rows.map((row) => [`${row.currency}${row.keys[0]}`, row.amount]),
    );
    return ask({ by, from, to, top })
      .rows.filter((row) => !row.other)
      .map((row) => ({
        key: row.keys[0],
        label: row.keys[0] ?? "(none)",
        currency: row.currency,
        amount: row.amount,
        previous: before.get(`${row.currency}${row.keys[0]}`) ?? "0",
      }))
      .sort((a, b) => Number(b.amount) - Number(a.amount));
  };
  const movers = ["ServiceName", "SubAccountName"]
    .flatMap((id) =>
      breakdown(id, "100").map((row) => ({
        dimension: id,
        ...row,
        change: (Number(row.amount) - Number(row.previous)).toFixed(6),
      })),
    )
    .sort((a, b) => Math.abs(Number(b.change)) - Math.abs(Number(a.change)))
    .slice(0, 8);
  return {
    measure,
    this_month: {
      period: from,
      from,
      to,
      totals: [...totals].map(([currency, amount]) => ({
        currency,
        amount,
        previous: whole.get(currency) ?? null,
        previous_same_days: days.get(currency) ?? null,
        provisional: true,
      })),
    },
    daily: ask({ from: lastFrom, to, grain: "day" })
      .rows.map(({ period, currency, amount }) => ({ period, currency, amount }))
      .sort((a, b) => (a.period < b.period ? -1 : 1)),
    by_provider: breakdown("ProviderName"),
    by_service: breakdown("ServiceName"),
    by_account: breakdown("SubAccountName"),
    movers,
    freshness: FRESHNESS,
  };
}

function values(id, search) {
  const wanted = (search.get("q") ?? "").toLowerCase();
  const limit = Number(search.get("limit") ?? 50);
  const sums = new Map();
  for (const charge of CHARGES) {
    if (search.get("from") && charge.day < search.get("from")) continue;
    if (search.get("to") && charge.day >= search.get("to")) continue;
    const value = charge[id] ?? null;
    if (wanted && !(value ?? "").toLowerCase().includes(wanted)) continue;
    const key = JSON.stringify([value, charge.currency]);
    sums.set(key, (sums.get(key) ?? 0n) + charge.EffectiveCost);
  }
  const all = [...sums]
    .sort((a, b) => (a[1] > b[1] ? -1 : 1))
    .map(([key, amount]) => ({
      value: JSON.parse(key)[0],
      currency: JSON.parse(key)[1],
      amount: print(amount),
    }));
  return { values: all.slice(0, limit), truncated: all.length > limit };
}

const SOURCES = [
  {
    id: "aws-exports",
    location: "s3://acme-billing/exports/focus",
    dialect: "focus-1.2",
    providers: ["AWS"],
    status: "ok",
    problem: null,
    deliveries: 14,
    rows: 8_412_903,
    bytes: 612_384_112,
    first_period: "2025-10-01",
    last_period: "2026-11-01",
    charges_until: "2026-11-21",
    delivered_at: "2026-11-22T04:10:00Z",
    read: { operations: 212, objects: 61, bytes: 18_204_331 },
  },
  {
    id: "azure-exports",
    location: "abfss://billing@acme.dfs.core.windows.net/exports",
    dialect: "azure-actual+amortized",
    providers: ["Microsoft"],
    status: "partial",
    problem:
      "the delivery of 2026-11-22 is still being written (manifest missing); the one of 2026-11-21 is shown",
    deliveries: 14,
    rows: 2_210_411,
    bytes: 148_003_991,
    first_period: "2025-10-01",
    last_period: "2026-11-01",
    charges_until: "2026-11-20",
    delivered_at: "2026-11-21T22:40:00Z",
    read: { operations: 88, objects: 30, bytes: 5_110_020 },
  },
  {
    id: "gcp-export",
    location: "gs://acme-billing-export/detailed",
    dialect: "gcp-detailed",
    providers: ["Google Cloud"],
    status: "ok",
    problem: null,
    deliveries: 14,
    rows: 1_884_120,
    bytes: 96_401_277,
    first_period: "2025-10-01",
    last_period: "2026-11-01",
    charges_until: "2026-11-21",
    delivered_at: "2026-11-22T05:55:00Z",
    read: { operations: 64, objects: 28, bytes: 3_992_400 },
  },
  {
    id: "oci-reports",
    location: "/mnt/oci-reports",
    dialect: null,
    providers: [],
    status: "refused",
    problem:
      "no readable dialect: `reports_2026-11.csv` has 4 of the 31 columns of an OCI cost report; check the export's settings",
    deliveries: 0,
    rows: 0,
    bytes: 0,
    first_period: null,
    last_period: null,
    charges_until: null,
    delivered_at: null,
    read: { operations: 3, objects: 1, bytes: 4096 },
  },
];

/** A source that was added a moment ago. */
const UNREAD = {
  ...SOURCES[3],
  status: "ok",
  problem: null,
  read: { operations: 0, objects: 0, bytes: 0 },
};

function deliveries(source) {
  const list = [];
  for (const one of SOURCES.filter((each) => each.deliveries && (!source || each.id === source))) {
    for (let at = 0; at < 14; at += 1) {
      const period = addMonths("2026-11-01", -at);
      const provisional = FRESHNESS.find(
        (each) => each.source === one.location,
      )?.provisional_periods.includes(period);
      const sums = { BilledCost: new Map(), EffectiveCost: new Map() };
      for (const charge of CHARGES) {
        if (charge.ProviderName !== one.providers[0] || month(charge.day) !== period) continue;
        for (const measure of ["BilledCost", "EffectiveCost"])
          sums[measure].set(charge.currency, (sums[measure].get(charge.currency) ?? 0n) + charge[measure]);
      }
      const moneys = (measure) =>
        [...sums[measure]].map(([currency, amount]) => ({ currency, amount: print(amount) }));
      list.push({
        id: `${one.id}-${period.slice(0, 7)}`,
        source: one.id,
        dataset: "Cost and Usage",
        billing_period: period,
        status: provisional ? "provisional" : "final",
        delivered_at: at === 0 ? one.delivered_at : `${addDays(addMonths(period, 1), 5)}T03:00:00Z`,
        objects: 2 + (at % 3),
        bytes: Math.round(one.bytes / 14),
        rows: Math.round(one.rows / 14) + at * 131,
        billed: moneys("BilledCost"),
        effective: moneys("EffectiveCost"),
        quarantined: one.id === "aws-exports" && at === 0 ? 3 : 0,
        restatement:
          one.id === "aws-exports" && period === "2026-10-01"
            ? {
                replaced_at: "2026-11-06T03:00:00Z",
                rows_before: 600_310,
                difference: [
                  {
                    measure: "BilledCost",
                    currency: "USD",
                    before: "41210.114",
                    after: "40006.114",
                    difference: "-1204",
                  },
                  {
                    measure: "EffectiveCost",
                    currency: "USD",
                    before: "43880.2",
                    after: "42676.2",
                    difference: "-1204",
                  },
                ],
              }
            : null,
      });
    }
  }
  return { deliveries: list };
}

const FINDINGS = [
  {
    rule: "BilledCost-C-003-M",
    column: "BilledCost",
    level: "must",
    count: 2,
    explanation:
      "A billed cost must be a number. These rows hold text instead, so they are left out of every total until the provider delivers them again.",
    examples: [
      { file: "november.csv", row: 48_211, value: "NaN" },
      { file: "november.csv", row: 48_212, value: "NaN" },
    ],
  },
  {
    rule: "ChargePeriodStart-C-002-M",
    column: "ChargePeriodStart",
    level: "must",
    count: 1,
    explanation: "A charge must say when it began. This row says the year 0001, which no cloud billed in.",
    examples: [{ file: "november.csv", row: 90_114, value: "0001-01-01T00:00:00Z" }],
  },
  {
    rule: "PricingUnit-C-001-M",
    column: "PricingUnit",
    level: "must",
    count: 5_120,
    explanation:
      "Units should follow the FOCUS unit format, such as GB-Hours. Amounts are right; only charts of quantities may split one unit in two.",
    examples: [
      { file: "november.csv", row: 12, value: "GB-mo" },
      { file: "november.csv", row: 18, value: "Requests (10K)" },
    ],
  },
  {
    rule: "AvailabilityZone-C-002-O",
    column: "AvailabilityZone",
    level: "should",
    count: 51,
    explanation:
      "Some rows carry a price where the availability zone should be. The provider shifted a column; nothing is added up from it.",
    examples: [{ file: "november.csv", row: 771, value: "0.02" }],
  },
];

function sql(body) {
  const text = String(body.sql ?? "");
  if (!text.trim()) throw new Refusal(400, "nothing to run", "the statement is empty");
  if (!/^\s*(select|with|explain)/i.test(text))
    throw new Refusal(
      400,
      "only SELECT is allowed",
      `\`${text.trim().split(/\s+/)[0]}\` changes something or reads a file; this page only reads the tables listed beside it`,
    );
  if (/nosuch/i.test(text))
    throw new Refusal(
      400,
      "unknown column",
      "line 1, column 8: there is no column `nosuch`; near ones: none",
    );
  const answer = cost(new URLSearchParams({ by: "ServiceName", from: "2025-10-01", to: "2026-12-01" }));
  const rows = answer.rows
    .sort((a, b) => Number(b.amount) - Number(a.amount))
    .map((row) => [row.keys[0], row.currency, row.amount]);
  const limit = Math.min(Number(body.limit ?? 1000), rows.length);
  return {
    columns: [
      { name: "ServiceName", type: "Utf8" },
      { name: "BillingCurrency", type: "Utf8" },
      { name: "cost", type: "Decimal128(38, 18)" },
    ],
    rows: rows.slice(0, limit),
    truncated: limit < rows.length,
    read: { ...answer.read, engine: "rows" },
  };
}

const LEDGER = () => {
  const entries = [];
  for (let at = 0; at < 120; at += 1) {
    const one = SOURCES[at % 3];
    const operation = ["LIST", "HEAD", "GET"][at % 3];
    entries.push({
      time: `2026-11-22T0${6 - Math.floor(at / 40)}:${String(59 - (at % 40)).padStart(2, "0")}:00Z`,
      operation,
      object: `${one.location}/data/BILLING_PERIOD=2026-${String(11 - (at % 6)).padStart(2, "0")}/part-${String(at % 7).padStart(5, "0")}.parquet`,
      bytes: operation === "GET" ? 65_536 * ((at % 9) + 1) : 0,
      source: one.id,
    });
  }
  return { entries, totals: { operations: 364, bytes: 27_306_751 } };
};

function exported(search) {
  const answer = cost(search);
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [
    [...answer.question.by, "period", "currency", "amount"],
    ...answer.rows.map((row) => [
      ...row.keys.map((key) => key ?? ""),
      row.period ?? "",
      row.currency,
      row.amount,
    ]),
  ];
  return lines.map((line) => line.map(quote).join(",")).join("\r\n");
}

async function route(request, url) {
  const path = url.pathname;
  const search = url.searchParams;
  const answer = await identityRoute(request, url, () => bodyOf(request));
  if (answer !== null) return answer;
  const { world, chosen } = workspaceOf(request);
  if (path === "/api/v1/workspace")
    return {
      id: chosen.id,
      name: chosen.name,
      today: TODAY,
      first_day: "2025-10-01",
      last_day: "2026-11-21",
      currencies: ["USD", "EUR"],
      providers: ["AWS", "Microsoft", "Google Cloud"],
      default_measure: "EffectiveCost",
      measures: MEASURES,
      sources: 4,
      deliveries: 42,
      refresh: refreshing(),
    };
  if (path === "/api/v1/dimensions") return { dimensions: DIMENSIONS, tag_keys: TAG_KEYS };
  const found = /^\/api\/v1\/dimensions\/([^/]+)\/values$/.exec(path);
  if (found) return values(dimension(decodeURIComponent(found[1])), search);
  if (path === "/api/v1/cost") return cost(search);
  if (path === "/api/v1/dashboard") return dashboard(search);
  if (path === "/api/v1/sources")
    return { sources: [...SOURCES, ...world.sources.map((one) => ({ ...UNREAD, ...one }))] };
  if (path === "/api/v1/deliveries") return deliveries(search.get("source"));
  if (path === "/api/v1/conformance")
    return { checked_rows: 12_507_434, version: "1.2", findings: FINDINGS, notes: [] };
  if (path === "/api/v1/ledger") return LEDGER();
  if (path === "/api/v1/sql" && request.method === "POST") return sql(JSON.parse(await bodyOf(request)));
  const asked = {
    method: request.method,
    path,
    search,
    body: () => bodyOf(request),
    world,
    may: mayOf(request),
  };
  const insight = await insightRoute({ ...asked, charges: CHARGES, matches, parseWhere });
  if (insight !== null) return insight;
  const message = await messagesRoute(asked);
  if (message !== null) return message;
  throw new Refusal(404, "not found", `there is nothing at ${path}`);
}

function refreshing() {
  const seconds = (Date.now() - STARTED) / 1000;
  return seconds < REFRESH
    ? { what: "reading deliveries", done: Math.floor((seconds / REFRESH) * 42), total: 42 }
    : null;
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text || "{}";
}

function file(response, path) {
  const safe = normalize(path).replace(/^(\.\.[/\\])+/, "");
  let at = join(DIST, safe);
  if (safe === "/" || !extname(safe) || !existsSync(at)) at = join(DIST, "index.html");
  if (!existsSync(at))
    return response
      .writeHead(404, { "content-type": "text/plain" })
      .end("build the pages first: npm run build\n");
  const immutable = at.includes("/assets/");
  response.writeHead(200, {
    "content-type": TYPES[extname(at)] ?? "application/octet-stream",
    "cache-control": immutable ? "public, max-age=31536000, immutable" : "no-cache",
  });
  createReadStream(at).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, `http://${request.headers.host}`);
  response.setHeader("content-security-policy", CSP);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  const json = (status, body, type = "application/json") =>
    response
      .writeHead(status, { "content-type": type, "cache-control": "no-store" })
      .end(JSON.stringify(body));
  try {
    if (url.pathname === "/health") return json(200, { status: "ok" });
    const changes = !["GET", "HEAD"].includes(request.method);
    if (changes && request.headers["x-bursar-csrf"] !== "1")
      throw new Refusal(403, "missing header", "send X-Bursar-CSRF: 1");
    if (SLOW && /^\/(api|auth)\//.test(url.pathname)) await new Promise((done) => setTimeout(done, SLOW));
    if (url.pathname.startsWith("/auth/")) {
      const found = await authRoute(request, url, () => bodyOf(request));
      if (!found) throw new Refusal(404, "not found", `there is nothing at ${url.pathname}`);
      const [status, body, headers = {}] = found;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return body === null ? response.writeHead(status).end() : json(status, body);
    }
    if (url.pathname.startsWith("/api/")) {
      if (!sessionOf(request).session)
        throw new Refusal(401, "not signed in", "open a one-time sign-in link first", "signed-out");
      if (url.pathname === "/api/v1/workspace/export")
        return response
          .writeHead(200, {
            "content-type": "application/zip",
            "content-disposition": 'attachment; filename="acme-export.zip"',
          })
          .end("PK");
      if (url.pathname === "/api/v1/log/export")
        return response
          .writeHead(200, {
            "content-type": "application/x-tar",
            "content-disposition": 'attachment; filename="acme-log.tar"',
          })
          .end("tar");
      if (url.pathname === "/api/v1/cost/export") {
        const format = url.searchParams.get("format");
        return response
          .writeHead(200, {
            "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/octet-stream",
            "content-disposition": `attachment; filename="cost.${format}"`,
          })
          .end(exported(url.searchParams));
      }
      const answer = await route(request, url);
      return answer === undefined ? response.writeHead(204).end() : json(200, answer);
    }
    file(response, url.pathname);
  } catch (error) {
    if (error instanceof Refusal)
      return json(
        error.status,
        {
          type: `urn:bursar:problem:${error.kind}`,
          title: error.title,
          status: error.status,
          detail: error.detail,
          ...error.more,
        },
        "application/problem+json",
      );
    console.error(error);
    json(
      500,
      { type: "about:blank", title: "the mock failed", status: 500, detail: String(error) },
      "application/problem+json",
    );
  }
});

server.listen(PORT, "127.0.0.1", () => {
  console.log(`mock on ${CHARGES.length} charges: http://127.0.0.1:${PORT}/auth/link?token=demo`);
});
