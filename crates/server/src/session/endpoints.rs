//! `/auth/…`: for browsers and identity providers, not part of the documented API.

use super::client::Asker;
use super::cookie;
use super::guard::{CSRF_HEADER, only_our_pages};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::seen::Me;
use crate::state::App;
use axum::extract::rejection::{JsonRejection, StringRejection};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, debug_handler};
use bursar_app::installation::{CookieValue, LinkError, ProviderError, SignInError};
use bursar_domain::EmailAddress;
use bursar_domain::id::IdentityProviderId;
use bursar_identity::password::Password;
use bursar_store::ProviderKind;
use chrono::Duration;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

pub(super) fn signed_in(app: &App, value: &CookieValue) -> Result<HeaderValue, Problem> {
    let lives = app.installation.config().sessions.absolute;
    cookie::set(cookie::SESSION, value.expose(), lives, false, app.settings.https())
        .ok_or_else(Problem::internal)
}

fn base(app: &App) -> Result<Url, Problem> {
    app.settings.base().parse().map_err(|_| Problem::internal())
}

/// A request that signs in comes from a page of ours: otherwise somebody else's page could sign a
/// person in to an account of its own.
pub(super) fn from_our_page(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(CSRF_HEADER).is_none_or(|value| value.as_bytes() != b"1") {
        return Err(Problem::refused("signing in needs the header `X-Bursar-CSRF: 1`"));
    }
    only_our_pages(app, headers)
}

/// Uses up a one-time link. Good: a session and the front page. Otherwise a person is sent to the
/// sign-in page, which explains, and a program gets the problem.
#[debug_handler]
pub(crate) async fn link(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let token = parameters.one("token")?.unwrap_or_default();
    parameters.finish()?;
    match app.installation.redeem_link(&token, &client).await {
        Ok(redeemed) => {
            tracing::info!("signed in by a one-time link");
            let cookie = signed_in(&app, &redeemed.cookie)?;
            Ok((
                StatusCode::SEE_OTHER,
                [(header::LOCATION, HeaderValue::from_static("/")), (header::SET_COOKIE, cookie)],
            )
                .into_response())
        }
        Err(LinkError::Spent) if wants_html(&headers) => {
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, "/sign-in?reason=link")]).into_response())
        }
        Err(error @ LinkError::Spent) => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "link-spent",
            "this link does not work",
            error.to_string(),
        )),
        Err(LinkError::Store(error)) => Err(error.into()),
    }
}

/// What the sign-in page offers.
#[derive(Debug, Serialize)]
pub(crate) struct Methods {
    installation: InstallationName,
    password: bool,
    passkeys: bool,
    providers: Vec<Provider>,
    first_owner: bool,
}

#[derive(Debug, Serialize)]
struct InstallationName {
    name: &'static str,
}

#[derive(Debug, Serialize)]
struct Provider {
    id: String,
    name: String,
    kind: ProviderKind,
    start: String,
}

/// The ways to sign in.
#[debug_handler]
pub(crate) async fn methods(
    State(app): State<App>,
    parameters: Parameters,
) -> Result<Json<Methods>, Problem> {
    parameters.finish()?;
    let providers = app.installation.providers().await?;
    let provider = |row: bursar_store::IdentityProvider| Provider {
        start: format!("/auth/oidc/{}/start", row.id),
        id: row.id.to_string(),
        name: row.name,
        kind: row.kind,
    };
    Ok(Json(Methods {
        installation: InstallationName { name: "Bursar" },
        password: true,
        passkeys: app.settings.https() || app.settings.base().starts_with("http://localhost"),
        providers: providers.into_iter().map(provider).collect(),
        first_owner: app.installation.store().directory().account_count().await? == 0,
    }))
}

/// An address, a password and, where there is one, a code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    email: String,
    password: SecretString,
    #[serde(default)]
    code: Option<SecretString>,
}

fn sign_in_failed() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "sign-in-failed",
        "this did not sign you in",
        SignInError::Refused.to_string(),
    )
}

/// Signs in by a password.
#[debug_handler]
pub(crate) async fn login(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    body: Result<Json<Login>, JsonRejection>,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    // The rejection would repeat the body.
    let Json(login) =
        body.map_err(|_| Problem::bad_request("expected JSON with `email`, `password` and perhaps `code`"))?;
    let address: Result<EmailAddress, _> = login.email.parse();
    let (Ok(email), Ok(password)) = (address, Password::new(login.password)) else {
        return Err(sign_in_failed());
    };
    let code = login.code.as_ref().map(|code| code.expose_secret());
    match app.installation.sign_in(&email, &password, code, &client).await {
        Ok(cookie) => {
            Ok(([(header::SET_COOKIE, signed_in(&app, &cookie)?)], Json(serde_json::json!({})))
                .into_response())
        }
        Err(error) => Err(sign_in_problem(error)),
    }
}

/// What somebody is told who is not signed in.
pub(super) fn sign_in_problem(error: SignInError) -> Problem {
    match error {
        SignInError::Refused => sign_in_failed(),
        SignInError::SecondFactor => {
            Problem::new(StatusCode::UNAUTHORIZED, "second-factor", "a code is needed too", error.to_string())
        }
        SignInError::Busy => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "slow-down",
            "too many sign-ins at once",
            error.to_string(),
        ),
        SignInError::Store(error) => error.into(),
        SignInError::Hash(error) => {
            tracing::error!(%error, "a password could not be compared");
            Problem::internal()
        }
    }
}

