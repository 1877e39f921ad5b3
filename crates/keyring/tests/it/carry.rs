//! Sealed keys away from their shelf.

use crate::{KEY, OTHER, open};
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{FieldPlace, KeyringError, SealedKeys, SystemRandomness};

const ONE: WorkspaceId = WorkspaceId::from_u128(1);
const PLACE: FieldPlace<'static> = FieldPlace { table: "t", row: "r", column: "c" };

#[tokio::test]
async fn keys_beside_a_backup_open_with_the_master_key_and_come_back() {
    // claim B9
    let (data, fresh, foreign) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keyring = open(data.path(), KEY).await;
    let keys = keyring.create(ONE, &RegionName::home()).await.unwrap();
    let field = keys.seal_field(PLACE, b"41 EUR", &SystemRandomness).unwrap();
    let carried = keyring.sealed_keys(ONE).await.unwrap();
    let bytes = carried.to_bytes().unwrap();
    let carried = SealedKeys::from_bytes("x", &bytes).unwrap();
    assert!(
        carried.names().workspace_key.starts_with("wk_") && carried.names().master_key.starts_with("mk_")
    );
    assert!(matches!(keyring.adopt(&carried).await, Err(KeyringError::Exists(ONE))));

    // The shelf is lost, the master key is not.
    let again = open(fresh.path(), KEY).await;
    let opened = again.open_sealed(&carried).await.unwrap();
    assert_eq!(opened.open_field(PLACE, &field).unwrap().as_slice(), b"41 EUR");
    assert!(matches!(again.workspace(ONE).await, Err(KeyringError::NotFound(_))), "looking changes nothing");
    again.adopt(&carried).await.unwrap();
    assert_eq!(again.workspace(ONE).await.unwrap().open_field(PLACE, &field).unwrap().as_slice(), b"41 EUR");

    // Somebody else's master key opens nothing, and neither does a changed document.
    let stranger = open(foreign.path(), OTHER).await;
    assert!(matches!(stranger.open_sealed(&carried).await, Err(KeyringError::WrongMasterKey { .. })));
    let text = String::from_utf8(bytes).unwrap();
    let other = text.replace(&ONE.to_string(), &WorkspaceId::from_u128(2).to_string());
    let moved = SealedKeys::from_bytes("x", other.as_bytes()).unwrap();
    assert!(again.open_sealed(&moved).await.is_err());
    for bad in [
        "",
        "{}",
        &text.replace("bursar-backup-keys", "x"),
        &text.replace("\"version\": 1,\n  \"workspace\"", "\"version\": 9,\n  \"workspace\""),
    ] {
        assert!(SealedKeys::from_bytes("x", bad.as_bytes()).is_err(), "{bad}");
    }
}
