//! Channels, alert rules, and what members want to be told. What a rule says is `bursar-notify`'s: here it is JSON.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{alert_rule, channel, notice_preference};
use crate::error::{bounded, changed};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, json, micros, unjson, words};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, AlertRuleId, ChannelId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

const CHANNEL_NAME: Column = column("channels", "name");
pub(super) const ADDRESS: Column = column("channels", "address");
const RULE_NAME: Column = column("alert_rules", "name");
const RULE: Column = column("alert_rules", "rule");
const PREFERENCES: Column = column("notice_preferences", "preferences");
/// Most channels and most rules of a workspace.
const MOST: u64 = 100;
const MAX_RULE: usize = 32 * 1024;

words! {
    /// What a channel is.
    ChannelKind:
    /// An incoming webhook of Slack's.
    Slack = "slack",
    /// The webhook of a workflow in Microsoft Teams.
    Teams = "teams",
    /// A mailbox.
    Mail = "mail",
}

/// A channel.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Which.
    pub id: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// What people call it.
    pub name: String,
}

/// A channel to be made.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Of which kind.
    pub kind: ChannelKind,
    /// What people call it; at most 200 bytes.
    pub name: String,
    /// A URL, which is a secret, or a mail address; at most 2 KiB.
    pub address: SecretString,
}

/// An alert rule.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRuleRow {
    /// Which.
    pub id: AlertRuleId,
    /// What people call it.
    pub name: String,
    /// What it says.
    pub rule: Json,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// An alert rule to be made, or as it is to be.
#[derive(Debug, Clone)]
pub struct NewAlertRule {
    /// What people call it; at most 200 bytes.
    pub name: String,
    /// What it says; at most 32 KiB.
    pub rule: Json,
    /// Whether it is switched on.
    pub enabled: bool,
}

impl WorkspaceStore {
    /// Adds a channel.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there are a hundred.
    pub async fn add_channel(&self, actor: &Actor, new: NewChannel) -> Result<ChannelId, StoreError> {
        bounded(&new.name, 200, "the name of a channel", "200 bytes")?;
        bounded(new.address.expose_secret(), 2_048, "the address of a channel", "2 KiB")?;
        let id = self.new_uuid()?;
        let row = channel::Model {
            workspace_id: self.here(),
            id,
            kind: new.kind.to_string(),
            name_sealed: self.seal.text(CHANNEL_NAME, id, &new.name)?,
            address_sealed: self.seal.text(ADDRESS, id, new.address.expose_secret())?,
            created_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        let here = channel::Entity::find().filter(channel::Column::WorkspaceId.eq(self.here()));
        if here.count(&transaction).await? >= MOST {
            return Err(StoreError::Conflict("a workspace has at most 100 channels"));
        }
        insert(&transaction, row).await?;
        let id = ChannelId::from_uuid(id);
        let entry = Entry::done("channel.add", id).with(json!({ "kind": new.kind, "name": new.name }));
        self.commit(transaction, actor, entry).await?;
        Ok(id)
    }

    /// The channels, at most a hundred.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn channels(&self) -> Result<Vec<Channel>, StoreError> {
        let transaction = self.read().await?;
        let rows = channel::Entity::find()
            .filter(channel::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(channel::Column::Id)
            .limit(MOST)
            .all(&transaction)
            .await?;
        let channel = |row: channel::Model| {
            Ok(Channel {
                id: ChannelId::from_uuid(row.id),
                kind: row.kind.parse()?,
                name: self.seal.open_text(CHANNEL_NAME, row.id, &row.name_sealed)?,
            })
        };
        rows.into_iter().map(channel).collect()
    }

    /// Removes a channel.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_channel(&self, actor: &Actor, id: ChannelId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = channel::Entity::delete_many()
            .filter(channel::Column::WorkspaceId.eq(self.here()))
            .filter(channel::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "channel")?;
        self.commit(transaction, actor, Entry::done("channel.remove", id)).await
    }

