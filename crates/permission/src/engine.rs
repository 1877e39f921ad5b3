//! Asks Cedar, and says what it said.

use crate::asking::{Asking, Target};
use crate::decision::{Decision, Denial};
use crate::grant::{Grant, GrantError, check_role};
use crate::policies::{FILES, Policies, PolicyError, PolicyNote, SCHEMA};
use crate::table::Table;
use crate::words::subject;
use bursar_domain::role::Action;
use bursar_domain::{Page, Principal, Role, RoleName};
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request, Response,
    RestrictedExpression,
};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

/// Decides who may do what. Make one at the start of the program and share it.
pub struct PermissionEngine {
    policies: Policies,
    authorizer: Authorizer,
    names: Names,
    table: Table,
}

impl fmt::Debug for PermissionEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermissionEngine")
            .field("policies", &self.policies.notes().len())
            .finish_non_exhaustive()
    }
}

impl PermissionEngine {
    /// The engine over the policies of `authz/`, which are part of the program.
    ///
    /// # Errors
    /// When the policies do not parse, do not fit their schema or cannot be named.
    pub fn new() -> Result<Self, PolicyError> {
        Self::over(Policies::read(SCHEMA, FILES)?)
    }

    pub(crate) fn over(policies: Policies) -> Result<Self, PolicyError> {
        let names = Names::new()?;
        let known: HashSet<&EntityUid> = policies.schema.actions().collect();
        if let Some(unknown) = names.actions.iter().find(|action| !known.contains(action)) {
            return Err(PolicyError::Word(unknown.to_string()));
        }
        Ok(Self { policies, authorizer: Authorizer::new(), names, table: Table::new() })
    }

    /// Whether the one who asks may do the action on the page, and which policies say so.
    ///
    /// Opening a page is [`Action::View`].
    #[must_use]
    pub fn decide(&self, asking: &Asking, target: Target, action: Action) -> Decision {
        self.table.get_or(asking, target, action, |reduced| self.ask(reduced, target, action))
    }

    /// The pages that may be opened.
    #[must_use]
    pub fn pages(&self, asking: &Asking) -> Vec<Page> {
        self.where_allowed(asking, Action::View)
    }

    /// The pages on which the action may be done.
    #[must_use]
    pub fn where_allowed(&self, asking: &Asking, action: Action) -> Vec<Page> {
        let on = |page| Target { workspace: asking.workspace, page };
        Page::ALL.iter().copied().filter(|page| self.decide(asking, on(*page), action).allowed()).collect()
    }

    /// The actions that may be done on some page.
    #[must_use]
    pub fn actions(&self, asking: &Asking) -> Vec<Action> {
        let somewhere = |action: &Action| !self.where_allowed(asking, *action).is_empty();
        Action::ALL.iter().copied().filter(somewhere).collect()
    }

    /// The pages on which the action is done at all: where an owner may.
    #[must_use]
    pub fn pages_of(&self, action: Action) -> Vec<Page> {
        self.where_allowed(&Asking::in_role(Role::Admin, true), action)
    }

    /// The built-in roles that may do the action on the page.
    #[must_use]
    pub fn roles_that_may(&self, action: Action, page: Page) -> Vec<Role> {
        let may = |role: &Role| {
            let asking = Asking::in_role(*role, false);
            self.decide(&asking, Target { workspace: asking.workspace, page }, action).allowed()
        };
        Role::ALL.iter().copied().filter(may).collect()
    }

    /// Checks a role that a workspace makes for itself.
    ///
    /// # Errors
    /// When the name is unusable or a built-in role's, no page is given, `own` is, or an action has none
    /// of the pages on which it is done.
    pub fn check_role(&self, name: &str, grant: Grant) -> Result<(), GrantError> {
        check_role(name, grant, |action| self.pages_of(action))
    }

