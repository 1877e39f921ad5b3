//! Rotation while serving: killed at every write, carried on, and everything opens at every moment.

use async_trait::async_trait;
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_domain::region::RegionName;
use bursar_keyring::{
    FieldPlace, FileShelf, KeyShelf, Keyring, KeyringError, MasterKey, MasterKeyConfig, OpenError, Owner,
    Purpose, RegionKeeping, ShelfError, ShelfName, SystemRandomness, WorkspaceKeys,
};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

const PLACE: FieldPlace<'_> = FieldPlace { table: "members", row: "acc_1", column: "email" };
const OLD: &str = "1111111111111111111111111111111111111111111111111111111111111112";
const NEW: &str = "2222222222222222222222222222222222222222222222222222222222222221";

fn workspaces() -> [WorkspaceId; 5] {
    [1, 2, 3, 4, 5].map(WorkspaceId::from_u128)
}

/// A shelf in memory that can die: at the n-th write, before or after it took effect.
#[derive(Default)]
struct Mortal {
    items: Mutex<BTreeMap<ShelfName, Vec<u8>>>,
    /// Writes until death; `usize::MAX` for a long life.
    left: AtomicUsize,
    writes: AtomicUsize,
    dies_after_writing: bool,
}

impl Mortal {
    fn immortal(items: BTreeMap<ShelfName, Vec<u8>>) -> Arc<Self> {
        Self::dying(items, usize::MAX, false)
    }

    fn dying(items: BTreeMap<ShelfName, Vec<u8>>, left: usize, dies_after_writing: bool) -> Arc<Self> {
        let (left, writes) = (AtomicUsize::new(left), AtomicUsize::new(0));
        Arc::new(Self { items: Mutex::new(items), left, writes, dies_after_writing })
    }

    fn items(&self) -> BTreeMap<ShelfName, Vec<u8>> {
        self.items.lock().unwrap().clone()
    }

    fn write<T>(&self, act: impl FnOnce(&mut BTreeMap<ShelfName, Vec<u8>>) -> T) -> Result<T, ShelfError> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let dead = |_| ShelfError { place: "the shelf".into(), source: "killed".into() };
        let alive = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            if left == usize::MAX { Some(left) } else { left.checked_sub(1) }
        });
        let last = alive == Ok(1) && self.dies_after_writing;
        alive.map_err(dead)?;
        let outcome = act(&mut self.items.lock().unwrap());
        if last { Err(dead(0)) } else { Ok(outcome) }
    }
}

#[async_trait]
impl KeyShelf for Mortal {
    async fn get(&self, name: &ShelfName) -> Result<Option<Vec<u8>>, ShelfError> {
        tokio::task::yield_now().await;
        Ok(self.items.lock().unwrap().get(name).cloned())
    }

    async fn put(&self, name: &ShelfName, before: Option<&[u8]>, after: &[u8]) -> Result<bool, ShelfError> {
        tokio::task::yield_now().await;
        self.write(|items| {
            let same = items.get(name).map(Vec::as_slice) == before;
            if same {
                items.insert(name.clone(), after.to_vec());
            }
            same
        })
    }

    async fn remove(&self, name: &ShelfName) -> Result<bool, ShelfError> {
        self.write(|items| items.remove(name).is_some())
    }

    async fn list(&self) -> Result<Vec<ShelfName>, ShelfError> {
        Ok(self.items.lock().unwrap().keys().cloned().collect())
    }

    fn place(&self, name: &ShelfName) -> String {
        name.to_string()
    }
}

fn keeping(shelf: &Arc<Mortal>, master: &str, previous: Option<&str>) -> RegionKeeping {
    let key = |text: &str| Arc::new(MasterKey::from_text(text, "test").unwrap()) as Arc<_>;
    RegionKeeping {
        provider: key(master),
        previous: previous.map(key).into_iter().collect(),
        shelf: Arc::clone(shelf) as Arc<dyn KeyShelf>,
    }
}

async fn keyring(shelf: &Arc<Mortal>, master: &str, previous: Option<&str>) -> Result<Keyring, KeyringError> {
    let keeping = keeping(shelf, master, previous);
    Keyring::assemble(keeping, Arc::new(SystemRandomness), Arc::new(SystemClock)).await
}

