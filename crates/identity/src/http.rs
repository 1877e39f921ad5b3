//! Talking to identity providers, within bounds.
//!
//! Addresses come from an administrator or from a provider's own configuration, so private networks are
//! allowed; what is never allowed is plain http to another machine, a redirect, and the addresses at which clouds
//! hand out credentials to whoever asks (169.254.0.0/16, fd00:ec2::254 and their like), however they are
//! spelt or resolved. Answers are bounded in time and size. Environment variables for proxies are not
//! looked at: a proxy is configuration.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use url::{Host, Url};

/// Discovery documents and key sets are a few kilobytes.
const MAX_ANSWER_BYTES: usize = 1 << 20;
const USER_AGENT: &str = concat!("bursar/", env!("CARGO_PKG_VERSION"));

/// How to reach identity providers.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The whole of one request.
    pub timeout: Duration,
    /// A proxy for requests to other machines.
    pub proxy: Option<Url>,
    /// Certificate authorities to trust beside the system's, PEM.
    pub extra_roots_pem: Vec<Vec<u8>>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), proxy: None, extra_roots_pem: Vec::new() }
    }
}

/// Why there was no answer. Nothing in it repeats a query, a header or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The settings cannot be used.
    #[error("the settings for reaching identity providers cannot be used: {0}")]
    Settings(String),
    /// An address that is never asked.
    #[error(
        "`{0}` is not asked: use https, without a user name, and no address of a cloud's metadata service"
    )]
    Address(String),
    /// Nobody answered.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// Resolving, connecting, TLS or time.
        why: &'static str,
    },
    /// An answer of another status.
    #[error("{host} answered with status {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// More than a mebibyte.
    #[error("the answer of {0} is too large")]
    TooLarge(String),
    /// Not JSON.
    #[error("the answer of {0} is not JSON")]
    NotJson(String),
}

/// A client for identity providers. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

/// How a client names itself to a token endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClientAuth<'a> {
    /// In the form, without a secret: a public client.
    Public,
    /// In the form.
    Post(&'a SecretString),
    /// In a header (RFC 6749 §2.3.1: both parts are form-encoded first).
    Basic(&'a SecretString),
}

/// A JSON answer of any status.
#[derive(Debug)]
pub(crate) struct JsonAnswer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Http {
    /// A client with these settings.
    ///
    /// # Errors
    /// When a certificate or the proxy cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpError> {
        let unusable = |what: &str| HttpError::Settings(what.to_owned());
        let mut roots = Vec::new();
        for pem in &settings.extra_roots_pem {
            let bundle = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| unusable("a certificate is not PEM"))?;
            roots.extend(bundle);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout.min(Duration::from_secs(5)))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(4)
            .dns_resolver(SafeResolver);
        if !roots.is_empty() {
            builder = builder.tls_certs_merge(roots);
        }
        if let Some(proxy) = &settings.proxy {
            let proxy = reqwest::Proxy::all(proxy.as_str()).map_err(|_| unusable("the proxy's address"))?;
            builder =
                builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_string("localhost,127.0.0.0/8,::1")));
        }
        let client = builder.build().map_err(|_| unusable("TLS cannot be set up"))?;
        Ok(Self { client })
    }

    /// A GET of JSON, with status 200.
    pub(crate) async fn get(&self, url: &Url, bearer: Option<&SecretString>) -> Result<Value, HttpError> {
        let request = self.client.get(checked(url)?.clone()).header("accept", "application/json");
        let request = match bearer {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let answer = self.send(url, request).await?;
        if answer.status == 200 {
            Ok(answer.body)
        } else {
            Err(HttpError::Status { host: host(url), status: answer.status })
        }
    }

    /// A POST of a form to a token endpoint; error statuses have bodies that are worth reading.
    pub(crate) async fn post(
        &self,
        url: &Url,
        client_id: &str,
        auth: ClientAuth<'_>,
        form: &[(&str, &str)],
    ) -> Result<JsonAnswer, HttpError> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let request = {
            // Not held across an await: the serializer cannot be sent between threads.
            let mut body = url::form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(form);
            let mut request = self.client.post(checked(url)?.clone());
            match auth {
                ClientAuth::Public => {
                    body.append_pair("client_id", client_id);
                }
                ClientAuth::Post(secret) => {
                    body.append_pair("client_id", client_id);
                    body.append_pair("client_secret", secret.expose_secret());
                }
                ClientAuth::Basic(secret) => {
                    request = request.basic_auth(encode(client_id), Some(encode(secret.expose_secret())));
                }
            }
            request
                .header("accept", "application/json")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body.finish())
        };
        self.send(url, request).await
    }

    async fn send(&self, url: &Url, request: reqwest::RequestBuilder) -> Result<JsonAnswer, HttpError> {
        let unreachable = |error: reqwest::Error| {
            let why = if error.is_timeout() {
                "it took too long"
            } else if error.is_connect() {
                "no connection (name, network or certificate)"
            } else {
                "the connection broke"
            };
            // The cause names addresses and certificates; the URL, which may carry more, is taken out.
            tracing::debug!(host = host(url), error = ?error.without_url(), "identity provider not reached");
            HttpError::Unreachable { host: host(url), why }
        };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(HttpError::TooLarge(host(url)));
            }
            bytes.extend_from_slice(&chunk);
        }
        match serde_json::from_slice(&bytes) {
            Ok(body) => Ok(JsonAnswer { status, body }),
            Err(_) if status == 200 => Err(HttpError::NotJson(host(url))),
            Err(_) => Err(HttpError::Status { host: host(url), status }),
        }
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or("?").to_owned()
}

