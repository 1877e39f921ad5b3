//! Leaving: everything of a workspace to take along, its deletion, and the certificates of what is gone.

use super::body::{self, Done};
use super::sql::CsrfValue;
use super::streamed;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::{Me, Seen};
use crate::session::guard::named_workspace;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_app::installation::{Grace, LeavingError};
use bursar_domain::id::CertificateId;
use bursar_store::Paging;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::io;
use utoipa::ToSchema;

/// What is asked to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeletionRequest {
    /// The workspace's name once more, because there is no way back.
    #[schema(min_length = 1, max_length = 100)]
    confirm: String,
    /// Whether it is carried out without a time of grace.
    #[serde(default)]
    #[schema(required = false)]
    at_once: bool,
}

/// A deletion that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletionView {
    /// When its keys are destroyed.
    due_at: DateTime<Utc>,
    /// The certificate, when it is gone already.
    #[schema(required)]
    certificate: Option<String>,
}

/// Certificates of deletion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Certificates {
    /// The certificates, newest first.
    items: Vec<CertificateView>,
}

/// A certificate of deletion: of a workspace that the account owned, or of the account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    /// Its id.
    id: String,
    /// The workspace that is gone.
    #[schema(required)]
    workspace: Option<String>,
    /// When it was issued.
    issued_at: DateTime<Utc>,
    /// The signed text, as it stands.
    certificate: String,
    /// The Ed25519 signature, as base64.
    signature: String,
    /// The key that checks it, as PEM.
    key: String,
}

impl From<LeavingError> for Problem {
    fn from(error: LeavingError) -> Self {
        let detail = error.to_string();
        match error {
            LeavingError::Refused { policy, reason } => {
                Self::refused(format!("{reason} (decided by `{policy}`)"))
            }
            LeavingError::Confirm(_) => Self::bad_request(format!("`confirm`: {detail}")),
            LeavingError::LastOwner(_) => {
                Self::new(StatusCode::CONFLICT, "conflict", "this contradicts what is there", detail)
            }
            LeavingError::Store(error) => error.into(),
            LeavingError::Keys(error) => error.into(),
            LeavingError::Io { .. } | LeavingError::Signature(_) | LeavingError::Plan(_) => {
                tracing::error!(error = detail, "a deletion did not come to its end");
                Self::internal()
            }
        }
    }
}

/// Asks for the deletion of the workspace: nobody enters it from now on.
#[utoipa::path(post, path = "/api/v1/workspace/deletion", tag = "administration", operation_id = "delete_workspace", request_body = DeletionRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = DeletionView, description = "It is asked for, or done"), PostProblems))]
pub(crate) async fn ask_deletion(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<DeletionRequest>, JsonRejection>,
) -> Result<Json<DeletionView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let grace = if given.at_once { Grace::AtOnce } else { Grace::default() };
    let id = seen.workspace.id();
    let due_at = app.installation.ask_workspace_deletion(&seen.entered, &given.confirm, grace).await?;
    drop(seen);
    let mut certificate = None;
    if given.at_once {
        // What cannot be carried out now is carried out by the next sweep; the door is shut already.
        for issued in app.installation.sweep_deletions(usize::MAX).await?.certificates {
            let found = app.installation.store().directory().certificate(issued).await?;
            if found.workspace == Some(id) {
                certificate = Some(issued.to_string());
            }
        }
    }
    Ok(Json(DeletionView { due_at, certificate }))
}

/// Keeps a workspace after all, while its time of grace lasts: for one of its owners. The header
/// `Bursar-Workspace` names it.
#[utoipa::path(delete, path = "/api/v1/workspace/deletion", tag = "administration", operation_id = "keep_workspace",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is kept"), PostProblems))]
pub(crate) async fn keep(
    State(app): State<App>,
    me: Me,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    me.session()?;
    let named = named_workspace(&headers)?
        .ok_or_else(|| Problem::bad_request("name the workspace in the header `Bursar-Workspace`"))?;
    app.installation.keep_workspace(&me.actor, named).await?;
    Ok(body::done())
}

