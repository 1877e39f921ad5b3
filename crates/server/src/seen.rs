//! Who asks, and what they may see: made by the guard and by nothing else.
//!
//! A handler of a workspace takes [`Seen`], one of an account [`Me`]. Neither can be made from a
//! request that the guard has not let in, and the workspace in [`Seen`] is narrowed already.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bursar_app::Workspace;
use bursar_app::installation::{Client, Entered, SignedIn};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, SessionId};
use bursar_store::{Account, Session};
use std::sync::Arc;

/// The workspace of a request, as far as its asker may see it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Every answer is narrowed already.
    pub(crate) workspace: Workspace,
    /// What the asker is there.
    pub(crate) entered: Entered,
}

impl Seen {
    /// Who acts, for records.
    pub(crate) fn actor(&self) -> &Actor {
        self.entered.actor()
    }

    /// The account behind the request.
    pub(crate) fn account(&self) -> Result<AccountId, Problem> {
        self.entered.access().account().ok_or_else(Problem::unauthenticated)
    }
}

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a handler of a workspace is outside of the guard");
            Problem::internal()
        })
    }
}

/// Somebody who is signed in, in no workspace in particular.
#[derive(Debug, Clone)]
pub(crate) struct Me {
    /// Who.
    pub(crate) who: Arc<SignedIn>,
    /// The program at the other end.
    pub(crate) client: Client,
    /// Who acts, for records.
    pub(crate) actor: Actor,
}

impl Me {
    /// The session and its account; a token may not change the account it belongs to.
    pub(crate) fn session(&self) -> Result<(&Session, &Account), Problem> {
        match &*self.who {
            SignedIn::Session { session, account } => Ok((session, account)),
            SignedIn::Token { .. } => Err(Problem::refused(
                "this is done in the browser: an API token may not change the account it belongs to",
            )),
        }
    }

    /// The session, if it is one.
    pub(crate) fn session_id(&self) -> Option<SessionId> {
        match &*self.who {
            SignedIn::Session { session, .. } => Some(session.id),
            SignedIn::Token { .. } => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Me {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!(path = parts.uri.path(), "a handler of an account is outside of the guard");
            Problem::internal()
        })
    }
}
