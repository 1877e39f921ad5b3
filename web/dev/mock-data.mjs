// Deterministic charges for the development server: three clouds, two currencies, thirteen months.
// Amounts are BigInt micro-units (10^-6) so that the mock adds as exactly as the real program does.

export const TODAY = "2026-11-22";
const FIRST = "2025-10-01";
const LAST = "2026-11-21";

const SERVICES = [
  // provider, service, category, currency, daily micro-units, growth a year, weekend factor, resource type
  ["AWS", "Amazon Elastic Compute Cloud", "Compute", "USD", 412_000000, 0.35, 0.72, "Instance"],
  ["AWS", "Amazon Relational Database Service", "Databases", "USD", 188_500000, 0.12, 0.97, "DB instance"],
  ["AWS", "Amazon Simple Storage Service", "Storage", "USD", 96_300000, 0.55, 1, "Bucket"],
  ["AWS", "AWS Lambda", "Compute", "USD", 31_200000, 0.8, 0.55, "Function"],
  ["AWS", "Amazon CloudFront", "Networking", "USD", 58_700000, 0.2, 1.18, "Distribution"],
  ["AWS", "AWS Key Management Service", "Security", "USD", 4_100000, 0.05, 1, "Key"],
  ["AWS", "AWS Support (Business)", "Other", "USD", 42_000000, 0.2, 1, null],
  ["AWS", "Amazon Bedrock", "AI and Machine Learning", "USD", 74_000000, 2.4, 0.5, "Model"],
  ["Microsoft", "Virtual Machines", "Compute", "EUR", 236_000000, 0.1, 0.8, "Virtual machine"],
  ["Microsoft", "Azure SQL Database", "Databases", "EUR", 121_400000, 0.18, 1, "Database"],
  ["Microsoft", "Storage Accounts", "Storage", "EUR", 54_900000, 0.33, 1, "Storage account"],
  ["Microsoft", "Azure OpenAI", "AI and Machine Learning", "EUR", 39_800000, 1.9, 0.45, "Deployment"],
  ["Google Cloud", "BigQuery", "Analytics", "USD", 133_700000, 0.42, 0.4, "Dataset"],
  ["Google Cloud", "Compute Engine", "Compute", "USD", 149_900000, 0.02, 0.9, "Instance"],
  ["Google Cloud", "Cloud Storage", "Storage", "USD", 38_400000, 0.28, 1, "Bucket"],
  ["Google Cloud", "Cloud Logging", "Management and Governance", "USD", 17_600000, 0.6, 0.95, "Bucket"],
];

const ACCOUNTS = {
  AWS: [
    ["prod-shop", 0.5],
    ["prod-platform", 0.27],
    ["staging", 0.14],
    ["sandbox", 0.09],
  ],
  Microsoft: [
    ["Contoso Production", 0.66],
    ["Contoso Test", 0.34],
  ],
  "Google Cloud": [
    ["data-warehouse-eu", 0.7],
    ["ml-experiments", 0.3],
  ],
};
const REGIONS = {
  AWS: ["eu-central-1", "us-east-1"],
  Microsoft: ["westeurope", "northeurope"],
  "Google Cloud": ["europe-west3", "us-central1"],
};
const TEAMS = ["checkout", "search", "data", "platform", null];

/** A small hash-based generator: the same key always gives the same number in [0, 1). */
function noise(key) {
  let hash = 2166136261;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 16777619);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 2246822507);
  hash ^= hash >>> 13;
  return ((hash >>> 0) % 100000) / 100000;
}

