//! From a listing to deliveries.

use super::overlap::{refuse_copies, refuse_overlaps};
use super::path::{folder, name};
use super::runs::Listing;
use super::{Catalogue, Delivery, DeliveryKey, FileFormat, Ignored, plain, runs};
use crate::location::{Location, Source, SourceError};
use bursar_focus::dialect::Dialect;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

/// Bounds on what a source and its manifests may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects listed.
    pub objects: u64,
    /// Bytes of one manifest.
    pub manifest_bytes: u64,
    /// Files named by one manifest.
    pub manifest_files: usize,
    /// Manifests read.
    pub manifests: usize,
    /// Ignored objects that are named.
    pub ignored: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            objects: 1_000_000,
            manifest_bytes: 16 << 20,
            manifest_files: 100_000,
            manifests: 20_000,
            ignored: 200,
        }
    }
}

/// Lists the source and sorts its objects into deliveries.
///
/// `dialect` is what the user said the files are, if anything.
///
/// # Errors
/// When the source cannot be listed, or holds nothing.
pub async fn discover(
    source: &Source,
    dialect: Option<Dialect>,
    limits: &Limits,
) -> Result<Catalogue, SourceError> {
    let mut listing = Listing { objects: list(source, limits).await?, claimed: HashSet::new() };
    let found = runs::with_manifests(source, &mut listing, dialect, limits).await?;
    let rest = plain::without_manifests(source, &listing, dialect, limits).await;
    let mut superseded = found.superseded;
    superseded.objects += rest.superseded.objects;
    superseded.size_bytes += rest.superseded.size_bytes;
    let mut newest: BTreeMap<DeliveryKey, Delivery> = BTreeMap::new();
    for mut delivery in found.deliveries.into_iter().chain(rest.deliveries) {
        // Only a later run of the same export replaces. `x/aws.csv` and `x/aws/part-0.csv` would be
        // called alike and are not one write.
        while newest
            .get(&delivery.key())
            .is_some_and(|other| other.manifest.is_none() || delivery.manifest.is_none())
        {
            delivery.export.push('*');
        }
        // Snapshots of one month in folders that name other days: `20250101-20250105`, then `…06`.
        let age = |delivery: &Delivery| (delivery.delivered_at, delivery.covers.map(|days| days.to()));
        let older = match newest.entry(delivery.key()) {
            Entry::Vacant(place) => {
                place.insert(delivery);
                continue;
            }
            Entry::Occupied(mut place) if age(&delivery) > age(place.get()) => place.insert(delivery),
            Entry::Occupied(_) => delivery,
        };
        superseded.objects += u64::try_from(older.objects.len()).unwrap_or(u64::MAX);
        superseded.size_bytes += older.size_bytes();
    }
    let mut ignored: Vec<Ignored> =
        found.ignored.into_iter().map(|(object, reason)| Ignored { object, reason }).collect();
    let beyond = ignored.len().saturating_sub(limits.ignored);
    ignored.truncate(limits.ignored);
    ignored.extend(rest.ignored);
    let mut catalogue = Catalogue {
        deliveries: newest.into_values().collect(),
        refused: found.refused,
        ignored,
        ignored_beyond: rest.ignored_beyond + u64::try_from(beyond).unwrap_or(u64::MAX),
        superseded,
    };
    catalogue.refused.extend(rest.refused);
    refuse_overlaps(&mut [(source, &mut catalogue)]);
    refuse_copies(&mut [(source, &mut catalogue)]).await?;
    if catalogue.deliveries.is_empty() && catalogue.refused.is_empty() {
        let seen = listing.objects.len();
        let what = catalogue
            .ignored
            .first()
            .map(|first| format!("; `{}`: {}", first.object, first.reason))
            .unwrap_or_default();
        let advice = format!(
            "none of the {seen} objects below it is cost data (Parquet, CSV, CSV.gz or JSON lines){what}; check the path, \
             or wait for the first delivery"
        );
        return Err(SourceError::Empty { location: source.location().to_string(), advice });
    }
    Ok(catalogue)
}

/// Everything below the source's prefix, or the one object that it names.
async fn list(source: &Source, limits: &Limits) -> Result<BTreeMap<String, ObjectMeta>, SourceError> {
    let location: &Location = source.location();
    let prefix = (!source.prefix().as_ref().is_empty()).then(|| source.prefix());
    let mut objects = BTreeMap::new();
    if let Some(object) =
        prefix.filter(|prefix| FileFormat::of_name(name(prefix.as_ref())).is_some() || location.is_local())
    {
        match source.store().head(object).await {
            Ok(meta) => {
                objects.insert(meta.location.to_string(), meta);
                return Ok(objects);
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(SourceError::of(location, "head", Some(object.as_ref()), &error)),
        }
    }
    let mut stream = source.store().list(prefix);
    while let Some(meta) =
        stream.try_next().await.map_err(|error| SourceError::of(location, "list", None, &error))?
    {
        if u64::try_from(objects.len()).is_ok_and(|seen| seen >= limits.objects) {
            return Err(SourceError::TooMany {
                location: location.to_string(),
                what: "objects",
                limit: limits.objects,
            });
        }
        objects.insert(meta.location.to_string(), meta);
    }
    if objects.is_empty() {
        let advice = match prefix {
            Some(prefix) if !location.is_local() => {
                format!(
                    "nothing is stored below `{prefix}`; check the prefix (it is case-sensitive){}",
                    parent(prefix.as_ref())
                )
            }
            _ => "put the export's files there, or name the folder that has them".to_owned(),
        };
        return Err(SourceError::Empty { location: location.to_string(), advice });
    }
    Ok(objects)
}

fn parent(prefix: &str) -> String {
    let parent = folder(prefix);
    if parent.is_empty() { String::new() } else { format!(", or name its parent `{parent}`") }
}
