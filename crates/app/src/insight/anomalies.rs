//! Incidents in the charges: what changed, since when, why, and what people said about it.

use super::documents::{change, read};
use super::{InsightError, known};
use crate::installation::Entered;
use crate::question::{Dimension, Grain, Measure, Question};
use crate::workspace::Workspace;
use bursar_domain::{CurrencyCode, DateRange};
use bursar_finops::anomaly::cost::{Category, Charge, Feedback, Incident, Options, Table, detect};
use bursar_store::{Entry, StoreError};
use chrono::{Days, NaiveDate};
use serde_json::json;

const NAME: &str = "anomaly feedback";
/// Days that incidents are looked for in.
const LOOKED_AT_DAYS: u64 = 180;
/// Cells that are looked through.
const MAX_CELLS: usize = 2_000_000;
/// Things that were said; the oldest go first.
const MAX_FEEDBACK: usize = 300;
/// Longest reason, in bytes.
const MAX_REASON: usize = 500;

/// What charges are told apart by, where the columns are there; the category comes last.
const DIMENSIONS: [&str; 6] =
    ["ProviderName", "BillingAccountId", "SubAccountId", "ServiceName", "RegionId", "SkuId"];

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Incidents {
    /// The first day whose charges are not complete; nothing is looked for from there on.
    pub as_of: NaiveDate,
    /// Incidents, the latest first; with what was said about those that were expected.
    pub items: Vec<(Incident, Option<Feedback>)>,
    /// Charges left out: taxes, credits, purchases, corrections.
    pub left_out: u64,
}

/// What somebody says about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackGiven {
    /// Why it was to be expected.
    pub reason: String,
    /// Until when; `None` is for good.
    pub until: Option<NaiveDate>,
}

impl Entered {
    /// The incidents of the last days, as far as whoever asks sees the charges.
    ///
    /// # Errors
    /// When the charges cannot be asked.
    pub async fn incidents(&self, days: u64) -> Result<Incidents, InsightError> {
        let feedback: Vec<Feedback> = read(self, NAME).await?;
        self.workspace().incidents(days, feedback).await
    }

    /// Says that an incident was to be expected. It is no incident from then on, and neither is the same
    /// thing again until the day given.
    ///
    /// # Errors
    /// When there is no such incident, or the reason is missing.
    pub async fn expect_incident(&self, id: &str, given: FeedbackGiven) -> Result<(), InsightError> {
        if given.reason.trim().is_empty() || given.reason.len() > MAX_REASON {
            return Err(InsightError::Asked(format!("`reason`: say why in 1 to {MAX_REASON} bytes")));
        }
        let found = self.incidents(LOOKED_AT_DAYS).await?;
        let incident = found.items.into_iter().map(|(incident, _)| incident).find(|found| found.id == id);
        let incident = incident.ok_or(StoreError::NotFound("incident"))?;
        if given.until.is_some_and(|until| until <= incident.since) {
            return Err(InsightError::Asked("`until` is before the incident".to_owned()));
        }
        let feedback = Feedback {
            scope: incident.scope,
            from: incident.since,
            until: given.until,
            reason: given.reason,
            by: self.actor().principal.to_string(),
        };
        change(self, NAME, |kept: &mut Vec<Feedback>| {
            kept.retain(|known| known.scope != feedback.scope || known.from != feedback.from);
            kept.push(feedback.clone());
            let excess = kept.len().saturating_sub(MAX_FEEDBACK);
            kept.drain(..excess);
            Ok((Entry::done("anomaly.expect", id).with(json!({ "after": feedback })), ()))
        })
        .await
    }