    /// The first thing that `given` may and `giver` may not, so that nobody gives more than they have.
    ///
    /// Ask before a member's role is changed, a role is edited, or somebody is invited. Of workspaces
    /// and switched-off accounts nothing is said here.
    #[must_use]
    pub fn exceeds(&self, giver: &Asking, given: &Asking) -> Option<(Page, Action)> {
        let may = |asking: &Asking, page, action| {
            self.decide(asking, Target { workspace: asking.workspace, page }, action).allowed()
        };
        let mut questions =
            Page::ALL.iter().flat_map(|page| Action::ALL.iter().map(move |action| (*page, *action)));
        questions.find(|&(page, action)| may(given, page, action) && !may(giver, page, action))
    }

    /// The policies, in the order of their files.
    #[must_use]
    pub fn policies(&self) -> &[PolicyNote] {
        self.policies.notes()
    }

    /// Puts the question to Cedar, whole and anew.
    pub(crate) fn ask(&self, asking: &Asking, target: Target, action: Action) -> Decision {
        let response = match self.respond(&self.policies.set, asking, target, action) {
            Ok(response) => response,
            Err(why) => return unanswered(&why),
        };
        // A policy that fails is skipped by Cedar. It might have been a forbid.
        if let Some(error) = response.diagnostics().errors().next() {
            return unanswered(&error.to_string());
        }
        let notes = self.policies.notes_of(response.diagnostics().reason());
        let ids = notes.iter().map(|note| note.id.clone()).collect();
        let says = notes.iter().map(|note| note.says.as_str()).collect::<Vec<_>>().join("; ");
        if response.decision() == cedar_policy::Decision::Allow {
            return Decision::new(None, ids, says);
        }
        let denial = if asking.principal == Principal::Anonymous {
            Denial::SignIn
        } else if asking.switched_off || asking.workspace != target.workspace {
            Denial::NotFound
        } else {
            Denial::Forbidden
        };
        let reason = if notes.is_empty() { self.nothing_allows(asking, target, action) } else { says };
        Decision::new(Some(denial), ids, reason)
    }

    /// The permits that would allow it if nothing were forbidden.
    pub(crate) fn overruled(&self, asking: &Asking, target: Target, action: Action) -> Vec<String> {
        let Ok(response) = self.respond(&self.policies.permits, asking, target, action) else {
            return Vec::new();
        };
        let notes = self.policies.notes_of(response.diagnostics().reason());
        notes.into_iter().map(|note| note.id.clone()).collect()
    }

    /// The sentence for a refusal that no policy made.
    fn nothing_allows(&self, asking: &Asking, target: Target, action: Action) -> String {
        let (who, page) = (subject(asking), target.page);
        if asking.principal == Principal::Anonymous {
            return "nobody is signed in".to_owned();
        }
        if action != Action::View && self.decide(asking, target, Action::View).allowed() {
            return format!("{who} may open the page `{page}` but not `{action}` there");
        }
        format!("{who} may not open the page `{page}`")
    }

    fn respond(
        &self,
        policies: &PolicySet,
        asking: &Asking,
        target: Target,
        action: Action,
    ) -> Result<Response, String> {
        let (entities, request) = self.names.question(asking, target, action, None)?;
        Ok(self.authorizer.is_authorized(&request, policies, &entities))
    }

    /// The same as [`Self::respond`] prepares, checked against the schema.
    #[cfg(test)]
    pub(crate) fn fits(&self, asking: &Asking, target: Target, action: Action) -> Result<(), String> {
        self.names.question(asking, target, action, Some(&self.policies.schema)).map(|_| ())
    }
}

fn unanswered(why: &str) -> Decision {
    let reason = format!("nothing is allowed, because the policies could not be evaluated: {why}");
    Decision::new(Some(Denial::Forbidden), Vec::new(), reason)
}

/// The program's words as Cedar's.
struct Names {
    kinds: [EntityTypeName; 6],
    workspace: EntityTypeName,
    pages: Vec<EntityUid>,
    actions: Vec<EntityUid>,
    roles: Vec<EntityUid>,
}

