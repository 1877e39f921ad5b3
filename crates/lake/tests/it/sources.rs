//! One export in a folder and in three object stores that we did not write: the same deliveries,
//! and nothing but reads.

use bursar_domain::clock::SystemClock;
use bursar_lake::delivery::{Catalogue, Limits, Refusal, discover, refuse_overlaps};
use bursar_lake::ledger::{Changed, Ledger, Operation};
use bursar_lake::location::{Fault, Location, Source, SourceError};
use bursar_testkit::peers::{self, ObjectStorePeer, Request};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

const NOTHING: &BTreeMap<&str, String> = &BTreeMap::new();

fn ledger() -> Arc<Ledger> {
    Arc::new(Ledger::new(Arc::new(SystemClock)))
}

fn open(text: &str, environment: &BTreeMap<&str, String>) -> Result<Source, SourceError> {
    Location::parse(text)?.open(&|key| environment.get(key).cloned(), ledger())
}

async fn look(source: &Source) -> Result<Catalogue, SourceError> {
    discover(source, None, &Limits::default()).await
}

fn write(root: &Path, path: &str, content: &[u8]) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Two AWS months, one of them half-written; two Azure runs; Hive folders; a readme.
fn exports(root: &Path) {
    for month in ["2025-01", "2025-02", "2025-03"] {
        for part in ["00001", "00002"] {
            write(
                root,
                &format!("cur/daily/data/BILLING_PERIOD={month}/daily-{part}.csv.gz"),
                month.as_bytes(),
            );
        }
        if month == "2025-03" {
            continue;
        }
        let files: Vec<String> = ["00001", "00002"]
            .iter()
            .map(|part| {
                format!("s3://original/reports/cur/daily/data/BILLING_PERIOD={month}/daily-{part}.csv.gz")
            })
            .collect();
        let manifest = serde_json::json!({"account": "111122223333", "dataFiles": files, "columns": []});
        let name = format!("cur/daily/metadata/BILLING_PERIOD={month}/daily-Manifest.json");
        write(root, &name, manifest.to_string().as_bytes());
    }
    for (run, day) in [("202501020000/r1", "02"), ("202501030000/r2", "03")] {
        let at = format!("azure/focus/20250101-20250131/{run}");
        write(root, &format!("{at}/part_0_0001.csv"), format!("day {day}").as_bytes());
        let manifest = serde_json::json!({
            "manifestVersion": "2024-04-01", "dataRowCount": 1,
            "blobs": [{"blobName": format!("{at}/part_0_0001.csv"), "byteCount": 6, "dataRowCount": 1}],
            "exportConfig": {"type": "FocusCost", "dataVersion": "1.0",
                             "resourceId": "/subscriptions/S/providers/Microsoft.CostManagement/exports/focus"},
            "runInfo": {"submittedTime": format!("2025-01-{day}T00:00:00Z"), "runId": run,
                        "startDate": "2025-01-01T00:00:00", "endDate": "2025-01-31T00:00:00"},
        });
        write(root, &format!("{at}/manifest.json"), manifest.to_string().as_bytes());
    }
    for n in 0..3 {
        write(root, &format!("hive/provider=gcp/billing_period=2025-01/part-{n:05}.parquet"), &[b'x'; 100]);
    }
    write(root, "hive/README.md", b"hello");
}

/// What is the same in every store: no ids, tags or times.
fn essence(catalogue: &Catalogue, prefix: &str) -> Vec<String> {
    let bare = |path: &str| path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/').to_owned();
    let mut lines: Vec<String> = catalogue
        .deliveries
        .iter()
        .map(|d| {
            let objects: Vec<String> =
                d.objects.iter().map(|o| format!("{}:{}", bare(&o.path), o.size_bytes)).collect();
            format!(
                "{} {} {:?} {:?} {}",
                bare(&d.export),
                d.dataset,
                d.billing_period,
                d.scope,
                objects.join(" ")
            )
        })
        .collect();
    let below = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    let said = |refusal: &Refusal| {
        let text = refusal.to_string();
        if below.is_empty() { text } else { text.replace(&below, "") }
    };
    lines.extend(catalogue.refused.iter().map(said));
    lines
}

fn in_folder() -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    exports(folder.path());
    let source = open(folder.path().to_str().unwrap(), NOTHING).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let catalogue = runtime.block_on(look(&source)).unwrap();
    let essence = essence(&catalogue, "");
    assert_eq!(catalogue.deliveries.len(), 4, "{essence:#?}");
    assert_eq!(catalogue.refused.len(), 1, "{essence:#?}");
    (folder, essence)
}

