//! Identity providers that people sign in with.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::identity_provider as provider;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, micros, moment, words};
use bursar_domain::Actor;
use bursar_domain::id::IdentityProviderId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

const TABLE: &str = "identity_providers";
const SECRET: Column = column(TABLE, "client_secret");
const MAPPING: Column = column(TABLE, "mapping");

words! {
    /// What the provider speaks.
    ProviderKind:
    /// OpenID Connect.
    Oidc = "oidc",
    /// GitHub's OAuth.
    GitHub = "github",
}

/// An identity provider.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its id.
    pub id: IdentityProviderId,
    /// What it speaks.
    pub kind: ProviderKind,
    /// What its button says.
    pub name: String,
    /// Its issuer, as its tokens name it.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: SecretString,
    /// How its claims become accounts and roles, as JSON of whoever reads it.
    pub mapping: String,
    /// Whether it may be signed in with.
    pub enabled: bool,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// An identity provider to be added, or what one is changed to.
#[derive(Debug, Clone)]
pub struct NewIdentityProvider {
    /// What it speaks.
    pub kind: ProviderKind,
    /// What its button says; at most 100 bytes.
    pub name: String,
    /// Its issuer; at most 2 KiB.
    pub issuer: String,
    /// Who we are there; at most 500 bytes.
    pub client_id: String,
    /// What proves it; at most 4 KiB. Without one, a change keeps what is there.
    pub client_secret: Option<SecretString>,
    /// How its claims become accounts and roles; at most 64 KiB.
    pub mapping: String,
    /// Whether it may be signed in with.
    pub enabled: bool,
}

impl Directory {
    /// Adds an identity provider.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub async fn add_identity_provider(
        &self,
        actor: &Actor,
        new: NewIdentityProvider,
    ) -> Result<IdentityProvider, StoreError> {
        check(&new)?;
        let (id, now) = (self.new_uuid()?, micros(self.now()));
        let secret = new.client_secret.as_ref().map_or("", |secret| secret.expose_secret());
        let row = provider::Model {
            id,
            kind: new.kind.to_string(),
            client_secret_sealed: self.seal.text(SECRET, id, secret)?,
            mapping_sealed: self.seal.text(MAPPING, id, &new.mapping)?,
            name: new.name,
            issuer: new.issuer,
            client_id: new.client_id,
            enabled: new.enabled,
            added_us: now,
            changed_us: now,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = told(Entry::done("identity-provider.add", IdentityProviderId::from_uuid(id)), &row);
        self.commit(transaction, actor, entry).await?;
        self.provider_of(row)
    }

    /// The identity provider.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn identity_provider(&self, id: IdentityProviderId) -> Result<IdentityProvider, StoreError> {
        let transaction = self.read().await?;
        let row = provider::Entity::find_by_id(id.uuid()).one(&transaction).await?;
        self.provider_of(found(row, "identity provider")?)
    }

    /// The identity providers, in the order they were added.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identity_providers(&self) -> Result<Vec<IdentityProvider>, StoreError> {
        let transaction = self.read().await?;
        let rows = provider::Entity::find().order_by_asc(provider::Column::Id).all(&transaction).await?;
        rows.into_iter().map(|row| self.provider_of(row)).collect()
    }

    /// Changes an identity provider.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_identity_provider(
        &self,
        actor: &Actor,
        id: IdentityProviderId,
        new: NewIdentityProvider,
    ) -> Result<(), StoreError> {
        check(&new)?;
        let uuid: Uuid = id.uuid();
        let transaction = self.write().await?;
        let row = provider::Entity::find_by_id(uuid).one(&transaction).await?;
        let mut row = found(row, "identity provider")?;
        if let Some(secret) = &new.client_secret {
            row.client_secret_sealed = self.seal.text(SECRET, uuid, secret.expose_secret())?;
        }
        row.mapping_sealed = self.seal.text(MAPPING, uuid, &new.mapping)?;
        (row.kind, row.name, row.issuer) = (new.kind.to_string(), new.name, new.issuer);
        (row.client_id, row.enabled, row.changed_us) = (new.client_id, new.enabled, micros(self.now()));
        let entry = told(Entry::done("identity-provider.change", id), &row);
        provider::Entity::update_many()
            .col_expr(provider::Column::Kind, Expr::value(row.kind))
            .col_expr(provider::Column::Name, Expr::value(row.name))
            .col_expr(provider::Column::Issuer, Expr::value(row.issuer))
            .col_expr(provider::Column::ClientId, Expr::value(row.client_id))
            .col_expr(provider::Column::ClientSecretSealed, Expr::value(row.client_secret_sealed))
            .col_expr(provider::Column::MappingSealed, Expr::value(row.mapping_sealed))
            .col_expr(provider::Column::Enabled, Expr::value(row.enabled))
            .col_expr(provider::Column::ChangedUs, Expr::value(row.changed_us))
            .filter(provider::Column::Id.eq(uuid))
            .exec(&transaction)
            .await?;
        self.commit(transaction, actor, entry).await
    }

    /// Removes an identity provider. Identities of it stay tied to their accounts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_identity_provider(
        &self,
        actor: &Actor,
        id: IdentityProviderId,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = provider::Entity::delete_many()
            .filter(provider::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "identity provider")?;
        self.commit(transaction, actor, Entry::done("identity-provider.remove", id)).await
    }

    fn provider_of(&self, row: provider::Model) -> Result<IdentityProvider, StoreError> {
        Ok(IdentityProvider {
            id: IdentityProviderId::from_uuid(row.id),
            kind: row.kind.parse()?,
            client_secret: self.seal.open_text(SECRET, row.id, &row.client_secret_sealed)?.into(),
            mapping: self.seal.open_text(MAPPING, row.id, &row.mapping_sealed)?,
            name: row.name,
            issuer: row.issuer,
            client_id: row.client_id,
            enabled: row.enabled,
            added_at: moment(row.added_us, TABLE)?,
            changed_at: moment(row.changed_us, TABLE)?,
        })
    }
}

fn check(new: &NewIdentityProvider) -> Result<(), StoreError> {
    bounded(&new.name, 100, "the name of an identity provider", "100 bytes")?;
    bounded(&new.issuer, 2048, "an issuer", "2 KiB")?;
    bounded(&new.client_id, 500, "a client id", "500 bytes")?;
    bounded(&new.mapping, 64 * 1024, "a mapping", "64 KiB")?;
    let secret = new.client_secret.as_ref().map_or("", |secret| secret.expose_secret());
    bounded(secret, 4096, "a client secret", "4 KiB")
}

fn told(entry: Entry, row: &provider::Model) -> Entry {
    entry.with(json!({ "kind": row.kind, "name": row.name, "issuer": row.issuer, "enabled": row.enabled }))
}
