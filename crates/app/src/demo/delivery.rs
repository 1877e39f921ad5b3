//! Deliveries laid out as the clouds lay them out.
//!
//! AWS Data Exports in "create new" mode: `data/BILLING_PERIOD=2026-10/<time>-<execution>/…` with a
//! manifest under `metadata/…`; Azure exports: `<days>/<run>/part_0_0001.csv.gz` with a
//! `manifest.json`; Google: Parquet files in `billing_period=` folders, as people unload BigQuery.
//! Data files come before the manifest that names them.

use super::calendar::Calendar;
use super::chance::Chance;
use super::charge::{Charge, Frame};
use super::columns;
use super::company::Provider;
use super::csv_file::CsvFile;
use super::money;
use super::month::{self, Edition};
use super::parquet_file::ParquetFile;
use super::world::World;
use super::{DemoError, answer::Total};
use bursar_domain::{Amount, BillingPeriod};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// The export's name at AWS and Azure.
const EXPORT: &str = "larkfield-focus";
const BUCKET: &str = "larkfield-billing";
/// The Azure delivery that spells NULL out: a known finding.
pub(super) const LITERAL_NULLS_AT: usize = 4;

/// One provider's month in one edition: the unit of work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    pub(super) provider: Provider,
    pub(super) month: BillingPeriod,
    pub(super) edition: Edition,
}

/// Writes one delivery and returns its sums.
pub(super) fn write(out: &Path, world: &World, calendar: &Calendar, job: Job) -> Result<Total, DemoError> {
    let delivered = delivered_at(calendar, job);
    let mut chance =
        Chance::new(world.seed, &format!("{}/{}/{:?}", job.provider.as_str(), job.month, job.edition));
    let frame = Frame {
        terms: world.terms,
        billing_account_id: &world.billing_account_id,
        billing_account_name: &world.billing_account_name,
        start: job.month.start(),
        end: job.month.end(),
        // The invoice comes with the month's end; Azure's export does not tell it.
        invoice: (job.provider != Provider::Azure
            && !calendar.is_current(job.month)
            && job.edition == Edition::Final)
            .then(|| chance.digits(10)),
    };
    match job.provider {
        Provider::Aws => aws(out, world, calendar, job, &frame, delivered, &mut chance),
        Provider::Azure => azure(out, world, calendar, job, &frame, delivered, &mut chance),
        Provider::Gcp => {
            let folder = out.join("gcp").join("provider=gcp").join(format!("billing_period={}", job.month));
            parquet(
                &folder.join("larkfield-focus-000000000000.parquet"),
                world,
                calendar,
                job,
                &frame,
                delivered,
            )
        }
    }
}

fn aws(
    out: &Path,
    world: &World,
    calendar: &Calendar,
    job: Job,
    frame: &Frame<'_>,
    delivered: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Total, DemoError> {
    let execution = chance.uuid();
    let run =
        format!("{}-{execution}", delivered.format("%Y-%m-%dT%H:%M:%S.000Z").to_string().replace(':', "_"));
    let period = format!("BILLING_PERIOD={}", job.month);
    let root = out.join("aws").join(EXPORT);
    let name = format!("{EXPORT}-00001.snappy.parquet");
    let path = root.join("data").join(&period).join(&run).join(&name);
    let total = parquet(&path, world, calendar, job, frame, delivered)?;
    let columns: Vec<_> =
        columns::of(job.provider).iter().map(|column| serde_json::json!({"name": column.name()})).collect();
    let manifest = serde_json::json!({
        "executionId": execution,
        "exportArn": format!("arn:aws:bcm-data-exports:us-east-1:{}:export/{EXPORT}", world.billing_account_id),
        "account": world.billing_account_id,
        "billingPeriod": {
            "start": format!("{}T00:00:00.000Z", job.month.start()),
            "end": format!("{}T00:00:00.000Z", job.month.end()),
        },
        "compression": "PARQUET",
        "contentType": "PARQUET",
        "tableName": "FOCUS_1_2_AWS",
        "columns": columns,
        "dataFiles": [format!("s3://{BUCKET}/{EXPORT}/data/{period}/{run}/{name}")],
    });
    let manifest_path =
        root.join("metadata").join(&period).join(&run).join(format!("{EXPORT}-Manifest.json"));
    json_file(&manifest_path, &manifest, delivered)?;
    Ok(total)
}

fn azure(
    out: &Path,
    world: &World,
    calendar: &Calendar,
    job: Job,
    frame: &Frame<'_>,
    delivered: DateTime<Utc>,
    chance: &mut Chance,
) -> Result<Total, DemoError> {
    let run = chance.uuid();
    let last = job.month.end().pred_opt().unwrap_or(job.month.start());
    let days = format!("{}-{}", job.month.start().format("%Y%m%d"), last.format("%Y%m%d"));
    let folder = out.join("azure").join(EXPORT).join(&days).join(&run);
    let path = folder.join("part_0_0001.csv.gz");
    let columns = columns::of(job.provider);
    let index = calendar.months().iter().position(|month| *month == job.month);
    let literal_nulls = index == Some(LITERAL_NULLS_AT);
    let mut file = CsvFile::new(&columns, literal_nulls, create(&path)?).map_err(at(&path))?;
    let mut total = Total::new(job, delivered);
    let mut push = |charge: &Charge<'_>| {
        total.add(charge);
        file.push(charge, frame)
    };
    month::charges(world, calendar, job.month, job.edition, &mut push).map_err(at(&path))?;
    let bytes = close(file.finish().map_err(at(&path))?, &path, delivered)?;
    let scope = world.billing_account_id.trim_start_matches('/');
    let manifest = serde_json::json!({
        "manifestVersion": "2024-04-01",
        "byteCount": bytes,
        "blobCount": 1,
        "dataRowCount": total.rows,
        "exportConfig": {
            "exportName": EXPORT,
            "resourceId": format!("/{scope}/providers/Microsoft.CostManagement/exports/{EXPORT}"),
            "dataVersion": "1.2-preview",
            "apiVersion": "2023-07-01-preview",
            "type": "FocusCost",
            "timeFrame": if calendar.is_current(job.month) { "MonthToDate" } else { "TheLastMonth" },
            "granularity": "Daily",
        },
        "deliveryConfig": {
            "partitionData": true,
            "dataOverwriteBehavior": "CreateNewReport",
            "fileFormat": "Csv",
            "compressionMode": "gzip",
            "containerUri": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-billing/providers/Microsoft.Storage/storageAccounts/larkfieldbilling",
            "rootFolderPath": "azure",
        },
        "runInfo": {
            "executionType": "Scheduled",
            "submittedTime": delivered.format("%Y-%m-%dT%H:%M:%S.0000000Z").to_string(),
            "runId": run,
            "startDate": format!("{}T00:00:00", job.month.start()),
            "endDate": format!("{last}T00:00:00"),
        },
        "blobs": [{"blobName": format!("azure/{EXPORT}/{days}/{run}/part_0_0001.csv.gz"), "byteCount": bytes, "dataRowCount": total.rows}],
    });
    json_file(&folder.join("manifest.json"), &manifest, delivered)?;
    Ok(total)
}

