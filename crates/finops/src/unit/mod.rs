//! What one order, user or request costs: cost beside a business measure.
//!
//! A measure comes as CSV (`date,value` or `date,value,dimension`; [`measure`]), is joined with cost by day or month
//! ([`join`]), and the difference of two periods is explained by price, volume and mix ([`drivers`]).
//!
//! Refused on purpose: dividing where one side is missing. A period with cost and no measure, or a measure
//! and no cost, says so. Amounts are exact; a quotient is rounded half away from zero in its 18th digit.

mod drivers;
mod join;
mod measure;

pub use drivers::{Driver, Drivers, DriversError, Segment, drivers};
pub use join::{CostPoint, Grain, JoinError, Rollup, UnitCost, unit_costs};
pub use measure::{MAX_BYTES, MAX_ROWS, Measure, MeasureError, MeasurePoint};
