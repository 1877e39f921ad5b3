//! `/api/v1/me/…`: what somebody changes about their own account. Sessions only: an API token may not
//! change the account it belongs to.
//!
//! Whatever makes an account easier or harder to enter (a password, a factor) asks for a session that
//! is really theirs, ends the account's other sessions and gives this one a new secret.

use super::body::{self, Done};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Me;
use crate::session::cookie;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bursar_app::installation::{ChoosePasswordError, NewPasskeyAnswer, ProviderError};
use bursar_domain::EmailAddress;
use bursar_domain::id::{PasskeyId, SessionId};
use bursar_identity::password::Password;
use bursar_identity::recovery;
use bursar_identity::totp::TotpSecret;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an account changes about itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    /// What it is called.
    #[serde(default)]
    #[schema(required = false, nullable = false, min_length = 1, max_length = 60)]
    display_name: Option<String>,
    /// Its address.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = String, format = "email", max_length = 254)]
    email: Option<String>,
}

/// Changes the account's name or address.
#[utoipa::path(patch, path = "/api/v1/me", tag = "account", operation_id = "change_me", request_body = AccountChange,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is changed"), (status = 409, body = Problem, content_type = "application/problem+json", description = "Another account has the address"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<AccountChange>, JsonRejection>,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let directory = app.installation.store().directory();
    if let Some(name) = given.display_name {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(Problem::bad_request("`display_name` needs 1 to 60 characters"));
        }
        directory.rename_account(&me.actor, account.id, name).await?;
    }
    if let Some(email) = given.email {
        let email: EmailAddress =
            email.parse().map_err(|error| Problem::bad_request(format!("`email`: {error}")))?;
        directory.change_email(&me.actor, account.id, &email).await?;
    }
    Ok(body::done())
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The present one, when there is one.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = String, max_length = 1024)]
    current: Option<SecretString>,
    /// The new one.
    #[schema(value_type = String, min_length = 1, max_length = 1024)]
    password: SecretString,
}

/// Sets the account's password; its other sessions end.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "account", operation_id = "change_password", request_body = PasswordChange,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is set"), PostProblems))]
pub(crate) async fn password(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<PasswordChange>, JsonRejection>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let wrong = || Problem::refused("the present password is wrong");
    if account.password_changed_at.is_some() {
        let current =
            given.current.ok_or_else(|| Problem::bad_request("`current`: the present password is needed"))?;
        let current = Password::new(current).map_err(|_| wrong())?;
        let right = app.installation.is_password(account.id, &current).await;
        if !right.map_err(|error| busy(&error.to_string()))? {
            return Err(wrong());
        }
    }
    let new = Password::new(given.password).map_err(|error| Problem::bad_request(error.to_string()))?;
    app.installation.choose_password(&me.actor, account, &new).await.map_err(|error| match error {
        ChoosePasswordError::Weak(why) => Problem::bad_request(why),
        ChoosePasswordError::Hash(error) => busy(&error.to_string()),
        ChoosePasswordError::Store(error) => error.into(),
    })?;
    renewed(&app, &me, body::done()).await
}

fn busy(detail: &str) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too many passwords at once", detail)
}

/// Ends the other sessions and answers with a new secret for this one.
async fn renewed(app: &App, me: &Me, answer: impl IntoResponse) -> Result<Response, Problem> {
    let (session, account) = me.session()?;
    app.installation.store().directory().end_sessions(&me.actor, account.id, Some(session.id)).await?;
    let value = app.installation.renew(&me.actor, session, &session.methods).await;
    let value = value.map_err(crate::session::guard::refused_entry)?;
    let lives = app.installation.config().sessions.absolute;
    let cookie = cookie::set(cookie::SESSION, value.expose(), lives, false, app.settings.https());
    let cookie = cookie.ok_or_else(Problem::internal)?;
    Ok(([(header::SET_COOKIE, cookie)], answer).into_response())
}

/// The account's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    /// Those that live, newest first.
    items: Vec<SessionView>,
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Its id.
    id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// How it proved itself.
    methods: Vec<String>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last used, to some minutes.
    last_seen_at: DateTime<Utc>,
    /// It ends then in any case.
    expires_at: DateTime<Utc>,
    /// The address it was begun from.
    address: String,
    /// The browser, as it names itself.
    agent: String,
}

