//! What could cost less, from the bills alone, and how well commitments are used.
//!
//! Both need more than sums by dimension, so they are asked as SQL, within the asker's scope and the same
//! bounds. Looked at are the dearest resources; how many were not is said.

use super::{InsightError, known};
use crate::workspace::Workspace;
use bursar_domain::{Amount, CurrencyCode, DateRange};
use bursar_finops::commitment::{ChargeKind, ChargeSum, CommitmentStatus, PricingKind, Rates, rates};
use bursar_finops::recommend::{ALL, Inventory, Line, Recommendation, Resource, Settings, recommend};
use chrono::{Datelike, Days, NaiveDate};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

/// Days that are looked at.
const WINDOW_DAYS: u64 = 35;
/// Resources that are looked at, the dearest first.
const MAX_LOOKED_AT: usize = 2_000;
/// Years that bills are of; the engine's own moments end not long after.
const FIRST_YEAR: i32 = 1970;
const LAST_YEAR: i32 = 2200;
/// Rows of the answer.
const MAX_ROWS: usize = 400_000;

/// What could cost less.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommended {
    /// The days it rests on.
    pub days: DateRange,
    /// Recommendations, the largest saving first within each currency.
    pub items: Vec<Recommendation>,
    /// What was not looked at, and why.
    pub not_assessed: Vec<(String, String)>,
}

/// How commitments are used.
#[derive(Debug, Clone, PartialEq)]
pub struct Commitments {
    /// The days it rests on.
    pub days: DateRange,
    /// Rates by currency.
    pub rates: BTreeMap<CurrencyCode, Rates>,
}

impl Workspace {
    /// The last days that are complete.
    fn window(&self) -> Result<DateRange, InsightError> {
        let until = known::known_until(self)?;
        let from = until.checked_sub_days(Days::new(WINDOW_DAYS)).ok_or(InsightError::NoCharges)?;
        DateRange::new(from, until).map_err(|_| InsightError::NoCharges)
    }

    /// The columns there are.
    async fn columns(&self) -> Result<BTreeSet<String>, InsightError> {
        let table = self.sql("SELECT * FROM focus LIMIT 0", 1).await?;
        Ok(table.columns.into_iter().map(|(name, _)| name).collect())
    }

    /// What could cost less.
    ///
    /// # Errors
    /// When there are no complete days yet, or the charges cannot be asked.
    pub async fn recommendations(&self) -> Result<Recommended, InsightError> {
        let days = self.window()?;
        let columns = self.columns().await?;
        let mut not_assessed = vec![(
            "non-production at night".to_owned(),
            "needs charges by the hour: these were read by the day".to_owned(),
        )];
        if !columns.contains("ResourceId") {
            not_assessed.push(("all resources".to_owned(), "the bills have no ResourceId".to_owned()));
            return Ok(Recommended { days, items: Vec::new(), not_assessed });
        }
        let settings = Settings::default();
        let table = self.sql(&question(&columns, days, &settings), MAX_ROWS).await?;
        if table.truncated {
            not_assessed.push((
                "some days of some resources".to_owned(),
                format!("there are more than {MAX_ROWS} sums by resource, meter and day"),
            ));
        }
        not_assessed.push((
            "cheaper resources".to_owned(),
            format!("the {MAX_LOOKED_AT} dearest resources are looked at"),
        ));
        if table.rows.is_empty() {
            not_assessed
                .push(("all resources".to_owned(), "no charge of these days names a resource".to_owned()));
        }
        let found = tokio::task::spawn_blocking(move || {
            let inventory = inventory(days, table.rows, &settings)?;
            if inventory.resources.is_empty() {
                return Ok(Vec::new());
            }
            recommend(&inventory, &settings, ALL).map_err(|error| InsightError::Asked(error.to_string()))
        });
        let items = found.await.map_err(|stopped| InsightError::Failed(stopped.to_string()))??;
        Ok(Recommended { days, items, not_assessed })
    }

