//! Reading the directory's record, and adding to it what changes no row.

use super::Directory;
use crate::StoreError;
use crate::entity::directory_record;
use crate::record::{Entry, Record, RecordFilter};
use crate::value::Key;
use bursar_domain::Actor;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Directory {
    /// Records something that changed no row: a refusal, a failed sign-in, a read worth noting.
    ///
    /// # Errors
    /// When it cannot be recorded; then it must not happen either.
    pub async fn note(&self, actor: &Actor, entry: Entry) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        self.commit(transaction, actor, entry).await
    }

    /// The directory's record, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn records(&self, filter: &RecordFilter) -> Result<Vec<Record>, StoreError> {
        use directory_record::Column;
        let transaction = self.read().await?;
        let mut query =
            directory_record::Entity::find().order_by_desc(Column::Seq).limit(filter.paging.limit());
        if let Some(after) = filter.paging.after {
            query = query.filter(Column::Seq.lt(after));
        }
        if let Some(account) = filter.account {
            query = query.filter(Column::AccountId.eq(account.uuid()));
        }
        if let Some(workspace) = filter.workspace {
            query = query.filter(Column::WorkspaceId.eq(workspace.uuid()));
        }
        if let Some(action) = &filter.action {
            query = query.filter(Column::Action.eq(action.as_str()));
        }
        let rows = query.all(&transaction).await?;
        rows.into_iter().map(|row| Record::of_directory(row, &self.seal)).collect()
    }
}
