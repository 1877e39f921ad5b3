//! `/api/v1/ledger`: every call made to the customer's storage.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The calls made since the program started.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerView {
    /// The newest calls, newest first.
    entries: Vec<LedgerEntry>,
    /// All calls.
    totals: LedgerTotals,
}

/// One call.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerEntry {
    /// When.
    time: DateTime<Utc>,
    /// `list`, `head` or `get`; `refused` never reached the store.
    operation: String,
    /// Which object or prefix.
    object: String,
    /// Bytes of content.
    bytes: u64,
    /// Which source.
    source: String,
}

/// All calls.
#[derive(Debug, Serialize, ToSchema)]
struct LedgerTotals {
    /// How many.
    operations: u64,
    /// Bytes of content.
    bytes: u64,
}

/// Every call made to the customer's storage.
#[utoipa::path(get, path = "/api/v1/ledger", tag = "sources", operation_id = "ledger",
    responses((status = 200, body = LedgerView, description = "Calls"), CommonProblems))]
pub(crate) async fn ledger(seen: Seen, parameters: Parameters) -> Result<Json<LedgerView>, Problem> {
    parameters.finish()?;
    let ledger = seen.workspace.ledger();
    let entry = |e: bursar_app::answer::LedgerEntry| LedgerEntry {
        time: e.time,
        operation: e.operation,
        object: e.object,
        bytes: e.bytes,
        source: e.source,
    };
    Ok(Json(LedgerView {
        entries: ledger.entries.into_iter().map(entry).collect(),
        totals: LedgerTotals { operations: ledger.operations, bytes: ledger.bytes },
    }))
}
