//! The plan of a budget: amounts per period, and thresholds with the people they are for.

use bursar_domain::{Amount, BillingPeriod, CurrencyCode, DateRange, Scope};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most thresholds of a budget.
pub const MAX_THRESHOLDS: usize = 20;
/// Most recipients of a threshold.
pub const MAX_RECIPIENTS: usize = 50;
/// Most periods with an amount of their own.
pub const MAX_PERIODS: usize = 240;
/// Longest name and recipient, in characters.
const MAX_TEXT: usize = 256;
/// Largest threshold: ten times the budget.
const MAX_BASIS_POINTS: u32 = 100_000;

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What people call it.
    pub name: String,
    /// The charges it is about.
    pub scope: Scope,
    /// The currency of every amount; charges of others are not in it.
    pub currency: CurrencyCode,
    /// How long a period is.
    pub cadence: Cadence,
    /// The month that a year (and so a quarter) begins in, 1 to 12.
    #[serde(default = "january")]
    pub year_starts_in: u32,
    /// The amount of a period.
    pub amount: Amount,
    /// Amounts of single periods, by their first month.
    #[serde(default)]
    pub amounts: BTreeMap<BillingPeriod, Amount>,
    /// Who is told when.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
    /// Goes up with every change that makes thresholds speak again; see [`Budget::replaced_by`].
    #[serde(default)]
    pub revision: u32,
}

const fn january() -> u32 {
    1
}

/// The length of a budget's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// A calendar month.
    Monthly,
    /// Three months.
    Quarterly,
    /// Twelve months.
    Yearly,
}

impl Cadence {
    /// Its months.
    #[must_use]
    pub const fn months(self) -> u32 {
        match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
            Self::Yearly => 12,
        }
    }
}

/// What a threshold looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// What was spent.
    Actual,
    /// What will have been spent at the end of the period, as expected.
    Forecast,
}

/// A part of the budget, and who is told when it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// What is compared.
    pub on: Measured,
    /// The part, in hundredths of a percent: 8,000 is 80 %.
    pub basis_points: u32,
    /// Addresses, channels or teams; the app knows which.
    pub recipients: BTreeSet<String>,
}

/// Why something is no budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BudgetError {
    /// An empty or long name.
    #[error("the name must have 1 to {MAX_TEXT} characters")]
    Name,
    /// Below zero.
    #[error("the amount for {0} is below zero")]
    Negative(String),
    /// Not a month of the year.
    #[error("`year_starts_in` must be 1 to 12, not {0}")]
    YearStart(u32),
    /// Not the first month of a period.
    #[error("{month} is not the first month of a period: {expected} is")]
    NotAStart {
        /// The month with an amount.
        month: BillingPeriod,
        /// The start of its period.
        expected: BillingPeriod,
    },
    /// Too many.
    #[error("there are more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// A threshold out of range.
    #[error("threshold {0} must be between 1 and {MAX_BASIS_POINTS} hundredths of a percent")]
    Threshold(usize),
    /// A threshold that says what an earlier one does.
    #[error("threshold {0} is there twice: give the first one more recipients")]
    Twice(usize),
    /// Nobody is told.
    #[error("threshold {0} needs 1 to {MAX_RECIPIENTS} recipients of at most {MAX_TEXT} characters")]
    Recipients(usize),
}

/// One period of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BudgetPeriod {
    /// Its first month.
    pub starts: BillingPeriod,
    /// Its months.
    pub months: u32,
}

impl BudgetPeriod {
    /// The day after its last.
    #[must_use]
    pub fn end(self) -> NaiveDate {
        (1..self.months).fold(self.starts, |month, _| month.next()).end()
    }

    /// Its days; none at the end of the calendar.
    #[must_use]
    pub fn days(self) -> Option<DateRange> {
        DateRange::new(self.starts.start(), self.end()).ok()
    }

    /// The period before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { starts: (0..self.months).fold(self.starts, |month, _| month.previous()), ..self }
    }
}

impl Budget {
    /// Whether the budget can be used.
    ///
    /// # Errors
    /// Names what is wrong; thresholds are counted from 1.
    pub fn check(&self) -> Result<(), BudgetError> {
        let length = |text: &str| (1..=MAX_TEXT).contains(&text.chars().count());
        if !length(self.name.trim()) || !length(&self.name) {
            return Err(BudgetError::Name);
        }
        if !(1..=12).contains(&self.year_starts_in) {
            return Err(BudgetError::YearStart(self.year_starts_in));
        }
        if self.amount.units() < 0 {
            return Err(BudgetError::Negative("a period".to_owned()));
        }
        if self.amounts.len() > MAX_PERIODS {
            return Err(BudgetError::TooMany { what: "amounts", most: MAX_PERIODS });
        }
        for (&month, amount) in &self.amounts {
            let expected = self.period_of(month).starts;
            if expected != month {
                return Err(BudgetError::NotAStart { month, expected });
            }
            if amount.units() < 0 {
                return Err(BudgetError::Negative(month.to_string()));
            }
        }
        if self.thresholds.len() > MAX_THRESHOLDS {
            return Err(BudgetError::TooMany { what: "thresholds", most: MAX_THRESHOLDS });
        }
        let mut seen = BTreeSet::new();
        for (number, threshold) in (1..).zip(&self.thresholds) {
            if !(1..=MAX_BASIS_POINTS).contains(&threshold.basis_points) {
                return Err(BudgetError::Threshold(number));
            }
            if !seen.insert((threshold.on, threshold.basis_points)) {
                return Err(BudgetError::Twice(number));
            }
            if !(1..=MAX_RECIPIENTS).contains(&threshold.recipients.len())
                || !threshold.recipients.iter().all(|recipient| length(recipient))
            {
                return Err(BudgetError::Recipients(number));
            }
        }
        Ok(())
    }

    /// The period that a month is in.
    #[must_use]
    pub fn period_of(&self, month: BillingPeriod) -> BudgetPeriod {
        use chrono::Datelike;
        let months = self.cadence.months();
        // Months since the year's start, so far into the period.
        let into = (month.start().month() + 12 - self.year_starts_in.clamp(1, 12)) % months;
        BudgetPeriod { starts: (0..into).fold(month, |month, _| month.previous()), months }
    }

    /// What may be spent in a period.
    #[must_use]
    pub fn amount_for(&self, period: BudgetPeriod) -> Amount {
        self.amounts.get(&period.starts).copied().unwrap_or(self.amount)
    }

    /// This budget changed to `new`. Its revision goes up, so that thresholds speak again, when what is measured
    /// changed: not when only its name or recipients did.
    #[must_use]
    pub fn replaced_by(&self, new: Self) -> Self {
        let terms = |budget: &Self| {
            let thresholds: BTreeSet<_> =
                budget.thresholds.iter().map(|threshold| (threshold.on, threshold.basis_points)).collect();
            (thresholds, budget.amounts.clone(), budget.scope.clone(), budget.currency.clone())
        };
        let same = terms(self) == terms(&new)
            && (self.amount, self.cadence, self.year_starts_in)
                == (new.amount, new.cadence, new.year_starts_in);
        let revision = if same { self.revision } else { self.revision.saturating_add(1) };
        Self { revision, ..new }
    }
}
