//! The guard: where a request to an address that a user gave may go.
//!
//! Two gates. [`Guard::check`] looks at the URL: scheme, port, user name, host. The resolver of the client
//! (`resolver.rs`) looks at every address the name has at the moment of connecting, and the connection goes
//! to one of those and no other, so that a name which changes its answer gains nothing. One
//! address inside, and the whole answer is refused; so is no answer.
//!
//! A private installation allows networks of its own. They open what is otherwise closed (plain `http`,
//! other ports, names and addresses inside), to those networks only: such a request is made by a client
//! that reaches nothing else. Metadata services of clouds are never reached.
//!
//! Sources: OWASP's SSRF prevention cheat sheet; the bypasses reported in documenso#2901 (mapped addresses) and
//! OneUptime#2578 (an error of the resolver taken for consent). Each is a test here.

mod address;
mod resolver;

pub(crate) use resolver::GuardedResolver;
pub use resolver::{Lookup, SystemLookup};

use address::{Place, place};
use ipnet::IpNet;
use std::net::IpAddr;
use url::{Host, Url};

/// Longest URL of a receiver, in bytes.
pub const MAX_URL: usize = 2_048;

/// Names of metadata services. Their addresses are refused as well; the names give a clear answer.
const METADATA_NAMES: &[&str] =
    &["metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"];

/// What names inside end with (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`, Kubernetes).
const INSIDE_NAMES: &[&str] = &[
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "home.arpa",
    "svc",
    "test",
    "invalid",
    "example",
    "onion",
    "alt",
];

/// Why a request is not made. The path and the query of the URL are in none of these: they hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// No URL, or a too long one.
    #[error("this is no URL such as https://receiver.example/hooks, of at most {MAX_URL} bytes")]
    Url,
    /// Neither `https` nor an allowed `http`.
    #[error("use https: `{0}` is only for networks that the installation allows")]
    Scheme(String),
    /// `https://user:password@…`.
    #[error("put no user name or password into the URL")]
    Credentials,
    /// A port other than 443.
    #[error("port {0} is not allowed: use 443, or let the operator allow the receiver's network")]
    Port(u16),
    /// An address in place of a name.
    #[error("use a name and not the address {0}")]
    Literal(IpAddr),
    /// A name inside.
    #[error("`{0}` is a name inside: let the operator allow the receiver's network")]
    Name(String),
    /// A metadata service.
    #[error("`{0}` is a metadata service and is never reached")]
    Metadata(String),
    /// The name has an address inside, which is not told.
    #[error("`{0}` leads inside: let the operator allow the receiver's network")]
    Inside(String),
    /// The name has no address, or it could not be asked for.
    #[error("`{0}` has no address")]
    Unresolved(String),
}

impl GuardError {
    /// Whether another attempt may end otherwise: names change their addresses, URLs stay as they are.
    #[must_use]
    pub const fn may_pass_later(&self) -> bool {
        matches!(self, Self::Unresolved(_) | Self::Inside(_))
    }
}

/// Which destinations are allowed.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<IpNet>,
    ports: Vec<u16>,
}

/// Which of the two clients makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The public internet, and allowed networks.
    Public,
    /// Allowed networks only.
    AllowedOnly,
}

impl Guard {
    /// Only the public internet, on port 443.
    #[must_use]
    pub fn public() -> Self {
        Self::default()
    }

    /// Besides the public internet, these networks of the installation.
    #[must_use]
    pub fn allowing(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.allowed.extend(networks);
        self
    }

    /// Besides 443, these ports of the public internet.
    #[must_use]
    pub fn with_ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// Whether a receiver may have this URL. Ask when it is given, so that whoever gives it is told; it is
    /// asked again for every request.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, text: &str) -> Result<Url, GuardError> {
        if text.len() > MAX_URL || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(GuardError::Url);
        }
        let url = Url::parse(text).map_err(|_| GuardError::Url)?;
        self.reach(&url)?;
        Ok(url)
    }

    /// Which client a request to the URL is made with.
    pub(crate) fn reach(&self, url: &Url) -> Result<Reach, GuardError> {
        if !matches!(url.scheme(), "https" | "http") {
            return Err(GuardError::Scheme(url.scheme().chars().take(20).collect()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GuardError::Credentials);
        }
        let mut reach = Reach::Public;
        // What only allowed networks may have narrows the request to them; without any it is refused.
        let mut only_allowed = |error| {
            reach = Reach::AllowedOnly;
            if self.allowed.is_empty() { Err(error) } else { Ok(()) }
        };
        match url.host().ok_or(GuardError::Url)? {
            Host::Ipv4(address) => {
                self.literal(address.into()).and_then(|()| only_allowed(GuardError::Url))?
            }
            Host::Ipv6(address) => {
                self.literal(address.into()).and_then(|()| only_allowed(GuardError::Url))?
            }
            Host::Domain(name) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                if METADATA_NAMES.contains(&name.as_str()) {
                    return Err(GuardError::Metadata(name));
                }
                if is_inside(&name) {
                    only_allowed(GuardError::Name(name))?;
                }
            }
        }
        if url.scheme() == "http" {
            only_allowed(GuardError::Scheme("http".into()))?;
        }
        let port = url.port_or_known_default().ok_or(GuardError::Url)?;
        if port != 443 && !self.ports.contains(&port) && url.scheme() == "https" {
            only_allowed(GuardError::Port(port))?;
        }
        Ok(reach)
    }

    fn literal(&self, address: IpAddr) -> Result<(), GuardError> {
        match place(address, &self.allowed) {
            Place::Allowed => Ok(()),
            Place::Metadata => Err(GuardError::Metadata(address.to_string())),
            Place::Public | Place::Inside => Err(GuardError::Literal(address)),
        }
    }

    /// Whether the client of that reach may connect to an address of the name.
    pub(crate) fn admits(&self, reach: Reach, name: &str, address: IpAddr) -> Result<(), GuardError> {
        match (place(address, &self.allowed), reach) {
            (Place::Allowed, _) | (Place::Public, Reach::Public) => Ok(()),
            (Place::Metadata, _) => Err(GuardError::Metadata(name.to_owned())),
            (Place::Inside, _) | (Place::Public, Reach::AllowedOnly) => {
                Err(GuardError::Inside(name.to_owned()))
            }
        }
    }
}

fn is_inside(name: &str) -> bool {
    !name.contains('.')
        || INSIDE_NAMES.iter().any(|inside| {
            name.strip_suffix(inside).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests;
