//! Regions: nothing of a workspace is anywhere but in its own.

use super::*;
use bursar_app::installation::RegionFolders;
use bursar_keyring::{FileShelf, MasterKey, RegionKeeping};
use bursar_store::{DatabaseConfig, PostgresConfig, StoreError};

/// Every spelling in which an id or a text may lie in bytes.
fn spellings(id: WorkspaceId, canary: &str) -> Vec<Vec<u8>> {
    let number = id.as_u128();
    let hex = format!("{number:032x}");
    let dashed = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    let canary_hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
    vec![
        hex.into_bytes(),
        dashed.into_bytes(),
        number.to_be_bytes().to_vec(),
        canary.as_bytes().to_vec(),
        canary_hex.into_bytes(),
    ]
}

// claim B3
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_workspace_is_outside_its_region() {
    let (home, clock) = (tempfile::tempdir().unwrap(), Hands::new());
    let peer = bursar_testkit::peers::postgres().map(|server| server.database().unwrap());
    let mut names = vec!["eu", "us"];
    if peer.is_some() {
        names.push("ch");
    }
    let mut ring = keyring(home.path(), &clock).await;
    let mut config = InstallationConfig::embedded(home.path());
    config
        .store
        .regions
        .insert(RegionName::home(), DatabaseConfig::Embedded { data: home.path().to_owned() });
    let mut regions = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let region: RegionName = name.parse().unwrap();
        let key = format!("{:02x}{}", n + 16, &MASTER[2..]);
        let keeping = RegionKeeping {
            provider: Arc::new(MasterKey::from_text(&key, "test").unwrap()),
            previous: Vec::new(),
            shelf: Arc::new(FileShelf::open(&folder.path().join("keys")).unwrap()),
        };
        ring.add_region(region.clone(), keeping).await.unwrap();
        let database = match (&peer, *name) {
            (Some(peer), "ch") => DatabaseConfig::Postgres(PostgresConfig {
                url: peer.app_url().into(),
                owner_url: Some(peer.owner_url().into()),
                max_connections: 4,
            }),
            _ => DatabaseConfig::Embedded { data: folder.path().to_owned() },
        };
        config.store.regions.insert(region.clone(), database);
        config
            .regions
            .insert(region.clone(), RegionFolders { data: folder.path().to_owned(), backups: None });
        regions.push((region, folder));
    }
    let environment: bursar_app::Environment = Arc::new(|_: &str| None);
    let installation =
        Installation::open(config, Arc::new(ring), clock.clone(), Arc::new(SystemRandomness), environment)
            .await
            .unwrap();
    let elsewhere: RegionName = "mars".parse().unwrap();
    let new = NewWorkspace { region: elsewhere, name: "w".into(), id: None };
    assert!(matches!(
        installation.store().create_workspace(&OPERATOR, new).await,
        Err(StoreError::Region(_))
    ));

    let mut made = Vec::new();
    for (region, _) in &regions {
        let canary = format!("{CANARY}{region}");
        let id = workspace(&installation, region, &canary).await;
        let ana = account(&installation, &format!("ana.{region}")).await;
        join(&installation, id, ana, true).await;
        let by = installation.enter_as_operator(id).await.unwrap();
        let bills = tempfile::tempdir().unwrap();
        let csv = "BilledCost,EffectiveCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,ServiceName\n\
            1,1,EUR,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,S\n";
        std::fs::write(bills.path().join("october.csv"), csv).unwrap();
        add_source(&by, bills.path().to_str().unwrap()).await;
        token(&by, ana, &canary).await;
        by.store().set_setting(&OPERATOR, "label", Some(&canary)).await.unwrap();
        let opened = installation.whole_workspace(id).await.unwrap();
        opened.refresh().await;
        let backup = installation.back_up(&by, None).await.unwrap();
        installation.restore(&by, backup.id).await.unwrap();
        made.push((region.clone(), id, canary));
    }
    let search = |region: &RegionName, texts: &[Vec<u8>]| -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for (other, folder) in &regions {
            if other != region {
                found.extend(holding(folder.path(), texts).iter().map(|path| path.display().to_string()));
            }
        }
        // The directory's line is in an encrypted file: not even the id shows.
        found.extend(holding(home.path(), texts).iter().map(|path| path.display().to_string()));
        if let (Some(peer), true) = (&peer, region.as_str() != "ch") {
            let dump = peer.dump().unwrap().to_lowercase();
            found.extend(
                dump.lines()
                    .filter(|line| {
                        texts.iter().any(|text| {
                            line.as_bytes().windows(text.len()).any(|window| window == text.as_slice())
                        })
                    })
                    .map(str::to_owned),
            );
        }
        found
    };
    for (region, id, canary) in &made {
        assert_eq!(search(region, &spellings(*id, canary)), Vec::<String>::new(), "{region}");
        // In its own region the id shows, and nothing else.
        let (_, folder) = regions.iter().find(|(name, _)| name == region).unwrap();
        assert!(
            !holding(folder.path(), &spellings(*id, canary)[..1]).is_empty(),
            "{region}: nothing was looked at"
        );
        assert_eq!(holding(folder.path(), &spellings(*id, canary)[3..]), Vec::<PathBuf>::new(), "{region}");
    }
    // Closed, with the logs folded in, it is the same.
    installation.close().await.unwrap();
    for (region, id, canary) in &made {
        assert_eq!(search(region, &spellings(*id, canary)), Vec::<String>::new(), "{region}, closed");
    }
}
