//! Tiles of hashes in the database, and the nodes that roots and proofs are made of.
//!
//! A full tile is written once, behind the entries. What lies right of the last full tile is made of at most 255
//! leaves, or roots of tiles, a level.

use super::rows::rows_after;
use super::{AuditLog, count, damaged, length, long, statement};
use crate::StoreError;
use bursar_audit::tile::{TILE_WIDTH, TileId, Tiles, tile_root};
use bursar_audit::tree::{self, Node};
use bursar_audit::{Hash, ProofOf};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use std::collections::BTreeSet;

/// Tiles written in one transaction.
const TOGETHER: u64 = 64;

pub(super) fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks_exact(32).filter_map(|hash| Hash::try_from(hash).ok()).collect()
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

impl AuditLog {
    /// Writes the tiles that are full by now.
    pub(super) async fn fill_tiles(&self) -> Result<(), StoreError> {
        loop {
            let transaction = self.write().await?;
            let full = count(length(&transaction, self.ledger).await?) / TILE_WIDTH;
            let have = self.tile_count(&transaction, 0).await?;
            if have >= full {
                return Ok(());
            }
            for index in have..full.min(have + TOGETHER) {
                let leaves = self.leaves(&transaction, index * TILE_WIDTH, TILE_WIDTH).await?;
                self.put_tile(&transaction, TileId { level: 0, index }, &leaves).await?;
                let (mut level, mut done) = (0, index + 1);
                while done.is_multiple_of(TILE_WIDTH) {
                    done /= TILE_WIDTH;
                    let roots = self.roots(&transaction, level, (done - 1) * TILE_WIDTH, TILE_WIDTH).await?;
                    level += 1;
                    self.put_tile(&transaction, TileId { level, index: done - 1 }, &roots).await?;
                }
            }
            crate::database::commit(transaction).await?;
        }
    }

    async fn tile_count(&self, transaction: &DatabaseTransaction, level: u8) -> Result<u64, StoreError> {
        let sql = "SELECT idx FROM {p}_record_tiles WHERE workspace_id = $1 AND level = $2 ORDER BY idx DESC LIMIT 1";
        let query = statement(transaction, self.ledger, sql, [i64::from(level).into()]);
        let row = transaction.query_one_raw(query).await?;
        Ok(row.map(|row| row.try_get::<i64>("", "idx")).transpose()?.map_or(0, |idx| count(idx) + 1))
    }

    async fn put_tile(
        &self,
        transaction: &DatabaseTransaction,
        tile: TileId,
        hashes: &[Hash],
    ) -> Result<(), StoreError> {
        if hashes.len() as u64 != TILE_WIDTH {
            return Err(damaged("entries are missing"));
        }
        let sql = "INSERT INTO {p}_record_tiles (workspace_id, level, idx, root, hashes) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT DO NOTHING";
        let values = [
            i64::from(tile.level).into(),
            long(tile.index).into(),
            tile_root(hashes).0.to_vec().into(),
            bytes(hashes).into(),
        ];
        transaction.execute_raw(statement(transaction, self.ledger, sql, values)).await?;
        Ok(())
    }

    /// The hashes of so many leaves from this index on.
    async fn leaves(
        &self,
        transaction: &DatabaseTransaction,
        index: u64,
        many: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let (first, last) = (long(index), long(index + many));
        let scope = match self.ledger {
            crate::record::Ledger::Directory => "",
            crate::record::Ledger::Workspace(_) => "workspace_id = $3 AND ",
        };
        let sql = format!(
            "SELECT seq, leaf FROM {}_records WHERE {scope}seq > $1 AND seq <= $2 ORDER BY seq",
            self.ledger.prefix()
        );
        let mut values: Vec<sea_orm::Value> = vec![first.into(), last.into()];
        if !scope.is_empty() {
            values.push(self.ledger.scope().into());
        }
        let query = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
        let mut found = Vec::new();
        for row in transaction.query_all_raw(query).await? {
            match row.try_get::<Option<Vec<u8>>>("", "leaf")? {
                Some(leaf) => found
                    .push(Hash::try_from(leaf.as_slice()).map_err(|_| damaged("a hash has another length"))?),
                // From before there was a log.
                None => return self.computed(transaction, first, many).await,
            }
        }
        Ok(found)
    }

