//! A time series and how it arrives: a CSV file with the header `ts,value` or `series,ts,value`.
//!
//! [`Points`] hands out one row at a time and never looks ahead, for work that must stream;
//! [`Collected`] puts rows together into a [`Series`] each, whatever their order, for work that needs
//! the whole of it. [`Regular`] lays a series on an even grid: it finds the step (weekdays and months
//! too), fills gaps and writes timestamps that go on in the file's own spelling.
//!
//! Refused, naming row and column: a timestamp that no calendar has, a value that is not a finite
//! number, two values for one moment, a field or a file above its bound. An empty value, `NA`, `NaN` or
//! `null` is a gap and not an error.
//!
//! Values are `f64`: they are observations to compute statistics of, never money that gets booked.

mod collect;
mod grid;
mod read;
mod stamp;

pub use collect::{Bounds, Collected};
pub use grid::{MAX_GRID, Regular, Step, fill};
pub use read::{MAX_FIELD_BYTES, Point, Points, SeriesError};
pub use stamp::{Spelling, Stamp, StampError, Zone};

/// One series in time order.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name from the column `series`; empty for a file of one series without that column.
    pub id: String,
    /// When each value was observed, strictly ascending.
    pub timestamps: Vec<Stamp>,
    /// What was observed; `NaN` where the file has no value.
    pub values: Vec<f64>,
    /// How the file writes its timestamps.
    pub spelling: Spelling,
}

impl Series {
    /// A series whose timestamps are 0, 1, 2, …, for values that have no calendar.
    #[must_use]
    pub fn indexed(id: impl Into<String>, values: Vec<f64>) -> Self {
        let timestamps = (0_i64..).take(values.len()).map(Stamp::index).collect();
        Self { id: id.into(), timestamps, values, spelling: Spelling::Integer }
    }

    /// A series of days from `first` on, one value a day.
    #[must_use]
    pub fn daily(id: impl Into<String>, first: chrono::NaiveDate, values: Vec<f64>) -> Self {
        let start = Stamp::date(first);
        let timestamps = (0_i64..).take(values.len()).map(|day| start.plus_days(day)).collect();
        Self { id: id.into(), timestamps, values, spelling: Spelling::Date }
    }

    /// How many observations there are, gaps counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no observation at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}
