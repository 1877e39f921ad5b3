/** The columns of the table `focus`, for the reference beside the SQL editor. Ids as FOCUS 1.2 spells them. */
export interface Column {
  id: string;
  type: "text" | "decimal" | "time" | "json";
  help: string;
}

const column = (id: string, type: Column["type"], help: string): Column => ({ id, type, help });

export const FOCUS_GROUPS: { title: string; columns: Column[] }[] = [
  {
    title: "Costs",
    columns: [
      column("BilledCost", "decimal", "What the invoice asks for"),
      column("EffectiveCost", "decimal", "With prepaid commitments spread over what they cover"),
      column("ContractedCost", "decimal", "Negotiated price × quantity"),
      column("ListCost", "decimal", "Public price × quantity"),
      column("BillingCurrency", "text", "ISO 4217 code; never add two of them"),
    ],
  },
  {
    title: "When",
    columns: [
      column("ChargePeriodStart", "time", "First moment of the charge, UTC"),
      column("ChargePeriodEnd", "time", "First moment after it"),
      column("BillingPeriodStart", "time", "First moment of the invoiced period"),
      column("BillingPeriodEnd", "time", "First moment after it"),
      column("billing_period", "text", "Month of the delivery; fastest to filter by"),
    ],
  },
  {
    title: "Who and where",
    columns: [
      column("provider", "text", "Which cloud, whatever the version calls it"),
      column("ProviderName", "text", "Who made the service available"),
      column("PublisherName", "text", "Who made the product"),
      column("InvoiceIssuerName", "text", "Who sends the invoice"),
      column("InvoiceId", "text", "The invoice; empty while the period is open"),
      column("BillingAccountId", "text", "The paying account"),
      column("BillingAccountName", "text", "Its name"),
      column("SubAccountId", "text", "Account, subscription or project"),
      column("SubAccountName", "text", "Its name"),
      column("RegionId", "text", "As the provider writes it: eu-central-1"),
      column("RegionName", "text", "As people say it: Frankfurt"),
      column("AvailabilityZone", "text", "The zone inside a region"),
    ],
  },
  {
    title: "What",
    columns: [
      column("ServiceCategory", "text", "One of nineteen kinds, the same for every cloud"),
      column("ServiceSubcategory", "text", "A finer kind"),
      column("ServiceName", "text", "The provider's name for the service"),
      column("ResourceId", "text", "The resource that was used"),
      column("ResourceName", "text", "Its name"),
      column("ResourceType", "text", "Its type"),
      column("SkuId", "text", "What was sold"),
      column("SkuPriceId", "text", "At which of its prices"),
      column("SkuMeter", "text", "What was measured"),
      column("Tags", "json", "All tags; tag('team') gives one of them or NULL"),
    ],
  },
  {
    title: "How it is charged",
    columns: [
      column("ChargeCategory", "text", "Usage, Purchase, Tax, Credit or Adjustment"),
      column("ChargeClass", "text", "Correction, or NULL"),
      column("ChargeFrequency", "text", "One-Time, Recurring or Usage-Based"),
      column("ChargeDescription", "text", "In the provider's words"),
      column("PricingCategory", "text", "Standard, Dynamic, Committed or Other"),
      column("PricingQuantity", "decimal", "Quantity that was priced"),
      column("PricingUnit", "text", "Its unit"),
      column("ConsumedQuantity", "decimal", "Quantity that was used"),
      column("ConsumedUnit", "text", "Its unit"),
      column("ListUnitPrice", "decimal", "Public price of one unit"),
      column("ContractedUnitPrice", "decimal", "Negotiated price of one unit"),
      column("CommitmentDiscountId", "text", "Reservation or savings plan"),
      column("CommitmentDiscountName", "text", "Its name"),
      column("CommitmentDiscountType", "text", "The provider's kind"),
      column("CommitmentDiscountCategory", "text", "Spend or Usage"),
      column("CommitmentDiscountStatus", "text", "Used or Unused"),
    ],
  },
];

export const OTHER_TABLES: { name: string; help: string }[] = [
  { name: "contract_commitment", help: "What was committed to, for how long" },
  { name: "invoice_detail", help: "Lines of invoices" },
  { name: "billing_period", help: "Which periods are open or closed" },
];

export const EXAMPLES: { title: string; sql: string }[] = [
  {
    title: "Cost by service",
    sql: `SELECT ServiceName, BillingCurrency, SUM(EffectiveCost) AS cost
FROM focus
GROUP BY ServiceName, BillingCurrency
ORDER BY cost DESC
LIMIT 20`,
  },
  {
    title: "Untagged spend by account",
    sql: `SELECT SubAccountName, BillingCurrency, SUM(EffectiveCost) AS untagged
FROM focus
WHERE tag('team') IS NULL
GROUP BY SubAccountName, BillingCurrency
ORDER BY untagged DESC`,
  },
  {
    title: "Unused commitments by month",
    sql: `SELECT billing_period, CommitmentDiscountType, BillingCurrency,
       SUM(EffectiveCost) AS unused
FROM focus
WHERE CommitmentDiscountStatus = 'Unused'
GROUP BY billing_period, CommitmentDiscountType, BillingCurrency
ORDER BY billing_period`,
  },
  {
    title: "Invoice against bill",
    sql: `SELECT InvoiceId, BillingCurrency, SUM(BilledCost) AS billed
FROM focus
GROUP BY InvoiceId, BillingCurrency
ORDER BY billed DESC`,
  },
];
