//! Which rules of FOCUS the deliveries of a workspace break, on the rows as they were delivered.
//!
//! Bounded: of a source the newest deliveries are checked first, up to [`MAX_ROWS`] rows and
//! [`PATIENCE`]; what is left out is said in the notes. A provider's own export is no FOCUS and has
//! no rules to break: it is named and passed over.

use crate::answer::{Conformance, Example, Finding};
use crate::catalogue::State;
use crate::error::AskError;
use crate::workspace::{QUESTION_LIMIT, Workspace};
use bursar_domain::id::{DeliveryId, SourceId};
use bursar_focus::conformance::{Checker, Level, Report};
use bursar_focus::spec::{Dataset, FocusVersion};
use bursar_lake::charges::{Charges, PartSummary};
use bursar_lake::location::Fault;
use bursar_lake::sql::QueryError;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most rows of a source that are checked.
const MAX_ROWS: u64 = 200_000;
/// Longest that a source is checked before the rest is left out.
const PATIENCE: Duration = Duration::from_secs(20);
/// Examples of a finding.
const EXAMPLES: usize = 5;

/// What was checked of each source, and when of which version of the catalogue.
pub(crate) type Checks = HashMap<SourceId, (u64, Arc<Checked>)>;

/// What was found in one source.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    reports: Vec<Report>,
    notes: Vec<String>,
    /// Set when a file could not be read: another try may do better.
    broken: Option<QueryError>,
}

impl Workspace {
    /// Which rules of FOCUS the deliveries of a source, or of all, break.
    ///
    /// # Errors
    /// When nothing of the sources can be read, or not in time.
    pub async fn conformance(&self, source: Option<SourceId>) -> Result<Conformance, AskError> {
        let mut checks = self.inner.checked.lock().await;
        let state = self.state();
        let Some(charges) = &state.charges else {
            return Ok(Conformance {
                checked_rows: 0,
                version: FocusVersion::NEWEST.to_string(),
                findings: Vec::new(),
                notes: vec![state.why_nothing()],
            });
        };
        checks.retain(|_, (version, _)| *version == state.version);
        let mut all = Vec::new();
        for known in state.known.iter().filter(|known| source.is_none_or(|id| known.entry.id == id)) {
            let id = known.entry.id;
            if let Some((_, checked)) = checks.get(&id) {
                all.push(Arc::clone(checked));
                continue;
            }
            let parts = parts(&state, charges, id);
            let work = check(charges.clone(), parts, known.entry.location.clone(), MAX_ROWS);
            let _permits = self.permits().await?;
            let checked = Arc::new(self.inner.engine.run(QUESTION_LIMIT, work).await?);
            if checked.broken.is_none() {
                checks.insert(id, (state.version, Arc::clone(&checked)));
            }
            all.push(checked);
        }
        drop(checks);
        let mut found = merge(&all)?;
        if !self.scope().is_all() {
            // Examples are cells of any row.
            for finding in &mut found.findings {
                finding.examples.clear();
            }
            found.notes.push("examples are shown to those who may see all of the workspace".to_owned());
        }
        Ok(found)
    }
}

/// The parts of a source with their places in the charges, newest delivery first.
fn parts(state: &State, charges: &Charges, source: SourceId) -> Vec<(usize, PartSummary)> {
    let mine: BTreeSet<DeliveryId> =
        state.listed.iter().filter(|(id, _)| *id == source).map(|(_, delivery)| *delivery).collect();
    let delivered: BTreeMap<DeliveryId, DateTime<Utc>> =
        state.deliveries.iter().map(|delivery| (delivery.id, delivery.delivered_at)).collect();
    let mut parts: Vec<(usize, PartSummary)> = charges
        .parts()
        .into_iter()
        .enumerate()
        .filter(|(_, part)| mine.contains(&part.delivery_id))
        .collect();
    parts.sort_by_key(|(at, part)| (Reverse(delivered.get(&part.delivery_id).copied()), *at));
    parts
}

