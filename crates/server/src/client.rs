//! Which address a request comes from.
//!
//! The other end of the connection, unless that is a proxy which the operator named: then the
//! right-most address of the proxy's header that is no such proxy itself. What stands further left
//! was written by whoever asked, and is never believed. A header that makes no sense stops the walk
//! where it is: the request then counts for the last proxy that could be believed, never for an
//! address of the sender's choice.
//!
//! Only the one header that the operator says the proxy writes is read. A proxy that sets
//! `X-Forwarded-For` passes on a `Forwarded` that it does not know.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Proxies one behind another; a longer chain is not followed.
const MAX_HOPS: usize = 32;

/// The address a request comes from, in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// An address, or the /64 that one customer of a provider has to himself in IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AddressGroup(IpAddr);

impl AddressGroup {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for AddressGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The header in which proxies say whom they speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`: addresses, separated by commas.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl FromStr for ForwardedHeader {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err("expected x-forwarded-for or forwarded".into()),
        }
    }
}

/// The proxies that are believed, and where they write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Addresses and networks, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let networks: Result<Vec<IpNet>, String> = items.map(network).collect();
        Ok(Self { networks: networks?, header: ForwardedHeader::default() })
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let shown: String = text.chars().take(60).collect();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network =
        network.map_err(|_| format!("`{shown}` is no address or network such as 10.0.0.5 or 10.0.0.0/24"))?;
    if network.prefix_len() == 0 {
        return Err(format!("`{shown}` is every address there is: name the proxies"));
    }
    Ok(network)
}

impl TrustedProxies {
    /// The same proxies, writing that header.
    #[must_use]
    pub fn writing(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether this is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The address a request comes from.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        for hop in self.hops(headers).into_iter().rev().take(MAX_HOPS) {
            // What makes no sense is nobody's word: the last proxy stands for it.
            let Some(hop) = hop else { break };
            client = hop;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// What proxies wrote, left to right; none where it is no address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let name = match self.header {
            ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedHeader::Forwarded => header::FORWARDED,
        };
        let read = |line: &HeaderValue| match (line.to_str(), self.header) {
            (Err(_), _) => vec![None],
            (Ok(line), ForwardedHeader::XForwardedFor) => {
                line.split(',').map(|item| address(item.trim())).collect()
            }
            (Ok(line), ForwardedHeader::Forwarded) => forwarded(line),
        };
        headers.get_all(name).iter().flat_map(read).collect()
    }
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip())),
    };
    address.map(|address| address.to_canonical())
}

/// The `for` of each element of a `Forwarded` header (RFC 7239, section 4).
fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let Some(elements) = split(line, ',') else { return vec![None] };
    elements.into_iter().map(speaks_for).collect()
}

fn speaks_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in split(element, ';')? {
        let (name, value) = pair.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("for") {
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            // Twice is once too often: which one would be the proxy's?
            if found.replace(address(value)?).is_some() {
                return None;
            }
        }
    }
    found
}

/// Splits where the separator is not quoted; none when a quote does not end.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &TrustedProxies, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    fn proxies(text: &str) -> TrustedProxies {
        text.parse().unwrap()
    }

    const XFF: &str = "x-forwarded-for";

    #[test]
    fn a_stranger_is_who_connects_whatever_the_headers_say() {
        // claim C7
        for proxies in [TrustedProxies::default(), proxies("10.0.0.0/8")] {
            for header in [(XFF, "192.0.2.9"), ("forwarded", "for=192.0.2.9"), ("x-real-ip", "192.0.2.9")] {
                assert_eq!(client(&proxies, "203.0.113.7", &[header]), "203.0.113.7");
            }
        }
    }

    #[test]
    fn behind_proxies_the_last_word_of_a_trusted_one_counts() {
        // claim C7
        let proxies = proxies("10.0.0.0/8, 2001:db8:ffff::/48");
        for (lines, expected) in [
            (vec!["192.0.2.9"], "192.0.2.9"),
            (vec!["1.1.1.1, 192.0.2.9"], "192.0.2.9"),
            (vec!["1.1.1.1, 192.0.2.9, 10.1.1.1"], "192.0.2.9"),
            (vec!["1.1.1.1", "192.0.2.9", "10.1.1.1, 10.2.2.2"], "192.0.2.9"),
            (vec!["192.0.2.9:4711"], "192.0.2.9"),
            (vec!["[2001:db8::1]:4711"], "2001:db8::1"),
            (vec!["2001:db8::1"], "2001:db8::1"),
            (vec!["::ffff:192.0.2.9"], "192.0.2.9"),
            (vec!["10.1.1.1"], "10.1.1.1"),
            (vec![], "10.0.0.1"),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| (XFF, *line)).collect();
            assert_eq!(client(&proxies, "10.0.0.1", &lines), expected, "{lines:?}");
            assert_eq!(client(&proxies, "::ffff:10.0.0.1", &lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn nonsense_counts_for_the_proxy_that_passed_it_on() {
        let proxies = proxies("10.0.0.0/8");
        for nonsense in [
            "",
            ",",
            "unknown",
            "192.0.2.9,",
            "1.1.1.1, ",
            "192.0.2.9 1.1.1.1",
            "999.1.1.1",
            "192.0.2",
            "[::1",
            "::1]",
            "192.0.2.9:99999",
            "\u{fc}",
        ] {
            assert_eq!(client(&proxies, "10.0.0.1", &[(XFF, nonsense)]), "10.0.0.1", "{nonsense:?}");
        }
        let behind = client(&proxies, "10.0.0.1", &[(XFF, "1.1.1.1, unknown, 10.9.9.9")]);
        assert_eq!(behind, "10.9.9.9");
        let chain = vec!["10.9.9.9"; 10_000].join(",");
        assert_eq!(client(&proxies, "10.0.0.1", &[(XFF, &format!("1.1.1.1,{chain}"))]), "10.9.9.9");
    }

    #[test]
    fn the_standard_header_is_read_when_it_is_the_one_proxies_write() {
        let proxies = proxies("10.0.0.0/8").writing(ForwardedHeader::Forwarded);
        for (line, expected) in [
            ("for=192.0.2.9", "192.0.2.9"),
            ("For=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
            ("for=1.1.1.1, for=192.0.2.9;by=10.0.0.1, For=10.1.1.1", "192.0.2.9"),
            ("for=1.1.1.1;host=\"a,b;for=3.3.3.3\", for=192.0.2.9;host=\"x,\\\"y\"", "192.0.2.9"),
            ("for=_hidden", "10.0.0.1"),
            ("for=unknown", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=\"192.0.2.9", "10.0.0.1"),
            ("host=\"x, for=192.0.2.9", "10.0.0.1"),
            ("for=1.1.1.1;for=192.0.2.9", "10.0.0.1"),
            ("for", "10.0.0.1"),
        ] {
            assert_eq!(client(&proxies, "10.0.0.1", &[("forwarded", line)]), expected, "{line}");
        }
        // Not the one: a sender may have written it.
        assert_eq!(client(&proxies, "10.0.0.1", &[(XFF, "192.0.2.9")]), "10.0.0.1");
    }

    #[test]
    fn proxies_are_named_and_never_everybody() {
        // claim J2
        assert!(proxies("").is_empty());
        assert!(proxies("10.0.0.5, ::1").trusts("10.0.0.5".parse().unwrap()));
        assert!(!proxies("10.0.0.5").trusts("10.0.0.6".parse().unwrap()));
        for bad in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy.example", "10.0.0.5 10.0.0.6"] {
            assert!(bad.parse::<TrustedProxies>().is_err(), "{bad}");
        }
        assert!("both".parse::<ForwardedHeader>().is_err());
    }
}
