//! Where the server is reached, and what follows from it: which `Host` headers are believed, which
//! origins may change state, whether cookies are bound to https; and what the server lets clients do.

use crate::limits::Limits;
use crate::rate::buckets::Buckets;
use crate::tls::Tls;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use url::Url;

/// The address people type, such as `https://bursar.example.com`. No path, no credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Url);

/// Why settings do not go together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Not usable as a public address.
    #[error("BURSAR_PUBLIC_URL is `{value}`: {why}; expected something like https://bursar.example.com")]
    PublicUrl {
        /// What was given.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// Plain http towards others.
    #[error(
        "BURSAR_LISTEN is `{0}`, which other machines can reach over plain http: listen on 127.0.0.1, or put a \
         TLS-terminating proxy in front and set BURSAR_PUBLIC_URL to its https address, or give it a certificate \
         with BURSAR_TLS_CERT_FILE and BURSAR_TLS_KEY_FILE"
    )]
    PlainHttp(SocketAddr),
    /// An address of http, served over TLS.
    #[error(
        "BURSAR_PUBLIC_URL is `{0}`, but BURSAR_TLS_CERT_FILE makes this an https server: write https://"
    )]
    NotHttps(PublicUrl),
    /// Nobody could ask for it by name.
    #[error(
        "BURSAR_LISTEN is `{0}`, every address of this machine: set BURSAR_PUBLIC_URL to the https address that \
         people type"
    )]
    Nameless(SocketAddr),
}

impl FromStr for PublicUrl {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        let refuse = |why: &str| SettingsError::PublicUrl {
            value: text.chars().take(200).collect(),
            why: why.to_owned(),
        };
        let url = Url::parse(text).map_err(|e| refuse(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("the scheme must be https (or http for this machine alone)"));
        }
        if url.host_str().is_none() {
            return Err(refuse("it names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            // The value may hold a password: it is not repeated.
            return Err(SettingsError::PublicUrl {
                value: "(not shown)".into(),
                why: "it must not hold a user name or password".into(),
            });
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it must not have a path, query or fragment"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The server's addresses, checked against each other.
#[derive(Debug, Clone)]
pub struct Settings {
    base: String,
    hosts: Vec<String>,
    origins: Vec<String>,
    https: bool,
    tls: Option<Tls>,
    limits: Limits,
    buckets: Option<Arc<dyn Buckets>>,
}

impl Settings {
    /// Settings of a server that listens there, with plain http, and is known by that address.
    ///
    /// # Errors
    /// When other machines could reach it over plain http.
    pub fn new(listen: SocketAddr, public_url: Option<PublicUrl>) -> Result<Self, SettingsError> {
        Self::at(listen, public_url, None)
    }

    /// Settings of a server that listens there, over TLS, and is known by that address.
    ///
    /// # Errors
    /// When the address is of http, or there is none that anybody could use.
    pub fn over_tls(
        listen: SocketAddr,
        public_url: Option<PublicUrl>,
        tls: Tls,
    ) -> Result<Self, SettingsError> {
        Self::at(listen, public_url, Some(tls))
    }

    fn at(
        listen: SocketAddr,
        public_url: Option<PublicUrl>,
        tls: Option<Tls>,
    ) -> Result<Self, SettingsError> {
        let proxied = public_url.as_ref().is_some_and(|url| url.0.scheme() == "https");
        let https = proxied || tls.is_some();
        match &public_url {
            Some(url) if tls.is_some() && !proxied => return Err(SettingsError::NotHttps(url.clone())),
            None if tls.is_some() && listen.ip().is_unspecified() => {
                return Err(SettingsError::Nameless(listen));
            }
            _ if !https && !listen.ip().is_loopback() => return Err(SettingsError::PlainHttp(listen)),
            _ => {}
        }
        let (scheme, port) = if tls.is_some() { ("https", 443) } else { ("http", 80) };
        let mut hosts = vec![listen.to_string()];
        if listen.ip().is_loopback() {
            hosts.push(format!("localhost:{}", listen.port()));
        }
        if listen.port() == port {
            let usual = format!(":{port}");
            let bare = hosts.iter().filter_map(|host| host.strip_suffix(&usual)).map(str::to_owned);
            hosts.extend(bare.collect::<Vec<_>>());
        }
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        let base = match public_url {
            Some(url) => {
                let host = url.0.host_str().unwrap_or_default().to_ascii_lowercase();
                let authority = url.0.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
                if url.0.port().is_none() {
                    hosts.push(format!("{host}:{}", if https { 443 } else { 80 }));
                }
                hosts.push(authority);
                origins.push(url.0.origin().ascii_serialization());
                url.to_string()
            }
            None => format!("{scheme}://{listen}"),
        };
        Ok(Self { base, hosts, origins, https, tls, limits: Limits::default(), buckets: None })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same with rate limits that several servers share.
    #[must_use]
    pub fn with_buckets(self, buckets: Arc<dyn Buckets>) -> Self {
        Self { buckets: Some(buckets), ..self }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn buckets(&self) -> Option<Arc<dyn Buckets>> {
        self.buckets.clone()
    }

    pub(crate) fn tls(&self) -> Option<Tls> {
        self.tls.clone()
    }

    /// The address people use, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether people reach the server over https, so that cookies can insist on it.
    #[must_use]
    pub fn https(&self) -> bool {
        self.https
    }

    /// Whether a `Host` header names this server.
    pub(crate) fn knows_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` header is one of this server's own pages.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(listen: &str, public: Option<&str>) -> Result<Settings, SettingsError> {
        let public = public.map(str::parse).transpose()?;
        Settings::new(listen.parse().unwrap(), public)
    }

    #[test]
    fn plain_http_towards_others_is_refused() {
        assert!(matches!(settings("0.0.0.0:8080", None), Err(SettingsError::PlainHttp(_))));
        assert!(matches!(
            settings("0.0.0.0:8080", Some("http://bursar.lan")),
            Err(SettingsError::PlainHttp(_))
        ));
        assert!(settings("0.0.0.0:8080", Some("https://bursar.example.com")).is_ok());
        assert!(settings("[::1]:8080", None).is_ok());
    }

    #[test]
    fn only_its_own_names_are_known() {
        let own = settings("127.0.0.1:8080", None).unwrap();
        for host in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080"] {
            assert!(own.knows_host(host), "{host}");
        }
        for host in ["127.0.0.1", "localhost", "evil.example:8080", "127.0.0.1:8081", ""] {
            assert!(!own.knows_host(host), "{host}");
        }
        let public = settings("0.0.0.0:8080", Some("https://Bursar.example.com")).unwrap();
        assert!(public.knows_host("bursar.example.com") && public.knows_host("bursar.example.com:443"));
        assert!(!public.knows_host("localhost:8080"));
        assert!(
            public.knows_origin("https://bursar.example.com")
                && !public.knows_origin("http://bursar.example.com")
        );
        assert!(public.https() && !own.https());
    }

    #[test]
    fn a_public_url_is_an_origin() {
        // claim J2
        for bad in [
            "",
            "bursar.example.com",
            "ftp://x",
            "https://u:p@x",
            "https://x/path",
            "https://x?q",
            "https://",
        ] {
            let error = bad.parse::<PublicUrl>().unwrap_err().to_string();
            assert!(error.contains("BURSAR_PUBLIC_URL"), "{error}");
            assert!(!error.contains("u:p"), "{error}");
        }
        assert_eq!("https://x.example/".parse::<PublicUrl>().unwrap().to_string(), "https://x.example");
    }
}
