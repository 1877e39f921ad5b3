//! What every request passes, outermost first: an id, a span for the log, the catch for panics,
//! headers for the browser, the budget of its address, the check of the host name, the clock, the bounds of
//! its body.

pub(crate) mod body;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod limits;
pub(crate) mod request_id;
