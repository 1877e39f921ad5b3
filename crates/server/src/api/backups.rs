//! `/api/v1/backups`: encrypted copies of a workspace, taken while others work in it, and back again.

use super::body::{self, Done};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bursar_app::installation::BackupError;
use bursar_domain::id::BackupId;
use bursar_store::Backup;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The backups of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Backups {
    /// The backups, newest first.
    items: Vec<BackupView>,
}

/// A backup.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackupView {
    /// Its id.
    id: String,
    /// Where it lies, as the server's machine sees it.
    location: String,
    /// Its length.
    size_bytes: u64,
    /// The moment that it restores to.
    taken_at: DateTime<Utc>,
    /// When it was read back from beginning to end.
    #[schema(required)]
    verified_at: Option<DateTime<Utc>>,
    /// It may be removed from then on.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
}

impl From<Backup> for BackupView {
    fn from(backup: Backup) -> Self {
        Self {
            id: backup.id.to_string(),
            location: backup.location,
            size_bytes: backup.size_bytes,
            taken_at: backup.taken_at,
            verified_at: backup.verified_at,
            expires_at: backup.expires_at,
        }
    }
}

/// What a restore did not bring back, because it was taken away since the backup.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestoreView {
    /// Rows that were put back.
    rows: u64,
    /// Tokens that came back revoked.
    tokens_revoked: u64,
    /// Staff accesses that came back ended.
    staff_accesses_ended: u64,
    /// Provisioned users that came back switched off.
    users_switched_off: u64,
    /// Places in teams whose accounts are no members now.
    left_out: u64,
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        let conflict = |title, detail| Self::new(StatusCode::CONFLICT, "conflict", title, detail);
        match error {
            BackupError::Refused { policy, reason } => {
                Self::refused(format!("{reason} (decided by `{policy}`)"))
            }
            BackupError::Damaged { .. } => {
                tracing::error!(%error, "a backup is damaged");
                conflict(
                    "the backup is damaged",
                    "its file is not as it was written; the log says what is wrong".to_owned(),
                )
            }
            BackupError::Leaving => conflict("this contradicts what is there", error.to_string()),
            BackupError::Store(error) => error.into(),
            BackupError::Keys(error) => error.into(),
            BackupError::Io { .. } => {
                tracing::error!(error = %error, "a backup cannot be read or written");
                Self::unavailable(
                    "backup-unreachable",
                    "the backup folder cannot be used",
                    "the operator finds the reason in the log",
                )
            }
        }
    }
}

/// The backups of the workspace.
#[utoipa::path(get, path = "/api/v1/backups", tag = "administration", operation_id = "backups",
    responses((status = 200, body = Backups, description = "The backups"), CommonProblems))]
pub(crate) async fn backups(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Backups>, Problem> {
    parameters.finish()?;
    let mut items = app.installation.backups(&seen.entered).await?;
    items.sort_by_key(|backup| std::cmp::Reverse(backup.taken_at));
    Ok(Json(Backups { items: items.into_iter().map(BackupView::from).collect() }))
}

/// Takes a backup and reads it back.
#[utoipa::path(post, path = "/api/v1/backups", tag = "administration", operation_id = "take_backup",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = BackupView, description = "The backup"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "The backup folder cannot be used"), PostProblems))]
pub(crate) async fn take(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<BackupView>, Problem> {
    parameters.finish()?;
    Ok(Json(app.installation.back_up(&seen.entered, None).await?.into()))
}

/// Reads a backup back from beginning to end.
#[utoipa::path(post, path = "/api/v1/backups/{id}/verify", tag = "administration", operation_id = "verify_backup",
    params(("id" = String, Path, description = "The backup's id", example = "bkp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = BackupView, description = "It is whole"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is damaged"), PostProblems))]
pub(crate) async fn verify(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<BackupView>, Problem> {
    parameters.finish()?;
    let id: BackupId = body::id(&id, "backup")?;
    Ok(Json(app.installation.verify_backup(&seen.entered, id).await?.into()))
}

/// Puts the workspace back to a backup. What was taken away since stays taken away, and the record is
/// only ever added to. A restore that fails changes nothing.
#[utoipa::path(post, path = "/api/v1/backups/{id}/restore", tag = "administration", operation_id = "restore_backup",
    params(("id" = String, Path, description = "The backup's id", example = "bkp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = RestoreView, description = "It is restored"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The backup is damaged"), PostProblems))]
pub(crate) async fn restore(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<RestoreView>, Problem> {
    parameters.finish()?;
    let id: BackupId = body::id(&id, "backup")?;
    let restored = app.installation.restore(&seen.entered, id).await?;
    Ok(Json(RestoreView {
        rows: restored.rows.values().sum(),
        tokens_revoked: restored.tokens_revoked,
        staff_accesses_ended: restored.staff_accesses_ended,
        users_switched_off: restored.users_switched_off,
        left_out: restored.left_out,
    }))
}

/// Removes a backup: the keys beside it first, then its bytes.
#[utoipa::path(delete, path = "/api/v1/backups/{id}", tag = "administration", operation_id = "remove_backup",
    params(("id" = String, Path, description = "The backup's id", example = "bkp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is gone"), PostProblems))]
pub(crate) async fn remove(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: BackupId = body::id(&id, "backup")?;
    app.installation.remove_backup(&seen.entered, id).await?;
    Ok(body::done())
}
