//! Leaving: workspaces and accounts that are deleted, after a time of grace or at once.
//!
//! Asking shuts the door at once. When the time has come, [`Installation::sweep_deletions`] carries it
//! out, in steps that may each be done twice:
//!
//! 1. the plan is kept: what will be destroyed, by the names of its keys;
//! 2. the workspace's keys are destroyed: nothing of it can be read any more, but what lies in backups;
//! 3. each backup: the keys beside it first, then its bytes;
//! 4. what was derived from bills, and the rows or the file of the workspace;
//! 5. the certificate is signed and kept; the plan goes.
//!
//! A process that is killed anywhere in it leaves the plan, with which the next sweep goes on. Two that
//! sweep at once do each other's work.

use super::backup::remove_files;
use super::deletion_certificate::{BackupLeft, Certificate, CertificateFile, StoreErased, Subject};
use super::{Entered, Installation, backup_file};
use bursar_domain::id::{AccountId, BackupId, CertificateId, WorkspaceId};
use bursar_domain::role::Action;
use bursar_domain::{Actor, RegionName};
use bursar_keyring::{CertificateKey, KeyNames, KeyringError, SignatureError};
use bursar_store::{NewCertificate, Paging, StoreError, WorkspaceState};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The longest time of grace, and the one without another wish.
const MAX_GRACE_DAYS: u16 = 30;
/// The deletions that were begun, in the installation's settings.
const BEGUN: &str = "deletions begun";
/// Backups outside of the region's folder that a plan lists.
const LISTED: usize = 100;

/// How long a deletion waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grace {
    /// Not at all.
    AtOnce,
    /// So many days, 30 at most.
    Days(u16),
}

impl Default for Grace {
    fn default() -> Self {
        Self::Days(MAX_GRACE_DAYS)
    }
}

impl Grace {
    fn due(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::AtOnce => now,
            Self::Days(days) => now + TimeDelta::days(i64::from(days.min(MAX_GRACE_DAYS))),
        }
    }
}

/// Why something is not deleted.
#[derive(Debug, thiserror::Error)]
pub enum LeavingError {
    /// Whoever asks may not.
    #[error("{reason}")]
    Refused {
        /// The policy that decided.
        policy: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// The name that was typed is another.
    #[error("to delete the workspace, confirm with its name `{0}`")]
    Confirm(String),
    /// The account is the last owner of workspaces.
    #[error("the account is the last owner of {}: make somebody else an owner, or delete the workspace first", join(.0))]
    LastOwner(Vec<WorkspaceId>),
    /// Files.
    #[error("{path} cannot be removed")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The certificate could not be signed.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The plan of a deletion that was begun does not read.
    #[error("the plan of the deletion of {0} is damaged")]
    Plan(WorkspaceId),
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeyringError),
}

fn join(workspaces: &[WorkspaceId]) -> String {
    workspaces.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Certificates that were issued.
    pub certificates: Vec<CertificateId>,
    /// Whether there was more to do than it was let.
    pub more: bool,
}

/// What a deletion destroys, kept until it has.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Plan {
    workspace: WorkspaceId,
    region: RegionName,
    certificate: CertificateId,
    asked_at: DateTime<Utc>,
    keys: Option<KeyNames>,
    keys_destroyed_at: Option<DateTime<Utc>>,
    backups: Vec<PlannedBackup>,
    unlisted: usize,
    removed: Vec<BackupId>,
    left: Vec<BackupLeft>,
    erased: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PlannedBackup {
    id: BackupId,
    path: PathBuf,
}

fn plan_name(workspace: WorkspaceId) -> String {
    format!("deletion {workspace}")
}

