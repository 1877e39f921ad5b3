//! Answers, with what one must know to trust them: how fresh, how final, what was left out, what
//! was read.

use crate::question::Question;
use bursar_domain::id::{DeliveryId, SourceId};
use bursar_domain::{Amount, BillingPeriod, DateRange};
pub use bursar_lake::ask::{Row, Total};
use chrono::{DateTime, NaiveDate, Utc};

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question as it was understood.
    pub question: Question,
    /// The days it was asked of.
    pub period: Option<DateRange>,
    /// Groups × periods × currencies.
    pub rows: Vec<Row>,
    /// A sum for each currency.
    pub totals: Vec<Total>,
    /// How many groups the rows marked `other` hold together.
    pub other_groups: u64,
    /// What the figures rest on.
    pub freshness: Vec<Freshness>,
    /// Whether a delivery it rests on may still change.
    pub provisional: bool,
    /// Rows left out, by reason.
    pub excluded: Vec<Excluded>,
    /// What else one must know.
    pub notes: Vec<String>,
    /// Why there are no rows, if there are none.
    pub empty_reason: Option<String>,
    /// What was read.
    pub read: Read,
}

/// How far the charges of a source reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The source's location.
    pub source: String,
    /// Whose bill it is.
    pub provider: Option<String>,
    /// The last day with charges.
    pub charges_until: Option<NaiveDate>,
    /// When the newest delivery was complete.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Months that may still change.
    pub provisional_periods: Vec<BillingPeriod>,
}

/// Rows left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// Why.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// What an answer made the program read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Read {
    /// Whether a rollup served it.
    pub rollup: bool,
    /// Calls to stores.
    pub operations: u64,
    /// Objects the answer rests on.
    pub objects: u64,
    /// Bytes of content asked for.
    pub bytes: u64,
    /// Rows looked at.
    pub rows: u64,
    /// Time taken.
    pub elapsed_ms: u64,
}

/// A workspace at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// First day with charges.
    pub first_day: Option<NaiveDate>,
    /// Last day with charges.
    pub last_day: Option<NaiveDate>,
    /// Currencies of the charges.
    pub currencies: Vec<String>,
    /// Whose bills they are.
    pub providers: Vec<String>,
    /// How many sources.
    pub sources: u64,
    /// How many deliveries.
    pub deliveries: u64,
    /// Progress of the refresh that runs, if one does.
    pub refresh: Option<Progress>,
}

/// Work under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub what: String,
    /// Steps done.
    pub done: u64,
    /// Steps in all, as far as known.
    pub total: u64,
}

/// A dimension to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimensionInfo {
    /// As questions name it.
    pub id: String,
    /// As pages name it.
    pub label: String,
    /// What it goes with.
    pub group: String,
}

/// Values of a dimension, the dearest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// The values.
    pub values: Vec<Value>,
    /// Whether there are more.
    pub truncated: bool,
}

/// One value of a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value; `None` is "has none".
    pub value: Option<String>,
    /// Effective cost in the period.
    pub amount: Amount,
    /// Of this currency.
    pub currency: String,
}

/// The first page: this month so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dashboard {
    /// This month so far: from its first day up to and without the day after the last day with charges.
    pub so_far: DateRange,
    /// The sum so far.
    pub month: Answer,
    /// The whole month before.
    pub last_month: Answer,
    /// As many days of the month before.
    pub same_days: Answer,
    /// Day by day, over the last months.
    pub daily: Answer,
    /// By provider, against the same days of the month before.
    pub by_provider: Answer,
    /// By service.
    pub by_service: Answer,
    /// By account.
    pub by_account: Answer,
    /// What changed most.
    pub movers: Vec<Mover>,
}

/// A group whose cost changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// Of which dimension.
    pub dimension: String,
    /// Which value.
    pub key: Option<String>,
    /// The currency.
    pub currency: String,
    /// This month so far.
    pub amount: Amount,
    /// The same days of the month before.
    pub previous: Amount,
    /// The difference.
    pub change: Amount,
}

