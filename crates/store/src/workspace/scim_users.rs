//! Users as a SCIM client provisioned them (RFC 7643): the resource as it came, and the account it
//! stands for.
//!
//! Everything personal is sealed; users are found by digests of `userName` (whatever its case, as
//! the schema says) and `externalId` (as it is spelled). A version goes up with each change, for
//! ETags.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::scim_user as user;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, Seal, column};
use crate::value::{Key, Paging, json as to_json, micros, moment, unjson};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, GroupId, ScimUserId};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

const TABLE: &str = "scim_users";
const ATTRIBUTES: Column = column(TABLE, "attributes");
pub(super) const MAX_RESOURCE: usize = 256 * 1024;

/// A provisioned user.
#[derive(Debug, Clone, PartialEq)]
pub struct ScimUser {
    /// Its id.
    pub id: ScimUserId,
    /// The account it stands for.
    pub account: Option<AccountId>,
    /// Its name, unique in the workspace whatever its case.
    pub user_name: String,
    /// Its id at the client.
    pub external_id: Option<String>,
    /// Whether it may be used.
    pub active: bool,
    /// The other attributes of the resource.
    pub attributes: Json,
    /// Goes up with each change.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// What a user is to be.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// The account it stands for.
    pub account: Option<AccountId>,
    /// Its name.
    pub user_name: String,
    /// Its id at the client.
    pub external_id: Option<String>,
    /// Whether it may be used.
    pub active: bool,
    /// The other attributes; 256 KiB at most.
    pub attributes: Json,
}

/// By what users or groups are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScimFilter {
    /// A user's name, in any case.
    UserName(String),
    /// A group's name, in any case.
    DisplayName(String),
    /// The id at the client.
    ExternalId(String),
    /// The id here, of either kind.
    Id(String),
    /// Users in this group.
    InGroup(GroupId),
    /// Users by whether they may be used.
    Active(bool),
}

/// What is sealed: the resource with the attributes that are looked for.
#[derive(Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) name: String,
    #[serde(default)]
    pub(super) external_id: Option<String>,
    #[serde(default)]
    pub(super) attributes: Json,
}

impl WorkspaceStore {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn add_scim_user(&self, actor: &Actor, new: UserChange) -> Result<ScimUser, StoreError> {
        let row = self.user_row(self.new_uuid()?, &new, 1, self.now())?;
        let id = ScimUserId::from_uuid(row.id);
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry =
            Entry::done("scim-user.add", id).with(json!({ "account": new.account, "active": new.active }));
        self.commit(transaction, actor, entry).await?;
        user_of(row, &self.seal)
    }

