//! What the server lets clients do, who stands in front of it, and the certificate it shows.
//!
//! The thresholds are the server's own list; here are their variables.

use super::{Environment, Fault, Key, checked, given};
use bursar_server::{
    ForwardedHeader, Limits, PublicUrl, Settings, SettingsError, THRESHOLDS, Threshold, Tls, TlsFiles,
    TrustedProxies,
};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the door that are no thresholds.
pub(super) const KEYS: [Key; 5] = [
    Key {
        name: "BURSAR_TRUSTED_PROXIES",
        meaning: "addresses and networks of the proxies in front, separated by commas",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_FORWARDED_HEADER",
        meaning: "the one header they write: x-forwarded-for or forwarded",
        default: "x-forwarded-for",
        secret: false,
    },
    Key {
        name: "BURSAR_TLS_CERT_FILE",
        meaning: "the certificate and its chain, as PEM, to serve https without a proxy",
        default: "none: plain http",
        secret: false,
    },
    Key {
        name: "BURSAR_TLS_KEY_FILE",
        meaning: "the file with its private key, as PEM",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_TLS_REREAD_SECONDS",
        meaning: "seconds between two looks whether they changed, 1 to 86400",
        default: "60",
        secret: false,
    },
];

/// Thresholds as settings.
pub(super) fn thresholds() -> impl Iterator<Item = Key> {
    let key = |threshold: &Threshold| Key {
        name: threshold.variable,
        meaning: threshold.meaning,
        default: threshold.default,
        secret: false,
    };
    THRESHOLDS.iter().map(key).collect::<Vec<_>>().into_iter()
}

/// The door, checked.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    limits: Limits,
    tls: Option<Tls>,
    proxied: bool,
}

impl Door {
    /// The server's settings when it listens there and is known by that address.
    pub(crate) fn settings(
        &self,
        listen: SocketAddr,
        public_url: Option<PublicUrl>,
    ) -> Result<Settings, SettingsError> {
        let settings = match &self.tls {
            Some(tls) => Settings::over_tls(listen, public_url, tls.clone()),
            None => Settings::new(listen, public_url),
        };
        Ok(settings?.with_limits(self.limits.clone()))
    }

    /// What the operator should know, if a proxy seems to stand in front and none is named.
    pub(crate) fn doubt(&self, public_url: Option<&PublicUrl>) -> Option<&'static str> {
        (public_url.is_some() && self.tls.is_none() && !self.proxied).then_some(
            "BURSAR_TRUSTED_PROXIES names no proxy: all clients count as one address and share its limits",
        )
    }
}

/// Reads and checks all of it.
pub(super) fn resolve(environment: &Environment<'_>, faults: &mut Vec<Fault>) -> Option<Door> {
    let before = faults.len();
    let mut limits = Limits::default();
    for threshold in &THRESHOLDS {
        if let Some(text) = given(None, threshold.variable, environment, faults) {
            checked(threshold.variable, faults, || limits.set(threshold, &text));
        }
    }
    let proxies = given(None, "BURSAR_TRUSTED_PROXIES", environment, faults).unwrap_or_default();
    let proxies = checked("BURSAR_TRUSTED_PROXIES", faults, || proxies.parse::<TrustedProxies>());
    let header = given(None, "BURSAR_FORWARDED_HEADER", environment, faults);
    let header = checked("BURSAR_FORWARDED_HEADER", faults, || {
        header.map_or(Ok(ForwardedHeader::default()), |text| text.parse())
    });
    // Each is looked at before any is missed, so that all mistakes are told together.
    let tls = tls(environment, faults);
    let (proxies, header) = (proxies?, header?);
    let proxied = !proxies.is_empty();
    let limits = limits.behind(proxies.writing(header));
    (faults.len() == before).then_some(Door { limits, tls, proxied })
}

