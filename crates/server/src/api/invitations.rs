//! `/api/v1/invitations`: who is invited to the workspace and has not answered yet.

use super::body::{self, Done};
use super::giving::{self, NamedTeam};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use bursar_domain::id::InvitationId;
use bursar_store::{Invitation, StoreError};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The invitations that wait for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    /// The invitations, oldest first.
    items: Vec<InvitationView>,
}

/// An invitation that waits for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    /// Its id.
    id: String,
    /// Whom.
    email: String,
    /// A built-in role, or the id of one of the workspace's own.
    role: String,
    /// What people call the role.
    role_name: String,
    /// Whether they will belong to the owner group.
    owner: bool,
    /// The teams they will be in.
    teams: Vec<NamedTeam>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// It is worth nothing from then on.
    expires_at: DateTime<Utc>,
}

/// The invitations that wait for an answer.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "administration", operation_id = "invitations",
    responses((status = 200, body = InvitationList, description = "The invitations"), CommonProblems))]
pub(crate) async fn invitations(seen: Seen, parameters: Parameters) -> Result<Json<InvitationList>, Problem> {
    parameters.finish()?;
    let mut items = Vec::new();
    for invitation in seen.entered.store().invitations().await? {
        items.push(view(&seen, invitation).await?);
    }
    Ok(Json(InvitationList { items }))
}

/// Takes an invitation back; its link is worthless at once.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "administration", operation_id = "withdraw_invitation",
    params(("id" = String, Path, description = "The invitation's id", example = "inv_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is taken back"), PostProblems))]
pub(crate) async fn withdraw(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: InvitationId = body::id(&id, "invitation")?;
    seen.entered.store().withdraw_invitation(seen.actor(), id).await?;
    Ok(body::done())
}

/// An invitation as it is shown, without its link.
pub(super) async fn view(seen: &Seen, invitation: Invitation) -> Result<InvitationView, Problem> {
    let mut teams = Vec::with_capacity(invitation.teams.len());
    for id in invitation.teams {
        match seen.entered.store().team(id).await {
            Ok(team) => teams.push(NamedTeam { id: team.id.to_string(), name: team.name }),
            // Removed since.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(InvitationView {
        id: invitation.id.to_string(),
        email: invitation.email.to_string(),
        role: invitation.role.to_string(),
        role_name: giving::role_name(seen, invitation.role).await?,
        owner: invitation.owner,
        teams,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
    })
}