    /// The user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn scim_user(&self, id: ScimUserId) -> Result<ScimUser, StoreError> {
        let transaction = self.read().await?;
        let row = user::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        user_of(found(row, "user")?, &self.seal)
    }

    /// The users that stand for an account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn scim_users_of(&self, account: AccountId) -> Result<Vec<ScimUser>, StoreError> {
        let transaction = self.read().await?;
        let rows = user::Entity::find()
            .filter(user::Column::WorkspaceId.eq(self.here()))
            .filter(user::Column::AccountId.eq(account.uuid()))
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| user_of(row, &self.seal)).collect()
    }

    /// A page of the users, by id, and how many there are in all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn scim_users(
        &self,
        filter: Option<&ScimFilter>,
        paging: Paging<ScimUserId>,
    ) -> Result<(Vec<ScimUser>, u64), StoreError> {
        use crate::entity::scim_group_member as member;
        use sea_orm::sea_query::Query;
        let mut query = user::Entity::find().filter(user::Column::WorkspaceId.eq(self.here()));
        query = match filter {
            None => query,
            Some(ScimFilter::UserName(name)) => {
                query.filter(user::Column::UserNameLookup.eq(self.user_name_lookup(name)))
            }
            Some(ScimFilter::ExternalId(id)) => {
                query.filter(user::Column::ExternalIdLookup.eq(self.external_user_lookup(id)))
            }
            Some(ScimFilter::Id(id)) => query.filter(user::Column::Id.eq(id_or_none::<ScimUserId>(id))),
            Some(ScimFilter::Active(active)) => query.filter(user::Column::Active.eq(*active)),
            Some(ScimFilter::InGroup(group)) => {
                let users = Query::select()
                    .column(member::Column::UserId)
                    .from(member::Entity)
                    .and_where(member::Column::WorkspaceId.eq(self.here()))
                    .and_where(member::Column::GroupId.eq(group.uuid()))
                    .to_owned();
                query.filter(user::Column::Id.in_subquery(users))
            }
            Some(ScimFilter::DisplayName(_)) => return Ok((Vec::new(), 0)),
        };
        let transaction = self.read().await?;
        let total = query.clone().count(&transaction).await?;
        if let Some(after) = paging.after {
            query = query.filter(user::Column::Id.gt(after.uuid()));
        }
        let rows = query.order_by_asc(user::Column::Id).limit(paging.limit()).all(&transaction).await?;
        let users = rows.into_iter().map(|row| user_of(row, &self.seal)).collect::<Result<_, _>>()?;
        Ok((users, total))
    }

    /// Replaces a user, if it still has the version that the caller saw.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`]; [`StoreError::Conflict`] when the name is
    /// taken.
    pub async fn change_scim_user(
        &self,
        actor: &Actor,
        id: ScimUserId,
        seen: Option<u64>,
        change: UserChange,
    ) -> Result<ScimUser, StoreError> {
        let transaction = self.write().await?;
        let row = user::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        let old = found(row, "user")?;
        if seen.is_some_and(|seen| i64::try_from(seen) != Ok(old.version)) {
            return Err(StoreError::Stale("the user"));
        }
        let created = moment(old.created_us, TABLE)?;
        let new = self.user_row(id.uuid(), &change, old.version + 1, created)?;
        let rows = user::Entity::update_many()
            .col_expr(user::Column::AccountId, Expr::value(new.account_id))
            .col_expr(user::Column::UserNameLookup, Expr::value(new.user_name_lookup.clone()))
            .col_expr(user::Column::ExternalIdLookup, Expr::value(new.external_id_lookup.clone()))
            .col_expr(user::Column::Active, Expr::value(new.active))
            .col_expr(user::Column::AttributesSealed, Expr::value(new.attributes_sealed.clone()))
            .col_expr(user::Column::Version, Expr::value(new.version))
            .col_expr(user::Column::ChangedUs, Expr::value(new.changed_us))
            .filter(user::Column::WorkspaceId.eq(self.here()))
            .filter(user::Column::Id.eq(id.uuid()))
            .filter(user::Column::Version.eq(old.version))
            .exec(&transaction)
            .await?;
        if rows.rows_affected == 0 {
            return Err(StoreError::Stale("the user"));
        }
        let entry = Entry::done("scim-user.change", id)
            .with(json!({ "account": change.account, "active": change.active, "was_active": old.active }));
        self.commit(transaction, actor, entry).await?;
        user_of(new, &self.seal)
    }

    /// Removes a user, and from its groups.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`].
    pub async fn remove_scim_user(
        &self,
        actor: &Actor,
        id: ScimUserId,
        seen: Option<u64>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let row = user::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        let old = found(row, "user")?;
        if seen.is_some_and(|seen| i64::try_from(seen) != Ok(old.version)) {
            return Err(StoreError::Stale("the user"));
        }
        let rows = user::Entity::delete_many()
            .filter(user::Column::WorkspaceId.eq(self.here()))
            .filter(user::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "user")?;
        self.commit(transaction, actor, Entry::done("scim-user.remove", id)).await
    }

    fn user_row(
        &self,
        id: Uuid,
        new: &UserChange,
        version: i64,
        created: DateTime<Utc>,
    ) -> Result<user::Model, StoreError> {
        let resource = Resource {
            name: new.user_name.clone(),
            external_id: new.external_id.clone(),
            attributes: new.attributes.clone(),
        };
        let resource = to_json(&resource, TABLE)?;
        bounded(&resource, MAX_RESOURCE, "a user", "256 KiB")?;
        Ok(user::Model {
            workspace_id: self.here(),
            id,
            account_id: new.account.map(Key::uuid),
            user_name_lookup: self.user_name_lookup(&new.user_name),
            external_id_lookup: new.external_id.as_deref().map(|id| self.external_user_lookup(id)),
            active: new.active,
            attributes_sealed: self.seal.text(ATTRIBUTES, id, &resource)?,
            version,
            created_us: micros(created),
            changed_us: micros(self.now()),
        })
    }

    fn user_name_lookup(&self, name: &str) -> Vec<u8> {
        self.seal.lookup("scim userName", &name.to_lowercase())
    }

    fn external_user_lookup(&self, id: &str) -> Vec<u8> {
        self.seal.lookup("scim user externalId", id)
    }
}

/// The id that the text names, or one that nothing has: a filter by nonsense finds nothing.
pub(super) fn id_or_none<K: Key + std::str::FromStr>(text: &str) -> Uuid {
    text.parse::<K>().map_or(Uuid::nil(), Key::uuid)
}

fn user_of(row: user::Model, seal: &Seal) -> Result<ScimUser, StoreError> {
    let resource: Resource = unjson(&seal.open_text(ATTRIBUTES, row.id, &row.attributes_sealed)?, TABLE)?;
    Ok(ScimUser {
        id: ScimUserId::from_uuid(row.id),
        account: row.account_id.map(AccountId::from_uuid),
        user_name: resource.name,
        external_id: resource.external_id,
        active: row.active,
        attributes: resource.attributes,
        version: u64::try_from(row.version).unwrap_or_default(),
        created_at: moment(row.created_us, TABLE)?,
        changed_at: moment(row.changed_us, TABLE)?,
    })
}
