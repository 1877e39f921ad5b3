//! The way out for mail: one server of the operator's choice, over TLS.
//!
//! The server is configuration, not something that users give: the guard does not look at it.

use super::MailContent;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsVersion};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// TLS from the first byte (port 465).
    Tls,
    /// `STARTTLS`, without which nothing is sent (port 587).
    StartTls,
    /// None. Only to this machine.
    Plain,
}

/// The server.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// User name and password, where it asks for them.
    pub credentials: Option<(String, SecretString)>,
    /// Who mails are from, such as `Bursar <bursar@example.com>`.
    pub from: String,
    /// Certificate authorities to trust beside the system's, PEM.
    pub extra_roots_pem: Vec<Vec<u8>>,
    /// For one mail.
    pub timeout: Duration,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The settings cannot be used.
    #[error("the settings for mail cannot be used: {0}")]
    Settings(&'static str),
    /// An address that mail knows nothing of.
    #[error("the address is none that mail can be sent to")]
    Address(#[source] lettre::address::AddressError),
    /// Our bug.
    #[error("the mail's template does not render")]
    Template(#[source] minijinja::Error),
    /// Our bug.
    #[error("the mail could not be put together")]
    Message(#[source] lettre::error::Error),
    /// The server refuses for good.
    #[error("the mail server refuses the mail for good")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The server did not take it in time; whether it has it nobody knows.
    #[error("the mail server did not take the mail in time")]
    Timeout,
    /// The server refuses for now, or is not reached.
    #[error("the mail server did not take the mail")]
    Later(#[source] lettre::transport::smtp::Error),
}

impl MailError {
    /// Whether another attempt may end otherwise.
    #[must_use]
    pub const fn may_pass_later(&self) -> bool {
        matches!(self, Self::Later(_) | Self::Timeout)
    }
}

/// Sends mails.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    timeout: Duration,
}

impl Mailer {
    /// A mailer for this server.
    ///
    /// # Errors
    /// [`MailError::Settings`] says which setting.
    pub fn new(config: &SmtpConfig) -> Result<Self, MailError> {
        let from = config.from.parse().map_err(|_| MailError::Settings("the sender is no address"))?;
        let tls = match config.security {
            SmtpSecurity::Plain if is_this_machine(&config.host) => Tls::None,
            SmtpSecurity::Plain => {
                return Err(MailError::Settings("without TLS mail goes to this machine only"));
            }
            SmtpSecurity::Tls => Tls::Wrapper(parameters(config)?),
            SmtpSecurity::StartTls => Tls::Required(parameters(config)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if let Some((user, password)) = &config.credentials {
            if config.security == SmtpSecurity::Plain {
                return Err(MailError::Settings("a password is sent over TLS only"));
            }
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), from, timeout: config.timeout })
    }

    /// Sends a mail.
    ///
    /// # Errors
    /// Why not; [`MailError::may_pass_later`] says whether to try again.
    pub async fn send(&self, content: &MailContent<'_>) -> Result<(), MailError> {
        let message = content.message(&self.from)?;
        // The transport's own limit ends with the connection: a server that falls silent later would hold us.
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Err(_) => Err(MailError::Timeout),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error)),
            Ok(Err(error)) => Err(MailError::Later(error)),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn parameters(config: &SmtpConfig) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(config.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    for pem in &config.extra_roots_pem {
        let root = Certificate::from_pem(pem).map_err(|_| MailError::Settings("a certificate is not PEM"))?;
        builder = builder.add_root_certificate(root);
    }
    builder.build().map_err(|_| MailError::Settings("TLS is not available"))
}
