//! Periods of an answer: which day stands beside which, and why there is none.

use crate::question::{Grain, Question};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{Datelike, Months, NaiveDate};

/// The day of the present period that a day of the period before stands beside: as far from the
/// start of the one as it is from the start of the other.
pub(super) fn shifted(day: NaiveDate, from: NaiveDate, to: NaiveDate, grain: Grain) -> NaiveDate {
    if grain == Grain::Month {
        let months = (to.year() - from.year()) * 12 + i32::try_from(to.month()).unwrap_or(1)
            - i32::try_from(from.month()).unwrap_or(1);
        return u32::try_from(months)
            .ok()
            .and_then(|n| day.checked_add_months(Months::new(n)))
            .unwrap_or(day);
    }
    to + (day - from)
}

/// Why a question has no rows.
pub(super) fn explain(extent: &[RecordBatch], question: &Question) -> String {
    let Some(batch) = extent.iter().find(|batch| batch.num_rows() == 1) else {
        return "the deliveries hold no charges".into();
    };
    let day = |at: usize| {
        let times = batch.column(at).as_primitive_opt::<TimestampMicrosecondType>()?;
        if times.is_null(0) { None } else { times.value_as_date(0) }
    };
    let lines = batch.column(2).as_primitive_opt::<Int64Type>().map_or(0, |lines| lines.value(0));
    let (Some(first), Some(last)) = (day(0), day(1)) else {
        return if lines == 0 {
            "the deliveries hold no charges".into()
        } else {
            "no charge of the deliveries has a date that can be read".into()
        };
    };
    if let Some(period) = question.period
        && (period.to() <= first || period.from() > last)
    {
        return format!(
            "there are no charges from {} to {} (exclusive): the deliveries reach from {first} to {last}",
            period.from(),
            period.to()
        );
    }
    if question.filters.is_empty() {
        return format!("there are no charges in that period: the deliveries reach from {first} to {last}");
    }
    let filters: Vec<String> = question.filters.iter().map(|filter| format!("`{filter}`")).collect();
    format!("no charge matches {}; the deliveries reach from {first} to {last}", filters.join(" and "))
}
