//! Exports that write manifests: the newest run whose files are all there.

use super::manifest::{self, Manifest, Reading, Writer};
use super::path::{below, covers, dates, folder, joined, moment, month, month_of, name, partition};
use super::{Dataset, Delivery, DeliveryKey, FileFormat, Limits, ObjectRef, Refusal, Totals};
use crate::location::{Source, SourceError};
use bursar_domain::{BillingPeriod, DateRange};
use bursar_focus::dialect::Dialect;
use chrono::{DateTime, Utc};
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many manifests are read at a time.
const AT_ONCE: usize = 16;

/// The listing of a source, by path.
pub(super) struct Listing {
    /// Every object, by its path in the store.
    pub objects: BTreeMap<String, ObjectMeta>,
    /// Those that belong to an export with manifests, counted or not.
    pub claimed: HashSet<String>,
}

impl Listing {
    /// The objects below a folder.
    fn below<'l>(&'l self, at: &'l str) -> impl Iterator<Item = (&'l str, &'l ObjectMeta)> {
        let start = if at.is_empty() { String::new() } else { format!("{at}/") };
        self.objects
            .range(start.clone()..)
            .take_while(move |(path, _)| path.starts_with(&start))
            .map(|(path, meta)| (path.as_str(), meta))
    }
}

/// What came of the manifests.
#[derive(Default)]
pub(super) struct Found {
    pub deliveries: Vec<Delivery>,
    pub refused: Vec<Refusal>,
    pub ignored: Vec<(String, String)>,
    pub superseded: Totals,
}

/// Where a manifest lies in an export.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The export's folder.
    export: String,
    /// The folder that holds what one period's runs wrote: their data is below it.
    period_folder: String,
    /// Which period, as the folder is called.
    period: String,
}

struct Candidate {
    path: String,
    meta: ObjectMeta,
    /// Where its place in the tree says it belongs, if it is one that clouds use.
    place: Option<Place>,
}

/// Whether a file may be a manifest, by its name.
fn is_called_manifest(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    name == "manifest.json" || name == "_manifest.json" || name.ends_with("-manifest.json")
}

/// The place of a manifest, by the two layouts that clouds use.
fn place(path: &str) -> Option<Place> {
    let segments: Vec<&str> = path.split('/').collect();
    let (_, folders) = segments.split_last()?;
    // <export>/metadata/<partition>[/<run>]/<name>-Manifest.json
    if let Some(at) = folders.iter().rposition(|segment| *segment == "metadata")
        && let Some(period) = folders.get(at + 1).filter(|segment| partition(segment).is_some())
    {
        let export = folders.get(..at).unwrap_or_default().join("/");
        let period_folder = joined(&export, &format!("data/{period}"));
        return Some(Place { export, period_folder, period: (*period).to_owned() });
    }
    // <export>/<from>-<to>[/<run>…]/<manifest>
    let at = folders.iter().rposition(|segment| dates(segment).is_some())?;
    if folders.len() - at > 4 {
        return None;
    }
    let export = folders.get(..at).unwrap_or_default().join("/");
    let period = (*folders.get(at)?).to_owned();
    Some(Place { period_folder: joined(&export, &period), export, period })
}

/// Finds the manifests of a listing, and the newest complete run of each period.
pub(super) async fn with_manifests(
    source: &Source,
    listing: &mut Listing,
    hint: Option<Dialect>,
    limits: &Limits,
) -> Result<Found, SourceError> {
    let mut found = Found::default();
    let candidates: Vec<Candidate> = listing
        .objects
        .iter()
        .filter(|(path, _)| is_called_manifest(path))
        .map(|(path, meta)| Candidate { path: path.clone(), meta: meta.clone(), place: place(path) })
        .collect();
    if candidates.len() > limits.manifests {
        return Err(SourceError::TooMany {
            location: source.location().to_string(),
            what: "manifests",
            limit: u64::try_from(limits.manifests).unwrap_or(u64::MAX),
        });
    }
    let mut groups: BTreeMap<Place, Vec<Candidate>> = BTreeMap::new();
    let mut strays = Vec::new();
    for candidate in candidates {
        match candidate.place.clone() {
            Some(place) => groups.entry(place).or_default().push(candidate),
            None => strays.push(candidate),
        }
    }
    // A manifest beside its files, in a layout of the user's own.
    for candidate in strays {
        let at = folder(&candidate.path).to_owned();
        groups
            .entry(Place { export: at.clone(), period_folder: at, period: String::new() })
            .or_default()
            .push(candidate);
    }
    let mut exports: HashMap<String, bool> = HashMap::new();
    for (place, candidates) in groups {
        let runs = read_runs(source, &place, candidates, limits).await?;
        let (runs, foreign): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| run.foreign().is_none());
        if !foreign.is_empty() {
            leave_out(listing, &place, &foreign, &mut found);
        }
        if runs.is_empty() && foreign.is_empty() {
            continue;
        }
        exports.entry(place.export.clone()).or_insert(!place.period.is_empty());
        if !runs.is_empty() {
            settle(source, listing, &place, runs, hint, &mut found);
        }
    }
    wait_for_manifests(listing, &exports, &mut found);
    Ok(found)
}

