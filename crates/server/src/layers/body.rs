//! A request's body comes whole, in time, and no larger than allowed, whoever reads it.
//!
//! One that says beforehand that it is too large is refused before anything else is looked at.
//! The bound on the time is on the whole body: a byte every now and then does not extend it.

use crate::limits::Limits;
use crate::problem::Problem;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::time::{Instant, timeout_at};

const WHOLE: u8 = 0;
const LATE: u8 = 1;
const LARGE: u8 = 2;

pub(crate) async fn bounded(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > limits.body_bytes.into()) {
        return refusal(LARGE, &limits);
    }
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let fate = Arc::new(AtomicU8::new(WHOLE));
    let (seen, max) = (Arc::clone(&fate), limits.max_body());
    let deadline = Instant::now() + limits.body_time();
    let request = request.map(|body| {
        let chunks = body.into_data_stream();
        Body::from_stream(futures::stream::unfold(Some((chunks, 0_usize)), move |state| {
            let seen = Arc::clone(&seen);
            async move {
                let (mut chunks, so_far) = state?;
                let give_up = |why, text: &'static str| {
                    seen.store(why, Ordering::SeqCst);
                    Some((Err(axum::Error::new(text)), None))
                };
                let Ok(next) = timeout_at(deadline, chunks.next()).await else {
                    return give_up(LATE, "the body took too long");
                };
                let chunk: Result<Bytes, axum::Error> = next?;
                let so_far = so_far.saturating_add(chunk.as_ref().map_or(0, Bytes::len));
                if so_far > max {
                    return give_up(LARGE, "the body is too large");
                }
                Some((chunk, Some((chunks, so_far))))
            }
        }))
    });
    let response = next.run(request).await;
    match fate.load(Ordering::SeqCst) {
        WHOLE => response,
        why => refusal(why, &limits),
    }
}

/// The connection ends as well: what is still to come of the body is not worth reading.
fn refusal(why: u8, limits: &Limits) -> Response {
    let problem = if why == LATE {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body-too-slow",
            "the request took too long to arrive",
            format!("a body has {} s to come whole", limits.body_seconds),
        )
    } else {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the request is too large",
            format!("at most {} bytes are read", limits.body_bytes),
        )
    };
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use std::time::Duration;
    use tower::ServiceExt as _;

    async fn send(limits: Limits, body: Body) -> u16 {
        let read = |body: Bytes| async move { body.len().to_string() };
        let router =
            Router::new().route("/", post(read)).layer(from_fn_with_state(Arc::new(limits), bounded));
        let request = Request::post("/").body(body).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    }

    fn drops(count: usize, size: usize, pause: Duration) -> Body {
        let drops = futures::stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, std::io::Error>(Bytes::from(vec![b' '; size]))
        });
        Body::from_stream(drops)
    }

    #[tokio::test]
    async fn a_body_is_whole_in_time_and_of_bounded_size() {
        let limits = || Limits { body_seconds: 1, body_bytes: 2_000, ..Limits::default() };
        assert_eq!(send(limits(), Body::empty()).await, 200);
        assert_eq!(send(limits(), drops(20, 100, Duration::from_millis(10))).await, 200);
        assert_eq!(send(limits(), drops(21, 100, Duration::from_millis(1))).await, 413);
        assert_eq!(send(limits(), drops(1_000, 1, Duration::from_millis(100))).await, 408, "a trickle");
    }
}
