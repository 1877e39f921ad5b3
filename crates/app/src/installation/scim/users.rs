//! Users.

use super::access::Given;
use super::{
    ATTEMPTS, ProvisionError, Provisioned, Provisioning, changed_meanwhile, matches, no_such_resource, taken,
};
use bursar_domain::id::ScimUserId;
use bursar_scim::{GroupOf, Identity, Kind, Patch, Projection, Resource, ScimError, User};
use bursar_store::{Paging, ScimFilter, ScimUser, StoreError, UserChange};
use serde_json::{Map, Value};

/// The resource of a user, and what the server knows about it.
pub(super) fn resource_of(user: &ScimUser) -> (Resource, Identity) {
    let mut content = match &user.attributes {
        Value::Object(attributes) => attributes.clone(),
        _ => Map::new(),
    };
    content.insert("userName".to_owned(), Value::String(user.user_name.clone()));
    if let Some(id) = &user.external_id {
        content.insert("externalId".to_owned(), Value::String(id.clone()));
    }
    let identity = Identity { id: user.id.to_string(), created: user.created_at, changed: user.changed_at };
    (Resource::restore(Kind::User, content), identity)
}

/// What is kept of a user. What the client said about `active` stays in the attributes, so that it is
/// answered as it was said; whether the user is active is besides.
fn change_of(user: &User, account: Option<bursar_domain::id::AccountId>, active: bool) -> UserChange {
    let mut attributes = user.attributes.clone();
    if let Some(said) = user.active {
        attributes.insert("active".to_owned(), Value::Bool(said));
    }
    UserChange {
        account,
        user_name: user.user_name.clone(),
        external_id: user.external_id.clone(),
        active,
        attributes: Value::Object(attributes),
    }
}

impl Provisioning {
    /// Adds a user, and lets the account that it stands for in if it is active.
    ///
    /// # Errors
    /// What is wrong with the resource; a name or address that another user has.
    pub async fn add_user(
        &self,
        given: &Value,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        let mut user = User::try_from(Resource::read(Kind::User, given)?)?;
        let active = *user.active.get_or_insert(true);
        self.name_is_free(&user.user_name, None).await?;
        let account = self.account_of(&user).await?;
        let made = self.store.add_scim_user(&self.actor, change_of(&user, account, active)).await?;
        let done = match account {
            Some(account) if active => self.let_in(account, &Given::default()).await,
            Some(account) => self.shut_out(account).await,
            None => Ok(()),
        };
        if let Err(error) = done {
            // Nothing is half done: the provider tries again.
            self.store.remove_scim_user(&self.actor, made.id, None).await?;
            return Err(error);
        }
        self.user_answered(&made, projection).await
    }

    /// A user.
    ///
    /// # Errors
    /// When there is none here.
    pub async fn user(&self, id: &str, projection: &Projection) -> Result<Provisioned, ProvisionError> {
        let user = self.store.scim_user(user_id(id)?).await?;
        self.user_answered(&user, projection).await
    }

    /// Replaces a user. Of who is not said to be active or not, it stays as it is.
    ///
    /// # Errors
    /// When there is none here, another version than the one named by `if_match` is there, or the new one
    /// is not right.
    pub async fn replace_user(
        &self,
        id: &str,
        if_match: Option<&str>,
        given: &Value,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        let mut next = Resource::read(Kind::User, given)?;
        self.change_user(id, if_match, projection, |resource| {
            let said = resource.content().get("active").cloned();
            if let (None, Some(said)) = (next.content().get("active"), said) {
                next = Resource::restore(Kind::User, {
                    let mut content = next.content().clone();
                    content.insert("active".to_owned(), said);
                    content
                });
            }
            let different = *resource != next;
            *resource = next.clone();
            Ok(different)
        })
        .await
    }

    /// Changes a user.
    ///
    /// # Errors
    /// As [`Self::replace_user`].
    pub async fn patch_user(
        &self,
        id: &str,
        if_match: Option<&str>,
        patch: &Patch,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        self.change_user(id, if_match, projection, |resource| resource.apply(patch)).await
    }

