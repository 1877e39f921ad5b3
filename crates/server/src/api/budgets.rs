//! `/api/v1/budgets`: what may be spent, how it stands, and what pushed it over.

use super::body::{self, Done, GivenRule};
use super::forecast::unfit;
use super::me::RuleView;
use super::model::Decimal;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use bursar_app::insight::{BudgetReport, BudgetView};
use bursar_domain::id::BudgetId;
use bursar_domain::{Amount, CurrencyCode, Scope};
use bursar_finops::budget::{Budget, Cadence, Measured, Standing, Threshold};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// The budgets of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Budgets {
    /// The budgets, in the order they were added.
    items: Vec<BudgetItem>,
}

/// A budget, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BudgetItem {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The currency of every amount.
    currency: String,
    /// How long a period is.
    cadence: CadenceId,
    /// The amount of a period.
    amount: Decimal,
    /// The charges it is about: those for which all of these rules hold. Null is all charges.
    #[schema(required)]
    scope: Option<Vec<RuleView>>,
    /// Who is told when.
    thresholds: Vec<ThresholdView>,
    /// Goes up with changes that make thresholds speak again.
    revision: u32,
    /// How it stands; null while there are no charges.
    #[schema(required)]
    status: Option<StatusView>,
}

/// The length of a budget's period.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CadenceId {
    Monthly,
    Quarterly,
    Yearly,
}

/// What a threshold looks at.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MeasuredId {
    Actual,
    Forecast,
}

/// A threshold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThresholdView {
    /// What is compared.
    on: MeasuredId,
    /// The part of the budget.
    #[schema(minimum = 0.01, maximum = 1000)]
    percent: f64,
    /// Who is told: e-mail addresses.
    #[schema(min_items = 1, max_items = 50)]
    recipients: Vec<String>,
}

/// How a budget stands.
#[derive(Debug, Serialize, ToSchema)]
struct StatusView {
    /// The period.
    period: PeriodView,
    /// The plan.
    amount: Decimal,
    /// What was spent on known days.
    actual: Decimal,
    /// What is left; below zero when over.
    remaining: Decimal,
    /// Spent of planned; null for a plan of nothing.
    #[schema(required)]
    used_percent: Option<f64>,
    /// Days known of days in the period.
    #[schema(required)]
    elapsed_percent: Option<f64>,
    /// What will have been spent at the end.
    #[schema(required)]
    forecast: Option<RangeView>,
    /// on-track, at-risk (expected to end over) or over.
    standing: &'static str,
    /// Day by day.
    burn: Vec<BurnView>,
    /// What grew most against as many days of the period before.
    pushed_by: Vec<PushView>,
    /// Thresholds that are reached.
    fired: Vec<FiredView>,
}

/// A period.
#[derive(Debug, Serialize, ToSchema)]
struct PeriodView {
    /// First day.
    from: NaiveDate,
    /// The day after the last.
    to: NaiveDate,
}

/// A range.
#[derive(Debug, Serialize, ToSchema)]
struct RangeView {
    /// The low end of 80 %.
    low: Decimal,
    /// What is expected.
    expected: Decimal,
    /// The high end of 80 %.
    high: Decimal,
}

/// A day of a budget.
#[derive(Debug, Serialize, ToSchema)]
struct BurnView {
    /// The day.
    day: NaiveDate,
    /// Spent until its end; null when it is not known yet.
    #[schema(required)]
    actual_cumulative: Option<Decimal>,
    /// The plan until its end, spent evenly.
    plan_cumulative: Decimal,
}

/// Something that grew.
#[derive(Debug, Serialize, ToSchema)]
struct PushView {
    /// The service.
    key: String,
    /// What it cost.
    now: Decimal,
    /// What it cost before.
    before: Decimal,
    /// The difference.
    change: Decimal,
}

/// A threshold that is reached.
#[derive(Debug, Serialize, ToSchema)]
struct FiredView {
    /// What it looks at.
    on: MeasuredId,
    /// The part of the budget.
    percent: f64,
    /// What reached it.
    amount: Decimal,
}

