//! Where accounts and workspaces are kept, how long sessions live, and how guessing is slowed down.

use super::regions::Region;
use super::{Environment, Fault, Key, checked, given};
use bursar_domain::RegionName;
use bursar_identity::session::SessionLimits;
use bursar_identity::throttle::{Throttle, ThrottleSettings};
use bursar_store::StoreConfig;
use chrono::Duration;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::Path;

/// The settings of identity.
pub(super) const KEYS: [Key; 11] = [
    Key {
        name: "BURSAR_DATABASE_URL",
        meaning: "PostgreSQL for accounts and workspaces: postgres://ROLE:PASSWORD@HOST/DATABASE",
        default: "encrypted files in the data directory",
        secret: true,
    },
    Key {
        name: "BURSAR_DATABASE_OWNER_URL",
        meaning: "the same for the role that owns the tables, to bring their schema up to date",
        default: "none",
        secret: true,
    },
    Key {
        name: "BURSAR_SESSION_IDLE_MINUTES",
        meaning: "minutes after which an unused session has ended, 5 to 43200",
        default: "60",
        secret: false,
    },
    Key {
        name: "BURSAR_SESSION_HOURS",
        meaning: "hours after which everybody signs in anew, 1 to 720",
        default: "12",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_LOCK_AFTER",
        meaning: "wrong passwords for one account from one address before it is locked there, 3 to 100",
        default: "10",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_LOCK_MINUTES",
        meaning: "minutes of the first lock; each further one doubles it",
        default: "15",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_LOCK_MINUTES_MAX",
        meaning: "minutes of the longest lock, up to 10080",
        default: "1440",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_ACCOUNT_LOCK_AFTER",
        meaning: "wrong passwords for one account from everywhere before unfamiliar places are locked out, up to 100",
        default: "30",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_ADDRESS_FAILURES",
        meaning: "wrong passwords from one address, for all accounts, before it waits, 5 to 100000",
        default: "50",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_ADDRESS_MINUTES",
        meaning: "minutes in which they are counted, and that it waits, 1 to 1440",
        default: "15",
        secret: false,
    },
    Key {
        name: "BURSAR_SIGN_IN_CODE_LOCK_AFTER",
        meaning: "wrong one-time codes before codes are locked, 3 to 20",
        default: "5",
        secret: false,
    },
];

/// What was said about identity, checked.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// How long sessions live.
    pub(crate) sessions: SessionLimits,
    /// How guessing is slowed down.
    pub(crate) throttle: ThrottleSettings,
    database: Option<SecretString>,
    owner: Option<SecretString>,
}

impl Identity {
    /// Where control data lies.
    pub(crate) fn store(&self, data: &Path, regions: &BTreeMap<RegionName, Region>) -> StoreConfig {
        let mut config = match &self.database {
            Some(url) => StoreConfig::postgres(url.clone(), self.owner.clone()),
            None => StoreConfig::embedded(data),
        };
        if !regions.is_empty() {
            config.regions.insert(RegionName::home(), config.directory.clone());
            config
                .regions
                .extend(regions.iter().map(|(name, region)| (name.clone(), region.database.clone())));
        }
        config
    }
}

pub(super) fn resolve(environment: &Environment<'_>, faults: &mut Vec<Fault>) -> Option<Identity> {
    let before = faults.len();
    let mut number = |key: &'static str, default: u32| {
        let text = given(None, key, environment, faults);
        checked(key, faults, || match text {
            Some(text) => text.trim().parse::<u32>().map_err(|_| format!("`{text}` is no whole number")),
            None => Ok(default),
        })
        .unwrap_or(default)
    };
    let usual = ThrottleSettings::default();
    let minutes = |duration: Duration| u32::try_from(duration.num_minutes()).unwrap_or(u32::MAX);
    let idle = number("BURSAR_SESSION_IDLE_MINUTES", 60);
    let hours = number("BURSAR_SESSION_HOURS", 12);
    let throttle = ThrottleSettings {
        lock_after: number("BURSAR_SIGN_IN_LOCK_AFTER", usual.lock_after),
        lock_for: Duration::minutes(number("BURSAR_SIGN_IN_LOCK_MINUTES", minutes(usual.lock_for)).into()),
        lock_for_at_most: Duration::minutes(
            number("BURSAR_SIGN_IN_LOCK_MINUTES_MAX", minutes(usual.lock_for_at_most)).into(),
        ),
        account_lock_after: number("BURSAR_SIGN_IN_ACCOUNT_LOCK_AFTER", usual.account_lock_after),
        address_failures: number("BURSAR_SIGN_IN_ADDRESS_FAILURES", usual.address_failures),
        address_window: Duration::minutes(
            number("BURSAR_SIGN_IN_ADDRESS_MINUTES", minutes(usual.address_window)).into(),
        ),
        code_lock_after: number("BURSAR_SIGN_IN_CODE_LOCK_AFTER", usual.code_lock_after),
    };
    let (idle, absolute) = (Duration::minutes(idle.into()), Duration::hours(hours.into()));
    let sessions = SessionLimits::new(idle, absolute, Duration::minutes(5));
    if let Err(error) = &sessions {
        faults.push(Fault { key: "BURSAR_SESSION_HOURS", why: error.to_string() });
    }
    if let Err(error) = Throttle::new(throttle.clone()) {
        let why = format!("it is {}: expected {}", error.value, error.expected);
        faults.push(Fault { key: error.variable, why });
    }
    let database = given(None, "BURSAR_DATABASE_URL", environment, faults).map(SecretString::from);
    let owner = given(None, "BURSAR_DATABASE_OWNER_URL", environment, faults).map(SecretString::from);
    match sessions {
        Ok(sessions) if faults.len() == before => Some(Identity { sessions, throttle, database, owner }),
        _ => None,
    }
}
