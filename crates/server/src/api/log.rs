//! `/api/v1/log`: the state of the workspace's audit log, a walk over it, an entry with its proof, and the
//! bundle that an auditor checks without us.

use super::body;
use super::sql::CsrfValue;
use super::streamed;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use bursar_app::installation::LogChecked;
use bursar_audit::export::Filter;
use bursar_audit::{KeyHistory, leaf_hash};
use bursar_store::{RecordFilter, StoreError};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The state of a log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogView {
    /// Entries under the newest checkpoint.
    size: u64,
    /// The root of their tree, in hexadecimal digits.
    #[schema(required)]
    root: Option<String>,
    /// The newest checkpoint.
    #[schema(required)]
    checkpoint: Option<CheckpointView>,
    /// When everything was last walked against the checkpoints.
    #[schema(required)]
    verified_at: Option<DateTime<Utc>>,
    /// Entries that were checked then.
    #[schema(required)]
    verified_entries: Option<u64>,
    /// good, broken or unknown.
    verdict: &'static str,
    /// What is wrong.
    findings: Vec<String>,
    /// The keys that sign it, oldest first.
    keys: Vec<LogKeyView>,
}

/// A signed checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckpointView {
    /// Entries under it.
    size: u64,
    /// The root of their tree, in hexadecimal digits.
    root: String,
    /// When it was signed.
    signed_at: DateTime<Utc>,
    /// The signed note, as it stands.
    note: String,
}

/// A key that signs.
#[derive(Debug, Serialize, ToSchema)]
struct LogKeyView {
    /// Its id.
    id: String,
    /// Good from.
    from: DateTime<Utc>,
    /// Good until.
    until: DateTime<Utc>,
    /// The public key: give it to the auditor on another way than the bundle.
    public: String,
}

/// An entry with its proof.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProvenEntry {
    /// The entry, as it was hashed: one line of JSON.
    entry: String,
    /// SHA-256 of the leaf, in hexadecimal digits.
    leaf_hash: String,
    /// Its number in the log, from 1.
    seq: u64,
    /// The path from the leaf upwards; null until a checkpoint covers it.
    #[schema(required)]
    proof: Option<Vec<String>>,
    /// The checkpoint it is under.
    #[schema(required)]
    checkpoint: Option<CheckpointView>,
    /// What stood there before and after, of a change.
    #[schema(required)]
    change: Option<ChangeOf>,
}

/// Before and after.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeOf {
    /// Before; null when there was nothing.
    before: serde_json::Value,
    /// After; null when there is nothing now.
    after: serde_json::Value,
}

fn shown(signed: &bursar_audit::SignedCheckpoint) -> CheckpointView {
    CheckpointView {
        size: signed.checkpoint.size,
        root: signed.checkpoint.root.to_string(),
        signed_at: signed.checkpoint.time,
        note: signed.as_str().to_owned(),
    }
}

async fn view(seen: &Seen, checked: Option<LogChecked>) -> Result<LogView, Problem> {
    let log = seen.entered.store().log();
    let checkpoint = log.checkpoint().await?;
    let statements = log.key_statements().await?;
    let history = KeyHistory::read(statements.iter().map(String::as_str), &[]).map_err(|error| {
        tracing::error!(%error, "the history of a log's keys does not read");
        Problem::internal()
    })?;
    let keys = history.windows().map(|(key, from, until)| LogKeyView {
        id: key.id(),
        from,
        until,
        public: key.to_string(),
    });
    Ok(LogView {
        size: checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size),
        root: checkpoint.as_ref().map(|signed| signed.checkpoint.root.to_string()),
        checkpoint: checkpoint.as_ref().map(shown),
        verified_at: checked.as_ref().map(|checked| checked.at),
        verified_entries: checked.as_ref().map(|checked| checked.entries),
        verdict: match &checked {
            None => "unknown",
            Some(checked) if checked.is_good() => "good",
            Some(_) => "broken",
        },
        findings: checked.map(|checked| checked.findings).unwrap_or_default(),
        keys: keys.collect(),
    })
}

/// The state of the workspace's log.
#[utoipa::path(get, path = "/api/v1/log", tag = "administration", operation_id = "log",
    responses((status = 200, body = LogView, description = "The state"), CommonProblems))]
