//! `/metrics`: counters for Prometheus.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::extract::State;
use axum::http::{HeaderName, header};

/// Counters and gauges in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", operation_id = "metrics",
    responses((status = 200, body = String, content_type = "text/plain", description = "Prometheus text format 0.0.4"), CommonProblems))]
pub(crate) async fn metrics(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    parameters.finish()?;
    let (summary, ledger) = (seen.workspace.summary(), seen.workspace.ledger());
    let text = app.metrics.text(&[
        ("bursar_sources", "Sources of the workspace.", summary.sources),
        ("bursar_deliveries", "Deliveries that count.", summary.deliveries),
        ("bursar_store_operations", "Calls made to stores since the start.", ledger.operations),
        ("bursar_store_read_bytes", "Bytes of content read from stores since the start.", ledger.bytes),
    ]);
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