    async fn change_user(
        &self,
        id: &str,
        if_match: Option<&str>,
        projection: &Projection,
        mut change: impl FnMut(&mut Resource) -> Result<bool, ScimError>,
    ) -> Result<Provisioned, ProvisionError> {
        let id = user_id(id)?;
        for _ in 0..ATTEMPTS {
            let before = self.store.scim_user(id).await?;
            let (mut resource, identity) = resource_of(&before);
            if if_match.is_some_and(|tags| !matches(tags, &resource.etag(&identity))) {
                return Err(changed_meanwhile().into());
            }
            if !change(&mut resource)? {
                return self.user_answered(&before, projection).await;
            }
            let user = User::try_from(resource)?;
            match self.write_user(&before, &user).await {
                Err(ProvisionError::Refused(error)) if error == changed_meanwhile() && if_match.is_none() => {
                }
                written => return self.user_answered(&written?, projection).await,
            }
        }
        Err(changed_meanwhile().into())
    }

    async fn write_user(&self, before: &ScimUser, user: &User) -> Result<ScimUser, ProvisionError> {
        if user.user_name.to_lowercase() != before.user_name.to_lowercase() {
            self.name_is_free(&user.user_name, Some(before.id)).await?;
        }
        let active = user.active.unwrap_or(before.active);
        if !active && let Some(account) = before.account {
            // Before anything is written: who is off is out, whatever else goes wrong.
            self.shut_out(account).await?;
        }
        let account = if active { self.follow(before, user).await? } else { before.account };
        let change = change_of(user, account, active);
        let written =
            self.store.change_scim_user(&self.actor, before.id, Some(before.version), change).await?;
        let comes_in = active && (!before.active || before.account != account);
        if let Some(account) = account.filter(|_| comes_in) {
            let groups = self.store.scim_groups_of(before.id).await?;
            if let Err(error) = self.let_in(account, &Given::by(&groups)).await {
                let back = UserChange {
                    account: before.account,
                    user_name: before.user_name.clone(),
                    external_id: before.external_id.clone(),
                    active: before.active,
                    attributes: before.attributes.clone(),
                };
                self.store.change_scim_user(&self.actor, before.id, None, back).await?;
                return Err(error);
            }
        }
        Ok(written)
    }

    /// Removes a user; the account that it stands for is let out as if it were inactive.
    ///
    /// # Errors
    /// When there is none here, or another version than the one named by `if_match` is there.
    pub async fn remove_user(&self, id: &str, if_match: Option<&str>) -> Result<(), ProvisionError> {
        let user = self.store.scim_user(user_id(id)?).await?;
        let (resource, identity) = resource_of(&user);
        if if_match.is_some_and(|tags| !matches(tags, &resource.etag(&identity))) {
            return Err(changed_meanwhile().into());
        }
        if let Some(account) = user.account {
            self.shut_out(account).await?;
        }
        let seen = if_match.map(|_| user.version);
        Ok(self.store.remove_scim_user(&self.actor, user.id, seen).await?)
    }

    async fn name_is_free(&self, name: &str, but: Option<ScimUserId>) -> Result<(), ProvisionError> {
        let filter = ScimFilter::UserName(name.to_owned());
        let (named, _) = self.store.scim_users(Some(&filter), Paging::default()).await?;
        if named.iter().any(|user| Some(user.id) != but) { Err(taken("userName").into()) } else { Ok(()) }
    }

    pub(super) async fn groups_of(&self, user: ScimUserId) -> Result<Vec<GroupOf>, StoreError> {
        let groups = self.store.scim_groups_of(user).await?;
        Ok(groups
            .into_iter()
            .map(|group| GroupOf { id: group.id.to_string(), display: group.display_name })
            .collect())
    }

    pub(super) async fn user_answered(
        &self,
        user: &ScimUser,
        projection: &Projection,
    ) -> Result<Provisioned, ProvisionError> {
        let (resource, identity) = resource_of(user);
        let groups =
            if projection.wants(Kind::User, "groups") { self.groups_of(user.id).await? } else { Vec::new() };
        Ok(self.answered(&resource, &identity, &groups, projection))
    }
}

/// What is no id of ours is the id of nothing.
fn user_id(text: &str) -> Result<ScimUserId, ProvisionError> {
    text.parse().map_err(|_| no_such_resource().into())
}
