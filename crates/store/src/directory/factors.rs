//! What an account proves itself by besides a password: passkeys, one-time codes, recovery codes.
//!
//! A code is used up by one conditional UPDATE: of two who bring the same at once one wins.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{passkey, recovery_code, totp};
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, maybe_moment, micros, moment};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, PasskeyId};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

const PASSKEY_NAME: Column = column("passkeys", "name");
const PASSKEY: Column = column("passkeys", "passkey");
const SECRET: Column = column("totp_secrets", "secret");
const MAX_PASSKEYS: u64 = 20;

/// A passkey.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose.
    pub account: AccountId,
    /// What it is called.
    pub name: String,
    /// The credential with its counter, as its verifier serialises it.
    pub passkey: SecretString,
    /// When it was added.
    pub added_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A passkey to be added.
#[derive(Debug, Clone)]
pub struct NewPasskey {
    /// Whose.
    pub account: AccountId,
    /// What it is called; at most 100 bytes.
    pub name: String,
    /// The authenticator's id of the credential.
    pub credential_id: Vec<u8>,
    /// The credential, as its verifier serialises it; at most 16 KiB.
    pub passkey: SecretString,
}

/// The secret of one-time codes.
#[derive(Debug, Clone)]
pub struct Totp {
    /// The secret, as its verifier writes it.
    pub secret: SecretString,
    /// When a first code proved that it was taken over; it counts from then on.
    pub confirmed_at: Option<DateTime<Utc>>,
}

impl Directory {
    /// Adds a passkey.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is there, or the account has 20.
    pub async fn add_passkey(&self, actor: &Actor, new: NewPasskey) -> Result<PasskeyId, StoreError> {
        bounded(&new.name, 100, "the name of a passkey", "100 bytes")?;
        bounded(new.passkey.expose_secret(), 16 * 1024, "a passkey", "16 KiB")?;
        let id = self.new_uuid()?;
        let row = passkey::Model {
            id,
            account_id: new.account.uuid(),
            name_sealed: self.seal.text(PASSKEY_NAME, id, &new.name)?,
            credential_lookup: self.credential_lookup(&new.credential_id),
            passkey_sealed: self.seal.text(PASSKEY, id, new.passkey.expose_secret())?,
            added_us: micros(self.now()),
            last_used_us: None,
        };
        let transaction = self.write().await?;
        let of_account = passkey::Entity::find().filter(passkey::Column::AccountId.eq(new.account.uuid()));
        if of_account.count(&transaction).await? >= MAX_PASSKEYS {
            return Err(StoreError::Conflict("an account has at most 20 passkeys: remove one first"));
        }
        insert(&transaction, row).await?;
        let target = PasskeyId::from_uuid(id);
        let entry =
            Entry::done("passkey.add", target).with(json!({ "account": new.account, "name": new.name }));
        self.commit(transaction, actor, entry).await?;
        Ok(target)
    }

