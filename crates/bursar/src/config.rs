//! The configuration: every `BURSAR_…` variable, what it means, and the check that names it.
//!
//! Commands that run for long resolve everything at once before they do anything, so that all
//! mistakes are told together and none later (claim J2). `bursar doctor` prints the same list. An
//! argument on the command line wins over its variable.

mod door;
mod identity;
mod messages;
mod regions;

use bursar_app::DataDir;
use bursar_app::installation::MessagesConfig;
use bursar_domain::RegionName;
use bursar_identity::session::SessionLimits;
use bursar_identity::throttle::ThrottleSettings;
use bursar_keyring::{MasterKeyConfig, MasterKeyText};
use bursar_server::PublicUrl;
use bursar_store::StoreConfig;
pub(crate) use door::Door;
pub(crate) use regions::Region;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The variable.
    pub(crate) name: &'static str,
    /// What it is for, with its unit.
    pub(crate) meaning: &'static str,
    /// What holds without it.
    pub(crate) default: &'static str,
    /// Whether its value is never shown.
    pub(crate) secret: bool,
}

/// Settings of the program as a whole.
const KEYS: [Key; 14] = [
    Key {
        name: "BURSAR_DATA_DIR",
        meaning: "where Bursar keeps what is its own: workspaces, keys, rollups",
        default: "$XDG_DATA_HOME/bursar, else ~/.local/share/bursar",
        secret: false,
    },
    Key {
        name: "BURSAR_LISTEN",
        meaning: "address and port to listen on",
        default: "127.0.0.1:8080",
        secret: false,
    },
    Key {
        name: "BURSAR_PUBLIC_URL",
        meaning: "the https address people type, when a proxy stands in front",
        default: "none: only this machine can reach it",
        secret: false,
    },
    Key {
        name: "BURSAR_SECRET_KEY",
        meaning: "the master key: 32 bytes as base64 or 64 hexadecimal digits",
        default: "a key generated in the data directory",
        secret: true,
    },
    Key {
        name: "BURSAR_SECRET_KEY_FILE",
        meaning: "a file with the master key",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_SECRET_KEY_URL",
        meaning: "a master key that a service keeps: vault+https://HOST:PORT/MOUNT/keys/NAME",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_SECRET_KEY_PREVIOUS",
        meaning: "the master key before, until `bursar keys rotate master` has run",
        default: "none",
        secret: true,
    },
    Key {
        name: "BURSAR_SECRET_KEY_PREVIOUS_FILE",
        meaning: "a file with the master key before",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_SECRET_KEY_PREVIOUS_URL",
        meaning: "the master key before, when a service keeps it",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_VAULT_TOKEN",
        meaning: "the token for the service of BURSAR_SECRET_KEY_URL",
        default: "none",
        secret: true,
    },
    Key {
        name: "BURSAR_VAULT_TOKEN_FILE",
        meaning: "a file with that token, read again at every use",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_REFRESH_MINUTES",
        meaning: "minutes between two looks at the sources, 1 to 1440",
        default: "15",
        secret: false,
    },
    Key { name: "BURSAR_LOG", meaning: "which log lines are printed", default: "warn", secret: false },
    Key {
        name: "BURSAR_LOG_FORMAT",
        meaning: "how log lines look: text or json",
        default: "text",
        secret: false,
    },
];

/// Every setting of this version.
pub(crate) fn keys() -> impl Iterator<Item = Key> {
    let parts = KEYS.into_iter().chain(identity::KEYS).chain(regions::KEYS).chain(messages::KEYS);
    parts.chain(door::KEYS).chain(door::thresholds())
}

/// Variables with our prefix that are not settings of the program.
const NOT_SETTINGS: [&str; 2] = ["BURSAR_PEERS_DIR", "BURSAR_URL"];

