//! Sealed keys in a table of PostgreSQL, for installations whose replicas share no directory.
//!
//! The keyring opens its keys before the store opens its tables, so that a shelf has connections of
//! its own. What is on it is sealed by a master key that is not in the database.
//!
//! Removing a row leaves its bytes in the table's file until PostgreSQL vacuums it, and in its
//! write-ahead log and backups as long as those are kept: a removed key is *disabled* at once and
//! *irrecoverable* when they are gone or the master key is destroyed. A deletion certificate must
//! say both.

use crate::StoreError;
use crate::config::PostgresConfig;
use crate::database::{Database, Reach, commit};
use crate::entity::sealed_key;
use crate::value::micros;
use crate::{migration, postgres};
use async_trait::async_trait;
use bursar_domain::Clock;
use bursar_keyring::{KeyShelf, MAX_ITEM_BYTES, ShelfError, ShelfName};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::fmt;
use std::sync::Arc;

/// A shelf in PostgreSQL.
pub struct PostgresKeyShelf {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for PostgresKeyShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresKeyShelf").finish_non_exhaustive()
    }
}

impl PostgresKeyShelf {
    /// Connects, making the table where an owner's address is given.
    ///
    /// # Errors
    /// As [`crate::Store::open`].
    pub async fn open(config: &PostgresConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let config = PostgresConfig { max_connections: config.max_connections.min(2), ..config.clone() };
        let database = postgres::open(&config, &[&migration::SHELF], clock.as_ref()).await?;
        Ok(Self { database, clock })
    }

    async fn get_row(&self, name: &ShelfName) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.database.read(Reach::DIRECTORY).await?;
        let row = sealed_key::Entity::find_by_id(name.to_string()).one(&transaction).await?;
        Ok(row.map(|row| row.document))
    }

    async fn put_row(
        &self,
        name: &ShelfName,
        before: Option<&[u8]>,
        after: &[u8],
    ) -> Result<bool, StoreError> {
        if after.len() > MAX_ITEM_BYTES {
            return Err(StoreError::TooLarge { what: "a key document", limit: "1 MiB" });
        }
        let now = micros(self.clock.now());
        let transaction = self.database.write(Reach::DIRECTORY).await?;
        let rows = match before {
            None => {
                let row =
                    sealed_key::Model { name: name.to_string(), document: after.to_vec(), changed_us: now };
                sealed_key::Entity::insert(row.into_active_model())
                    .on_conflict(OnConflict::column(sealed_key::Column::Name).do_nothing().to_owned())
                    .exec_without_returning(&transaction)
                    .await?
            }
            Some(before) => {
                sealed_key::Entity::update_many()
                    .col_expr(sealed_key::Column::Document, Expr::value(after.to_vec()))
                    .col_expr(sealed_key::Column::ChangedUs, Expr::value(now))
                    .filter(sealed_key::Column::Name.eq(name.to_string()))
                    .filter(sealed_key::Column::Document.eq(before.to_vec()))
                    .exec(&transaction)
                    .await?
                    .rows_affected
            }
        };
        commit(transaction).await?;
        Ok(rows > 0)
    }

    async fn remove_row(&self, name: &ShelfName) -> Result<bool, StoreError> {
        let transaction = self.database.write(Reach::DIRECTORY).await?;
        let rows = sealed_key::Entity::delete_many()
            .filter(sealed_key::Column::Name.eq(name.to_string()))
            .exec(&transaction)
            .await?;
        commit(transaction).await?;
        Ok(rows.rows_affected > 0)
    }

    async fn names(&self) -> Result<Vec<ShelfName>, StoreError> {
        let transaction = self.database.read(Reach::DIRECTORY).await?;
        let rows =
            sealed_key::Entity::find().order_by_asc(sealed_key::Column::Name).all(&transaction).await?;
        // A name that is none was not written by this program.
        let mut names: Vec<ShelfName> = rows.into_iter().filter_map(|row| row.name.parse().ok()).collect();
        names.sort();
        Ok(names)
    }
}

fn at(place: String) -> impl FnOnce(StoreError) -> ShelfError {
    move |source| ShelfError { place, source: Box::new(source) }
}

#[async_trait]
impl KeyShelf for PostgresKeyShelf {
    async fn get(&self, name: &ShelfName) -> Result<Option<Vec<u8>>, ShelfError> {
        self.get_row(name).await.map_err(at(self.place(name)))
    }

    async fn put(&self, name: &ShelfName, before: Option<&[u8]>, after: &[u8]) -> Result<bool, ShelfError> {
        self.put_row(name, before, after).await.map_err(at(self.place(name)))
    }

    async fn remove(&self, name: &ShelfName) -> Result<bool, ShelfError> {
        self.remove_row(name).await.map_err(at(self.place(name)))
    }

    async fn list(&self) -> Result<Vec<ShelfName>, ShelfError> {
        self.names().await.map_err(at("table sealed_keys".to_owned()))
    }

    fn place(&self, name: &ShelfName) -> String {
        format!("table sealed_keys, row {name}")
    }
}
