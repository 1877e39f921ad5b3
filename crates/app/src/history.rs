//! What deliveries summed up to, and what changed when one replaced another.
//!
//! Each delivery that was ever counted leaves a fingerprint: rows, Σ BilledCost and Σ EffectiveCost
//! of each currency, first and last day. When a month is delivered again, the difference of the two
//! is kept, so that "October was re-stated by −$1,204" can still be said next year.

use crate::answer::{Difference, Restatement};
use crate::workspace_file::write_atomically;
use bursar_domain::Amount;
use bursar_domain::id::{DeliveryId, SourceId};
use bursar_keyring::{SystemRandomness, WorkspaceKeys};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the file is, to the keys that seal it.
const WHAT: &str = "history";

/// Largest file read back.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Restatements kept for one place.
const KEPT: usize = 24;

/// What a delivery summed up to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    pub(crate) rows: u64,
    pub(crate) billed: BTreeMap<String, Amount>,
    pub(crate) effective: BTreeMap<String, Amount>,
    pub(crate) first_day: Option<NaiveDate>,
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) providers: BTreeSet<String>,
    pub(crate) tag_keys: BTreeMap<String, u64>,
    pub(crate) quarantined: u64,
}

/// A place that deliveries fill: of one source, one export, one dataset, one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    source: SourceId,
    key: String,
    delivery: DeliveryId,
    restatements: Vec<Restated>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Restated {
    replaced_at: DateTime<Utc>,
    before: DeliveryId,
    after: DeliveryId,
}

/// Everything remembered between two runs of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    places: Vec<Place>,
    fingerprints: BTreeMap<DeliveryId, Fingerprint>,
}

impl History {
    /// Reads the file; one that cannot be read is as good as none, since all of it can be made anew
    /// but what was said of deliveries that are gone.
    pub(crate) fn read(path: &Path, keys: &WorkspaceKeys) -> Self {
        let read = || {
            if std::fs::metadata(path).ok()?.len() > MAX_BYTES {
                return None;
            }
            serde_json::from_slice(&keys.unseal(WHAT, &std::fs::read(path).ok()?)?).ok()
        };
        read().unwrap_or_else(|| {
            if path.exists() {
                tracing::warn!(path = %path.display(), "the history of deliveries cannot be read and begins anew");
            }
            Self::default()
        })
    }

    pub(crate) fn write(&self, path: &Path, keys: &WorkspaceKeys) -> std::io::Result<()> {
        let plain = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        let sealed = keys.seal(WHAT, &plain, &SystemRandomness).map_err(std::io::Error::other)?;
        write_atomically(path, &sealed)
    }

    pub(crate) fn fingerprint(&self, delivery: DeliveryId) -> Option<&Fingerprint> {
        self.fingerprints.get(&delivery)
    }

    /// Notes that a delivery is the truth of its place now.
    pub(crate) fn note(
        &mut self,
        source: SourceId,
        key: &str,
        delivery: DeliveryId,
        fingerprint: Fingerprint,
        now: DateTime<Utc>,
    ) {
        self.fingerprints.insert(delivery, fingerprint);
        let Some(place) = self.places.iter_mut().find(|place| place.source == source && place.key == key)
        else {
            self.places.push(Place { source, key: key.to_owned(), delivery, restatements: Vec::new() });
            return;
        };
        if place.delivery != delivery {
            place.restatements.push(Restated { replaced_at: now, before: place.delivery, after: delivery });
            let beyond = place.restatements.len().saturating_sub(KEPT);
            place.restatements.drain(..beyond);
            place.delivery = delivery;
        }
    }

    /// What changed when the place's delivery replaced the one before.
    pub(crate) fn restatement(&self, source: SourceId, key: &str) -> Option<Restatement> {
        let place = self.places.iter().find(|place| place.source == source && place.key == key)?;
        let last = place.restatements.last()?;
        let (before, after) = (self.fingerprint(last.before)?, self.fingerprint(last.after)?);
        let mut difference = Vec::new();
        for (measure, before, after) in [
            ("BilledCost", &before.billed, &after.billed),
            ("EffectiveCost", &before.effective, &after.effective),
        ] {
            let currencies: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for currency in currencies {
                let of = |sums: &BTreeMap<String, Amount>| sums.get(currency).copied().unwrap_or_default();
                let (before, after) = (of(before), of(after));
                let Ok(changed) = after.checked_sub(before) else { continue };
                if !changed.is_zero() {
                    let (measure, currency) = (measure.to_owned(), currency.clone());
                    difference.push(Difference { measure, currency, before, after, difference: changed });
                }
            }
        }
        Some(Restatement { replaced_at: last.replaced_at, rows_before: before.rows, difference })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::id::WorkspaceId;

    fn fingerprint(rows: u64, billed: &str) -> Fingerprint {
        let sums = BTreeMap::from([("USD".to_owned(), billed.parse().unwrap())]);
        Fingerprint { rows, billed: sums.clone(), effective: sums, ..Fingerprint::default() }
    }

    #[test]
    fn a_month_delivered_again_is_a_restatement() {
        // claim A1
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history");
        let keys = WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap();
        let (source, now) = (SourceId::from_u128(1), DateTime::UNIX_EPOCH);
        let (first, second) = (DeliveryId::from_u128(1), DeliveryId::from_u128(2));
        let mut history = History::read(&path, &keys);
        history.note(source, "october", first, fingerprint(10, "100.5"), now);
        history.note(source, "october", first, fingerprint(10, "100.5"), now);
        assert_eq!(history.restatement(source, "october"), None);
        history.note(source, "october", second, fingerprint(9, "99.25"), now);
        history.write(&path, &keys).unwrap();
        let written = std::fs::read(&path).unwrap();
        assert!(!written.windows(5).any(|bytes| bytes == b"99.25"), "sums are kept encrypted: claim B4");
        let restatement = History::read(&path, &keys).restatement(source, "october").unwrap();
        assert_eq!(restatement.rows_before, 10);
        assert_eq!(restatement.difference[0].difference, "-1.25".parse().unwrap());
        assert_eq!(history.restatement(SourceId::from_u128(2), "october"), None);
    }
}
