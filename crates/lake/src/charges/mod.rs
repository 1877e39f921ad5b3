//! Charges: every row of every counted delivery, as one table, read where it lies.
//!
//! [`Charges::open`] looks at each object once (footer of a Parquet file, first lines of a text),
//! decides which dialect it speaks and how its columns become FOCUS columns, and fixes one schema:
//! all FOCUS Cost and Usage columns of any version (missing ones are NULL), the files' own further
//! columns, and `provider` and `billing_period`. A [`scan`](provider) then reads only the columns and row groups
//! a question needs.
//!
//! Types: text is dictionary codes where files keep few values per column, else string views;
//! money and quantities are `Decimal128(38, 18)`; times are UTC microseconds.
//!
//! A cell that cannot be typed reads as NULL and is counted in the scan's [`Quarantine`]; a row
//! whose cells cannot be told apart is left out and counted there too. Nothing is dropped in
//! silence. An object that cannot be read at all is an error that names it.

mod column;
mod early;
mod error;
mod object_reader;
mod open;
mod parquet_rows;
mod part;
mod provider;
mod prune;
mod quarantine;
mod raw;
mod scan;
mod schema;
mod text_rows;

pub use error::ChargesError;
pub use open::{Charges, OpenOptions};
pub use part::{Part, PartSummary};
pub(crate) use provider::ChargesScan;
pub use provider::ChargesTable;
pub use quarantine::{Excluded, Quarantine, QuarantinedCell};
pub use raw::{Raw, RawRows};
pub use schema::{column_names, short_provider};
