//! The accept loop: HTTP/1.1, over TLS when there is a certificate, with bounds on connections and
//! on the time and space that a client may take, none of which `axum::serve` has.
//!
//! A connection past its address's share is closed at once; past the total, the one that has been
//! idle for longest is ([`slots`]). Accepting therefore never waits for a client.

mod slots;
mod stall;

use crate::client::AddressGroup;
use crate::limits::Limits;
use crate::tls::Tls;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use slots::{Running, Slot, Slots};
use stall::Unstalled;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// Time that running requests get to end at shutdown.
const GRACE: Duration = Duration::from_secs(20);

/// What every connection needs.
#[derive(Clone)]
struct Door {
    http: http1::Builder,
    router: Router,
    limits: Arc<Limits>,
    tls: Option<Tls>,
}

pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    tls: Option<Tls>,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let slots = Slots::new(count(limits.connections), count(limits.connections_per_address));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time())
        .max_headers(count(limits.head_fields))
        .max_header_size(count(limits.head_bytes))
        .max_buf_size(count(limits.head_bytes));
    let reread = tls.clone().map(|tls| tokio::spawn(async move { tls.keep_fresh().await }));
    let door = Door { http, router, limits: Arc::new(limits.clone()), tls };
    tokio::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or a client that left: neither is a reason to stop.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        // Many clients share a proxy's address: they are told apart by what it says of them.
        let counted = (!limits.proxies.trusts(peer.ip())).then(|| AddressGroup::of(peer.ip()));
        let Some(slot) = slots.admit(counted) else {
            tracing::debug!("a connection was turned away: too many are open");
            continue;
        };
        stream.set_nodelay(true).unwrap_or_default();
        tokio::spawn(door.clone().connection(stream, peer, Arc::new(slot), graceful.watcher()));
    }
    drop(listener);
    if let Some(reread) = reread {
        reread.abort();
    }
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    Ok(())
}

impl Door {
    async fn connection(self, stream: TcpStream, peer: SocketAddr, slot: Arc<Slot>, watcher: Watcher) {
        let served = async {
            let stream = Unstalled::new(stream, self.limits.stall_time());
            match &self.tls {
                None => self.http(stream, peer, &slot, watcher).await,
                Some(tls) => match tokio::time::timeout(self.limits.head_time(), tls.accept(stream)).await {
                    Ok(Ok(stream)) => self.http(stream, peer, &slot, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                    Err(_) => tracing::debug!("a TLS handshake took too long"),
                },
            }
        };
        tokio::select! {
            () = served => {}
            () = slot.lost() => tracing::debug!("an idle connection made room for another"),
        }
    }

    async fn http<S>(&self, stream: S, peer: SocketAddr, slot: &Arc<Slot>, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let (router, running) = (self.router.clone(), slot.run());
            async move {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(ConnectInfo(peer));
                let Ok(response) = router.oneshot(request).await;
                Ok::<_, Infallible>(response.map(|body| Answering { body, _running: running }))
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// The body of an answer; its request is running until it is gone.
struct Answering {
    body: Body,
    _running: Running,
}

impl hyper::body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
