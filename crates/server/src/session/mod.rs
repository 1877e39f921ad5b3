//! From a request to who asks: cookies, tokens, the guard, and the pages of signing in.
//!
//! What a session or a token is worth is decided by [`bursar_app::Installation`]; here is what HTTP
//! adds to it: the cookie's name and attributes, the CSRF rule, and which route needs what.

pub(crate) mod client;
pub(crate) mod cookie;
pub(crate) mod endpoints;
pub(crate) mod guard;
pub(crate) mod joining;