/// Looks a variable up: the process's environment, or a test's.
pub(crate) type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// What arguments said; they win over variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arguments {
    /// `--data-dir`.
    pub(crate) data_dir: Option<PathBuf>,
    /// `--listen`.
    pub(crate) listen: Option<String>,
    /// `--public-url`.
    pub(crate) public_url: Option<String>,
}

/// Everything checked.
#[derive(Debug)]
pub(crate) struct Config {
    /// The data directory, which exists and can be written.
    pub(crate) data: DataDir,
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The public address.
    pub(crate) public_url: Option<PublicUrl>,
    /// What clients may do, and how they are let in.
    pub(crate) door: Door,
    /// Where control data lies.
    pub(crate) store: StoreConfig,
    /// Residency regions besides home.
    pub(crate) regions: BTreeMap<RegionName, Region>,
    /// Where backups of the home region lie, if not below the data directory.
    pub(crate) backups: Option<PathBuf>,
    /// How long sessions live.
    pub(crate) sessions: SessionLimits,
    /// How guessing is slowed down.
    pub(crate) throttle: ThrottleSettings,
    /// Where webhooks and mail may go.
    pub(crate) messages: MessagesConfig,
    /// How the master key is given.
    pub(crate) master: MasterKeyConfig,
    /// Between two looks at the sources.
    pub(crate) refresh: Duration,
}

/// A setting that does not work, by the name of its variable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The variable.
    pub(crate) key: &'static str,
    /// What is wrong and what to do.
    pub(crate) why: String,
}

/// All faults at once.
#[derive(Debug, thiserror::Error)]
#[error("the configuration does not work:{}", .0.iter().map(|f| format!("\n  {}: {}", f.key, f.why)).collect::<String>())]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

/// Reads and checks everything.
pub(crate) fn resolve(arguments: &Arguments, environment: &Environment<'_>) -> Result<Config, Faults> {
    let mut faults = Vec::new();
    let listen = given(arguments.listen.as_ref(), "BURSAR_LISTEN", environment, &mut faults);
    let listen = checked("BURSAR_LISTEN", &mut faults, || {
        let text = listen.unwrap_or_else(|| "127.0.0.1:8080".into());
        text.parse::<SocketAddr>()
            .map_err(|_| format!("`{text}` is not an address and port such as 127.0.0.1:8080"))
    });
    let public_url = given(arguments.public_url.as_ref(), "BURSAR_PUBLIC_URL", environment, &mut faults);
    let public_url = checked("BURSAR_PUBLIC_URL", &mut faults, || {
        public_url.map(|url| url.parse::<PublicUrl>().map_err(|e| e.to_string())).transpose()
    });
    let door = door::resolve(environment, &mut faults);
    let identity = identity::resolve(environment, &mut faults);
    let regions = regions::resolve(environment, &mut faults);
    let reached_at = public_url.as_ref().and_then(Option::as_ref);
    let messages = messages::resolve(environment, reached_at, &mut faults);
    let backups = given(None, "BURSAR_BACKUP_DIR", environment, &mut faults).map(PathBuf::from);
    // Whether these go together is only worth saying when each is right by itself.
    if let (Some(listen), Some(public_url), Some(door)) = (listen, &public_url, &door) {
        checked("BURSAR_LISTEN", &mut faults, || {
            door.settings(listen, public_url.clone()).map_err(|e| e.to_string())
        });
    }
    let refresh = given(None, "BURSAR_REFRESH_MINUTES", environment, &mut faults);
    let refresh = checked("BURSAR_REFRESH_MINUTES", &mut faults, || {
        let minutes = refresh.as_deref().unwrap_or("15").parse::<u64>().ok();
        let minutes = minutes.filter(|minutes| (1..=1_440).contains(minutes));
        minutes.ok_or_else(|| "expected a whole number of minutes from 1 to 1440".to_owned())
    });
    let master = master(environment, &mut faults);
    let data = checked("BURSAR_DATA_DIR", &mut faults, || {
        match data_directory(arguments.data_dir.as_deref(), environment) {
            Some(path) => DataDir::open(&path).map_err(|error| format!("{:#}", anyhow::Error::from(error))),
            None => Err("neither it nor HOME is set: say where Bursar may keep its data".into()),
        }
    });
    match (data, listen, public_url, door, identity, refresh) {
        (Some(data), Some(listen), Some(public_url), Some(door), Some(identity), Some(minutes))
            if faults.is_empty() =>
        {
            Ok(Config {
                store: identity.store(data.root(), &regions),
                regions,
                backups,
                sessions: identity.sessions,
                throttle: identity.throttle,
                messages,
                data,
                listen,
                public_url,
                door,
                master,
                refresh: Duration::from_secs(minutes * 60),
            })
        }
        _ => Err(Faults(faults)),
    }
}