    /// Takes back what was said about an incident.
    ///
    /// # Errors
    /// When nothing was said.
    pub async fn unexpect_incident(&self, id: &str) -> Result<(), InsightError> {
        let found = self.incidents(LOOKED_AT_DAYS).await?;
        let said = found.items.into_iter().find(|(found, _)| found.id == id).and_then(|(_, said)| said);
        let said = said.ok_or(StoreError::NotFound("feedback"))?;
        change(self, NAME, |kept: &mut Vec<Feedback>| {
            kept.retain(|known| *known != said);
            Ok((Entry::done("anomaly.unexpect", id).with(json!({ "before": said })), ()))
        })
        .await
    }
}

impl Workspace {
    async fn incidents(&self, days: u64, feedback: Vec<Feedback>) -> Result<Incidents, InsightError> {
        let as_of = known::known_until(self)?;
        let days = days.clamp(1, LOOKED_AT_DAYS);
        let from = as_of.checked_sub_days(Days::new(LOOKED_AT_DAYS)).ok_or(InsightError::NoCharges)?;
        let period = DateRange::new(from, as_of).map_err(|_| InsightError::NoCharges)?;
        let there = self.dimensions().0;
        let is_there = |id: &&str| there.iter().any(|dimension| dimension.id == **id);
        let used: Vec<&str> = DIMENSIONS.into_iter().filter(is_there).collect();
        let by = used.iter().copied().chain(["ChargeCategory"]).map(Dimension::parse).collect();
        let question = Question {
            measure: Measure::EffectiveCost,
            by,
            grain: Grain::Day,
            period: Some(period),
            ..Question::default()
        };
        let rows = self.ask(question).await?.rows;
        let used: Vec<String> = used.into_iter().map(str::to_owned).collect();
        let found = tokio::task::spawn_blocking(move || {
            let table = table(&rows, &used)?;
            // Days that are still arriving are not in the table.
            let options = Options { late_days: 0, ..Options::default() };
            detect(&table, &options, &feedback).map_err(InsightError::from)
        });
        let found = found.await.map_err(|stopped| InsightError::Failed(stopped.to_string()))??;
        let since = as_of.checked_sub_days(Days::new(days)).ok_or(InsightError::NoCharges)?;
        let recent = |incident: &Incident| incident.until.is_none_or(|until| until > since);
        let mut items: Vec<(Incident, Option<Feedback>)> =
            found.incidents.into_iter().map(|incident| (incident, None)).collect();
        items.extend(found.expected.into_iter().map(|(incident, said)| (incident, Some(said))));
        items.retain(|(incident, _)| recent(incident));
        items.sort_by(|(a, _), (b, _)| b.since.cmp(&a.since).then_with(|| a.id.cmp(&b.id)));
        Ok(Incidents { as_of, items, left_out: found.left_out })
    }
}

/// The rows of an answer as cells. The category is the last key of each.
fn table(rows: &[crate::answer::Row], used: &[String]) -> Result<Table, InsightError> {
    let mut table = Table::new(MAX_CELLS);
    for row in rows {
        let Some(day) = row.period else { continue };
        let key = |id: &str| {
            let at = used.iter().position(|used| used == id);
            at.and_then(|at| row.keys.get(at)?.as_deref()).unwrap_or_default()
        };
        // Charges without a currency cannot be watched: they could be of any.
        let Ok(currency) = row.currency.parse::<CurrencyCode>() else { continue };
        let charge = Charge {
            day,
            currency: &currency,
            amount: row.amount,
            category: match row.keys.last().and_then(Option::as_deref) {
                Some("Tax") => Category::Tax,
                Some("Credit") => Category::Credit,
                Some("Purchase") => Category::Purchase,
                Some("Adjustment") => Category::Adjustment,
                _ => Category::Usage,
            },
            correction: false,
            provider: key("ProviderName"),
            billing_account: key("BillingAccountId"),
            account: key("SubAccountId"),
            service: key("ServiceName"),
            region: key("RegionId"),
            item: key("SkuId"),
            resource: "",
            tag: "",
        };
        table.add(&charge).map_err(|error| InsightError::Failed(error.to_string()))?;
    }
    Ok(table)
}