async fn check(
    charges: Charges,
    parts: Vec<(usize, PartSummary)>,
    source: String,
    max_rows: u64,
) -> Result<Checked, QueryError> {
    let started = Instant::now();
    let mut checkers: BTreeMap<FocusVersion, Checker> = BTreeMap::new();
    let (mut native, mut left_out, mut checked_files) = (BTreeMap::<&str, u64>::new(), 0_u64, 0_u64);
    let (mut left, mut cut) = (max_rows, false);
    let mut found = Checked::default();
    for (at, part) in &parts {
        let Some(version) = part.dialect.focus_version() else {
            *native.entry(part.dialect.label()).or_default() += 1;
            continue;
        };
        if left == 0 || started.elapsed() > PATIENCE {
            left_out += 1;
            continue;
        }
        checked_files += 1;
        let checker = checkers.entry(version).or_insert_with(|| Checker::new(Dataset::CostAndUsage, version));
        // One row more than is checked tells whether there are more.
        let mut rows = match charges.raw(*at, left.saturating_add(1)) {
            Some(Ok(raw)) => {
                checker.empty_is_null(raw.text);
                checker.begin(&part.object, &raw.schema);
                raw.rows
            }
            Some(Err(error)) => {
                found.broken(&part.object, error);
                continue;
            }
            None => continue,
        };
        while let Some(next) = rows.next().await {
            let next = match next {
                Ok(next) => next,
                Err(error) => {
                    found.broken(&part.object, error);
                    break;
                }
            };
            if started.elapsed() > PATIENCE {
                cut = true;
                break;
            }
            for row in &next.malformed {
                checker.broken_row(row.row, &format!("{} cells instead of {}", row.found, row.expected));
            }
            let room = usize::try_from(left).unwrap_or(usize::MAX);
            let take = next.batch.num_rows().min(room);
            let seen = next.batch.num_rows() as u64 + next.malformed.len() as u64;
            cut |= left < seen;
            checker.push_numbered(&next.batch.slice(0, take), next.numbers.get(..take).unwrap_or_default());
            left = left.saturating_sub(seen);
            if cut {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    if cut || left_out > 0 {
        found.notes.push(format!(
            "{source}: not all rows were checked, only {} of the newest, in {checked_files} of {} files",
            max_rows - left,
            checked_files + left_out
        ));
    }
    found.notes.extend(native.into_iter().map(|(label, files)| {
        format!("{source}: {label} is not FOCUS and has no rules to break (files passed over: {files})")
    }));
    found.reports = checkers.into_values().map(Checker::finish).collect();
    Ok(found)
}

impl Checked {
    fn broken(&mut self, object: &str, error: QueryError) {
        let text = error.to_string();
        let named = if text.contains(object) { text } else { format!("`{object}`: {text}") };
        self.notes.push(format!("not all rows were checked: {named}"));
        self.broken.get_or_insert(error);
    }
}

fn merge(all: &[Arc<Checked>]) -> Result<Conformance, AskError> {
    let reports = || all.iter().flat_map(|checked| &checked.reports);
    let checked_rows: u64 = reports().map(|report| report.rows).sum();
    if checked_rows == 0
        && let Some(error) = all.iter().find_map(|checked| checked.broken.as_ref())
    {
        let text = error.to_string();
        return Err(match error.fault() {
            Fault::Unreachable => AskError::Unreachable(text),
            _ => AskError::Failed(text),
        });
    }
    let versions: BTreeSet<FocusVersion> = reports().map(|report| report.version).collect();
    let mut versions: Vec<String> = versions.into_iter().map(|version| version.to_string()).collect();
    if versions.is_empty() {
        versions.push(FocusVersion::NEWEST.to_string());
    }
    let mut merged: BTreeMap<(Level, String, Option<String>), Finding> = BTreeMap::new();
    for finding in reports().flat_map(|report| &report.findings) {
        let key = (finding.level, finding.rule.clone(), finding.column.clone());
        let into = merged.entry(key).or_insert_with(|| Finding {
            rule: finding.rule.clone(),
            column: finding.column.clone(),
            level: finding.level.as_str().to_owned(),
            count: 0,
            explanation: finding.explanation.clone(),
            examples: Vec::new(),
        });
        into.count += finding.count;
        let room = EXAMPLES.saturating_sub(into.examples.len());
        into.examples.extend(finding.examples.iter().take(room).map(|example| Example {
            file: example.file.clone(),
            row: example.row,
            value: example.value.clone(),
        }));
    }
    let mut findings: Vec<(Level, Finding)> =
        merged.into_iter().map(|((level, _, _), finding)| (level, finding)).collect();
    // Stable: of the same count, the rule's name decides.
    findings.sort_by_key(|(level, finding)| (*level, Reverse(finding.count)));
    Ok(Conformance {
        checked_rows,
        version: versions.join(" and "),
        findings: findings.into_iter().map(|(_, finding)| finding).collect(),
        notes: all.iter().flat_map(|checked| checked.notes.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use bursar_domain::clock::FixedClock;
    use bursar_lake::bill::Bill;
    use bursar_lake::charges::OpenOptions;
    use bursar_lake::ledger::Ledger;
    use bursar_lake::location::Location;
    use std::path::Path;

    const HEADER: [&str; 13] = [
        "BillingAccountId",
        "BillingCurrency",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "ChargeCategory",
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "ContractedCost",
        "ProviderName",
        "ServiceName",
    ];

    /// A row of a month with a category that does not exist.
    fn row(month: u32) -> [String; 13] {
        let (start, end) =
            (format!("2026-{month:02}-01T00:00:00Z"), format!("2026-{:02}-01T00:00:00Z", month + 1));
        let text = |text: &str| text.to_owned();
        [
            text("1"),
            text("USD"),
            start.clone(),
            end.clone(),
            start,
            end,
            text("usage"),
            text("1"),
            text("1"),
            text("1"),
            text("1"),
            text("AWS"),
            text("NULL"),
        ]
    }

    fn csv(path: &Path, month: u32, rows: usize) {
        let row = row(month).join(",");
        std::fs::write(path, format!("{}\n{}\n", HEADER.join(","), vec![row; rows].join("\n"))).unwrap();
    }

    /// An account that is a number, which FOCUS wants as text.
    fn parquet(path: &Path, month: u32, rows: usize) {
        let row = row(month);
        let columns = HEADER.iter().zip(&row).map(|(name, value)| {
            let array: ArrayRef = match *name {
                "BillingAccountId" => Arc::new(Int64Array::from(vec![1; rows])),
                _ => Arc::new(StringArray::from(vec![value.as_str(); rows])),
            };
            (*name, array)
        });
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(path).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    async fn checked(folder: &Path, max_rows: u64) -> Conformance {
        let ledger = Arc::new(Ledger::new(Arc::new(FixedClock("2026-11-22T06:00:00Z".parse().unwrap()))));
        let location = Location::parse(folder.to_str().unwrap()).unwrap();
        let engine = Arc::new(bursar_lake::sql::Engine::new(Default::default()).unwrap());
        let bill =
            Bill::open(&[location], &|_| None, &OpenOptions::default(), &engine, ledger).await.unwrap();
        let charges = bill.charges().clone();
        let parts = charges.parts().into_iter().enumerate().collect();
        merge(&[Arc::new(check(charges, parts, "here".into(), max_rows).await.unwrap())]).unwrap()
    }

    fn count(found: &Conformance, rule: &str) -> u64 {
        found.findings.iter().find(|f| f.rule == rule).map_or(0, |f| f.count)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn more_rows_than_the_bound_are_left_out_and_said_so() {
        let folder = tempfile::tempdir().unwrap();
        csv(&folder.path().join("billing-2026-09.csv"), 9, 3);
        csv(&folder.path().join("billing-2026-10.csv"), 10, 3);
        let all = checked(folder.path(), 6).await;
        assert_eq!((all.checked_rows, count(&all, "ChargeCategory-C-003-M")), (6, 6), "{all:#?}");
        assert_eq!(all.notes, Vec::<String>::new());
        for (bound, files) in [(4, 2), (3, 1), (2, 1)] {
            let some = checked(folder.path(), bound).await;
            assert_eq!((some.checked_rows, count(&some, "ChargeCategory-C-003-M")), (bound, bound));
            let says = format!("only {bound} of the newest, in {files} of 2 files");
            assert!(some.notes.len() == 1 && some.notes[0].contains(&says), "{:?}", some.notes);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn parquet_is_checked_in_its_own_types() {
        let folder = tempfile::tempdir().unwrap();
        parquet(&folder.path().join("november.parquet"), 10, 5);
        let found = checked(folder.path(), 4).await;
        assert_eq!((found.checked_rows, count(&found, "ChargeCategory-C-003-M")), (4, 4), "{found:#?}");
        assert_eq!(found.notes.len(), 1);
        let types = |f: &Finding| {
            f.column.as_deref() == Some("BillingAccountId")
                && f.examples.iter().any(|e| e.row == 0 && e.value.as_deref() == Some("Int64"))
        };
        assert!(found.findings.iter().any(types), "{found:#?}");
    }
}
