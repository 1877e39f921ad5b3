//! Pages and actions that are given together: by a role of the workspace's own, or to a limited token.
//!
//! To view comes with each page, so it is never listed. What is the owners' alone is refused here and,
//! should a row in a database say otherwise, once more by the policy `custom-role-never-owns`.

use crate::words::list;
use bursar_domain::Page;
use bursar_domain::role::{Action, Role};
use serde::{Deserialize, Serialize};

/// Longest name of a role, in characters.
const MAX_NAME: usize = 64;

/// Pages that may be opened, and actions that may be done on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct Grant {
    pages: u16,
    actions: u16,
}

/// As it is written: `{"pages": ["sources"], "actions": ["scan"]}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    pages: Vec<Page>,
    actions: Vec<Action>,
}

/// Why a role of the workspace's own is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// No name, or one that cannot be shown.
    #[error("a role needs a name of 1 to {MAX_NAME} characters, without line breaks or control characters")]
    Name,
    /// A name that would be mistaken.
    #[error("`{0}` is the name of a built-in role: choose another")]
    BuiltInName(Role),
    /// Nothing to open.
    #[error("a role needs at least one page: there are {pages}", pages = list(Page::ALL.iter().map(|page| page.as_str()), "and"))]
    NoPage,
    /// What only owners have.
    #[error("`own` cannot be given to a role: make the member an owner instead")]
    Own,
    /// An action that could not be done anywhere.
    #[error("`{action}` is done on {pages}: add one of these pages, or leave the action out")]
    PageMissing {
        /// The action.
        action: Action,
        /// Where it is done.
        pages: String,
    },
}

const fn page_bit(page: Page) -> u16 {
    1 << page as u16
}

const fn action_bit(action: Action) -> u16 {
    match action {
        Action::View => 0,
        other => 1 << other as u16,
    }
}

impl Grant {
    /// These pages and actions. To view comes with each page and need not be listed.
    #[must_use]
    pub fn new(pages: impl IntoIterator<Item = Page>, actions: impl IntoIterator<Item = Action>) -> Self {
        Self {
            pages: pages.into_iter().fold(0, |bits, page| bits | page_bit(page)),
            actions: actions.into_iter().fold(0, |bits, action| bits | action_bit(action)),
        }
    }

    /// The limit of a token that lists pages, actions, both or neither: what is not listed is not limited.
    #[must_use]
    pub fn limit(pages: Option<&[Page]>, actions: Option<&[Action]>) -> Option<Self> {
        (pages.is_some() || actions.is_some()).then(|| {
            let (pages, actions) = (pages.unwrap_or(Page::ALL), actions.unwrap_or(Action::ALL));
            Self::new(pages.iter().copied(), actions.iter().copied())
        })
    }

    /// Whether the page may be opened.
    #[must_use]
    pub const fn opens(self, page: Page) -> bool {
        self.pages & page_bit(page) != 0
    }

    /// Whether the action is listed. [`Action::View`] never is: it comes with the pages.
    #[must_use]
    pub const fn lists(self, action: Action) -> bool {
        self.actions & action_bit(action) != 0
    }

    /// The pages, in the order people read them.
    pub fn pages(self) -> impl Iterator<Item = Page> {
        Page::ALL.iter().copied().filter(move |page| self.opens(*page))
    }

    /// The actions, in the order people read them.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| self.lists(*action))
    }

    /// What a decision about one page and one action needs to know of it.
    pub(crate) const fn about(self, page: Page, action: Action) -> Self {
        Self { pages: self.pages & page_bit(page), actions: self.actions & action_bit(action) }
    }
}

impl From<Listed> for Grant {
    fn from(listed: Listed) -> Self {
        Self::new(listed.pages, listed.actions)
    }
}

impl From<Grant> for Listed {
    fn from(grant: Grant) -> Self {
        Self { pages: grant.pages().collect(), actions: grant.actions().collect() }
    }
}

/// Checks a role that a workspace makes for itself; `pages_of` says where an action is done.
pub(crate) fn check_role(
    name: &str,
    grant: Grant,
    pages_of: impl Fn(Action) -> Vec<Page>,
) -> Result<(), GrantError> {
    let trimmed = name.trim();
    if trimmed.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(GrantError::Name);
    }
    if let Ok(role) = trimmed.to_lowercase().parse() {
        return Err(GrantError::BuiltInName(role));
    }
    if grant.pages().next().is_none() {
        return Err(GrantError::NoPage);
    }
    if grant.lists(Action::Own) {
        return Err(GrantError::Own);
    }
    for action in grant.actions() {
        let pages = pages_of(action);
        if !pages.iter().any(|page| grant.opens(*page)) {
            let pages = list(pages.iter().map(|page| page.as_str()), "or");
            return Err(GrantError::PageMissing { action, pages });
        }
    }
    Ok(())
}