export function addDays(day, days) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function makeCharges() {
  const charges = [];
  let at = 0;
  for (let day = FIRST; day <= LAST; day = addDays(day, 1), at += 1) {
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    for (const [provider, service, category, currency, base, growth, weekend, type] of SERVICES) {
      for (const [account, weight] of ACCOUNTS[provider]) {
        const team = TEAMS[Math.floor(noise(`${service}${account}`) * TEAMS.length)];
        const region = REGIONS[provider][noise(`${account}${service}r`) < 0.7 ? 0 : 1];
        let amount =
          base * weight * (1 + (growth * at) / 365) * (0.94 + 0.12 * noise(`${day}${service}${account}`));
        if (weekday === 0 || weekday === 6) amount *= weekend;
        if (service === "BigQuery" && day >= "2026-11-09" && day <= "2026-11-11") amount *= 3.4;
        if (service === "AWS Support (Business)" && !day.endsWith("-01")) continue;
        if (service === "AWS Support (Business)") amount *= 26;
        const effective = BigInt(Math.round(amount));
        const covered = service.includes("Compute") && noise(`${service}${account}c`) < 0.4;
        charges.push({
          day,
          currency,
          ProviderName: provider,
          ServiceProviderName: provider,
          ServiceName: service,
          ServiceCategory: category,
          SubAccountName: account,
          SubAccountId: `${Math.floor(noise(account) * 9e11 + 1e11)}`,
          BillingAccountName: provider === "Microsoft" ? "Contoso AG" : `${provider} payer`,
          RegionId: service.startsWith("AWS Support") ? null : region,
          ResourceType: type,
          ResourceName: type
            ? `${type.toLowerCase().replace(/ /g, "-")}-${account.split(/[- ]/)[0].toLowerCase()}-${1 + Math.floor(noise(`${service}${account}n`) * 9)}`
            : null,
          ChargeCategory: service.startsWith("AWS Support") ? "Purchase" : "Usage",
          ChargeDescription: `${service}, ${type ?? "subscription"}${type ? " hours" : ""}`,
          CommitmentDiscountStatus: covered ? "Used" : null,
          PricingCategory: covered ? "Committed" : "Standard",
          "tag:team": team,
          "tag:env":
            account.includes("prod") || account.includes("Production")
              ? "prod"
              : account.includes("sandbox")
                ? null
                : "test",
          "tag:cost-center":
            noise(`${account}cc`) < 0.6
              ? `cc-${1000 + Math.floor(noise(`${account}${service}`) * 40)}`
              : null,
          EffectiveCost: effective,
          BilledCost: covered ? 0n : effective,
          ListCost: (effective * 127n) / 100n,
          ContractedCost: (effective * 109n) / 100n,
        });
        if (service === "Amazon Elastic Compute Cloud" && day.endsWith("-03") && account === "prod-shop")
          charges.push({
            ...charges[charges.length - 1],
            ChargeCategory: "Credit",
            ChargeDescription: "Promotional credit",
            EffectiveCost: -180_000000n,
            BilledCost: -180_000000n,
            ListCost: 0n,
            ContractedCost: 0n,
          });
      }
    }
  }
  return charges;
}

export const DIMENSIONS = [
  ["ProviderName", "Provider", "Who and where"],
  ["BillingAccountName", "Billing account", "Who and where"],
  ["SubAccountName", "Account", "Who and where"],
  ["SubAccountId", "Account id", "Who and where"],
  ["RegionId", "Region", "Who and where"],
  ["ServiceCategory", "Service category", "What"],
  ["ServiceName", "Service", "What"],
  ["ResourceType", "Resource type", "What"],
  ["ResourceName", "Resource", "What"],
  ["ChargeCategory", "Charge category", "How it is charged"],
  ["ChargeDescription", "Charge description", "How it is charged"],
  ["PricingCategory", "Pricing category", "How it is charged"],
  ["CommitmentDiscountStatus", "Commitment status", "How it is charged"],
].map(([id, label, group]) => ({ id, label, group }));

export const TAG_KEYS = ["cost-center", "env", "team"];

export const MEASURES = [
  {
    id: "EffectiveCost",
    label: "Effective cost",
    help: "What the usage cost with prepaid commitments spread over the time they cover. Best for comparing teams and months.",
  },
  {
    id: "BilledCost",
    label: "Billed cost",
    help: "What was or will be invoiced in the period. Matches the invoice; prepaid commitments show up whole when bought.",
  },
  {
    id: "ContractedCost",
    label: "Contracted cost",
    help: "Negotiated prices times quantity, before commitment discounts.",
  },
  { id: "ListCost", label: "List cost", help: "Public list prices times quantity, before any discount." },
];
