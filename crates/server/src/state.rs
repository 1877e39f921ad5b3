//! What handlers share, and the server as the wiring sees it.

use crate::metrics::Metrics;
use crate::random::{OsRandom, Random};
use crate::settings::Settings;
use crate::{listener, routes};
use bursar_app::Installation;
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_store::StoreError;
use secrecy::ExposeSecret as _;
use std::future::Future;
use std::sync::Arc;

/// What every handler can reach.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) metrics: Metrics,
    pub(crate) installation: Installation,
}

impl std::ops::Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The web server of an installation.
#[derive(Debug, Clone)]
pub struct Server {
    app: App,
}

impl Server {
    /// A server with the machine's randomness for the ids of requests.
    #[must_use]
    pub fn new(installation: Installation, settings: Settings) -> Self {
        Self::with_random(installation, settings, Arc::new(OsRandom))
    }

    /// A server whose requests have ids from the given source.
    #[must_use]
    pub fn with_random(installation: Installation, settings: Settings, random: Arc<dyn Random>) -> Self {
        let shared = Shared { settings, random, metrics: Metrics::default(), installation };
        Self { app: App(Arc::new(shared)) }
    }

    /// A link that signs one person in, once, within fifteen minutes: the account, else the workspace's
    /// first owner, who is made when there is none.
    ///
    /// # Errors
    /// When control data cannot be written.
    pub async fn sign_in_link(
        &self,
        account: Option<AccountId>,
        workspace: WorkspaceId,
    ) -> Result<String, StoreError> {
        let token = self.app.installation.sign_in_link(account, workspace).await?;
        Ok(format!("{}/auth/link?token={}", self.app.settings.base(), token.expose_secret()))
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