pub(crate) async fn log(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<LogView>, Problem> {
    parameters.finish()?;
    let checked = app.installation.log_checked(Some(seen.workspace.id()));
    Ok(Json(view(&seen, checked).await?))
}

/// Walks every entry against the signed checkpoints, now.
#[utoipa::path(post, path = "/api/v1/log/verify", tag = "administration", operation_id = "verify_log",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = LogView, description = "The state, with what was found"), PostProblems))]
pub(crate) async fn verify(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<LogView>, Problem> {
    parameters.finish()?;
    let checked = app.installation.check_log(Some(seen.workspace.id())).await?;
    Ok(Json(view(&seen, Some(checked)).await?))
}

/// An entry with the proof that it is under a signed checkpoint.
#[utoipa::path(get, path = "/api/v1/records/{seq}", tag = "administration", operation_id = "record",
    params(("seq" = u64, Path, description = "Its number", example = 1)),
    responses((status = 200, body = ProvenEntry, description = "The entry"), CommonProblems))]
pub(crate) async fn entry(
    seen: Seen,
    Path(seq): Path<String>,
    parameters: Parameters,
) -> Result<Json<ProvenEntry>, Problem> {
    parameters.finish()?;
    let seq: u64 = body::id(&seq, "entry")?;
    let store = seen.entered.store();
    let after = i64::try_from(seq).ok().and_then(|seq| seq.checked_add(1));
    let paging = bursar_store::Paging { after, limit: 1 };
    let found = store.records(&RecordFilter { paging, ..RecordFilter::default() }).await?.pop();
    let found = found.filter(|found| u64::try_from(found.seq) == Ok(seq));
    let found = found.ok_or_else(|| Problem::not_found("there is no such entry"))?;
    let part = |name: &str| found.payload.get(name).cloned().unwrap_or_default();
    let is_change = found.payload.get("before").is_some() || found.payload.get("after").is_some();
    let change = is_change.then(|| ChangeOf { before: part("before"), after: part("after") });
    let log = store.log();
    let proven = match log.prove(seq).await {
        Ok(proven) => proven,
        // What no checkpoint covers yet is signed now, so that it can be proved.
        Err(StoreError::NotFound(_)) => {
            log.sign_checkpoint(seen.workspace.clock().now()).await?;
            log.prove(seq).await?
        }
        Err(error) => return Err(error.into()),
    };
    let checkpoint = bursar_audit::SignedCheckpoint::parse(&proven.checkpoint).map_err(|error| {
        tracing::error!(%error, "a checkpoint does not read");
        Problem::internal()
    })?;
    Ok(Json(ProvenEntry {
        leaf_hash: leaf_hash(proven.line.as_bytes()).to_string(),
        seq,
        proof: Some(proven.path.iter().map(ToString::to_string).collect()),
        checkpoint: Some(shown(&checkpoint)),
        change,
        entry: proven.line,
    }))
}

/// The log, or a part of it, as one file that an auditor checks without us.
#[utoipa::path(get, path = "/api/v1/log/export", tag = "administration", operation_id = "export_log",
    params(
        ("from" = inline(Option<DateTime<Utc>>), Query, description = "From this moment on"),
        ("to" = inline(Option<DateTime<Utc>>), Query, description = "Before this moment"),
        ("actor" = inline(Option<String>), Query, description = "Only of this account or actor"),
        ("action" = inline(Option<String>), Query, description = "Only this action, or all of a noun when it ends in a dot", example = "member.")),
    responses((status = 200, description = "The bundle", content((Vec<u8> = "application/x-tar"))), CommonProblems))]
pub(crate) async fn export(seen: Seen, mut parameters: Parameters) -> Result<Response, Problem> {
    let filter = Filter {
        from: parameters.parsed("from")?,
        until: parameters.parsed("to")?,
        actor: parameters.one("actor")?,
        action: parameters.one("action")?,
    };
    parameters.finish()?;
    let name = format!("bursar-log-{}.tar", seen.workspace.id());
    let now = seen.workspace.clock().now();
    Ok(streamed::file("application/x-tar", &name, async move |out| {
        let log = seen.entered.store().log();
        let written = log.export(seen.actor(), out, filter, true, now).await;
        written.map(|(out, _)| out).map_err(std::io::Error::other)
    }))
}
