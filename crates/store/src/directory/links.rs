//! One-time links: a secret that is worth one thing, once, for a while.
//!
//! Kept is the SHA-256 of the secret. A link is used by one conditional UPDATE, so that of two who
//! come at once one wins; used, expired and unknown look the same.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::link;
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, json, micros, moment, unjson, words};
use bursar_domain::id::{AccountId, LinkId, WorkspaceId};
use bursar_domain::{Actor, EmailAddress};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

const TABLE: &str = "one_time_links";
const DETAILS: Column = column(TABLE, "details");

words! {
    /// What a link is worth.
    LinkPurpose:
    /// The first sign-in of a new installation: makes its owner.
    FirstOwner = "first-owner",
    /// A sign-in.
    SignIn = "sign-in",
    /// A new password.
    ResetPassword = "reset-password",
    /// Proof that an address is read by who says so.
    ConfirmEmail = "confirm-email",
    /// Joining a workspace.
    Invitation = "invitation",
    /// A state between two requests of a sign-in with an identity provider or a passkey.
    Ceremony = "ceremony",
    /// Taking an export away.
    Download = "download",
}

/// What else a link carries; sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkDetails {
    /// The address it was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// The invitation it accepts, an export, or the state of a ceremony; at most 32 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What it is worth.
    pub purpose: LinkPurpose,
    /// Whom it is for, where that is known.
    pub account: Option<AccountId>,
    /// The workspace it is about.
    pub workspace: Option<WorkspaceId>,
    /// What else it carries.
    pub details: LinkDetails,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

/// A link to be made.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// SHA-256 of its secret.
    pub digest: [u8; 32],
    /// What it is worth.
    pub purpose: LinkPurpose,
    /// Whom it is for, where that is known.
    pub account: Option<AccountId>,
    /// The workspace it is about.
    pub workspace: Option<WorkspaceId>,
    /// What else it carries.
    pub details: LinkDetails,
    /// It is worth nothing from then on.
    pub expires_at: DateTime<Utc>,
}

impl Directory {
    /// Makes a link.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], and when the account or workspace is not there.
    pub async fn create_link(&self, actor: &Actor, new: NewLink) -> Result<Link, StoreError> {
        let row = self.link_row(&new)?;
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        // A ceremony is a step of a sign-in, which is recorded by how it ends.
        if new.purpose == LinkPurpose::Ceremony {
            crate::database::commit(transaction).await?;
        } else {
            let mut entry = Entry::done("link.create", LinkId::from_uuid(row.id))
                .with(serde_json::json!({ "purpose": new.purpose.as_str(), "account": new.account }));
            entry.workspace = new.workspace;
            self.commit(transaction, actor, entry).await?;
        }
        self.link_of(row)
    }

    pub(super) fn link_row(&self, new: &NewLink) -> Result<link::Model, StoreError> {
        let id = self.new_uuid()?;
        let details = json(&new.details, TABLE)?;
        crate::error::bounded(&details, 40 * 1024, "what a link carries", "40 KiB")?;
        Ok(link::Model {
            id,
            digest: new.digest.to_vec(),
            purpose: new.purpose.to_string(),
            account_id: new.account.map(Key::uuid),
            workspace_id: new.workspace.map(Key::uuid),
            details_sealed: self.seal.text(DETAILS, id, &details)?,
            created_us: micros(self.now()),
            expires_us: micros(new.expires_at),
            used_us: None,
        })
    }

    /// Looks at a link without using it, for a page that asks before it does something.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is unknown, used, expired, or for something else.
    pub async fn link(&self, digest: &[u8; 32], purpose: LinkPurpose) -> Result<Link, StoreError> {
        let transaction = self.read().await?;
        let query = link::Entity::find().filter(usable(digest, purpose, micros(self.now())));
        let row = query.one(&transaction).await?;
        self.link_of(row.ok_or(StoreError::NotFound("link"))?)
    }

    /// Uses a link up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is unknown, used, expired, or for something else.
    pub async fn use_link(
        &self,
        actor: &Actor,
        digest: &[u8; 32],
        purpose: LinkPurpose,
    ) -> Result<Link, StoreError> {
        let transaction = self.write().await?;
        let link = self.use_link_in(&transaction, digest, purpose).await?;
        if purpose == LinkPurpose::Ceremony {
            crate::database::commit(transaction).await?;
        } else {
            let mut entry =
                Entry::done("link.use", link.id).with(serde_json::json!({ "purpose": purpose.as_str() }));
            entry.workspace = link.workspace;
            self.commit(transaction, actor, entry).await?;
        }
        Ok(link)
    }

    /// Uses a link up inside a larger change.
    pub(super) async fn use_link_in(
        &self,
        transaction: &DatabaseTransaction,
        digest: &[u8; 32],
        purpose: LinkPurpose,
    ) -> Result<Link, StoreError> {
        let now = micros(self.now());
        let rows = link::Entity::update_many()
            .col_expr(link::Column::UsedUs, Expr::value(now))
            .filter(usable(digest, purpose, now))
            .exec(transaction)
            .await?;
        crate::error::changed(rows.rows_affected, "link")?;
        let row =
            link::Entity::find().filter(link::Column::Digest.eq(digest.to_vec())).one(transaction).await?;
        self.link_of(row.ok_or(StoreError::NotFound("link"))?)
    }

    /// Makes the links of an account and purpose worthless, when one of them was used or the
    /// account changed. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw_links(
        &self,
        actor: &Actor,
        account: AccountId,
        purpose: LinkPurpose,
    ) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let rows = link::Entity::update_many()
            .col_expr(link::Column::UsedUs, Expr::value(micros(self.now())))
            .filter(link::Column::AccountId.eq(account.uuid()))
            .filter(link::Column::Purpose.eq(purpose.as_str()))
            .filter(link::Column::UsedUs.is_null())
            .exec(&transaction)
            .await?;
        if rows.rows_affected > 0 {
            let entry = Entry::done("link.withdraw", account)
                .with(serde_json::json!({ "purpose": purpose.as_str() }));
            self.commit(transaction, actor, entry).await?;
        }
        Ok(rows.rows_affected)
    }

    /// Removes the rows of links that expired before this moment. Not recorded. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_links(&self, expired_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let gone = link::Column::ExpiresUs.lt(micros(expired_before));
        let rows = link::Entity::delete_many().filter(gone).exec(&transaction).await?;
        crate::database::commit(transaction).await?;
        Ok(rows.rows_affected)
    }

    fn link_of(&self, row: link::Model) -> Result<Link, StoreError> {
        Ok(Link {
            id: LinkId::from_uuid(row.id),
            purpose: row.purpose.parse()?,
            account: row.account_id.map(Key::from_uuid),
            workspace: row.workspace_id.map(Key::from_uuid),
            details: unjson(&self.seal.open_text(DETAILS, row.id, &row.details_sealed)?, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
            expires_at: moment(row.expires_us, TABLE)?,
        })
    }
}

fn usable(digest: &[u8; 32], purpose: LinkPurpose, now: i64) -> Condition {
    Condition::all()
        .add(link::Column::Digest.eq(digest.to_vec()))
        .add(link::Column::Purpose.eq(purpose.as_str()))
        .add(link::Column::UsedUs.is_null())
        .add(link::Column::ExpiresUs.gt(now))
}