fn check(peer: &ObjectStorePeer) {
    let (folder, expected) = in_folder();
    peer.make("bills").unwrap();
    peer.upload(folder.path(), "bills", "some/prefix").unwrap();
    let before = peer.requests().len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let source = open(&peer.location("bills", "some/prefix"), &peer.environment()).unwrap();
        let catalogue = look(&source).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(essence(&catalogue, "some/prefix"), expected);
        // Another look finds the same content.
        assert!(look(&source).await.unwrap().diff(&catalogue).is_empty());

        // Every object reads as listed, whole and in ranges.
        let objects: Vec<_> = catalogue.deliveries.iter().flat_map(|delivery| &delivery.objects).collect();
        let pinned = source.store().pinned(objects.iter().copied());
        for object in &objects {
            let path = ObjectPath::parse(&object.path).unwrap();
            let bytes = pinned.get(&path).await.unwrap_or_else(|e| panic!("{e}")).bytes().await.unwrap();
            assert_eq!(bytes.len() as u64, object.size_bytes);
            let ranges = pinned.get_ranges(&path, &[0..2, 3..5]).await.unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(ranges, [bytes.slice(0..2), bytes.slice(3..5)]);
        }
        // A write ends on our side.
        let victim = ObjectPath::parse(&objects[0].path).unwrap();
        assert!(pinned.put(&victim, "x".into()).await.is_err());
        assert!(pinned.delete(&victim).await.is_err());
        assert!(pinned.copy(&victim, &ObjectPath::from("y")).await.is_err());
        assert!(pinned.rename(&victim, &ObjectPath::from("y")).await.is_err());
        assert!(pinned.put_multipart(&victim).await.is_err());
        let totals = source.store().ledger().totals();
        assert_eq!(totals.by_operation[&Operation::Refused].operations, 5);

        // An object that changed since the listing is noticed, whichever way it is read.
        let path = catalogue.deliveries[0].objects[0].path.clone();
        peer.put("bills", &path, b"another content").unwrap();
        let path = ObjectPath::parse(&path).unwrap();
        for error in [pinned.get(&path).await.err(), pinned.get_range(&path, 0..2).await.err()] {
            let error = error.unwrap_or_else(|| panic!("a changed object was read"));
            assert!(Changed::find(&error).is_some(), "{error}");
            let told = SourceError::of(source.location(), "get", Some(path.as_ref()), &error);
            assert_eq!(told.fault(), Fault::Unreachable);
            assert!(told.to_string().contains("changed while it was read; run again"), "{told}");
        }

        // What is not there says so.
        let none = open(&peer.location("bills", "no/such/prefix"), &peer.environment()).unwrap();
        assert!(matches!(look(&none).await, Err(SourceError::Empty { .. })));
        let none = open(&peer.location("no-such-bucket", ""), &peer.environment()).unwrap();
        let error = look(&none).await.err().unwrap();
        // fake-gcs-server answers 500 where Google answers 404.
        let emulated = error.to_string().contains("500: no bucket named");
        assert!(emulated || matches!(error, SourceError::NotFound { .. }), "{error:?}");
        assert!(error.to_string().contains("no-such-bucket"), "{error}");
    });
    // claim A1, A4: the store's own log.
    let seen: Vec<Request> = peer.requests().split_off(before);
    let put_by_this_test = |request: &Request| matches!(request.method.as_str(), "PUT" | "POST");
    let others: Vec<&Request> = seen.iter().filter(|request| !request.is_read()).collect();
    assert!(seen.len() > 20, "{seen:#?}");
    // The one change above is the test's own.
    assert!(others.len() == 1 && put_by_this_test(others[0]), "{others:#?}");
}

#[test]
fn s3_gives_the_same_deliveries_and_sees_only_reads() {
    // claim A1
    if let Some(peer) = peers::moto() {
        check(&peer);
    }
}

#[test]
fn azure_gives_the_same_deliveries_and_sees_only_reads() {
    // claim A1
    if let Some(peer) = peers::azurite() {
        check(&peer);
    }
}

