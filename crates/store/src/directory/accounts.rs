//! Accounts: who can sign in.
//!
//! An account is found by its address but never proven by it. Switching one off ends its sessions
//! in the same transaction; its tokens and memberships are refused wherever they are looked up.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{account, session};
use crate::error::{bounded, changed, found};
use crate::record::{Entry, Ledger};
use crate::seal::{Column, column};
use crate::value::{Key, Paging, maybe_moment, micros, moment, words};
use bursar_domain::id::AccountId;
use bursar_domain::{Actor, EmailAddress};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

const TABLE: &str = "accounts";
pub(super) const EMAIL: Column = column(TABLE, "email");
pub(super) const DISPLAY_NAME: Column = column(TABLE, "display_name");
const PASSWORD_HASH: Column = column(TABLE, "password_hash");
/// What addresses are looked up as.
pub(super) const EMAIL_LOOKUP: &str = "email";

words! {
    /// Whether a person or a program signs in.
    AccountKind:
    /// A person.
    Person = "person",
    /// A program; it has tokens and no sessions.
    Service = "service",
}

words! {
    /// Whether it may sign in.
    AccountStatus:
    /// It may.
    Active = "active",
    /// It was switched off.
    Disabled = "disabled",
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// A person or a program.
    pub kind: AccountKind,
    /// Whether it may sign in.
    pub status: AccountStatus,
    /// Whether it belongs to who runs the installation.
    pub staff: bool,
    /// The address.
    pub email: EmailAddress,
    /// What it is called.
    pub display_name: String,
    /// When its password was set, if it has one.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last signed in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// When it will be deleted, if that was asked for.
    pub deletion_due_at: Option<DateTime<Utc>>,
}

impl Account {
    /// Whether it may sign in.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == AccountStatus::Active
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The address; one account per address.
    pub email: EmailAddress,
    /// What it is called; at most 200 bytes.
    pub display_name: String,
    /// A person or a program.
    pub kind: AccountKind,
    /// Whether it belongs to who runs the installation.
    pub staff: bool,
}

impl Directory {
    /// Makes an account.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the address has one.
    pub async fn create_account(&self, actor: &Actor, new: NewAccount) -> Result<Account, StoreError> {
        bounded(&new.display_name, 200, "a name", "200 bytes")?;
        let (id, now) = (self.new_uuid()?, self.now());
        let row = account::Model {
            id,
            kind: new.kind.to_string(),
            status: AccountStatus::Active.to_string(),
            staff: new.staff,
            email_sealed: self.seal.text(EMAIL, id, new.email.as_str())?,
            email_lookup: self.seal.lookup(EMAIL_LOOKUP, new.email.as_str()),
            display_name_sealed: self.seal.text(DISPLAY_NAME, id, &new.display_name)?,
            password_hash_sealed: None,
            password_changed_us: None,
            created_us: micros(now),
            last_sign_in_us: None,
            deletion_due_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let target = AccountId::from_uuid(id);
        let entry = Entry::done("account.create", target)
            .with(json!({ "kind": new.kind, "staff": new.staff }))
            .about_person(target, json!({ "email": new.email }));
        self.commit(transaction, actor, entry).await?;
        self.account_of(row)
    }

    /// The account.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn account(&self, id: AccountId) -> Result<Account, StoreError> {
        let transaction = self.read().await?;
        let row = account::Entity::find_by_id(id.uuid()).one(&transaction).await?;
        self.account_of(found(row, "account")?)
    }