/// A budget to be added, or what one is changed to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BudgetRequest {
    /// What people call it.
    #[schema(min_length = 1, max_length = 256, example = "Web shop")]
    name: String,
    /// The currency of every amount.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    currency: String,
    /// How long a period is.
    cadence: CadenceId,
    /// The amount of a period.
    #[schema(pattern = r"^[0-9]{1,15}(\.[0-9]{1,10})?$", example = "12000")]
    amount: String,
    /// The charges it is about: those for which all of these rules hold; null is all charges.
    #[serde(default)]
    #[schema(required = false, min_items = 1, max_items = 100)]
    scope: Option<Vec<GivenRule>>,
    /// Who is told when.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    thresholds: Vec<ThresholdView>,
    /// The revision that was changed, as it was read; it is not checked.
    #[serde(default)]
    #[schema(required = false, value_type = u32)]
    #[expect(dead_code, reason = "what was read may be sent back whole")]
    revision: Option<serde_json::Number>,
}

impl From<CadenceId> for Cadence {
    fn from(id: CadenceId) -> Self {
        match id {
            CadenceId::Monthly => Self::Monthly,
            CadenceId::Quarterly => Self::Quarterly,
            CadenceId::Yearly => Self::Yearly,
        }
    }
}

const fn measured(on: Measured) -> MeasuredId {
    match on {
        Measured::Actual => MeasuredId::Actual,
        Measured::Forecast => MeasuredId::Forecast,
    }
}

fn percent(basis_points: u32) -> f64 {
    f64::from(basis_points) / 100.0
}

fn checked(given: BudgetRequest) -> Result<Budget, Problem> {
    let amount: Amount = given.amount.parse().map_err(|error| unfit(format!("`amount`: {error}")))?;
    let currency: CurrencyCode =
        given.currency.parse().map_err(|error| unfit(format!("`currency`: {error}")))?;
    let thresholds = given.thresholds.into_iter().map(|threshold| {
        let points = (threshold.percent * 100.0).round();
        if !(1.0..=100_000.0).contains(&points) {
            return Err(unfit("`thresholds`: a percentage is 0.01 to 1000"));
        }
        Ok(Threshold {
            on: match threshold.on {
                MeasuredId::Actual => Measured::Actual,
                MeasuredId::Forecast => Measured::Forecast,
            },
            basis_points: points as u32,
            recipients: threshold.recipients.into_iter().collect::<BTreeSet<_>>(),
        })
    });
    Ok(Budget {
        name: given.name.trim().to_owned(),
        scope: body::scope(given.scope).map_err(|problem| unfit(problem.into_detail()))?,
        currency,
        cadence: given.cadence.into(),
        year_starts_in: 1,
        amount,
        amounts: BTreeMap::new(),
        thresholds: thresholds.collect::<Result<_, _>>()?,
        revision: 0,
    })
}

fn item(view: BudgetView, status: Option<StatusView>) -> BudgetItem {
    let BudgetView { id, budget } = view;
    let rule = |rule: bursar_domain::ScopeRule| RuleView { dimension: rule.dimension, values: rule.values };
    BudgetItem {
        id: id.to_string(),
        name: budget.name,
        currency: budget.currency.to_string(),
        cadence: match budget.cadence {
            Cadence::Monthly => CadenceId::Monthly,
            Cadence::Quarterly => CadenceId::Quarterly,
            Cadence::Yearly => CadenceId::Yearly,
        },
        amount: Decimal(budget.amount),
        scope: match budget.scope {
            Scope::All => None,
            Scope::Parts(parts) => Some(parts.into_iter().flatten().map(rule).collect()),
        },
        thresholds: budget
            .thresholds
            .into_iter()
            .map(|threshold| ThresholdView {
                on: measured(threshold.on),
                percent: percent(threshold.basis_points),
                recipients: threshold.recipients.into_iter().collect(),
            })
            .collect(),
        revision: budget.revision,
        status,
    }
}

