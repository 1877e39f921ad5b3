//! Messages on their way out: the loop that dispatches events, trials of webhooks, and the settings of both.
//!
//! Whatever is sent to an address that a user gave goes through one guarded client; mail goes to the one
//! server that the operator chose. One loop per process is enough: claims in the store keep
//! several from doing a thing twice, and whatever a process that is killed had in hand is anybody's
//! again two minutes later.

use super::{Installation, StoreOutbox};
use bursar_domain::event::{Event, EventData, WebhookTest};
use bursar_domain::id::{EventId, WebhookId, WorkspaceId};
use bursar_domain::{Clock, Randomness, RandomnessError};
use bursar_notify::dispatch::{Dispatcher, Report};
use bursar_notify::guard::{Guard, GuardError};
use bursar_notify::mail::{MailError, Mailer, SmtpConfig};
use bursar_notify::webhook::{Delivery, Outcome, Schedule, SecretError, WebhookSecret};
use bursar_notify::{HttpConfig, HttpConfigError, Sender};
use bursar_store::{StoreError, WorkspaceStore};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use url::Url;

/// Between two looks at what is due; whatever is asked for at once does not wait for it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After a look that failed, so that a database that is away is not asked every second.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(15);
/// Most networks that are allowed besides the public internet.
const MAX_NETWORKS: usize = 100;

/// Where messages may go.
#[derive(Debug, Clone, Default)]
pub struct MessagesConfig {
    /// Networks of the installation's own that webhooks and channels may reach besides the public internet.
    pub allowed_networks: Vec<IpNet>,
    /// The way out for mail; without it mail lies with the dead letters until there is one.
    pub smtp: Option<SmtpConfig>,
    /// The address under which people reach the program, for links.
    pub public_url: Option<Url>,
}

/// Why messages cannot be sent as the settings say.
#[derive(Debug, thiserror::Error)]
pub enum MessagesError {
    /// A text that is no network.
    #[error("`{0}` is no network such as 10.1.0.0/16 or fd00::/8; several are set apart by commas")]
    Network(String),
    /// A list without an end.
    #[error("more than {MAX_NETWORKS} networks")]
    Networks,
    /// The settings of mail.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The client.
    #[error(transparent)]
    Http(#[from] HttpConfigError),
}

impl MessagesConfig {
    /// The networks of a list with commas: CIDR, or single addresses.
    ///
    /// # Errors
    /// The first that is none.
    pub fn networks(text: &str) -> Result<Vec<IpNet>, MessagesError> {
        let network = |text: &str| {
            let single = || text.parse().map(|address: std::net::IpAddr| IpNet::from(address));
            let network = text.parse().or_else(|_| single());
            network.map_err(|_| MessagesError::Network(text.chars().take(60).collect()))
        };
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(network).collect::<Result<Vec<_>, _>>()?;
        if networks.len() > MAX_NETWORKS { Err(MessagesError::Networks) } else { Ok(networks) }
    }

    /// The way out for mail, as an operator writes it: see [`SmtpConfig::from_url`].
    ///
    /// # Errors
    /// What is wrong, without a word of the URL.
    pub fn smtp(
        url: &SecretString,
        from: String,
        password: Option<SecretString>,
    ) -> Result<SmtpConfig, MessagesError> {
        Ok(SmtpConfig::from_url(url, from, password)?)
    }
}

/// What sends messages, and what wakes it.
pub(super) struct Messages {
    dispatcher: Dispatcher,
    nudge: Notify,
}

impl Messages {
    pub(super) fn new(
        config: &MessagesConfig,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Randomness>,
    ) -> Result<Self, MessagesError> {
        let guard = Guard::public().allowing(config.allowed_networks.iter().copied());
        let dispatcher = Dispatcher {
            sender: Sender::new(&HttpConfig { guard, ..HttpConfig::default() })?,
            mailer: config.smtp.as_ref().map(Mailer::new).transpose()?,
            schedule: Schedule::default(),
            public_url: config.public_url.clone(),
            clock: Arc::clone(clock),
            random: Arc::clone(random),
        };
        Ok(Self { dispatcher, nudge: Notify::new() })
    }
}

/// How a trial of a webhook went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// How long it took.
    pub took_ms: u64,
}

