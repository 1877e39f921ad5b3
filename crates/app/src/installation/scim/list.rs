//! Lists of users and groups.
//!
//! Resources are sealed, so the database finds them by name, id and external id only; whatever else a
//! filter says is looked at after opening them, which is why a list has a bound. Plain lists are read
//! page by page and have none.

use super::{ProvisionError, Provisioning, groups, users};
use bursar_domain::id::ScimUserId;
use bursar_scim::{Filter, Kind, ListAnswer, PageRequest, Query, ScimError, ScimType};
use bursar_store::{Paging, ScimFilter, ScimGroup, ScimUser, StoreError};
use serde_json::Value;

/// Most resources that are opened for one question.
const MOST_OPENED: usize = 50_000;

/// A resource that may belong to the answer.
struct Candidate {
    kind: Kind,
    id: String,
    body: Value,
}

/// What the database can be asked.
enum Native {
    All,
    By(ScimFilter),
    /// Groups that a user is in.
    Of(ScimUserId),
    /// Nothing is as the filter says.
    Nothing,
}

fn native(kind: Kind, filter: Option<&Filter>) -> Native {
    for (path, value) in filter.map(Filter::equalities).unwrap_or_default() {
        let (Some(found), Some(text)) = (kind.find(path), value.as_str()) else { continue };
        if found.extension.is_some() {
            continue;
        }
        let part = found.sub.map_or("value", |sub| sub.name);
        let text = text.to_owned();
        match (kind, found.attribute.name, part) {
            (Kind::User, "userName", _) => return Native::By(ScimFilter::UserName(text)),
            (Kind::Group, "displayName", _) => return Native::By(ScimFilter::DisplayName(text)),
            (_, "externalId", _) => return Native::By(ScimFilter::ExternalId(text)),
            (_, "id", _) => return Native::By(ScimFilter::Id(text)),
            (Kind::User, "groups", "value") => {
                return text.parse().map_or(Native::Nothing, |group| Native::By(ScimFilter::InGroup(group)));
            }
            (Kind::Group, "members", "value") => {
                return text.parse().map_or(Native::Nothing, Native::Of);
            }
            _ => {}
        }
    }
    Native::All
}

fn too_many() -> ProvisionError {
    let detail = format!(
        "to answer this, more than {MOST_OPENED} resources would be opened: filter by userName, displayName, externalId or id"
    );
    ScimError::new(ScimType::TooMany, detail).into()
}

