//! Cost groups: a tree of at most five levels, and who answers for each.
//!
//! A group has up to three owners (finance, technical, business). One that names none has its parent's,
//! and the answer says from which group it came.

use super::dimension::MAX_TEXT;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Most levels of the tree: a group without a parent is on level 1.
pub const MAX_DEPTH: usize = 5;
/// Most groups of a rule set.
pub const MAX_GROUPS: usize = 5_000;
/// Longest group id, in bytes.
const MAX_ID: usize = 64;

/// The id of a cost group, such as `payments-prod`: letters, digits, `.`, `_` and `-`, at most 64.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupId(String);

/// A text that is no group id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a group id: use at most {MAX_ID} letters, digits, dots, dashes and underscores")]
pub struct GroupIdError(String);

impl GroupId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for GroupId {
    type Err = GroupIdError;
    fn from_str(text: &str) -> Result<Self, GroupIdError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > MAX_ID || !text.chars().all(allowed) {
            return Err(GroupIdError(text.chars().take(MAX_ID).collect()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for GroupId {
    type Error = GroupIdError;
    fn try_from(text: String) -> Result<Self, GroupIdError> {
        text.parse()
    }
}

impl From<GroupId> for String {
    fn from(id: GroupId) -> Self {
        id.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who answers for a group: an address, a team or a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owners {
    /// Who answers for the money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finance: Option<String>,
    /// Who can change what is running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technical: Option<String>,
    /// Who wanted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<String>,
}

/// A cost group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its id, unique in the rule set. Keep it when the group moves: it is how months are compared.
    pub id: GroupId,
    /// What people call it.
    pub name: String,
    /// The group above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<GroupId>,
    /// Who answers for it; what is left out comes from above.
    #[serde(default, skip_serializing_if = "is_nobody")]
    pub owners: Owners,
}

fn is_nobody(owners: &Owners) -> bool {
    *owners == Owners::default()
}

/// An owner and the group that names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InheritedOwner {
    /// The owner.
    pub owner: String,
    /// The group that says so: the group itself, or one above.
    pub from: GroupId,
}

/// The three owners of a group after inheritance; a missing one is missing all the way up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EffectiveOwners {
    /// Who answers for the money.
    pub finance: Option<InheritedOwner>,
    /// Who can change what is running.
    pub technical: Option<InheritedOwner>,
    /// Who wanted it.
    pub business: Option<InheritedOwner>,
}

/// Why groups are no tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Too many.
    #[error("there are more than {MAX_GROUPS} groups")]
    TooMany,
    /// The id is used twice.
    #[error("the id is used by another group, too")]
    Twice,
    /// The parent does not exist.
    #[error("there is no group `{0}`")]
    NoParent(GroupId),
    /// The group is below itself.
    #[error("the group is above itself: one of the groups above it has it as a parent")]
    Cycle,
    /// Too many levels.
    #[error("the group would be on level {0}: a tree has at most {MAX_DEPTH} levels")]
    TooDeep(usize),
    /// A name or owner is empty or too long.
    #[error("the text must have 1 to {MAX_TEXT} characters and no control characters")]
    Text,
}

/// Groups that are a tree.
#[derive(Debug, Clone)]
pub struct Tree {
    groups: Vec<Group>,
    by_id: BTreeMap<GroupId, usize>,
    parents: Vec<Option<usize>>,
}

impl Tree {
    /// The tree; on failure the index of the group and its field besides.
    pub(crate) fn new(groups: &[Group]) -> Result<Self, (usize, &'static str, TreeError)> {
        if groups.len() > MAX_GROUPS {
            return Err((MAX_GROUPS, "id", TreeError::TooMany));
        }
        let text_ok = |text: &str| {
            !text.trim().is_empty() && text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
        };
        let mut by_id = BTreeMap::new();
        for (index, group) in groups.iter().enumerate() {
            if by_id.insert(group.id.clone(), index).is_some() {
                return Err((index, "id", TreeError::Twice));
            }
            let Owners { finance, technical, business } = &group.owners;
            let owners = [finance, technical, business];
            if !text_ok(&group.name) {
                return Err((index, "name", TreeError::Text));
            }
            if !owners.iter().filter_map(|owner| owner.as_deref()).all(text_ok) {
                return Err((index, "owners", TreeError::Text));
            }
        }
        let mut parents = Vec::with_capacity(groups.len());
        for (index, group) in groups.iter().enumerate() {
            parents.push(match &group.parent {
                None => None,
                Some(id) => {
                    Some(*by_id.get(id).ok_or_else(|| (index, "parent", TreeError::NoParent(id.clone())))?)
                }
            });
        }
        let tree = Self { groups: groups.to_vec(), by_id, parents };
        for index in 0..groups.len() {
            let depth = tree.path(index).take(groups.len() + 1).count();
            if depth > groups.len() {
                return Err((index, "parent", TreeError::Cycle));
            }
            if depth > MAX_DEPTH {
                return Err((index, "parent", TreeError::TooDeep(depth)));
            }
        }
        Ok(tree)
    }

    /// The groups, as they were given.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The place of a group among [`Tree::groups`].
    #[must_use]
    pub fn index(&self, id: &GroupId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The group, then the one above it, up to the top.
    pub fn path(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(index), |&at| self.parents.get(at).copied().flatten())
    }

    /// Whether `group` is `above` or somewhere below it.
    #[must_use]
    pub fn is_within(&self, group: usize, above: usize) -> bool {
        self.path(group).any(|at| at == above)
    }

    /// The groups directly below.
    pub fn children(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        self.parents.iter().enumerate().filter(move |(_, parent)| **parent == Some(index)).map(|(at, _)| at)
    }

    /// Who answers for a group, with the group that says so.
    #[must_use]
    pub fn owners(&self, id: &GroupId) -> Option<EffectiveOwners> {
        let start = self.index(id)?;
        let find = |pick: fn(&Owners) -> &Option<String>| {
            self.path(start).filter_map(|at| self.groups.get(at)).find_map(|group| {
                let owner = pick(&group.owners).clone()?;
                Some(InheritedOwner { owner, from: group.id.clone() })
            })
        };
        Some(EffectiveOwners {
            finance: find(|owners| &owners.finance),
            technical: find(|owners| &owners.technical),
            business: find(|owners| &owners.business),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, parent: Option<&str>) -> Group {
        Group {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            parent: parent.map(|parent| parent.parse().unwrap()),
            owners: Owners::default(),
        }
    }

    #[test]
    fn owners_come_from_above() {
        let mut top = group("company", None);
        top.owners.finance = Some("cfo@example.org".to_owned());
        top.owners.business = Some("board".to_owned());
        let mut team = group("team", Some("company"));
        team.owners.business = Some("product".to_owned());
        let tree = Tree::new(&[top, team, group("svc", Some("team"))]).unwrap();
        let owners = tree.owners(&"svc".parse().unwrap()).unwrap();
        let from =
            |owner: &Option<InheritedOwner>| owner.as_ref().map(|o| (o.owner.clone(), o.from.to_string()));
        assert_eq!(from(&owners.finance), Some(("cfo@example.org".into(), "company".into())));
        assert_eq!(from(&owners.business), Some(("product".into(), "team".into())));
        assert_eq!(owners.technical, None);
    }

    #[test]
    fn five_levels_and_no_more() {
        let mut groups = vec![group("l1", None)];
        for level in 2..=6 {
            groups.push(group(&format!("l{level}"), Some(&format!("l{}", level - 1))));
        }
        assert!(Tree::new(&groups[..5]).is_ok());
        assert_eq!(Tree::new(&groups).unwrap_err(), (5, "parent", TreeError::TooDeep(6)));
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let error = |groups: &[Group]| Tree::new(groups).unwrap_err().2;
        assert_eq!(error(&[group("a", Some("b")), group("b", Some("a"))]), TreeError::Cycle);
        assert_eq!(error(&[group("a", None), group("a", None)]), TreeError::Twice);
        assert!(matches!(error(&[group("a", Some("x"))]), TreeError::NoParent(_)));
        let mut nameless = group("a", None);
        nameless.name = " ".to_owned();
        assert_eq!(error(&[nameless]), TreeError::Text);
        assert!("a b".parse::<GroupId>().is_err());
    }
}
