//! Webhooks: where events are sent, and what they are signed with.
//!
//! URL and secrets are sealed. What a URL may be and how secrets are made is `bursar-notify`'s: here they are texts.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::webhook;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, list, maybe_moment, micros, moment, unlist, words};
use bursar_domain::Actor;
use bursar_domain::event::EventType;
use bursar_domain::id::WebhookId;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

const TABLE: &str = "webhooks";
const NAME: Column = column(TABLE, "name");
pub(super) const URL: Column = column(TABLE, "url");
pub(super) const SECRET: Column = column(TABLE, "secret");
pub(super) const OLD_SECRET: Column = column(TABLE, "old_secret");
pub(super) const REASON: Column = column(TABLE, "reason");
/// Most webhooks of a workspace.
const MAX_WEBHOOKS: u64 = 100;

words! {
    /// Whether a webhook gets events.
    WebhookState:
    /// It does.
    On = "on",
    /// Not until somebody resumes it; what it misses lies with the dead letters.
    Paused = "paused",
    /// It is switched off: what happens meanwhile is not kept for it.
    Off = "off",
}

/// A webhook; its secret is shown nowhere.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Which.
    pub id: WebhookId,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub url: SecretString,
    /// The types of events it gets; all when there is none.
    pub types: Vec<EventType>,
    /// Whether it gets events.
    pub state: WebhookState,
    /// Why not, when it does not.
    pub reason: Option<String>,
    /// Since when deliveries fail.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the secret before the current one stops to be used.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// What people call it; at most 200 bytes.
    pub name: String,
    /// Where it is; at most 2 KiB.
    pub url: SecretString,
    /// The types of events it gets; all when there is none.
    pub types: Vec<EventType>,
    /// What deliveries are signed with.
    pub secret: SecretString,
}

/// What is changed about a webhook; nothing stays as it is.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// What people call it; at most 200 bytes.
    pub name: Option<String>,
    /// Where it is; at most 2 KiB.
    pub url: Option<SecretString>,
    /// The types of events it gets; all when there is none.
    pub types: Option<Vec<EventType>>,
}

impl WorkspaceStore {
    /// Adds a webhook.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there are a hundred.
    pub async fn add_webhook(&self, actor: &Actor, new: NewWebhook) -> Result<WebhookId, StoreError> {
        bounded(&new.name, 200, "the name of a webhook", "200 bytes")?;
        bounded(new.url.expose_secret(), 2_048, "the URL of a webhook", "2 KiB")?;
        bounded(new.secret.expose_secret(), 200, "the secret of a webhook", "200 bytes")?;
        let (id, now) = (self.new_uuid()?, micros(self.now()));
        let row = webhook::Model {
            workspace_id: self.here(),
            id,
            name_sealed: self.seal.text(NAME, id, &new.name)?,
            url_sealed: self.seal.text(URL, id, new.url.expose_secret())?,
            types: list(&new.types),
            secret_sealed: self.seal.text(SECRET, id, new.secret.expose_secret())?,
            old_secret_sealed: None,
            old_secret_until_us: None,
            state: WebhookState::On.to_string(),
            reason_sealed: None,
            failing_since_us: None,
            failures: 0,
            created_us: now,
            changed_us: now,
        };
        let transaction = self.write().await?;
        let here = webhook::Entity::find().filter(webhook::Column::WorkspaceId.eq(self.here()));
        if here.count(&transaction).await? >= MAX_WEBHOOKS {
            return Err(StoreError::Conflict("a workspace has at most 100 webhooks"));
        }
        insert(&transaction, row).await?;
        let id = WebhookId::from_uuid(id);
        let entry = Entry::done("webhook.add", id).with(json!({ "name": new.name, "types": new.types }));
        self.commit(transaction, actor, entry).await?;
        Ok(id)
    }