fn tls(environment: &Environment<'_>, faults: &mut Vec<Fault>) -> Option<Tls> {
    let certificate = given(None, "BURSAR_TLS_CERT_FILE", environment, faults).map(PathBuf::from);
    let key = given(None, "BURSAR_TLS_KEY_FILE", environment, faults).map(PathBuf::from);
    let reread = given(None, "BURSAR_TLS_REREAD_SECONDS", environment, faults);
    let reread = checked("BURSAR_TLS_REREAD_SECONDS", faults, || {
        let seconds = reread.as_deref().unwrap_or("60").parse::<u64>().ok();
        let seconds = seconds.filter(|seconds| (1..=86_400).contains(seconds));
        seconds.ok_or_else(|| "expected a whole number of seconds from 1 to 86400".to_owned())
    })?;
    match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => checked("BURSAR_TLS_CERT_FILE", faults, || {
            let files = TlsFiles { certificate, key, reread: Duration::from_secs(reread) };
            Tls::open(files).map_err(|error| error.to_string())
        }),
        (Some(_), None) => {
            checked("BURSAR_TLS_KEY_FILE", faults, || Err("a certificate needs its key: set it, too".into()))
        }
        (None, Some(_)) => {
            checked("BURSAR_TLS_CERT_FILE", faults, || Err("a key needs its certificate: set it, too".into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn with(pairs: &[(&str, &str)]) -> Result<Door, Vec<Fault>> {
        let look = |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, v)| OsString::from(v));
        let mut faults = Vec::new();
        resolve(&look, &mut faults).ok_or(faults)
    }

    #[test]
    fn every_threshold_is_read_and_a_wrong_one_named() {
        // claim J2
        assert!(with(&[]).unwrap().tls.is_none());
        for threshold in &THRESHOLDS {
            let most = threshold.range.end().to_string();
            assert_ne!(with(&[(threshold.variable, &most)]).unwrap().limits, Limits::default());
            let faults = with(&[(threshold.variable, "plenty")]).unwrap_err();
            assert_eq!(faults.iter().map(|f| f.key).collect::<Vec<_>>(), [threshold.variable]);
        }
        let faults = with(&[("BURSAR_TRUSTED_PROXIES", "0.0.0.0/0")]).unwrap_err();
        assert!(faults[0].why.contains("name the proxies"), "{faults:?}");
        assert_eq!(with(&[("BURSAR_FORWARDED_HEADER", "via")]).unwrap_err().len(), 1);
    }

    #[test]
    fn a_certificate_and_its_key_come_together_and_work() {
        // claim B5
        let one = |name: &str, path: &str| with(&[(name, path)]).unwrap_err()[0].key;
        assert_eq!(one("BURSAR_TLS_CERT_FILE", "/x"), "BURSAR_TLS_KEY_FILE");
        assert_eq!(one("BURSAR_TLS_KEY_FILE", "/x"), "BURSAR_TLS_CERT_FILE");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let pairs = [("BURSAR_TLS_CERT_FILE", path("c.pem")), ("BURSAR_TLS_KEY_FILE", path("k.pem"))];
        let pairs: Vec<_> = pairs.iter().map(|(name, path)| (*name, path.as_str())).collect();
        assert!(with(&pairs).unwrap_err()[0].why.contains("cannot read"));
        let made = || rcgen::generate_simple_self_signed(["bursar.example.com".to_owned()]).unwrap();
        let (one, other) = (made(), made());
        std::fs::write(path("c.pem"), "no PEM").unwrap();
        std::fs::write(path("k.pem"), one.signing_key.serialize_pem()).unwrap();
        assert!(with(&pairs).unwrap_err()[0].why.contains("holds no certificate"));
        std::fs::write(path("c.pem"), other.cert.pem()).unwrap();
        let why = with(&pairs).unwrap_err().remove(0).why;
        assert!(why.contains("cannot be used together") && !why.contains("PRIVATE"), "{why}");
        std::fs::write(path("c.pem"), one.cert.pem()).unwrap();
        let door = with(&pairs).unwrap();
        let any = "0.0.0.0:8443".parse().unwrap();
        assert!(door.settings(any, Some("https://bursar.example.com".parse().unwrap())).is_ok());
        assert!(matches!(door.settings(any, None), Err(SettingsError::Nameless(_))));
        assert!(matches!(
            door.settings(any, Some("http://bursar.example.com".parse().unwrap())),
            Err(SettingsError::NotHttps(_))
        ));
        let named = door.settings("10.0.0.7:443".parse().unwrap(), None).unwrap();
        assert!(named.https() && named.base() == "https://10.0.0.7:443");
    }
}