impl Installation {
    /// Asks for the deletion of a workspace. Nobody enters it from then on; until it is due,
    /// [`Installation::keep_workspace`] takes it back.
    ///
    /// # Errors
    /// When somebody may not, or `confirm` is not the workspace's name.
    pub async fn ask_workspace_deletion(
        &self,
        by: &Entered,
        confirm: &str,
        grace: Grace,
    ) -> Result<DateTime<Utc>, LeavingError> {
        by.must(Action::Own, "workspace.ask-deletion")
            .await
            .map_err(|(policy, reason)| LeavingError::Refused { policy, reason })?;
        let (directory, id) = (self.inner.store.directory(), by.access().workspace());
        let name = directory.workspace(id).await?.name;
        if name != confirm {
            return Err(LeavingError::Confirm(name));
        }
        let due = grace.due(self.inner.clock.now());
        directory.ask_workspace_deletion(by.actor(), id, due).await?;
        self.inner.open.forget(id);
        Ok(due)
    }

    /// Keeps a workspace after all: for one of its owners, who cannot enter it any more, or the operator.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for everybody else, and when it is too late.
    pub async fn keep_workspace(&self, actor: &Actor, id: WorkspaceId) -> Result<(), LeavingError> {
        let directory = self.inner.store.directory();
        let nothing = || LeavingError::Store(StoreError::NotFound("workspace"));
        match actor.principal {
            bursar_domain::Principal::Operator => {}
            bursar_domain::Principal::Account { id: account, .. } => {
                let memberships = directory.memberships(account).await?;
                memberships.iter().find(|m| m.workspace == id && m.owner).ok_or_else(nothing)?;
            }
            _ => return Err(nothing()),
        }
        if self.begun().await?.contains(&id) {
            return Err(nothing());
        }
        Ok(directory.keep_workspace(actor, id).await?)
    }

    /// Asks for the deletion of an account, or, without a time, keeps it after all.
    ///
    /// # Errors
    /// [`LeavingError::LastOwner`] when a workspace would be left without one.
    pub async fn ask_account_deletion(
        &self,
        actor: &Actor,
        account: AccountId,
        grace: Option<Grace>,
    ) -> Result<Option<DateTime<Utc>>, LeavingError> {
        let directory = self.inner.store.directory();
        let due = grace.map(|grace| grace.due(self.inner.clock.now()));
        if due.is_some() {
            self.refuse_last_owner(account).await?;
        }
        directory.schedule_account_deletion(actor, account, due).await?;
        Ok(due)
    }

