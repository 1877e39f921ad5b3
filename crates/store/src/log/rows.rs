//! Rows of records, the same for a workspace and the directory.

use crate::entity::{directory_record, workspace_record};
use crate::record::Ledger;
use crate::seal::Seal;
use crate::value::{Key, moment};
use crate::{StoreError, log::damaged};
use bursar_audit::{Entry, Hash, Payload};
use bursar_domain::id::{RecordId, WorkspaceId};
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{Condition, DatabaseTransaction, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

macro_rules! row {
    ($($column:ident: $type:ty),* $(,)?) => {
        /// A row of a record.
        #[derive(Debug, Clone)]
        pub(crate) struct Row {
            $(pub(crate) $column: $type,)*
            /// The workspace it is about.
            pub(crate) workspace_id: Option<Uuid>,
        }

        impl From<directory_record::Model> for Row {
            fn from(row: directory_record::Model) -> Self {
                Self { $($column: row.$column,)* workspace_id: row.workspace_id }
            }
        }

        impl From<workspace_record::Model> for Row {
            fn from(row: workspace_record::Model) -> Self {
                Self { $($column: row.$column,)* workspace_id: Some(row.workspace_id) }
            }
        }

        impl Row {
            pub(crate) fn of_directory(self) -> directory_record::Model {
                directory_record::Model { $($column: self.$column,)* workspace_id: self.workspace_id }
            }

            pub(crate) fn of_workspace(self, workspace: WorkspaceId) -> workspace_record::Model {
                workspace_record::Model { $($column: self.$column,)* workspace_id: workspace.uuid() }
            }
        }
    };
}

row! {
    seq: i64, id: Uuid, at_us: i64, actor: String, account_id: Option<Uuid>, on_behalf_of: Option<Uuid>,
    credential: Option<String>, action: String, target: String, outcome: String, deciding_policy: Option<String>,
    request_id: Option<Uuid>, payload_sealed: Vec<u8>, leaf: Option<Vec<u8>>, intent_seq: Option<i64>,
    personal: Option<String>,
}

/// A column by its name, which both tables have.
pub(crate) fn col(name: &'static str) -> Expr {
    Expr::col(Alias::new(name))
}

/// Rows of a ledger that fulfil a condition, in the order of their numbers.
pub(crate) async fn rows(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    condition: Condition,
    order: Order,
    limit: u64,
) -> Result<Vec<Row>, StoreError> {
    Ok(match ledger {
        Ledger::Directory => {
            let query = directory_record::Entity::find().filter(condition);
            let query = query.order_by(directory_record::Column::Seq, order).limit(limit);
            query.all(transaction).await?.into_iter().map(Row::from).collect()
        }
        Ledger::Workspace(id) => {
            let query = workspace_record::Entity::find()
                .filter(col("workspace_id").eq(id.uuid()))
                .filter(condition)
                .order_by(workspace_record::Column::Seq, order)
                .limit(limit);
            query.all(transaction).await?.into_iter().map(Row::from).collect()
        }
    })
}

/// The next rows after a number.
pub(crate) async fn rows_after(
    transaction: &DatabaseTransaction,
    ledger: Ledger,
    after: i64,
    limit: u64,
) -> Result<Vec<Row>, StoreError> {
    rows(transaction, ledger, Condition::all().add(col("seq").gt(after)), Order::Asc, limit).await
}

impl Row {
    /// The entry as it was hashed.
    pub(crate) fn entry(&self, ledger: Ledger, seal: &Seal) -> Result<Entry, StoreError> {
        let payload = seal.open_text(ledger.payload(), self.id, &self.payload_sealed)?;
        self.entry_of(ledger, Payload::restore(payload).map_err(|_| damaged("a payload does not read"))?)
    }

    /// The same with a payload that is open already.
    pub(crate) fn entry_of(&self, ledger: Ledger, payload: Payload) -> Result<Entry, StoreError> {
        let commitments = self.personal.as_deref().map(serde_json::from_str).transpose();
        let workspace = match ledger {
            Ledger::Directory => self.workspace_id.map(Key::from_uuid),
            Ledger::Workspace(id) => Some(id),
        };
        Ok(Entry {
            sequence: crate::log::count(self.seq),
            log: ledger.log(),
            id: RecordId::from_uuid(self.id),
            time: moment(self.at_us, ledger.payload().table)?,
            actor: self.actor.clone(),
            account: self.account_id.map(Key::from_uuid),
            on_behalf_of: self.on_behalf_of.map(Key::from_uuid),
            credential: self.credential.clone(),
            workspace,
            action: self.action.clone(),
            target: self.target.clone(),
            outcome: self.outcome.parse().map_err(|_| damaged("an outcome is not known"))?,
            policy: self.deciding_policy.clone(),
            request: self.request_id.map(Key::from_uuid),
            intent: self.intent_seq.map(crate::log::count),
            personal: commitments.map_err(|_| damaged("commitments do not read"))?.unwrap_or_default(),
            payload,
        })
    }

    /// The hash of its leaf: as it was written, or computed for a row from before there was a log.
    pub(crate) fn leaf_hash(&self, ledger: Ledger, seal: &Seal) -> Result<Hash, StoreError> {
        match &self.leaf {
            Some(leaf) => Hash::try_from(leaf.as_slice()).map_err(|_| damaged("a hash has another length")),
            None => Ok(self.entry(ledger, seal)?.leaf()),
        }
    }
}