    /// An account's passkeys, in the order they were added.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn passkeys(&self, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
        let transaction = self.read().await?;
        let rows = passkey::Entity::find()
            .filter(passkey::Column::AccountId.eq(account.uuid()))
            .order_by_asc(passkey::Column::Id)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.passkey_of(row)).collect()
    }

    /// The passkey of a credential, for a sign-in that begins without a name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn passkey_by_credential(&self, credential_id: &[u8]) -> Result<Passkey, StoreError> {
        let transaction = self.read().await?;
        let lookup = passkey::Column::CredentialLookup.eq(self.credential_lookup(credential_id));
        let row = passkey::Entity::find().filter(lookup).one(&transaction).await?;
        self.passkey_of(found(row, "passkey")?)
    }

    /// Keeps a passkey's new counter after a use, if nobody else used it meanwhile. Not recorded:
    /// the session is.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when somebody did: then it may have been copied.
    pub async fn passkey_used(&self, seen: &Passkey, passkey: &SecretString) -> Result<(), StoreError> {
        bounded(passkey.expose_secret(), 16 * 1024, "a passkey", "16 KiB")?;
        let sealed = self.seal.text(PASSKEY, seen.id.uuid(), passkey.expose_secret())?;
        let transaction = self.write().await?;
        let mut update = passkey::Entity::update_many()
            .col_expr(passkey::Column::PasskeySealed, Expr::value(sealed))
            .col_expr(passkey::Column::LastUsedUs, Expr::value(micros(self.now())))
            .filter(passkey::Column::Id.eq(seen.id.uuid()));
        update = match seen.last_used_at {
            Some(at) => update.filter(passkey::Column::LastUsedUs.eq(micros(at))),
            None => update.filter(passkey::Column::LastUsedUs.is_null()),
        };
        if update.exec(&transaction).await?.rows_affected == 0 {
            return Err(StoreError::Stale("the passkey"));
        }
        crate::database::commit(transaction).await
    }

    /// Removes one of an account's passkeys.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not the account's.
    pub async fn remove_passkey(
        &self,
        actor: &Actor,
        account: AccountId,
        id: PasskeyId,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = passkey::Entity::delete_many()
            .filter(passkey::Column::Id.eq(id.uuid()))
            .filter(passkey::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "passkey")?;
        self.commit(transaction, actor, Entry::done("passkey.remove", id).with(json!({ "account": account })))
            .await
    }

    fn credential_lookup(&self, credential_id: &[u8]) -> Vec<u8> {
        self.seal.lookup("passkey", &URL_SAFE_NO_PAD.encode(credential_id))
    }

    fn passkey_of(&self, row: passkey::Model) -> Result<Passkey, StoreError> {
        Ok(Passkey {
            id: PasskeyId::from_uuid(row.id),
            account: AccountId::from_uuid(row.account_id),
            name: self.seal.open_text(PASSKEY_NAME, row.id, &row.name_sealed)?,
            passkey: self.seal.open_text(PASSKEY, row.id, &row.passkey_sealed)?.into(),
            added_at: moment(row.added_us, "passkeys")?,
            last_used_at: maybe_moment(row.last_used_us, "passkeys")?,
        })
    }

    /// Keeps a new secret for one-time codes; it does not count before [`Directory::confirm_totp`].
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the account has one that counts: it is removed first.
    pub async fn begin_totp(&self, account: AccountId, secret: &SecretString) -> Result<(), StoreError> {
        bounded(secret.expose_secret(), 1024, "a secret", "1 KiB")?;
        let row = totp::Model {
            account_id: account.uuid(),
            secret_sealed: self.seal.text(SECRET, account.uuid(), secret.expose_secret())?,
            last_step: 0,
            confirmed_us: None,
            added_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        totp::Entity::delete_many()
            .filter(totp::Column::AccountId.eq(account.uuid()))
            .filter(totp::Column::ConfirmedUs.is_null())
            .exec(&transaction)
            .await?;
        insert(&transaction, row).await?;
        crate::database::commit(transaction).await
    }

    /// The secret of an account's one-time codes, if it has one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn totp(&self, account: AccountId) -> Result<Option<Totp>, StoreError> {
        let transaction = self.read().await?;
        let Some(row) = totp::Entity::find_by_id(account.uuid()).one(&transaction).await? else {
            return Ok(None);
        };
        Ok(Some(Totp {
            secret: self.seal.open_text(SECRET, row.account_id, &row.secret_sealed)?.into(),
            confirmed_at: maybe_moment(row.confirmed_us, "totp_secrets")?,
        }))
    }

    /// The secret counts from now on; the step of the code that proved it is used up.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none that waits.
    pub async fn confirm_totp(&self, actor: &Actor, account: AccountId, step: u64) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = totp::Entity::update_many()
            .col_expr(totp::Column::ConfirmedUs, Expr::value(micros(self.now())))
            .col_expr(totp::Column::LastStep, Expr::value(step_of(step)))
            .filter(totp::Column::AccountId.eq(account.uuid()))
            .filter(totp::Column::ConfirmedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "one-time code secret")?;
        self.commit(transaction, actor, Entry::done("totp.add", account)).await
    }

    /// Uses up the step of a code that was found right, and all before it. Not recorded: the
    /// session is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the step or a later one was used already.
    pub async fn use_totp_step(&self, account: AccountId, step: u64) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = totp::Entity::update_many()
            .col_expr(totp::Column::LastStep, Expr::value(step_of(step)))
            .filter(totp::Column::AccountId.eq(account.uuid()))
            .filter(totp::Column::ConfirmedUs.is_not_null())
            .filter(totp::Column::LastStep.lt(step_of(step)))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "one-time code")?;
        crate::database::commit(transaction).await
    }

    /// Removes the secret of an account's one-time codes, and its recovery codes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it has none.
    pub async fn remove_totp(&self, actor: &Actor, account: AccountId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = totp::Entity::delete_many()
            .filter(totp::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "one-time code secret")?;
        recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        self.commit(transaction, actor, Entry::done("totp.remove", account)).await
    }

    /// Replaces an account's recovery codes by those of these digests (SHA-256), at most 20.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub async fn replace_recovery_codes(
        &self,
        actor: &Actor,
        account: AccountId,
        digests: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        if digests.len() > 20 {
            return Err(StoreError::TooLarge { what: "the list of recovery codes", limit: "20 codes" });
        }
        let transaction = self.write().await?;
        recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::AccountId.eq(account.uuid()))
            .exec(&transaction)
            .await?;
        for digest in digests {
            let row =
                recovery_code::Model { account_id: account.uuid(), digest: digest.to_vec(), used_us: None };
            insert(&transaction, row).await?;
        }
        let entry = Entry::done("recovery-codes.replace", account).with(json!({ "codes": digests.len() }));
        self.commit(transaction, actor, entry).await
    }

    /// Uses up a recovery code.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not the account's or was used already.
    pub async fn use_recovery_code(
        &self,
        actor: &Actor,
        account: AccountId,
        digest: &[u8; 32],
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = recovery_code::Entity::update_many()
            .col_expr(recovery_code::Column::UsedUs, Expr::value(micros(self.now())))
            .filter(recovery_code::Column::AccountId.eq(account.uuid()))
            .filter(recovery_code::Column::Digest.eq(digest.to_vec()))
            .filter(recovery_code::Column::UsedUs.is_null())
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "recovery code")?;
        self.commit(transaction, actor, Entry::done("recovery-code.use", account)).await
    }

    /// How many recovery codes are left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn recovery_codes_left(&self, account: AccountId) -> Result<u64, StoreError> {
        let transaction = self.read().await?;
        let left = recovery_code::Entity::find()
            .filter(recovery_code::Column::AccountId.eq(account.uuid()))
            .filter(recovery_code::Column::UsedUs.is_null());
        Ok(left.count(&transaction).await?)
    }
}

fn step_of(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
