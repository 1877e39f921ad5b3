//! The door of every endpoint that is not public.
//!
//! In this order: who asks (a session's cookie or an API token), whether a page of ours made a request
//! that changes state, which workspace and whether they belong to it, and whether their role may do
//! what the route is for. A route that nobody has written down what it needs is closed.

use super::{client, cookie};
use crate::problem::Problem;
use crate::rate::layer::RateSubject;
use crate::routes::{Needs, needs};
use crate::seen::{Me, Seen};
use crate::state::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bursar_app::installation::{CookieValue, EnterError, SignedIn};
use bursar_domain::Actor;
use bursar_domain::id::WorkspaceId;
use bursar_permission::Denial;
use bursar_store::{Entry, Outcome};
use std::sync::Arc;

/// A header no form can send and no other origin may send without asking us first.
pub(crate) const CSRF_HEADER: &str = "x-bursar-csrf";
/// The header that names the workspace.
pub(crate) const WORKSPACE_HEADER: &str = "bursar-workspace";

pub(crate) async fn require_session(State(app): State<App>, request: Request, next: Next) -> Response {
    match let_in(&app, request).await {
        Ok((request, renewed)) => {
            let mut response = next.run(request).await;
            let https = app.settings.https();
            let lives = app.installation.config().sessions.absolute;
            // A handler that set the cookie itself (signing out) knows better.
            if let Some(value) = renewed
                && !response.headers().contains_key(header::SET_COOKIE)
                && let Some(cookie) = cookie::set(cookie::SESSION, value.expose(), lives, false, https)
            {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn let_in(app: &App, mut request: Request) -> Result<(Request, Option<CookieValue>), Problem> {
    let client = client::of(request.extensions(), request.headers());
    let (who, renewed) = who(app, request.headers()).await?;
    request.extensions_mut().insert(RateSubject(match &who {
        SignedIn::Session { account, .. } => account.id.to_string(),
        SignedIn::Token { token, .. } => token.id.to_string(),
    }));
    // A browser sends cookies by itself; nothing sends a token by itself.
    if matches!(who, SignedIn::Session { .. }) && !request.method().is_safe() {
        same_origin(app, request.method(), request.headers())?;
    }
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let Some(needs) = needs(&method, &path).filter(|needs| *needs != Needs::Provisioning) else {
        tracing::error!(%method, path, "nobody has written down what this route needs");
        return Err(Problem::internal());
    };
    let actor = Actor::new(who.principal(), client.request);
    if needs == Needs::Account {
        request.extensions_mut().insert(Me { who: Arc::new(who), client, actor });
        return Ok((request, renewed));
    }
    let named = named_workspace(request.headers())?;
    let entered = app.installation.enter(who, named, client.request).await.map_err(refused_entry)?;
    let decision = match needs {
        Needs::Workspace(page, action) => Some((entered.may(page, action), page, action)),
        Needs::Member | Needs::Account | Needs::Provisioning => None,
    };
    if let Some((decision, page, action)) = decision
        && let Some(denial) = decision.denial()
    {
        let entry = Entry::done("permission", format!("{method} {path}"))
            .outcome(Outcome::Refused)
            .decided_by(decision.deciding_policy())
            .with(serde_json::json!({ "page": page, "action": action }));
        if let Err(error) = entered.store().note(entered.actor(), entry).await {
            // No record, no answer that could be told from one that was recorded: it is refused anyway.
            tracing::error!(%error, "a refusal could not be recorded");
        }
        return Err(match denial {
            Denial::SignIn => Problem::unauthenticated(),
            Denial::NotFound => no_workspace(),
            Denial::Forbidden => Problem::refused(format!(
                "{} (decided by `{}`): ask an administrator of the workspace",
                decision.reason(),
                decision.deciding_policy()
            )),
        });
    }
    let workspace = entered.workspace().clone();
    request.extensions_mut().insert(Seen { workspace, entered });
    Ok((request, renewed))
}

async fn who(app: &App, headers: &HeaderMap) -> Result<(SignedIn, Option<CookieValue>), Problem> {
    if let Some(given) = headers.get(header::AUTHORIZATION) {
        let text = given.to_str().unwrap_or_default();
        let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else { return Err(Problem::unauthenticated()) };
        let who = app.installation.by_token(token.trim()).await.map_err(refused_entry)?;
        return Ok((who, None));
    }
    let value = cookie::find(headers, cookie::SESSION, app.settings.https());
    let value = value.ok_or_else(Problem::unauthenticated)?;
    app.installation.by_cookie(value).await.map_err(refused_entry)
}

pub(crate) fn named_workspace(headers: &HeaderMap) -> Result<Option<WorkspaceId>, Problem> {
    let Some(given) = headers.get(WORKSPACE_HEADER) else { return Ok(None) };
    // What is no id names no workspace, like an id of somebody else's.
    let id = given.to_str().ok().and_then(|text| text.parse().ok());
    id.map(Some).ok_or_else(no_workspace)
}

fn no_workspace() -> Problem {
    Problem::not_found("there is no such workspace for you")
}

/// What a request that does not get in is told.
pub(crate) fn refused_entry(error: EnterError) -> Problem {
    match error {
        EnterError::SignedOut => Problem::unauthenticated(),
        EnterError::NoWorkspace => no_workspace(),
        EnterError::NoMembership => {
            Problem::not_found("you belong to no workspace yet: ask for an invitation, or make one")
        }
        EnterError::Scope(_) => Problem::refused(error.to_string()),
        EnterError::Open(error) => error.into(),
        EnterError::Store(error) => error.into(),
    }
}

fn same_origin(app: &App, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if text(CSRF_HEADER) != Some("1") {
        return Err(Problem::refused(format!("a {method} needs the header `X-Bursar-CSRF: 1`")));
    }
    only_our_pages(app, headers)
}

/// No page of another site made the request.
pub(crate) fn only_our_pages(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if text("origin").is_some_and(|origin| !app.settings.knows_origin(origin)) {
        return Err(Problem::refused("the Origin header names another site"));
    }
    if text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Problem::refused("the request comes from a page of another site"));
    }
    Ok(())
}
