//! Which addresses are the public internet, and which are never reached.
//!
//! From the special-purpose registries of IANA (iana-ipv4-special-registry and
//! iana-ipv6-special-registry, read 2026-11-22) and the metadata addresses that clouds document. For
//! IPv6 the list is the other way round: only global unicast (2000::/3) without its special parts.
//! Forms of IPv6 that carry an IPv4 address are refused, whatever they carry, except the mapped form,
//! which is judged as what it carries: a public receiver has an address of its own.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Not the public internet.
const INSIDE_V4: &[Ipv4Net] = &[
    v4(0, 0, 0, 0, 8),        // this network
    v4(10, 0, 0, 0, 8),       // private
    v4(100, 64, 0, 0, 10),    // shared by carriers
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // Azure's own resolver and agent
    v4(169, 254, 0, 0, 16),   // link-local, metadata services
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 31, 196, 0, 24),  // AS112
    v4(192, 52, 193, 0, 24),  // AMT
    v4(192, 88, 99, 0, 24),   // 6to4 relays
    v4(192, 168, 0, 0, 16),   // private
    v4(192, 175, 48, 0, 24),  // AS112
    v4(198, 18, 0, 0, 15),    // benchmarks
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, broadcast
];

/// The public internet, before its special parts.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Special parts of it.
const INSIDE_V6: &[Ipv6Net] = &[
    v6(0x2001, 0, 0, 23),           // protocol assignments: Teredo, benchmarks, ORCHID
    v6(0x2001, 0x0db8, 0, 32),      // documentation
    v6(0x2002, 0, 0, 16),           // 6to4
    v6(0x2620, 0x004f, 0x8000, 48), // AS112
    v6(0x3ffe, 0, 0, 16),           // 6bone, given back
    v6(0x3fff, 0, 0, 20),           // documentation
];

/// Where clouds keep the credentials of a machine. Never reached, whatever is allowed.
const METADATA: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), // most clouds
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253)), // AWS: resolver
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 123)), // AWS: time
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),   // AWS: containers
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),  // AWS: pods
    IpAddr::V4(Ipv4Addr::new(169, 254, 0, 23)),    // Tencent
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),   // Azure
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)), // Alibaba
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),     // Oracle, older
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)), // AWS
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0023)), // AWS: pods
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)), // Google
];

/// What an address is to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The public internet.
    Public,
    /// A network that the configuration allows.
    Allowed,
    /// Anything else.
    Inside,
    /// A metadata service.
    Metadata,
}

/// Judges an address.
pub(super) fn place(address: IpAddr, allowed: &[IpNet]) -> Place {
    let address = address.to_canonical();
    if METADATA.contains(&address) || carried(address).is_some_and(|v4| METADATA.contains(&v4.into())) {
        return Place::Metadata;
    }
    if allowed.iter().any(|network| network.contains(&address)) {
        return Place::Allowed;
    }
    let public = match address {
        IpAddr::V4(address) => !INSIDE_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address)
                && !INSIDE_V6.iter().any(|network| network.contains(&address))
                && !is_isatap(address)
        }
    };
    if public { Place::Public } else { Place::Inside }
}

/// An interface identifier that carries an IPv4 address (RFC 5214).
fn is_isatap(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    matches!(segments[4], 0 | 0x0200) && segments[5] == 0x5efe
}

/// The IPv4 address inside an IPv6 address of one of the forms of transition: compatible, translated,
/// NAT64, 6to4, Teredo, ISATAP.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let s = address.segments();
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0, 0, 0, 0, 0, 0, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x64, 0xff9b, 1, _, _, _, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        [0x2001, 0, .., high, low] => Some(join(!high, !low)),
        [.., high, low] if is_isatap(address) => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Place {
        place(text.parse().unwrap(), &[])
    }

    // claim G2: every range that is not the public internet, at both of its ends.
    #[test]
    fn what_is_not_public_is_refused_at_both_ends() {
        let v4 = INSIDE_V4.iter().flat_map(|net| [IpAddr::V4(net.network()), IpAddr::V4(net.broadcast())]);
        let v6 = INSIDE_V6.iter().flat_map(|net| [IpAddr::V6(net.network()), IpAddr::V6(net.broadcast())]);
        for address in v4.chain(v6) {
            assert!(matches!(place(address, &[]), Place::Inside | Place::Metadata), "{address}");
        }
        for text in [
            "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fdff::1", "ff02::1", "100::1", "5f00::1",
            "4000::1",
        ] {
            assert_eq!(of(text), Place::Inside, "{text}");
        }
    }

    #[test]
    fn public_addresses_pass_and_their_neighbours_do() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:200::1",
            "::ffff:8.8.8.8",
        ] {
            assert_eq!(of(text), Place::Public, "{text}");
        }
    }

    /// documenso#2901 and OneUptime's Teredo and 6to4: the same inside address in every dress.
    #[test]
    fn inside_addresses_in_the_dress_of_ipv6_are_refused() {
        for text in [
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "2a00:1450::5efe:10.0.0.1",
            "2a00:1450::200:5efe:a00:1",
            // Even around a public address: a relay of somebody's decides where it ends.
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert_eq!(of(text), Place::Inside, "{text}");
        }
    }

    #[test]
    fn metadata_is_never_reached_whatever_is_allowed() {
        let everything: [IpNet; 2] = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::",
            "2001::5601:5601",
            "2a00::5efe:a9fe:a9fe",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "169.254.170.2",
            "169.254.170.23",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
        ] {
            assert_eq!(place(text.parse().unwrap(), &everything), Place::Metadata, "{text}");
        }
        assert_eq!(place("10.1.2.3".parse().unwrap(), &everything), Place::Allowed);
    }
}
