//! Groups as a SCIM client provisioned them, their members, and the team or role they give.

use super::WorkspaceStore;
use super::scim_users::{MAX_RESOURCE, Resource, ScimFilter, id_or_none};
use crate::StoreError;
use crate::database::insert;
use crate::entity::{scim_group as group, scim_group_member as member, scim_user as user};
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, Seal, column};
use crate::value::{Key, Paging, json as to_json, micros, moment, unjson, word};
use bursar_domain::id::{GroupId, ScimUserId, TeamId};
use bursar_domain::{Actor, RoleName};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const TABLE: &str = "scim_groups";
const ATTRIBUTES: Column = column(TABLE, "attributes");
/// Most members of a group.
const MAX_MEMBERS: usize = 10_000;

/// A provisioned group.
#[derive(Debug, Clone, PartialEq)]
pub struct ScimGroup {
    /// Its id.
    pub id: GroupId,
    /// What it is called.
    pub display_name: String,
    /// Its id at the client.
    pub external_id: Option<String>,
    /// Who is in it.
    pub members: Vec<ScimUserId>,
    /// The team that its members are put into.
    pub team: Option<TeamId>,
    /// The role that its members get.
    pub role: Option<RoleName>,
    /// The other attributes of the resource.
    pub attributes: Json,
    /// Goes up with each change.
    pub version: u64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// What a group is to be, for its client. Its team and role are the workspace's to set.
#[derive(Debug, Clone)]
pub struct GroupChange {
    /// What it is called.
    pub display_name: String,
    /// Its id at the client.
    pub external_id: Option<String>,
    /// Who is in it; 10,000 at most.
    pub members: Vec<ScimUserId>,
    /// The other attributes; 256 KiB at most.
    pub attributes: Json,
}

impl WorkspaceStore {
    /// Adds a group.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when a member is no user of this workspace.
    pub async fn add_scim_group(&self, actor: &Actor, new: GroupChange) -> Result<ScimGroup, StoreError> {
        let (id, now) = (self.new_uuid()?, self.now());
        let row = group::Model {
            workspace_id: self.here(),
            id,
            display_name_lookup: self.display_name_lookup(&new.display_name),
            external_id_lookup: new.external_id.as_deref().map(|id| self.external_group_lookup(id)),
            attributes_sealed: self.sealed_group(id, &new)?,
            team_id: None,
            role: None,
            version: 1,
            created_us: micros(now),
            changed_us: micros(now),
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        self.put_members(&transaction, id, &new.members).await?;
        let target = GroupId::from_uuid(id);
        let entry = Entry::done("scim-group.add", target)
            .with(json!({ "name": new.display_name, "members": new.members.len() }));
        self.commit(transaction, actor, entry).await?;
        group_of(row, new.members, &self.seal)
    }

    /// The group with its members.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn scim_group(&self, id: GroupId) -> Result<ScimGroup, StoreError> {
        let transaction = self.read().await?;
        let row = group::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        let row = found(row, "group")?;
        let mut members = self.members_of(&transaction, vec![row.id]).await?;
        let members = members.remove(&row.id).unwrap_or_default();
        group_of(row, members, &self.seal)
    }

    /// A page of the groups with their members, by id, and how many there are in all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn scim_groups(
        &self,
        filter: Option<&ScimFilter>,
        paging: Paging<GroupId>,
    ) -> Result<(Vec<ScimGroup>, u64), StoreError> {
        let mut query = group::Entity::find().filter(group::Column::WorkspaceId.eq(self.here()));
        query = match filter {
            None => query,
            Some(ScimFilter::DisplayName(name)) => {
                query.filter(group::Column::DisplayNameLookup.eq(self.display_name_lookup(name)))
            }
            Some(ScimFilter::ExternalId(id)) => {
                query.filter(group::Column::ExternalIdLookup.eq(self.external_group_lookup(id)))
            }
            Some(ScimFilter::Id(id)) => query.filter(group::Column::Id.eq(id_or_none::<GroupId>(id))),
            Some(ScimFilter::UserName(_) | ScimFilter::InGroup(_) | ScimFilter::Active(_)) => {
                return Ok((Vec::new(), 0));
            }
        };
        let transaction = self.read().await?;
        let total = query.clone().count(&transaction).await?;
        if let Some(after) = paging.after {
            query = query.filter(group::Column::Id.gt(after.uuid()));
        }
        let rows = query.order_by_asc(group::Column::Id).limit(paging.limit()).all(&transaction).await?;
        let mut members = self.members_of(&transaction, rows.iter().map(|row| row.id).collect()).await?;
        let groups = rows
            .into_iter()
            .map(|row| {
                let members = members.remove(&row.id).unwrap_or_default();
                group_of(row, members, &self.seal)
            })
            .collect::<Result<_, _>>()?;
        Ok((groups, total))
    }