impl Provisioning {
    /// A page of the users.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub async fn users(&self, query: &Query) -> Result<ListAnswer, ProvisionError> {
        self.list(Kind::User, query).await
    }

    /// A page of the groups.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub async fn groups(&self, query: &Query) -> Result<ListAnswer, ProvisionError> {
        self.list(Kind::Group, query).await
    }

    /// A page of users and groups, users first. An attribute that one kind has not has no value there.
    ///
    /// # Errors
    /// What is wrong with the question.
    pub async fn everything(&self, query: &Query) -> Result<ListAnswer, ProvisionError> {
        let mut all = self.candidates(Kind::User, query).await?;
        all.extend(self.candidates(Kind::Group, query).await?);
        self.page_of(None, query, all).await
    }

    async fn list(&self, kind: Kind, query: &Query) -> Result<ListAnswer, ProvisionError> {
        match &query.filter {
            Some(filter) => filter.check(kind)?,
            None if query.sort.is_none() => return self.plain(kind, query).await,
            None => {}
        }
        let candidates = self.candidates(kind, query).await?;
        self.page_of(Some(kind), query, candidates).await
    }

    /// Everything, in the order it was made, read only as far as needed.
    async fn plain(&self, kind: Kind, query: &Query) -> Result<ListAnswer, ProvisionError> {
        let count = query.page().count();
        let (mut after, mut skip) = (None, 0);
        match query.page() {
            PageRequest::Index { start, .. } => skip = start - 1,
            PageRequest::Cursor { after: cursor, .. } => {
                after = cursor.map(|cursor| query.id_of(Some(kind), cursor)).transpose()?;
            }
        }
        let mut page: Vec<Candidate> = Vec::new();
        let mut total;
        // One more than asked for, to know whether there is a next page.
        loop {
            let (found, all) = self.opened(kind, &Native::All, after.take()).await?;
            total = all;
            let full = found.len() as u64 == page_of_the_store();
            after = found.last().map(|last| last.id.clone());
            let gone = skip.min(found.len());
            skip -= gone;
            page.extend(found.into_iter().skip(gone).take(count + 1 - page.len()));
            if page.len() > count || !full {
                break;
            }
        }
        let more = page.len() > count;
        page.truncate(count);
        self.answer(Some(kind), query, page, total, more).await
    }

    /// All resources that are as the question's filter says, in its order.
    async fn candidates(&self, kind: Kind, query: &Query) -> Result<Vec<Candidate>, ProvisionError> {
        let native = native(kind, query.filter.as_ref());
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (found, _) = self.opened(kind, &native, after.take()).await?;
            let full = found.len() as u64 == page_of_the_store();
            after = found.last().map(|last| last.id.clone());
            all.extend(found);
            if all.len() > MOST_OPENED {
                return Err(too_many());
            }
            if !full || !matches!(native, Native::All | Native::By(_)) {
                break;
            }
        }
        if let Some(filter) = &query.filter {
            if kind == Kind::User && filter.names("groups") {
                self.add_groups(&mut all).await?;
            }
            all.retain(|candidate| filter.matches(kind, &candidate.body));
        }
        if let Some(sort) = &query.sort {
            sort.apply(kind, &mut all, |candidate| &candidate.body);
        }
        Ok(all)
    }

    /// A page of resources from the store, and how many there are in all.
    async fn opened(
        &self,
        kind: Kind,
        native: &Native,
        after: Option<String>,
    ) -> Result<(Vec<Candidate>, usize), ProvisionError> {
        let filter = match native {
            Native::All => None,
            Native::By(filter) => Some(filter),
            Native::Nothing => return Ok((Vec::new(), 0)),
            Native::Of(user) => {
                let mut found = Vec::new();
                for group in self.store.scim_groups_of(*user).await? {
                    // Those came without their other members.
                    match self.store.scim_group(group.id).await {
                        Ok(group) => found.push(self.group_candidate(&group)),
                        Err(StoreError::NotFound(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                let total = found.len();
                return Ok((found, total));
            }
        };
        let after = after.as_deref();
        let (found, total) = match kind {
            Kind::User => {
                let paging = Paging { after: after.and_then(|id| id.parse().ok()), ..Paging::default() };
                let (users, total) = self.store.scim_users(filter, paging).await?;
                (users.iter().map(|user| self.user_candidate(user)).collect::<Vec<_>>(), total)
            }
            Kind::Group => {
                let paging = Paging { after: after.and_then(|id| id.parse().ok()), ..Paging::default() };
                let (groups, total) = self.store.scim_groups(filter, paging).await?;
                (groups.iter().map(|group| self.group_candidate(group)).collect(), total)
            }
        };
        Ok((found, usize::try_from(total).unwrap_or(usize::MAX)))
    }

    fn user_candidate(&self, user: &ScimUser) -> Candidate {
        let (resource, identity) = users::resource_of(user);
        Candidate { kind: Kind::User, body: resource.render(&self.base, &identity, &[]), id: identity.id }
    }

    fn group_candidate(&self, group: &ScimGroup) -> Candidate {
        let (resource, identity) = groups::resource_of(group);
        Candidate { kind: Kind::Group, body: resource.render(&self.base, &identity, &[]), id: identity.id }
    }

    /// The page that is asked for of all that belongs to the answer.
    async fn page_of(
        &self,
        kind: Option<Kind>,
        query: &Query,
        mut all: Vec<Candidate>,
    ) -> Result<ListAnswer, ProvisionError> {
        let total = all.len();
        let first = match query.page() {
            PageRequest::Index { start, .. } => (start - 1).min(total),
            PageRequest::Cursor { after: None, .. } => 0,
            PageRequest::Cursor { after: Some(cursor), .. } => {
                let id = query.id_of(kind, cursor)?;
                let place = all.iter().position(|candidate| candidate.id == id);
                // Unsorted lists are in the order of ids, so that the place of one that is gone is known.
                let next_by_id = || all.iter().position(|candidate| candidate.id > id).or(Some(total));
                let place = place.map(|place| place + 1);
                let place =
                    if query.sort.is_none() && kind.is_some() { place.or_else(next_by_id) } else { place };
                place.ok_or_else(|| {
                    let detail = "what the cursor stood at is no longer in the list: begin again";
                    ScimError::new(ScimType::ExpiredCursor, detail)
                })?
            }
        };
        let mut page: Vec<Candidate> = all.drain(first..).collect();
        let count = query.page().count();
        let more = page.len() > count;
        page.truncate(count);
        self.answer(kind, query, page, total, more).await
    }

    async fn answer(
        &self,
        kind: Option<Kind>,
        query: &Query,
        mut page: Vec<Candidate>,
        total: usize,
        more: bool,
    ) -> Result<ListAnswer, ProvisionError> {
        if query.projection.wants(Kind::User, "groups") {
            self.add_groups(&mut page).await?;
        }
        let (start, next) = match query.page() {
            PageRequest::Index { start, .. } => (Some(start), None),
            PageRequest::Cursor { .. } => {
                let last = page.last().filter(|_| more);
                (None, last.map(|last| query.cursor_after(kind, &last.id)))
            }
        };
        let resources = page.into_iter().map(|one| query.projection.apply(one.kind, one.body)).collect();
        Ok(ListAnswer { total, resources, start, next })
    }

    /// Puts the groups that users are in into them.
    async fn add_groups(&self, candidates: &mut [Candidate]) -> Result<(), ProvisionError> {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.kind == Kind::User) {
            if candidate.body.get("groups").is_some() {
                continue;
            }
            let Ok(user) = candidate.id.parse::<ScimUserId>() else { continue };
            let groups = self.groups_of(user).await?;
            bursar_scim::put_groups(&mut candidate.body, &self.base, &groups);
        }
        Ok(())
    }
}

/// How many the store gives at once.
fn page_of_the_store() -> u64 {
    Paging::<ScimUserId>::default().limit
}
