//! A log, or a part of it, as a bundle for an auditor.

use super::rows::{Row, rows_after};
use super::{AuditLog, CADENCE, count, damaged, long};
use crate::StoreError;
use bursar_audit::export::{About, BundleWriter, Filter, Manifest};
use bursar_audit::tile::Tiles;
use bursar_audit::tree;
use bursar_domain::Actor;
use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use std::io::Write;

const PAGE: u64 = 1_000;

impl AuditLog {
    /// Writes a bundle: a checkpoint is signed first, so that what happened up to now is in it. That it was
    /// exported is recorded, and is in the next one. With `persons`, what is known about persons is disclosed.
    ///
    /// # Errors
    /// When the bundle cannot be written, and as [`AuditLog::sign_checkpoint`].
    pub async fn export<W: Write + Send>(
        &self,
        actor: &Actor,
        out: W,
        filter: Filter,
        persons: bool,
        now: DateTime<Utc>,
    ) -> Result<(W, Manifest), StoreError> {
        let shown = serde_json::to_value(&filter).unwrap_or_default();
        let entry = crate::Entry::done("audit.export", self.log()).with(shown);
        let head = self.sign_checkpoint(now).await?;
        self.note(actor, entry).await?;
        let (created, size) = (head.checkpoint.time, head.checkpoint.size);
        let transaction = self.read().await?;
        let (key, mut checkpoints) =
            (self.present_key(&transaction).await?, self.all_checkpoints(&transaction).await?);
        // Another replica may have signed meanwhile.
        checkpoints.retain(|signed| signed.checkpoint.time <= created);
        let mut tiles = Tiles::default();
        let mut consistency = Vec::new();
        if !filter.is_everything() {
            for signed in &checkpoints {
                let nodes = tree::consistency_nodes(signed.checkpoint.size, size)
                    .map_err(|_| damaged("a checkpoint is larger than the newest"))?;
                self.load(&transaction, &mut tiles, &nodes, size).await?;
                let proof = tree::prove_consistency(&tiles, signed.checkpoint.size, size);
                consistency.push(proof.map_err(|_| damaged("a tile of hashes is missing"))?);
            }
        }
        let about = About {
            log: self.log(),
            created,
            cadence: CADENCE,
            filter: filter.clone(),
            checkpoints,
            consistency,
            keys: self.statements(&transaction).await?,
        };
        let mut writer = BundleWriter::new(out, about)?;
        let mut after = match filter.from {
            Some(from) => self.first_since(&transaction, from).await? - 1,
            None => 0,
        };
        loop {
            let rows = rows_after(&transaction, self.ledger, after, PAGE).await?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { break };
            after = last.seq;
            let mut disclosed = match persons && rows.iter().any(|row| row.personal.is_some()) {
                true => self.disclosures(&transaction, (first.seq, last.seq)).await?,
                false => Default::default(),
            };
            for row in rows.iter().filter(|row| row.seq <= long(size)) {
                if self.write_row(&transaction, &mut writer, &mut tiles, row, &filter, size).await? {
                    disclosed.remove(&row.seq).iter().flatten().for_each(|known| writer.disclose(known));
                }
            }
            if after >= long(size)
                || filter.until.is_some_and(|until| crate::value::micros(until) <= last.at_us)
            {
                break;
            }
        }
        Ok(writer.finish(&key)?)
    }

    /// Whether the filter took it.
    async fn write_row<W: Write>(
        &self,
        transaction: &DatabaseTransaction,
        writer: &mut BundleWriter<W>,
        tiles: &mut Tiles,
        row: &Row,
        filter: &Filter,
        size: u64,
    ) -> Result<bool, StoreError> {
        let entry = row.entry(self.ledger, &self.seal)?;
        if !filter.takes(&entry) {
            return Ok(false);
        }
        let mut proof = Vec::new();
        if !writer.is_whole() {
            let index = count(row.seq) - 1;
            let nodes = tree::inclusion_nodes(index, size).map_err(|_| StoreError::NotFound("entry"))?;
            self.load(transaction, tiles, &nodes, size).await?;
            proof = tree::prove_inclusion(tiles, index, size)
                .map_err(|_| damaged("a tile of hashes is missing"))?;
        }
        writer.entry(entry.sequence, &entry.line(), &proof)?;
        Ok(true)
    }
}
