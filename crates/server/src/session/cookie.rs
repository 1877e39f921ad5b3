//! The session cookie.
//!
//! Over https its name starts with `__Host-`, which makes the browser insist on Secure, on Path=/
//! and on no Domain (RFC 6265bis). Over plain http, which only loopback may use, browsers refuse
//! that prefix, so the name is plain.

use super::{SESSION_LIMIT_HOURS, Token};
use axum::http::{HeaderMap, HeaderValue, header};

pub(crate) fn name(https: bool) -> &'static str {
    if https { "__Host-bursar" } else { "bursar" }
}

/// The cookie's value in a request.
pub(crate) fn find(headers: &HeaderMap, https: bool) -> Option<&str> {
    let wanted = name(https);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted).then_some(value))
}

/// Sets the cookie. `None` if the token were no header text, which base64 always is.
pub(crate) fn set(token: &Token, https: bool) -> Option<HeaderValue> {
    let max_age = SESSION_LIMIT_HOURS * 3600;
    let secure = if https { "; Secure" } else { "" };
    let text = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age}{secure}",
        name(https),
        token.expose()
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Removes the cookie.
pub(crate) fn clear(https: bool) -> HeaderValue {
    HeaderValue::from_static(if https {
        "__Host-bursar=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
    } else {
        "bursar=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    })
}