/// What was sealed with the keys of a workspace at some time.
struct Written {
    field: Vec<u8>,
    derived: Vec<u8>,
    token: String,
    stream: Vec<u8>,
    lookup: [u8; 32],
    database: [u8; 32],
}

fn write(keys: &WorkspaceKeys) -> Written {
    let mut stream = keys.seal_stream("backup", Vec::new(), &SystemRandomness).unwrap();
    stream.write_all(b"all of it").unwrap();
    #[expect(clippy::disallowed_methods, reason = "any time will do")]
    let now = chrono::Utc::now();
    Written {
        field: keys.seal_field(PLACE, b"ada@example.com", &SystemRandomness).unwrap(),
        derived: keys.seal("history", b"October", &SystemRandomness).unwrap(),
        token: keys.fernet().seal(b"AKIA", now).unwrap(),
        stream: stream.finish().unwrap(),
        lookup: keys.lookup("members.email", "ada@example.com"),
        database: *keys.database_key().expose(),
    }
}

fn read(keys: &WorkspaceKeys, written: &Written) {
    assert_eq!(keys.open_field(PLACE, &written.field).unwrap().as_slice(), b"ada@example.com");
    assert_eq!(keys.unseal("history", &written.derived).unwrap().as_slice(), b"October");
    #[expect(clippy::disallowed_methods, reason = "any time will do")]
    let now = chrono::Utc::now();
    assert_eq!(keys.fernet().open(&written.token, now).unwrap().as_slice(), b"AKIA");
    let mut plain = Vec::new();
    keys.open_stream("backup", written.stream.as_slice()).unwrap().read_to_end(&mut plain).unwrap();
    assert_eq!(plain, b"all of it");
    assert_eq!(keys.lookup("members.email", "ada@example.com"), written.lookup);
    assert_eq!(*keys.database_key().expose(), written.database);
}

/// Five workspaces and the installation under the old master key, and what each has written.
async fn installation() -> (BTreeMap<ShelfName, Vec<u8>>, Vec<Written>) {
    let shelf = Mortal::immortal(BTreeMap::new());
    let keyring = keyring(&shelf, OLD, None).await.unwrap();
    keyring.installation().await.unwrap();
    let mut written = Vec::new();
    for workspace in workspaces() {
        written.push(write(&keyring.create(workspace, &RegionName::home()).await.unwrap()));
    }
    (shelf.items(), written)
}

async fn everything_opens(keyring: &Keyring, written: &[Written]) {
    for (workspace, written) in workspaces().into_iter().zip(written) {
        read(&keyring.workspace(workspace).await.unwrap(), written);
    }
    keyring.installation().await.unwrap();
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Master,
    Region,
    Workspace,
}

async fn rotate(keyring: &Keyring, what: What) -> Result<(), KeyringError> {
    match what {
        What::Master => keyring.rotate_master().await.map(drop),
        What::Region => keyring.rotate_region(&RegionName::home(), &|_, _| {}).await.map(drop),
        What::Workspace => keyring.rotate_workspace(workspaces()[0]).await.map(drop),
    }
}

