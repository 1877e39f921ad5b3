//! Two exports of the same charges.
//!
//! Adding them up doubles the bill, and picking one in silence hides the mistake. Both are named
//! and neither is counted.

use super::path::name;
use super::{Catalogue, Dataset, Delivery, FileFormat, OverlapSide, Refusal};
use crate::location::{Source, SourceError};
use object_store::ObjectStore;
use object_store::path::Path;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Takes deliveries out that overlap, within and across sources, and puts the refusals in.
///
/// `discover` does so within one source already; call it for all sources of one bill.
pub fn refuse_overlaps(sources: &mut [(&Source, &mut Catalogue)]) {
    let pairs = find(sources);
    take_out(sources, pairs);
}

/// The same for copies: files of one name and size whose beginnings and ends are equal, in two
/// deliveries that may be of one month. Sees what no manifest tells: an export and its backup.
///
/// Reads a few kilobytes, and only of files that look alike.
///
/// # Errors
/// When such a file cannot be read.
pub async fn refuse_copies(sources: &mut [(&Source, &mut Catalogue)]) -> Result<(), SourceError> {
    let mut alike: BTreeMap<(String, u64), Vec<(Which, String)>> = BTreeMap::new();
    for (at, (_, catalogue)) in sources.iter().enumerate() {
        for (index, delivery) in catalogue.deliveries.iter().enumerate() {
            for object in &delivery.objects {
                let least =
                    if object.format == FileFormat::Parquet { LEAST_PARQUET_BYTES } else { LEAST_BYTES };
                if object.size_bytes >= least {
                    let like = (name(&object.path).to_owned(), object.size_bytes);
                    alike.entry(like).or_default().push(((at, index), object.path.clone()));
                }
            }
        }
    }
    let mut pairs: Vec<(Which, Which, String)> = Vec::new();
    let mut looked = 0_usize;
    for ((name, size), objects) in alike {
        let rivals = |(which, _): &&(Which, String)| {
            objects.iter().any(|(other, _)| other != which && may_be_same_days(sources, *other, *which))
        };
        let mut seen: Vec<(Which, Vec<u8>)> = Vec::new();
        for (which, path) in objects.iter().filter(rivals) {
            if looked == MOST_LOOKS {
                break;
            }
            looked += 1;
            let found = ends(sources, *which, path, size).await?;
            let copied = seen.iter().find(|(other, theirs)| {
                other != which && *theirs == found && may_be_same_days(sources, *other, *which)
            });
            if let Some((other, _)) = copied
                && !pairs.iter().any(|(a, b, _)| (a, b) == (other, which))
            {
                pairs.push((
                    *other,
                    *which,
                    format!("their files `{name}` of {size} bytes are copies of each other"),
                ));
            }
            seen.push((*which, found));
        }
    }
    take_out(sources, pairs);
    Ok(())
}

/// A file smaller than this may be a header without rows, which two honest exports may share.
const LEAST_BYTES: u64 = 4 << 10;
/// The same for Parquet, whose footer describes each column.
const LEAST_PARQUET_BYTES: u64 = 32 << 10;
/// How much of a file's beginning and end is compared.
const END_BYTES: u64 = 16 << 10;
/// How many files are compared at most.
const MOST_LOOKS: usize = 256;

pub(super) fn may_be_same_days(sources: &[(&Source, &mut Catalogue)], a: Which, b: Which) -> bool {
    let of = |(at, index): Which| sources.get(at).and_then(|(_, catalogue)| catalogue.deliveries.get(index));
    let (Some(a), Some(b)) = (of(a), of(b)) else { return false };
    match (a.covers, b.covers) {
        (Some(a), Some(b)) => a.from() < b.to() && b.from() < a.to(),
        _ => true,
    }
}

/// The beginning and the end of an object. The end has the checksum of a gzip and the footer of a Parquet file.
async fn ends(
    sources: &[(&Source, &mut Catalogue)],
    which: Which,
    path: &str,
    size: u64,
) -> Result<Vec<u8>, SourceError> {
    let Some((source, _)) = sources.get(which.0) else { return Ok(Vec::new()) };
    let said = |error: object_store::Error| SourceError::of(source.location(), "get", Some(path), &error);
    let location = Path::parse(path).map_err(|error| said(error.into()))?;
    let ranges = [0..size.min(END_BYTES), size.saturating_sub(END_BYTES)..size];
    let parts = source.store().get_ranges(&location, &ranges).await.map_err(said)?;
    Ok(parts.concat())
}

