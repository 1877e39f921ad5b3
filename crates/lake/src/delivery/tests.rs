//! What counts as a delivery, in buckets with every layout that exporters leave behind.

use super::*;
use crate::ledger::Ledger;
use crate::location::{Location, Source, SourceError};
use bursar_domain::clock::SystemClock;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::sync::Arc;

/// A bucket with these objects, written in this order.
async fn bucket(name: &str, prefix: &str, files: &[(&str, &str)]) -> Source {
    let store = InMemory::new();
    for (path, content) in files {
        put(&store, path, content).await;
    }
    over(name, prefix, store)
}

async fn put(store: &InMemory, path: &str, content: &str) {
    store.put(&Path::parse(path).unwrap(), content.to_owned().into()).await.unwrap();
}

fn over(name: &str, prefix: &str, store: impl ObjectStore) -> Source {
    let location = Location::parse(&format!("s3://{name}/{prefix}")).unwrap();
    Source::new(
        location,
        Path::parse(prefix).unwrap(),
        Arc::new(store),
        Arc::new(Ledger::new(Arc::new(SystemClock))),
    )
}

async fn found(source: &Source) -> Catalogue {
    discover(source, None, &Limits::default()).await.unwrap_or_else(|error| panic!("{error}"))
}

/// `export dataset period: objects`, a line per delivery.
fn lines(catalogue: &Catalogue) -> Vec<String> {
    let line = |delivery: &Delivery| {
        let period = delivery.billing_period.map_or_else(|| "-".to_owned(), |period| period.to_string());
        let objects: Vec<&str> = delivery.objects.iter().map(|object| object.path.as_str()).collect();
        format!("{} {} {period}: {}", delivery.export, delivery.dataset, objects.join(" "))
    };
    catalogue.deliveries.iter().map(line).collect()
}

fn refusals(catalogue: &Catalogue) -> Vec<String> {
    catalogue.refused.iter().map(ToString::to_string).collect()
}

fn data_export(account: &str, files: &[&str]) -> String {
    serde_json::json!({"account": account, "dataFiles": files, "columns": [{"name": "BilledCost"}]})
        .to_string()
}

fn azure(kind: &str, scope: &str, submitted: &str, days: (&str, &str), blobs: &[(&str, usize)]) -> String {
    let blobs: Vec<_> = blobs
        .iter()
        .map(|(name, size)| serde_json::json!({"blobName": name, "byteCount": size, "dataRowCount": 1}))
        .collect();
    serde_json::json!({
        "manifestVersion": "2024-04-01", "blobCount": blobs.len(), "dataRowCount": blobs.len(), "blobs": blobs,
        "exportConfig": {"exportName": "x", "type": kind, "dataVersion": "1.0", "resourceId": format!("{scope}/providers/Microsoft.CostManagement/exports/x")},
        "runInfo": {"runId": submitted, "submittedTime": submitted, "startDate": days.0, "endDate": days.1},
    })
    .to_string()
}

const JANUARY: (&str, &str) = ("2025-01-01T00:00:00", "2025-01-31T00:00:00");

