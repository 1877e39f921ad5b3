//! Who acts.
//!
//! Everything that changes something takes an [`Actor`], so that the record can say who it was, in
//! whose name, and in which request.

use crate::id::{AccountId, RequestId, SessionId, StaffAccessId, TokenId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Somebody or something that acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Principal {
    /// A person in a browser.
    Account {
        /// The account.
        id: AccountId,
        /// The session it acts in.
        session: SessionId,
    },
    /// A program with a token.
    Token {
        /// The token.
        id: TokenId,
        /// Whose token.
        account: AccountId,
    },
    /// Staff of the installation, inside an access that the customer granted.
    Staff {
        /// The staff member's account.
        id: AccountId,
        /// The session it acts in.
        session: SessionId,
        /// The grant.
        access: StaffAccessId,
    },
    /// Whoever may use the command line on the data directory or database.
    Operator,
    /// The program itself.
    System,
    /// Nobody yet: a request before sign-in.
    Anonymous,
}

impl Principal {
    /// The account behind it, if there is one.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account { id, .. } | Self::Staff { id, .. } | Self::Token { account: id, .. } => Some(*id),
            Self::Operator | Self::System | Self::Anonymous => None,
        }
    }
}

impl fmt::Display for Principal {
    /// For records and log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { id, .. } => write!(f, "{id}"),
            Self::Token { id, .. } => write!(f, "{id}"),
            Self::Staff { id, .. } => write!(f, "staff {id}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// A principal in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who acts.
    pub principal: Principal,
    /// In whose name, when that is somebody else.
    pub on_behalf_of: Option<AccountId>,
    /// The request or run.
    pub request: Option<RequestId>,
}

impl Actor {
    /// A principal that acts for itself.
    #[must_use]
    pub const fn new(principal: Principal, request: Option<RequestId>) -> Self {
        Self { principal, on_behalf_of: None, request }
    }

    /// Whoever uses the command line on this machine.
    #[must_use]
    pub const fn operator() -> Self {
        Self::new(Principal::Operator, None)
    }

    /// The program itself.
    #[must_use]
    pub const fn system() -> Self {
        Self::new(Principal::System, None)
    }
}