fn parquet(
    path: &Path,
    world: &World,
    calendar: &Calendar,
    job: Job,
    frame: &Frame<'_>,
    delivered: DateTime<Utc>,
) -> Result<Total, DemoError> {
    let failed = |source| DemoError::Parquet { path: path.to_owned(), source };
    let mut file =
        ParquetFile::new(job.provider, &columns::of(job.provider), create(path)?).map_err(failed)?;
    let mut total = Total::new(job, delivered);
    let mut push = |charge: &Charge<'_>| {
        total.add(charge);
        file.push(charge, frame)
    };
    month::charges(world, calendar, job.month, job.edition, &mut push).map_err(failed)?;
    close(file.finish().map_err(failed)?, path, delivered)?;
    Ok(total)
}

/// When the delivery was complete: some days after the month, or this morning.
fn delivered_at(calendar: &Calendar, job: Job) -> DateTime<Utc> {
    let today = calendar.date(calendar.today_index());
    let after = |days: u64| job.month.end().checked_add_days(Days::new(days)).unwrap_or(today);
    let day = match job.edition {
        Edition::Earlier(days) => calendar.date(calendar.today_index() - days),
        Edition::Preliminary => after(1),
        Edition::Final if calendar.is_current(job.month) => today,
        Edition::Final => after(11),
    };
    let hour = match job.provider {
        Provider::Aws => TimeDelta::minutes(4 * 60 + 12),
        Provider::Azure => TimeDelta::minutes(5 * 60 + 41),
        Provider::Gcp => TimeDelta::minutes(3 * 60 + 3),
    };
    midnight(day.min(today)) + hour
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

fn create(path: &Path) -> Result<BufWriter<File>, DemoError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    Ok(BufWriter::with_capacity(256 * 1024, File::create(path).map_err(at(path))?))
}

/// Flushes the file, dates it, and tells its size.
fn close(out: BufWriter<File>, path: &Path, modified: DateTime<Utc>) -> Result<u64, DemoError> {
    let file = out.into_inner().map_err(|error| at(path)(error.into_error()))?;
    file.set_modified(modified.into()).map_err(at(path))?;
    Ok(file.metadata().map_err(at(path))?.len())
}

pub(super) fn json_file(
    path: &Path,
    value: &serde_json::Value,
    modified: DateTime<Utc>,
) -> Result<(), DemoError> {
    let mut out = create(path)?;
    let text = serde_json::to_string_pretty(value).map_err(|error| at(path)(error.into()))?;
    writeln!(out, "{text}").map_err(at(path))?;
    close(out, path, modified).map(|_| ())
}

pub(super) fn at(path: &Path) -> impl Fn(std::io::Error) -> DemoError {
    let path: PathBuf = path.to_owned();
    move |source| DemoError::Io { path: path.clone(), source }
}

impl Total {
    fn add(&mut self, charge: &Charge<'_>) {
        self.rows += 1;
        money::add(&mut self.billed_cost, charge.billed);
        money::add(&mut self.effective_cost, charge.effective);
        money::add(&mut self.list_cost, charge.list);
        money::add(&mut self.contracted_cost, charge.contracted);
    }

    fn new(job: Job, delivered_at: DateTime<Utc>) -> Self {
        Self {
            provider: job.provider,
            currency: job.provider.terms().currency.to_owned(),
            billing_period: job.month,
            counts: job.edition == Edition::Final,
            delivered_at,
            rows: 0,
            billed_cost: Amount::ZERO,
            effective_cost: Amount::ZERO,
            list_cost: Amount::ZERO,
            contracted_cost: Amount::ZERO,
        }
    }
}