/// Whatever says which master key it is. What the texts hold is checked where they are used.
fn master(environment: &Environment<'_>, faults: &mut Vec<Fault>) -> MasterKeyConfig {
    let mut text = |key| given(None, key, environment, faults);
    MasterKeyConfig {
        secret_key: text("BURSAR_SECRET_KEY").map(MasterKeyText::from),
        secret_key_file: text("BURSAR_SECRET_KEY_FILE").map(PathBuf::from),
        secret_key_url: text("BURSAR_SECRET_KEY_URL"),
        secret_key_previous: text("BURSAR_SECRET_KEY_PREVIOUS").map(MasterKeyText::from),
        secret_key_previous_file: text("BURSAR_SECRET_KEY_PREVIOUS_FILE").map(PathBuf::from),
        secret_key_previous_url: text("BURSAR_SECRET_KEY_PREVIOUS_URL"),
        vault_token: text("BURSAR_VAULT_TOKEN").map(MasterKeyText::from),
        vault_token_file: text("BURSAR_VAULT_TOKEN_FILE").map(PathBuf::from),
    }
}

/// The argument, else the variable; an empty variable is as good as none.
fn given(
    argument: Option<&String>,
    key: &'static str,
    environment: &Environment<'_>,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    if let Some(argument) = argument {
        return Some(argument.clone());
    }
    let value = environment(key).filter(|value| !value.is_empty())?;
    checked(key, faults, || value.into_string().map_err(|_| "the value is not UTF-8".to_owned()))
}

fn checked<T>(
    key: &'static str,
    faults: &mut Vec<Fault>,
    check: impl FnOnce() -> Result<T, String>,
) -> Option<T> {
    check().map_err(|why| faults.push(Fault { key, why })).ok()
}

/// Where the data directory is, whether or not it can be used.
pub(crate) fn data_directory(argument: Option<&Path>, environment: &Environment<'_>) -> Option<PathBuf> {
    let set = |key: &str| environment(key).filter(|value| !value.is_empty()).map(PathBuf::from);
    argument
        .map(Path::to_owned)
        .or_else(|| set("BURSAR_DATA_DIR"))
        .or_else(|| set("XDG_DATA_HOME").map(|path| path.join("bursar")))
        .or_else(|| set("HOME").map(|path| path.join(".local/share/bursar")))
}

/// Variables that begin with our prefix and are no setting: probably misspelt.
/// `regions` is what BURSAR_REGIONS says.
pub(crate) fn unknown(names: impl Iterator<Item = String>, regions: &str) -> Vec<String> {
    let known = |name: &str| {
        keys().any(|key| key.name == name) || NOT_SETTINGS.contains(&name) || regions::knows(name, regions)
    };
    let mut unknown: Vec<String> = names.filter(|name| name.starts_with("BURSAR_") && !known(name)).collect();
    unknown.sort();
    unknown
}