    /// The groups that a user is in, without their other members.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn scim_groups_of(&self, user: ScimUserId) -> Result<Vec<ScimGroup>, StoreError> {
        let transaction = self.read().await?;
        let memberships = member::Entity::find()
            .filter(member::Column::WorkspaceId.eq(self.here()))
            .filter(member::Column::UserId.eq(user.uuid()))
            .all(&transaction)
            .await?;
        let rows = group::Entity::find()
            .filter(group::Column::WorkspaceId.eq(self.here()))
            .filter(group::Column::Id.is_in(memberships.into_iter().map(|row| row.group_id)))
            .order_by_asc(group::Column::Id)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| group_of(row, vec![user], &self.seal)).collect()
    }

    /// Replaces a group, if it still has the version that the caller saw.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`].
    pub async fn change_scim_group(
        &self,
        actor: &Actor,
        id: GroupId,
        seen: Option<u64>,
        change: GroupChange,
    ) -> Result<ScimGroup, StoreError> {
        let sealed = self.sealed_group(id.uuid(), &change)?;
        let transaction = self.write().await?;
        let mut row = self.seen_group(&transaction, id, seen).await?;
        let version = row.version;
        row.display_name_lookup = self.display_name_lookup(&change.display_name);
        row.external_id_lookup = change.external_id.as_deref().map(|id| self.external_group_lookup(id));
        row.attributes_sealed = sealed;
        (row.version, row.changed_us) = (version + 1, micros(self.now()));
        let rows = group::Entity::update_many()
            .col_expr(group::Column::DisplayNameLookup, Expr::value(row.display_name_lookup.clone()))
            .col_expr(group::Column::ExternalIdLookup, Expr::value(row.external_id_lookup.clone()))
            .col_expr(group::Column::AttributesSealed, Expr::value(row.attributes_sealed.clone()))
            .col_expr(group::Column::Version, Expr::value(row.version))
            .col_expr(group::Column::ChangedUs, Expr::value(row.changed_us))
            .filter(group::Column::WorkspaceId.eq(self.here()))
            .filter(group::Column::Id.eq(id.uuid()))
            .filter(group::Column::Version.eq(version))
            .exec(&transaction)
            .await?;
        if rows.rows_affected == 0 {
            return Err(StoreError::Stale("the group"));
        }
        self.put_members(&transaction, id.uuid(), &change.members).await?;
        let entry = Entry::done("scim-group.change", id)
            .with(json!({ "name": change.display_name, "members": change.members.len() }));
        self.commit(transaction, actor, entry).await?;
        group_of(row, change.members, &self.seal)
    }

    /// Says which team and which role a group gives. Putting its members there is the caller's.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a group, team or role that is not this workspace's.
    pub async fn map_scim_group(
        &self,
        actor: &Actor,
        id: GroupId,
        team: Option<TeamId>,
        role: Option<RoleName>,
    ) -> Result<(), StoreError> {
        if let Some(team) = team {
            self.team(team).await?;
        }
        if let Some(role) = role {
            self.known_role(role).await?;
        }
        let transaction = self.write().await?;
        let rows = group::Entity::update_many()
            .col_expr(group::Column::TeamId, Expr::value(team.map(Key::uuid)))
            .col_expr(group::Column::Role, Expr::value(role.map(|role| role.to_string())))
            .filter(group::Column::WorkspaceId.eq(self.here()))
            .filter(group::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "group")?;
        let entry = Entry::done("scim-group.map", id).with(json!({ "team": team, "role": role }));
        self.commit(transaction, actor, entry).await
    }

    /// Removes a group. Its members stay users.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Stale`].
    pub async fn remove_scim_group(
        &self,
        actor: &Actor,
        id: GroupId,
        seen: Option<u64>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        self.seen_group(&transaction, id, seen).await?;
        let rows = group::Entity::delete_many()
            .filter(group::Column::WorkspaceId.eq(self.here()))
            .filter(group::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "group")?;
        self.commit(transaction, actor, Entry::done("scim-group.remove", id)).await
    }

    async fn seen_group(
        &self,
        transaction: &DatabaseTransaction,
        id: GroupId,
        seen: Option<u64>,
    ) -> Result<group::Model, StoreError> {
        let row = group::Entity::find_by_id((self.here(), id.uuid())).one(transaction).await?;
        let row = found(row, "group")?;
        if seen.is_some_and(|seen| i64::try_from(seen) != Ok(row.version)) {
            return Err(StoreError::Stale("the group"));
        }
        Ok(row)
    }

    /// Makes the members exactly these.
    async fn put_members(
        &self,
        transaction: &DatabaseTransaction,
        id: Uuid,
        members: &[ScimUserId],
    ) -> Result<(), StoreError> {
        if members.len() > MAX_MEMBERS {
            return Err(StoreError::TooLarge { what: "the list of members", limit: "10,000 members" });
        }
        let wanted: BTreeSet<Uuid> = members.iter().map(|user| user.uuid()).collect();
        let there: BTreeSet<Uuid> = member::Entity::find()
            .filter(member::Column::WorkspaceId.eq(self.here()))
            .filter(member::Column::GroupId.eq(id))
            .all(transaction)
            .await?
            .into_iter()
            .map(|row| row.user_id)
            .collect();
        let (gone, new): (Vec<Uuid>, Vec<Uuid>) =
            (there.difference(&wanted).copied().collect(), wanted.difference(&there).copied().collect());
        // In slices: a statement has a limited number of parameters.
        for gone in gone.chunks(500) {
            member::Entity::delete_many()
                .filter(member::Column::WorkspaceId.eq(self.here()))
                .filter(member::Column::GroupId.eq(id))
                .filter(member::Column::UserId.is_in(gone.to_vec()))
                .exec(transaction)
                .await?;
        }
        for new in new.chunks(500) {
            let known = user::Entity::find()
                .filter(user::Column::WorkspaceId.eq(self.here()))
                .filter(user::Column::Id.is_in(new.to_vec()))
                .count(transaction)
                .await?;
            if known != new.len() as u64 {
                return Err(StoreError::NotFound("user"));
            }
            let rows = new.iter().map(|user_id| {
                member::Model { workspace_id: self.here(), group_id: id, user_id: *user_id }
                    .into_active_model()
            });
            let key = [member::Column::WorkspaceId, member::Column::GroupId, member::Column::UserId];
            member::Entity::insert_many(rows)
                .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
                .exec_without_returning(transaction)
                .await?;
        }
        Ok(())
    }

    async fn members_of(
        &self,
        transaction: &DatabaseTransaction,
        groups: Vec<Uuid>,
    ) -> Result<BTreeMap<Uuid, Vec<ScimUserId>>, StoreError> {
        let mut members: BTreeMap<Uuid, Vec<ScimUserId>> = BTreeMap::new();
        for groups in groups.chunks(500) {
            let rows = member::Entity::find()
                .filter(member::Column::WorkspaceId.eq(self.here()))
                .filter(member::Column::GroupId.is_in(groups.to_vec()))
                .order_by_asc(member::Column::UserId)
                .all(transaction)
                .await?;
            for row in rows {
                members.entry(row.group_id).or_default().push(ScimUserId::from_uuid(row.user_id));
            }
        }
        Ok(members)
    }

    fn sealed_group(&self, id: Uuid, new: &GroupChange) -> Result<Vec<u8>, StoreError> {
        let resource = Resource {
            name: new.display_name.clone(),
            external_id: new.external_id.clone(),
            attributes: new.attributes.clone(),
        };
        let resource = to_json(&resource, TABLE)?;
        bounded(&resource, MAX_RESOURCE, "a group", "256 KiB")?;
        self.seal.text(ATTRIBUTES, id, &resource)
    }

    fn display_name_lookup(&self, name: &str) -> Vec<u8> {
        self.seal.lookup("scim displayName", &name.to_lowercase())
    }

    fn external_group_lookup(&self, id: &str) -> Vec<u8> {
        self.seal.lookup("scim group externalId", id)
    }
}

fn group_of(row: group::Model, members: Vec<ScimUserId>, seal: &Seal) -> Result<ScimGroup, StoreError> {
    let resource: Resource = unjson(&seal.open_text(ATTRIBUTES, row.id, &row.attributes_sealed)?, TABLE)?;
    Ok(ScimGroup {
        id: GroupId::from_uuid(row.id),
        display_name: resource.name,
        external_id: resource.external_id,
        members,
        team: row.team_id.map(TeamId::from_uuid),
        role: row.role.map(|role| word(&role, TABLE)).transpose()?,
        attributes: resource.attributes,
        version: u64::try_from(row.version).unwrap_or_default(),
        created_at: moment(row.created_us, TABLE)?,
        changed_at: moment(row.changed_us, TABLE)?,
    })
}
