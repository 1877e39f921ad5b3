//! `/api/v1/keys`: which keys a workspace is encrypted with, by name and version, and new ones.

use super::body::{self, Done};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use bursar_keyring::KeyringError;
use bursar_store::Entry;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// The keys that everything of the workspace is under. Never a key itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Keys {
    /// The master key of the workspace's region.
    master: MasterView,
    /// The region's key, which the master key wraps.
    region: RegionKeyView,
    /// The workspace's key, which the region's seals.
    workspace: KeyView,
    /// The keys by purpose, which the workspace's seals.
    data_keys: Vec<DataKeyView>,
}

/// A master key.
#[derive(Debug, Serialize, ToSchema)]
struct MasterView {
    /// Its name: a digest, or where a service keeps it.
    id: String,
    /// What waits for it, or that nothing does.
    origin: String,
}

/// A region's key.
#[derive(Debug, Serialize, ToSchema)]
struct RegionKeyView {
    /// The region.
    name: String,
    /// From 1.
    version: u32,
    /// When it was made.
    #[schema(required)]
    created_at: Option<DateTime<Utc>>,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
struct KeyView {
    /// From 1.
    version: u32,
    /// When it was made.
    #[schema(required)]
    created_at: Option<DateTime<Utc>>,
}

/// A key for one purpose.
#[derive(Debug, Serialize, ToSchema)]
struct DataKeyView {
    /// What it seals.
    purpose: String,
    /// From 1.
    version: u32,
    /// When it was made.
    #[schema(required)]
    created_at: Option<DateTime<Utc>>,
}

impl From<KeyringError> for Problem {
    fn from(error: KeyringError) -> Self {
        tracing::error!(%error, "keys cannot be read or written");
        match error {
            KeyringError::Provider(_) => Self::unavailable(
                "keys-unreachable",
                "the service that keeps the master key does not answer",
                "try again; the operator finds the reason in the log",
            ),
            KeyringError::Contended(_) => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "this contradicts what is there",
                "the keys are being changed by somebody else: try again",
            ),
            _ => Self::internal(),
        }
    }
}

/// The keys of the workspace, by name and version.
#[utoipa::path(get, path = "/api/v1/keys", tag = "administration", operation_id = "keys",
    responses((status = 200, body = Keys, description = "The keys"), CommonProblems))]
pub(crate) async fn keys(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Keys>, Problem> {
    parameters.finish()?;
    let keyring = app.installation.store().keyring();
    let owner = keyring.owner_status(seen.workspace.id().into()).await?;
    let owner = owner.ok_or_else(|| Problem::not_found("the workspace has no keys"))?;
    let (master, region) = keyring.region_key_names(&owner.region).await?;
    let data_keys = owner.data_keys.iter().filter(|key| !key.kept_for_older_data && !key.pending);
    Ok(Json(Keys {
        master: MasterView {
            origin: match region.as_ref().is_some_and(|key| key.sealed_with != master) {
                true => "the region's key waits to be wrapped with it: the operator runs `bursar keys rotate master`",
                false => "wraps the region's key",
            }
            .to_owned(),
            id: master,
        },
        region: RegionKeyView {
            name: owner.region.to_string(),
            version: region.as_ref().map_or(0, |key| key.version),
            created_at: region.map(|key| key.created),
        },
        workspace: KeyView { version: owner.key.version, created_at: Some(owner.key.created) },
        data_keys: data_keys
            .map(|key| DataKeyView {
                purpose: key.purpose.name().to_owned(),
                version: key.version,
                created_at: Some(key.created),
            })
            .collect(),
    }))
}

/// Gives the workspace a new key, and new keys for what it writes from now on. What is there stays
/// readable; requests go on meanwhile.
#[utoipa::path(post, path = "/api/v1/keys/rotate", tag = "administration", operation_id = "rotate_keys",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "They are rotated"), PostProblems))]
pub(crate) async fn rotate(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id = seen.workspace.id();
    let store = app.installation.store();
    let done = store.keyring().rotate_workspace(id).await?;
    let resealed = store.reseal_workspace(id).await?;
    let renewed: Vec<&str> = done.renewed.iter().map(|purpose| purpose.name()).collect();
    let entry = Entry::done("keys.rotate", id)
        .with(json!({ "version": done.version, "renewed": renewed, "resealed": resealed }));
    seen.entered.store().note(seen.actor(), entry).await?;
    Ok(body::done())
}
