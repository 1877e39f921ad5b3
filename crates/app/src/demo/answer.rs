//! The answer key: what a reader of the demo must find.

use super::calendar::Calendar;
use super::company::Provider;
use super::money;
use super::world::World;
use bursar_domain::{Amount, BillingPeriod};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Sums of one delivery, exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Whose.
    pub provider: Provider,
    /// BillingCurrency of every row.
    pub currency: String,
    /// The month.
    pub billing_period: BillingPeriod,
    /// Whether it is the delivery that counts; the others were replaced by it.
    pub counts: bool,
    /// When it was complete.
    pub delivered_at: DateTime<Utc>,
    /// Rows.
    pub rows: u64,
    /// Σ BilledCost.
    pub billed_cost: Amount,
    /// Σ EffectiveCost.
    pub effective_cost: Amount,
    /// Σ ListCost.
    pub list_cost: Amount,
    /// Σ ContractedCost.
    pub contracted_cost: Amount,
}

/// A planted anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Its name.
    pub id: String,
    /// Where.
    pub provider: Provider,
    /// ServiceName.
    pub service_name: String,
    /// SubAccountName.
    pub sub_account_name: String,
    /// RegionId.
    pub region_ids: Vec<String>,
    /// ResourceIds.
    pub resource_ids: Vec<String>,
    /// First day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: NaiveDate,
    /// Cost beyond the normal, at contracted prices.
    pub excess: Amount,
    /// Its currency.
    pub currency: String,
    /// What happened.
    pub cause: String,
}

/// Something that is not as FOCUS wants it, on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFinding {
    /// Where.
    pub provider: Provider,
    /// In which delivery; all when absent.
    pub billing_period: Option<BillingPeriod>,
    /// The columns.
    pub columns: Vec<String>,
    /// Rules of FOCUS 1.2 that it breaks; none when a reader can make it right without asking.
    pub rules: Vec<String>,
    /// What and why.
    pub explanation: String,
}

pub(super) fn anomalies(worlds: &[World], calendar: &Calendar) -> Vec<Anomaly> {
    let mut anomalies: Vec<Anomaly> = Vec::new();
    for world in worlds {
        for item in &world.items {
            let Some(planted) = item.anomaly() else { continue };
            let (from, to) = item.hot_days();
            let mut excess = Amount::ZERO;
            for day in from.max(0)..to.min(calendar.days()) {
                let hot = item.quantity(day, calendar).unwrap_or_default();
                let normal = item.normal_quantity(day, calendar).unwrap_or_default();
                money::add(&mut excess, money::cost(item.contracted, hot.minus(normal)));
            }
            let resource = item.resource_id.clone();
            let region = item.region.id.to_owned();
            if let Some(known) = anomalies.iter_mut().find(|anomaly| anomaly.id == planted.id) {
                money::add(&mut known.excess, excess);
                known.resource_ids.push(resource);
                if !known.region_ids.contains(&region) {
                    known.region_ids.push(region);
                }
                continue;
            }
            anomalies.push(Anomaly {
                id: planted.id.to_owned(),
                provider: world.provider,
                service_name: item.sku.service.name.to_owned(),
                sub_account_name: world.accounts[item.account].name.clone(),
                region_ids: vec![region],
                resource_ids: vec![resource],
                from: calendar.date(from),
                to: calendar.date(to),
                excess,
                currency: world.terms.currency.to_owned(),
                cause: planted.cause.to_owned(),
            });
        }
    }
    anomalies
}

pub(super) fn known_findings(calendar: &Calendar) -> Vec<KnownFinding> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let finding = |provider, billing_period, columns, rules, explanation: &str| KnownFinding {
        provider,
        billing_period,
        columns: owned(columns),
        rules: owned(rules),
        explanation: explanation.to_owned(),
    };
    vec![
        finding(
            Provider::Aws,
            None,
            &["SkuPriceId"],
            &["SkuPriceId-C-005-C"],
            "purchases and unused parts of commitments have no price id: a gap that AWS documents",
        ),
        finding(
            Provider::Azure,
            Some(calendar.months()[super::delivery::LITERAL_NULLS_AT]),
            &["ChargeClass", "CommitmentDiscountId", "CommitmentDiscountStatus", "ResourceName", "InvoiceId"],
            &[],
            "one delivery spells NULL as the word NULL",
        ),
        finding(
            Provider::Azure,
            None,
            &["ListCost", "ListUnitPrice"],
            &[],
            "marketplace charges have a list price of 0, as Azure's export has no price for them",
        ),
        finding(
            Provider::Gcp,
            None,
            &["Tags"],
            &["Tags-C-001-M", "KeyValueFormat-A-004-M"],
            "tags are an array of key and value, as BigQuery has them, not one JSON object",
        ),
    ]
}
