//! Backups and restores.

use super::*;
use bursar_app::installation::{BackupError, SignedIn};
use bursar_store::{NewTeam, RecordFilter, TokenText};
use std::str::FromStr;

on_both! {
    // claims B4, B9
    async fn a_backup_brings_back_what_was_and_nothing_that_was_taken_away(database) {
        let (data, clock) = (tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let id = workspace(&installation, &RegionName::home(), CANARY).await;
        let (ana, bob) = (account(&installation, "ana").await, account(&installation, "bob").await);
        join(&installation, id, ana, true).await;
        join(&installation, id, bob, false).await;
        let by = installation.enter_as_operator(id).await.unwrap();
        add_source(&by, &format!("s3://{CANARY}/a")).await;
        let (good, revoked) = (token(&by, ana, "good").await, token(&by, ana, "revoked").await);
        let of_bob = token(&by, bob, CANARY).await;
        let team = by.store().add_team(&OPERATOR, NewTeam { name: "web".into(), scope: Scope::All }).await.unwrap();
        by.store().join_team(&OPERATOR, team.id, ana).await.unwrap();
        by.store().join_team(&OPERATOR, team.id, bob).await.unwrap();
        by.store().set_setting(&OPERATOR, "label", Some(CANARY)).await.unwrap();

        let backup = installation.back_up(&by, None).await.unwrap();
        assert!(backup.verified_at.is_some() && backup.last_seq > 0, "{backup:?}");
        let again = installation.verify_backup(&by, backup.id).await.unwrap();
        assert_eq!(again.digest, backup.digest);
        let secrets = [CANARY.as_bytes().to_vec(), good.clone().into_bytes()];
        assert_eq!(holding(&data.path().join("backups"), &secrets), Vec::<PathBuf>::new());
        assert_eq!(files(&data.path().join("backups")).len(), 2, "the backup and its keys");

        // A source goes and another comes, a token is revoked, Bob leaves.
        let source = by.store().sources(Paging::default()).await.unwrap()[0].id;
        by.store().remove_source(&OPERATOR, source).await.unwrap();
        add_source(&by, "s3://later").await;
        let rows = by.store().tokens(Some(ana)).await.unwrap();
        let gone = rows.iter().find(|row| row.name == "revoked").unwrap().id;
        by.store().revoke_token(&OPERATOR, gone).await.unwrap();
        let later = token(&by, ana, "later").await;
        by.store().remove_member(&OPERATOR, bob).await.unwrap();
        by.store().set_setting(&OPERATOR, "label", None).await.unwrap();
        let before = by.store().records(&RecordFilter::default()).await.unwrap();

        let restored = installation.restore(&by, backup.id).await.unwrap();
        let by = installation.enter_as_operator(id).await.unwrap();
        assert_eq!(sources(&by).await, [format!("s3://{CANARY}/a")]);
        assert_eq!(by.store().setting("label").await.unwrap().as_deref(), Some(CANARY));
        assert_eq!(by.store().team_members(team.id).await.unwrap(), [ana], "Bob's place came back");
        assert_eq!((restored.tokens_revoked, restored.left_out), (2, 1), "{restored:?}");
        let works = async |text: &str| installation.store().token(&TokenText::from_str(text).unwrap()).await.is_ok();
        assert!(works(&good).await);
        for text in [&revoked, &of_bob, &later] {
            assert!(!works(text).await, "a token that was taken away is good again");
        }
        // The record lost nothing, and says what was done.
        let after = by.store().records(&RecordFilter::default()).await.unwrap();
        assert_eq!(after.len(), before.len() + 1);
        assert_eq!((after[0].action.as_str(), after[0].target.clone()), ("workspace.restore", backup.id.to_string()));
        assert_eq!(by.store().backups().await.unwrap().len(), 1);
    }

    // claim B9
    async fn a_damaged_backup_changes_nothing(database) {
        let (data, clock) = (tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let id = workspace(&installation, &RegionName::home(), "w").await;
        let by = installation.enter_as_operator(id).await.unwrap();
        for n in 0..300 {
            add_source(&by, &format!("s3://bills/{n}")).await;
        }
        let backup = installation.back_up(&by, None).await.unwrap();
        add_source(&by, "s3://later").await;
        let (before, records) =
            (sources(&by).await, by.store().records(&RecordFilter::default()).await.unwrap().len());
        let whole = std::fs::read(&backup.location).unwrap();
        assert!(whole.len() > 3 * 65_536, "several chunks: {}", whole.len());
        let mut broken = vec![Vec::new(), whole[..whole.len() - 1].to_vec(), [whole.as_slice(), b"x"].concat()];
        // Cut between two chunks, and single bits.
        broken.push(whole[..44 + 2 * (65_536 + 16)].to_vec());
        for at in [0, 20, 44, 70_000, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            broken.push(changed);
        }
        for (n, bytes) in broken.into_iter().enumerate() {
            std::fs::write(&backup.location, bytes).unwrap();
            let error = installation.restore(&by, backup.id).await.unwrap_err();
            assert!(matches!(error, BackupError::Damaged { .. }), "{n}: {error:?}");
            assert!(installation.verify_backup(&by, backup.id).await.is_err(), "{n}");
            assert_eq!(sources(&by).await, before, "{n}");
        }
        assert_eq!(by.store().records(&RecordFilter::default()).await.unwrap().len(), records);
        std::fs::write(&backup.location, &whole).unwrap();
        installation.restore(&by, backup.id).await.unwrap();
        assert_eq!(sources(&by).await.len(), 300);
    }

    // claim B9
    async fn a_restore_is_the_owner_groups(database) {
        let (data, clock) = (tempfile::tempdir().unwrap(), Hands::new());
        let installation = open(data.path(), database, &clock).await;
        let id = workspace(&installation, &RegionName::home(), "w").await;
        let (owner, admin) = (account(&installation, "owner").await, account(&installation, "admin").await);
        join(&installation, id, owner, true).await;
        join(&installation, id, admin, false).await;
        let operator = installation.enter_as_operator(id).await.unwrap();
        let backup = installation.back_up(&operator, None).await.unwrap();
        for (who, may) in [(admin, false), (owner, true)] {
            let by = enter(&installation, id, who).await;
            installation.back_up(&by, None).await.unwrap();
            assert_eq!(installation.restore(&by, backup.id).await.is_ok(), may, "{who}");
        }
        let refused = RecordFilter { account: Some(admin), action: Some("workspace.restore".into()), ..Default::default() };
        let refused = operator.store().records(&refused).await.unwrap();
        assert_eq!(refused.len(), 1, "the refusal is recorded");
    }
}

async fn enter(installation: &Installation, workspace: WorkspaceId, account: AccountId) -> Entered {
    let directory = installation.store().directory();
    let new = bursar_store::NewSession {
        account,
        token_digest: rand_digest(account),
        methods: vec!["password".into()],
        idle_limit: TimeDelta::minutes(30),
        expires_at: installation.clock().now() + TimeDelta::hours(12),
        address: "203.0.113.7".into(),
        agent: "test".into(),
        provider_session: None,
    };
    let session = directory.create_session(&OPERATOR, new).await.unwrap();
    let account = directory.account(account).await.unwrap();
    installation.enter(SignedIn::Session { session, account }, Some(workspace), None).await.unwrap()
}

fn rand_digest(account: AccountId) -> [u8; 32] {
    let half = account.as_u128().to_be_bytes();
    [half, half].concat().try_into().unwrap()
}

// claim B9
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_data_directory_comes_back_from_a_backup_and_the_master_key() {
    let (data, elsewhere, clock) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Hands::new());
    let (id, backup) = {
        let installation = open(data.path(), None, &clock).await;
        let id = workspace(&installation, &RegionName::home(), "w").await;
        let by = installation.enter_as_operator(id).await.unwrap();
        add_source(&by, "s3://bills").await;
        let backup = installation.back_up(&by, Some(elsewhere.path())).await.unwrap();
        installation.close().await.unwrap();
        (id, PathBuf::from(backup.location))
    };
    let fresh = tempfile::tempdir().unwrap();
    let installation = open(fresh.path(), None, &clock).await;
    let (restored, _) = installation.restore_file(&backup).await.unwrap();
    assert_eq!(restored, id);
    let by = installation.enter_as_operator(id).await.unwrap();
    assert_eq!(sources(&by).await, ["s3://bills"]);
    // The record goes on where it was.
    add_source(&by, "s3://more").await;
    let records = by.store().records(&RecordFilter::default()).await.unwrap();
    let numbers: Vec<i64> = records.iter().map(|record| record.seq).rev().collect();
    assert_eq!(numbers, (1..=i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    // Only the file of the workspace lost: the same, into the line that is there.
    installation.close().await.unwrap();
    let installation = open(fresh.path(), None, &clock).await;
    for file in files(&fresh.path().join("workspaces")) {
        std::fs::remove_file(file).unwrap();
    }
    installation.restore_file(&backup).await.unwrap();
    assert_eq!(sources(&installation.enter_as_operator(id).await.unwrap()).await, ["s3://bills"]);
}
