//! Putting a workspace back to a backup.
//!
//! One transaction: what is there goes, what the backup held comes, and both last or neither does. A
//! process that dies in it leaves the workspace as it was, on both databases.
//!
//! What was taken away since the backup stays taken away. Members are the directory's and stay as they
//! are; teams and tokens of who is none any more do not come back. A token that is not good now is not
//! good afterwards, an ended staff access stays ended, a provisioned user that was switched off or
//! removed stays off, a webhook that was removed or stopped comes back paused, a person that was erased from
//! the log stays erased. Records, their log and the list of backups are only ever added to: what was done
//! since the backup was done, the restore included. So are events and what became of them.

use super::WorkspaceStore;
use super::dump::{every_table, last_seq, workspace_column};
use crate::StoreError;
use crate::entity::{
    alert_rule, backup, credential, custom_role, notice_preference, record_checkpoint, record_intent,
    record_key, record_person, record_personal, record_tile, scim_group, scim_group_member, scim_user,
    source, staff_access, team, team_member, token, webhook, workspace_record, workspace_setting,
};
use crate::record::Entry;
use crate::rows::{Reading, Row, model_of};
use crate::seal::Seal;
use crate::value::{Key, Paging, micros};
use bursar_domain::Actor;
use bursar_domain::id::BackupId;
use bursar_keyring::WorkspaceKeys;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityName, EntityTrait, PaginatorTrait,
    PrimaryKeyToColumn, QueryFilter, Statement,
};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::mpsc;
use uuid::Uuid;

/// What comes out of a backup.
#[derive(Debug)]
pub enum Restoring {
    /// A row.
    Row(Row),
    /// The end, proven to be the end, and how many rows of each table there were.
    End(BTreeMap<String, u64>),
}

/// What a restore did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Rows put back, by table.
    pub rows: BTreeMap<String, u64>,
    /// Tokens that came back revoked, because they are not good now.
    pub tokens_revoked: u64,
    /// Staff accesses that came back ended.
    pub staff_accesses_ended: u64,
    /// Provisioned users that came back switched off.
    pub users_switched_off: u64,
    /// Rows of accounts that are no members any more, left out.
    pub left_out: u64,
}

/// What is good at present, so that nothing else becomes good again.
struct Present {
    members: HashSet<Uuid>,
    good_tokens: HashSet<Uuid>,
    good_accesses: HashSet<Uuid>,
    active_users: HashSet<Uuid>,
    webhooks: HashSet<Uuid>,
    /// The number of the last record.
    last_seq: i64,
    now: i64,
}

impl WorkspaceStore {
    /// Replaces what is in the workspace by the rows of a backup, in one transaction. `earlier` are the
    /// keys that lay beside the backup: what they sealed is sealed with the present ones.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a row is not what it should be, [`StoreError::Conflict`] when the
    /// rows end without an end. Nothing was changed then.
    pub async fn restore(
        &self,
        actor: &Actor,
        from: BackupId,
        earlier: Arc<WorkspaceKeys>,
        rows: &mut mpsc::Receiver<Restoring>,
    ) -> Result<Restored, StoreError> {
        if earlier.workspace() != self.workspace
            || earlier.lookup("restore", "probe") != self.keys.lookup("restore", "probe")
        {
            return Err(StoreError::Conflict("the keys beside the backup are another workspace's"));
        }
        let earlier = Seal::workspace(earlier, Arc::clone(&self.directory.random));
        let reading = Reading { present: &self.seal, earlier: &earlier };
        // The directory may be another database: who belongs here is asked before.
        let members = self.member_ids().await?;
        let transaction = self.write().await?;
        let present = self.present(&transaction, members).await?;
        self.clear(&transaction).await?;
        let (mut restored, mut held) = (Restored::default(), BTreeMap::<String, u64>::new());
        let mut last = 0;
        loop {
            let mut row = match rows.recv().await {
                Some(Restoring::Row(row)) => row,
                Some(Restoring::End(expected)) => {
                    let expected: BTreeMap<_, _> = expected.into_iter().filter(|(_, n)| *n > 0).collect();
                    if expected != held {
                        return Err(StoreError::Conflict("the backup does not hold as many rows as it says"));
                    }
                    break;
                }
                None => return Err(StoreError::Conflict("the backup ended before its end")),
            };
            *held.entry(row.table.clone()).or_default() += 1;
            last = last.max(row.moment("seq").unwrap_or_default());
            if self.put(&transaction, &mut row, &reading, &present, &mut restored).await? {
                *restored.rows.entry(row.table).or_default() += 1;
            }
        }
        self.proven(&transaction, &restored).await?;
        self.number_on(&transaction, last).await?;
        let entry = Entry::done("workspace.restore", from).with(json!(restored));
        self.commit(transaction, actor, entry).await?;
        Ok(restored)
    }

