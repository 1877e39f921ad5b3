//! Where the server is reached, and what follows from it: which `Host` headers are believed, which
//! origins may change state, and whether cookies are bound to https.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
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
         TLS-terminating proxy in front and set BURSAR_PUBLIC_URL to its https address"
    )]
    PlainHttp(SocketAddr),
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
}

impl Settings {
    /// Settings of a server that listens there and is known by that address.
    ///
    /// # Errors
    /// When other machines could reach it over plain http.
    pub fn new(listen: SocketAddr, public_url: Option<PublicUrl>) -> Result<Self, SettingsError> {
        let https = public_url.as_ref().is_some_and(|url| url.0.scheme() == "https");
        if !https && !listen.ip().is_loopback() {
            return Err(SettingsError::PlainHttp(listen));
        }
        let mut hosts = vec![listen.to_string()];
        if listen.ip().is_loopback() {
            hosts.push(format!("localhost:{}", listen.port()));
        }
        if listen.port() == 80 {
            hosts.extend(
                hosts
                    .clone()
                    .iter()
                    .filter_map(|h| h.strip_suffix(":80"))
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            );
        }
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
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
            None => format!("http://{listen}"),
        };
        Ok(Self { base, hosts, origins, https })
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
