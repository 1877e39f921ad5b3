//! Twelve months of invented bills of three clouds, for looking around and for tests.
//!
//! [`generate`] writes what Larkfield, a retailer that does not exist, would have received from
//! AWS, Azure and Google Cloud: in each provider's own layout and file format, so that the demo is
//! read by the same code as a real bill. The numbers have growth, a weekly and a yearly season,
//! commitments used and unused, credits, taxes, refunds, a month delivered twice, untagged spend
//! and planted anomalies; the truth about them is in `answer-key.json` beside the exports.
//!
//! * Deterministic: equal [`DemoPlan`]s give equal files, byte for byte, on any machine.
//! * Exact: every amount is a decimal that all three file formats carry unrounded, and every cost
//!   is its unit price times its quantity.
//! * Bounded: rows are written as they are made, a batch at a time for each thread.
//!
//! ```text
//! OUT/aws/larkfield-focus/data/BILLING_PERIOD=2026-10/…/….snappy.parquet   FOCUS 1.2, US dollars
//! OUT/aws/larkfield-focus/metadata/BILLING_PERIOD=2026-10/…/…-Manifest.json
//! OUT/azure/larkfield-focus/20261001-20261031/…/part_0_0001.csv.gz         FOCUS 1.2-preview, euros
//! OUT/gcp/provider=gcp/billing_period=2026-10/….parquet                    FOCUS 1.2, US dollars
//! OUT/answer-key.json
//! ```

mod anomalies;
mod answer;
mod calendar;
mod catalogue;
mod chance;
mod charge;
mod columns;
mod commitments;
mod company;
mod csv_file;
mod delivery;
mod money;
mod month;
mod naming;
mod parquet_file;
#[cfg(test)]
mod tests;
mod world;

pub use answer::{Anomaly, KnownFinding, Total};
pub use company::Provider;

use bursar_domain::BillingPeriod;
use calendar::{Calendar, MONTHS};
use chrono::{DateTime, NaiveDate, Utc};
use delivery::Job;
use month::Edition;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use world::World;

/// Changes whenever the same plan gives other files.
const GENERATOR: u32 = 1;
const ANSWER_KEY: &str = "answer-key.json";
/// Written first and never removed: what lies beside it is ours to replace.
const MARKER: &str = ".bursar-demo";

/// How much data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DemoSize {
    /// Some 60,000 rows: for tests.
    Small,
    /// Some 300,000 rows.
    #[default]
    Default,
    /// Some 3 million rows.
    Large,
}

impl DemoSize {
    fn scaled(self, count: u16) -> u32 {
        match self {
            Self::Small => (u32::from(count) / 6).max(1),
            Self::Default => u32::from(count),
            Self::Large => u32::from(count) * 10,
        }
    }
}

/// What to generate. Equal plans give equal files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoPlan {
    /// Any number; another one gives another company.
    pub seed: u64,
    /// The day the demo takes for today: its month is the current one, its charges end yesterday.
    pub today: NaiveDate,
    /// How much.
    pub size: DemoSize,
}

/// One of the generated sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoSource {
    /// The provider.
    pub provider: Provider,
    /// The folder, relative to the demo's.
    pub path: PathBuf,
}

/// What was generated: the contents of `answer-key.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoReport {
    generator: u32,
    /// From what.
    pub plan: DemoPlan,
    /// The folders to read.
    pub sources: Vec<DemoSource>,
    /// Sums of every delivery.
    pub totals: Vec<Total>,
    /// What went wrong in the company.
    pub anomalies: Vec<Anomaly>,
    /// What a conformance check is meant to find.
    pub known_findings: Vec<KnownFinding>,
}

impl DemoReport {
    /// Rows of the deliveries that count.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.totals.iter().filter(|total| total.counts).map(|total| total.rows).sum()
    }
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A day without twelve months around it.
    #[error("no demo can end on {0}: choose a day between the years 2 and 9998")]
    Today(NaiveDate),
    /// The folder holds something else.
    #[error("{path} is not empty and holds no demo: choose another folder, or empty this one")]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// The file system said no.
    #[error("{path} cannot be written")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A Parquet file could not be written.
    #[error("{path} cannot be written")]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: parquet::errors::ParquetError,
    },
}

