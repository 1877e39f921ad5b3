//! Roles, pages and actions: the words in which permission is given.
//!
//! Permission has two layers: a *page* is what somebody may open, an *action* is what somebody may
//! do. Both are given to roles. The four built-in roles are fixed; a workspace adds its own. Which
//! role may what is decided by policies (`bursar-permission`), not here.

use crate::id::RoleId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is none of the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {kind}: there are {known}")]
pub struct WordError {
    text: String,
    kind: &'static str,
    known: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $kind:literal: $($(#[$item:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name {
            $($(#[$item])* $variant,)*
        }

        impl $name {
            /// All of them, in the order people read them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word, as in configuration, URLs and policies.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = WordError;
            fn from_str(text: &str) -> Result<Self, WordError> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| WordError {
                    text: text.chars().take(64).collect(),
                    kind: $kind,
                    known: Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }

        impl TryFrom<String> for $name {
            type Error = WordError;
            fn try_from(text: String) -> Result<Self, WordError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }
    };
}

words! {
    /// The built-in roles.
    Role, "role":
    /// Reads the dashboard and findings.
    Viewer = "viewer",
    /// Runs analyses; changes nothing.
    Analyst = "analyst",
    /// Everything operational, within its teams' scope.
    Operator = "operator",
    /// Everything, and the workspace's own settings.
    Admin = "admin",
}

words! {
    /// What somebody may open.
    Page, "page":
    /// This month so far, and what moved.
    Dashboard = "dashboard",
    /// What was found wasteful or weak.
    Findings = "findings",
    /// Grouping, filtering, drilling down.
    Explorer = "explorer",
    /// Free questions.
    Sql = "sql",
    /// Sources, deliveries, conformance.
    Sources = "sources",
    /// Forecasts, budgets and anomalies.
    Forecasts = "forecasts",
    /// Proposed and executed changes.
    Actions = "actions",
    /// Reports.
    Reports = "reports",
    /// Members, roles, tokens, keys, backups, deletion.
    Admin = "admin",
}

words! {
    /// What somebody may do. Opening a page reads; everything beyond reading is one of these.
    Action, "action":
    /// Look at what is on a page one may open.
    View = "view",
    /// Have the sources looked at, resources assessed.
    Scan = "scan",
    /// Ask questions of the charges, export the answers, use SQL.
    Query = "query",
    /// Have forecasts made.
    Forecast = "forecast",
    /// Say yes or no to a proposed change.
    Approve = "approve",
    /// Carry out an approved change.
    Remediate = "remediate",
    /// Change sources.
    ManageSources = "manage-sources",
    /// Invite, change and remove members, roles and teams.
    ManageMembers = "manage-members",
    /// Make and revoke API tokens of the workspace.
    ManageTokens = "manage-tokens",
    /// Set up single sign-on and provisioning.
    ManageSignIn = "manage-sign-in",
    /// Rotate keys, make backups.
    ManageKeys = "manage-keys",
    /// Change the workspace's other settings.
    ManageSettings = "manage-settings",
    /// Read who did what.
    ReadRecords = "read-records",
    /// Restore, delete, export the whole workspace, grant staff access: the owner group's.
    Own = "own",
}

/// A role a membership can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleName {
    /// One of the four.
    BuiltIn(Role),
    /// One of the workspace's own.
    Custom(RoleId),
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => role.fmt(f),
            Self::Custom(id) => id.fmt(f),
        }
    }
}

impl FromStr for RoleName {
    type Err = WordError;
    fn from_str(text: &str) -> Result<Self, WordError> {
        match text.parse::<RoleId>() {
            Ok(id) => Ok(Self::Custom(id)),
            Err(_) => text.parse().map(Self::BuiltIn),
        }
    }
}

impl TryFrom<String> for RoleName {
    type Error = WordError;
    fn try_from(text: String) -> Result<Self, WordError> {
        text.parse()
    }
}

impl From<RoleName> for String {
    fn from(name: RoleName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_and_others_are_told_the_list() {
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
        }
        let error = "boss".parse::<Role>().unwrap_err().to_string();
        assert!(error.contains("viewer, analyst, operator, admin"), "{error}");
    }

    #[test]
    fn a_role_is_built_in_or_the_workspaces_own() {
        assert_eq!("admin".parse(), Ok(RoleName::BuiltIn(Role::Admin)));
        let own = RoleName::Custom(RoleId::from_u128(9));
        assert_eq!(own.to_string().parse(), Ok(own));
    }
}