fn reported(report: BudgetReport) -> BudgetItem {
    let BudgetReport { view, status, pushed_by, fired } = report;
    let share = |share: bursar_finops::allocation::Share| {
        let whole = share.whole.to_f64_lossy();
        (whole != 0.0).then(|| (share.part.to_f64_lossy() / whole * 10_000.0).round() / 100.0)
    };
    let status = status.map(|status| {
        let left = |remaining: Amount| status.amount.checked_sub(remaining).unwrap_or_default();
        StatusView {
            period: PeriodView { from: status.period.starts.start(), to: status.period.end() },
            amount: Decimal(status.amount),
            actual: Decimal(status.actual),
            remaining: Decimal(status.remaining),
            used_percent: share(status.used),
            elapsed_percent: share(status.elapsed),
            forecast: status.forecast.map(|rest| RangeView {
                low: Decimal(rest.low),
                expected: Decimal(rest.expected),
                high: Decimal(rest.high),
            }),
            standing: match status.standing {
                Standing::Within => "on-track",
                Standing::HeadingOver => "at-risk",
                Standing::Over => "over",
            },
            burn: status
                .burn_down
                .iter()
                .map(|point| BurnView {
                    day: point.date,
                    actual_cumulative: point.remaining.map(|remaining| Decimal(left(remaining))),
                    plan_cumulative: Decimal(left(point.planned_remaining)),
                })
                .collect(),
            pushed_by: pushed_by
                .into_iter()
                .map(|push| PushView {
                    key: push.key,
                    now: Decimal(push.now),
                    before: Decimal(push.before),
                    change: Decimal(push.change),
                })
                .collect(),
            fired: fired
                .into_iter()
                .map(|fired| FiredView {
                    on: measured(fired.on),
                    percent: percent(fired.basis_points),
                    amount: Decimal(fired.amount),
                })
                .collect(),
        }
    });
    item(view, status)
}

/// The budgets, and how they stand as far as the asker sees their charges.
#[utoipa::path(get, path = "/api/v1/budgets", tag = "insight", operation_id = "budgets",
    responses((status = 200, body = Budgets, description = "The budgets"), CommonProblems))]
pub(crate) async fn budgets(seen: Seen, parameters: Parameters) -> Result<Json<Budgets>, Problem> {
    parameters.finish()?;
    let reports = seen.entered.budget_reports().await?;
    Ok(Json(Budgets { items: reports.into_iter().map(reported).collect() }))
}

/// Adds a budget.
#[utoipa::path(post, path = "/api/v1/budgets", tag = "insight", operation_id = "add_budget", request_body = BudgetRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = BudgetItem, description = "The budget"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Others change budgets at the same time"), PostProblems))]
pub(crate) async fn add(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<BudgetRequest>, JsonRejection>,
) -> Result<Json<BudgetItem>, Problem> {
    parameters.finish()?;
    let budget = checked(body::read(given)?)?;
    Ok(Json(item(seen.entered.add_budget(budget).await?, None)))
}

/// Changes a budget.
#[utoipa::path(put, path = "/api/v1/budgets/{id}", tag = "insight", operation_id = "change_budget", request_body = BudgetRequest,
    params(("id" = String, Path, description = "The budget's id", example = "bud_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = BudgetItem, description = "The budget as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Others change budgets at the same time"), PostProblems))]
pub(crate) async fn change(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<BudgetRequest>, JsonRejection>,
) -> Result<Json<BudgetItem>, Problem> {
    parameters.finish()?;
    let budget = checked(body::read(given)?)?;
    let id: BudgetId = body::id(&id, "budget")?;
    Ok(Json(item(seen.entered.change_budget(id, budget).await?, None)))
}

/// Removes a budget.
#[utoipa::path(delete, path = "/api/v1/budgets/{id}", tag = "insight", operation_id = "remove_budget",
    params(("id" = String, Path, description = "The budget's id", example = "bud_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is gone"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Others change budgets at the same time"), PostProblems))]
pub(crate) async fn remove(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: BudgetId = body::id(&id, "budget")?;
    seen.entered.remove_budget(id).await?;
    Ok(body::done())
}
