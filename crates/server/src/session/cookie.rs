//! The session cookie.
//!
//! Over https its name starts with `__Host-`, which makes the browser insist on Secure, on Path=/
//! and on no Domain (RFC 6265bis). Over plain http, which only loopback may use, browsers refuse
//! that prefix, so the name is plain.

use axum::http::{HeaderMap, HeaderValue, header};
use chrono::Duration;

/// The session.
pub(crate) const SESSION: &str = "bursar";
/// A sign-in that is under way elsewhere.
pub(crate) const CEREMONY: &str = "bursar-ceremony";

fn name(base: &str, https: bool) -> String {
    if https { format!("__Host-{base}") } else { base.to_owned() }
}

/// The cookie's value in a request.
pub(crate) fn find<'a>(headers: &'a HeaderMap, base: &str, https: bool) -> Option<&'a str> {
    let wanted = name(base, https);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == wanted).then_some(value))
}

/// Sets a cookie. `lax` lets it come along when another site's page sends the browser here, which the
/// return from an identity provider is. `None` if the value were no header text, which ours always is.
pub(crate) fn set(base: &str, value: &str, lives: Duration, lax: bool, https: bool) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let site = if lax { "Lax" } else { "Strict" };
    let (name, seconds) = (name(base, https), lives.num_seconds());
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite={site}; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Removes a cookie.
pub(crate) fn clear(base: &str, https: bool) -> Option<HeaderValue> {
    set(base, "", Duration::zero(), false, https)
}
