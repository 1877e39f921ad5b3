//! `/api/v1/deliveries`: what was delivered, what is final, what was re-stated.

use super::model::{Decimal, MoneyView};
use super::sources::{self, SourceParameter};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_app::answer;
use bursar_domain::BillingPeriod;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The deliveries that count.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    /// The newest complete delivery of each source, dataset and month.
    deliveries: Vec<DeliveryView>,
}

/// One complete write of one month.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryView {
    /// Its id; another content, another id.
    id: String,
    /// Its source.
    source: String,
    /// What its rows are.
    dataset: String,
    /// First day of the month; null when the rows decide.
    #[schema(required)]
    billing_period: Option<NaiveDate>,
    /// Whether the month may still change.
    status: DeliveryState,
    /// When it was complete.
    delivered_at: DateTime<Utc>,
    /// Objects.
    objects: u64,
    /// Their size.
    bytes: u64,
    /// Rows.
    rows: u64,
    /// Σ BilledCost.
    billed: Vec<MoneyView>,
    /// Σ EffectiveCost.
    effective: Vec<MoneyView>,
    /// Rows that could not be typed.
    quarantined: u64,
    /// What it changed, if it replaced another.
    #[schema(required)]
    restatement: Option<RestatementView>,
}

/// Whether a month may still change.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum DeliveryState {
    Provisional,
    Final,
}

/// What a re-delivered month changed.
#[derive(Debug, Serialize, ToSchema)]
struct RestatementView {
    /// When the change was noticed.
    replaced_at: DateTime<Utc>,
    /// Rows before.
    rows_before: u64,
    /// Sums that differ.
    difference: Vec<DifferenceView>,
}

/// A sum before and after.
#[derive(Debug, Serialize, ToSchema)]
struct DifferenceView {
    /// Which column.
    measure: String,
    /// Which currency.
    currency: String,
    /// Before.
    before: Decimal,
    /// After.
    after: Decimal,
    /// After − before.
    difference: Decimal,
}

/// What was delivered, what is final, what was re-stated.
#[utoipa::path(get, path = "/api/v1/deliveries", tag = "sources", operation_id = "deliveries", params(SourceParameter),
    responses((status = 200, body = Deliveries, description = "Deliveries"), CommonProblems))]
pub(crate) async fn deliveries(seen: Seen, mut parameters: Parameters) -> Result<Json<Deliveries>, Problem> {
    let source = sources::one(&seen, &mut parameters)?;
    parameters.finish()?;
    let deliveries = seen.workspace.deliveries(source).into_iter().map(view).collect();
    Ok(Json(Deliveries { deliveries }))
}

fn view(delivery: answer::DeliveryStatus) -> DeliveryView {
    DeliveryView {
        id: delivery.id.to_string(),
        source: delivery.source.to_string(),
        dataset: delivery.dataset,
        billing_period: delivery.billing_period.map(BillingPeriod::start),
        status: if delivery.provisional { DeliveryState::Provisional } else { DeliveryState::Final },
        delivered_at: delivery.delivered_at,
        objects: delivery.objects,
        bytes: delivery.bytes,
        rows: delivery.rows,
        billed: delivery.billed.into_iter().map(MoneyView::from).collect(),
        effective: delivery.effective.into_iter().map(MoneyView::from).collect(),
        quarantined: delivery.quarantined,
        restatement: delivery.restatement.map(|r| RestatementView {
            replaced_at: r.replaced_at,
            rows_before: r.rows_before,
            difference: r
                .difference
                .into_iter()
                .map(|d| DifferenceView {
                    measure: d.measure,
                    currency: d.currency,
                    before: Decimal(d.before),
                    after: Decimal(d.after),
                    difference: Decimal(d.difference),
                })
                .collect(),
        }),
    }
}
