//! Every threshold of the server in one list: its variable, its default, its range, its meaning.
//!
//! The command line reads the variables by this list, `bursar doctor` prints it, and
//! `docs/reference/limits.md` has the same rows, which a test compares. Zero switches a rate limit
//! off; the bounds on connections and sizes cannot be switched off.

use crate::client::TrustedProxies;
use crate::rate::class::RouteClass;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Requests per minute of one class of routes; zero is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quota {
    pub(crate) per_address: u32,
    pub(crate) per_principal: u32,
}

/// What a server lets one client, and all of them together, do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(crate) sign_in: Quota,
    pub(crate) heavy: Quota,
    pub(crate) scim: Quota,
    pub(crate) read: Quota,
    pub(crate) write: Quota,
    pub(crate) page: Quota,
    pub(crate) buckets: u32,
    pub(crate) sign_ins_at_once: u32,
    pub(crate) connections: u32,
    pub(crate) connections_per_address: u32,
    pub(crate) head_seconds: u32,
    pub(crate) head_bytes: u32,
    pub(crate) head_fields: u32,
    pub(crate) body_seconds: u32,
    pub(crate) body_bytes: u32,
    pub(crate) stall_seconds: u32,
    pub(crate) answer_seconds: u32,
    pub(crate) proxies: TrustedProxies,
}

/// A threshold that a variable sets.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// The variable.
    pub variable: &'static str,
    /// What it is for, with its unit.
    pub meaning: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it may be.
    pub range: RangeInclusive<u32>,
    number: u32,
    field: fn(&mut Limits) -> &mut u32,
}

macro_rules! threshold {
    ($variable:literal, $default:literal, $range:expr, $($field:ident).+, $meaning:literal) => {
        Threshold {
            variable: $variable,
            meaning: $meaning,
            default: stringify!($default),
            range: $range,
            number: $default,
            field: |limits| &mut limits.$($field).+,
        }
    };
}

const RATE: RangeInclusive<u32> = 0..=10_000_000;

/// Every threshold.
pub const THRESHOLDS: [Threshold; 21] = [
    threshold!(
        "BURSAR_RATE_SIGN_IN_PER_MINUTE",
        30,
        RATE,
        sign_in.per_address,
        "attempts to sign in per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_HEAVY_PER_MINUTE",
        600,
        RATE,
        heavy.per_address,
        "questions to the lake (cost, SQL, export, dashboard, conformance) per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_HEAVY_PER_PRINCIPAL_PER_MINUTE",
        300,
        RATE,
        heavy.per_principal,
        "the same per minute and account or token"
    ),
    threshold!(
        "BURSAR_RATE_SCIM_PER_MINUTE",
        3000,
        RATE,
        scim.per_address,
        "provisioning requests per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_SCIM_PER_PRINCIPAL_PER_MINUTE",
        1500,
        RATE,
        scim.per_principal,
        "the same per minute and token"
    ),
    threshold!(
        "BURSAR_RATE_READ_PER_MINUTE",
        2400,
        RATE,
        read.per_address,
        "other requests that read per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_READ_PER_PRINCIPAL_PER_MINUTE",
        1200,
        RATE,
        read.per_principal,
        "the same per minute and account or token"
    ),
    threshold!(
        "BURSAR_RATE_WRITE_PER_MINUTE",
        600,
        RATE,
        write.per_address,
        "other requests that change something per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_WRITE_PER_PRINCIPAL_PER_MINUTE",
        300,
        RATE,
        write.per_principal,
        "the same per minute and account or token"
    ),
    threshold!(
        "BURSAR_RATE_PAGE_PER_MINUTE",
        2400,
        RATE,
        page.per_address,
        "files of the pages per minute and address"
    ),
    threshold!(
        "BURSAR_RATE_BUCKETS",
        200000,
        1_000..=100_000_000,
        buckets,
        "addresses and principals counted at once, in memory (some 100 bytes each)"
    ),
    threshold!(
        "BURSAR_SIGN_INS_AT_ONCE",
        16,
        1..=10_000,
        sign_ins_at_once,
        "sign-ins that run at once, of all addresses; more wait up to 5 seconds"
    ),
    threshold!(
        "BURSAR_MAX_CONNECTIONS",
        1024,
        8..=1_000_000,
        connections,
        "connections at once; past it the one idle for longest is closed for a new one"
    ),
    threshold!(
        "BURSAR_MAX_CONNECTIONS_PER_ADDRESS",
        128,
        1..=1_000_000,
        connections_per_address,
        "connections at once from one address; trusted proxies are not counted"
    ),
    threshold!(
        "BURSAR_HEAD_SECONDS",
        15,
        1..=600,
        head_seconds,
        "seconds to send a request's head, to be idle between two requests, and for a TLS handshake"
    ),
    threshold!("BURSAR_HEAD_BYTES", 65536, 8_192..=1_048_576, head_bytes, "bytes of a request's head"),
    threshold!("BURSAR_HEAD_FIELDS", 100, 20..=1_000, head_fields, "header fields of a request"),
    threshold!("BURSAR_BODY_SECONDS", 30, 1..=3_600, body_seconds, "seconds to send a request's body"),
    threshold!("BURSAR_BODY_BYTES", 262144, 1_024..=1_073_741_824, body_bytes, "bytes of a request's body"),
    threshold!(
        "BURSAR_STALL_SECONDS",
        30,
        1..=3_600,
        stall_seconds,
        "seconds in which a client takes nothing of its answer before it is cut off"
    ),
    threshold!(
        "BURSAR_ANSWER_SECONDS",
        90,
        1..=3_600,
        answer_seconds,
        "seconds until an answer must have begun"
    ),
];

