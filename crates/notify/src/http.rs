//! The client for addresses that users gave: one request, one bounded answer, nothing followed.

use crate::guard::{Guard, GuardError, GuardedResolver, Lookup, Reach, SystemLookup};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Most bytes of an answer that are read at all.
const MAX_READ: usize = 16 * 1024;
/// Most bytes of an answer that are kept for the delivery log.
pub const MAX_EXCERPT: usize = 1_024;
const USER_AGENT: &str = concat!("bursar/", env!("CARGO_PKG_VERSION"), " (webhooks)");

/// How requests are made.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Where they may go.
    pub guard: Guard,
    /// From the first packet to the last byte of the answer. Standard Webhooks recommends 15 to 30 s.
    pub timeout: Duration,
    /// To be connected, TLS included.
    pub connect_timeout: Duration,
    /// Certificate authorities to trust beside the system's, PEM.
    pub extra_roots_pem: Vec<Vec<u8>>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            guard: Guard::public(),
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            extra_roots_pem: Vec::new(),
        }
    }
}

/// The client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("the client for webhooks cannot be set up: {0}")]
pub struct HttpConfigError(&'static str);

/// Why there was no answer. Nothing in it repeats more of the URL than its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The request was not made.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// Nobody answered at the address.
    #[error("the receiver cannot be reached: no connection")]
    Connect,
    /// The receiver has no certificate that is trusted.
    #[error("the receiver's certificate is not trusted, or it does not speak TLS 1.2 or newer")]
    Tls,
    /// No answer in time.
    #[error("the receiver did not answer in time")]
    Timeout,
    /// What came is not HTTP, or ended in the middle.
    #[error("the receiver's answer is not HTTP")]
    Answer,
    /// A header has characters that headers cannot have.
    #[error("the request has a header that cannot be sent")]
    Header,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Retry-After` header, as it came.
    pub retry_after: Option<String>,
    /// The beginning of the body, at most [`MAX_EXCERPT`] bytes; empty for receivers inside, whose answers
    /// are not shown to whoever may set up a webhook.
    pub excerpt: String,
}

/// The client. Clones share it.
#[derive(Debug, Clone)]
pub struct Sender {
    guard: Arc<Guard>,
    public: reqwest::Client,
    allowed_only: reqwest::Client,
}

impl Sender {
    /// A client with the machine's resolver.
    ///
    /// # Errors
    /// When a certificate is not PEM or TLS cannot be set up.
    pub fn new(config: &HttpConfig) -> Result<Self, HttpConfigError> {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// A client with another resolver.
    ///
    /// # Errors
    /// When a certificate is not PEM or TLS cannot be set up.
    pub fn with_lookup(config: &HttpConfig, lookup: Arc<dyn Lookup>) -> Result<Self, HttpConfigError> {
        let guard = Arc::new(config.guard.clone());
        let client = |reach| {
            let resolver = GuardedResolver { guard: Arc::clone(&guard), reach, lookup: Arc::clone(&lookup) };
            let mut builder = reqwest::Client::builder()
                .user_agent(USER_AGENT)
                .timeout(config.timeout)
                .connect_timeout(config.connect_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                // A proxy would resolve names itself.
                .no_proxy()
                .http1_only()
                .pool_max_idle_per_host(0)
                .tls_version_min(reqwest::tls::Version::TLS_1_2)
                .dns_resolver(resolver);
            for pem in &config.extra_roots_pem {
                let roots = reqwest::Certificate::from_pem_bundle(pem)
                    .map_err(|_| HttpConfigError("a certificate is not PEM"))?;
                builder = builder.tls_certs_merge(roots);
            }
            builder.build().map_err(|_| HttpConfigError("TLS is not available"))
        };
        let (public, allowed_only) = (client(Reach::Public)?, client(Reach::AllowedOnly)?);
        Ok(Self { guard, public, allowed_only })
    }

    /// The guard.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// One POST of JSON.
    ///
    /// # Errors
    /// Why there is no answer; an answer of any status is one.
    pub async fn post(
        &self,
        url: &Url,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Answer, SendError> {
        let reach = self.guard.reach(url)?;
        let client = match reach {
            Reach::Public => &self.public,
            Reach::AllowedOnly => &self.allowed_only,
        };
        let mut map = HeaderMap::new();
        map.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| SendError::Header)?;
            map.insert(HeaderName::from_static(name), value);
        }
        let mut answer =
            client.post(url.clone()).headers(map).body(body).send().await.map_err(|error| reason(&error))?;
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(|text| text.chars().take(64).collect());
        let status = answer.status().as_u16();
        let mut bytes = Vec::new();
        // What the status says counts, however the body ends.
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(chunk.get(..MAX_READ - bytes.len()).unwrap_or(&chunk));
            if bytes.len() >= MAX_READ {
                break;
            }
        }
        let excerpt = if reach == Reach::Public { excerpt(&bytes) } else { String::new() };
        Ok(Answer { status, retry_after, excerpt })
    }
}

fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..MAX_EXCERPT).unwrap_or(bytes));
    let mut text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    while text.len() > MAX_EXCERPT {
        text.pop();
    }
    text
}

/// What went wrong, without reqwest's own text, which has the URL.
fn reason(error: &reqwest::Error) -> SendError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut tls = false;
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<GuardError>() {
            return SendError::Guard(refused.clone());
        }
        let text = error.to_string();
        tls |= text.contains("certificate")
            || text.contains("TLS")
            || text.contains("tls")
            || text.contains("handshake");
        cause = error.source();
    }
    if error.is_timeout() {
        SendError::Timeout
    } else if tls {
        SendError::Tls
    } else if error.is_connect() {
        SendError::Connect
    } else {
        SendError::Answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_without_controls() {
        let long = "ä".repeat(MAX_EXCERPT);
        assert!(excerpt(long.as_bytes()).len() <= MAX_EXCERPT);
        assert_eq!(excerpt(b"a\x1b[31mb\nc\xff"), "a [31mb\nc\u{fffd}");
    }
}
