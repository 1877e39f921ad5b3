//! Groups, and what being in one gives.

use super::access::Given;
use super::{
    ATTEMPTS, ProvisionError, Provisioned, Provisioning, changed_meanwhile, matches, no_such_resource,
};
use bursar_domain::id::{GroupId, ScimUserId};
use bursar_scim::{Group, Identity, Kind, Patch, Projection, Resource, ScimError, group::no_such_member};
use bursar_store::{GroupChange, ScimGroup, StoreError};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The resource of a group, and what the server knows about it.
pub(super) fn resource_of(group: &ScimGroup) -> (Resource, Identity) {
    let attributes = match &group.attributes {
        Value::Object(attributes) => attributes.clone(),
        _ => Map::new(),
    };
    let resource = Group {
        display_name: group.display_name.clone(),
        external_id: group.external_id.clone(),
        members: group.members.iter().copied().collect(),
        attributes,
    };
    let identity =
        Identity { id: group.id.to_string(), created: group.created_at, changed: group.changed_at };
    (resource.into_resource(), identity)
}

fn change_of(group: &Group) -> GroupChange {
    GroupChange {
        display_name: group.display_name.clone(),
        external_id: group.external_id.clone(),
        members: group.members.iter().copied().collect(),
        attributes: Value::Object(group.attributes.clone()),
    }
}

/// A member that is no user here is a wrong value, not a wrong address.
fn member_or(error: StoreError) -> ProvisionError {
    match error {
        StoreError::NotFound("user") => no_such_member().into(),
        other => other.into(),
    }
}

impl Provisioning {
    /// Adds a group. It gives nothing until somebody says which team and role it gives.
    ///
    /// # Errors
    /// What is wrong with the resource; a member that is no user here.
    pub async fn add_group(
        &self,
        given: &Value,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        let group = Group::try_from(Resource::read(Kind::Group, given)?)?;
        let made = self.store.add_scim_group(&self.actor, change_of(&group)).await.map_err(member_or)?;
        Ok(self.group_answered(&made, projection))
    }

    /// A group.
    ///
    /// # Errors
    /// When there is none here.
    pub async fn group(&self, id: &str, projection: &Projection) -> Result<Provisioned, ProvisionError> {
        Ok(self.group_answered(&self.store.scim_group(group_id(id)?).await?, projection))
    }

    /// Replaces a group; team and role stay.
    ///
    /// # Errors
    /// When there is none here, another version than the one named by `if_match` is there, or the new one
    /// is not right.
    pub async fn replace_group(
        &self,
        id: &str,
        if_match: Option<&str>,
        given: &Value,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        let next = Resource::read(Kind::Group, given)?;
        self.change_group(id, if_match, projection, |resource| {
            let different = *resource != next;
            *resource = next.clone();
            Ok(different)
        })
        .await
    }

    /// Changes a group.
    ///
    /// # Errors
    /// As [`Self::replace_group`].
    pub async fn patch_group(
        &self,
        id: &str,
        if_match: Option<&str>,
        patch: &Patch,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        self.change_group(id, if_match, projection, |resource| resource.apply(patch)).await
    }

    async fn change_group(
        &self,
        id: &str,
        if_match: Option<&str>,
        projection: &Projection,
        change: impl Fn(&mut Resource) -> Result<bool, ScimError>,
    ) -> Result<Provisioned, ProvisionError> {
        let id = group_id(id)?;
        for _ in 0..ATTEMPTS {
            let before = self.store.scim_group(id).await?;
            let (mut resource, identity) = resource_of(&before);
            if if_match.is_some_and(|tags| !matches(tags, &resource.etag(&identity))) {
                return Err(changed_meanwhile().into());
            }
            if !change(&mut resource)? {
                return Ok(self.group_answered(&before, projection));
            }
            let group = Group::try_from(resource)?;
            match self.write_group(&before, &group).await {
                Err(ProvisionError::Refused(error)) if error == changed_meanwhile() && if_match.is_none() => {
                }
                written => return Ok(self.group_answered(&written?, projection)),
            }
        }
        Err(changed_meanwhile().into())
    }

    async fn write_group(&self, before: &ScimGroup, group: &Group) -> Result<ScimGroup, ProvisionError> {
        let was: BTreeSet<ScimUserId> = before.members.iter().copied().collect();
        let moved: Vec<ScimUserId> = was.symmetric_difference(&group.members).copied().collect();
        let gives = before.role.is_some() || before.team.is_some();
        let given = if gives { self.given_to(&moved).await? } else { Vec::new() };
        let seen = Some(before.version);
        let change = change_of(group);
        let written =
            self.store.change_scim_group(&self.actor, before.id, seen, change).await.map_err(member_or)?;
        self.regroup_all(given).await?;
        Ok(written)
    }

    /// What users' groups give them now.
    async fn given_to(&self, users: &[ScimUserId]) -> Result<Vec<(ScimUserId, Given)>, ProvisionError> {
        let mut given = Vec::with_capacity(users.len());
        for user in users {
            given.push((*user, Given::by(&self.store.scim_groups_of(*user).await?)));
        }
        Ok(given)
    }

    /// Gives users what their groups give now, knowing what they gave before.
    async fn regroup_all(&self, before: Vec<(ScimUserId, Given)>) -> Result<(), ProvisionError> {
        for (user, before) in before {
            let account = match self.store.scim_user(user).await {
                Ok(user) => user.account.filter(|_| user.active),
                Err(StoreError::NotFound(_)) => None,
                Err(error) => return Err(error.into()),
            };
            if let Some(account) = account {
                let after = Given::by(&self.store.scim_groups_of(user).await?);
                self.regroup(account, &before, &after).await?;
            }
        }
        Ok(())
    }

    /// Removes a group. Its members stay users, without what it gave.
    ///
    /// # Errors
    /// When there is none here, or another version than the one named by `if_match` is there.
    pub async fn remove_group(&self, id: &str, if_match: Option<&str>) -> Result<(), ProvisionError> {
        let group = self.store.scim_group(group_id(id)?).await?;
        let (resource, identity) = resource_of(&group);
        if if_match.is_some_and(|tags| !matches(tags, &resource.etag(&identity))) {
            return Err(changed_meanwhile().into());
        }
        let gives = group.role.is_some() || group.team.is_some();
        let given = if gives { self.given_to(&group.members).await? } else { Vec::new() };
        let seen = if_match.map(|_| group.version);
        self.store.remove_scim_group(&self.actor, group.id, seen).await?;
        self.regroup_all(given).await
    }

    pub(super) fn group_answered(&self, group: &ScimGroup, projection: &Projection) -> Provisioned {
        let (resource, identity) = resource_of(group);
        self.answered(&resource, &identity, &[], projection)
    }
}

/// What is no id of ours is the id of nothing.
fn group_id(text: &str) -> Result<GroupId, ProvisionError> {
    text.parse().map_err(|_| no_such_resource().into())
}