impl Default for Limits {
    fn default() -> Self {
        let mut limits = Self::zero();
        for threshold in &THRESHOLDS {
            *(threshold.field)(&mut limits) = threshold.number;
        }
        limits
    }
}

impl Limits {
    fn zero() -> Self {
        let none = Quota::default();
        Self {
            sign_in: none,
            heavy: none,
            scim: none,
            read: none,
            write: none,
            page: none,
            buckets: 0,
            sign_ins_at_once: 0,
            connections: 0,
            connections_per_address: 0,
            head_seconds: 0,
            head_bytes: 0,
            head_fields: 0,
            body_seconds: 0,
            body_bytes: 0,
            stall_seconds: 0,
            answer_seconds: 0,
            proxies: TrustedProxies::default(),
        }
    }

    /// The defaults without any rate limit.
    #[must_use]
    pub fn none() -> Self {
        let none = Quota::default();
        Self {
            sign_in: none,
            heavy: none,
            scim: none,
            read: none,
            write: none,
            page: none,
            ..Self::default()
        }
    }

    /// Sets a threshold by the text of its variable.
    ///
    /// # Errors
    /// When it is no number in the threshold's range; says which one that is.
    pub fn set(&mut self, threshold: &Threshold, text: &str) -> Result<(), String> {
        let (least, most) = (threshold.range.start(), threshold.range.end());
        let number = text.trim().parse::<u32>().ok().filter(|number| threshold.range.contains(number));
        let number = number.ok_or_else(|| format!("expected a whole number from {least} to {most}"))?;
        *(threshold.field)(self) = number;
        Ok(())
    }

    /// The same, believing those proxies.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        Self { proxies, ..self }
    }

    pub(crate) fn quota(&self, class: RouteClass) -> Quota {
        match class {
            RouteClass::Health => Quota::default(),
            RouteClass::SignIn => self.sign_in,
            RouteClass::Heavy => self.heavy,
            RouteClass::Scim => self.scim,
            RouteClass::Read => self.read,
            RouteClass::Write => self.write,
            RouteClass::Page => self.page,
        }
    }

    pub(crate) fn max_body(&self) -> usize {
        usize::try_from(self.body_bytes).unwrap_or(usize::MAX)
    }

    pub(crate) fn head_time(&self) -> Duration {
        Duration::from_secs(self.head_seconds.into())
    }

    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_seconds.into())
    }

    pub(crate) fn stall_time(&self) -> Duration {
        Duration::from_secs(self.stall_seconds.into())
    }

    pub(crate) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_can_be_set_within_its_range_and_no_further() {
        // claim J2
        for threshold in &THRESHOLDS {
            assert!(threshold.range.contains(&threshold.number), "{}", threshold.variable);
            assert_eq!(threshold.number.to_string(), threshold.default);
            let mut limits = Limits::default();
            let other = threshold.range.end().to_string();
            limits.set(threshold, &other).unwrap();
            assert_ne!(limits, Limits::default(), "{} sets nothing", threshold.variable);
            for bad in ["", "-1", "many", "1.5", "4294967296"] {
                assert!(limits.set(threshold, bad).unwrap_err().contains("whole number"), "{bad}");
            }
        }
    }

    #[test]
    fn each_variable_sets_a_number_of_its_own() {
        let mut limits = Limits::zero();
        for (number, threshold) in (1_u32..).zip(&THRESHOLDS) {
            *(threshold.field)(&mut limits) = number;
        }
        for (number, threshold) in (1_u32..).zip(&THRESHOLDS) {
            assert_eq!(*(threshold.field)(&mut limits), number, "{} is set twice", threshold.variable);
        }
    }

    #[test]
    fn the_reference_has_every_threshold() {
        let page = include_str!("../../../docs/reference/limits.md");
        for threshold in &THRESHOLDS {
            let (least, most) = (threshold.range.start(), threshold.range.end());
            let row = format!(
                "| `{}` | {} | {least} to {most} | {} |",
                threshold.variable, threshold.default, threshold.meaning
            );
            assert!(page.contains(&row), "docs/reference/limits.md needs the row\n{row}");
        }
        let has_range = |line: &&str| line.split('|').count() == 6;
        let rows = page.lines().filter(|line| line.starts_with("| `BURSAR_")).filter(has_range).count();
        assert_eq!(rows, THRESHOLDS.len(), "docs/reference/limits.md has a row too many");
    }
}