pub(super) fn take_out(sources: &mut [(&Source, &mut Catalogue)], refusals: Vec<(Which, Which, String)>) {
    let mut out: HashSet<(usize, usize)> = HashSet::new();
    for (first, second, because) in refusals {
        out.insert(first);
        out.insert(second);
        let refusal = match (side(sources, first), side(sources, second)) {
            (Some(first), Some(second)) => Refusal::Overlap { first, second, because },
            _ => continue,
        };
        for at in [first.0, second.0] {
            if let Some((_, catalogue)) = sources.get_mut(at)
                && !catalogue.refused.contains(&refusal)
            {
                catalogue.refused.push(refusal.clone());
            }
        }
    }
    for (at, (_, catalogue)) in sources.iter_mut().enumerate() {
        let mut index = 0;
        catalogue.deliveries.retain(|_| {
            index += 1;
            !out.contains(&(at, index - 1))
        });
    }
}

/// A source, and one of its deliveries.
pub(super) type Which = (usize, usize);

fn side(sources: &[(&Source, &mut Catalogue)], (at, index): Which) -> Option<OverlapSide> {
    let (source, catalogue) = sources.get(at)?;
    let delivery = catalogue.deliveries.get(index)?;
    let object =
        delivery.manifest.clone().or_else(|| delivery.objects.first().map(|object| object.path.clone()));
    Some(OverlapSide {
        source: source.location().to_string(),
        delivery: delivery.key(),
        object: object.unwrap_or_default(),
    })
}

fn find(sources: &[(&Source, &mut Catalogue)]) -> Vec<(Which, Which, String)> {
    let mut refusals = Vec::new();
    // The same object in two sources.
    let mut names: HashMap<String, Which> = HashMap::new();
    // Who bills what, by period or not.
    let mut scoped: BTreeMap<&str, Vec<(Which, &Delivery)>> = BTreeMap::new();
    let mut paired: HashSet<(Which, Which)> = HashSet::new();
    for (at, (source, catalogue)) in sources.iter().enumerate() {
        for (index, delivery) in catalogue.deliveries.iter().enumerate() {
            let which = (at, index);
            for object in &delivery.objects {
                let name = source.object_name(&object.path);
                match names.get(&name) {
                    Some(other) if *other != which => {
                        if paired.insert((*other, which)) {
                            refusals.push((*other, which, format!("both hold `{name}`")));
                        }
                    }
                    Some(_) => {}
                    None => {
                        names.insert(name, which);
                    }
                }
            }
            if let Some(scope) = &delivery.scope {
                scoped.entry(scope).or_default().push((which, delivery));
            }
        }
    }
    let scopes: Vec<&str> = scoped.keys().copied().collect();
    for (at, scope) in scopes.iter().enumerate() {
        // Sorted: the scopes inside this one come right behind it.
        let inside = scopes.iter().skip(at).take_while(|other| within(other, scope));
        for other in inside {
            let (Some(left), Some(right)) = (scoped.get(scope), scoped.get(other)) else { continue };
            for (a, first) in left {
                for (b, second) in right {
                    let same = scope == other;
                    if (same && a >= b) || paired.contains(&(*a, *b)) || !same_charges(first, second) {
                        continue;
                    }
                    paired.insert((*a, *b));
                    let because = if same {
                        format!("both are exports of `{scope}` for the same days")
                    } else {
                        format!("`{other}` lies within `{scope}`, and the days are the same")
                    };
                    refusals.push((*a, *b, because));
                }
            }
        }
    }
    refusals
}

/// Whether a scope is another or lies within it.
fn within(scope: &str, outer: &str) -> bool {
    scope.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether two deliveries of one scope hold the same charges.
fn same_charges(a: &Delivery, b: &Delivery) -> bool {
    use Dataset::{ActualCost, AmortizedCost, CostAndUsage};
    let kinds = match (a.dataset, b.dataset) {
        // The two halves of an Azure bill belong together; a FOCUS export has both.
        (ActualCost, AmortizedCost) | (AmortizedCost, ActualCost) => false,
        (ActualCost | AmortizedCost | CostAndUsage, CostAndUsage)
        | (CostAndUsage, ActualCost | AmortizedCost) => true,
        (a, b) => a == b,
    };
    let days = match (a.covers, b.covers) {
        (Some(a), Some(b)) => a.from() < b.to() && b.from() < a.to(),
        _ => a.billing_period == b.billing_period,
    };
    kinds && days && a.key() != b.key()
}
