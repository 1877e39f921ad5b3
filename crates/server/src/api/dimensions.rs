//! `/api/v1/dimensions` and their values: what one can group and filter by.

use super::model::{self, Decimal};
use super::question;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What one can group and filter by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dimensions {
    /// Columns that some delivery has.
    dimensions: Vec<DimensionView>,
    /// Keys of tags, the most used first; `tag:KEY` is a dimension too.
    tag_keys: Vec<String>,
}

/// A dimension to choose from.
#[derive(Debug, Serialize, ToSchema)]
struct DimensionView {
    /// As questions name it.
    id: String,
    /// As pages name it.
    label: String,
    /// What it goes with.
    group: String,
}

/// What one can group and filter by.
#[utoipa::path(get, path = "/api/v1/dimensions", tag = "cost", operation_id = "dimensions",
    responses((status = 200, body = Dimensions, description = "Dimensions"), CommonProblems))]
pub(crate) async fn dimensions(seen: Seen, parameters: Parameters) -> Result<Json<Dimensions>, Problem> {
    parameters.finish()?;
    let (dimensions, tag_keys) = seen.workspace.dimensions();
    let view =
        |d: bursar_app::answer::DimensionInfo| DimensionView { id: d.id, label: d.label, group: d.group };
    Ok(Json(Dimensions { dimensions: dimensions.into_iter().map(view).collect(), tag_keys }))
}

/// The parameters, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct ValuesParameters {
    /// Only values that hold this text, whatever the case
    #[param(required = false, max_length = 1000)]
    q: String,
    /// At most so many; 50 when left out
    #[param(required = false, minimum = 1, maximum = 1000)]
    limit: u32,
    /// First day; all days when neither `from` nor `to` is given
    #[param(required = false)]
    from: NaiveDate,
    /// The day after the last
    #[param(required = false)]
    to: NaiveDate,
}

/// Values of a dimension, the dearest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DimensionValues {
    /// The values.
    values: Vec<DimensionValue>,
    /// Whether there are more.
    truncated: bool,
}

/// One value of a dimension.
#[derive(Debug, Serialize, ToSchema)]
struct DimensionValue {
    /// The value; null is "has none".
    #[schema(required)]
    value: Option<String>,
    /// Effective cost in the period.
    amount: Decimal,
    /// Of this currency.
    currency: String,
}

/// Values of a dimension, the dearest first.
#[utoipa::path(get, path = "/api/v1/dimensions/{id}/values", tag = "cost", operation_id = "dimension_values",
    params(("id" = String, Path, description = "A dimension, `ServiceName` or `tag:team`", example = "ServiceName"), ValuesParameters),
    responses((status = 200, body = DimensionValues, description = "Values"), CommonProblems))]
pub(crate) async fn values(
    seen: Seen,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<DimensionValues>, Problem> {
    let search = parameters.one("q")?.unwrap_or_default();
    if search.chars().count() > 1_000 {
        return Err(Problem::bad_request("`q` is longer than 1000 characters"));
    }
    let limit = parameters.number("limit", 1..=1_000)?.unwrap_or(50);
    let (from, to) = (question::date(&mut parameters, "from")?, question::date(&mut parameters, "to")?);
    parameters.finish()?;
    let dimension = question::dimension(&id).map_err(|_| {
        Problem::not_found(format!("there is no dimension `{}`", crate::parameters::shown(&id)))
    })?;
    let period = match model::period(from, to, seen.workspace.clock().today()) {
        None => None,
        Some(Ok(period)) => Some(period),
        Some(Err(_)) => return Ok(Json(DimensionValues { values: Vec::new(), truncated: false })),
    };
    let found = seen.workspace.values(&dimension, &search, limit, period).await?;
    let view = |v: bursar_app::answer::Value| DimensionValue {
        value: v.value,
        amount: Decimal(v.amount),
        currency: v.currency,
    };
    Ok(Json(DimensionValues {
        values: found.values.into_iter().map(view).collect(),
        truncated: found.truncated,
    }))
}
