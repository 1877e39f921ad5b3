//! A file that goes to the client while it is written, and breaks off when it cannot be finished, so that half a
//! file is not taken for a whole one.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use std::io;
use tokio::sync::mpsc;

/// Pieces on their way to the client.
const ON_THE_WAY: usize = 8;
/// Bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;

/// What is written to.
pub(super) type Out = io::BufWriter<Pieces>;

/// The answer whose body `write` writes. It may wait for the client wherever it writes.
pub(super) fn file<F>(
    kind: &'static str,
    name: &str,
    write: impl FnOnce(Out) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = io::Result<Out>> + Send + 'static,
{
    let (pieces, taken) = mpsc::channel::<io::Result<Vec<u8>>>(ON_THE_WAY);
    tokio::spawn(async move {
        let out = io::BufWriter::with_capacity(PIECE_BYTES, Pieces(pieces.clone()));
        let ended = match write(out).await {
            // The last piece goes out where it may wait.
            Ok(out) => {
                let last = move || out.into_inner().map(drop).map_err(io::IntoInnerError::into_error);
                tokio::task::spawn_blocking(last)
                    .await
                    .unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::warn!(%error, "a file did not come to its end");
            drop(pieces.send(Err(error)).await);
        }
    });
    // Compression asks once more after the end.
    let body = futures::stream::unfold(taken, async |mut taken| {
        let piece = taken.recv().await?;
        Some((piece, taken))
    })
    .fuse();
    let name = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// A writer whose bytes go to the client as it takes them.
pub(super) struct Pieces(mpsc::Sender<io::Result<Vec<u8>>>);

impl io::Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the client went away");
        // Whoever writes from a worker of the runtime must not hold it up.
        match tokio::runtime::Handle::try_current() {
            Ok(_) => {
                tokio::task::block_in_place(|| self.0.blocking_send(Ok(bytes.to_vec()))).map_err(gone)?
            }
            Err(_) => self.0.blocking_send(Ok(bytes.to_vec())).map_err(gone)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