/// What can be said of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// The source.
    pub id: SourceId,
    /// Where it lies.
    pub location: String,
    /// What its columns mean, as far as known.
    pub dialect: Option<String>,
    /// Whose bills it holds.
    pub providers: Vec<String>,
    /// Whether it can be used.
    pub state: SourceState,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Deliveries counted.
    pub deliveries: u64,
    /// Their rows.
    pub rows: u64,
    /// Their size.
    pub bytes: u64,
    /// First month.
    pub first_period: Option<BillingPeriod>,
    /// Last month.
    pub last_period: Option<BillingPeriod>,
    /// The last day with charges.
    pub charges_until: Option<NaiveDate>,
    /// When the newest delivery was complete.
    pub delivered_at: Option<DateTime<Utc>>,
    /// What was read of it since the program started.
    pub read: Read,
}

/// Whether a source can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// All of it.
    Ok,
    /// Some deliveries are left out, or it has not been looked through yet.
    Partial,
    /// It could be read and must not be counted.
    Refused,
    /// It cannot be read.
    Unreachable,
}

/// A delivery as the sources page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// The delivery.
    pub id: DeliveryId,
    /// Its source.
    pub source: SourceId,
    /// What its rows are.
    pub dataset: String,
    /// The month.
    pub billing_period: Option<BillingPeriod>,
    /// Whether the month may still change.
    pub provisional: bool,
    /// When it was complete.
    pub delivered_at: DateTime<Utc>,
    /// Objects.
    pub objects: u64,
    /// Their size.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// Σ BilledCost, a currency each.
    pub billed: Vec<(String, Amount)>,
    /// Σ EffectiveCost, a currency each.
    pub effective: Vec<(String, Amount)>,
    /// Rows that could not be typed.
    pub quarantined: u64,
    /// The delivery it replaced, if it did.
    pub restatement: Option<Restatement>,
}

/// What a re-delivered month changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restatement {
    /// When the change was noticed.
    pub replaced_at: DateTime<Utc>,
    /// Rows before.
    pub rows_before: u64,
    /// Sums that differ.
    pub difference: Vec<Difference>,
}

/// A sum before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which column.
    pub measure: String,
    /// Which currency.
    pub currency: String,
    /// Before.
    pub before: Amount,
    /// After.
    pub after: Amount,
    /// After − before.
    pub difference: Amount,
}

/// What a conformance check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conformance {
    /// Rows checked; `notes` say when they are not all rows.
    pub checked_rows: u64,
    /// Against this version of FOCUS.
    pub version: String,
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What was not checked, and why.
    pub notes: Vec<String>,
}

/// A rule that rows break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The published id of the rule.
    pub rule: String,
    /// The column it is about.
    pub column: Option<String>,
    /// How much it matters.
    pub level: String,
    /// How many rows break it.
    pub count: u64,
    /// What it means for the bill.
    pub explanation: String,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A row that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// In which file.
    pub file: String,
    /// Which row, from 1; 0 when the file as a whole is meant.
    pub row: u64,
    /// What it says.
    pub value: Option<String>,
}

/// The result of an SQL text, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Names and types.
    pub columns: Vec<(String, String)>,
    /// Cells; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more rows.
    pub truncated: bool,
    /// What was read.
    pub read: Read,
}

/// The calls made to stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    /// The newest calls, newest first.
    pub entries: Vec<LedgerEntry>,
    /// Calls in all.
    pub operations: u64,
    /// Bytes of content in all.
    pub bytes: u64,
}

/// One call to a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// When.
    pub time: DateTime<Utc>,
    /// `list`, `head`, `get`.
    pub operation: String,
    /// Which object or prefix.
    pub object: String,
    /// Bytes of content.
    pub bytes: u64,
    /// Which source.
    pub source: String,
}