#[test]
fn gcs_gives_the_same_deliveries_and_sees_only_reads() {
    // claim A1
    if let Some(peer) = peers::fake_gcs() {
        check(&peer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_more_than_one_page_is_listed_whole() {
    let Some(peer) = peers::moto() else { return };
    peer.make("big").unwrap();
    for n in 0..1010 {
        peer.put("big", &format!("x/billing_period=2025-{:02}/part-{n:05}.parquet", n % 12 + 1), b"x")
            .unwrap();
    }
    let source = open("s3://big/x", &peer.environment()).unwrap();
    let catalogue = look(&source).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(catalogue.deliveries.len(), 12);
    assert_eq!(catalogue.deliveries.iter().map(|delivery| delivery.objects.len()).sum::<usize>(), 1010);
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_enough() {
    // claim A1
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    exports(folder.path());
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let mut all = vec![folder.path().to_path_buf()];
    let mut at = 0;
    while at < all.len() {
        if all[at].is_dir() {
            all.extend(fs::read_dir(&all[at]).unwrap().map(|entry| entry.unwrap().path()));
        }
        at += 1;
    }
    for path in &all {
        set(path, if path.is_dir() { 0o555 } else { 0o444 });
    }
    let names = |folder: &Path| -> Vec<_> { walk(folder) };
    let before = names(folder.path());
    let source = open(folder.path().to_str().unwrap(), NOTHING).unwrap();
    let catalogue = look(&source).await.unwrap();
    assert_eq!(catalogue.deliveries.len(), 4);
    let object = &catalogue.deliveries[0].objects[0];
    let path = ObjectPath::parse(&object.path).unwrap();
    let pinned = source.store().pinned([object]);
    assert_eq!(pinned.get(&path).await.unwrap().bytes().await.unwrap().len() as u64, object.size_bytes);
    assert!(source.store().put(&path, "x".into()).await.is_err());
    assert_eq!(names(folder.path()), before);
    for path in &all {
        set(path, if path.is_dir() { 0o755 } else { 0o644 });
    }
}

/// Every path below a folder, with its size and time.
fn walk(folder: &Path) -> Vec<(std::path::PathBuf, u64, std::time::SystemTime)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::metadata(&path).unwrap();
        found.push((path.clone(), metadata.len(), metadata.modified().unwrap()));
        if metadata.is_dir() {
            found.extend(walk(&path));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_local_file_that_changes_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", &[b'x'; 3_000_000]);
    let source = open(folder.path().to_str().unwrap(), NOTHING).unwrap();
    let catalogue = look(&source).await.unwrap();
    let object = &catalogue.deliveries[0].objects[0];
    let path = ObjectPath::parse(&object.path).unwrap();
    let pinned = source.store().pinned([object]);
    // Between two chunks of one read.
    let mut stream = pinned.get(&path).await.unwrap().into_stream();
    let first = futures::StreamExt::next(&mut stream).await.unwrap().unwrap();
    assert!(!first.is_empty());
    write(folder.path(), "a.csv", &[b'y'; 3_000_000]);
    let rest: Vec<_> = futures::StreamExt::collect(stream).await;
    let error =
        rest.into_iter().find_map(Result::err).unwrap_or_else(|| panic!("the change was not noticed"));
    assert!(Changed::find(&error).is_some(), "{error}");
    // And before the next one.
    for error in [
        pinned.get(&path).await.map(|_| ()).err(),
        pinned.get_ranges(&path, &[0..4, 8..9]).await.map(|_| ()).err(),
    ] {
        assert!(error.as_ref().is_some_and(|error| Changed::find(error).is_some()), "{error:?}");
    }
    fs::remove_file(folder.path().join("a.csv")).unwrap();
    assert!(pinned.get(&path).await.is_err_and(|error| Changed::find(&error).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_is_read_in_parts_of_one_content() {
    let Some(peer) = peers::fake_gcs() else { return };
    peer.make("big").unwrap();
    let content: Vec<u8> = (0..70_000_000_u32).map(|n| (n / 7) as u8).collect();
    peer.put("big", "a.csv", &content).unwrap();
    let source = open("gs://big", &peer.environment()).unwrap();
    let catalogue = look(&source).await.unwrap_or_else(|error| panic!("{error}"));
    let pinned = source.store().pinned(&catalogue.deliveries[0].objects);
    let before = source.store().ledger().totals().all;
    let read = pinned.get(&ObjectPath::from("a.csv")).await.unwrap().bytes().await.unwrap();
    assert!(read == content, "another content");
    let counted = source.store().ledger().totals().all.since(before);
    assert_eq!((counted.operations, counted.bytes), (3, 70_000_000));
    // Overwritten between two parts: an error, not a mixture.
    let mut stream = pinned.get(&ObjectPath::from("a.csv")).await.unwrap().into_stream();
    assert!(futures::StreamExt::next(&mut stream).await.unwrap().is_ok());
    peer.put("big", "a.csv", &content[1..]).unwrap();
    let rest: Vec<_> = futures::StreamExt::collect(stream).await;
    assert!(rest.into_iter().any(|chunk| chunk.is_err_and(|error| Changed::find(&error).is_some())));
}

#[tokio::test]
async fn odd_names_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let names =
        ["a b.csv", "ü.csv", "50%.csv", "x%20y.csv", "a#b.csv", "team=R%26D/q?.csv", "-.csv", "[1].csv"];
    for name in names {
        write(folder.path(), name, name.as_bytes());
    }
    let source = open(folder.path().to_str().unwrap(), NOTHING).unwrap();
    let catalogue = look(&source).await.unwrap_or_else(|error| panic!("{error}"));
    let mut read = Vec::new();
    for object in catalogue.deliveries.iter().flat_map(|delivery| &delivery.objects) {
        let path = ObjectPath::parse(&object.path).unwrap();
        let bytes = source.store().get(&path).await.unwrap_or_else(|e| panic!("{e}")).bytes().await.unwrap();
        read.push(String::from_utf8(bytes.to_vec()).unwrap());
    }
    read.sort();
    let mut expected = names.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_file_and_its_folder_as_two_sources_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.csv", b"x");
    let one = open(folder.path().to_str().unwrap(), NOTHING).unwrap();
    let two = open(folder.path().join("a.csv").to_str().unwrap(), NOTHING).unwrap();
    let (mut first, mut second) = (look(&one).await.unwrap(), look(&two).await.unwrap());
    assert_eq!(second.deliveries.len(), 1);
    refuse_overlaps(&mut [(&one, &mut first), (&two, &mut second)]);
    assert!(first.deliveries.is_empty() && second.deliveries.is_empty());
    assert!(first.refused[0].is_overlap() && first.refused == second.refused);
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open(folder.path().join("none").to_str().unwrap(), NOTHING).err().unwrap();
    assert!(matches!(missing, SourceError::NotFound { .. }), "{missing:?}");
    assert_eq!(missing.fault(), Fault::BadInput);
    let empty = look(&open(folder.path().to_str().unwrap(), NOTHING).unwrap()).await.err().unwrap();
    assert!(matches!(empty, SourceError::Empty { .. }), "{empty:?}");

    // Nobody listens there.
    let nobody = bursar_testkit::free_port().unwrap();
    let environment: BTreeMap<&str, String> = [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{nobody}")),
        ("AWS_ACCESS_KEY_ID", "a".into()),
        ("AWS_SECRET_ACCESS_KEY", "TOPSECRET".into()),
    ]
    .into();
    let error = look(&open("s3://bills/x", &environment).unwrap()).await.err().unwrap();
    assert_eq!(error.fault(), Fault::Unreachable, "{error:?}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{nobody}")), "{error}");
    assert!(!format!("{error:?} {error}").contains("TOPSECRET"));

    // Plain http across a network is asked for in so many words.
    let environment: BTreeMap<&str, String> = [("AWS_ENDPOINT_URL", "http://192.0.2.1:9000".into())].into();
    let error = open("s3://bills/x", &environment).err().unwrap();
    assert!(
        matches!(&error, SourceError::Settings { .. }) && error.to_string().contains("AWS_ALLOW_HTTP=true"),
        "{error}"
    );
    let error = open("az://bills/x", NOTHING).err().unwrap();
    assert!(error.to_string().contains("AZURE_STORAGE_ACCOUNT_NAME"), "{error}");
}

#[tokio::test]
async fn a_wrong_azure_key_is_a_refusal() {
    let Some(peer) = peers::azurite() else { return };
    peer.make("bills").unwrap();
    let mut environment = peer.environment();
    environment.insert("AZURE_STORAGE_ACCOUNT_KEY", "VE9QU0VDUkVU".into());
    let error = look(&open("az://bills", &environment).unwrap()).await.err().unwrap();
    assert_eq!(error.fault(), Fault::Refused, "{error:?}");
    assert!(error.to_string().contains("Storage Blob Data Reader"), "{error}");
    assert!(!format!("{error:?}").contains("VE9QU0VDUkVU"));
}