/// One manifest that was read: itself, its file, its digest.
struct Run {
    path: String,
    meta: ObjectMeta,
    digest: [u8; 32],
    outcome: Result<Manifest, String>,
}

impl Run {
    /// What it is an export of, if not of charges.
    fn foreign(&self) -> Option<&str> {
        self.outcome.as_ref().ok()?.no_charges.as_deref()
    }

    /// Later runs are greater: by the moment in the run's folder, else the one in the manifest,
    /// else the time of the file, which a copy changes.
    ///
    /// A legacy CUR keeps the newest manifest in the period's folder and a copy in each run's.
    fn age(&self, period_folder: &str) -> (bool, String, DateTime<Utc>, &str) {
        let digits = |time: DateTime<Utc>| time.format("%Y%m%d%H%M%S").to_string();
        let manifest = self.outcome.as_ref().ok();
        let on_top =
            manifest.is_some_and(|m| m.writer == Writer::AwsLegacy) && folder(&self.path) == period_folder;
        let of_folder =
            self.path.split('/').rev().skip(1).filter(|segment| dates(segment).is_none()).find_map(moment);
        let moment = of_folder
            .or_else(|| manifest.and_then(|m| m.written).map(digits))
            .unwrap_or_else(|| digits(self.meta.last_modified));
        (on_top, moment, self.meta.last_modified, &self.path)
    }
}

async fn read_runs(
    source: &Source,
    place: &Place,
    candidates: Vec<Candidate>,
    limits: &Limits,
) -> Result<Vec<Run>, SourceError> {
    let strict = !place.period.is_empty();
    let reads = stream::iter(candidates).map(|candidate| async move {
        let Candidate { path, meta, .. } = candidate;
        if meta.size > limits.manifest_bytes {
            let problem = format!(
                "it has {} bytes, and {} are the most that are read",
                meta.size, limits.manifest_bytes
            );
            let digest = Sha256::digest(path.as_bytes()).into();
            return Ok::<_, SourceError>(Some(Run { path, meta, digest, outcome: Err(problem) }));
        }
        let said =
            |error: object_store::Error| SourceError::of(source.location(), "get", Some(&path), &error);
        let bytes =
            source.store().get(&Path::parse(&path).map_err(|e| said(e.into()))?).await.map_err(&said)?;
        let bytes = bytes.bytes().await.map_err(&said)?;
        let digest = Sha256::digest(&bytes).into();
        let outcome = match manifest::read(&bytes, strict, limits) {
            Reading::NotOurs => return Ok(None),
            Reading::Bad(problem) => Err(problem),
            Reading::Manifest(manifest) => Ok(*manifest),
        };
        Ok(Some(Run { path, meta, digest, outcome }))
    });
    let runs: Vec<Option<Run>> = reads.buffered(AT_ONCE).try_collect().await?;
    let mut kept = Vec::new();
    for run in runs.into_iter().flatten() {
        match (&run.outcome, strict) {
            // Somebody's own file that happens to be called so: not worth a word.
            (Err(_), false) => {}
            _ => kept.push(run),
        }
    }
    kept.sort_by(|a, b| b.age(&place.period_folder).cmp(&a.age(&place.period_folder)));
    Ok(kept)
}

