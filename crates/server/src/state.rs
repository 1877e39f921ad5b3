//! What handlers share, and the server as the wiring sees it.

use crate::metrics::Metrics;
use crate::random::{OsRandom, Random, RandomError};
use crate::session::Sessions;
use crate::settings::Settings;
use crate::{listener, routes};
use bursar_app::Workspace;
use std::future::Future;
use std::sync::Arc;

/// What every handler can reach.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) sessions: Sessions,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) metrics: Metrics,
    pub(crate) workspace: Workspace,
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The web server of one workspace.
#[derive(Debug, Clone)]
pub struct Server {
    app: App,
}

impl Server {
    /// A server with the machine's randomness and the workspace's clock.
    #[must_use]
    pub fn new(workspace: Workspace, settings: Settings) -> Self {
        Self::with_random(workspace, settings, Arc::new(OsRandom))
    }

    /// A server whose tokens come from the given source.
    #[must_use]
    pub fn with_random(workspace: Workspace, settings: Settings, random: Arc<dyn Random>) -> Self {
        let sessions = Sessions::new(workspace.clock(), Arc::clone(&random));
        let shared = Shared { settings, sessions, random, metrics: Metrics::default(), workspace };
        Self { app: App(Arc::new(shared)) }
    }

    /// A link that signs one person in, once, within fifteen minutes.
    ///
    /// # Errors
    /// When the machine has no randomness to make a token of.
    pub fn sign_in_link(&self) -> Result<String, RandomError> {
        let token = self.app.sessions.issue_link()?;
        Ok(format!("{}/auth/link?token={}", self.app.settings.base(), token.expose()))
    }

    /// The whole HTTP service, for [`Server::serve`] and for tests. Each has rate limits of its own.
    pub fn router(&self) -> axum::Router {
        routes::router(self.app.clone())
    }

    /// Serves until `stop` resolves, then lets running requests end.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let settings = &self.app.settings;
        listener::serve(listener, self.router(), settings.limits(), settings.tls(), stop).await
    }
}