fn provider_problem(error: ProviderError) -> Problem {
    match error {
        ProviderError::Store(error) => error.into(),
        ProviderError::Unknown => Problem::not_found(ProviderError::Unknown.to_string()),
        ProviderError::Passkey(error) => Problem::new(
            StatusCode::UNAUTHORIZED,
            "passkey",
            "the passkey did not sign you in",
            error.to_string(),
        ),
        other => Problem::new(
            StatusCode::UNAUTHORIZED,
            "sign-in-failed",
            "this did not sign you in",
            other.to_string(),
        ),
    }
}

/// Begins signing in with a passkey.
#[debug_handler]
pub(crate) async fn passkey_start(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    let begun = app.installation.begin_passkey(&base(&app)?, &client).await.map_err(provider_problem)?;
    let mut answer = begun.options;
    answer["ceremony"] = begun.ceremony.expose_secret().into();
    Ok(Json(answer).into_response())
}

/// What the browser answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyAnswer {
    ceremony: SecretString,
    credential: serde_json::Value,
}

/// Ends signing in with a passkey.
#[debug_handler]
pub(crate) async fn passkey_finish(
    State(app): State<App>,
    Asker(client): Asker,
    headers: HeaderMap,
    body: Result<Json<PasskeyAnswer>, JsonRejection>,
) -> Result<Response, Problem> {
    from_our_page(&app, &headers)?;
    let Json(given) =
        body.map_err(|_| Problem::bad_request("expected JSON with `ceremony` and `credential`"))?;
    let (ceremony, answer) = (given.ceremony.expose_secret(), given.credential.to_string());
    let cookie = app.installation.finish_passkey(&base(&app)?, ceremony, &answer, &client).await;
    let cookie = cookie.map_err(provider_problem)?;
    Ok(([(header::SET_COOKIE, signed_in(&app, &cookie)?)], Json(serde_json::json!({}))).into_response())
}

/// Sends the browser to an identity provider.
#[debug_handler]
pub(crate) async fn external_start(
    State(app): State<App>,
    Asker(client): Asker,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let return_to = parameters.one("return")?;
    parameters.finish()?;
    let id: IdentityProviderId = id.parse().map_err(|_| provider_problem(ProviderError::Unknown))?;
    let begun = app.installation.begin_external(id, &base(&app)?, return_to.as_deref(), None, &client).await;
    let begun = match begun {
        Ok(begun) => begun,
        Err(ProviderError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(back_to_sign_in(&error)),
    };
    let (lives, https) = (Duration::minutes(10), app.settings.https());
    // The provider's page sends the browser back here: a strict cookie would stay at home.
    let cookie = cookie::set(cookie::CEREMONY, begun.ceremony.expose_secret(), lives, true, https);
    let cookie = cookie.ok_or_else(Problem::internal)?;
    let location = HeaderValue::from_str(begun.url.as_str()).map_err(|_| Problem::internal())?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
}

/// The browser is back from an identity provider.
#[debug_handler]
pub(crate) async fn external_callback(
    State(app): State<App>,
    Asker(client): Asker,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let id: IdentityProviderId = id.parse().map_err(|_| provider_problem(ProviderError::Unknown))?;
    let https = app.settings.https();
    let ceremony = cookie::find(&headers, cookie::CEREMONY, https).unwrap_or_default();
    let query = query.unwrap_or_default();
    match app.installation.finish_external(id, &base(&app)?, ceremony, &query, &client).await {
        Ok(finished) => {
            let to = HeaderValue::from_str(&finished.return_to).unwrap_or(HeaderValue::from_static("/"));
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
            response.headers_mut().append(header::SET_COOKIE, signed_in(&app, &finished.cookie)?);
            if let Some(clear) = cookie::clear(cookie::CEREMONY, https) {
                response.headers_mut().append(header::SET_COOKIE, clear);
            }
            Ok(response)
        }
        Err(ProviderError::Store(error)) => Err(error.into()),
        Err(error) => Ok(back_to_sign_in(&error)),
    }
}

fn back_to_sign_in(error: &ProviderError) -> Response {
    let detail: String = url::form_urlencoded::byte_serialize(error.to_string().as_bytes()).collect();
    let to = format!("/sign-in?reason=oidc&detail={detail}");
    (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
}

/// An identity provider says that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5).
#[debug_handler]
pub(crate) async fn back_channel_logout(
    State(app): State<App>,
    Asker(client): Asker,
    Path(id): Path<String>,
    body: Result<String, StringRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|_| Problem::bad_request("expected a form with `logout_token`"))?;
    let id: IdentityProviderId = id.parse().map_err(|_| provider_problem(ProviderError::Unknown))?;
    let token = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "logout_token");
    let (_, token) = token.ok_or_else(|| Problem::bad_request("expected a form with `logout_token`"))?;
    match app.installation.logged_out_elsewhere(id, &base(&app)?, &token, &client).await {
        Ok(()) => Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response()),
        Err(ProviderError::Store(error)) => Err(error.into()),
        Err(error) => Err(Problem::bad_request(error.to_string())),
    }
}

/// Ends the session.
#[debug_handler]
pub(crate) async fn logout(State(app): State<App>, me: Me) -> Result<Response, Problem> {
    let directory = app.installation.store().directory();
    if let Some(session) = me.session_id() {
        match directory.end_session(&me.actor, me.who.account(), session).await {
            // Another request ended it first.
            Ok(()) | Err(bursar_store::StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    signed_out(&app)
}

/// Ends all sessions of the account.
#[debug_handler]
pub(crate) async fn logout_everywhere(State(app): State<App>, me: Me) -> Result<Response, Problem> {
    let (_, account) = me.session()?;
    app.installation.store().directory().end_sessions(&me.actor, account.id, None).await?;
    signed_out(&app)
}

fn signed_out(app: &App) -> Result<Response, Problem> {
    let cookie = cookie::clear(cookie::SESSION, app.settings.https()).ok_or_else(Problem::internal)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
