//! `/api/v1/dashboard`: everything the first page shows, in one answer.

use super::model::{Decimal, Freshness};
use super::question::MeasureId;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_app::{Measure, answer};
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// This month so far against the last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard {
    /// Which cost.
    measure: &'static str,
    /// The sum.
    this_month: ThisMonth,
    /// Day by day.
    daily: Vec<Daily>,
    /// By provider; `previous` is the same days of the month before.
    by_provider: Vec<BreakdownRow>,
    /// By service.
    by_service: Vec<BreakdownRow>,
    /// By account.
    by_account: Vec<BreakdownRow>,
    /// What changed most against the same days of the month before.
    movers: Vec<MoverView>,
    /// What the figures rest on.
    freshness: Vec<Freshness>,
}

/// This month so far.
#[derive(Debug, Serialize, ToSchema)]
struct ThisMonth {
    /// First day of the month.
    period: NaiveDate,
    /// First day counted.
    from: NaiveDate,
    /// The day after the last day counted.
    to: NaiveDate,
    /// A sum for each currency.
    totals: Vec<MonthTotal>,
}

/// The sum of a currency.
#[derive(Debug, Serialize, ToSchema)]
struct MonthTotal {
    /// The currency.
    currency: String,
    /// So far.
    amount: Decimal,
    /// The whole month before.
    #[schema(required)]
    previous: Option<Decimal>,
    /// As many days of the month before.
    #[schema(required)]
    previous_same_days: Option<Decimal>,
    /// Whether it may still change.
    provisional: bool,
}

/// A day.
#[derive(Debug, Serialize, ToSchema)]
struct Daily {
    /// The day.
    period: NaiveDate,
    /// The currency.
    currency: String,
    /// The sum.
    amount: Decimal,
}

/// A group.
#[derive(Debug, Serialize, ToSchema)]
struct BreakdownRow {
    /// Its value; null is "has none".
    #[schema(required)]
    key: Option<String>,
    /// The value as a page shows it.
    label: String,
    /// The currency.
    currency: String,
    /// The sum so far.
    amount: Decimal,
    /// The same days of the month before.
    #[schema(required)]
    previous: Option<Decimal>,
}

/// A group whose cost changed.
#[derive(Debug, Serialize, ToSchema)]
struct MoverView {
    /// Of which dimension.
    dimension: String,
    /// Its value; null is "has none".
    #[schema(required)]
    key: Option<String>,
    /// The value as a page shows it.
    label: String,
    /// The currency.
    currency: String,
    /// This month so far.
    amount: Decimal,
    /// The same days of the month before.
    previous: Decimal,
    /// The difference.
    change: Decimal,
}

/// The parameters, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct DashboardParameters {
    /// Which cost is added up; EffectiveCost when left out
    #[param(required = false, inline)]
    measure: MeasureId,
}

/// This month so far against the last: sums, days, groups, what moved.
#[utoipa::path(get, path = "/api/v1/dashboard", tag = "cost", operation_id = "dashboard", params(DashboardParameters),
    responses((status = 200, body = Dashboard, description = "The first page"), CommonProblems))]
pub(crate) async fn dashboard(seen: Seen, mut parameters: Parameters) -> Result<Json<Dashboard>, Problem> {
    let measure = parameters.parsed::<Measure>("measure")?.unwrap_or_default();
    parameters.finish()?;
    Ok(Json(view(measure, seen.workspace.dashboard(measure).await?)))
}

fn view(measure: Measure, from: answer::Dashboard) -> Dashboard {
    let sum = |answer: &answer::Answer, currency: &String| {
        answer.totals.iter().find(|t| &t.currency == currency).map(|t| Decimal(t.amount))
    };
    // A currency that only the month before had still belongs on the page, with nothing so far.
    let mut currencies: Vec<_> = [&from.month, &from.last_month]
        .iter()
        .flat_map(|a| a.totals.iter().map(|t| t.currency.clone()))
        .collect();
    currencies.sort();
    currencies.dedup();
    let totals = currencies.iter().map(|currency| MonthTotal {
        currency: currency.clone(),
        amount: sum(&from.month, currency).unwrap_or(Decimal(bursar_domain::Amount::ZERO)),
        previous: sum(&from.last_month, currency),
        previous_same_days: sum(&from.same_days, currency),
        provisional: from.month.provisional,
    });
    let first = from.so_far.from();
    Dashboard {
        measure: measure.id(),
        this_month: ThisMonth {
            period: first.with_day(1).unwrap_or(first),
            from: first,
            to: from.so_far.to(),
            totals: totals.collect(),
        },
        daily: from
            .daily
            .rows
            .iter()
            .filter_map(|row| {
                Some(Daily {
                    period: row.period?,
                    currency: row.currency.clone(),
                    amount: Decimal(row.amount),
                })
            })
            .collect(),
        by_provider: breakdown(from.by_provider),
        by_service: breakdown(from.by_service),
        by_account: breakdown(from.by_account),
        movers: from
            .movers
            .into_iter()
            .map(|m| MoverView {
                dimension: m.dimension,
                label: label(m.key.as_deref()),
                key: m.key,
                currency: m.currency,
                amount: Decimal(m.amount),
                previous: Decimal(m.previous),
                change: Decimal(m.change),
            })
            .collect(),
        freshness: from.month.freshness.into_iter().map(Freshness::from).collect(),
    }
}

fn breakdown(answer: answer::Answer) -> Vec<BreakdownRow> {
    let row = |row: answer::Row| {
        let key = row.keys.into_iter().next().flatten();
        BreakdownRow {
            label: label(key.as_deref()),
            key,
            currency: row.currency,
            amount: Decimal(row.amount),
            previous: row.previous.map(Decimal),
        }
    };
    answer.rows.into_iter().filter(|row| !row.other).map(row).collect()
}

fn label(key: Option<&str>) -> String {
    key.unwrap_or("(none)").to_owned()
}