/// The account's sessions.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "account", operation_id = "my_sessions",
    responses((status = 200, body = SessionList, description = "The sessions"), CommonProblems))]
pub(crate) async fn sessions(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<SessionList>, Problem> {
    parameters.finish()?;
    let current = me.session_id();
    let sessions = app.installation.store().directory().sessions(me.who.account()).await?;
    let view = |session: bursar_store::Session| SessionView {
        current: current == Some(session.id),
        id: session.id.to_string(),
        methods: session.methods,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        address: session.address,
        agent: session.agent,
    };
    Ok(Json(SessionList { items: sessions.into_iter().map(view).collect() }))
}

/// Ends one of the account's sessions, at once.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{session}", tag = "account", operation_id = "end_session",
    params(("session" = String, Path, description = "The session's id", example = "ses_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is over"), PostProblems))]
pub(crate) async fn end_session(
    State(app): State<App>,
    me: Me,
    Path(session): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    let id: SessionId = body::id(&session, "session")?;
    app.installation.store().directory().end_session(&me.actor, account.id, id).await?;
    Ok(body::done())
}

/// A secret for one-time codes: shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpStart {
    /// For typing it in, in base 32.
    secret: String,
    /// For an app on the same device.
    uri: String,
    /// For a phone's camera: an SVG image.
    qr_svg: String,
}

/// Begins using one-time codes; they are asked for once a first one has been given.
#[utoipa::path(post, path = "/api/v1/me/totp", tag = "account", operation_id = "begin_totp",
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = TotpStart, description = "The secret, shown once"), (status = 409, body = Problem, content_type = "application/problem+json", description = "One-time codes are in use"), PostProblems))]
pub(crate) async fn totp_begin(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<TotpStart>, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    let trouble = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a secret for one-time codes could not be made");
        Problem::internal()
    };
    let secret = TotpSecret::generate(app.installation.random()).map_err(|e| trouble(&e))?;
    let enrolment = secret.enrolment("Bursar", account.email.as_str()).map_err(|e| trouble(&e))?;
    let kept = SecretString::from(hex::encode(secret.expose()));
    app.installation.store().directory().begin_totp(account.id, &kept).await?;
    Ok(Json(TotpStart {
        secret: enrolment.base32.expose_secret().to_owned(),
        uri: enrolment.uri.expose_secret().to_owned(),
        qr_svg: enrolment.qr_svg.expose_secret().to_owned(),
    }))
}

/// The first code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    /// Six digits.
    #[schema(min_length = 6, max_length = 32, example = "123456")]
    code: String,
}

/// Codes for the day the phone is lost: shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each works once.
    recovery_codes: Vec<String>,
}

/// Ends setting up one-time codes: from now on they are asked for.
#[utoipa::path(post, path = "/api/v1/me/totp/confirm", tag = "account", operation_id = "confirm_totp", request_body = TotpCode,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = RecoveryCodes, description = "Codes for when the phone is lost, shown once"), PostProblems))]
pub(crate) async fn totp_confirm(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<TotpCode>, JsonRejection>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let directory = app.installation.store().directory();
    let totp = directory.totp(account.id).await?.filter(|totp| totp.confirmed_at.is_none());
    let totp = totp.ok_or_else(|| Problem::not_found("no one-time codes are being set up: begin again"))?;
    let bytes = hex::decode(totp.secret.expose_secret()).map_err(|_| Problem::internal())?;
    let secret = TotpSecret::from_bytes(&bytes).map_err(|_| Problem::internal())?;
    let now = app.installation.clock().now();
    let step =
        secret.verify(&given.code, None, now).map_err(|error| Problem::bad_request(error.to_string()))?;
    directory.confirm_totp(&me.actor, account.id, step).await?;
    let codes = recovery::generate(app.installation.random()).map_err(|error| {
        tracing::error!(%error, "recovery codes could not be made");
        Problem::internal()
    })?;
    let digests: Vec<[u8; 32]> = codes.iter().map(|(_, digest)| *digest.as_bytes()).collect();
    directory.replace_recovery_codes(&me.actor, account.id, &digests).await?;
    let codes = codes.iter().map(|(code, _)| code.expose_secret().to_owned()).collect();
    renewed(&app, &me, Json(RecoveryCodes { recovery_codes: codes })).await
}

