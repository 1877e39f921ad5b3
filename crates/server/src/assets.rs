//! The UI: static files inside the program (read from disk in debug builds).
//!
//! Vite names files under `assets/` by their content, so they may be kept for ever; everything
//! else is checked again each time. A path that is no file is the UI's own route and gets the page.

use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let problem = Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "this method is not allowed",
            "pages are only read",
        );
        let mut response = problem.into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = uri.path().trim_start_matches('/');
    if let Some(file) = file(path) {
        return answer(path, file, &headers);
    }
    let looks_like_file =
        path.starts_with("assets/") || path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Dist::get("index.html") {
        Some(page) if !looks_like_file => answer("index.html", page, &headers),
        _ => Problem::not_found("there is no such file").into_response(),
    }
}

fn file(path: &str) -> Option<EmbeddedFile> {
    // Debug builds read from disk: no component may lead out of the folder.
    let plain = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', '\0']);
    if plain { Dist::get(path) } else { None }
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response =
        if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == etag.as_bytes()) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(file.data.into_owned()).into_response()
        };
    let out = response.headers_mut();
    if let Some(kind) = response_type(path, &file.metadata) {
        out.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

fn response_type(path: &str, metadata: &rust_embed::Metadata) -> Option<HeaderValue> {
    let kind = metadata.mimetype();
    let text = kind.starts_with("text/") || path.ends_with(".js");
    HeaderValue::from_str(&if text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }).ok()
}
