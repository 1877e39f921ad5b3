//! Manifests, read with suspicion.
//!
//! Three writers: AWS Data Exports (`dataFiles`), AWS legacy CUR (`assemblyId`, `reportKeys`), Azure
//! Cost Management (`blobs`). Which one it is shows in the content; other JSON files that are called
//! manifest are no business of ours ([`Reading::NotOurs`]).

use super::{Dataset, Limits};
use bursar_domain::BillingPeriod;
use bursar_focus::dialect::{Dialect, recognise};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

/// Who wrote a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    AwsDataExports,
    AwsLegacy,
    Azure,
}

/// A file that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// Its segments, without scheme and bucket.
    pub segments: Vec<String>,
    /// The bucket, if the name was an address.
    pub bucket: Option<String>,
    /// Its size, if the manifest tells.
    pub size_bytes: Option<u64>,
}

impl Named {
    pub(super) fn path(&self) -> String {
        self.segments.join("/")
    }
}

/// What a manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub writer: Writer,
    pub files: Vec<Named>,
    pub dataset: Dataset,
    pub dialect: Option<Dialect>,
    /// What the columns alone tell.
    pub by_columns: Option<Dialect>,
    pub scope: Option<String>,
    /// First and last day as written; see [`super::path::covers`].
    pub dates: Option<(NaiveDate, NaiveDate)>,
    pub rows: Option<u64>,
    /// When the run was started, by its own word.
    pub written: Option<DateTime<Utc>>,
    /// Which write it is: `assemblyId`, `runId`, `executionId`.
    pub run: Option<String>,
    /// An export of something else than charges: its kind.
    pub no_charges: Option<String>,
}

/// The outcome of reading a file that is called manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    Manifest(Box<Manifest>),
    /// JSON of somebody else.
    NotOurs,
    /// No JSON, or a manifest that breaks the rules.
    Bad(String),
}

/// Names under which writers list their files; the first is the usual one of AWS Data Exports.
const LISTS: &[&str] =
    &["dataFiles", "reportKeys", "data_files", "dataFilePaths", "files", "fileList", "objects", "blobs"];

/// Reads the text of a manifest. `expected` says that it lies where a cloud writes manifests, so that
/// it must be one.
pub(super) fn read(text: &[u8], expected: bool, limits: &Limits) -> Reading {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let value: Value = match serde_json::from_slice(text) {
        Ok(value) => value,
        Err(error) => return Reading::Bad(format!("it is not JSON ({error})")),
    };
    let unlike = || {
        if expected {
            Reading::Bad("it names no files: a list such as `dataFiles` is expected".to_owned())
        } else {
            Reading::NotOurs
        }
    };
    let Some(object) = value.as_object() else { return unlike() };
    let list = |key: &str| object.get(key).and_then(Value::as_array);
    let of_azure = ["exportConfig", "runInfo", "manifestVersion"].iter().any(|key| object.contains_key(*key));
    let (writer, key) = if list("blobs").is_some() && (of_azure || expected) {
        (Writer::Azure, "blobs")
    } else if list("reportKeys").is_some() {
        (Writer::AwsLegacy, "reportKeys")
    } else if list("dataFiles").is_some() {
        (Writer::AwsDataExports, "dataFiles")
    } else {
        match LISTS.iter().find(|key| expected && list(key).is_some()) {
            Some(key) => (Writer::AwsDataExports, *key),
            None => return unlike(),
        }
    };
    let entries = list(key).map(Vec::as_slice).unwrap_or_default();
    if entries.len() > limits.manifest_files {
        return Reading::Bad(format!(
            "it names {} files, and {} are the most that are read",
            entries.len(),
            limits.manifest_files
        ));
    }
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        match named(entry) {
            Ok(file) => files.push(file),
            Err(problem) => return Reading::Bad(problem),
        }
    }
    Reading::Manifest(Box::new(match writer {
        Writer::Azure => azure(&value, files),
        Writer::AwsLegacy | Writer::AwsDataExports => aws(&value, writer, files),
    }))
}

/// One named file: a text, or an object with a name and perhaps a size.
fn named(entry: &Value) -> Result<Named, String> {
    let text = entry
        .as_str()
        .or_else(|| {
            ["blobName", "key", "path", "fileName", "name"]
                .iter()
                .find_map(|key| entry.get(key).and_then(Value::as_str))
        })
        .ok_or_else(|| "it lists a file without a name".to_owned())?;
    let shown = || text.chars().take(200).collect::<String>();
    if text.len() > 2048 || text.chars().any(char::is_control) {
        return Err(format!("it names a file that no store could hold: `{}`", shown()));
    }
    let (bucket, path) = match text.split_once("://") {
        Some((_, rest)) => {
            rest.split_once('/').map(|(bucket, path)| (Some(bucket.to_owned()), path)).unwrap_or((None, ""))
        }
        None => (None, text),
    };
    // A leading slash is how AWS writes a report without a prefix.
    let path = path.strip_prefix('/').unwrap_or(path);
    let segments: Vec<String> =
        path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
    if segments.is_empty() {
        return Err(format!("it names a file without a name: `{}`", shown()));
    }
    if segments.iter().any(|segment| segment == ".." || segment == "." || segment.contains('\\')) {
        return Err(format!("it names a file outside the source: `{}`", shown()));
    }
    let size_bytes =
        ["byteCount", "size", "sizeBytes"].iter().find_map(|key| entry.get(key).and_then(Value::as_u64));
    Ok(Named { segments, bucket, size_bytes })
}

