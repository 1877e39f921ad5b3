//! `/api/v1/sources`: where the exports lie and whether they can be read.

use super::model::Read;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_app::answer::{SourceState, SourceStatus};
use bursar_domain::BillingPeriod;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The sources of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sources {
    /// The sources.
    sources: Vec<SourceView>,
}

/// A source.
#[derive(Debug, Serialize, ToSchema)]
struct SourceView {
    /// Its id.
    id: String,
    /// Where it lies; never with credentials.
    location: String,
    /// What its columns mean, as far as known.
    #[schema(required)]
    dialect: Option<String>,
    /// Whose bills it holds.
    providers: Vec<String>,
    /// Whether it can be used.
    status: Status,
    /// What is wrong with it, and what to do.
    #[schema(required)]
    problem: Option<String>,
    /// Deliveries counted.
    deliveries: u64,
    /// Their rows.
    rows: u64,
    /// Their size.
    bytes: u64,
    /// First day of the first month.
    #[schema(required)]
    first_period: Option<NaiveDate>,
    /// First day of the last month.
    #[schema(required)]
    last_period: Option<NaiveDate>,
    /// The last day with charges.
    #[schema(required)]
    charges_until: Option<NaiveDate>,
    /// When the newest delivery was complete.
    #[schema(required)]
    delivered_at: Option<DateTime<Utc>>,
    /// What was read of it since the program started.
    read: Read,
}

/// `ok`: all of it is used; `partial`: some deliveries are left out, or it has not been looked through yet; `refused`:
/// it could be read and must not be counted; `unreachable`: it cannot be read.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Partial,
    Refused,
    Unreachable,
}

/// Where the exports lie and whether they can be read.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", operation_id = "sources",
    responses((status = 200, body = Sources, description = "Sources"), CommonProblems))]
pub(crate) async fn sources(seen: Seen, parameters: Parameters) -> Result<Json<Sources>, Problem> {
    parameters.finish()?;
    Ok(Json(Sources { sources: seen.workspace.sources().into_iter().map(view).collect() }))
}

fn view(source: SourceStatus) -> SourceView {
    SourceView {
        id: source.id.to_string(),
        location: source.location,
        dialect: source.dialect,
        providers: source.providers,
        status: match source.state {
            SourceState::Ok => Status::Ok,
            SourceState::Partial => Status::Partial,
            SourceState::Refused => Status::Refused,
            SourceState::Unreachable => Status::Unreachable,
        },
        problem: source.problem,
        deliveries: source.deliveries,
        rows: source.rows,
        bytes: source.bytes,
        first_period: source.first_period.map(BillingPeriod::start),
        last_period: source.last_period.map(BillingPeriod::start),
        charges_until: source.charges_until,
        delivered_at: source.delivered_at,
        read: source.read.into(),
    }
}

/// The `source` parameter that narrows a list to one source.
pub(super) fn one(
    seen: &Seen,
    parameters: &mut Parameters,
) -> Result<Option<bursar_domain::id::SourceId>, Problem> {
    let Some(text) = parameters.one("source")? else { return Ok(None) };
    let known = text.parse().ok().filter(|id| seen.workspace.sources().iter().any(|s| s.id == *id));
    match known {
        Some(id) => Ok(Some(id)),
        None => Err(Problem::not_found(format!("there is no source `{}`", crate::parameters::shown(&text)))),
    }
}

/// The parameter, for the document.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter; it is read strictly, by name")]
pub(crate) struct SourceParameter {
    /// Only of this source
    #[param(required = false, example = "src_00000000000000000000000000000000")]
    source: String,
}
