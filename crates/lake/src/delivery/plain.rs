//! Files without a manifest: Hive folders, a folder of files, one file.
//!
//! Each folder is read as one write per kind of name: `part-00000.parquet … part-00089.parquet`
//! belong together, `aws.csv` and `azure.csv` do not, nor do `cost-2025-01.csv` and `cost-2025-02.csv`.
//! Folders that name a month tell the billing period; folders that name a run replace each other.

use super::path::{TimeKey, below, dates, folder, month, name, partition, stem, time_key};
use super::runs::{Listing, object};
use super::{
    Dataset, Delivery, DeliveryKey, FileFormat, Ignored, Limits, ObjectRef, OverlapSide, Partition, Refusal,
    Totals,
};
use crate::location::Source;
use bursar_domain::BillingPeriod;
use bursar_focus::dialect::Dialect;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use std::collections::BTreeMap;

/// How much of a JSON file is looked at to see whether it holds charges.
const SNIFF_BYTES: u64 = 64 << 10;
/// Keys, one of which a row of charges has, in lower case.
const CHARGE_KEYS: &[&str] = &[
    "billing_account_id",
    "billedcost",
    "effectivecost",
    "cost",
    "costinbillingcurrency",
    "lineitem/usageamount",
    "line_item_unblended_cost",
];

/// What a file lies in, as far as it tells one write from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    export: String,
    period: Option<BillingPeriod>,
    stem: String,
}

/// A run within a group; the newest counts.
type Runs = BTreeMap<Option<String>, Vec<ObjectRef>>;

/// What came of the rest of the files.
#[derive(Default)]
pub(super) struct Found {
    pub deliveries: Vec<Delivery>,
    pub refused: Vec<Refusal>,
    pub ignored: Vec<Ignored>,
    pub ignored_beyond: u64,
    pub superseded: Totals,
}

impl Found {
    fn ignore(&mut self, limits: &Limits, object: &str, reason: &str) {
        if self.ignored.len() < limits.ignored {
            self.ignored.push(Ignored { object: object.to_owned(), reason: reason.to_owned() });
        } else {
            self.ignored_beyond += 1;
        }
    }
}

/// Sorts what no manifest names.
pub(super) async fn without_manifests(
    source: &Source,
    listing: &Listing,
    hint: Option<Dialect>,
    limits: &Limits,
) -> Found {
    let mut found = Found::default();
    let mut groups: BTreeMap<Group, Runs> = BTreeMap::new();
    let mut json: BTreeMap<(String, String), bool> = BTreeMap::new();
    let single = listing.objects.len() == 1;
    for (path, meta) in listing.objects.iter().filter(|(path, _)| !listing.claimed.contains(*path)) {
        let format = match kind(path, meta) {
            Kind::Data(format) => format,
            Kind::Quiet => continue,
            Kind::Unknown(reason) => {
                found.ignore(limits, path, &reason);
                continue;
            }
        };
        if format == FileFormat::JsonLines && hint.is_none() && !single {
            // Generators and tools leave JSON beside the data. One file of each kind is looked at.
            let like = (folder(path).to_owned(), stem(name(path)));
            let charges = match json.get(&like) {
                Some(charges) => *charges,
                None => {
                    let charges = holds_charges(source, path).await;
                    json.insert(like, charges);
                    charges
                }
            };
            if !charges {
                found.ignore(
                    limits,
                    path,
                    "it is JSON without charges: a row per line with a cost is expected",
                );
                continue;
            }
        }
        let object = object(source, path, meta, format);
        let (group, run) = group(source, path);
        groups.entry(group).or_default().entry(run).or_default().push(object);
    }
    for (group, runs) in groups {
        add(source, group, runs, hint, &mut found);
    }
    found
}

/// What a file is, by its name.
enum Kind {
    Data(FileFormat),
    /// Something that writers leave: not worth a word.
    Quiet,
    Unknown(String),
}