fn aws(value: &Value, writer: Writer, files: Vec<Named>) -> Manifest {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let account =
        text("account").or_else(|| text("accountId")).or_else(|| text("payerAccountId")).map(str::to_owned);
    let account = account
        .filter(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()))
        .or_else(|| account_of_arn(value, 0));
    let period = value.get("billingPeriod");
    let day = |key: &str| period.and_then(|period| period.get(key)).and_then(Value::as_str).and_then(date);
    let columns: Vec<&str> = value
        .get("columns")
        .and_then(Value::as_array)
        .map(|columns| {
            columns
                .iter()
                .filter_map(|c| c.as_str().or_else(|| c.get("name").and_then(Value::as_str)))
                .collect()
        })
        .unwrap_or_default();
    let recognised = recognise(&columns);
    let by_columns = recognised.as_ref().map(|found| found.dialect);
    let dialect = if writer == Writer::AwsLegacy { Some(Dialect::AwsCurLegacy) } else { by_columns };
    let dataset = recognised.map_or(Dataset::CostAndUsage, |found| Dataset::from(found.dataset));
    Manifest {
        writer,
        files,
        dataset,
        dialect,
        by_columns,
        scope: account.map(|id| format!("aws:{id}")),
        dates: day("start").zip(day("end")),
        rows: ["rowCount", "dataRowCount", "totalRows"]
            .iter()
            .find_map(|key| value.get(key).and_then(Value::as_u64)),
        written: ["executionTime", "lastUpdated", "createdAt"]
            .iter()
            .find_map(|key| text(key).and_then(instant)),
        run: ["assemblyId", "executionId"]
            .iter()
            .find_map(|key| text(key))
            .map(|run| run.chars().take(200).collect()),
        no_charges: None,
    }
}

/// The account in the address of the export or report, wherever the manifest holds it.
fn account_of_arn(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) if text.starts_with("arn:aws") => {
            let mut parts = text.split(':').skip(2);
            let service = parts.next()?;
            let account = parts.nth(1)?;
            let fine = matches!(service, "bcm-data-exports" | "cur")
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit());
            fine.then(|| account.to_owned())
        }
        Value::Object(fields) if depth < 4 => {
            fields.values().find_map(|field| account_of_arn(field, depth + 1))
        }
        _ => None,
    }
}

fn azure(value: &Value, files: Vec<Named>) -> Manifest {
    let field =
        |group: &str, key: &str| value.get(group).and_then(|group| group.get(key)).and_then(Value::as_str);
    let kind = field("exportConfig", "type").unwrap_or_default();
    let version = field("exportConfig", "dataVersion").unwrap_or_default();
    let (dataset, dialect, no_charges) = match kind.to_ascii_lowercase().as_str() {
        "focuscost" => (Dataset::CostAndUsage, version.parse().ok().map(Dialect::Focus), None),
        "actualcost" | "usage" => (Dataset::ActualCost, Some(Dialect::AzureActual), None),
        "amortizedcost" => (Dataset::AmortizedCost, Some(Dialect::AzureAmortized), None),
        "" => (Dataset::Unknown, None, None),
        _ => (Dataset::Unknown, None, Some(kind.chars().take(80).collect())),
    };
    let scope = field("exportConfig", "resourceId")
        .map(|id| {
            let lower = id.to_ascii_lowercase();
            let at = lower.find("/providers/microsoft.costmanagement/").unwrap_or(id.len());
            lower.get(..at).unwrap_or(&lower).trim_end_matches('/').to_owned()
        })
        .filter(|scope| !scope.is_empty())
        .map(|scope| format!("azure:{scope}"));
    let day = |key| field("runInfo", key).and_then(date);
    Manifest {
        writer: Writer::Azure,
        files,
        dataset,
        dialect,
        by_columns: None,
        scope,
        dates: day("startDate").zip(day("endDate")),
        rows: value.get("dataRowCount").and_then(Value::as_u64),
        written: field("runInfo", "submittedTime").and_then(instant),
        run: field("runInfo", "runId").map(|run| run.chars().take(200).collect()),
        no_charges,
    }
}