#[tokio::test]
async fn aws_data_exports_are_what_their_manifests_name() {
    // claim A1
    let root = "cur/daily";
    let source = bucket(
        "bills",
        "cur",
        &[
            ("cur/daily/data/BILLING_PERIOD=2025-01/daily-00001.snappy.parquet", "a"),
            ("cur/daily/data/BILLING_PERIOD=2025-01/daily-00002.snappy.parquet", "b"),
            ("cur/daily/data/BILLING_PERIOD=2025-01/daily-00009.snappy.parquet", "left over of a longer run"),
            ("cur/daily/data/BILLING_PERIOD=2025-02/daily-00001.snappy.parquet", "c"),
            (
                "cur/daily/metadata/BILLING_PERIOD=2025-01/daily-Manifest.json",
                &data_export(
                    "111122223333",
                    &[
                        &format!("s3://bills/{root}/data/BILLING_PERIOD=2025-01/daily-00001.snappy.parquet"),
                        &format!("s3://bills/{root}/data/BILLING_PERIOD=2025-01/daily-00002.snappy.parquet"),
                    ],
                ),
            ),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(
        lines(&catalogue),
        [format!(
            "{root} cost-and-usage 2025-01: {root}/data/BILLING_PERIOD=2025-01/daily-00001.snappy.parquet {root}/data/BILLING_PERIOD=2025-01/daily-00002.snappy.parquet"
        )]
    );
    let january = &catalogue.deliveries[0];
    assert_eq!(january.scope.as_deref(), Some("aws:111122223333"));
    assert_eq!(january.provider.as_deref(), Some("aws"));
    assert_eq!(
        january.partitions,
        [Partition { key: "BILLING_PERIOD".into(), value: Some("2025-01".into()) }]
    );
    assert_eq!(catalogue.superseded.objects, 1);
    // February's manifest has not arrived: its data is not seen, and that is said.
    assert_eq!(
        refusals(&catalogue),
        [format!(
            "export `{root}`, unknown, 2025-02 is not complete: `{root}/data/BILLING_PERIOD=2025-02/daily-00001.snappy.parquet` is there, \
             its manifest `{root}/metadata/BILLING_PERIOD=2025-02/daily-Manifest.json` is not; nothing of it is counted"
        )]
    );
}

#[tokio::test]
async fn a_copied_export_still_finds_its_files() {
    let source = bucket(
        "copy",
        "",
        &[
            ("data/BILLING_PERIOD=2025-01/daily-00001.csv.gz", "a"),
            (
                "metadata/BILLING_PERIOD=2025-01/daily-Manifest.json",
                &data_export(
                    "111122223333",
                    &["s3://bills/cur/daily/data/BILLING_PERIOD=2025-01/daily-00001.csv.gz"],
                ),
            ),
        ],
    )
    .await;
    assert_eq!(
        lines(&found(&source).await),
        [" cost-and-usage 2025-01: data/BILLING_PERIOD=2025-01/daily-00001.csv.gz"]
    );
}

#[tokio::test]
async fn of_runs_kept_side_by_side_the_newest_complete_one_counts() {
    let file = |run: &str| format!("x/daily/data/BILLING_PERIOD=2025-01/{run}/daily-00001.csv.gz");
    let manifest = |run: &str| format!("x/daily/metadata/BILLING_PERIOD=2025-01/{run}/daily-Manifest.json");
    let (first, second, third) =
        ("2025-01-02T00:00:00.000Z-aa", "2025-01-03T00:00:00.000Z-bb", "2025-01-04T00:00:00.000Z-cc");
    let store = InMemory::new();
    // Written in another order than they were made: the moment in the folder decides.
    for run in [second, first] {
        put(&store, &file(run), run).await;
        put(&store, &manifest(run), &data_export("111122223333", &[&format!("s3://b/{}", file(run))])).await;
    }
    let source = over("b", "", store);
    let before = found(&source).await;
    assert_eq!(lines(&before), [format!("x/daily cost-and-usage 2025-01: {}", file(second))]);
    assert!(before.refused.is_empty(), "{:?}", before.refused);
    assert_eq!(before.superseded.objects, 1);

    // A third run: its data first, and the second stays; then its manifest, and it replaces at once.
    let store = InMemory::new();
    for run in [first, second] {
        put(&store, &file(run), run).await;
        put(&store, &manifest(run), &data_export("111122223333", &[&format!("s3://b/{}", file(run))])).await;
    }
    put(&store, &file(third), third).await;
    let half = found(&over("b", "", store.clone())).await;
    assert_eq!(lines(&half), [format!("x/daily cost-and-usage 2025-01: {}", file(second))]);
    assert!(
        refusals(&half)[0].contains(third)
            && refusals(&half)[0].contains("older complete delivery is counted"),
        "{:?}",
        refusals(&half)
    );
    put(&store, &manifest(third), &data_export("111122223333", &[&format!("s3://b/{}", file(third))])).await;
    let whole = found(&over("b", "", store)).await;
    assert_eq!(lines(&whole), [format!("x/daily cost-and-usage 2025-01: {}", file(third))]);
    assert!(whole.refused.is_empty());
    assert!(
        matches!(whole.diff(&half).all.as_slice(), [Change::Replaced { before, after }] if before.id != after.id)
    );
    assert!(whole.diff(&whole).is_empty());
}

#[tokio::test]
async fn a_manifest_that_names_a_missing_object_is_said_and_the_older_run_stays() {
    let run = |name: &str| format!("exports/daily/20250101-20250131/{name}");
    let good = run("202501020000/aa");
    let bad = run("202501030000/bb");
    let source = bucket(
        "c",
        "exports",
        &[
            (&format!("{good}/part_0_0001.csv"), "12345"),
            (
                &format!("{good}/manifest.json"),
                &azure(
                    "ActualCost",
                    "/subscriptions/S",
                    "2025-01-02T00:00:00Z",
                    JANUARY,
                    &[(&format!("{good}/part_0_0001.csv"), 5)],
                ),
            ),
            (&format!("{bad}/part_0_0001.csv"), "12345"),
            (
                &format!("{bad}/manifest.json"),
                &azure(
                    "ActualCost",
                    "/subscriptions/S",
                    "2025-01-03T00:00:00Z",
                    JANUARY,
                    &[(&format!("{bad}/part_0_0001.csv"), 5), (&format!("{bad}/part_1_0001.csv"), 5)],
                ),
            ),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(lines(&catalogue), [format!("exports/daily actual-cost 2025-01: {good}/part_0_0001.csv")]);
    let said = refusals(&catalogue).join("\n");
    assert!(
        said.contains(&format!("`{bad}/part_1_0001.csv`"))
            && said.contains("is not there")
            && said.contains("older complete"),
        "{said}"
    );
}

#[tokio::test]
async fn azure_actual_and_amortized_are_two_datasets_of_one_scope() {
    let mut files = Vec::new();
    for (export, kind) in [("actual", "ActualCost"), ("amortized", "AmortizedCost"), ("prices", "PriceSheet")]
    {
        for (run, submitted) in
            [("202501020000/a", "2025-01-02T00:00:00Z"), ("202501030000/b", "2025-01-03T00:00:00Z")]
        {
            let at = format!("cost/{export}/20250101-20250131/{run}");
            files.push((format!("{at}/part_0_0001.csv"), "12345".to_owned()));
            files.push((
                format!("{at}/manifest.json"),
                azure(kind, "/subscriptions/S", submitted, JANUARY, &[(&format!("{at}/part_0_0001.csv"), 5)]),
            ));
        }
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let catalogue = found(&bucket("c", "", &files).await).await;
    assert_eq!(
        lines(&catalogue),
        [
            "cost/actual actual-cost 2025-01: cost/actual/20250101-20250131/202501030000/b/part_0_0001.csv",
            "cost/amortized amortized-cost 2025-01: cost/amortized/20250101-20250131/202501030000/b/part_0_0001.csv",
        ]
    );
    assert!(catalogue.refused.is_empty(), "{:?}", refusals(&catalogue));
    assert!(
        catalogue.ignored.iter().all(|ignored| ignored.reason.contains("PriceSheet")),
        "{:?}",
        catalogue.ignored
    );
    assert!(!catalogue.ignored.is_empty());
    assert_eq!(catalogue.deliveries[0].rows_declared, Some(1));
}

#[tokio::test]
async fn a_one_time_and_a_daily_export_of_one_month_are_refused_with_both_named() {
    let mut files = Vec::new();
    for (export, days, folder) in [
        ("daily", JANUARY, "20250101-20250131"),
        ("backfill", ("2024-11-01T00:00:00", "2025-01-31T00:00:00"), "20241101-20250131"),
        ("december", ("2024-12-01T00:00:00", "2024-12-31T00:00:00"), "20241201-20241231"),
    ] {
        // Another export of the same scope, other subscription, other month: only real overlaps count.
        let scope = if export == "december" { "/subscriptions/OTHER" } else { "/subscriptions/S" };
        let at = format!("cost/{export}/{folder}/run");
        files.push((format!("{at}/p.csv"), "12345".to_owned()));
        files.push((
            format!("{at}/manifest.json"),
            azure("FocusCost", scope, "2025-01-02T00:00:00Z", days, &[(&format!("{at}/p.csv"), 5)]),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let catalogue = found(&bucket("c", "", &files).await).await;
    assert_eq!(
        lines(&catalogue),
        ["cost/december cost-and-usage 2024-12: cost/december/20241201-20241231/run/p.csv"]
    );
    assert_eq!(catalogue.refused.len(), 1, "{:?}", refusals(&catalogue));
    assert!(catalogue.refused[0].is_overlap());
    let said = refusals(&catalogue).join("\n");
    assert!(
        said.contains("cost/daily") && said.contains("cost/backfill") && said.contains("/subscriptions/s"),
        "{said}"
    );
}

#[tokio::test]
async fn two_aws_exports_of_one_payer_overlap_and_of_two_payers_do_not() {
    let files = |account: &'static str, export: &'static str| {
        let file = format!("{export}/data/BILLING_PERIOD=2025-01/{export}-1.csv.gz");
        [
            (file.clone(), "a".to_owned()),
            (
                format!("{export}/metadata/BILLING_PERIOD=2025-01/{export}-Manifest.json"),
                data_export(account, &[&file]),
            ),
        ]
    };
    let both = |accounts: [&'static str; 2]| {
        let all: Vec<(String, String)> =
            files(accounts[0], "cur2").into_iter().chain(files(accounts[1], "focus")).collect();
        async move {
            let all: Vec<(&str, &str)> =
                all.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
            found(&bucket("b", "", &all).await).await
        }
    };
    let one_payer = both(["111122223333", "111122223333"]).await;
    assert!(one_payer.deliveries.is_empty());
    let said = refusals(&one_payer).join("\n");
    assert!(
        said.contains("`cur2`") && said.contains("`focus`") && said.contains("aws:111122223333"),
        "{said}"
    );
    assert_eq!(both(["111122223333", "444455556666"]).await.deliveries.len(), 2);
}

#[tokio::test]
async fn a_legacy_report_counts_the_assembly_that_the_top_manifest_names() {
    let manifest = |assembly: &str, file: &str| {
        serde_json::json!({
            "assemblyId": assembly, "account": "111122223333", "reportKeys": [file],
            "billingPeriod": {"start": "20250101T000000.000Z", "end": "20250201T000000.000Z"},
        })
        .to_string()
    };
    let at = "cur/report/20250101-20250201";
    let (old, new) = (format!("{at}/aaaa/report-1.csv.gz"), format!("{at}/bbbb/report-1.csv.gz"));
    let source = bucket(
        "b",
        "cur",
        &[
            (&old, "old"),
            (&new, "newer"),
            (&format!("{at}/report-Manifest.json"), &manifest("bbbb", &new)),
            (&format!("{at}/bbbb/report-Manifest.json"), &manifest("bbbb", &new)),
            // The copy of an old run may well be the last file written.
            (&format!("{at}/aaaa/report-Manifest.json"), &manifest("aaaa", &old)),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(lines(&catalogue), [format!("cur/report cost-and-usage 2025-01: {new}")]);
    assert_eq!(catalogue.deliveries[0].dialect, Some(Dialect::AwsCurLegacy));
    assert!(catalogue.refused.is_empty(), "{:?}", refusals(&catalogue));
}

#[tokio::test]
async fn hive_folders_tell_months_and_keep_their_values() {
    // claim A1
    let source = bucket(
        "b",
        "focus",
        &[
            ("focus/provider=aws/billing_period=2025-01/part-00000.parquet", "1"),
            ("focus/provider=aws/billing_period=2025-01/part-00001.parquet", "22"),
            ("focus/provider=aws/billing_period=2025-02/part-00000.parquet", "333"),
            ("focus/provider=gcp/year=2025/month=1/day=03/part-00000.parquet", "4444"),
            ("focus/provider=gcp/year=2025/month=1/day=04/part-00000.parquet", "55555"),
            ("focus/manifest.json", r#"{"rows": 5}"#),
            ("focus/anomalies.json", "[\n]"),
            ("focus/_SUCCESS", "x"),
            ("focus/README.md", "hello"),
            ("focus/notes.docx", "hello"),
            ("focus/old.csv.zip", "PK"),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    let aws = "focus/provider=aws";
    assert_eq!(
        lines(&catalogue),
        [
            format!("{aws} unknown 2025-01: {aws}/billing_period=2025-01/part-00000.parquet {aws}/billing_period=2025-01/part-00001.parquet"),
            format!("{aws} unknown 2025-02: {aws}/billing_period=2025-02/part-00000.parquet"),
            "focus/provider=gcp unknown 2025-01: focus/provider=gcp/year=2025/month=1/day=03/part-00000.parquet \
             focus/provider=gcp/year=2025/month=1/day=04/part-00000.parquet"
                .to_owned(),
        ]
    );
    assert_eq!(catalogue.deliveries[2].provider.as_deref(), Some("gcp"));
    let ignored: Vec<&str> = catalogue.ignored.iter().map(|ignored| ignored.object.as_str()).collect();
    assert_eq!(ignored, ["focus/anomalies.json", "focus/notes.docx", "focus/old.csv.zip"]);
    assert!(catalogue.refused.is_empty());
}

#[tokio::test]
async fn a_plain_folder_has_a_delivery_per_kind_of_name_and_a_file_is_one() {
    let source = bucket(
        "b",
        "x",
        &[
            ("x/aws.csv", "a"),
            ("x/cost-2025-01.csv.gz", "b"),
            ("x/cost-2025-02.csv.gz", "c"),
            ("x/gcp000000000000.json", "{\"billing_account_id\":\"1\",\"cost\":1}\n"),
            ("x/gcp000000000001.json", "{\"billing_account_id\":\"1\",\"cost\":1}\n"),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(
        lines(&catalogue),
        [
            "x/aws unknown -: x/aws.csv",
            "x/cost-2025-01 unknown -: x/cost-2025-01.csv.gz",
            "x/cost-2025-02 unknown -: x/cost-2025-02.csv.gz",
            "x/gcp unknown -: x/gcp000000000000.json x/gcp000000000001.json",
        ]
    );
    let one = bucket("b", "x/aws.csv", &[("x/aws.csv", "a"), ("x/aws.csv.gz", "b")]).await;
    assert_eq!(lines(&found(&one).await), ["x/aws unknown -: x/aws.csv"]);
}

#[tokio::test]
async fn files_and_folders_of_one_name_are_not_one_write() {
    let source = bucket(
        "b",
        "",
        &[("x/aws.csv", "1"), ("x/aws/part-0.csv", "22"), ("x/part-0.csv", "333"), ("x/0001.csv", "4444")],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(catalogue.deliveries.len(), 4, "{:?}", lines(&catalogue));
    assert_eq!(catalogue.superseded.objects, 0);
}

#[tokio::test]
async fn the_same_rows_in_two_formats_are_refused() {
    let source = bucket("b", "", &[("p/part-00000.parquet", "1"), ("p/part-00000.csv.gz", "22")]).await;
    let catalogue = found(&source).await;
    assert!(catalogue.deliveries.is_empty());
    let said = refusals(&catalogue).join("\n");
    assert!(said.contains("part-00000.parquet") && said.contains("part-00000.csv.gz"), "{said}");
}

#[tokio::test]
async fn one_object_in_two_sources_is_refused() {
    let (whole, part) =
        (bucket("b", "", &[("x/a.csv", "1")]).await, bucket("b", "x", &[("x/a.csv", "1")]).await);
    let other = bucket("other", "", &[("x/a.csv", "1")]).await;
    let (mut one, mut two, mut three) = (found(&whole).await, found(&part).await, found(&other).await);
    refuse_overlaps(&mut [(&whole, &mut one), (&part, &mut two), (&other, &mut three)]);
    assert!(one.deliveries.is_empty() && two.deliveries.is_empty());
    assert_eq!(three.deliveries.len(), 1);
    let said = refusals(&one).join("\n");
    assert!(
        said.contains("s3://b/x/a.csv") && said.contains("s3://b/x)") || said.contains("s3://b/x,"),
        "{said}"
    );
}

#[tokio::test]
async fn snapshots_and_runs_replace_each_other_without_manifests_too() {
    let (first, second) = ("8a9b2c3d-1111-4222-8333-444455556666", "00000000-1111-4222-8333-444455556666");
    let source = bucket(
        "b",
        "",
        &[
            (&format!("classic/daily/20250101-20250131/daily_{first}.csv"), "1"),
            ("hive/billing_period=2025-01/run=20250102/p.parquet", "1"),
            ("hive/billing_period=2025-01/run=20250101/p.parquet", "22"),
            (&format!("classic/daily/20250101-20250131/daily_{second}.csv"), "22"),
        ],
    )
    .await;
    // Times of an in-memory store may be equal within a tick: the classic pair then falls to its names.
    let catalogue = found(&source).await;
    assert_eq!(catalogue.deliveries.len(), 2, "{:?}", lines(&catalogue));
    assert_eq!(catalogue.superseded.objects, 2);
    assert!(
        lines(&catalogue).iter().any(|line| line.ends_with("run=20250102/p.parquet")),
        "{:?}",
        lines(&catalogue)
    );
}

#[tokio::test]
async fn manifests_are_bounded_and_cannot_lead_out() {
    let limits = Limits { manifest_bytes: 200, ..Limits::default() };
    let big = data_export("111122223333", &["x".repeat(300).as_str()]);
    let out = data_export("111122223333", &["s3://b/e/data/../../../secret.csv"]);
    let other = data_export("111122223333", &["s3://b/elsewhere/secret.csv"]);
    let source = bucket(
        "b",
        "",
        &[
            ("elsewhere/secret.csv", "x"),
            ("e/data/BILLING_PERIOD=2025-01/e-1.csv", "x"),
            ("e/metadata/BILLING_PERIOD=2025-01/e-Manifest.json", &big),
            ("e/data/BILLING_PERIOD=2025-02/e-1.csv", "x"),
            ("e/metadata/BILLING_PERIOD=2025-02/e-Manifest.json", &out),
            ("e/data/BILLING_PERIOD=2025-03/e-1.csv", "x"),
            ("e/metadata/BILLING_PERIOD=2025-03/e-Manifest.json", &other),
        ],
    )
    .await;
    let catalogue = discover(&source, None, &limits).await.unwrap();
    assert_eq!(lines(&catalogue), ["elsewhere/secret unknown -: elsewhere/secret.csv"]);
    let said = refusals(&catalogue).join("\n");
    for part in ["200 are the most", "outside the source", "names `elsewhere/secret.csv`, which is not there"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn an_empty_or_foreign_place_says_so() {
    let empty = discover(&bucket("b", "none", &[("x/a.csv", "1")]).await, None, &Limits::default()).await;
    assert!(
        matches!(&empty, Err(error @ SourceError::Empty { .. }) if error.to_string().contains("`none`")),
        "{empty:?}"
    );
    let foreign = discover(&bucket("b", "", &[("x/photo.png", "1")]).await, None, &Limits::default()).await;
    assert!(
        matches!(&foreign, Err(error @ SourceError::Empty { .. }) if error.to_string().contains("photo.png")),
        "{foreign:?}"
    );
    let many = Limits { objects: 1, ..Limits::default() };
    let many = discover(&bucket("b", "", &[("a.csv", "1"), ("b.csv", "1")]).await, None, &many).await;
    assert!(matches!(many, Err(SourceError::TooMany { .. })));
}

#[tokio::test]
async fn tens_of_thousands_of_objects_are_sorted_in_one_listing() {
    let store = InMemory::new();
    for n in 0..30_000_u32 {
        put(&store, &format!("p/billing_period=2025-{:02}/part-{n:05}.parquet", n % 12 + 1), "x").await;
    }
    let source = over("b", "p", store);
    let catalogue = found(&source).await;
    assert_eq!(catalogue.deliveries.len(), 12);
    assert_eq!(catalogue.deliveries.iter().map(|delivery| delivery.objects.len()).sum::<usize>(), 30_000);
    assert_eq!(source.store().ledger().totals().all.operations, 1);
}

#[tokio::test]
async fn the_catalogue_survives_its_json() {
    let source = bucket(
        "b",
        "",
        &[("p/billing_period=2025-01/team=__HIVE_DEFAULT_PARTITION__/a.parquet", "1"), ("q.docx", "x")],
    )
    .await;
    let catalogue = found(&source).await;
    let text = serde_json::to_string(&catalogue).unwrap();
    let back: Catalogue = serde_json::from_str(&text).unwrap();
    assert_eq!(back, catalogue);
    assert!(back.diff(&catalogue).is_empty());
}

#[tokio::test]
async fn a_backup_beside_the_export_is_not_added() {
    let rows = |seed: u32| (0..2000_u32).map(|n| format!("{},{}\n", n * seed, seed)).collect::<String>();
    let (january, february, same_size) = (rows(1), rows(2), rows(1).replace("1999,1", "1998,1"));
    let source = bucket(
        "b",
        "",
        &[
            ("exports/billing_period=2025-01/part-0.csv", &january),
            ("exports/billing_period=2025-02/part-0.csv", &february),
            ("backup/2025/part-0.csv", &january),
            ("other/billing_period=2025-01/part-0.csv", &same_size),
            // The same bytes for another month are another month's.
            ("exports/billing_period=2025-03/part-0.csv", &february),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    let left: Vec<&str> =
        catalogue.deliveries.iter().map(|delivery| delivery.objects[0].path.as_str()).collect();
    assert_eq!(
        left,
        [
            "exports/billing_period=2025-02/part-0.csv",
            "exports/billing_period=2025-03/part-0.csv",
            "other/billing_period=2025-01/part-0.csv",
        ]
    );
    let said = refusals(&catalogue).join("\n");
    assert!(catalogue.refused[0].is_overlap() && said.contains("backup/2025/part-0.csv"), "{said}");
}

#[tokio::test]
async fn the_first_delivery_of_an_export_waits_for_its_manifest_too() {
    let check = |path: &'static str, manifest: &'static str| async move {
        let source = bucket("b", "", &[("other.csv", "1"), (path, "22")]).await;
        let catalogue = found(&source).await;
        assert_eq!(lines(&catalogue), ["other unknown -: other.csv"], "{path}");
        let said = refusals(&catalogue).join("\n");
        assert!(
            said.contains(path) && said.contains(manifest) && said.contains("nothing of it is counted"),
            "{said}"
        );
    };
    check(
        "x/daily/data/BILLING_PERIOD=2025-01/daily-00001.csv.gz",
        "x/daily/metadata/BILLING_PERIOD=2025-01/daily-Manifest.json",
    )
    .await;
    check("x/report/20250101-20250201/aaaa/report-1.csv.gz", "x/report/20250101-20250201").await;
    check(
        "x/daily/20250101-20250131/202501020000/r1/part_0_0001.csv",
        "x/daily/20250101-20250131/202501020000/r1/manifest.json",
    )
    .await;
}

#[tokio::test]
async fn an_unreadable_manifest_leaves_the_month_out_and_says_why() {
    let source = bucket(
        "b",
        "",
        &[
            ("e/data/BILLING_PERIOD=2025-01/e-1.csv", "x"),
            ("e/metadata/BILLING_PERIOD=2025-01/e-Manifest.json", r#"{"dataFiles": ["s3://b/e/da"#),
            ("e/data/BILLING_PERIOD=2025-02/e-1.csv", "x"),
            (
                "e/metadata/BILLING_PERIOD=2025-02/e-Manifest.json",
                r#"{"reportKeys": ["e/data/BILLING_PERIOD=2025-02/e-1.csv"], "columns": []}"#,
            ),
        ],
    )
    .await;
    let catalogue = found(&source).await;
    assert_eq!(lines(&catalogue), ["e cost-and-usage 2025-02: e/data/BILLING_PERIOD=2025-02/e-1.csv"]);
    assert_eq!(catalogue.deliveries[0].dialect, None);
    let said = refusals(&catalogue).join("\n");
    assert!(said.contains("2025-01/e-Manifest.json` is refused: it is not JSON"), "{said}");
}

proptest::proptest! {
    #[test]
    fn no_name_and_no_manifest_makes_it_panic(text in ".{0,60}", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = (path::partition(&text), path::month(&text), path::dates(&text), path::moment(&text), path::stem(&text));
        let _ = Location::parse(&text);
        let limits = Limits::default();
        for expected in [false, true] {
            let _ = manifest::read(&bytes, expected, &limits);
            let _ = manifest::read(serde_json::json!({"dataFiles": [text], "billingPeriod": {"start": text}}).to_string().as_bytes(), expected, &limits);
        }
    }

    #[test]
    fn any_set_of_names_is_sorted_without_a_word_lost(names in proptest::collection::vec("(data|metadata|20250101-20250131|x|y=1|BILLING_PERIOD=2025-0[1-3]|run=[12])(/(data|20250101-20250131|x|y=1|BILLING_PERIOD=2025-0[1-3]|[ab])){0,3}/(a|b|a-1|part_0|x-Manifest|manifest)\\.(csv|parquet|json|png|csv\\.gz)", 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
            let source = bucket("b", "", &files).await;
            let Ok(catalogue) = discover(&source, None, &Limits::default()).await else { return };
            // Nothing is counted twice.
            let mut seen: Vec<&str> = catalogue.deliveries.iter().flat_map(|d| &d.objects).map(|o| o.path.as_str()).collect();
            let counted = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), counted);
            // And nothing is dropped without a word.
            let data = |name: &&String| !name.ends_with(".json") && !name.ends_with(".png");
            let all: std::collections::BTreeSet<&String> = names.iter().filter(data).collect();
            // One JSON file by itself is taken at its word.
            let told = seen.iter().filter(|path| !path.ends_with(".json")).count() as u64 + catalogue.superseded.objects;
            assert!(!catalogue.refused.is_empty() || told == all.len() as u64, "{names:?} {:?}", lines(&catalogue));
            // No two deliveries have one place.
            let keys: std::collections::BTreeSet<DeliveryKey> = catalogue.deliveries.iter().map(Delivery::key).collect();
            assert_eq!(keys.len(), catalogue.deliveries.len());
        });
    }
}
