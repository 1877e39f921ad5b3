//! Every row of a workspace, as it was at one moment.
//!
//! One read transaction: on SQLite the snapshot that the write-ahead log gives it, on PostgreSQL
//! `REPEATABLE READ`. Nobody waits for it, and what is written meanwhile is not in it.

use super::WorkspaceStore;
use crate::StoreError;
use crate::entity::{
    alert_rule, backup, credential, custom_role, notice_preference, record_checkpoint, record_intent,
    record_key, record_person, record_personal, record_tile, scim_group, scim_group_member, scim_user,
    source, staff_access, team, team_member, token, webhook, workspace_record, workspace_setting,
};
use crate::rows::{Row, readable, row_of};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityName, EntityTrait, IdenStatic,
    Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Rows read at once.
const PAGE: u64 = 500;

/// What a dump held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The number of the last record in it: the moment it shows.
    pub last_seq: i64,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

/// Every table of a workspace's that holds rows of its own, what is referred to first.
macro_rules! every_table {
    ($apply:ident) => {
        $apply! {
            workspace_setting, source, credential, custom_role, team, team_member, token, scim_user, scim_group,
            scim_group_member, staff_access, alert_rule, notice_preference, webhook, backup, workspace_record,
            record_tile, record_checkpoint, record_key, record_person, record_personal, record_intent
        }
    };
}
pub(super) use every_table;

impl WorkspaceStore {
    /// The version of the schema that rows are of.
    #[must_use]
    pub fn schema_version() -> i64 {
        crate::migration::WORKSPACE.known()
    }

    /// Gives out every row of the workspace as it is at this moment, sealed columns sealed.
    ///
    /// # Errors
    /// When the database does not answer, and [`StoreError::Conflict`] when nobody takes the rows.
    pub async fn dump(&self, rows: &mpsc::Sender<Row>) -> Result<Dump, StoreError> {
        let transaction = self.database.snapshot(crate::database::Reach::workspace(self.workspace)).await?;
        let mut counts = BTreeMap::new();
        macro_rules! dump_all {
            ($($entity:ident),*) => {$(
                let count = dump_table::<$entity::Entity>(&transaction, self.here(), rows).await?;
                counts.insert($entity::Entity.table_name().to_owned(), count);
            )*};
        }
        every_table!(dump_all);
        let last_seq = last_seq(&transaction, self.here()).await?.unwrap_or_default();
        Ok(Dump { last_seq, rows: counts })
    }

    /// A row that was given out, for its owner to read: sealed columns opened, secrets left out.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when a column does not open.
    pub fn readable(&self, row: &Row) -> Result<Map<String, Json>, StoreError> {
        let seal_row = row.seal_row();
        macro_rules! open_row {
            ($($entity:ident),*) => {
                match row.table.as_str() {
                    $(name if name == $entity::Entity.table_name() => {
                        readable::<$entity::Entity>(row, &self.seal, seal_row)
                    })*
                    _ => Err(StoreError::NotFound("table")),
                }
            };
        }
        every_table!(open_row)
    }
}

/// The number of the last record; none before the first.
pub(super) async fn last_seq(
    transaction: &DatabaseTransaction,
    here: Uuid,
) -> Result<Option<i64>, StoreError> {
    let sql = Statement::from_sql_and_values(
        transaction.get_database_backend(),
        "SELECT last_seq FROM workspace_counters WHERE workspace_id = $1",
        [here.into()],
    );
    let row = transaction.query_one_raw(sql).await?;
    Ok(row.map(|row| row.try_get::<i64>("", "last_seq")).transpose()?)
}

/// The column that every table of a workspace begins with.
pub(super) fn workspace_column<E: EntityTrait>() -> Result<E::Column, StoreError> {
    let found = E::Column::iter().find(|column| column.as_str() == "workspace_id");
    found.ok_or(StoreError::Damaged { table: "schema", what: "a workspace's table has no workspace" })
}

async fn dump_table<E>(
    transaction: &DatabaseTransaction,
    here: Uuid,
    rows: &mpsc::Sender<Row>,
) -> Result<u64, StoreError>
where
    E: EntityTrait + Default,
{
    let workspace = workspace_column::<E>()?;
    // Every key begins with the workspace, which is the same in all rows.
    let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).skip(1).collect();
    let (mut count, mut after) = (0, Condition::all());
    loop {
        let query = E::find().filter(workspace.eq(here)).filter(after).limit(PAGE);
        let query = key.iter().fold(query, |query, column| query.order_by_asc(*column));
        let page = query.all(transaction).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = beyond(&key, last);
        count += page.len() as u64;
        for model in &page {
            rows.send(row_of(model)?).await.map_err(|_| StoreError::Conflict("nobody takes the rows"))?;
        }
    }
}

/// Rows whose key comes after this one's.
fn beyond<M: ModelTrait>(key: &[<M::Entity as EntityTrait>::Column], last: &M) -> Condition {
    let (mut beyond, mut same) = (Condition::any(), Condition::all());
    for column in key {
        let value = last.get(*column);
        beyond = beyond.add(same.clone().add(column.gt(value.clone())));
        same = same.add(column.eq(value));
    }
    beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_table_is_left_out() {
        // claim B9
        let mut dumped = vec!["workspace_counters"]; // made of the records again
        // What happened and was told stays so: these stay as they are, whatever is put back.
        dumped.extend(["outbox_state", "outbox", "dispatches", "dispatch_attempts", "rule_notices", "inbox"]);
        // A channel that was removed must not get notices again.
        dumped.push("channels");
        macro_rules! names {
            ($($entity:ident),*) => { $(dumped.push($entity::Entity.table_name());)* };
        }
        every_table!(names);
        let mut known: Vec<&str> = crate::migration::WORKSPACE.tables().map(|table| table.name).collect();
        dumped.sort_unstable();
        known.sort_unstable();
        assert_eq!(dumped, known);
    }
}