    /// How commitments are used, and what they save; over the last complete days, unless others are named.
    ///
    /// # Errors
    /// As [`Workspace::recommendations`].
    pub async fn commitments(&self, days: Option<DateRange>) -> Result<Commitments, InsightError> {
        if let Some(days) = days
            && ![days.from(), days.to()].iter().all(|day| (FIRST_YEAR..LAST_YEAR).contains(&day.year()))
        {
            return Err(InsightError::Asked(format!(
                "no bill has charges of {} to {}",
                days.from(),
                days.to()
            )));
        }
        let days = match days {
            Some(days) => days,
            None => self.window()?,
        };
        let columns = self.columns().await?;
        let text = |name: &str| {
            if columns.contains(name) { name.to_owned() } else { "CAST(NULL AS VARCHAR)".to_owned() }
        };
        let sum = |name: &str| {
            if columns.contains(name) { format!("SUM({name})") } else { "SUM(EffectiveCost)".to_owned() }
        };
        let sql = format!(
            "SELECT ChargeCategory, {}, {}, {}, BillingCurrency, {}, {}, SUM(EffectiveCost), {} FROM focus \
             WHERE ChargePeriodStart >= '{}' AND ChargePeriodStart < '{}' GROUP BY 1, 2, 3, 4, 5",
            text("PricingCategory"),
            text("CommitmentDiscountId"),
            text("CommitmentDiscountStatus"),
            sum("ListCost"),
            sum("ContractedCost"),
            sum("BilledCost"),
            days.from(),
            days.to()
        );
        let table = self.sql(&sql, MAX_ROWS).await?;
        let mut sums = Vec::with_capacity(table.rows.len());
        for row in table.rows {
            let mut cells = row.into_iter();
            let mut next = || cells.next().flatten();
            let (charge, pricing, commitment, status) = (next(), next(), next(), next());
            let Some(Ok(currency)) = next().map(|text| text.parse::<CurrencyCode>()) else { continue };
            let mut amount = || next().and_then(|text| text.parse::<Amount>().ok()).unwrap_or_default();
            sums.push(ChargeSum {
                charge: match charge.as_deref() {
                    Some("Purchase") => ChargeKind::Purchase,
                    Some("Usage") => ChargeKind::Usage,
                    Some("Tax") => ChargeKind::Tax,
                    Some("Credit") => ChargeKind::Credit,
                    _ => ChargeKind::Adjustment,
                },
                pricing: match pricing.as_deref() {
                    Some("Standard") => Some(PricingKind::Standard),
                    Some("Dynamic") => Some(PricingKind::Dynamic),
                    Some("Committed") => Some(PricingKind::Committed),
                    Some(_) => Some(PricingKind::Other),
                    None => None,
                },
                status: match status.as_deref() {
                    Some("Used") => Some(CommitmentStatus::Used),
                    Some("Unused") => Some(CommitmentStatus::Unused),
                    _ => None,
                },
                commitment,
                eligible: None,
                currency,
                list_cost: amount(),
                contracted_cost: amount(),
                effective_cost: amount(),
                billed_cost: amount(),
            });
        }
        Ok(Commitments { days, rates: rates(&sums)? })
    }
}