    async fn member_ids(&self) -> Result<HashSet<Uuid>, StoreError> {
        let (mut ids, mut after) = (HashSet::new(), None);
        loop {
            let page = self.members(Paging { after, ..Paging::default() }).await?;
            let Some(last) = page.last() else { return Ok(ids) };
            after = Some(last.account.id);
            ids.extend(page.iter().map(|member| member.account.id.uuid()));
        }
    }

    async fn present(
        &self,
        transaction: &DatabaseTransaction,
        members: HashSet<Uuid>,
    ) -> Result<Present, StoreError> {
        let here = self.here();
        let tokens = token::Entity::find()
            .filter(token::Column::WorkspaceId.eq(here))
            .filter(token::Column::RevokedUs.is_null())
            .all(transaction)
            .await?;
        let accesses = staff_access::Entity::find()
            .filter(staff_access::Column::WorkspaceId.eq(here))
            .filter(staff_access::Column::EndedUs.is_null())
            .filter(staff_access::Column::RefusedUs.is_null())
            .all(transaction)
            .await?;
        let users = scim_user::Entity::find()
            .filter(scim_user::Column::WorkspaceId.eq(here))
            .filter(scim_user::Column::Active.eq(true))
            .all(transaction)
            .await?;
        let webhooks = webhook::Entity::find()
            .filter(webhook::Column::WorkspaceId.eq(here))
            .filter(webhook::Column::State.eq("on"))
            .all(transaction)
            .await?;
        Ok(Present {
            webhooks: webhooks.into_iter().map(|row| row.id).collect(),
            members,
            good_tokens: tokens.into_iter().map(|row| row.id).collect(),
            good_accesses: accesses.into_iter().map(|row| row.id).collect(),
            active_users: users.into_iter().map(|row| row.id).collect(),
            last_seq: last_seq(transaction, here).await?.unwrap_or_default(),
            now: micros(self.now()),
        })
    }

    /// Removes what the backup replaces.
    async fn clear(&self, transaction: &DatabaseTransaction) -> Result<(), StoreError> {
        macro_rules! clear {
            ($($entity:ident),*) => {$(
                $entity::Entity::delete_many()
                    .filter(workspace_column::<$entity::Entity>()?.eq(self.here()))
                    .exec(transaction)
                    .await?;
            )*};
        }
        clear!(
            alert_rule,
            notice_preference,
            webhook,
            scim_group_member,
            scim_group,
            scim_user,
            staff_access,
            token,
            team_member,
            team,
            custom_role,
            credential,
            source,
            workspace_setting
        );
        Ok(())
    }

    /// Puts one row back; whether it is there now.
    async fn put(
        &self,
        transaction: &DatabaseTransaction,
        row: &mut Row,
        reading: &Reading<'_>,
        present: &Present,
        restored: &mut Restored,
    ) -> Result<bool, StoreError> {
        if row.uuid("workspace_id") != Some(self.here()) {
            return Err(StoreError::Conflict("the backup holds a row of another workspace"));
        }
        if !again(row, present, restored) {
            restored.left_out += 1;
            return Ok(false);
        }
        if row.table == credential::Entity.table_name() {
            self.reseal_credential(row, reading)?;
        }
        let seal_row = row.seal_row();
        macro_rules! put {
            ($($entity:ident),*) => {
                match row.table.as_str() {
                    $(name if name == $entity::Entity.table_name() => {
                        let model = model_of::<$entity::Entity>(row, reading, seal_row)?;
                        add::<$entity::Entity>(transaction, model).await
                    })*
                    _ => Err(StoreError::Conflict("the backup holds a table that this program does not know")),
                }
            };
        }
        every_table!(put)
    }

