//! Rule sets by month, so that a reorganisation does not rewrite last year.
//!
//! A charge is allocated by the rule set that was in force in the month of its *charge* period: a correction
//! that arrives in June for a charge of March follows March's rules.

use super::plan::Plan;
use super::rules::{RuleError, RuleSet};
use bursar_domain::BillingPeriod;

/// Most rule sets of a book: twenty years of monthly changes.
pub const MAX_VERSIONS: usize = 240;

/// Rule sets in the order of their months.
#[derive(Debug, Clone)]
pub struct Rulebook {
    plans: Vec<Plan>,
}

/// Why rule sets make no book.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RulebookError {
    /// Too many.
    #[error("there are more than {MAX_VERSIONS} rule sets")]
    TooMany,
    /// Two begin in one month.
    #[error("two rule sets take effect in {0}: change the one that is there")]
    SameMonth(BillingPeriod),
    /// One is wrong.
    #[error("the rule set of {month}: {error}")]
    Rule {
        /// Its month.
        month: BillingPeriod,
        /// What is wrong.
        #[source]
        error: RuleError,
    },
}

impl Rulebook {
    /// The book of these rule sets, in any order.
    ///
    /// # Errors
    /// When one does not compile or two begin in the same month.
    pub fn new(sets: &[RuleSet]) -> Result<Self, RulebookError> {
        if sets.len() > MAX_VERSIONS {
            return Err(RulebookError::TooMany);
        }
        let mut plans = sets
            .iter()
            .map(|set| {
                set.compile().map_err(|error| RulebookError::Rule { month: set.effective_from, error })
            })
            .collect::<Result<Vec<_>, _>>()?;
        plans.sort_by_key(Plan::effective_from);
        let twice = plans.windows(2).find_map(|pair| match pair {
            [one, other] if one.effective_from == other.effective_from => Some(one.effective_from),
            _ => None,
        });
        twice.map_or(Ok(Self { plans }), |month| Err(RulebookError::SameMonth(month)))
    }

    /// The rule set in force in a month of charges; none before the first.
    #[must_use]
    pub fn in_force(&self, month: BillingPeriod) -> Option<&Plan> {
        let after = self.plans.partition_point(|plan| plan.effective_from <= month);
        after.checked_sub(1).and_then(|at| self.plans.get(at))
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }
}
