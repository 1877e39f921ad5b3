//! Users and groups.

use super::answer::{Refusal, body, read, resource};
use super::guard::Provider;
use crate::state::App;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bursar_scim::{Kind, Patch, Query};

/// The routes of one kind.
pub(super) fn of(kind: Kind) -> Router<App> {
    let endpoint = format!("/scim/v2/{}", kind.endpoint());
    Router::new()
        .route(
            &endpoint,
            get(async move |provider: Provider, RawQuery(query): RawQuery| {
                list(&provider, Some(kind), &parameters(query)?).await
            })
            .post(
                async move |provider: Provider,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap,
                            given: Bytes| {
                    add(&provider, kind, &parameters(query)?, &headers, &given).await
                },
            ),
        )
        .route(
            &format!("{endpoint}/.search"),
            post(async move |provider: Provider, headers: HeaderMap, given: Bytes| {
                list(&provider, Some(kind), &Query::of_search(&read(&headers, &given)?)?).await
            }),
        )
        .route(
            &format!("{endpoint}/{{id}}"),
            get(
                async move |provider: Provider,
                            Path(id): Path<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap| {
                    one(&provider, kind, &id, &parameters(query)?, &headers).await
                },
            )
            .put(
                async move |provider: Provider,
                            Path(id): Path<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap,
                            given: Bytes| {
                    replace(&provider, kind, &id, &parameters(query)?, (&headers, &given)).await
                },
            )
            .patch(
                async move |provider: Provider,
                            Path(id): Path<String>,
                            RawQuery(query): RawQuery,
                            headers: HeaderMap,
                            given: Bytes| {
                    patch(&provider, kind, &id, &parameters(query)?, (&headers, &given)).await
                },
            )
            .delete(
                async move |provider: Provider, Path(id): Path<String>, headers: HeaderMap| {
                    remove(&provider, kind, &id, &headers).await
                },
            ),
        )
}

/// All kinds at once.
pub(super) async fn search_everything(
    provider: Provider,
    headers: HeaderMap,
    given: Bytes,
) -> Result<Response, Refusal> {
    list(&provider, None, &Query::of_search(&read(&headers, &given)?)?).await
}

fn parameters(query: Option<String>) -> Result<Query, Refusal> {
    let query = query.unwrap_or_default();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    Ok(Query::of_parameters(pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())))?)
}

fn if_match(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).map(|tags| tags.to_str().unwrap_or_default())
}

async fn list(provider: &Provider, kind: Option<Kind>, query: &Query) -> Result<Response, Refusal> {
    let answer = match kind {
        Some(Kind::User) => provider.users(query).await?,
        Some(Kind::Group) => provider.groups(query).await?,
        None => provider.everything(query).await?,
    };
    Ok(body(StatusCode::OK, &answer.to_json()))
}

async fn add(
    provider: &Provider,
    kind: Kind,
    query: &Query,
    headers: &HeaderMap,
    given: &Bytes,
) -> Result<Response, Refusal> {
    let given = read(headers, given)?;
    let made = match kind {
        Kind::User => provider.add_user(&given, &query.projection).await?,
        Kind::Group => provider.add_group(&given, &query.projection).await?,
    };
    Ok(resource(StatusCode::CREATED, &made))
}

async fn one(
    provider: &Provider,
    kind: Kind,
    id: &str,
    query: &Query,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let found = match kind {
        Kind::User => provider.user(id, &query.projection).await?,
        Kind::Group => provider.group(id, &query.projection).await?,
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    // A user's groups are not in its ETag, so that an answer with them is always sent.
    let whole = kind == Kind::User && found.body.get("groups").is_some();
    if !whole && known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == found.etag)) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        if let Ok(etag) = HeaderValue::from_str(&found.etag) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        return Ok(response);
    }
    Ok(resource(StatusCode::OK, &found))
}

async fn replace(
    provider: &Provider,
    kind: Kind,
    id: &str,
    query: &Query,
    (headers, given): (&HeaderMap, &Bytes),
) -> Result<Response, Refusal> {
    let given = read(headers, given)?;
    let (tags, projection) = (if_match(headers), &query.projection);
    let changed = match kind {
        Kind::User => provider.replace_user(id, tags, &given, projection).await?,
        Kind::Group => provider.replace_group(id, tags, &given, projection).await?,
    };
    Ok(resource(StatusCode::OK, &changed))
}

async fn patch(
    provider: &Provider,
    kind: Kind,
    id: &str,
    query: &Query,
    (headers, given): (&HeaderMap, &Bytes),
) -> Result<Response, Refusal> {
    let patch = Patch::read(&read(headers, given)?)?;
    let (tags, projection) = (if_match(headers), &query.projection);
    let changed = match kind {
        Kind::User => provider.patch_user(id, tags, &patch, projection).await?,
        Kind::Group => provider.patch_group(id, tags, &patch, projection).await?,
    };
    Ok(resource(StatusCode::OK, &changed))
}

async fn remove(provider: &Provider, kind: Kind, id: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    match kind {
        Kind::User => provider.remove_user(id, if_match(headers)).await?,
        Kind::Group => provider.remove_group(id, if_match(headers)).await?,
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