impl Names {
    fn new() -> Result<Self, PolicyError> {
        let kind =
            |text: &str| EntityTypeName::from_str(text).map_err(|_| PolicyError::Word(text.to_owned()));
        let uids = |of: &str, words: &mut dyn Iterator<Item = &'static str>| {
            let of = kind(of)?;
            Ok::<Vec<EntityUid>, PolicyError>(words.map(|word| uid(&of, word)).collect())
        };
        Ok(Self {
            kinds: [
                kind("Account")?,
                kind("Token")?,
                kind("Staff")?,
                kind("CommandLine")?,
                kind("Program")?,
                kind("Anonymous")?,
            ],
            workspace: kind("Workspace")?,
            pages: uids("Page", &mut Page::ALL.iter().map(|page| page.as_str()))?,
            actions: uids("Action", &mut Action::ALL.iter().map(|action| action.as_str()))?,
            roles: uids("Role", &mut Role::ALL.iter().map(|role| role.as_str()).chain(["custom"]))?,
        })
    }

    /// The principal as Cedar's only entity, and the request.
    fn question(
        &self,
        asking: &Asking,
        target: Target,
        action: Action,
        schema: Option<&cedar_policy::Schema>,
    ) -> Result<(Entities, Request), String> {
        let value = RestrictedExpression::new_entity_uid;
        let workspace = |id: bursar_domain::id::WorkspaceId| value(uid(&self.workspace, &id.to_string()));
        let (kind, id, member) = match asking.principal {
            Principal::Account { id, .. } => (0, id.to_string(), true),
            Principal::Token { id, .. } => (1, id.to_string(), true),
            Principal::Staff { id, .. } => (2, id.to_string(), true),
            Principal::Operator => (3, "operator".to_owned(), false),
            Principal::System => (4, "system".to_owned(), false),
            Principal::Anonymous => (5, "anonymous".to_owned(), false),
        };
        let kind = self.kinds.get(kind).ok_or("a principal without a type")?;
        let mut attributes = HashMap::from([("workspace".to_owned(), workspace(asking.workspace))]);
        let mut parents = HashSet::new();
        if member {
            let flag = |name: &str, value| (name.to_owned(), RestrictedExpression::new_bool(value));
            attributes.extend([flag("owner", asking.owner), flag("switched_off", asking.switched_off)]);
            if matches!(asking.principal, Principal::Staff { .. }) {
                attributes.extend([flag("read_only", asking.staff_read_only)]);
            }
            let role = match asking.role {
                RoleName::BuiltIn(role) => Role::ALL.iter().position(|other| *other == role),
                RoleName::Custom(_) => Some(Role::ALL.len()),
            };
            parents.extend(role.and_then(|role| self.roles.get(role)).cloned());
            let granted = asking.granted.filter(|_| matches!(asking.role, RoleName::Custom(_)));
            for (name, grant) in [("granted", granted), ("limit", asking.limit)] {
                if let Some(grant) = grant {
                    attributes.insert(name.to_owned(), self.grant(grant)?);
                }
            }
        }
        let principal = uid(kind, &id);
        let entity =
            Entity::new(principal.clone(), attributes, parents).map_err(|error| error.to_string())?;
        let entities = Entities::from_entities([entity], schema).map_err(|error| error.to_string())?;
        let context = Context::from_pairs([("workspace".to_owned(), workspace(target.workspace))])
            .map_err(|error| error.to_string())?;
        let request = Request::new(
            principal,
            self.action(action).ok_or("an action without a name")?,
            self.page(target.page).ok_or("a page without a name")?,
            context,
            schema,
        )
        .map_err(|error| error.to_string())?;
        Ok((entities, request))
    }

    fn grant(&self, grant: Grant) -> Result<RestrictedExpression, String> {
        let set = |uids: Vec<EntityUid>| {
            RestrictedExpression::new_set(uids.into_iter().map(RestrictedExpression::new_entity_uid))
        };
        let pages = grant.pages().filter_map(|page| self.page(page)).collect();
        let actions = grant.actions().filter_map(|action| self.action(action)).collect();
        RestrictedExpression::new_record([
            ("pages".to_owned(), set(pages)),
            ("actions".to_owned(), set(actions)),
        ])
        .map_err(|error| error.to_string())
    }

    fn page(&self, page: Page) -> Option<EntityUid> {
        self.pages.get(Page::ALL.iter().position(|other| *other == page)?).cloned()
    }

    fn action(&self, action: Action) -> Option<EntityUid> {
        self.actions.get(Action::ALL.iter().position(|other| *other == action)?).cloned()
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}
