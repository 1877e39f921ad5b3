//! Sources: locations of exports.
//!
//! The location is sealed; two of the same are found by its digest. Credentials are not here.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::source;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, Paging, micros, moment};
use bursar_domain::Actor;
use bursar_domain::id::SourceId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "sources";
const LOCATION: Column = column(TABLE, "location");
const LOCATION_LOOKUP: &str = "source location";

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// A folder or a URL without credentials.
    pub location: String,
    /// The dialect of its exports, where it was given.
    pub dialect: Option<String>,
    /// When it was added.
    pub added_at: DateTime<Utc>,
}

/// A source to be added.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// A folder or a URL without credentials; at most 4 KiB.
    pub location: String,
    /// The dialect of its exports, where it is given.
    pub dialect: Option<String>,
    /// Its id, where that is given (the demo); a new one otherwise.
    pub id: Option<SourceId>,
}

impl WorkspaceStore {
    /// Adds a source.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the location is there already.
    pub async fn add_source(&self, actor: &Actor, new: NewSource) -> Result<Source, StoreError> {
        bounded(&new.location, 4096, "a location", "4 KiB")?;
        let id = match new.id {
            Some(id) => id.uuid(),
            None => self.new_uuid()?,
        };
        let row = source::Model {
            workspace_id: self.here(),
            id,
            location_lookup: self.seal.lookup(LOCATION_LOOKUP, &new.location),
            location_sealed: self.seal.text(LOCATION, id, &new.location)?,
            dialect: new.dialect,
            added_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry =
            Entry::done("source.add", SourceId::from_uuid(id)).with(json!({ "location": new.location }));
        self.commit(transaction, actor, entry).await?;
        self.source_of(row)
    }

    /// The source.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn source(&self, id: SourceId) -> Result<Source, StoreError> {
        let transaction = self.read().await?;
        let row = source::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.source_of(found(row, "source")?)
    }

    /// The sources, in the order they were added.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sources(&self, paging: Paging<SourceId>) -> Result<Vec<Source>, StoreError> {
        let transaction = self.read().await?;
        let mut query = source::Entity::find()
            .filter(source::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(source::Column::Id)
            .limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(source::Column::Id.gt(after.uuid()));
        }
        let rows = query.all(&transaction).await?;
        rows.into_iter().map(|row| self.source_of(row)).collect()
    }

    /// Notes the dialect of a source's exports.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_source_dialect(
        &self,
        actor: &Actor,
        id: SourceId,
        dialect: Option<String>,
    ) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = source::Entity::update_many()
            .col_expr(source::Column::Dialect, Expr::value(dialect.clone()))
            .filter(source::Column::WorkspaceId.eq(self.here()))
            .filter(source::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "source")?;
        let entry = Entry::done("source.set-dialect", id).with(json!({ "dialect": dialect }));
        self.commit(transaction, actor, entry).await
    }

    /// Removes a source. What was derived from it is the caller's to remove.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_source(&self, actor: &Actor, id: SourceId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = source::Entity::delete_many()
            .filter(source::Column::WorkspaceId.eq(self.here()))
            .filter(source::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "source")?;
        self.commit(transaction, actor, Entry::done("source.remove", id)).await
    }

    fn source_of(&self, row: source::Model) -> Result<Source, StoreError> {
        Ok(Source {
            id: SourceId::from_uuid(row.id),
            location: self.seal.open_text(LOCATION, row.id, &row.location_sealed)?,
            dialect: row.dialect,
            added_at: moment(row.added_us, TABLE)?,
        })
    }
}