    /// A credential's token, sealed with the present key.
    fn reseal_credential(&self, row: &mut Row, reading: &Reading<'_>) -> Result<(), StoreError> {
        let damaged = || StoreError::Damaged { table: "credentials", what: "a credential does not open" };
        let sealed = row.text("fernet_token").ok_or_else(damaged)?;
        let (sealer, now) = (self.keys.fernet(), self.now());
        if sealer.open(sealed, now).is_ok() {
            return Ok(());
        }
        let earlier = reading.earlier.fernet().ok_or_else(damaged)?;
        let opened = earlier.open(sealed, now).map_err(|_| damaged())?;
        row.set("fernet_token", sealer.seal(&opened, now).map_err(|_| damaged())?);
        Ok(())
    }

    /// Counts what is there before it is made to last.
    async fn proven(&self, transaction: &DatabaseTransaction, restored: &Restored) -> Result<(), StoreError> {
        let mut there: HashMap<&str, u64> = HashMap::new();
        macro_rules! count {
            ($($entity:ident),*) => {$(
                let mine = workspace_column::<$entity::Entity>()?.eq(self.here());
                let count = $entity::Entity::find().filter(mine).count(transaction).await?;
                there.insert($entity::Entity.table_name(), count);
            )*};
        }
        every_table!(count);
        for (table, count) in there {
            let put = restored.rows.get(table).copied().unwrap_or_default();
            let only_added = [
                backup::Entity.table_name(),
                workspace_record::Entity.table_name(),
                record_tile::Entity.table_name(),
                record_checkpoint::Entity.table_name(),
                record_key::Entity.table_name(),
                record_person::Entity.table_name(),
                record_personal::Entity.table_name(),
                record_intent::Entity.table_name(),
            ];
            if (only_added.contains(&table) && count < put) || (!only_added.contains(&table) && count != put)
            {
                return Err(StoreError::Conflict("not every row of the backup came to be there"));
            }
        }
        Ok(())
    }

    /// Numbers go on after the last record, where the list of records had been lost.
    async fn number_on(&self, transaction: &DatabaseTransaction, last: i64) -> Result<(), StoreError> {
        if last_seq(transaction, self.here()).await?.unwrap_or_default() >= last {
            return Ok(());
        }
        let sql = Statement::from_sql_and_values(
            transaction.get_database_backend(),
            "INSERT INTO workspace_counters (workspace_id, last_seq) VALUES ($1, $2) \
             ON CONFLICT (workspace_id) DO UPDATE SET last_seq = $2",
            [self.here().into(), last.into()],
        );
        transaction.execute_raw(sql).await?;
        Ok(())
    }
}

/// Applies what happened since the backup to one of its rows. False when it is to be left out.
fn again(row: &mut Row, present: &Present, restored: &mut Restored) -> bool {
    let member = |row: &Row| row.uuid("account_id").is_none_or(|account| present.members.contains(&account));
    let id = row.uuid("id").unwrap_or_default();
    match row.table.as_str() {
        "team_members" | "notice_preferences" => return member(row),
        // Nothing is sent to who was removed, paused or switched off since; somebody may resume it.
        "webhooks" if row.text("state") == Some("on") && !present.webhooks.contains(&id) => {
            row.set("state", "paused");
        }
        // Who was erased since the backup stays erased: it is there still, or it went.
        "workspace_record_people" | "workspace_record_personal" => return present.last_seq == 0,
        "api_tokens" => {
            let good = present.good_tokens.contains(&id) && member(row);
            if !good && row.moment("revoked_us").is_none() {
                row.set("revoked_us", present.now);
                restored.tokens_revoked += 1;
            }
        }
        "staff_access" => {
            let over = row.moment("ended_us").is_some() || row.moment("refused_us").is_some();
            if !over && !present.good_accesses.contains(&id) {
                row.set("ended_us", present.now);
                restored.staff_accesses_ended += 1;
            }
        }
        "scim_users" => {
            if !member(row) {
                row.set("account_id", serde_json::Value::Null);
            }
            let active = row.cells.get("active").and_then(serde_json::Value::as_bool);
            if active == Some(true) && !present.active_users.contains(&id) {
                row.set("active", false);
                restored.users_switched_off += 1;
            }
        }
        _ => {}
    }
    true
}

/// Adds a row unless one of its key is there (records, backups).
async fn add<E>(transaction: &DatabaseTransaction, model: E::ActiveModel) -> Result<bool, StoreError>
where
    E: EntityTrait,
{
    use sea_orm::Iterable;
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
    let added = E::insert(model)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(transaction)
        .await?;
    Ok(added > 0)
}
