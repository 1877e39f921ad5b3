//! `/auth/invitation`, `/auth/reset`: for whoever holds a link that somebody gave them.

use super::client::Asker;
use super::cookie;
use super::endpoints::{from_our_page, sign_in_problem, signed_in};
use super::guard::refused_entry;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, debug_handler};
use bursar_app::installation::{ChoosePasswordError, JoinError, Joining, SignInError, SignedIn};
use bursar_domain::EmailAddress;
use bursar_identity::password::Password;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

/// What an invitation says.
#[derive(Debug, Serialize)]
pub(crate) struct Asked {
    email: String,
    workspace: WorkspaceName,
    role: String,
    expires_at: DateTime<Utc>,
    account_exists: bool,
}

#[derive(Debug, Serialize)]
struct WorkspaceName {
    name: String,
}

/// What an invitation's link says; it is not used up.
#[debug_handler]
pub(crate) async fn invitation(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Json<Asked>, Problem> {
    let token = parameters.one("token")?.unwrap_or_default();
    parameters.finish()?;
    let asked = app.installation.asked_to_join(&token).await.map_err(problem)?;
    Ok(Json(Asked {
        email: asked.email.to_string(),
        workspace: WorkspaceName { name: asked.workspace },
        role: asked.role,
        expires_at: asked.expires_at,
        account_exists: asked.account.is_some(),
    }))
}

/// An invitation is accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    token: SecretString,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    password: Option<SecretString>,
}

/// Accepts an invitation, and signs in.
#[debug_handler]
pub(crate) async fn accept(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    body: Result<Json<Acceptance>, JsonRejection>,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    // The rejection would repeat the body.
    let Json(given) = body.map_err(|_| {
        Problem::bad_request("expected JSON with `token` and perhaps `display_name` and `password`")
    })?;
    let token = given.token.expose_secret();
    let cookie = match given.password {
        Some(password) => {
            let password =
                Password::new(password).map_err(|error| Problem::bad_request(error.to_string()))?;
            let display_name = given.display_name.as_deref();
            app.installation
                .join(token, Joining::Password { display_name, password: &password }, &client)
                .await
        }
        None => {
            let value = cookie::find(&headers, cookie::SESSION, app.settings.https());
            let value = value.ok_or_else(Problem::unauthenticated)?;
            let (who, _) = app.installation.by_cookie(value).await.map_err(refused_entry)?;
            let SignedIn::Session { session, account } = &who else {
                return Err(Problem::unauthenticated());
            };
            app.installation.join(token, Joining::SignedIn(session, account), &client).await
        }
    };
    let cookie = cookie.map_err(problem)?;
    Ok(([(header::SET_COOKIE, signed_in(&app, &cookie)?)], Json(serde_json::json!({}))).into_response())
}

/// A new password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    token: SecretString,
    password: SecretString,
}

/// Sets a new password by a link; all sessions of the account end.
#[debug_handler]
pub(crate) async fn reset(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    body: Result<Json<Reset>, JsonRejection>,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    let Json(given) = body.map_err(|_| Problem::bad_request("expected JSON with `token` and `password`"))?;
    let password = Password::new(given.password).map_err(|error| Problem::bad_request(error.to_string()))?;
    app.installation
        .reset_password(given.token.expose_secret(), &password, &client)
        .await
        .map_err(problem)?;
    Ok(Json(serde_json::json!({})).into_response())
}

/// Who has forgotten the password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    email: String,
}

/// Notes that a new password is asked for. The answer is the same whether or not there is an account.
#[debug_handler]
pub(crate) async fn forgotten(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    body: Result<Json<Forgotten>, JsonRejection>,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    let Json(given) = body.map_err(|_| Problem::bad_request("expected JSON with `email`"))?;
    if let Ok(email) = given.email.parse::<EmailAddress>() {
        app.installation.reset_asked(&email, &client).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(serde_json::json!({}))).into_response())
}

fn problem(error: JoinError) -> Problem {
    let detail = error.to_string();
    match error {
        JoinError::Spent => Problem::not_found(detail),
        JoinError::SomebodyElse => Problem::refused(detail),
        JoinError::Name | JoinError::Password(ChoosePasswordError::Weak(_)) => Problem::bad_request(detail),
        JoinError::Password(ChoosePasswordError::Hash(error)) => sign_in_problem(SignInError::from(error)),
        JoinError::Password(ChoosePasswordError::Store(error)) | JoinError::Store(error) => error.into(),
        JoinError::SignIn(error) => sign_in_problem(error),
        JoinError::Session(error) => refused_entry(error),
    }
}
