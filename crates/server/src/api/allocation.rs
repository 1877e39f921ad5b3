//! `/api/v1/allocation`: whose cost it is. Rules are a JSON document that the guide describes; they are tried on
//! the live charges before they are saved.

use super::body;
use super::forecast::{day, unfit};
use super::model::Decimal;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use bursar_domain::DateRange;
use bursar_finops::allocation::RuleSet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// The rules of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllocationView {
    /// Rule sets, each from a month on; null while there are none.
    #[schema(required)]
    rules: Option<Vec<Value>>,
    /// Goes up with every change.
    revision: u32,
}

/// Rules to be saved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllocationRequest {
    /// One rule set, or several from different months on.
    rules: Value,
    /// The revision that was changed; saving over another one is refused.
    #[serde(default)]
    #[schema(required = false, value_type = u32)]
    revision: Option<serde_json::Number>,
}

/// Rules to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// One rule set, or several from different months on.
    rules: Value,
    /// First day of the charges; its month says which rule set is in force.
    #[schema(format = "date", example = "2026-10-01")]
    from: String,
    /// The day after the last.
    #[schema(format = "date", example = "2026-11-01")]
    to: String,
}

/// What rules do with charges.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewAnswer {
    /// By currency.
    currencies: Vec<PreviewCurrency>,
    /// Values of each dimension that the rules look at.
    values: Vec<PreviewValues>,
    /// Rules that took nothing.
    unused_rules: Vec<String>,
    /// What to know.
    notes: Vec<String>,
}

/// What rules do with the charges of one currency.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewCurrency {
    /// The currency.
    currency: String,
    /// Groups, with their share of shared costs, without the groups below them.
    groups: Vec<PreviewGroup>,
    /// What no rule takes.
    unallocated: Unallocated,
}

/// A group and its cost.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewGroup {
    /// Names from the top down.
    path: Vec<String>,
    /// Its cost.
    amount: Decimal,
    /// Of everything in the currency.
    #[schema(required)]
    share_percent: Option<f64>,
}

/// What no rule takes.
#[derive(Debug, Serialize, ToSchema)]
struct Unallocated {
    /// How much.
    amount: Decimal,
    /// Of everything in the currency.
    #[schema(required)]
    share_percent: Option<f64>,
}

/// Values of a dimension.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewValues {
    /// The dimension.
    dimension: String,
    /// How many there are.
    seen: u64,
    /// How many of them only stand in charges that no rule takes.
    left_over: u64,
}

fn sets(rules: Value) -> Result<Vec<RuleSet>, Problem> {
    let list = match rules {
        Value::Array(list) => list,
        one => vec![one],
    };
    list.into_iter()
        .map(|set| serde_json::from_value(set).map_err(|error| unfit(format!("`rules`: {error}"))))
        .collect()
}

fn shown(rules: bursar_app::insight::AllocationRules) -> AllocationView {
    let list = rules.sets.iter().filter_map(|set| serde_json::to_value(set).ok()).collect::<Vec<_>>();
    AllocationView { rules: (!list.is_empty()).then_some(list), revision: rules.revision }
}

/// The rules of the workspace.
#[utoipa::path(get, path = "/api/v1/allocation", tag = "insight", operation_id = "allocation",
    responses((status = 200, body = AllocationView, description = "The rules"), CommonProblems))]
pub(crate) async fn allocation(seen: Seen, parameters: Parameters) -> Result<Json<AllocationView>, Problem> {
    parameters.finish()?;
    Ok(Json(shown(seen.entered.allocation().await?)))
}

/// Saves rules. What stood there before is in the record.
#[utoipa::path(put, path = "/api/v1/allocation", tag = "insight", operation_id = "save_allocation", request_body = AllocationRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = AllocationView, description = "The rules as they are now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They make no sense, or others were saved meanwhile"), PostProblems))]
pub(crate) async fn save(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<AllocationRequest>, JsonRejection>,
) -> Result<Json<AllocationView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    // A whole number may be written 1.0.
    let revision = given.revision.and_then(|given| given.as_f64()).map(|given| given as u32);
    Ok(Json(shown(seen.entered.save_allocation(sets(given.rules)?, revision).await?)))
}

/// Tries rules on the charges.
#[utoipa::path(post, path = "/api/v1/allocation/preview", tag = "insight", operation_id = "try_allocation", request_body = PreviewRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = PreviewAnswer, description = "What they would do"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They make no sense"), PostProblems))]
pub(crate) async fn preview(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<PreviewRequest>, JsonRejection>,
) -> Result<Json<PreviewAnswer>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let days = DateRange::new(day(&given.from, "from")?, day(&given.to, "to")?)
        .map_err(|error| unfit(format!("`from`, `to`: {error}")))?;
    let found = seen.workspace.try_allocation(&sets(given.rules)?, days).await?;
    let currencies = found.currencies.into_iter().map(|(currency, of)| {
        let whole = of.total.to_f64_lossy();
        let percent = |amount: bursar_domain::Amount| {
            (whole != 0.0).then(|| (amount.to_f64_lossy() / whole * 10_000.0).round() / 100.0)
        };
        PreviewCurrency {
            currency: currency.to_string(),
            unallocated: Unallocated {
                amount: Decimal(of.unallocated),
                share_percent: percent(of.unallocated),
            },
            groups: of
                .groups
                .into_iter()
                .map(|group| PreviewGroup {
                    path: group.path,
                    amount: Decimal(group.amount),
                    share_percent: percent(group.amount),
                })
                .collect(),
        }
    });
    Ok(Json(PreviewAnswer {
        currencies: currencies.collect(),
        values: found
            .preview
            .values
            .into_iter()
            .map(|values| PreviewValues {
                dimension: values.dimension.to_string(),
                seen: values.seen,
                left_over: values.left_over,
            })
            .collect(),
        unused_rules: found.preview.idle_rules,
        notes: found.notes,
    }))
}