#[tokio::test]
async fn a_rotation_killed_at_any_write_is_carried_on() {
    // claim B8
    let (items, written) = installation().await;
    for what in [What::Master, What::Region, What::Workspace] {
        let whole = Mortal::immortal(items.clone());
        rotate(&keyring(&whole, NEW, Some(OLD)).await.unwrap(), what).await.unwrap();
        let writes = whole.writes.load(Ordering::Relaxed);
        assert!(writes >= if what == What::Region { 8 } else { 1 }, "{what:?} writes {writes} times");
        for (at, after) in (0..writes).flat_map(|at| [(at, false), (at + 1, true)]) {
            let shelf = Mortal::dying(items.clone(), at, after);
            let died = rotate(&keyring(&shelf, NEW, Some(OLD)).await.unwrap(), what).await;
            assert!(matches!(died, Err(KeyringError::Shelf(_))), "{what:?} {at}: {died:?}");
            // What lies there opens as it is …
            let shelf = Mortal::immortal(shelf.items());
            everything_opens(&keyring(&shelf, NEW, Some(OLD)).await.unwrap(), &written).await;
            // … and after the same rotation has been carried on …
            let again = keyring(&shelf, NEW, Some(OLD)).await.unwrap();
            rotate(&again, what).await.unwrap();
            everything_opens(&again, &written).await;
            let status = again.status().await.unwrap();
            assert_eq!(status.regions[0].waiting_for_region, 0);
            assert_eq!(status.regions[0].keys.len(), 1, "no version stays that nothing refers to");
            // … with the new master key alone.
            if what == What::Master {
                assert_eq!(status.regions[0].waiting_for_master, 0);
                everything_opens(&keyring(&shelf, NEW, None).await.unwrap(), &written).await;
                let error = keyring(&shelf, OLD, None).await.unwrap_err();
                assert!(matches!(error, KeyringError::WrongMasterKey { .. }), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn an_interrupted_region_rotation_is_resumed_and_not_begun_anew() {
    let (items, _) = installation().await;
    let shelf = Mortal::dying(items, 3, false);
    let home = RegionName::home();
    let dying = keyring(&shelf, OLD, None).await.unwrap();
    assert!(dying.rotate_region(&home, &|_, _| {}).await.is_err());
    let shelf = Mortal::immortal(shelf.items());
    let keyring = keyring(&shelf, OLD, None).await.unwrap();
    let before = keyring.status().await.unwrap();
    assert_eq!((before.regions[0].keys.len(), before.regions[0].waiting_for_region), (2, 4));
    let done = keyring.rotate_region(&home, &|_, _| {}).await.unwrap();
    assert_eq!((done.version, done.resumed, done.resealed), (2, true, 4));
    let done = keyring.rotate_region(&home, &|_, _| {}).await.unwrap();
    assert_eq!((done.version, done.resumed, done.resealed), (3, false, 6));
}

#[tokio::test]
async fn who_serves_meanwhile_notices_nothing() {
    // claim B8: one keyring rotates everything over and over, others read, make and change.
    let (items, written) = installation().await;
    let shelf = Mortal::immortal(items);
    let serving = keyring(&shelf, OLD, None).await.unwrap();
    let rotating = keyring(&shelf, OLD, None).await.unwrap();
    let rotate = async {
        for _ in 0..4 {
            rotating.rotate_region(&RegionName::home(), &|_, _| {}).await.unwrap();
            for workspace in workspaces() {
                rotating.rotate_workspace(workspace).await.unwrap();
            }
        }
    };
    let serve = async {
        for n in 100..140 {
            everything_opens(&serving, &written).await;
            let workspace = WorkspaceId::from_u128(n);
            let made = write(&serving.create(workspace, &RegionName::home()).await.unwrap());
            read(&serving.workspace(workspace).await.unwrap(), &made);
        }
    };
    tokio::join!(rotate, serve);
    let fresh = keyring(&shelf, OLD, None).await.unwrap();
    everything_opens(&fresh, &written).await;
    for n in 100..140 {
        fresh.workspace(WorkspaceId::from_u128(n)).await.unwrap();
    }
}

#[tokio::test]
async fn a_damaged_workspace_keeps_the_old_version_and_holds_up_nobody() {
    let (mut items, written) = installation().await;
    let [broken, ..] = workspaces();
    let good = items.insert(ShelfName::Workspace(broken), b"{".to_vec()).unwrap();
    let shelf = Mortal::immortal(items);
    let keyring = keyring(&shelf, OLD, None).await.unwrap();
    let error = keyring.rotate_region(&RegionName::home(), &|_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains(&broken.to_string()), "{error}");
    for (workspace, written) in workspaces().into_iter().zip(&written).skip(1) {
        read(&keyring.workspace(workspace).await.unwrap(), written);
    }
    // Restored from a backup, it still opens, and then the rotation ends.
    assert!(shelf.put(&ShelfName::Workspace(broken), Some(b"{"), &good).await.unwrap());
    everything_opens(&keyring, &written).await;
    let done = keyring.rotate_region(&RegionName::home(), &|_, _| {}).await.unwrap();
    assert_eq!((done.version, done.resumed, done.resealed), (2, true, 1));
    everything_opens(&keyring, &written).await;
}

#[tokio::test]
async fn two_who_rotate_at_once_do_each_others_work() {
    let (items, written) = installation().await;
    let shelf = Mortal::immortal(items);
    let (one, two) = (keyring(&shelf, OLD, None).await.unwrap(), keyring(&shelf, OLD, None).await.unwrap());
    let home = RegionName::home();
    let (a, b) = tokio::join!(one.rotate_region(&home, &|_, _| {}), two.rotate_region(&home, &|_, _| {}));
    a.unwrap();
    b.unwrap();
    everything_opens(&keyring(&shelf, OLD, None).await.unwrap(), &written).await;
}

#[tokio::test]
async fn a_rotated_workspace_seals_anew_and_old_versions_go_when_told() {
    // claim B8
    let (items, written) = installation().await;
    let shelf = Mortal::immortal(items);
    let keyring = keyring(&shelf, OLD, None).await.unwrap();
    let workspace = workspaces()[0];
    let before = keyring.workspace(workspace).await.unwrap();
    let done = keyring.rotate_workspace(workspace).await.unwrap();
    assert_eq!(done.version, 2);
    assert!(done.renewed.contains(&Purpose::Field) && !done.renewed.contains(&Purpose::Database));
    let keys = keyring.workspace(workspace).await.unwrap();
    read(&keys, &written[0]);
    assert!(keys.field_is_outdated(&written[0].field));
    let field = keys.seal_field(PLACE, b"ada", &SystemRandomness).unwrap();
    assert!(!keys.field_is_outdated(&field));
    assert_ne!(keys.rollup_key().expose(), before.rollup_key().expose());
    assert_eq!(keys.rollup_keys().map(|(version, _)| version).collect::<Vec<_>>(), [2, 1]);
    // Who still has the keys of before is told what to do, not that the data is damaged.
    assert_eq!(before.open_field(PLACE, &field), Err(OpenError::UnknownVersion(2)));

    let owner = Owner::Workspace(workspace);
    assert_eq!(keyring.retire(owner, Purpose::Field, 9).await.unwrap(), 1, "the newest stays");
    assert_eq!(keyring.retire(owner, Purpose::Field, 9).await.unwrap(), 0);
    assert_eq!(keyring.retire(owner, Purpose::Lookup, 9).await.unwrap(), 0);
    let keys = keyring.workspace(workspace).await.unwrap();
    assert_eq!(keys.open_field(PLACE, &written[0].field), Err(OpenError::UnknownVersion(1)));
    assert!(keys.open_field(PLACE, &field).is_ok());
    let status = keyring.owner_status(owner).await.unwrap().unwrap();
    let kept: Vec<_> =
        status.data_keys.iter().filter(|key| key.kept_for_older_data).map(|k| k.purpose).collect();
    assert_eq!(kept, [Purpose::Rollup, Purpose::Credential, Purpose::Backup, Purpose::Record]);
}

#[tokio::test]
async fn a_database_key_changes_in_two_phases() {
    // claim B8: a crash between the two leaves both keys.
    let (items, written) = installation().await;
    let owner = Owner::Workspace(workspaces()[0]);
    let shelf = Mortal::immortal(items);
    let keyring = keyring(&shelf, OLD, None).await.unwrap();
    let open = || async { keyring.workspace(workspaces()[0]).await.unwrap() };
    let database = |keys: &WorkspaceKeys| *keys.database_key().expose();
    let pending = |keys: &WorkspaceKeys| keys.pending_database_key().map(|key| *key.expose());

    keyring.begin_database_rotation(owner).await.unwrap();
    let first = open().await;
    assert_eq!(database(&first), written[0].database);
    let next = pending(&first).unwrap();
    assert_ne!(next, written[0].database);
    keyring.begin_database_rotation(owner).await.unwrap();
    assert_eq!(pending(&open().await), Some(next), "beginning twice keeps the first");
    keyring.abandon_database_rotation(owner).await.unwrap();
    assert_eq!((database(&open().await), pending(&open().await)), (written[0].database, None));

    keyring.begin_database_rotation(owner).await.unwrap();
    let next = pending(&open().await).unwrap();
    // Other rotations in between lose neither.
    keyring.rotate_workspace(workspaces()[0]).await.unwrap();
    keyring.rotate_region(&RegionName::home(), &|_, _| {}).await.unwrap();
    assert_eq!((database(&open().await), pending(&open().await)), (written[0].database, Some(next)));
    for _ in 0..2 {
        keyring.finish_database_rotation(owner).await.unwrap();
        assert_eq!((database(&open().await), pending(&open().await)), (next, None));
    }
    keyring.begin_database_rotation(Owner::Installation).await.unwrap();
    let installation = keyring.installation().await.unwrap();
    assert!(installation.pending_database_key().is_some());
}

#[tokio::test]
async fn a_region_has_its_own_master_key_and_shelf() {
    // claim B3
    let (home, abroad) = (Mortal::immortal(BTreeMap::new()), Mortal::immortal(BTreeMap::new()));
    let eu: RegionName = "eu".parse().unwrap();
    let open = || async {
        let mut keyring = keyring(&home, OLD, None).await.unwrap();
        keyring.add_region(eu.clone(), keeping(&abroad, NEW, None)).await.unwrap();
        keyring
    };
    let keyring = open().await;
    let [one, two, ..] = workspaces();
    let written = write(&keyring.create(one, &eu).await.unwrap());
    keyring.create(two, &RegionName::home()).await.unwrap();
    assert!(matches!(keyring.create(one, &RegionName::home()).await, Err(KeyringError::Exists(_))));
    let unknown = keyring.create(WorkspaceId::from_u128(9), &"us".parse().unwrap()).await;
    assert!(matches!(unknown, Err(KeyringError::NoRegion(_))));
    // Nothing of the one is on the other's shelf.
    let names = |shelf: &Mortal| shelf.items().into_keys().map(|name| name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(&abroad), ["region-eu".to_owned(), one.to_string()]);
    assert_eq!(names(&home), ["region-home".to_owned(), two.to_string()]);
    let again = open().await;
    read(&again.workspace(one).await.unwrap(), &written);
    assert_eq!(again.region_of(one).await.unwrap(), eu);
    // A record that was copied to another region's shelf is refused.
    let item = ShelfName::Workspace(one);
    let bytes = abroad.items().remove(&item).unwrap();
    home.put(&item, None, &bytes).await.unwrap();
    abroad.remove(&item).await.unwrap();
    let error = again.workspace(one).await.unwrap_err();
    assert!(matches!(error, KeyringError::Misplaced { .. }), "{error}");
    // And with the region's name changed inside, the seal still knows.
    let text = String::from_utf8(bytes.clone()).unwrap().replace("\"eu\"", "\"home\"");
    home.put(&item, Some(&bytes), text.as_bytes()).await.unwrap();
    assert!(matches!(again.workspace(one).await, Err(KeyringError::Damaged { .. })));
}

async fn in_directory(config: &MasterKeyConfig, directory: &Path) -> Result<Keyring, KeyringError> {
    let opened = Keyring::open(config, directory, Arc::new(SystemRandomness), Arc::new(SystemClock)).await?;
    Ok(opened.keyring)
}

#[tokio::test]
async fn the_data_directorys_own_key_is_replaced_while_another_serves() {
    // claim B8
    let data = tempfile::tempdir().unwrap();
    let config = MasterKeyConfig::default();
    let serving = in_directory(&config, data.path()).await.unwrap();
    let [one, two, ..] = workspaces();
    let written = write(&serving.create(one, &RegionName::home()).await.unwrap());
    let rotating = in_directory(&config, data.path()).await.unwrap();
    let done = rotating.rotate_master().await.unwrap();
    assert_eq!((done.rewrapped, done.file), (1, Some(data.path().join("master.key"))));
    assert!(!data.path().join("master-next.key").exists());
    // Then the region's key: what serves has neither and finds both.
    rotating.rotate_region(&RegionName::home(), &|_, _| {}).await.unwrap();
    read(&serving.workspace(one).await.unwrap(), &written);
    serving.create(two, &RegionName::home()).await.unwrap();
    let fresh = in_directory(&config, data.path()).await.unwrap();
    assert_eq!(fresh.master_key_id(), done.master_key);
    read(&fresh.workspace(one).await.unwrap(), &written);
    fresh.workspace(two).await.unwrap();
}

#[tokio::test]
async fn a_kill_between_the_files_of_a_master_rotation_is_no_loss() {
    // claim B8
    let data = tempfile::tempdir().unwrap();
    let config = MasterKeyConfig::default();
    let one = workspaces()[0];
    let written = write(
        &in_directory(&config, data.path()).await.unwrap().create(one, &RegionName::home()).await.unwrap(),
    );
    let old = std::fs::read(data.path().join("master.key")).unwrap();
    in_directory(&config, data.path()).await.unwrap().rotate_master().await.unwrap();
    // As if it had died before the rename: the next key beside the old one, everything rewrapped.
    std::fs::rename(data.path().join("master.key"), data.path().join("master-next.key")).unwrap();
    std::fs::write(data.path().join("master.key"), &old).unwrap();
    let mut mode = std::fs::metadata(data.path().join("master.key")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
    std::fs::set_permissions(data.path().join("master.key"), mode).unwrap();
    let keyring = in_directory(&config, data.path()).await.unwrap();
    read(&keyring.workspace(one).await.unwrap(), &written);
    keyring.rotate_master().await.unwrap();
    assert!(!data.path().join("master-next.key").exists());
    assert_ne!(std::fs::read(data.path().join("master.key")).unwrap(), old);
    read(&in_directory(&config, data.path()).await.unwrap().workspace(one).await.unwrap(), &written);
}

#[tokio::test]
async fn the_previous_key_opens_until_it_is_not_needed() {
    // claim B8
    let data = tempfile::tempdir().unwrap();
    let one = workspaces()[0];
    let config = |key: &str, previous: Option<&str>| MasterKeyConfig {
        secret_key: Some(key.to_owned().into()),
        secret_key_previous: previous.map(|key| key.to_owned().into()),
        ..MasterKeyConfig::default()
    };
    let keyring = in_directory(&config(OLD, None), data.path()).await.unwrap();
    let written = write(&keyring.create(one, &RegionName::home()).await.unwrap());
    assert!(in_directory(&config(NEW, None), data.path()).await.is_err());
    let both = in_directory(&config(NEW, Some(OLD)), data.path()).await.unwrap();
    read(&both.workspace(one).await.unwrap(), &written);
    assert_eq!(both.status().await.unwrap().regions[0].waiting_for_master, 1);
    assert_eq!(both.rotate_master().await.unwrap().rewrapped, 1);
    assert_eq!(both.rotate_master().await.unwrap().rewrapped, 0, "doing it again does nothing");
    read(
        &in_directory(&config(NEW, None), data.path()).await.unwrap().workspace(one).await.unwrap(),
        &written,
    );
}

/// What every shelf must do; the store's has to pass it too.
async fn shelf_contract(shelf: &dyn KeyShelf) {
    let (a, b) = (ShelfName::Workspace(workspaces()[0]), ShelfName::Region(RegionName::home()));
    assert_eq!(shelf.get(&a).await.unwrap(), None);
    assert!(!shelf.put(&a, Some(b"not there"), b"one").await.unwrap());
    assert!(shelf.put(&a, None, b"one").await.unwrap());
    assert!(!shelf.put(&a, None, b"two").await.unwrap(), "it is there by now");
    assert!(!shelf.put(&a, Some(b"other"), b"two").await.unwrap());
    assert_eq!(shelf.get(&a).await.unwrap().as_deref(), Some(b"one".as_slice()));
    assert!(shelf.put(&a, Some(b"one"), b"two").await.unwrap());
    assert!(shelf.put(&b, None, b"region").await.unwrap());
    assert!(shelf.put(&ShelfName::Installation, None, b"ours").await.unwrap());
    assert_eq!(shelf.list().await.unwrap(), [ShelfName::Installation, b.clone(), a.clone()]);
    assert!(shelf.remove(&a).await.unwrap());
    assert!(!shelf.remove(&a).await.unwrap());
    assert_eq!(shelf.get(&a).await.unwrap(), None);
    assert!(!shelf.put(&a, Some(b"two"), b"back").await.unwrap(), "what was removed does not come back");
    for name in [a, b, ShelfName::Installation] {
        assert_eq!(name.to_string().parse::<ShelfName>().unwrap(), name);
        assert!(!shelf.place(&name).is_empty());
    }
    assert!("../master".parse::<ShelfName>().is_err());
}

#[tokio::test]
async fn shelves_keep_their_contract() {
    shelf_contract(&*Mortal::immortal(BTreeMap::new())).await;
    let folder = tempfile::tempdir().unwrap();
    let shelf = FileShelf::open(&folder.path().join("keys")).unwrap();
    shelf_contract(&shelf).await;
    // A removal that a crash cut short, after the bytes were overwritten, is one.
    let name = ShelfName::Workspace(workspaces()[1]);
    shelf.put(&name, None, b"sealed").await.unwrap();
    std::fs::write(shelf.directory().join(format!("{name}.json")), [0; 6]).unwrap();
    assert_eq!(shelf.get(&name).await.unwrap(), None);
    assert!(shelf.put(&name, None, b"new").await.unwrap());
}
