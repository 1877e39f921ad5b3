//! External identities: who an identity provider says somebody is.
//!
//! Found by issuer and subject together, never by an address: an address is what a provider says
//! it is.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{account, external_identity as identity};
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, maybe_moment, micros, moment};
use bursar_domain::Actor;
use bursar_domain::id::AccountId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

const TABLE: &str = "external_identities";
const ISSUER: Column = column(TABLE, "issuer");
const SUBJECT: Column = column(TABLE, "subject");

/// An identity at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// Whose.
    pub account: AccountId,
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
    /// When it was tied to the account.
    pub added_at: DateTime<Utc>,
    /// When it last signed in.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Directory {
    /// Ties an identity to an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is tied to one already.
    pub async fn add_external_identity(
        &self,
        actor: &Actor,
        account: AccountId,
        issuer: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        bounded(issuer, 2048, "an issuer", "2 KiB")?;
        bounded(subject, 1024, "a subject", "1 KiB")?;
        let row = self.new_uuid()?;
        let identity = identity::Model {
            lookup: self.identity_lookup(issuer, subject),
            account_id: account.uuid(),
            seal_row: row,
            issuer_sealed: self.seal.text(ISSUER, row, issuer)?,
            subject_sealed: self.seal.text(SUBJECT, row, subject)?,
            added_us: micros(self.now()),
            last_used_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, identity).await?;
        let entry = Entry::done("identity.add", account).with(json!({ "issuer": issuer }));
        self.commit(transaction, actor, entry).await
    }

    /// The account of an identity, if it is tied to one, in whatever state that is. Notes the use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_by_external_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<super::Account>, StoreError> {
        let lookup = self.identity_lookup(issuer, subject);
        let transaction = self.write().await?;
        let Some(row) = identity::Entity::find_by_id(lookup.clone()).one(&transaction).await? else {
            return Ok(None);
        };
        identity::Entity::update_many()
            .col_expr(identity::Column::LastUsedUs, Expr::value(micros(self.now())))
            .filter(identity::Column::Lookup.eq(lookup))
            .exec(&transaction)
            .await?;
        let account = account::Entity::find_by_id(row.account_id).one(&transaction).await?;
        crate::database::commit(transaction).await?;
        self.account_of(found(account, "account")?).map(Some)
    }

    /// An account's identities, in the order they were added.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn external_identities(&self, account: AccountId) -> Result<Vec<ExternalIdentity>, StoreError> {
        let transaction = self.read().await?;
        let rows = identity::Entity::find()
            .filter(identity::Column::AccountId.eq(account.uuid()))
            .order_by_asc(identity::Column::AddedUs)
            .all(&transaction)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(ExternalIdentity {
                    account,
                    issuer: self.seal.open_text(ISSUER, row.seal_row, &row.issuer_sealed)?,
                    subject: self.seal.open_text(SUBJECT, row.seal_row, &row.subject_sealed)?,
                    added_at: moment(row.added_us, TABLE)?,
                    last_used_at: maybe_moment(row.last_used_us, TABLE)?,
                })
            })
            .collect()
    }

    /// Unties an identity from its account.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not the account's.
    pub async fn remove_external_identity(
        &self,
        actor: &Actor,
        account: AccountId,
        issuer: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = identity::Entity::delete_many()
            .filter(identity::Column::Lookup.eq(self.identity_lookup(issuer, subject)))
            .filter(identity::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "external identity")?;
        let entry = Entry::done("identity.remove", account).with(json!({ "issuer": issuer }));
        self.commit(transaction, actor, entry).await
    }

    /// Issuer and subject as one text that no other pair makes.
    fn identity_lookup(&self, issuer: &str, subject: &str) -> Vec<u8> {
        self.seal.lookup("external identity", &format!("{}\0{issuer}\0{subject}", issuer.len()))
    }
}
