//! Sealed keys in PostgreSQL: the shelf's contract, and an installation without a directory.

use crate::stage::{Hands, OPERATOR, Random};
use bursar_domain::RegionName;
use bursar_domain::id::WorkspaceId;
use bursar_keyring::{KeyShelf, Keyring, MasterKey, RegionKeeping, ShelfName};
use bursar_store::{NewSource, NewWorkspace, PostgresConfig, PostgresKeyShelf, Store, StoreConfig};
use bursar_testkit::peers::{PostgresDatabase, postgres};
use std::sync::Arc;

async fn shelf(database: &PostgresDatabase) -> PostgresKeyShelf {
    let config = PostgresConfig {
        url: database.app_url().into(),
        owner_url: Some(database.owner_url().into()),
        max_connections: 10,
    };
    PostgresKeyShelf::open(&config, Arc::new(Hands::start())).await.unwrap()
}

#[tokio::test]
async fn a_put_names_what_it_replaces() {
    let Some(server) = postgres() else { return };
    let database = server.database().unwrap();
    let shelf = shelf(&database).await;
    let name = ShelfName::Workspace(WorkspaceId::from_u128(1));
    assert_eq!(shelf.get(&name).await.unwrap(), None);
    assert!(!shelf.put(&name, Some(b"old"), b"new").await.unwrap(), "there is none to replace");
    let tries = futures::future::join_all((0..6_u8).map(|n| {
        let (shelf, name) = (&shelf, &name);
        async move { shelf.put(name, None, &[n]).await.unwrap() }
    }))
    .await;
    assert_eq!(tries.iter().filter(|put| **put).count(), 1);
    let found = shelf.get(&name).await.unwrap().unwrap();
    assert!(!shelf.put(&name, Some(b"other"), b"x").await.unwrap());
    assert!(shelf.put(&name, Some(&found), b"second").await.unwrap());
    assert_eq!(shelf.get(&name).await.unwrap().as_deref(), Some(b"second".as_slice()));
    assert!(shelf.put(&ShelfName::Installation, None, b"i").await.unwrap());
    assert!(shelf.put(&ShelfName::Installation, None, &vec![0; 2 << 20]).await.is_err(), "too large");
    assert_eq!(shelf.list().await.unwrap(), [ShelfName::Installation, name.clone()]);
    assert!(shelf.remove(&name).await.unwrap());
    assert!(!shelf.remove(&name).await.unwrap());
    assert_eq!(shelf.get(&name).await.unwrap(), None);
    let unseen = database.sql_as(PostgresDatabase::APP, "SELECT count(*) FROM sealed_keys").unwrap();
    assert_eq!(unseen.trim(), "0", "a transaction that does not say what it reaches");
}

#[tokio::test]
async fn an_installation_lives_in_postgresql_alone() {
    let Some(server) = postgres() else { return };
    let database = server.database().unwrap();
    let open = async || {
        let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";
        let master = MasterKey::from_text(secret, "the test").unwrap();
        let home = RegionKeeping {
            provider: Arc::new(master),
            previous: Vec::new(),
            shelf: Arc::new(shelf(&database).await),
        };
        let clock = Arc::new(Hands::start());
        let keyring = Keyring::assemble(home, Arc::new(Random), clock.clone()).await.unwrap();
        let config = StoreConfig::postgres(database.app_url().into(), Some(database.owner_url().into()));
        Store::open(config, Arc::new(keyring), clock, Arc::new(Random)).await.unwrap()
    };
    let store = open().await;
    let new = NewWorkspace { region: RegionName::home(), name: "one".into(), id: None };
    let workspace = store.create_workspace(&OPERATOR, new).await.unwrap().id;
    let access = store.operator(workspace).await.unwrap();
    let source = NewSource { location: "s3://bills".into(), dialect: None, id: None };
    store.workspace(&access).await.unwrap().add_source(&OPERATOR, source).await.unwrap();
    // Another replica, which shares nothing but the database and the master key.
    let replica = open().await;
    let access = replica.operator(workspace).await.unwrap();
    let sources = replica.workspace(&access).await.unwrap().sources(Default::default()).await.unwrap();
    assert_eq!(sources[0].location, "s3://bills");
}