    /// The account of an address, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_by_email(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let transaction = self.read().await?;
        let lookup = self.seal.lookup(EMAIL_LOOKUP, email.as_str());
        let row =
            account::Entity::find().filter(account::Column::EmailLookup.eq(lookup)).one(&transaction).await?;
        row.map(|row| self.account_of(row)).transpose()
    }

    /// Accounts, in the order they were made.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn accounts(&self, paging: Paging<AccountId>) -> Result<Vec<Account>, StoreError> {
        let transaction = self.read().await?;
        let mut query = account::Entity::find().order_by_asc(account::Column::Id).limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(account::Column::Id.gt(after.uuid()));
        }
        let rows = query.all(&transaction).await?;
        rows.into_iter().map(|row| self.account_of(row)).collect()
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn account_count(&self) -> Result<u64, StoreError> {
        let transaction = self.read().await?;
        Ok(sea_orm::PaginatorTrait::count(account::Entity::find(), &transaction).await?)
    }

    /// Changes what an account is called.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn rename_account(&self, actor: &Actor, id: AccountId, name: &str) -> Result<(), StoreError> {
        bounded(name, 200, "a name", "200 bytes")?;
        let sealed = self.seal.text(DISPLAY_NAME, id.uuid(), name)?;
        let change = [(account::Column::DisplayNameSealed, Expr::value(sealed))];
        self.change_account(actor, id, change, Entry::done("account.rename", id)).await
    }

    /// Changes an account's address.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::Conflict`] when another account has it.
    pub async fn change_email(
        &self,
        actor: &Actor,
        id: AccountId,
        email: &EmailAddress,
    ) -> Result<(), StoreError> {
        let change = [
            (account::Column::EmailSealed, Expr::value(self.seal.text(EMAIL, id.uuid(), email.as_str())?)),
            (account::Column::EmailLookup, Expr::value(self.seal.lookup(EMAIL_LOOKUP, email.as_str()))),
        ];
        let entry = Entry::done("account.change-email", id).about_person(id, json!({ "email": email }));
        self.change_account(actor, id, change, entry).await
    }

    /// Makes an account staff of the installation, or no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_staff(&self, actor: &Actor, id: AccountId, staff: bool) -> Result<(), StoreError> {
        let entry = Entry::done("account.set-staff", id).with(json!({ "staff": staff }));
        self.change_account(actor, id, [(account::Column::Staff, Expr::value(staff))], entry).await
    }

    /// Keeps the hash of a new password, or that there is none any more. Ending sessions is the
    /// caller's decision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_password_hash(
        &self,
        actor: &Actor,
        id: AccountId,
        hash: Option<&SecretString>,
    ) -> Result<(), StoreError> {
        let sealed = match hash {
            Some(hash) => {
                bounded(hash.expose_secret(), 1024, "a password hash", "1 KiB")?;
                Some(self.seal.text(PASSWORD_HASH, id.uuid(), hash.expose_secret())?)
            }
            None => None,
        };
        let at = hash.map(|_| micros(self.now()));
        let change = [
            (account::Column::PasswordHashSealed, Expr::value(sealed)),
            (account::Column::PasswordChangedUs, Expr::value(at)),
        ];
        let action = if hash.is_some() { "account.set-password" } else { "account.remove-password" };
        self.change_account(actor, id, change, Entry::done(action, id)).await
    }

    /// The hash of the password, if there is one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn password_hash(&self, id: AccountId) -> Result<Option<SecretString>, StoreError> {
        let transaction = self.read().await?;
        let row = found(account::Entity::find_by_id(id.uuid()).one(&transaction).await?, "account")?;
        let hash = row.password_hash_sealed.map(|sealed| self.seal.open_text(PASSWORD_HASH, row.id, &sealed));
        Ok(hash.transpose()?.map(SecretString::from))
    }

    /// Switches an account off: its sessions end in the same transaction, and it is refused
    /// wherever it is looked up from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn switch_off_account(&self, actor: &Actor, id: AccountId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = account::Entity::update_many()
            .col_expr(account::Column::Status, Expr::value(AccountStatus::Disabled.as_str()))
            .filter(account::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "account")?;
        session::Entity::update_many()
            .col_expr(session::Column::EndedUs, Expr::value(micros(self.now())))
            .filter(session::Column::AccountId.eq(id.uuid()))
            .filter(session::Column::EndedUs.is_null())
            .exec(&transaction)
            .await?;
        self.commit(transaction, actor, Entry::done("account.switch-off", id)).await
    }

    /// Switches an account on again. Its sessions stay ended.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn switch_on_account(&self, actor: &Actor, id: AccountId) -> Result<(), StoreError> {
        let change = [(account::Column::Status, Expr::value(AccountStatus::Active.as_str()))];
        self.change_account(actor, id, change, Entry::done("account.switch-on", id)).await
    }

    /// Notes when an account will be deleted, or that it will not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn schedule_account_deletion(
        &self,
        actor: &Actor,
        id: AccountId,
        due: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let action = if due.is_some() { "account.ask-deletion" } else { "account.keep" };
        let entry = Entry::done(action, id).with(json!({ "due": due }));
        let change = [(account::Column::DeletionDueUs, Expr::value(due.map(micros)))];
        self.change_account(actor, id, change, entry).await
    }

    /// Accounts whose deletion is due.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn accounts_due_for_deletion(&self) -> Result<Vec<AccountId>, StoreError> {
        let transaction = self.read().await?;
        let due = account::Column::DeletionDueUs.lte(micros(self.now()));
        let rows = account::Entity::find().filter(due).limit(1_000).all(&transaction).await?;
        Ok(rows.into_iter().map(|row| AccountId::from_uuid(row.id)).collect())
    }

    /// Deletes an account with everything it proves itself by, its sessions and memberships. The
    /// record keeps its id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when it is the last owner of a workspace.
    pub async fn delete_account(&self, actor: &Actor, id: AccountId) -> Result<(), StoreError> {
        for membership in self.memberships(id).await? {
            self.refuse_without_owner(membership.workspace, id).await?;
        }
        let transaction = self.begin_write(crate::database::Reach::account(id)).await?;
        let rows = account::Entity::delete_many()
            .filter(account::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "account")?;
        // What this log knows about the person goes too; workspaces' logs: `Store::erase_person`.
        crate::log::erase(&transaction, Ledger::Directory, id).await?;
        self.commit(transaction, actor, Entry::done("account.delete", id)).await
    }

    async fn change_account<const N: usize>(
        &self,
        actor: &Actor,
        id: AccountId,
        change: [(account::Column, Expr); N],
        entry: Entry,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let update = account::Entity::update_many().filter(account::Column::Id.eq(id.uuid()));
        let update =
            change.into_iter().fold(update, |update, (column, value)| update.col_expr(column, value));
        changed(update.exec(&transaction).await?.rows_affected, "account")?;
        self.commit(transaction, actor, entry).await
    }

    pub(super) fn account_of(&self, row: account::Model) -> Result<Account, StoreError> {
        let email = self.seal.open_text(EMAIL, row.id, &row.email_sealed)?;
        Ok(Account {
            id: AccountId::from_uuid(row.id),
            kind: row.kind.parse()?,
            status: row.status.parse()?,
            staff: row.staff,
            email: crate::value::word(&email, TABLE)?,
            display_name: self.seal.open_text(DISPLAY_NAME, row.id, &row.display_name_sealed)?,
            password_changed_at: maybe_moment(row.password_changed_us, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
            last_sign_in_at: maybe_moment(row.last_sign_in_us, TABLE)?,
            deletion_due_at: maybe_moment(row.deletion_due_us, TABLE)?,
        })
    }
}