/// Stops using one-time codes.
#[utoipa::path(delete, path = "/api/v1/me/totp", tag = "account", operation_id = "remove_totp",
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "They are not asked for any more"), PostProblems))]
pub(crate) async fn totp_remove(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    app.installation.store().directory().remove_totp(&me.actor, account.id).await?;
    renewed(&app, &me, body::done()).await
}

/// The account's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PasskeyList {
    /// The passkeys.
    items: Vec<PasskeyView>,
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
struct PasskeyView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it was last used.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
}

/// The account's passkeys.
#[utoipa::path(get, path = "/api/v1/me/passkeys", tag = "account", operation_id = "my_passkeys",
    responses((status = 200, body = PasskeyList, description = "The passkeys"), CommonProblems))]
pub(crate) async fn passkeys(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<PasskeyList>, Problem> {
    parameters.finish()?;
    let passkeys = app.installation.store().directory().passkeys(me.who.account()).await?;
    let view = |passkey: bursar_store::Passkey| PasskeyView {
        id: passkey.id.to_string(),
        name: passkey.name,
        created_at: passkey.added_at,
        last_used_at: passkey.last_used_at,
    };
    Ok(Json(PasskeyList { items: passkeys.into_iter().map(view).collect() }))
}

/// What the browser needs to make a passkey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CeremonyView {
    /// To be given back.
    ceremony: String,
    /// For `navigator.credentials.create`.
    #[serde(rename = "publicKey")]
    #[schema(value_type = Object)]
    public_key: serde_json::Value,
}

fn passkey_problem(error: ProviderError) -> Problem {
    match error {
        ProviderError::Store(error) => error.into(),
        other => Problem::bad_request(other.to_string()),
    }
}

/// Begins adding a passkey.
#[utoipa::path(post, path = "/api/v1/me/passkeys/start", tag = "account", operation_id = "begin_passkey",
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = CeremonyView, description = "What the browser needs"), PostProblems))]
pub(crate) async fn passkey_begin(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
) -> Result<Json<CeremonyView>, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    let base = app.settings.base().parse().map_err(|_| Problem::internal())?;
    let mut begun =
        app.installation.begin_new_passkey(&base, account, &me.client).await.map_err(passkey_problem)?;
    Ok(Json(CeremonyView {
        ceremony: begun.ceremony.expose_secret().to_owned(),
        public_key: begun.options["publicKey"].take(),
    }))
}

/// What the browser made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskeyBody {
    /// The ceremony that was begun.
    #[schema(value_type = String, max_length = 100)]
    ceremony: SecretString,
    /// What `navigator.credentials.create` gave.
    #[schema(value_type = Object)]
    credential: serde_json::Value,
    /// What the passkey is to be called.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// Ends adding a passkey.
#[utoipa::path(post, path = "/api/v1/me/passkeys/finish", tag = "account", operation_id = "finish_passkey", request_body = NewPasskeyBody,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is added"), PostProblems))]
pub(crate) async fn passkey_finish(
    State(app): State<App>,
    me: Me,
    parameters: Parameters,
    given: Result<Json<NewPasskeyBody>, JsonRejection>,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let (_, account) = me.session()?;
    let name = given.name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(Problem::bad_request("`name` needs 1 to 60 characters"));
    }
    let base = app.settings.base().parse().map_err(|_| Problem::internal())?;
    let answer = given.credential.to_string();
    let answer = NewPasskeyAnswer { ceremony: given.ceremony.expose_secret(), answer: &answer, name };
    let added = app.installation.finish_new_passkey(&base, account, answer, &me.client, &me.actor).await;
    added.map_err(passkey_problem)?;
    renewed(&app, &me, body::done()).await
}

/// Takes a passkey away.
#[utoipa::path(delete, path = "/api/v1/me/passkeys/{passkey}", tag = "account", operation_id = "remove_passkey",
    params(("passkey" = String, Path, description = "The passkey's id", example = "pky_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It does not sign in any more"), PostProblems))]
pub(crate) async fn passkey_remove(
    State(app): State<App>,
    me: Me,
    Path(passkey): Path<String>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let (_, account) = me.session()?;
    let id: PasskeyId = body::id(&passkey, "passkey")?;
    app.installation.store().directory().remove_passkey(&me.actor, account.id, id).await?;
    renewed(&app, &me, body::done()).await
}
