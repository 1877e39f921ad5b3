//! What the asker of a request may see: the workspace, narrowed to their scope.
//!
//! Made by the guard and by nothing else, so that a handler cannot reach a workspace that the guard
//! has not let the asker into.

use crate::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use bursar_app::Workspace;

/// The workspace of a request, as far as its asker may see it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Every answer is narrowed already.
    pub(crate) workspace: Workspace,
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
