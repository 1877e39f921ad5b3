//! Checking a log in the database against its own checkpoints.

use super::rows::rows_after;
use super::tiles::hashes;
use super::{AuditLog, CADENCE, count, long, statement};
use crate::StoreError;
use bursar_audit::tile::TILE_WIDTH;
use bursar_audit::tree::Frontier;
use bursar_audit::verify::Problem;
use bursar_audit::{Hash, KeyHistory, SignedCheckpoint};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

const PAGE: u64 = 2_000;
/// Problems that are named.
const MAX_PROBLEMS: usize = 100;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct LogVerdict {
    /// What is wrong; nothing when all is well.
    pub problems: Vec<Problem>,
    /// Entries that were checked.
    pub entries: u64,
    /// Checkpoints that were checked.
    pub checkpoints: u64,
    /// Entries since the newest checkpoint: not signed yet.
    pub unsigned: u64,
    /// When the newest checkpoint was signed.
    pub head: Option<DateTime<Utc>>,
}

impl LogVerdict {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    fn note(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        }
    }
}

/// The walk.
struct Walk {
    frontier: Frontier,
    checkpoints: std::vec::IntoIter<SignedCheckpoint>,
    due: Option<SignedCheckpoint>,
    good: u64,
    broken: bool,
    tile: Option<(u64, Vec<Hash>)>,
    next: u64,
}

impl AuditLog {
    /// Walks all entries against the checkpoints: what was changed, removed or put in, by whoever could write
    /// to the database. With `now`, silence of the log is a problem too.
    ///
    /// # Errors
    /// When the database does not answer; what is wrong with the log is in the verdict.
    pub async fn verify(&self, now: Option<DateTime<Utc>>) -> Result<LogVerdict, StoreError> {
        let transaction = self.read().await?;
        let mut verdict = LogVerdict::default();
        let history = match self.history(&transaction).await {
            Ok(history) => history,
            Err(StoreError::SigningKey(error)) => {
                verdict.note(Problem::Keys(error));
                KeyHistory::default()
            }
            Err(error) => return Err(error),
        };
        let checkpoints = self.all_checkpoints(&transaction).await?;
        self.heads(&checkpoints, &history, now, &mut verdict);
        let size = checkpoints.last().map(|last| last.checkpoint.size);
        let mut walk = Walk {
            frontier: Frontier::default(),
            checkpoints: checkpoints.into_iter(),
            due: None,
            good: 0,
            broken: false,
            tile: None,
            next: 1,
        };
        walk.due = walk.checkpoints.next();
        self.walk(&transaction, &mut walk, &mut verdict).await?;
        if let Some(size) = size {
            if walk.next <= size {
                verdict.note(Problem::Dropped { from: walk.next, until: size });
            }
            verdict.unsigned = (walk.next - 1).saturating_sub(size);
        } else {
            verdict.unsigned = verdict.entries;
        }
        let said = count(super::length(&transaction, self.ledger).await?);
        if said != verdict.entries {
            verdict.note(Problem::Count { what: "entries".to_owned(), said, found: verdict.entries });
        }
        Ok(verdict)
    }

    fn heads(
        &self,
        checkpoints: &[SignedCheckpoint],
        history: &KeyHistory,
        now: Option<DateTime<Utc>>,
        verdict: &mut LogVerdict,
    ) {
        let patience = TimeDelta::from_std(CADENCE + CADENCE / 2).unwrap_or_default();
        let cadence_seconds = CADENCE.as_secs();
        let mut before: Option<&SignedCheckpoint> = None;
        for signed in checkpoints {
            let head = &signed.checkpoint;
            verdict.checkpoints += 1;
            if head.origin != self.log().origin() {
                let what = format!("the checkpoint of size {}", head.size);
                verdict.note(Problem::OtherLog { what, found: head.origin.clone() });
            }
            if let Err(problem) = history.check(signed) {
                verdict.note(problem);
            }
            if let Some(before) = before.map(|before| &before.checkpoint) {
                if head.time <= before.time || head.size < before.size {
                    verdict.note(Problem::CheckpointOrder { at: head.time, size: head.size });
                }
                if head.size == before.size && head.root != before.root {
                    verdict.note(Problem::Fork { size: head.size });
                }
                if now.is_some() && head.time - before.time > patience {
                    let (after, before) = (before.time, head.time);
                    verdict.note(Problem::Cadence { after, before, cadence_seconds });
                }
            }
            before = Some(signed);
        }
        verdict.head = before.map(|head| head.checkpoint.time);
        if let (Some(now), Some(at)) = (now, verdict.head)
            && now - at > patience
        {
            verdict.note(Problem::Stale { at, cadence_seconds });
        }
    }

    async fn walk(
        &self,
        transaction: &DatabaseTransaction,
        walk: &mut Walk,
        verdict: &mut LogVerdict,
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = rows_after(transaction, self.ledger, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in &rows {
                let sequence = count(row.seq);
                if sequence > walk.next {
                    verdict.note(Problem::Missing { from: walk.next, until: sequence - 1 });
                }
                walk.next = sequence + 1;
                verdict.entries += 1;
                walk.roots(verdict);
                let leaf = match row.entry(self.ledger, &self.seal) {
                    Ok(entry) => entry.leaf(),
                    Err(StoreError::Damaged { .. }) => Hash([0; 32]),
                    Err(error) => return Err(error),
                };
                let kept = self.kept(transaction, walk, sequence - 1).await?;
                let written = row.leaf.as_deref().is_none_or(|written| written == leaf.0);
                if !written || kept.is_some_and(|kept| kept != leaf) {
                    verdict.note(Problem::Changed { sequence });
                }
                walk.frontier.push(leaf);
            }
        }
        walk.roots(verdict);
        if let Some(due) = walk.due.take().filter(|_| !walk.broken) {
            verdict.note(Problem::Root { size: due.checkpoint.size, good: walk.good });
        }
        Ok(())
    }

    /// The hash that the tiles have for a leaf.
    async fn kept(
        &self,
        transaction: &DatabaseTransaction,
        walk: &mut Walk,
        index: u64,
    ) -> Result<Option<Hash>, StoreError> {
        let number = index / TILE_WIDTH;
        if walk.tile.as_ref().is_none_or(|(at, _)| *at != number) {
            let sql =
                "SELECT hashes FROM {p}_record_tiles WHERE workspace_id = $1 AND level = 0 AND idx = $2";
            let row = statement(transaction, self.ledger, sql, [long(number).into()]);
            let row = transaction.query_one_raw(row).await?;
            let found = row.map(|row| row.try_get::<Vec<u8>>("", "hashes")).transpose()?;
            walk.tile = Some((number, found.map(|found| hashes(&found)).unwrap_or_default()));
        }
        let place = usize::try_from(index % TILE_WIDTH).unwrap_or_default();
        Ok(walk.tile.as_ref().and_then(|(_, hashes)| hashes.get(place).copied()))
    }
}

impl Walk {
    fn roots(&mut self, verdict: &mut LogVerdict) {
        let size = self.frontier.size();
        while let Some(due) = self.due.take_if(|due| due.checkpoint.size <= size) {
            let head = &due.checkpoint;
            if head.size == size && head.root == self.frontier.root() {
                self.good = size;
            } else if !self.broken {
                self.broken = true;
                verdict.note(Problem::Root { size: head.size, good: self.good });
            }
            self.due = self.checkpoints.next();
        }
    }
}
