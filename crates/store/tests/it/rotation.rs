//! Keys that are rotated while the store is open.

use crate::stage::{Kind, OPERATOR, Stage, on_both};
use bursar_keyring::Owner;
use bursar_store::{NewSource, NewTeam, StoreError};

on_both! {
    // claim B8
    async fn what_older_keys_sealed_is_sealed_anew(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let source = |location: &str| NewSource { location: location.into(), dialect: None, id: None };
        store.add_source(&OPERATOR, source("s3://one")).await.unwrap();
        let scope = bursar_domain::Scope::All;
        store.add_team(&OPERATOR, NewTeam { name: "web".into(), scope }).await.unwrap();
        store.set_setting(&OPERATOR, "currency", Some("EUR")).await.unwrap();
        assert_eq!(stage.store.reseal_workspace(workspace).await.unwrap(), 0, "nothing is outdated");

        // Another process rotates and writes; this one notices, opens the keys again and reads on.
        let other = stage.reopen().await.unwrap();
        let keyring = other.keyring();
        keyring.rotate_workspace(workspace).await.unwrap();
        let access = other.operator(workspace).await.unwrap();
        other.workspace(&access).await.unwrap().add_source(&OPERATOR, source("s3://two")).await.unwrap();
        let first = store.sources(Default::default()).await;
        assert!(matches!(first, Err(StoreError::KeysRotated)), "{first:?}");
        assert_eq!(store.sources(Default::default()).await.unwrap().len(), 2);

        // The source, the team, the setting, and the event that told of the source.
        assert_eq!(stage.store.reseal_workspace(workspace).await.unwrap(), 4);
        assert_eq!(stage.store.reseal_workspace(workspace).await.unwrap(), 0);
        let again = stage.open(workspace).await;
        assert_eq!(again.setting("currency").await.unwrap().as_deref(), Some("EUR"));
        let mut locations: Vec<String> =
            again.sources(Default::default()).await.unwrap().into_iter().map(|source| source.location).collect();
        locations.sort();
        assert_eq!(locations, ["s3://one", "s3://two"]);

        keyring.rotate_installation().await.unwrap();
        assert!(stage.store.reseal_directory().await.unwrap() >= 4);
        assert_eq!(stage.store.reseal_directory().await.unwrap(), 0);
        assert_eq!(stage.store.directory().account(ana).await.unwrap().display_name, "ana");
    }
}

#[tokio::test]
async fn a_file_gets_its_next_key_while_others_wait() {
    // claim B8
    let stage = Stage::new(Kind::Embedded).await.unwrap();
    let (workspace, other) = (stage.workspace("one").await, stage.workspace("two").await);
    let source = NewSource { location: "s3://one".into(), dialect: None, id: None };
    stage.open(workspace).await.add_source(&OPERATOR, source).await.unwrap();
    assert!(!stage.store.rekey_workspace(workspace).await.unwrap(), "no key is pending");

    let owner = Owner::Workspace(workspace);
    stage.keyring.begin_database_rotation(owner).await.unwrap();
    let reads = async {
        let access = stage.store.operator(workspace).await.unwrap();
        stage.store.workspace(&access).await.unwrap().sources(Default::default()).await
    };
    let (rekeyed, _, _) = tokio::join!(stage.store.rekey_workspace(workspace), reads, stage.open(other));
    assert!(rekeyed.unwrap());
    // A crash here: the keyring still has both, and the file opens with the pending one.
    stage.store.close_workspace(workspace).await.unwrap();
    assert_eq!(stage.open(workspace).await.sources(Default::default()).await.unwrap().len(), 1);
    assert!(stage.store.rekey_workspace(workspace).await.unwrap(), "done again, nothing happens");
    stage.keyring.finish_database_rotation(owner).await.unwrap();
    stage.store.close_workspace(workspace).await.unwrap();
    assert_eq!(stage.open(workspace).await.sources(Default::default()).await.unwrap().len(), 1);
    let store = stage.reopen().await.unwrap();
    let access = store.operator(workspace).await.unwrap();
    assert_eq!(store.workspace(&access).await.unwrap().sources(Default::default()).await.unwrap().len(), 1);
}
