//! The demo's twelve months, counted in days.

use bursar_domain::BillingPeriod;
use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Months in the demo; the last is the current one.
pub(super) const MONTHS: usize = 12;

/// Twelve months that end with the current, incomplete one. Day 0 is the first day of the first.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    first: NaiveDate,
    today: NaiveDate,
    months: Vec<BillingPeriod>,
}

impl Calendar {
    /// `None` for a day without eleven months before it.
    pub(super) fn new(today: NaiveDate) -> Option<Self> {
        let current = BillingPeriod::containing(today).filter(|_| today.year() > 1)?;
        let mut months = vec![current];
        while months.len() < MONTHS {
            months.push(months[months.len() - 1].previous());
        }
        months.reverse();
        Some(Self { first: months[0].start(), today, months })
    }

    pub(super) fn months(&self) -> &[BillingPeriod] {
        &self.months
    }

    pub(super) fn index(&self, date: NaiveDate) -> i32 {
        i32::try_from((date - self.first).num_days()).unwrap_or(i32::MAX)
    }

    pub(super) fn today_index(&self) -> i32 {
        self.index(self.today)
    }

    /// The day after the last with charges: yesterday is complete, and the first of a month shows itself.
    pub(super) fn days(&self) -> i32 {
        self.today_index() + i32::from(self.today.day() == 1)
    }

    pub(super) fn date(&self, day: i32) -> NaiveDate {
        self.first.checked_add_days(Days::new(u64::try_from(day).unwrap_or(0))).unwrap_or(self.today)
    }

    /// The days of a month that have charges; the end is exclusive.
    pub(super) fn days_of(&self, month: BillingPeriod) -> (i32, i32) {
        (self.index(month.start()), self.index(month.end()).min(self.days()))
    }

    pub(super) fn is_current(&self, month: BillingPeriod) -> bool {
        self.months.last() == Some(&month)
    }

    /// The first day of the month `share` of the way through.
    pub(super) fn month_start_at(&self, share: f64) -> i32 {
        let index = ((MONTHS as f64) * share) as usize;
        self.index(self.months[index.min(MONTHS - 1)].start())
    }

    pub(super) fn is_weekend(&self, day: i32) -> bool {
        matches!(self.date(day).weekday(), Weekday::Sat | Weekday::Sun)
    }

    pub(super) fn day_of_month(&self, day: i32) -> u32 {
        self.date(day).day()
    }

    pub(super) fn days_in_month(&self, day: i32) -> u32 {
        BillingPeriod::containing(self.date(day))
            .map_or(30, |month| u32::try_from(month.days().len_days()).unwrap_or(30))
    }

    /// A shop's year: quiet in August, busy before the holidays.
    pub(super) fn season(&self, day: i32) -> f64 {
        let date = self.date(day);
        match (date.month(), date.day()) {
            (8, _) => 0.96,
            (11, 1..=19) => 1.04,
            (11, _) => 1.14,
            (12, 1..=23) => 1.10,
            (12, 24..=26) => 0.88,
            _ => 1.0,
        }
    }
}