    /// The webhooks, at most a hundred.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let transaction = self.read().await?;
        let rows = webhook::Entity::find()
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(webhook::Column::Id)
            .limit(MAX_WEBHOOKS)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.webhook_of(row)).collect()
    }

    /// A webhook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook(&self, id: WebhookId) -> Result<Webhook, StoreError> {
        let transaction = self.read().await?;
        let row = webhook::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.webhook_of(found(row, "webhook")?)
    }

    /// What a trial of a webhook is signed with: the current secret, and while it is being rotated the one
    /// before.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn webhook_secrets(
        &self,
        id: WebhookId,
        now: DateTime<Utc>,
    ) -> Result<Vec<SecretString>, StoreError> {
        let transaction = self.read().await?;
        let row = webhook::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.secrets_of(&found(row, "webhook")?, now)
    }

    /// The secrets of a row that sign at a moment, the current one first.
    pub(super) fn secrets_of(
        &self,
        row: &webhook::Model,
        now: DateTime<Utc>,
    ) -> Result<Vec<SecretString>, StoreError> {
        let open =
            |place: Column, sealed: &[u8]| self.seal.open_text(place, row.id, sealed).map(SecretString::from);
        let mut secrets = vec![open(SECRET, &row.secret_sealed)?];
        if let (Some(old), Some(until)) = (&row.old_secret_sealed, row.old_secret_until_us)
            && micros(now) < until
        {
            secrets.push(open(OLD_SECRET, old)?);
        }
        Ok(secrets)
    }

    /// Changes a webhook. What waits for it goes to the new URL.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_webhook(
        &self,
        actor: &Actor,
        id: WebhookId,
        change: WebhookChange,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let row = webhook::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        let before = self.webhook_of(found(row, "webhook")?)?;
        let name = change.name.unwrap_or_else(|| before.name.clone());
        let types = change.types.unwrap_or_else(|| before.types.clone());
        bounded(&name, 200, "the name of a webhook", "200 bytes")?;
        let mut update = webhook::Entity::update_many()
            .col_expr(webhook::Column::NameSealed, Expr::value(self.seal.text(NAME, id.uuid(), &name)?))
            .col_expr(webhook::Column::Types, Expr::value(list(&types)))
            .col_expr(webhook::Column::ChangedUs, Expr::value(micros(self.now())));
        if let Some(url) = &change.url {
            let url = url.expose_secret();
            bounded(url, 2_048, "the URL of a webhook", "2 KiB")?;
            update = update
                .col_expr(webhook::Column::UrlSealed, Expr::value(self.seal.text(URL, id.uuid(), url)?));
        }
        update
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .filter(webhook::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        // The URL may hold a secret: that it is another one is all that is said.
        let entry = Entry::done("webhook.change", id).changed(
            json!({ "name": before.name, "types": before.types }),
            json!({ "name": name, "types": types, "new_url": change.url.is_some() }),
        );
        self.commit(transaction, actor, entry).await
    }

    /// Gives a webhook a new secret. The one before signs as well for so long; one that was still in use
    /// besides stops at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn rotate_webhook_secret(
        &self,
        actor: &Actor,
        id: WebhookId,
        secret: &SecretString,
        both_for: TimeDelta,
    ) -> Result<(), StoreError> {
        bounded(secret.expose_secret(), 200, "the secret of a webhook", "200 bytes")?;
        let transaction = self.write().await?;
        let row = webhook::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        let row = found(row, "webhook")?;
        let old = self.seal.open_text(SECRET, row.id, &row.secret_sealed)?;
        let until = self.now() + both_for;
        webhook::Entity::update_many()
            .col_expr(
                webhook::Column::SecretSealed,
                Expr::value(self.seal.text(SECRET, row.id, secret.expose_secret())?),
            )
            .col_expr(
                webhook::Column::OldSecretSealed,
                Expr::value(self.seal.text(OLD_SECRET, row.id, &old)?),
            )
            .col_expr(webhook::Column::OldSecretUntilUs, Expr::value(micros(until)))
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .filter(webhook::Column::Id.eq(row.id))
            .exec(&transaction)
            .await?;
        let entry = Entry::done("webhook.rotate-secret", id).with(json!({ "both_until": until }));
        self.commit(transaction, actor, entry).await
    }

    /// Pauses a webhook.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pause_webhook(&self, actor: &Actor, id: WebhookId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        self.stop_webhook(transaction, actor, id, WebhookState::Paused, "somebody paused it", None).await
    }

    /// Lets a webhook get events again. What it missed is replayed separately.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn resume_webhook(&self, actor: &Actor, id: WebhookId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = webhook::Entity::update_many()
            .col_expr(webhook::Column::State, Expr::value(WebhookState::On.as_str()))
            .col_expr(webhook::Column::ReasonSealed, Expr::value(Option::<Vec<u8>>::None))
            .col_expr(webhook::Column::FailingSinceUs, Expr::value(Option::<i64>::None))
            .col_expr(webhook::Column::Failures, Expr::value(0_i64))
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .filter(webhook::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "webhook")?;
        self.commit(transaction, actor, Entry::done("webhook.resume", id)).await
    }

    /// Removes a webhook. What waits for it goes to the dead letters with the next attempt.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_webhook(&self, actor: &Actor, id: WebhookId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = webhook::Entity::delete_many()
            .filter(webhook::Column::WorkspaceId.eq(self.here()))
            .filter(webhook::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "webhook")?;
        self.commit(transaction, actor, Entry::done("webhook.remove", id)).await
    }

    fn webhook_of(&self, row: webhook::Model) -> Result<Webhook, StoreError> {
        let reason = row.reason_sealed.as_deref().map(|sealed| self.seal.open_text(REASON, row.id, sealed));
        Ok(Webhook {
            id: WebhookId::from_uuid(row.id),
            name: self.seal.open_text(NAME, row.id, &row.name_sealed)?,
            url: self.seal.open_text(URL, row.id, &row.url_sealed)?.into(),
            types: unlist(&row.types, TABLE)?,
            state: row.state.parse()?,
            reason: reason.transpose()?,
            failing_since: maybe_moment(row.failing_since_us, TABLE)?,
            old_secret_until: maybe_moment(row.old_secret_until_us, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
        })
    }
}
