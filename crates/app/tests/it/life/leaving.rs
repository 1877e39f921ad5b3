//! Deletion and export.

use super::*;
use bursar_app::installation::{CertificateFile, Grace, LeavingError};
use bursar_domain::id::CertificateId;
use bursar_store::WorkspaceState;
use serde_json::Value as Json;
use std::io::Read;

/// A workspace with something everywhere, and a backup here and elsewhere.
async fn full(installation: &Installation, elsewhere: &Path) -> (WorkspaceId, AccountId) {
    let id = workspace(installation, &RegionName::home(), CANARY).await;
    let ana = account(installation, "ana").await;
    join(installation, id, ana, true).await;
    let by = installation.enter_as_operator(id).await.unwrap();
    add_source(&by, &format!("s3://{CANARY}/a")).await;
    token(&by, ana, CANARY).await;
    installation.back_up(&by, None).await.unwrap();
    installation.back_up(&by, Some(elsewhere)).await.unwrap();
    (id, ana)
}

async fn checked(installation: &Installation, id: CertificateId) -> Json {
    let CertificateFile { text, signature, .. } = installation.certificate(id).await.unwrap();
    let key = installation.certificate_key().await.unwrap();
    CertificateFile::check(&text, &signature, &key).unwrap();
    let changed = text.replace("disabled_at", "disabled_At");
    assert!(CertificateFile::check(&changed, &signature, &key).is_err());
    openssl(&text, &signature, &key.to_pem());
    serde_json::from_str(&text).unwrap()
}

/// The same with a program that we did not write, where it is installed.
fn openssl(text: &str, signature: &[u8], key: &str) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (key, signature) = (write("key.pem", key.as_bytes()), write("sig", signature));
    for (name, bytes, good) in [("text", text.to_owned(), true), ("other", format!("{text} "), false)] {
        let text = write(name, bytes.as_bytes());
        let mut command = std::process::Command::new("openssl");
        command.args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"]).arg(&key);
        let Ok(run) = command.arg("-in").arg(text).arg("-sigfile").arg(&signature).output() else { return };
        assert_eq!(run.status.success(), good, "{}", String::from_utf8_lossy(&run.stderr));
    }
}

