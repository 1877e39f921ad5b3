//! JSON that several endpoints share. Amounts are decimal strings: JSON numbers are doubles in too
//! many readers.

use bursar_app::answer;
use bursar_domain::{Amount, BillingPeriod, DateRange};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// An exact decimal number.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(value_type = String, pattern = r"^-?[0-9]+(\.[0-9]+)?$", example = "1234.56")]
pub(crate) struct Decimal(pub(crate) Amount);

/// An amount of one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MoneyView {
    /// ISO 4217, or the name of a virtual currency.
    pub(crate) currency: String,
    /// How much.
    pub(crate) amount: Decimal,
}

impl From<(String, Amount)> for MoneyView {
    fn from((currency, amount): (String, Amount)) -> Self {
        Self { currency, amount: Decimal(amount) }
    }
}

/// How far the charges of a source reach.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Freshness {
    /// The source's location.
    source: String,
    /// Whose bill it is.
    #[schema(required)]
    provider: Option<String>,
    /// The last day with charges.
    #[schema(required)]
    charges_until: Option<NaiveDate>,
    /// When the newest delivery was complete.
    #[schema(required)]
    delivered_at: Option<DateTime<Utc>>,
    /// First days of the months that may still change.
    provisional_periods: Vec<NaiveDate>,
}

impl From<answer::Freshness> for Freshness {
    fn from(from: answer::Freshness) -> Self {
        Self {
            source: from.source,
            provider: from.provider,
            charges_until: from.charges_until,
            delivered_at: from.delivered_at,
            provisional_periods: from.provisional_periods.into_iter().map(BillingPeriod::start).collect(),
        }
    }
}

/// What an answer made the program read.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Read {
    /// `rollup` when a derived table served it, `rows` when the exports were read.
    engine: Engine,
    /// Calls to stores.
    operations: u64,
    /// Objects the answer rests on.
    objects: u64,
    /// Bytes of content asked for.
    bytes: u64,
    /// Rows looked at.
    rows: u64,
    /// Time taken.
    elapsed_ms: u64,
}

/// What served an answer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Engine {
    Rollup,
    Rows,
}

impl From<answer::Read> for Read {
    fn from(from: answer::Read) -> Self {
        Self {
            engine: if from.rollup { Engine::Rollup } else { Engine::Rows },
            operations: from.operations,
            objects: from.objects,
            bytes: from.bytes,
            rows: from.rows,
            elapsed_ms: from.elapsed_ms,
        }
    }
}

/// The rows left out of an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Excluded {
    /// How many in all.
    rows: u64,
    /// Why.
    reasons: Vec<ExcludedReason>,
}

/// Rows left out for one reason.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ExcludedReason {
    /// Why.
    reason: String,
    /// How many.
    rows: u64,
}

impl From<Vec<answer::Excluded>> for Excluded {
    fn from(from: Vec<answer::Excluded>) -> Self {
        let rows = from.iter().map(|excluded| excluded.rows).sum();
        let reasons = from.into_iter().map(|e| ExcludedReason { reason: e.reason, rows: e.rows }).collect();
        Self { rows, reasons }
    }
}

/// The sum of a currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Total {
    /// The currency.
    currency: String,
    /// The sum.
    amount: Decimal,
    /// The sum of the period before, if asked.
    #[schema(required)]
    previous: Option<Decimal>,
}

impl From<answer::Total> for Total {
    fn from(from: answer::Total) -> Self {
        Self { currency: from.currency, amount: Decimal(from.amount), previous: from.previous.map(Decimal) }
    }
}

/// A period from `from` and `to`, either of which may be missing. `Ok(None)` asks for the default;
/// an empty period is an error only to the caller that cannot say so in its answer.
pub(crate) fn period(
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    today: NaiveDate,
) -> Option<Result<DateRange, String>> {
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    let range = match (from, to) {
        (None, None) => return None,
        (Some(from), None) => {
            DateRange::new(from, tomorrow.max(from.checked_add_days(Days::new(1)).unwrap_or(from)))
        }
        (None, Some(to)) => DateRange::new(EARLIEST.min(to.checked_sub_days(Days::new(1)).unwrap_or(to)), to),
        (Some(from), Some(to)) => DateRange::new(from, to),
    };
    Some(range.map_err(|e| e.to_string()))
}

/// Before anybody sold a cloud by the hour.
const EARLIEST: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