/// A date at the start of a text: `2025-01-01T00:00:00`, `20250101T000000.000Z`, `2025-01-01`.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let head = |n| text.get(..n);
    let read = head(10)
        .and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .or_else(|| head(8).and_then(|text| NaiveDate::parse_from_str(text, "%Y%m%d").ok()))?;
    BillingPeriod::containing(read).map(|_| read)
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).ok().or_else(|| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        match read(text.as_bytes(), false, &Limits::default()) {
            Reading::Manifest(manifest) => *manifest,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn bad(text: &str, says: &str) {
        let limits = Limits { manifest_files: 3, ..Limits::default() };
        match read(text.as_bytes(), true, &limits) {
            Reading::Bad(problem) => assert!(problem.contains(says), "{text}: {problem}"),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn three_writers_are_told_apart() {
        let export = manifest(
            r#"{"exportArn":"arn:aws:bcm-data-exports:us-east-1:111122223333:export/daily-1","dataFiles":["s3://bills/cur/daily/data/BILLING_PERIOD=2025-01/daily-00001.csv.gz"],
                "columns":[{"name":"bill_payer_account_id"},{"name":"line_item_usage_amount"},{"name":"line_item_unblended_cost"},
                {"name":"line_item_line_item_type"},{"name":"product"},{"name":"resource_tags"},{"name":"identity_line_item_id"}]}"#,
        );
        assert_eq!((export.writer, export.dialect), (Writer::AwsDataExports, Some(Dialect::AwsCur2)));
        assert_eq!(export.scope.as_deref(), Some("aws:111122223333"));
        assert_eq!(
            export.files.first().map(Named::path).as_deref(),
            Some("cur/daily/data/BILLING_PERIOD=2025-01/daily-00001.csv.gz")
        );

        let legacy = manifest(
            r#"{"assemblyId":"a-1","account":"111122223333","billingPeriod":{"start":"20250101T000000.000Z","end":"20250201T000000.000Z"},"reportKeys":["/r/20250101-20250201/a-1/r-1.csv.gz"]}"#,
        );
        assert_eq!(
            (legacy.writer, legacy.dialect, legacy.run.as_deref()),
            (Writer::AwsLegacy, Some(Dialect::AwsCurLegacy), Some("a-1"))
        );
        assert_eq!(legacy.dates, date("2025-01-01").zip(date("2025-02-01")));

        let azure = manifest(
            r#"{"manifestVersion":"2024-04-01","byteCount":9,"blobCount":1,"dataRowCount":10,
                "exportConfig":{"exportName":"daily","resourceId":"/subscriptions/ABC/providers/Microsoft.CostManagement/exports/daily","dataVersion":"1.0r2","type":"FocusCost"},
                "runInfo":{"submittedTime":"2025-02-01T15:30:12.1234567Z","runId":"r-1","startDate":"2025-01-01T00:00:00","endDate":"2025-01-31T00:00:00"},
                "blobs":[{"blobName":"x/daily/20250101-20250131/r-1/part_0_0001.csv","byteCount":9,"dataRowCount":10}]}"#,
        );
        assert_eq!(
            (azure.writer, azure.dataset, azure.rows),
            (Writer::Azure, Dataset::CostAndUsage, Some(10))
        );
        assert_eq!(azure.dialect.map(|d| d.to_string()).as_deref(), Some("focus-1.0"));
        assert_eq!(azure.scope.as_deref(), Some("azure:/subscriptions/abc"));
        assert_eq!(azure.files.first().and_then(|file| file.size_bytes), Some(9));
        assert!(azure.written.is_some());
    }

    #[test]
    fn a_manifest_is_not_believed() {
        bad("{", "not JSON");
        bad(r#"{"dataFiles":["a","b","c","d"]}"#, "4 files");
        bad(r#"{"dataFiles":["x/../../etc/passwd"]}"#, "outside");
        bad(r#"{"dataFiles":["s3://bucket/../x.csv"]}"#, "outside");
        bad(r#"{"dataFiles":["a\\..\\b"]}"#, "outside");
        bad(r#"{"dataFiles":[7]}"#, "without a name");
        bad("{\"dataFiles\":[\"a\\u0000b\"]}", "no store");
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        bad(&deep, "not JSON");
        // Where a cloud writes its manifests, one without files is no stranger's.
        bad(r#"{"rows":5}"#, "names no files");
    }

    #[test]
    fn other_peoples_manifests_are_left_alone() {
        for text in [
            r#"{"rows":5,"arguments":{}}"#,
            "[1,2]",
            "7",
            r#"{"blobs":3}"#,
            r#"{"entries":[{"url":"s3://x"}]}"#,
        ] {
            assert_eq!(read(text.as_bytes(), false, &Limits::default()), Reading::NotOurs, "{text}");
        }
    }
}