on_both! {
    // claim B10: killed after each of its steps, it comes to the same end
    async fn a_deletion_goes_on_wherever_it_was_interrupted(database) {
        let (data, clock) = (tempfile::tempdir().unwrap(), Hands::new());
        let mut interruptions = 0;
        for steps in 1_usize.. {
            let elsewhere = tempfile::tempdir().unwrap();
            let installation = open(data.path(), database, &clock).await;
            let id = workspace(&installation, &RegionName::home(), &format!("{CANARY} {steps}")).await;
            let by = installation.enter_as_operator(id).await.unwrap();
            add_source(&by, "s3://bills").await;
            installation.back_up(&by, None).await.unwrap();
            installation.back_up(&by, Some(elsewhere.path())).await.unwrap();
            let name = format!("{CANARY} {steps}");
            installation.ask_workspace_deletion(&by, &name, Grace::AtOnce).await.unwrap();
            drop(by);
            let first = installation.sweep_deletions(steps).await.unwrap();
            // The process ends here; another one finds what it left.
            drop(installation);
            let installation = open(data.path(), database, &clock).await;
            let mut certificates = first.certificates.clone();
            certificates.extend(installation.sweep_deletions(usize::MAX).await.unwrap().certificates);
            assert_eq!(certificates.len(), 1, "after {steps} steps: {first:?}");
            let text = checked(&installation, certificates[0]).await;
            assert_eq!(text["subject"]["workspace"]["id"], id.to_string());
            assert!(text["irrecoverable_at"].is_string() && text["keys_destroyed"]["workspace_key"].is_string(), "{text}");
            assert_eq!(text["backups_removed"].as_array().unwrap().len(), 2, "{text}");
            assert_eq!(installation.store().directory().workspace(id).await.unwrap().state, WorkspaceState::Deleted);
            assert!(installation.store().keyring().workspace(id).await.is_err());
            assert_eq!(holding(data.path(), &[id.to_string().into_bytes()]), Vec::<PathBuf>::new());
            assert_eq!(files(elsewhere.path()), Vec::<PathBuf>::new());
            assert_eq!(installation.sweep_deletions(usize::MAX).await.unwrap().certificates, []);
            installation.close().await.unwrap();
            if !first.certificates.is_empty() {
                break;
            }
            interruptions += 1;
        }
        assert!(interruptions > 8, "{interruptions}");
    }

    // claim B10
    async fn the_time_of_grace_is_thirty_days_at_most_and_can_be_skipped(database) {
        let (data, elsewhere, clock) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let (id, ana) = full(&installation, elsewhere.path()).await;
        let by = installation.enter_as_operator(id).await.unwrap();
        let wrong = installation.ask_workspace_deletion(&by, "another", Grace::AtOnce).await;
        assert!(matches!(wrong, Err(LeavingError::Confirm(_))), "{wrong:?}");
        let due = installation.ask_workspace_deletion(&by, CANARY, Grace::Days(400)).await.unwrap();
        assert_eq!(due, clock.now() + TimeDelta::days(30));
        assert_eq!(installation.sweep_deletions(usize::MAX).await.unwrap().certificates, []);
        let stranger = account(&installation, "mallory").await;
        let session = bursar_domain::id::SessionId::from_u128(1);
        let actor = |id| Actor::new(bursar_domain::Principal::Account { id, session }, None);
        assert!(installation.keep_workspace(&actor(stranger), id).await.is_err());
        installation.keep_workspace(&actor(ana), id).await.unwrap();
        let by = installation.enter_as_operator(id).await.unwrap();
        assert_eq!(sources(&by).await.len(), 1);
        installation.ask_workspace_deletion(&by, CANARY, Grace::default()).await.unwrap();
        clock.forward(TimeDelta::days(31));
        assert_eq!(installation.sweep_deletions(usize::MAX).await.unwrap().certificates.len(), 1);
        assert!(installation.keep_workspace(&OPERATOR, id).await.is_err(), "too late");
        assert!(installation.restore_file(Path::new("/nowhere")).await.is_err());
        if let Some(database) = database {
            let dump = database.dump().unwrap();
            assert!(!dump.contains(CANARY));
            let count = database.superuser("SELECT count(*) FROM workspace_records").unwrap();
            assert_eq!(count.trim(), "0");
        }
    }

    // claim B10
    async fn an_account_is_deleted_unless_it_is_the_last_owner(database) {
        let (data, clock) = (tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let id = workspace(&installation, &RegionName::home(), "w").await;
        let (ana, bob) = (account(&installation, "ana").await, account(&installation, CANARY).await);
        join(&installation, id, ana, true).await;
        join(&installation, id, bob, false).await;
        let by = installation.enter_as_operator(id).await.unwrap();
        let text = token(&by, bob, "b").await;
        let last = installation.ask_account_deletion(&OPERATOR, ana, Some(Grace::AtOnce)).await;
        assert!(matches!(last, Err(LeavingError::LastOwner(ref of)) if of == &[id]), "{last:?}");
        installation.ask_account_deletion(&OPERATOR, bob, Some(Grace::default())).await.unwrap();
        assert_eq!(installation.sweep_deletions(usize::MAX).await.unwrap().certificates, []);
        installation.ask_account_deletion(&OPERATOR, bob, Some(Grace::AtOnce)).await.unwrap();
        let swept = installation.sweep_deletions(usize::MAX).await.unwrap();
        let certificate = checked(&installation, swept.certificates[0]).await;
        assert_eq!(certificate["subject"]["account"]["id"], bob.to_string());
        assert!(installation.store().directory().account(bob).await.is_err());
        assert!(installation.store().token(&text.parse().unwrap()).await.is_err());
        assert_eq!(by.store().members(Paging::default()).await.unwrap().len(), 1);
    }

    // claim B10
    async fn everything_goes_along_but_secrets(database) {
        let (data, elsewhere, clock) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let (id, ana) = full(&installation, elsewhere.path()).await;
        let by = installation.enter_as_operator(id).await.unwrap();
        let secret = token(&by, ana, "second").await;
        let sealed = by.store().keys().fernet().seal(b"cloud-secret", clock.now()).unwrap();
        by.store().set_credential(&OPERATOR, "aws", &sealed).await.unwrap();
        let bytes = installation.export(&by, Vec::new()).await.unwrap();
        let (mut zip, mut all) = (zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap(), String::new());
        let mut rows = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            all.push_str(&text);
            text.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok()).collect::<Vec<_>>()
        };
        assert_eq!(rows("sources.jsonl")[0]["location"], format!("s3://{CANARY}/a"));
        assert_eq!(rows("members.jsonl")[0]["email"], "ana@example.com");
        assert_eq!(rows("workspace.jsonl")[0]["name"], CANARY);
        assert_eq!(rows("api_tokens.jsonl").len(), 2);
        assert_eq!(rows("credentials.jsonl")[0]["name"], "aws");
        assert_eq!(rows("backups.jsonl").len(), 2);
        assert!(rows("workspace_records.jsonl").iter().any(|record| record["action"] == "workspace.export"));
        assert!(rows("README.txt").is_empty() && all.contains("jsonl"));
        for hidden in [secret.as_str(), &sealed, "digest", "_lookup", "_sealed", "cloud-secret"] {
            assert!(!all.contains(hidden), "{hidden}");
        }
    }
}