/// Why a webhook was not tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secrets.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl Installation {
    /// Dispatches events until told to stop: every second, and at once when nudged. What goes wrong is
    /// logged, and tried again. What is in hand when it is told to stop is finished; dropped in the middle, it
    /// is done again two minutes later.
    pub async fn dispatch_events(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            let rest = match self.dispatch_once().await {
                Ok(_) => LOOK_EVERY,
                Err(error) => {
                    tracing::error!(%error, "events that are due could not be looked for");
                    REST_AFTER_FAILURE
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = self.inner.messages.nudge.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// Dispatches what is due now, in every workspace.
    ///
    /// # Errors
    /// When not even the list of workspaces is to be had.
    pub async fn dispatch_once(&self) -> Result<Report, StoreError> {
        let outbox = StoreOutbox::new(self.inner.store.clone());
        self.inner.messages.dispatcher.dispatch_once(&outbox).await
    }

    /// Lets the loop look at once.
    pub fn nudge_messages(&self) {
        self.inner.messages.nudge.notify_one();
    }

    /// Whether a receiver may have this URL. Asked when it is given, so that whoever gives it is told; every
    /// request is looked at again.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_receiver(&self, url: &str) -> Result<(), GuardError> {
        self.inner.messages.dispatcher.sender.guard().check(url).map(drop)
    }

    /// A new secret of a webhook.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn new_webhook_secret(&self) -> Result<WebhookSecret, SecretError> {
        WebhookSecret::generate(self.inner.random.as_ref())
    }

    /// Sends a webhook a signed event of a trial, whether it is paused or not, and waits for the answer. It is
    /// not kept: neither repeated nor in the delivery log.
    ///
    /// # Errors
    /// When there is no such webhook, or nothing to sign with.
    pub async fn try_webhook(
        &self,
        workspace: WorkspaceId,
        store: &WorkspaceStore,
        id: WebhookId,
    ) -> Result<Trial, TrialError> {
        let dispatcher = &self.inner.messages.dispatcher;
        let now = self.inner.clock.now();
        let webhook = store.webhook(id).await?;
        let secrets = store.webhook_secrets(id, now).await?;
        let secrets: Vec<WebhookSecret> =
            secrets.iter().map(WebhookSecret::parse).collect::<Result<_, _>>()?;
        let mut number = [0; 16];
        self.inner.random.fill(&mut number)?;
        let event = Event {
            id: EventId::from_u128(u128::from_be_bytes(number)),
            workspace,
            subject: id.to_string(),
            time: now,
            data: EventData::WebhookTest(WebhookTest { webhook: id }),
        };
        let delivery = Delivery::sign(&event, &secrets.iter().collect::<Vec<_>>(), now)?;
        let started = std::time::Instant::now();
        let outcome = match dispatcher.sender.guard().check(webhook.url.expose_secret()) {
            Ok(url) => delivery.send(&dispatcher.sender, &url, now).await.0,
            Err(refused) => Outcome::Refused(refused.to_string()),
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let status = match &outcome {
            Outcome::Answered { status, .. } => Some(*status),
            Outcome::NoAnswer(_) | Outcome::Refused(_) => None,
        };
        let error = (!outcome.is_success()).then(|| outcome.reason());
        Ok(Trial { status, error, took_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_nonsense_is_named() {
        let found = MessagesConfig::networks("10.1.0.0/16, fd00::/8,127.0.0.1 ,").unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["10.1.0.0/16", "fd00::/8", "127.0.0.1/32"]);
        assert!(MessagesConfig::networks("").unwrap().is_empty());
        for text in ["10.1.0.0/33", "intranet", "10.0.0.0/8;10.1.0.0/16"] {
            let error = MessagesConfig::networks(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}`")), "{error}");
        }
        assert!(MessagesConfig::networks(&"10.0.0.0/8,".repeat(101)).is_err());
    }
}
