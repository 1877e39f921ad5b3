//! Residency regions: `BURSAR_REGIONS` names them, `BURSAR_REGION_<NAME>_…` says where each lies.
//!
//! In the names of variables a region is in capitals, with `_` for `-`: `switzerland-north` is
//! `BURSAR_REGION_SWITZERLAND_NORTH_DATA_DIR`. The home region is what the other variables say.

use super::{Environment, Fault, Key};
use bursar_domain::RegionName;
use bursar_keyring::{MasterKeyConfig, MasterKeyText};
use bursar_store::{DatabaseConfig, PostgresConfig};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The settings of regions.
pub(super) const KEYS: [Key; 2] = [
    Key {
        name: "BURSAR_REGIONS",
        meaning: "residency regions besides home, by name, with commas between; each has \
                  BURSAR_REGION_<NAME>_DATA_DIR and may have _BACKUP_DIR, _DATABASE_URL, _DATABASE_OWNER_URL, \
                  _SECRET_KEY and _SECRET_KEY_FILE",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_BACKUP_DIR",
        meaning: "where backups of the home region lie",
        default: "backups in the data directory",
        secret: false,
    },
];

/// Connections to the database of a region.
const CONNECTIONS: u32 = 10;
/// More are probably a mistake.
const MAX_REGIONS: usize = 64;

/// A region.
#[derive(Debug, Clone)]
pub(crate) struct Region {
    /// Where its files lie.
    pub(crate) data: PathBuf,
    /// Where its backups lie.
    pub(crate) backups: Option<PathBuf>,
    /// Where its workspaces' control data lies.
    pub(crate) database: DatabaseConfig,
    /// Its master key; its own, in its data directory, when nothing is said.
    pub(crate) master: MasterKeyConfig,
}

fn prefix(region: &RegionName) -> String {
    format!("BURSAR_REGION_{}_", region.as_str().to_ascii_uppercase().replace('-', "_"))
}

/// Whether a variable is one of a region's that is configured.
pub(super) fn knows(variable: &str, regions: &str) -> bool {
    const ENDS: [&str; 6] =
        ["DATA_DIR", "BACKUP_DIR", "DATABASE_URL", "DATABASE_OWNER_URL", "SECRET_KEY", "SECRET_KEY_FILE"];
    let named = regions.split(',').filter_map(|name| name.trim().parse::<RegionName>().ok());
    named.into_iter().any(|name| variable.strip_prefix(&prefix(&name)).is_some_and(|end| ENDS.contains(&end)))
}

pub(super) fn resolve(
    environment: &Environment<'_>,
    faults: &mut Vec<Fault>,
) -> BTreeMap<RegionName, Region> {
    let mut fault = |why: String| faults.push(Fault { key: "BURSAR_REGIONS", why });
    let mut text = |name: &str| match environment(name).filter(|value| !value.is_empty())?.into_string() {
        Ok(text) => Some(text),
        Err(_) => {
            fault(format!("{name} is not UTF-8"));
            None
        }
    };
    let mut regions = BTreeMap::new();
    let mut wrong = Vec::new();
    let listed = text("BURSAR_REGIONS").unwrap_or_default();
    let mut prefixes = std::collections::BTreeSet::new();
    for name in listed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let name = match name.parse::<RegionName>() {
            Ok(name) if name == RegionName::home() => {
                wrong.push("`home` is there already: its variables have no region in their names".to_owned());
                continue;
            }
            Ok(name) => name,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let prefix = prefix(&name);
        if !prefixes.insert(prefix.clone()) {
            wrong.push(format!("`{name}` is there twice"));
            continue;
        }
        let mut of = |end: &str| text(&format!("{prefix}{end}"));
        let Some(data) = of("DATA_DIR").map(PathBuf::from) else {
            wrong.push(format!("{prefix}DATA_DIR is not set: say where the files of `{name}` lie"));
            continue;
        };
        let database = match of("DATABASE_URL") {
            Some(url) => DatabaseConfig::Postgres(PostgresConfig {
                url: SecretString::from(url),
                owner_url: of("DATABASE_OWNER_URL").map(SecretString::from),
                max_connections: CONNECTIONS,
            }),
            None => DatabaseConfig::Embedded { data: data.clone() },
        };
        let master = MasterKeyConfig {
            secret_key: of("SECRET_KEY").map(MasterKeyText::from),
            secret_key_file: of("SECRET_KEY_FILE").map(PathBuf::from),
            ..MasterKeyConfig::default()
        };
        regions.insert(name, Region { data, backups: of("BACKUP_DIR").map(PathBuf::from), database, master });
    }
    if regions.len() > MAX_REGIONS {
        wrong.push(format!("more than {MAX_REGIONS} regions"));
    }
    wrong.into_iter().for_each(fault);
    regions
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn with(pairs: &[(&str, &str)]) -> (BTreeMap<RegionName, Region>, Vec<Fault>) {
        let mut faults = Vec::new();
        let look =
            |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| OsString::from(value));
        (resolve(&look, &mut faults), faults)
    }

    #[test]
    fn a_region_has_a_place_of_its_own() {
        // claim B3
        let (regions, faults) = with(&[
            ("BURSAR_REGIONS", "eu, switzerland-north"),
            ("BURSAR_REGION_EU_DATA_DIR", "/eu"),
            ("BURSAR_REGION_SWITZERLAND_NORTH_DATA_DIR", "/ch"),
            ("BURSAR_REGION_SWITZERLAND_NORTH_DATABASE_URL", "postgres://a:hunter2@localhost/x"),
        ]);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(regions.keys().map(RegionName::as_str).collect::<Vec<_>>(), ["eu", "switzerland-north"]);
        assert!(!format!("{regions:?}").contains("hunter2"), "claim B7");
    }

    #[test]
    fn mistakes_are_told_by_name() {
        // claim J2
        let (_, faults) =
            with(&[("BURSAR_REGIONS", "home,EU,us,us,a-b,a_b"), ("BURSAR_REGION_US_DATA_DIR", "/us")]);
        let told: String = faults.iter().map(|fault| format!("{}\n", fault.why)).collect();
        for what in ["`home`", "`EU`", "`us` is there twice", "BURSAR_REGION_A_B_DATA_DIR", "`a_b`"] {
            assert!(told.contains(what), "{what}: {told}");
        }
        assert!(
            knows("BURSAR_REGION_US_SECRET_KEY", "eu,us") && !knows("BURSAR_REGION_UK_SECRET_KEY", "eu,us")
        );
    }
}