/// The setting that a misspelt name was probably meant to be.
pub(crate) fn nearest(name: &str) -> Option<&'static str> {
    let score = |key: &Key| strsim::jaro_winkler(name, key.name);
    keys().max_by(|a, b| score(a).total_cmp(&score(b))).filter(|key| score(key) > 0.9).map(|key| key.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve_with(pairs: &[(&str, &str)]) -> Result<Config, Faults> {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap().to_owned();
        let look = |key: &str| {
            let found = pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| OsString::from(value));
            found.or_else(|| (key == "BURSAR_DATA_DIR").then(|| OsString::from(&data)))
        };
        resolve(&Arguments::default(), &look)
    }

    #[test]
    fn the_defaults_work() {
        let config = resolve_with(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.refresh, Duration::from_secs(900));
        assert!(config.public_url.is_none());
    }

    #[test]
    fn every_mistake_is_told_at_once_and_by_name() {
        // claim J2
        let faults = resolve_with(&[
            ("BURSAR_LISTEN", "8080"),
            ("BURSAR_PUBLIC_URL", "bursar.example.com"),
            ("BURSAR_REFRESH_MINUTES", "0"),
            ("BURSAR_DATA_DIR", "/dev/null/x"),
        ]);
        let faults = faults.unwrap_err();
        let keys: Vec<_> = faults.0.iter().map(|f| f.key).collect();
        assert_eq!(keys, ["BURSAR_LISTEN", "BURSAR_PUBLIC_URL", "BURSAR_REFRESH_MINUTES", "BURSAR_DATA_DIR"]);
        assert!(faults.to_string().contains("BURSAR_LISTEN: `8080` is not an address and port"), "{faults}");
    }

    #[test]
    fn plain_http_for_others_is_refused_unless_a_proxy_does_tls() {
        let faults = resolve_with(&[("BURSAR_LISTEN", "0.0.0.0:8080")]).unwrap_err();
        assert!(faults.to_string().contains("BURSAR_PUBLIC_URL"), "{faults}");
        assert!(
            resolve_with(&[("BURSAR_LISTEN", "0.0.0.0:8080"), ("BURSAR_PUBLIC_URL", "https://b.example")])
                .is_ok()
        );
    }

    #[test]
    fn where_messages_go_is_checked_and_no_password_repeated() {
        let faults = resolve_with(&[
            ("BURSAR_WEBHOOK_ALLOWED_NETWORKS", "10.1.0.0/16,intranet"),
            ("BURSAR_SMTP_URL", "https://ana:s3cret@mail.example.com"),
            ("BURSAR_SMTP_FROM", "bursar@example.com"),
        ]);
        let faults = faults.unwrap_err();
        let keys: Vec<_> = faults.0.iter().map(|f| f.key).collect();
        assert_eq!(keys, ["BURSAR_WEBHOOK_ALLOWED_NETWORKS", "BURSAR_SMTP_URL"]);
        assert!(
            faults.to_string().contains("`intranet`") && !faults.to_string().contains("s3cret"),
            "{faults}"
        );
        let url = ("BURSAR_SMTP_URL", "smtps://ana:s3cret@mail.example.com");
        let faults = resolve_with(&[url]).unwrap_err();
        assert_eq!(faults.0[0].key, "BURSAR_SMTP_FROM");
        let config = resolve_with(&[url, ("BURSAR_SMTP_FROM", "Bursar <bursar@example.com>")]).unwrap();
        assert_eq!(config.messages.smtp.as_ref().map(|smtp| smtp.port), Some(465));
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn a_misspelt_variable_is_noticed() {
        let names = ["BURSAR_LISTNE", "BURSAR_LISTEN", "HOME", "BURSAR_PEERS_DIR"].map(str::to_owned);
        assert_eq!(unknown(names.into_iter(), ""), ["BURSAR_LISTNE"]);
        assert_eq!(nearest("BURSAR_LISTNE"), Some("BURSAR_LISTEN"));
        assert_eq!(nearest("BURSAR_NOTHING_LIKE_IT"), None);
    }

    #[test]
    fn the_list_is_complete() {
        for key in keys() {
            assert!(key.name.starts_with("BURSAR_") && !key.meaning.is_empty() && !key.default.is_empty());
        }
    }
}