/// An export of prices, reservations, recommendations: its files are named, and none is read.
fn leave_out(listing: &mut Listing, place: &Place, runs: &[Run], found: &mut Found) {
    for run in runs {
        let kind = run.foreign().unwrap_or_default();
        found
            .ignored
            .push((run.path.clone(), format!("it is of an export of kind `{kind}`, which holds no charges")));
        listing.claimed.insert(run.path.clone());
        let files = run.outcome.iter().flat_map(|manifest| &manifest.files);
        let named: Vec<String> =
            files.filter_map(|file| resolve(listing, place, folder(&run.path), file)).collect();
        listing.claimed.extend(named);
    }
}

/// Takes the newest run that is complete; says what is wrong with the newer ones.
fn settle(
    source: &Source,
    listing: &mut Listing,
    place: &Place,
    runs: Vec<Run>,
    hint: Option<Dialect>,
    found: &mut Found,
) {
    // Azure's actual and amortised cost may share a folder in a layout of the user's own.
    let mut datasets: Vec<Dataset> = Vec::new();
    for run in &runs {
        let dataset = run.outcome.as_ref().map_or(Dataset::Unknown, |manifest| manifest.dataset);
        if run.outcome.is_ok() && !datasets.contains(&dataset) {
            datasets.push(dataset);
        }
    }
    if datasets.is_empty() {
        datasets.push(Dataset::Unknown);
    }
    let mut used: HashSet<String> = HashSet::new();
    let mut newest_manifest: Option<DateTime<Utc>> = None;
    let (mut problems, mut any) = (Vec::new(), false);
    for dataset in datasets {
        let mut complete: Option<Delivery> = None;
        let mut older = Vec::new();
        for run in runs
            .iter()
            .filter(|run| run.outcome.as_ref().map_or(true, |manifest| manifest.dataset == dataset))
        {
            if complete.is_some() {
                older.push(run);
                continue;
            }
            match delivery(source, listing, place, run, hint) {
                Ok(delivery) => {
                    newest_manifest = newest_manifest.max(Some(run.meta.last_modified));
                    complete = Some(delivery);
                }
                Err(refusal) if !problems.contains(&refusal) => problems.push(refusal),
                Err(_) => {}
            }
        }
        if let Some(delivery) = complete {
            used.extend(delivery.objects.iter().map(|object| object.path.clone()));
            any = true;
            found.deliveries.push(delivery);
        }
    }
    let kept = any;
    found.refused.extend(problems.into_iter().map(|refusal| refusal.with_older_kept(kept)));
    for run in &runs {
        used.insert(run.path.clone());
    }
    if place.period.is_empty() {
        // Not a layout of a cloud: only what the manifests name is theirs.
        let named: HashSet<String> = runs
            .iter()
            .filter_map(|run| run.outcome.as_ref().ok())
            .flat_map(|manifest| &manifest.files)
            .filter_map(|file| resolve(listing, place, "", file))
            .collect();
        listing.claimed.extend(named);
        listing.claimed.extend(used);
        return;
    }
    // Everything else in the period's folder belongs to older runs, or to one that is being written.
    let metadata = joined(&place.export, &format!("metadata/{}", place.period));
    let mut waiting: Option<String> = None;
    let mut claimed = Vec::new();
    for at in [place.period_folder.as_str(), metadata.as_str()] {
        for (path, meta) in listing.below(at) {
            claimed.push(path.to_owned());
            if used.contains(path) || FileFormat::of_name(name(path)).is_none() || is_called_manifest(path) {
                continue;
            }
            let named_by_some = runs.iter().filter_map(|run| run.outcome.as_ref().ok()).any(|manifest| {
                manifest.files.iter().any(|file| {
                    file.segments.last().map(String::as_str) == Some(name(path))
                        && resolve(listing, place, "", file).as_deref() == Some(path)
                })
            });
            // In a folder of its own it is another run; among the counted files it may be a leftover.
            let own_folder = !used.iter().any(|used| folder(used) == folder(path));
            let newer = newest_manifest.is_none_or(|manifest| {
                if own_folder { meta.last_modified >= manifest } else { meta.last_modified > manifest }
            });
            if newer && !named_by_some {
                waiting.get_or_insert_with(|| path.to_owned());
            } else {
                found.superseded.objects += 1;
                found.superseded.size_bytes += meta.size;
            }
        }
    }
    listing.claimed.extend(claimed);
    if let Some(object) = waiting.filter(|_| kept) {
        let (_, billing_period) = period_of(place, None);
        let manifest = joined(folder(&object), "manifest.json");
        let manifest = if place.period.contains('=') { metadata } else { manifest };
        let delivery =
            DeliveryKey { export: place.export.clone(), dataset: Dataset::Unknown, billing_period };
        found.refused.push(Refusal::NoManifest { delivery, manifest, object, older_kept: true });
    }
}