/// The demo that lies in the folder, if it is exactly this plan's and complete.
#[must_use]
pub fn existing(out: &Path, plan: &DemoPlan) -> Option<DemoReport> {
    let text = std::fs::read(out.join(ANSWER_KEY)).ok()?;
    let report: DemoReport = serde_json::from_slice(&text).ok()?;
    (report.generator == GENERATOR && report.plan == *plan).then_some(report)
}

/// Writes the demo into a folder. What an earlier demo left there is removed first; a folder with
/// anything else in it is refused. `progress` is told of each delivery done and how many there are.
///
/// # Errors
/// When the folder holds something else or cannot be written. The answer key is written last: a
/// folder with one is complete.
pub fn generate(
    out: &Path,
    plan: &DemoPlan,
    threads: NonZeroUsize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<DemoReport, DemoError> {
    let calendar = Calendar::new(plan.today).ok_or(DemoError::Today(plan.today))?;
    clear(out)?;
    let worlds = Provider::ALL.map(|provider| World::new(provider, plan.seed, &calendar, plan.size));
    let jobs = jobs(&calendar);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let totals = Mutex::new(Vec::with_capacity(jobs.len()));
    let work = || -> Result<(), DemoError> {
        while let Some((index, job)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(index).map(|job| (index, *job))
        } {
            let Some(world) = worlds.iter().find(|world| world.provider == job.provider) else { continue };
            let total = delivery::write(out, world, &calendar, job)?;
            totals.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, total));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get().min(jobs.len())).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    let mut totals = totals.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    totals.sort_by_key(|(index, _)| *index);
    let mut totals: Vec<Total> = totals.into_iter().map(|(_, total)| total).collect();
    totals.sort_by_key(|total| (total.provider, total.billing_period, total.counts));
    let source = |provider: Provider, path: &str| DemoSource { provider, path: path.into() };
    let report = DemoReport {
        generator: GENERATOR,
        plan: *plan,
        sources: vec![
            source(Provider::Aws, "aws/larkfield-focus"),
            source(Provider::Azure, "azure/larkfield-focus"),
            source(Provider::Gcp, "gcp"),
        ],
        totals,
        anomalies: answer::anomalies(&worlds, &calendar),
        known_findings: answer::known_findings(&calendar),
    };
    let path = out.join(ANSWER_KEY);
    let value = serde_json::to_value(&report).map_err(|error| delivery::at(&path)(error.into()))?;
    delivery::json_file(&path, &value, midnight(plan.today))?;
    Ok(report)
}

/// Every delivery, the largest first so that threads finish together.
fn jobs(calendar: &Calendar) -> Vec<Job> {
    let mut jobs = Vec::new();
    let restated = calendar.months()[MONTHS - 3];
    let current = calendar.months()[MONTHS - 1];
    for provider in Provider::ALL {
        for month in calendar.months() {
            jobs.push(Job { provider, month: *month, edition: Edition::Final });
        }
        match provider {
            Provider::Aws => jobs.push(Job { provider, month: restated, edition: Edition::Preliminary }),
            Provider::Azure if has_days(calendar, current, 4) => {
                jobs.push(Job { provider, month: current, edition: Edition::Earlier(4) });
            }
            _ => {}
        }
    }
    jobs
}

fn has_days(calendar: &Calendar, month: BillingPeriod, days: i32) -> bool {
    let (from, to) = calendar.days_of(month);
    to - from > days
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Removes an earlier demo, finished or not. A folder without our marker is not touched unless it
/// is empty: it may be somebody's `aws` folder that lies there.
fn clear(out: &Path) -> Result<(), DemoError> {
    let at = delivery::at(out);
    std::fs::create_dir_all(out).map_err(&at)?;
    let marker = out.join(MARKER);
    if !marker.try_exists().map_err(&at)? {
        if std::fs::read_dir(out).map_err(&at)?.next().is_some() {
            return Err(DemoError::NotOurs { path: out.to_owned() });
        }
        std::fs::write(&marker, "made by `bursar demo`, which may replace everything here\n").map_err(&at)?;
    }
    // The answer key goes first, so that a half-removed demo is not taken for a whole one.
    let folders = Provider::ALL.map(|provider| out.join(provider.as_str()));
    for path in std::iter::once(out.join(ANSWER_KEY)).chain(folders) {
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(delivery::at(&path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}