fn kind(path: &str, meta: &ObjectMeta) -> Kind {
    let lower = name(path).to_ascii_lowercase();
    let hidden = path
        .split('/')
        .any(|segment| segment.starts_with('.') || (segment.starts_with('_') && !segment.contains('=')));
    let left_over = ["readme", "license", "changelog", "thumbs.db", "desktop.ini", "manifest.json"]
        .iter()
        .any(|start| lower.starts_with(start))
        || ["-manifest.json", ".md", ".crc", ".sha256", ".md5", ".sql", ".py", ".log", ".tmp"]
            .iter()
            .any(|end| lower.ends_with(end));
    // Consoles make a folder by an empty object.
    let folder_marker = meta.size == 0 && !lower.contains('.');
    if hidden || left_over || folder_marker {
        return Kind::Quiet;
    }
    match FileFormat::of_name(&lower) {
        Some(_) if meta.size == 0 => Kind::Unknown("it is empty".to_owned()),
        Some(format) => Kind::Data(format),
        None => {
            let packed = [".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".gz", ".snappy"]
                .iter()
                .any(|end| lower.ends_with(end));
            let sheet = [".xlsx", ".xls", ".ods"].iter().any(|end| lower.ends_with(end));
            let advice = if packed {
                "its compression is not read: unpack it, or deliver gzip or Parquet"
            } else if sheet {
                "it is a spreadsheet: save it as CSV"
            } else {
                "its format is not known: Parquet, CSV, CSV.gz and JSON lines are read"
            };
            Kind::Unknown(advice.to_owned())
        }
    }
}

/// Whether the first line of a JSON file is a row of charges.
async fn holds_charges(source: &Source, path: &str) -> bool {
    let Ok(location) = Path::parse(path) else { return false };
    let options = GetOptions { range: Some(GetRange::Bounded(0..SNIFF_BYTES)), ..GetOptions::default() };
    let Ok(result) = source.store().get_opts(&location, options).await else { return false };
    let Ok(bytes) = result.bytes().await else { return false };
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Ok(serde_json::Value::Object(row)) = serde_json::from_slice(first) else { return false };
    row.keys().any(|key| CHARGE_KEYS.contains(&key.to_ascii_lowercase().as_str()))
}

/// Where a file belongs, and which run it is of.
fn group(source: &Source, path: &str) -> (Group, Option<String>) {
    let relative = below(path, source.prefix().as_ref()).unwrap_or(path);
    let base = path.strip_suffix(relative).unwrap_or_default().trim_end_matches('/');
    let mut kept: Vec<&str> = if base.is_empty() { Vec::new() } else { base.split('/').collect() };
    let (mut period, mut year, mut run) = (None, None, None);
    for segment in folder(relative).split('/').filter(|segment| !segment.is_empty()) {
        let Some(Partition { key, value }) = partition(segment) else {
            kept.push(segment);
            continue;
        };
        let value = value.unwrap_or_default();
        match time_key(&key) {
            Some(TimeKey::Month) if month(&value).is_some() => period = month(&value),
            Some(TimeKey::Year) if value.len() == 4 => year = value.parse::<i32>().ok(),
            Some(TimeKey::MonthOfYear) => {
                let of_year = || BillingPeriod::new(year?, value.parse().ok()?);
                match month(&value).or_else(of_year) {
                    Some(month) => period = Some(month),
                    None => kept.push(segment),
                }
            }
            Some(TimeKey::Finer) => {}
            Some(TimeKey::Run) => run = Some(value),
            _ => kept.push(segment),
        }
    }
    // A classic Azure export writes a snapshot of the month into one folder again and again.
    let snapshot = dates(name(folder(relative))).is_some().then(|| uuid(name(path))).flatten();
    (Group { export: kept.join("/"), period, stem: stem(name(path)) }, run.or(snapshot))
}

/// The UUID in a name.
fn uuid(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    (0..bytes.len().saturating_sub(35)).find_map(|at| {
        let text = name.get(at..at + 36)?;
        uuid::Uuid::try_parse(text).ok().map(|_| text.to_owned())
    })
}

/// The name of a run, so that later ones are greater; `None` where the name tells nothing.
fn sortable(run: Option<&str>) -> Option<String> {
    let run = run?;
    let day = || super::manifest::date(run).map(|day| day.format("%Y%m%d000000").to_string());
    let number =
        || (run.len() <= 20 && run.bytes().all(|b| b.is_ascii_digit())).then(|| format!("{run:0>20}"));
    super::path::moment(run).or_else(day).or_else(number)
}

/// The newest run of a group, as a delivery.
fn add(source: &Source, group: Group, runs: Runs, hint: Option<Dialect>, found: &mut Found) {
    let newest = |objects: &[ObjectRef]| objects.iter().map(|object| object.last_modified).max();
    let mut runs: Vec<(Option<String>, Vec<ObjectRef>)> = runs.into_iter().collect();
    runs.sort_by(|a, b| {
        (sortable(a.0.as_deref()), newest(&a.1), &a.0).cmp(&(sortable(b.0.as_deref()), newest(&b.1), &b.0))
    });
    let Some((_, objects)) = runs.pop() else { return };
    for object in runs.iter().flat_map(|(_, objects)| objects) {
        found.superseded.objects += 1;
        found.superseded.size_bytes += object.size_bytes;
    }
    let dataset = match hint {
        Some(Dialect::AzureActual) => Dataset::ActualCost,
        Some(Dialect::AzureAmortized) => Dataset::AmortizedCost,
        Some(Dialect::Focus(_)) | None => Dataset::Unknown,
        Some(_) => Dataset::CostAndUsage,
    };
    let export = if group.stem.is_empty() || group.stem.eq_ignore_ascii_case("part") {
        group.export
    } else {
        super::path::joined(&group.export, &group.stem)
    };
    let key = DeliveryKey { export, dataset, billing_period: group.period };
    if let Some((first, second)) = twins(&objects) {
        let side = |object: &ObjectRef| OverlapSide {
            source: source.location().to_string(),
            delivery: key.clone(),
            object: object.path.clone(),
        };
        let because = "they are one file in two formats".to_owned();
        found.refused.push(Refusal::Overlap { first: side(first), second: side(second), because });
        return;
    }
    let mut partitions = objects.first().map(|object| object.partitions.clone()).unwrap_or_default();
    partitions.retain(|partition| objects.iter().all(|object| object.partitions.contains(partition)));
    let says =
        |key: &str| partitions.iter().find(|p| p.key.eq_ignore_ascii_case(key)).and_then(|p| p.value.clone());
    let delivered_at = newest(&objects).unwrap_or_default();
    found.deliveries.push(Delivery {
        id: super::identity(None, &objects),
        dialect: hint,
        dataset,
        export: key.export,
        scope: None,
        billing_period: group.period,
        covers: group.period.map(BillingPeriod::days),
        delivered_at,
        manifest: None,
        rows_declared: None,
        provider: says("provider").or_else(|| says("cloud")),
        partitions,
        objects,
    });
}

/// Two files of one folder that differ in their format only.
fn twins(objects: &[ObjectRef]) -> Option<(&ObjectRef, &ObjectRef)> {
    let mut seen: BTreeMap<&str, &ObjectRef> = BTreeMap::new();
    for object in objects {
        let name_only = name(&object.path).split('.').next().unwrap_or_default();
        let bare = object
            .path
            .get(..object.path.len() - name(&object.path).len() + name_only.len())
            .unwrap_or(&object.path);
        if let Some(other) = seen.insert(bare, object)
            && other.format != object.format
        {
            return Some((other, object));
        }
    }
    None
}