    async fn refuse_last_owner(&self, account: AccountId) -> Result<(), LeavingError> {
        let store = &self.inner.store;
        let mut alone = Vec::new();
        for membership in store.directory().memberships(account).await? {
            let state = store.directory().workspace(membership.workspace).await?.state;
            if !membership.owner || matches!(state, WorkspaceState::Deleting | WorkspaceState::Deleted) {
                continue;
            }
            let workspace = store.workspace(&store.operator(membership.workspace).await?).await?;
            let (mut others, mut after) = (false, None);
            loop {
                let page = workspace.members(Paging { after, ..Paging::default() }).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.account.id);
                others |= page.iter().any(|member| member.membership.owner && member.account.id != account);
            }
            if !others {
                alone.push(membership.workspace);
            }
        }
        if alone.is_empty() { Ok(()) } else { Err(LeavingError::LastOwner(alone)) }
    }

    /// Carries out what is due, `steps` steps at most; the rest is for the next call. Something that
    /// does not work is told in the log and does not keep the rest from being done.
    ///
    /// # Errors
    /// When control data cannot be read.
    pub async fn sweep_deletions(&self, steps: usize) -> Result<Swept, LeavingError> {
        let (mut swept, mut left) = (Swept::default(), steps);
        let directory = self.inner.store.directory();
        let mut due = self.begun().await?;
        for id in directory.workspaces_due_for_deletion().await? {
            if !due.contains(&id) {
                due.push(id);
            }
        }
        for id in due {
            match self.delete_workspace(id, &mut left).await {
                Ok(Some(certificate)) => swept.certificates.push(certificate),
                Ok(None) => swept.more = true,
                Err(error) => {
                    tracing::error!(workspace = %id, error = %error, "a deletion did not come to its end");
                    swept.more = true;
                }
            }
        }
        for id in directory.accounts_due_for_deletion().await? {
            if left == 0 {
                swept.more = true;
                break;
            }
            left -= 1;
            match self.delete_account(id).await {
                Ok(certificate) => swept.certificates.push(certificate),
                Err(error) => {
                    tracing::error!(account = %id, error = %error, "an account was not deleted");
                }
            }
        }
        Ok(swept)
    }

    async fn begun(&self) -> Result<Vec<WorkspaceId>, StoreError> {
        let text = self.inner.store.directory().setting(BEGUN).await?.unwrap_or_default();
        Ok(text.split_ascii_whitespace().filter_map(|id| id.parse().ok()).collect())
    }

    async fn set_begun(&self, begun: &[WorkspaceId]) -> Result<(), StoreError> {
        let text = begun.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let text = (!text.is_empty()).then_some(text.as_str());
        self.inner.store.directory().set_setting(&Self::system(), BEGUN, text).await
    }

    async fn set_plan(&self, plan: &Plan) -> Result<(), LeavingError> {
        let text = serde_json::to_string(plan).map_err(|_| LeavingError::Plan(plan.workspace))?;
        let name = plan_name(plan.workspace);
        Ok(self.inner.store.directory().set_setting(&Self::system(), &name, Some(&text)).await?)
    }

    /// The plan that was kept, or a new one.
    async fn plan(&self, id: WorkspaceId) -> Result<Plan, LeavingError> {
        let directory = self.inner.store.directory();
        if let Some(text) = directory.setting(&plan_name(id)).await? {
            return serde_json::from_str(&text).map_err(|_| LeavingError::Plan(id));
        }
        let line = directory.workspace(id).await?;
        let keys = match self.inner.store.keyring().sealed_keys(id).await {
            Ok(sealed) => Some(sealed.names()),
            // Damaged keys are destroyed as well; they have no names then.
            Err(_) => None,
        };
        let own = self.backup_folder(&line.region, id)?;
        let (mut backups, mut unlisted) = (Vec::new(), 0);
        for (backup, path) in self.known_backups(id).await {
            if path.parent() == Some(own.as_path()) {
                continue; // found in the folder, whether it is listed or not
            }
            if backups.len() < LISTED {
                backups.push(PlannedBackup { id: backup, path });
            } else {
                unlisted += 1;
            }
        }
        let plan = Plan {
            workspace: id,
            region: line.region,
            certificate: directory.new_certificate_id()?,
            asked_at: line.deletion_asked_at.unwrap_or_else(|| self.inner.clock.now()),
            keys,
            keys_destroyed_at: None,
            backups,
            unlisted,
            removed: Vec::new(),
            left: Vec::new(),
            erased: false,
        };
        let mut begun = self.begun().await?;
        if !begun.contains(&id) {
            begun.push(id);
            self.set_begun(&begun).await?;
        }
        self.set_plan(&plan).await?;
        Ok(plan)
    }

    /// The backups that the workspace knows of; none when it does not open any more.
    async fn known_backups(&self, id: WorkspaceId) -> Vec<(BackupId, PathBuf)> {
        let store = &self.inner.store;
        let known = async {
            let workspace = store.workspace(&store.operator(id).await?).await?;
            workspace.backups().await
        };
        match known.await {
            Ok(known) => known.into_iter().map(|backup| (backup.id, backup.location.into())).collect(),
            Err(error) => {
                tracing::warn!(workspace = %id, %error, "the list of backups cannot be read any more");
                Vec::new()
            }
        }
    }

    /// Carries a deletion on; its certificate when it came to its end.
    async fn delete_workspace(
        &self,
        id: WorkspaceId,
        steps: &mut usize,
    ) -> Result<Option<CertificateId>, LeavingError> {
        let mut step = || {
            let may = *steps > 0;
            *steps = steps.saturating_sub(1);
            may
        };
        if !step() {
            return Ok(None);
        }
        let mut plan = self.plan(id).await?;
        if plan.keys_destroyed_at.is_none() {
            if !step() {
                return Ok(None);
            }
            match self.inner.store.keyring().destroy(id).await {
                Ok(()) | Err(KeyringError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
            if !step() {
                return Ok(None);
            }
            plan.keys_destroyed_at = Some(self.inner.clock.now());
            self.set_plan(&plan).await?;
        }
        let folder = self.backup_folder(&plan.region, id)?;
        for found in backups_in(&folder).map_err(at(&folder))? {
            if !plan.backups.iter().any(|backup| backup.id == found.id) {
                plan.backups.push(found);
            }
        }
        // Before the first is gone: a run that goes on must know what there was.
        self.set_plan(&plan).await?;
        for backup in plan.backups.clone() {
            if plan.removed.contains(&backup.id) || plan.left.iter().any(|left| left.id == backup.id) {
                continue;
            }
            if !step() {
                return Ok(None);
            }
            let left = |why: &str| BackupLeft { id: backup.id, why: why.to_owned() };
            match remove_files(&backup.path).await {
                Ok(true) => plan.removed.push(backup.id),
                // An earlier run removed it: what lies in this folder was seen there.
                Ok(false) if backup.path.parent() == Some(folder.as_path()) => plan.removed.push(backup.id),
                // A disk that is away looks like this, too: not a word more than is known.
                Ok(false) => plan.left.push(left("it is not where it was written")),
                Err(error) => plan.left.push(left(&error.kind().to_string())),
            }
            self.set_plan(&plan).await?;
        }
        remove_folder(&folder)?;
        if !plan.erased {
            if !step() {
                return Ok(None);
            }
            self.inner.open.forget(id);
            remove_folder(&self.workspace_folder(&plan.region, id)?.join("derived"))?;
            if !step() {
                return Ok(None);
            }
            self.inner.store.erase_workspace(&Self::system(), id).await?;
            // On PostgreSQL, the folder of what was derived is all there is.
            remove_folder(&self.workspace_folder(&plan.region, id)?)?;
            if !step() {
                return Ok(None);
            }
            plan.erased = true;
            self.set_plan(&plan).await?;
        }
        if !step() {
            return Ok(None);
        }
        self.certify_workspace(&plan).await?;
        if !step() {
            return Ok(None);
        }
        let mut begun = self.begun().await?;
        begun.retain(|other| *other != id);
        self.set_begun(&begun).await?;
        self.inner.store.directory().set_setting(&Self::system(), &plan_name(id), None).await?;
        Ok(Some(plan.certificate))
    }

    async fn certify_workspace(&self, plan: &Plan) -> Result<(), LeavingError> {
        let key = self.certificate_key().await?;
        let subject = Subject::Workspace { id: plan.workspace, region: plan.region.clone() };
        let now = self.inner.clock.now();
        let mut certificate = Certificate::new(plan.certificate, &key, subject, now);
        certificate.asked_at = plan.asked_at;
        certificate.disabled_at = plan.asked_at;
        certificate.keys_destroyed = plan.keys.clone();
        certificate.backups_removed = plan.removed.clone();
        certificate.backups_left = plan.left.clone();
        let everything = plan.left.is_empty() && plan.unlisted == 0;
        certificate.irrecoverable_at = if everything { Some(now) } else { None };
        if plan.unlisted > 0 {
            certificate.kept.push(super::deletion_certificate::Kept {
                what: format!("{} more backups in folders that the operator named", plan.unlisted),
                why: "too many to be listed: they are the operator's to remove".to_owned(),
                until: None,
            });
        }
        let erased = |store: &str, held: &str, method: &str| StoreErased {
            store: store.to_owned(),
            held: held.to_owned(),
            method: method.to_owned(),
        };
        let region = &plan.region;
        certificate.stores = vec![
            erased(
                &format!("key shelf of region {region}"),
                "the workspace's key and the data keys under it",
                "overwritten and removed; what they sealed is erased with them (NIST SP 800-88, cryptographic erase)",
            ),
            erased(
                &format!("database of region {region}"),
                "settings, sources, credentials, roles, teams, tokens, provisioned users, records",
                "file or rows removed after their keys",
            ),
            erased(
                &format!("files of region {region}"),
                "sums and history of bills",
                "removed after their keys",
            ),
            erased(
                &format!("backups of region {region}"),
                "copies of the database",
                "the keys beside each overwritten and removed, then its bytes",
            ),
            erased(
                "directory",
                "the name, memberships, invitations, links",
                "rows removed, the name overwritten",
            ),
        ];
        self.issue(certificate, Some(plan.workspace), None).await
    }

    /// Deletes an account whose time has come.
    async fn delete_account(&self, id: AccountId) -> Result<CertificateId, LeavingError> {
        let (store, actor) = (&self.inner.store, Self::system());
        let directory = store.directory();
        let account = directory.account(id).await?;
        self.refuse_last_owner(id).await?;
        // Its own number: a run that was interrupted does not issue another one.
        let certificate = CertificateId::from_u128(id.as_u128());
        if account.is_active() {
            directory.switch_off_account(&actor, id).await?;
        }
        // What each workspace keeps of it, before the list of them is gone.
        for membership in directory.memberships(id).await? {
            let workspace = store.workspace(&store.operator(membership.workspace).await?).await?;
            match workspace.remove_member(&actor, id).await {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let now = self.inner.clock.now();
        let subject = Subject::Account { id };
        let mut text = Certificate::new(certificate, &self.certificate_key().await?, subject, now);
        text.stores = vec![StoreErased {
            store: "directory".to_owned(),
            held: "address, name, password, passkeys, one-time codes, external identities, sessions, memberships"
                .to_owned(),
            method: "rows removed; their bytes are overwritten by SQLite, and go with PostgreSQL's next vacuum"
                .to_owned(),
        }];
        self.issue(text, None, Some(id)).await?;
        directory.delete_account(&actor, id).await?;
        Ok(certificate)
    }

    async fn issue(
        &self,
        certificate: Certificate,
        workspace: Option<WorkspaceId>,
        account: Option<AccountId>,
    ) -> Result<(), LeavingError> {
        let text = serde_json::to_string_pretty(&certificate).map_err(|_| SignatureError::Refused)?;
        let keys = self.inner.store.keyring().installation().await?;
        let signature = keys.sign_certificate(text.as_bytes())?.to_vec();
        let new = NewCertificate { id: certificate.id, workspace, account, certificate: text, signature };
        match self.inner.store.directory().add_certificate(&Self::system(), new).await {
            // An earlier run came as far as here.
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The key that certificates are checked with.
    ///
    /// # Errors
    /// When the installation's keys do not open.
    pub async fn certificate_key(&self) -> Result<CertificateKey, LeavingError> {
        Ok(self.inner.store.keyring().installation().await?.certificate_key()?)
    }

    /// A certificate, to be handed out.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn certificate(&self, id: CertificateId) -> Result<CertificateFile, LeavingError> {
        let found = self.inner.store.directory().certificate(id).await?;
        Ok(CertificateFile { id, text: found.certificate, signature: found.signature })
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> LeavingError {
    let path = path.to_owned();
    move |source| LeavingError::Io { path, source }
}

/// The backups in a region's folder of a workspace, and keys whose backup was never finished.
fn backups_in(folder: &Path) -> io::Result<Vec<PlannedBackup>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found: Vec<PlannedBackup> = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let id =
            name.strip_suffix(backup_file::SUFFIX).or_else(|| name.strip_suffix(backup_file::KEYS_SUFFIX));
        let Some(id) = id.and_then(|id| id.parse().ok()) else { continue };
        if !found.iter().any(|backup| backup.id == id) {
            found.push(PlannedBackup { id, path: folder.join(format!("{id}{}", backup_file::SUFFIX)) });
        }
    }
    Ok(found)
}

fn remove_folder(path: &Path) -> Result<(), LeavingError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}