    async fn computed(
        &self,
        transaction: &DatabaseTransaction,
        after: i64,
        many: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let rows = rows_after(transaction, self.ledger, after, many).await?;
        rows.iter().map(|row| row.leaf_hash(self.ledger, &self.seal)).collect()
    }

    /// The roots of so many tiles from this index on.
    async fn roots(
        &self,
        transaction: &DatabaseTransaction,
        level: u8,
        index: u64,
        many: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let sql = "SELECT root FROM {p}_record_tiles WHERE workspace_id = $1 AND level = $2 AND idx >= $3 AND idx < $4 \
                   ORDER BY idx";
        let values = [i64::from(level).into(), long(index).into(), long(index + many).into()];
        let query = statement(transaction, self.ledger, sql, values);
        let mut found = Vec::new();
        for row in transaction.query_all_raw(query).await? {
            let root: Vec<u8> = row.try_get("", "root")?;
            found.push(Hash::try_from(root.as_slice()).map_err(|_| damaged("a hash has another length"))?);
        }
        Ok(found)
    }

    /// A tile of a log of this size; full tiles are there by now.
    pub(super) async fn tile(
        &self,
        transaction: &DatabaseTransaction,
        tile: TileId,
        size: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        let width = tile.width(size);
        if width == TILE_WIDTH {
            let sql =
                "SELECT hashes FROM {p}_record_tiles WHERE workspace_id = $1 AND level = $2 AND idx = $3";
            let values = [i64::from(tile.level).into(), long(tile.index).into()];
            let row = transaction.query_one_raw(statement(transaction, self.ledger, sql, values)).await?;
            let row = row.ok_or(damaged("a tile of hashes is missing"))?;
            return Ok(hashes(&row.try_get::<Vec<u8>>("", "hashes")?));
        }
        match tile.level.checked_sub(1) {
            None => self.leaves(transaction, tile.index * TILE_WIDTH, width).await,
            Some(below) => self.roots(transaction, below, tile.index * TILE_WIDTH, width).await,
        }
    }

    /// Adds the tiles that these nodes follow from.
    pub(super) async fn load(
        &self,
        transaction: &DatabaseTransaction,
        tiles: &mut Tiles,
        nodes: &[Node],
        size: u64,
    ) -> Result<(), StoreError> {
        let needed: BTreeSet<TileId> = nodes.iter().map(|node| TileId::of(*node)).collect();
        for tile in needed {
            if tiles.get(tile).is_none() {
                tiles.insert(tile, self.tile(transaction, tile, size).await?);
            }
        }
        Ok(())
    }

    /// The root of the first `size` entries.
    pub(super) async fn root(
        &self,
        transaction: &DatabaseTransaction,
        tiles: &mut Tiles,
        size: u64,
    ) -> Result<Hash, StoreError> {
        self.load(transaction, tiles, &tree::root_nodes(size), size).await?;
        tree::root(tiles, size).map_err(|_| damaged("a tile of hashes is missing"))
    }

    /// Proves that an entry is under the newest checkpoint.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such entry under it yet.
    pub async fn prove(&self, sequence: u64) -> Result<ProofOf, StoreError> {
        self.fill_tiles().await?;
        let transaction = self.read().await?;
        let head = self.newest(&transaction).await?.ok_or(StoreError::NotFound("checkpoint"))?;
        let (size, index) = (head.checkpoint.size, sequence.wrapping_sub(1));
        let nodes = tree::inclusion_nodes(index, size).map_err(|_| StoreError::NotFound("entry"))?;
        let mut tiles = Tiles::default();
        self.load(&transaction, &mut tiles, &nodes, size).await?;
        let path =
            tree::prove_inclusion(&tiles, index, size).map_err(|_| damaged("a tile of hashes is missing"))?;
        let rows = rows_after(&transaction, self.ledger, long(index), 1).await?;
        let row =
            rows.first().filter(|row| row.seq == long(sequence)).ok_or(StoreError::NotFound("entry"))?;
        let line = row.entry(self.ledger, &self.seal)?.line();
        Ok(ProofOf { line, index, path, checkpoint: head.as_str().to_owned() })
    }
}