/// An account's deletion that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountDeletionView {
    /// When it is carried out; until then the account can be kept.
    due_at: DateTime<Utc>,
}

/// Asks for the deletion of the account, in thirty days. The last owner of a workspace hands it over or
/// deletes it first.
#[utoipa::path(delete, path = "/api/v1/me", tag = "account", operation_id = "delete_me",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = AccountDeletionView, description = "It is asked for"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "A workspace would have no owner"), PostProblems))]
pub(crate) async fn delete_me(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<AccountDeletionView>, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    let grace = Some(Grace::default());
    let due = app.installation.ask_account_deletion(&me.actor, account.id, grace).await?;
    due.map(|due_at| Json(AccountDeletionView { due_at })).ok_or_else(Problem::internal)
}

/// Keeps the account after all.
#[utoipa::path(delete, path = "/api/v1/me/deletion", tag = "account", operation_id = "keep_me",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is kept"), PostProblems))]
pub(crate) async fn keep_me(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    app.installation.ask_account_deletion(&me.actor, account.id, None).await?;
    Ok(body::done())
}

/// Everything that is kept of the workspace, except secrets: a ZIP file of JSON lines.
#[utoipa::path(get, path = "/api/v1/workspace/export", tag = "administration", operation_id = "export_workspace",
    responses((status = 200, description = "The file", content((Vec<u8> = "application/zip"))), CommonProblems))]
pub(crate) async fn export(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let name = format!("bursar-{}.zip", seen.workspace.id());
    Ok(streamed::file("application/zip", &name, async move |out| {
        app.installation.export(&seen.entered, out).await.map_err(io::Error::other)
    }))
}

/// The certificates of what the account owned.
#[utoipa::path(get, path = "/api/v1/certificates", tag = "account", operation_id = "certificates",
    responses((status = 200, body = Certificates, description = "The certificates"), CommonProblems))]
pub(crate) async fn certificates(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<Certificates>, Problem> {
    parameters.finish()?;
    let (directory, account) = (app.installation.store().directory(), me.who.account());
    let key = app.installation.certificate_key().await?.to_pem();
    let mut owned = Vec::new();
    for membership in directory.memberships(account).await? {
        if membership.owner {
            owned.push(membership.workspace);
        }
    }
    let (mut items, mut after) = (Vec::new(), None);
    loop {
        let page = directory.certificates(Paging { after, ..Paging::default() }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let own = |of: &bursar_store::Certificate| {
            of.account == Some(account) || of.workspace.is_some_and(|id| owned.contains(&id))
        };
        items.extend(page.into_iter().filter(own).map(|of| view(of, &key)));
    }
    items.reverse();
    Ok(Json(Certificates { items }))
}

/// One certificate, for whoever knows its id: it says nothing but what was deleted, how and when.
#[utoipa::path(get, path = "/api/v1/certificates/{id}", tag = "account", operation_id = "certificate",
    params(("id" = String, Path, description = "The certificate's id", example = "cert_00000000000000000000000000000000")),
    responses((status = 200, body = CertificateView, description = "The certificate"), CommonProblems))]
pub(crate) async fn certificate(
    State(app): State<App>,
    _me: Me,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<CertificateView>, Problem> {
    parameters.finish()?;
    let id: CertificateId = body::id(&id, "certificate")?;
    let found = app.installation.store().directory().certificate(id).await?;
    Ok(Json(view(found, &app.installation.certificate_key().await?.to_pem())))
}

fn view(of: bursar_store::Certificate, key: &str) -> CertificateView {
    CertificateView {
        id: of.id.to_string(),
        workspace: of.workspace.map(|id| id.to_string()),
        issued_at: of.issued_at,
        certificate: of.certificate,
        signature: STANDARD.encode(of.signature),
        key: key.to_owned(),
    }
}