    /// Adds an alert rule.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there are a hundred.
    pub async fn add_alert_rule(&self, actor: &Actor, new: NewAlertRule) -> Result<AlertRuleId, StoreError> {
        let id = self.new_uuid()?;
        let (name_sealed, rule_sealed) = self.sealed_rule(id, &new)?;
        let row = alert_rule::Model {
            workspace_id: self.here(),
            id,
            name_sealed,
            rule_sealed,
            enabled: new.enabled,
            changed_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        let here = alert_rule::Entity::find().filter(alert_rule::Column::WorkspaceId.eq(self.here()));
        if here.count(&transaction).await? >= MOST {
            return Err(StoreError::Conflict("a workspace has at most 100 alert rules"));
        }
        insert(&transaction, row).await?;
        let id = AlertRuleId::from_uuid(id);
        self.commit(transaction, actor, told("alert-rule.add", id, &new)).await?;
        Ok(id)
    }

    /// Changes an alert rule.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn change_alert_rule(
        &self,
        actor: &Actor,
        id: AlertRuleId,
        new: NewAlertRule,
    ) -> Result<(), StoreError> {
        let (name, rule) = self.sealed_rule(id.uuid(), &new)?;
        let transaction = self.write().await?;
        let rows = alert_rule::Entity::update_many()
            .col_expr(alert_rule::Column::NameSealed, Expr::value(name))
            .col_expr(alert_rule::Column::RuleSealed, Expr::value(rule))
            .col_expr(alert_rule::Column::Enabled, Expr::value(new.enabled))
            .col_expr(alert_rule::Column::ChangedUs, Expr::value(micros(self.now())))
            .filter(alert_rule::Column::WorkspaceId.eq(self.here()))
            .filter(alert_rule::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "alert rule")?;
        self.commit(transaction, actor, told("alert-rule.change", id, &new)).await
    }

    fn sealed_rule(&self, id: uuid::Uuid, new: &NewAlertRule) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
        bounded(&new.name, 200, "the name of an alert rule", "200 bytes")?;
        let rule = json(&new.rule, RULE.table)?;
        bounded(&rule, MAX_RULE, "an alert rule", "32 KiB")?;
        Ok((self.seal.text(RULE_NAME, id, &new.name)?, self.seal.text(RULE, id, &rule)?))
    }

    /// The alert rules, at most a hundred.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alert_rules(&self) -> Result<Vec<AlertRuleRow>, StoreError> {
        let transaction = self.read().await?;
        let rows = alert_rule::Entity::find()
            .filter(alert_rule::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(alert_rule::Column::Id)
            .limit(MOST)
            .all(&transaction)
            .await?;
        let rule = |row: alert_rule::Model| {
            Ok(AlertRuleRow {
                id: AlertRuleId::from_uuid(row.id),
                name: self.seal.open_text(RULE_NAME, row.id, &row.name_sealed)?,
                rule: unjson(&self.seal.open_text(RULE, row.id, &row.rule_sealed)?, RULE.table)?,
                enabled: row.enabled,
            })
        };
        rows.into_iter().map(rule).collect()
    }

    /// Removes an alert rule.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_alert_rule(&self, actor: &Actor, id: AlertRuleId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = alert_rule::Entity::delete_many()
            .filter(alert_rule::Column::WorkspaceId.eq(self.here()))
            .filter(alert_rule::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "alert rule")?;
        self.commit(transaction, actor, Entry::done("alert-rule.remove", id)).await
    }

    /// What a member wants to be told, and when.
    ///
    /// # Errors
    /// When it is too large or cannot be written.
    pub async fn set_notice_preferences(
        &self,
        actor: &Actor,
        account: AccountId,
        preferences: &Json,
    ) -> Result<(), StoreError> {
        let text = json(preferences, PREFERENCES.table)?;
        bounded(&text, 4_096, "the preferences for notices", "4 KiB")?;
        let row = notice_preference::Model {
            workspace_id: self.here(),
            account_id: account.uuid(),
            preferences_sealed: self.seal.text(PREFERENCES, account.uuid(), &text)?,
            changed_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        notice_preference::Entity::delete_by_id((self.here(), account.uuid())).exec(&transaction).await?;
        insert(&transaction, row).await?;
        self.commit(transaction, actor, Entry::done("notice-preferences.set", account)).await
    }

    /// What members want, of those who said so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notice_preferences(&self) -> Result<Vec<(AccountId, Json)>, StoreError> {
        let transaction = self.read().await?;
        let rows = notice_preference::Entity::find()
            .filter(notice_preference::Column::WorkspaceId.eq(self.here()))
            .all(&transaction)
            .await?;
        let preferences = |row: notice_preference::Model| {
            let text = self.seal.open_text(PREFERENCES, row.account_id, &row.preferences_sealed)?;
            Ok((AccountId::from_uuid(row.account_id), unjson(&text, PREFERENCES.table)?))
        };
        rows.into_iter().map(preferences).collect()
    }
}

fn told(action: &str, id: AlertRuleId, new: &NewAlertRule) -> Entry {
    Entry::done(action, id).with(json!({ "name": new.name, "enabled": new.enabled }))
}
