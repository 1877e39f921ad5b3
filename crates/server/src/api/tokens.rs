//! `/api/v1/tokens`: the API tokens of a workspace. The text of one is answered once.

use super::body::{self, Done, GivenRule};
use super::me::ScopeView;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_domain::id::TokenId;
use bursar_domain::role::Action;
use bursar_domain::{Page, Scope};
use bursar_store::{NewToken, TokenKind, TokenRow};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The tokens of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// The tokens, revoked ones included.
    items: Vec<TokenView>,
}

/// A token, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// `api`, or `scim` for provisioning and nothing else.
    kind: String,
    /// Whose rights it has at most.
    account: TokenAccount,
    /// Only these pages; null is all that the account may open.
    #[schema(required)]
    pages: Option<Vec<String>>,
    /// Only these actions; null is all that the account may do.
    #[schema(required)]
    actions: Option<Vec<String>>,
    /// What it narrows the account's scope to; null narrows nothing.
    #[schema(required)]
    scope: Option<ScopeView>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Refused from then on.
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[schema(required)]
    revoked_at: Option<DateTime<Utc>>,
}

/// Whose token.
#[derive(Debug, Serialize, ToSchema)]
struct TokenAccount {
    /// The account.
    id: String,
    /// Its address; null when it is deleted.
    #[schema(required)]
    email: Option<String>,
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRequest {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100, example = "Grafana")]
    name: String,
    /// `api`, or `scim` for provisioning and nothing else.
    #[serde(default = "api")]
    kind: TokenKindName,
    /// Refused from then on; never when left out.
    #[serde(default)]
    #[schema(required = false, nullable = false)]
    expires_at: Option<DateTime<Utc>>,
    /// Only these pages.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = Vec<String>)]
    pages: Option<Vec<Page>>,
    /// Only these actions.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = Vec<String>)]
    actions: Option<Vec<Action>>,
    /// Only charges for which all of these rules hold.
    #[serde(default)]
    #[schema(required = false, nullable = false)]
    scope: Option<Vec<GivenRule>>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TokenKindName {
    /// The API.
    Api,
    /// Provisioning.
    Scim,
}

const fn api() -> TokenKindName {
    TokenKindName::Api
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenMade {
    /// Its text: shown now and never again.
    token: String,
    /// What is kept of it.
    item: TokenView,
}

/// The API tokens of the workspace.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "administration", operation_id = "tokens",
    params(("limit" = inline(Option<u64>), Query, description = "At most so many; all are answered", minimum = 1, maximum = 1000)),
    responses((status = 200, body = Tokens, description = "The tokens"), CommonProblems))]
pub(crate) async fn tokens(
    State(app): State<App>,
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<Tokens>, Problem> {
    parameters.number("limit", 1..=1_000)?;
    parameters.finish()?;
    let mut items = Vec::new();
    for row in seen.entered.store().tokens(None).await? {
        items.push(view(&app, row).await);
    }
    Ok(Json(Tokens { items }))
}

/// Makes an API token with the rights of whoever asks, or fewer.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "administration", operation_id = "create_token", request_body = TokenRequest,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = TokenMade, description = "The token, shown once"), PostProblems))]
pub(crate) async fn create(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<TokenRequest>, JsonRejection>,
) -> Result<Json<TokenMade>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let name = given.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Problem::bad_request("`name` needs 1 to 100 characters"));
    }
    if given.expires_at.is_some_and(|at| at <= app.installation.clock().now()) {
        return Err(Problem::bad_request("`expires_at` is in the past: the token would be worth nothing"));
    }
    let scope = match given.scope.filter(|rules| !rules.is_empty()) {
        Some(rules) => body::scope(Some(rules))?,
        None => Scope::All,
    };
    let new = NewToken {
        name,
        account: seen.account()?,
        kind: match given.kind {
            TokenKindName::Api => TokenKind::Api,
            TokenKindName::Scim => TokenKind::Scim,
        },
        pages: given.pages,
        actions: given.actions,
        scope,
        expires_at: given.expires_at,
    };
    let (text, row) = seen.entered.store().create_token(seen.actor(), new).await?;
    Ok(Json(TokenMade { token: text.expose().to_owned(), item: view(&app, row).await }))
}

/// Makes a token worthless, at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "administration", operation_id = "revoke_token",
    params(("token" = String, Path, description = "The token's id", example = "tok_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is worthless now"), PostProblems))]
pub(crate) async fn revoke(
    seen: Seen,
    Path(token): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: TokenId = body::id(&token, "token")?;
    seen.entered.store().revoke_token(seen.actor(), id).await?;
    Ok(body::done())
}

async fn view(app: &App, row: TokenRow) -> TokenView {
    let account = app.installation.store().directory().account(row.account).await.ok();
    let words = |words: Vec<String>| words;
    TokenView {
        id: row.id.to_string(),
        name: row.name,
        kind: row.kind.to_string(),
        account: TokenAccount {
            id: row.account.to_string(),
            email: account.map(|account| account.email.to_string()),
        },
        pages: row.pages.map(|pages| words(pages.iter().map(ToString::to_string).collect())),
        actions: row.actions.map(|actions| words(actions.iter().map(ToString::to_string).collect())),
        scope: (!row.scope.is_all()).then(|| ScopeView::from(&row.scope)),
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    }
}