/// The days and the month of a period's folder and a manifest. The manifest's word goes first.
fn period_of(place: &Place, manifest: Option<&Manifest>) -> (Option<DateRange>, Option<BillingPeriod>) {
    let included = manifest.is_some_and(|manifest| manifest.writer == Writer::Azure);
    let stated = manifest.and_then(|manifest| manifest.dates);
    if let Some(part) = partition(&place.period) {
        let billing_period = part.value.as_deref().and_then(month);
        return (billing_period.map(BillingPeriod::days), billing_period);
    }
    let range = stated.or_else(|| dates(&place.period)).and_then(|dates| covers(dates, included));
    // A month-to-date run says which days it has; its folder says which month it is of.
    let of_folder = dates(&place.period).and_then(|dates| covers(dates, included)).and_then(month_of);
    (range, of_folder.or_else(|| range.and_then(month_of)))
}

/// The delivery that a manifest describes, if all its files are there.
fn delivery(
    source: &Source,
    listing: &Listing,
    place: &Place,
    run: &Run,
    hint: Option<Dialect>,
) -> Result<Delivery, Box<Refusal>> {
    let manifest = match &run.outcome {
        Ok(manifest) => manifest,
        Err(problem) => {
            return Err(Box::new(Refusal::BadManifest {
                manifest: run.path.clone(),
                problem: problem.clone(),
                older_kept: false,
            }));
        }
    };
    let (covers, billing_period) = period_of(place, Some(manifest));
    // Runs over other days than from the first of one month are no snapshots of it: each range is its own.
    let snapshot = match (covers, billing_period) {
        (Some(covers), Some(month)) => covers.from() == month.start(),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let export =
        if snapshot || place.period.is_empty() { place.export.clone() } else { place.period_folder.clone() };
    let key = DeliveryKey { export: export.clone(), dataset: manifest.dataset, billing_period };
    let missing = |object: String, problem: &str| {
        Box::new(Refusal::MissingObject {
            delivery: key.clone(),
            manifest: run.path.clone(),
            object,
            problem: problem.to_owned(),
            older_kept: false,
        })
    };
    let mut objects = Vec::with_capacity(manifest.files.len());
    let mut seen = HashSet::new();
    for file in &manifest.files {
        let Some(path) = resolve(listing, place, folder(&run.path), file) else {
            return Err(missing(file.path(), "is not there"));
        };
        let Some(meta) = listing.objects.get(&path) else { return Err(missing(path, "is not there")) };
        if file.size_bytes.is_some_and(|size| size != meta.size) {
            let problem = format!(
                "has {} bytes and not the {} that the manifest tells",
                meta.size,
                file.size_bytes.unwrap_or_default()
            );
            return Err(missing(path, &problem));
        }
        let Some(format) = FileFormat::of_name(name(&path)) else {
            return Err(missing(
                path,
                "is in a format that is not read: Parquet, CSV, CSV.gz and JSON lines are",
            ));
        };
        if seen.insert(path.clone()) {
            objects.push(object(source, &path, meta, format));
        }
    }
    objects.sort_by(|a, b| a.path.cmp(&b.path));
    // Data Exports whose manifest speaks like a legacy report are still Data Exports.
    let dialect = if partition(&place.period).is_some() { manifest.by_columns } else { manifest.dialect };
    let provider = match manifest.writer {
        Writer::Azure => "azure",
        Writer::AwsDataExports | Writer::AwsLegacy => "aws",
    };
    let mut partitions = objects.first().map(|object| object.partitions.clone()).unwrap_or_default();
    partitions.retain(|partition| objects.iter().all(|object| object.partitions.contains(partition)));
    Ok(Delivery {
        id: super::identity(Some(&run.digest), &objects),
        dialect: dialect.or(hint),
        dataset: manifest.dataset,
        export,
        scope: manifest.scope.clone(),
        billing_period,
        covers,
        delivered_at: manifest.written.unwrap_or(run.meta.last_modified),
        manifest: Some(run.path.clone()),
        rows_declared: manifest.rows,
        provider: Some(provider.to_owned()),
        partitions,
        objects,
    })
}

/// An object of a delivery, from its listing.
pub(super) fn object(source: &Source, path: &str, meta: &ObjectMeta, format: FileFormat) -> ObjectRef {
    let relative = below(path, source.prefix().as_ref()).unwrap_or(path);
    ObjectRef {
        path: path.to_owned(),
        size_bytes: meta.size,
        etag: meta.e_tag.clone(),
        last_modified: meta.last_modified,
        format,
        partitions: folder(relative).split('/').filter_map(partition).collect(),
    }
}

/// The listed object that a manifest means.
///
/// Manifests name whole keys of the bucket they were written to. An export that was copied (to a
/// folder, to another bucket) keeps them, so beside the exact key the longest tail of the name
/// counts that lies in the export. Only listed objects are ever found: a name cannot lead out.
fn resolve(listing: &Listing, place: &Place, beside: &str, file: &super::manifest::Named) -> Option<String> {
    let exact = file.path();
    if listing.objects.contains_key(&exact) && below(&exact, &place.export).is_some() {
        return Some(exact);
    }
    let inside =
        |path: &str| listing.objects.contains_key(path) && below(path, &place.period_folder).is_some();
    for skip in 1..file.segments.len() {
        let tail = file.segments.get(skip..)?.join("/");
        let at = joined(&place.export, &tail);
        if inside(&at) {
            return Some(at);
        }
    }
    let last = file.segments.last()?;
    let at = joined(beside, last);
    inside(&at).then_some(at)
}

/// Data of an export with manifests, in a period that has none yet.
fn wait_for_manifests(listing: &mut Listing, exports: &HashMap<String, bool>, found: &mut Found) {
    let mut waiting: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    let mut claimed = Vec::new();
    for path in listing.objects.keys().filter(|path| !listing.claimed.contains(*path)) {
        let Some((export, period, manifest)) = awaited(path) else { continue };
        let known = exports.get(&export).copied().unwrap_or(false);
        if !known && !is_cloud_name(path, &export) {
            continue;
        }
        claimed.push(path.clone());
        if FileFormat::of_name(name(path)).is_some() && !is_called_manifest(path) {
            waiting.entry((export, period)).or_insert_with(|| (path.clone(), manifest));
        }
    }
    listing.claimed.extend(claimed);
    for ((export, period), (object, manifest)) in waiting {
        let place = Place { period_folder: joined(&export, &period), export, period };
        let (_, billing_period) = period_of(&place, None);
        let delivery = DeliveryKey { export: place.export, dataset: Dataset::Unknown, billing_period };
        found.refused.push(Refusal::NoManifest { delivery, manifest, object, older_kept: false });
    }
}

/// The export and period of a data file in a layout that has manifests, and where its manifest would be.
fn awaited(path: &str) -> Option<(String, String, String)> {
    let segments: Vec<&str> = path.split('/').collect();
    let (_, folders) = segments.split_last()?;
    let data = folders
        .windows(2)
        .rposition(|pair| matches!(pair, ["data" | "metadata", period] if partition(period).is_some()));
    if let Some(at) = data {
        let export = folders.get(..at)?.join("/");
        let period = (*folders.get(at + 1)?).to_owned();
        let manifest = joined(&export, &format!("metadata/{period}/{}-Manifest.json", name(&export)));
        return Some((export, period, manifest));
    }
    let at = folders.iter().rposition(|segment| dates(segment).is_some())?;
    let export = folders.get(..at)?.join("/");
    let manifest = joined(folder(path), "manifest.json");
    Some((export, (*folders.get(at)?).to_owned(), manifest))
}

/// Whether a data file lies and is called as only a cloud does that always writes a manifest:
/// `daily/data/BILLING_PERIOD=2025-01/daily-00001…`, `report/20250101-20250201/<assembly>/report-1…`,
/// `daily/20250101-20250131/<run>/part_0_0001…`.
fn is_cloud_name(path: &str, export: &str) -> bool {
    let (of_export, file) = (name(export), name(path));
    let repeats =
        !of_export.is_empty() && file.strip_prefix(of_export).is_some_and(|rest| rest.starts_with('-'));
    let Some(rest) = below(path, export) else { return false };
    if rest.starts_with("data/") {
        return repeats;
    }
    let in_a_run = rest.split('/').count() > 2;
    in_a_run && (repeats || file.starts_with("part_"))
}