/// The address, if it may be asked.
///
/// # Errors
/// When it may not.
pub(crate) fn checked(url: &Url) -> Result<&Url, HttpError> {
    let refused = || {
        let mut shown = url.clone();
        shown.set_query(None);
        shown.set_fragment(None);
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        Err(HttpError::Address(shown.to_string()))
    };
    let (local, forbidden) = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            (name == "localhost", name.eq_ignore_ascii_case("metadata.google.internal"))
        }
        Some(Host::Ipv4(address)) => (address.is_loopback(), is_metadata(address.into())),
        Some(Host::Ipv6(address)) => {
            let address = IpAddr::V6(address).to_canonical();
            (address.is_loopback(), is_metadata(address))
        }
        None => return refused(),
    };
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if scheme && plain && !forbidden { Ok(url) } else { refused() }
}

/// Whether this is an address at which a cloud hands out credentials to the machines that ask.
fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_link_local()
                || address == Ipv4Addr::new(168, 63, 129, 16) // Azure's own
                || address == Ipv4Addr::new(100, 100, 100, 200) // Alibaba's
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, e, f, g, h] = address.segments();
            // 64:ff9b::/96 (NAT64) and 2002::/16 (6to4) carry an IPv4 address.
            let inside = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_metadata(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
            };
            (a, b) == (0xfd00, 0x0ec2)
                || address.is_unicast_link_local()
                || address.is_multicast()
                || address == Ipv6Addr::UNSPECIFIED
                || ((a, b, c, d, e, f) == (0x64, 0xff9b, 0, 0, 0, 0) && inside(g, h))
                || (a == 0x2002 && inside(b, c))
        }
    }
}

/// The system's resolver, without the addresses that are never asked: checked where the connection is made,
/// so that a name cannot mean something else a moment later.
struct SafeResolver;

impl Resolve for SafeResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses: Vec<SocketAddr> = found.collect();
            if addresses.is_empty() || addresses.iter().any(|address| is_metadata(address.ip())) {
                return Err("the name leads nowhere, or to an address that is never asked".into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_asked() {
        for good in [
            "https://login.example/x",
            "https://10.0.0.7:8443/realms/a",
            "http://127.0.0.1:3001/",
            "http://localhost:3001",
            "http://[::1]:3001/",
        ] {
            assert!(checked(&good.parse().unwrap()).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example/",
            "http://10.0.0.7/",
            "ftp://login.example/",
            "https://user@login.example/",
            "https://login.example/#fragment",
            "https://169.254.169.254/latest/meta-data",
            "https://2852039166/latest",
            "https://0xa9.0xfe.0xa9.0xfe/",
            "https://[::ffff:169.254.169.254]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://[2002:a9fe:a9fe::1]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1]/",
            "https://168.63.129.16/",
            "https://metadata.google.internal/",
            "https://metadata.google.internal./",
            "https://0.0.0.0/",
        ] {
            assert!(checked(&bad.parse().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_repeats_no_secret() {
        let url = "http://me:pass@login.example/?code=secret#x".parse().unwrap();
        let text = checked(&url).unwrap_err().to_string();
        assert!(!text.contains("pass") && !text.contains("secret"), "{text}");
    }

    #[tokio::test]
    async fn names_that_lead_to_metadata_are_not_asked() {
        // A name made of digits resolves without a network.
        let error = SafeResolver.resolve("169.254.169.254".parse().unwrap()).await.err();
        assert!(error.is_some());
        assert!(SafeResolver.resolve("127.0.0.1".parse().unwrap()).await.is_ok());
    }

    #[test]
    fn bad_settings_are_named() {
        let settings = HttpSettings {
            extra_roots_pem: vec![b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----".to_vec()],
            ..HttpSettings::default()
        };
        assert!(matches!(Http::new(&settings), Err(HttpError::Settings(_))));
    }
}
