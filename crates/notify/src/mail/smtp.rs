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
use url::Url;

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

impl SmtpConfig {
    /// Settings as an operator writes them: `smtps://USER:PASSWORD@HOST` (TLS, port 465 without another) or
    /// `smtp://USER:PASSWORD@HOST` (`STARTTLS`, port 587). To this machine itself `smtp` is plain. A password
    /// of its own wins over one in the URL.
    ///
    /// # Errors
    /// What is wrong, without a word of the URL: it may hold a password.
    pub fn from_url(
        url: &SecretString,
        from: String,
        password: Option<SecretString>,
    ) -> Result<Self, MailError> {
        let parsed = Url::parse(url.expose_secret().trim()).map_err(|_| {
            MailError::Settings("this is no URL such as smtps://USER:PASSWORD@mail.example.com")
        })?;
        let host = parsed.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(MailError::Settings("the URL names no server"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(MailError::Settings("the URL ends with the server's name or port"));
        }
        let (security, usual) = match parsed.scheme() {
            "smtps" => (SmtpSecurity::Tls, 465),
            "smtp" if is_this_machine(&host) => (SmtpSecurity::Plain, 25),
            "smtp" => (SmtpSecurity::StartTls, 587),
            _ => return Err(MailError::Settings("the URL begins with smtps:// or smtp://")),
        };
        let decoded = |text: &str| {
            // A form has the same escapes; a plus sign stays one.
            let text = text.replace('+', "%2B");
            url::form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned())
        };
        let password = password.or_else(|| parsed.password().and_then(decoded).map(SecretString::from));
        let credentials = match (decoded(parsed.username()), password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => return Err(MailError::Settings("there is a user name and no password")),
            (None, Some(_)) => return Err(MailError::Settings("there is a password and no user name")),
        };
        let port = parsed.port().unwrap_or(usual);
        let config = Self {
            host,
            port,
            security,
            credentials,
            from,
            extra_roots_pem: Vec::new(),
            timeout: Duration::from_secs(20),
        };
        config.sender()?;
        Ok(config)
    }

    /// Who mails are from, if the settings go together.
    fn sender(&self) -> Result<Mailbox, MailError> {
        if self.security == SmtpSecurity::Plain && !is_this_machine(&self.host) {
            return Err(MailError::Settings("without TLS mail goes to this machine only"));
        }
        if self.security == SmtpSecurity::Plain && self.credentials.is_some() {
            return Err(MailError::Settings("a password is sent over TLS only"));
        }
        self.from.parse().map_err(|_| MailError::Settings("the sender is no address"))
    }
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
        let from = config.sender()?;
        let tls = match config.security {
            SmtpSecurity::Plain => Tls::None,
            SmtpSecurity::Tls => Tls::Wrapper(parameters(config)?),
            SmtpSecurity::StartTls => Tls::Required(parameters(config)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if let Some((user, password)) = &config.credentials {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, password: Option<&str>) -> Result<SmtpConfig, String> {
        let password = password.map(|text| text.to_owned().into());
        let from = "Bursar <bursar@example.com>".to_owned();
        SmtpConfig::from_url(&url.to_owned().into(), from, password).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_says_server_protection_and_password() {
        let tls = read("smtps://ana%40example.com:p%2Bs%26=+x@mail.example.com", None).unwrap();
        assert_eq!((tls.host.as_str(), tls.port, tls.security), ("mail.example.com", 465, SmtpSecurity::Tls));
        let (user, password) = tls.credentials.unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("ana@example.com", "p+s&=+x"));
        let start = read("smtp://ana@mail.example.com:2525/", Some("of a file")).unwrap();
        assert_eq!((start.port, start.security), (2525, SmtpSecurity::StartTls));
        assert_eq!(start.credentials.unwrap().1.expose_secret(), "of a file");
        let here = read("smtp://127.0.0.1:1025", None).unwrap();
        assert_eq!((here.security, here.credentials.is_none()), (SmtpSecurity::Plain, true));
    }

    #[test]
    fn a_wrong_one_is_refused_without_repeating_it() {
        for url in [
            "mail.example.com",
            "https://s3cret:s3cret@mail.example.com",
            "smtps://",
            "smtps://s3cret@mail.example.com",
            "smtps://:s3cret@mail.example.com",
            "smtps://mail.example.com/s3cret",
            "smtps://mail.example.com?s3cret",
            "smtp://ana:s3cret@localhost",
        ] {
            let error = read(url, None).unwrap_err();
            assert!(!error.contains("s3cret"), "{url}: {error}");
        }
        let from = SmtpConfig::from_url(&"smtps://h".to_owned().into(), "nobody".into(), None);
        assert!(from.is_err());
    }
}
