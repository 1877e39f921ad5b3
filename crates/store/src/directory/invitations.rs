//! Invitations to a workspace: a line in its list and a one-time link.

use super::links::{LinkDetails, LinkPurpose, NewLink};
use super::{Directory, Membership, NewMembership, Via};
use crate::StoreError;
use crate::database::insert;
use crate::entity::{invitation, link};
use crate::error::{changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, list, micros, moment, unlist, word};
use bursar_domain::id::{AccountId, InvitationId, TeamId, WorkspaceId};
use bursar_domain::{Actor, EmailAddress, RoleName};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "invitations";
const EMAIL: Column = column(TABLE, "email");

/// An invitation that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Where to.
    pub workspace: WorkspaceId,
    /// Whom.
    pub email: EmailAddress,
    /// What they will may do.
    pub role: RoleName,
    /// Whether they will belong to the owner group.
    pub owner: bool,
    /// The teams they will be in.
    pub teams: Vec<TeamId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

/// An invitation to be made.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// SHA-256 of the link's secret.
    pub digest: [u8; 32],
    /// Whom.
    pub email: EmailAddress,
    /// What they will may do.
    pub role: RoleName,
    /// Whether they will belong to the owner group.
    pub owner: bool,
    /// The teams they will be in; at most 100.
    pub teams: Vec<TeamId>,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

impl Directory {
    pub(crate) async fn invite(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        new: NewInvitation,
    ) -> Result<Invitation, StoreError> {
        if new.teams.len() > 100 {
            return Err(StoreError::TooLarge { what: "the list of teams", limit: "100 teams" });
        }
        let id = self.new_uuid()?;
        let link = self.link_row(&NewLink {
            digest: new.digest,
            purpose: LinkPurpose::Invitation,
            account: None,
            workspace: Some(workspace),
            details: LinkDetails {
                email: Some(new.email.clone()),
                state: Some(InvitationId::from_uuid(id).to_string()),
            },
            expires_at: new.expires_at,
        })?;
        let row = invitation::Model {
            workspace_id: workspace.uuid(),
            id,
            email_sealed: self.seal.text(EMAIL, id, new.email.as_str())?,
            email_lookup: self.seal.lookup(super::accounts::EMAIL_LOOKUP, new.email.as_str()),
            role: new.role.to_string(),
            owner: new.owner,
            teams: list(&new.teams),
            link_id: link.id,
            created_us: micros(self.now()),
            expires_us: micros(new.expires_at),
            accepted_us: None,
            withdrawn_us: None,
        };
        let transaction = self.write_of(workspace).await?;
        insert(&transaction, link).await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("invitation.create", InvitationId::from_uuid(id))
            .about(workspace)
            .with(json!({ "email": new.email, "role": new.role, "owner": new.owner, "teams": new.teams }));
        self.commit(transaction, actor, entry).await?;
        self.invitation_of(row)
    }

    pub(crate) async fn invitations(&self, workspace: WorkspaceId) -> Result<Vec<Invitation>, StoreError> {
        let transaction = self.read_of(workspace).await?;
        let rows = invitation::Entity::find()
            .filter(invitation::Column::WorkspaceId.eq(workspace.uuid()))
            .filter(waits(micros(self.now())))
            .order_by_asc(invitation::Column::Id)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.invitation_of(row)).collect()
    }

    pub(crate) async fn withdraw_invitation(
        &self,
        actor: &Actor,
        workspace: WorkspaceId,
        id: InvitationId,
    ) -> Result<(), StoreError> {
        let now = micros(self.now());
        let transaction = self.write_of(workspace).await?;
        let row = invitation::Entity::find_by_id((workspace.uuid(), id.uuid())).one(&transaction).await?;
        let row = found(row, "invitation")?;
        let rows = invitation::Entity::update_many()
            .col_expr(invitation::Column::WithdrawnUs, Expr::value(now))
            .filter(invitation::Column::WorkspaceId.eq(workspace.uuid()))
            .filter(invitation::Column::Id.eq(id.uuid()))
            .filter(waits(now))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "invitation")?;
        link::Entity::update_many()
            .col_expr(link::Column::UsedUs, Expr::value(now))
            .filter(link::Column::Id.eq(row.link_id))
            .filter(link::Column::UsedUs.is_null())
            .exec(&transaction)
            .await?;
        self.commit(transaction, actor, Entry::done("invitation.withdraw", id).about(workspace)).await
    }

    /// Uses the link up and makes the account a member, in one transaction.
    pub(crate) async fn accept_invitation(
        &self,
        actor: &Actor,
        digest: &[u8; 32],
        account: AccountId,
    ) -> Result<(Membership, Vec<TeamId>), StoreError> {
        let workspace = self.link(digest, LinkPurpose::Invitation).await?.workspace;
        let workspace = found(workspace, "link")?;
        let now = micros(self.now());
        let transaction = self.write_of(workspace).await?;
        let link = self.use_link_in(&transaction, digest, LinkPurpose::Invitation).await?;
        let row = invitation::Entity::find()
            .filter(invitation::Column::WorkspaceId.eq(workspace.uuid()))
            .filter(invitation::Column::LinkId.eq(link.id.uuid()))
            .filter(waits(now))
            .one(&transaction)
            .await?;
        let row = found(row, "invitation")?;
        invitation::Entity::update_many()
            .col_expr(invitation::Column::AcceptedUs, Expr::value(now))
            .filter(invitation::Column::WorkspaceId.eq(workspace.uuid()))
            .filter(invitation::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        let role = word(&row.role, TABLE)?;
        let new = NewMembership { account, role, owner: row.owner, via: Via::Manual };
        let membership = self.join_in(&transaction, workspace, new).await?;
        let entry = Entry::done("invitation.accept", InvitationId::from_uuid(row.id))
            .about(workspace)
            .with(json!({ "account": account, "role": role, "owner": row.owner }));
        self.commit(transaction, actor, entry).await?;
        Ok((membership, unlist(&row.teams, TABLE)?))
    }

    fn invitation_of(&self, row: invitation::Model) -> Result<Invitation, StoreError> {
        let email = self.seal.open_text(EMAIL, row.id, &row.email_sealed)?;
        Ok(Invitation {
            id: InvitationId::from_uuid(row.id),
            workspace: WorkspaceId::from_uuid(row.workspace_id),
            email: word(&email, TABLE)?,
            role: word(&row.role, TABLE)?,
            owner: row.owner,
            teams: unlist(&row.teams, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
            expires_at: moment(row.expires_us, TABLE)?,
        })
    }
}

fn waits(now: i64) -> Condition {
    Condition::all()
        .add(invitation::Column::AcceptedUs.is_null())
        .add(invitation::Column::WithdrawnUs.is_null())
        .add(invitation::Column::ExpiresUs.gt(now))
}
