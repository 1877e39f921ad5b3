//! `/api/v1/anomalies`: what changed in the charges, since when, why, and what people said about it.

use super::body::{self, Done};
use super::forecast::{day, unfit};
use super::model::Decimal;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::JsonRejection;
use bursar_app::insight::FeedbackGiven;
use bursar_finops::anomaly::Kind;
use bursar_finops::anomaly::cost::{Feedback, Incident, Layer};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The parameters, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct AnomalyParameters {
    /// Days looked back; 90 when left out
    #[param(required = false, minimum = 1, maximum = 180)]
    days: u32,
}

/// Incidents in the charges.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Anomalies {
    /// The first day whose charges are not complete; nothing is looked for from there on.
    as_of: NaiveDate,
    /// Charges left out: taxes, credits, purchases and corrections.
    left_out: u64,
    /// Incidents, the latest first.
    items: Vec<IncidentView>,
}

/// An incident: one per cause.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentView {
    /// The same when it is found again.
    id: String,
    /// The first day.
    since: NaiveDate,
    /// The day on which it could be told.
    detected: NaiveDate,
    /// The day after the last; null while it lasts.
    #[schema(required)]
    until: Option<NaiveDate>,
    /// spike, step, ramp, drop or new.
    kind: &'static str,
    /// Where.
    scope: ScopeOf,
    /// What was expected a day.
    expected_per_day: Decimal,
    /// What came a day.
    actual_per_day: Decimal,
    /// What it came to, beyond what was expected.
    impact: Decimal,
    /// The currency.
    currency: String,
    /// From 0 to 1.
    confidence: f64,
    /// What happened, in words.
    explanation: String,
    /// The layers that it was seen in.
    layers: Vec<&'static str>,
    /// What drove it, the largest on top.
    drivers: Vec<DriverView>,
    /// Day by day.
    chart: Vec<ChartPoint>,
    /// What somebody said about it; null when nobody did.
    #[schema(required)]
    feedback: Option<FeedbackView>,
}

/// Where an incident is; null is "any".
#[derive(Debug, Serialize, ToSchema)]
struct ScopeOf {
    /// The currency.
    #[schema(required)]
    currency: Option<String>,
    /// Provider.
    #[schema(required)]
    provider: Option<String>,
    /// Billing account.
    #[schema(required)]
    billing_account: Option<String>,
    /// Sub account.
    #[schema(required)]
    account: Option<String>,
    /// Service.
    #[schema(required)]
    service: Option<String>,
    /// Region.
    #[schema(required)]
    region: Option<String>,
    /// Value of the tag that teams are told apart by.
    #[schema(required)]
    tag: Option<String>,
}

/// What drove an incident.
#[derive(Debug, Serialize, ToSchema)]
struct DriverView {
    /// Sub account.
    account: String,
    /// Service.
    service: String,
    /// Region.
    region: String,
    /// SKU.
    item: String,
    /// More or less a day.
    change_per_day: Decimal,
    /// Resources that are there now.
    resources_now: usize,
    /// Resources that were not there before; some of them.
    new_resources: Vec<String>,
    /// How many were not there before.
    new_count: usize,
}

/// A day of an incident.
#[derive(Debug, Serialize, ToSchema)]
struct ChartPoint {
    /// The day.
    day: NaiveDate,
    /// What came.
    actual: Decimal,
    /// What was expected.
    expected: Decimal,
}

/// What somebody said.
#[derive(Debug, Serialize, ToSchema)]
struct FeedbackView {
    /// Why it was to be expected.
    reason: String,
    /// Who said so.
    by: String,
    /// Until when; null is for good.
    #[schema(required)]
    until: Option<NaiveDate>,
}

/// What is said about an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedbackRequest {
    /// That it was to be expected.
    expected: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// Until when it is to be expected again; for good when left out.
    #[serde(default)]
    #[schema(required = false, format = "date", example = "2027-01-01")]
    until: Option<String>,
}

const fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Total => "total",
        Layer::Service => "service",
        Layer::Account => "account",
        Layer::AccountService => "service in account",
        Layer::RegionService => "service in region",
        Layer::Tag => "tag",
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Spike => "spike",
        Kind::Step => "step",
        Kind::Ramp => "ramp",
        Kind::Drop => "drop",
        Kind::New => "new",
    }
}

fn view((incident, said): (Incident, Option<Feedback>)) -> IncidentView {
    IncidentView {
        id: incident.id,
        since: incident.since,
        detected: incident.detected,
        until: incident.until,
        kind: kind(incident.kind),
        scope: ScopeOf {
            currency: incident.scope.currency,
            provider: incident.scope.provider,
            billing_account: incident.scope.billing_account,
            account: incident.scope.account,
            service: incident.scope.service,
            region: incident.scope.region,
            tag: incident.scope.tag,
        },
        expected_per_day: Decimal(incident.expected_per_day),
        actual_per_day: Decimal(incident.actual_per_day),
        impact: Decimal(incident.impact.amount),
        currency: incident.impact.currency.to_string(),
        confidence: incident.confidence,
        explanation: incident.explanation,
        layers: incident.layers_seen.into_iter().map(layer).collect(),
        drivers: incident
            .drivers
            .into_iter()
            .map(|driver| DriverView {
                account: driver.account,
                service: driver.service,
                region: driver.region,
                item: driver.item,
                change_per_day: Decimal(driver.change_per_day),
                resources_now: driver.resources_now,
                new_resources: driver.new_resources,
                new_count: driver.new_count,
            })
            .collect(),
        chart: incident
            .chart
            .into_iter()
            .map(|point| ChartPoint {
                day: point.day,
                actual: Decimal(point.actual),
                expected: Decimal(point.expected),
            })
            .collect(),
        feedback: said.map(|said| FeedbackView { reason: said.reason, by: said.by, until: said.until }),
    }
}

/// The incidents of the last days.
#[utoipa::path(get, path = "/api/v1/anomalies", tag = "insight", operation_id = "anomalies", params(AnomalyParameters),
    responses((status = 200, body = Anomalies, description = "The incidents"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"), CommonProblems))]
pub(crate) async fn anomalies(seen: Seen, mut parameters: Parameters) -> Result<Json<Anomalies>, Problem> {
    let days = parameters.number("days", 1..=180)?.unwrap_or(90);
    parameters.finish()?;
    let found = seen.entered.incidents(days as u64).await?;
    Ok(Json(Anomalies {
        as_of: found.as_of,
        left_out: found.left_out,
        items: found.items.into_iter().map(view).collect(),
    }))
}

/// Says that an incident was to be expected; it teaches.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/feedback", tag = "insight", operation_id = "expect_anomaly", request_body = FeedbackRequest,
    params(("id" = String, Path, description = "The incident's id", example = "i0000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no incident any more"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"), PostProblems))]
pub(crate) async fn expect(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<FeedbackRequest>, JsonRejection>,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    if !given.expected {
        return Err(unfit("`expected` is true; to take it back, delete the feedback"));
    }
    let until = given.until.map(|until| day(&until, "until")).transpose()?;
    let feedback = FeedbackGiven { reason: given.reason, until };
    seen.entered.expect_incident(&id, feedback).await?;
    Ok(body::done())
}

/// Takes back what was said about an incident.
#[utoipa::path(delete, path = "/api/v1/anomalies/{id}/feedback", tag = "insight", operation_id = "unexpect_anomaly",
    params(("id" = String, Path, description = "The incident's id", example = "i0000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is an incident again"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"), PostProblems))]
pub(crate) async fn unexpect(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    seen.entered.unexpect_incident(&id).await?;
    Ok(body::done())
}