/// Usage of the dearest resources by meter and day.
fn question(columns: &BTreeSet<String>, days: DateRange, settings: &Settings) -> String {
    let text = |names: &[&str]| {
        let found = names.iter().find(|name| columns.contains(**name));
        found.map_or_else(|| "CAST(NULL AS VARCHAR)".to_owned(), |name| (*name).to_owned())
    };
    let consumed =
        if columns.contains("ConsumedQuantity") { "SUM(ConsumedQuantity)" } else { "CAST(NULL AS DOUBLE)" };
    let committed = if columns.contains("CommitmentDiscountId") {
        "SUM(CASE WHEN CommitmentDiscountId IS NOT NULL THEN EffectiveCost END)"
    } else {
        "CAST(NULL AS DOUBLE)"
    };
    let period = format!(
        "ChargeCategory = 'Usage' AND ResourceId IS NOT NULL AND ChargePeriodStart >= '{}' AND ChargePeriodStart < '{}'",
        days.from(),
        days.to()
    );
    let mut sql = format!(
        "SELECT ResourceId, {}, {}, {}, ServiceName, {}, BillingCurrency, {}, {}, {}, CAST(ChargePeriodStart AS DATE), {consumed}, SUM(EffectiveCost), {committed}",
        text(&["SubAccountId"]),
        text(&["RegionId"]),
        text(&["ServiceProviderName", "ProviderName", "provider"]),
        text(&["ServiceCategory"]),
        text(&["SkuMeter", "ChargeDescription", "SkuId"]),
        text(&["SkuId"]),
        text(&["ConsumedUnit"]),
    );
    let groups = 11 + settings.environment_tags.len();
    for key in &settings.environment_tags {
        // A quote in a key is written twice, as SQL has it.
        let _ = write!(sql, ", tag('{}')", key.replace('\'', "''"));
    }
    let by: Vec<String> =
        (1..=groups + 3).filter(|at| !(12..=14).contains(at)).map(|at| at.to_string()).collect();
    let _ = write!(
        sql,
        " FROM focus WHERE {period} AND ResourceId IN (SELECT ResourceId FROM focus WHERE {period} GROUP BY ResourceId ORDER BY SUM(EffectiveCost) DESC LIMIT {MAX_LOOKED_AT}) GROUP BY {}",
        by.join(", ")
    );
    sql
}

/// The rows as resources.
fn inventory(
    days: DateRange,
    rows: Vec<Vec<Option<String>>>,
    settings: &Settings,
) -> Result<Inventory, InsightError> {
    let length = usize::try_from(days.len_days()).unwrap_or_default();
    let mut resources: Vec<Resource> = Vec::new();
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    for row in rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let Some(id) = next() else { continue };
        let (account, region, provider, service, category) = (next(), next(), next(), next(), next());
        let Some(Ok(currency)) = next().map(|text| text.parse::<CurrencyCode>()) else { continue };
        let (meter, sku_id, unit, day) =
            (next().unwrap_or_default(), next(), next().unwrap_or_default(), next());
        let Some(Ok(day)) = day.map(|day| day.parse::<NaiveDate>()) else { continue };
        let Ok(at) = usize::try_from((day - days.from()).num_days()) else { continue };
        let mut amount = || next().and_then(|text| decimal(&text)).unwrap_or_default();
        let (consumed, effective, committed) = (amount(), amount(), amount());
        let place = *places.entry((id.clone(), currency.to_string())).or_insert_with(|| {
            resources.push(Resource {
                id,
                account,
                region,
                provider: provider.unwrap_or_default(),
                service: service.unwrap_or_default(),
                category: category.unwrap_or_default(),
                tags: BTreeMap::new(),
                currency,
                lines: Vec::new(),
            });
            resources.len() - 1
        });
        let resource = &mut resources[place];
        for key in &settings.environment_tags {
            if let Some(value) = next() {
                resource.tags.insert(key.clone(), value);
            }
        }
        let found = resource.lines.iter().position(|line| line.meter == meter && line.unit == unit);
        let line = match found {
            Some(found) => &mut resource.lines[found],
            None => {
                resource.lines.push(Line {
                    meter,
                    sku_id,
                    unit,
                    consumed: vec![Amount::ZERO; length],
                    effective_cost: vec![Amount::ZERO; length],
                    committed_cost: vec![Amount::ZERO; length],
                    by_hour: None,
                });
                let last = resource.lines.len() - 1;
                &mut resource.lines[last]
            }
        };
        for (list, more) in [
            (&mut line.consumed, consumed),
            (&mut line.effective_cost, effective),
            (&mut line.committed_cost, committed),
        ] {
            if let Some(sum) = list.get_mut(at) {
                *sum = sum.checked_add(more)?;
            }
        }
    }
    Ok(Inventory { from: days.from(), days: length, resources })
}

/// A quantity, which the engine may print as a double.
fn decimal(text: &str) -> Option<Amount> {
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        (value.is_finite() && value.abs() < 1e15).then(|| format!("{value:.6}").parse().ok()).flatten()
    })
}
