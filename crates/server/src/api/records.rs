//! `/api/v1/records`: who did what in the workspace, the newest first.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use bursar_domain::id::AccountId;
use bursar_store::{Paging, RecordFilter};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::ToSchema;

const PAGE: u64 = 100;

/// A page of the record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Records {
    /// Entries.
    items: Vec<RecordView>,
    /// For the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
struct RecordView {
    /// Its number in the workspace, without gaps.
    seq: i64,
    /// When.
    time: DateTime<Utc>,
    /// Who, in words.
    actor: String,
    /// The account behind it.
    #[schema(required)]
    account: Option<RecordAccount>,
    /// What was done.
    action: String,
    /// To what.
    target: String,
    /// How it ended: `done`, `refused` or `failed`.
    outcome: String,
    /// The policy that decided, where one was asked.
    #[schema(required)]
    deciding_policy: Option<String>,
    /// The request it was done in.
    #[schema(required)]
    request_id: Option<String>,
    /// More.
    payload: serde_json::Value,
}

/// The account behind an entry.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct RecordAccount {
    /// Its id.
    id: String,
    /// Its address; null when it is deleted.
    #[schema(required)]
    email: Option<String>,
}

/// Who did what in the workspace.
#[utoipa::path(get, path = "/api/v1/records", tag = "administration", operation_id = "records",
    params(
        ("actor" = inline(Option<String>), Query, description = "Only of this account", example = "acc_00000000000000000000000000000000"),
        ("action" = inline(Option<String>), Query, description = "Only this action", example = "member.add"),
        ("limit" = inline(Option<u64>), Query, description = "At most so many", minimum = 1, maximum = 500),
        ("cursor" = inline(Option<String>), Query, description = "Where the page before ended")),
    responses((status = 200, body = Records, description = "Entries"), CommonProblems))]
pub(crate) async fn records(
    State(app): State<App>,
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<Records>, Problem> {
    let account: Option<AccountId> = parameters.parsed("actor")?;
    let action = parameters.one("action")?;
    let limit =
        parameters.number("limit", 1..=500)?.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(PAGE);
    let after: Option<i64> = parameters.parsed("cursor")?;
    parameters.finish()?;
    let paging = Paging { after, limit: limit + 1 };
    let filter = RecordFilter { account, action, paging, ..RecordFilter::default() };
    let mut rows = seen.entered.store().records(&filter).await?;
    let more = u64::try_from(rows.len()).unwrap_or(u64::MAX) > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    let directory = app.installation.store().directory();
    let mut known: HashMap<AccountId, RecordAccount> = HashMap::new();
    let mut items = Vec::new();
    for row in rows {
        let account = match row.account {
            None => None,
            Some(id) => {
                if let Entry::Vacant(unknown) = known.entry(id) {
                    let email = directory.account(id).await.ok().map(|account| account.email.to_string());
                    unknown.insert(RecordAccount { id: id.to_string(), email });
                }
                known.get(&id).cloned()
            }
        };
        items.push(RecordView {
            seq: row.seq,
            time: row.at,
            actor: row.actor,
            account,
            action: row.action,
            target: row.target,
            outcome: row.outcome.to_string(),
            deciding_policy: row.deciding_policy,
            request_id: row.request.map(|id| id.to_string()),
            payload: row.payload,
        });
    }
    Ok(Json(Records { items, next }))
}
