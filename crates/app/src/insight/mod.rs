//! What comes of the charges: forecasts, budgets, incidents.
//!
//! The figures are computed by pure functions of `bursar-finops`; here they get their charges, as answers
//! to questions, so that they are narrowed, cached and bounded like everything else that is asked. What people
//! set up (budgets, feedback, rules of allocation) is kept as sealed documents of the workspace.
//!
//! Refused: figures of days whose charges are still arriving. Everything says until when it knows.

mod allocation;
mod anomalies;
mod budgets;
mod documents;
mod forecast;
mod known;
mod recommendations;

pub use allocation::{Allocated, AllocatedCurrency, AllocatedGroup, AllocationRules};
pub use anomalies::{FeedbackGiven, Incidents};
pub use budgets::{BudgetReport, BudgetView, Fired};
pub use documents::DocumentError;
pub use forecast::{Ahead, AheadCurrency, AheadPart, AheadQuestion, AheadReport, DailyPoint, Until};

pub use recommendations::{Commitments, Recommended};

use crate::AskError;
use bursar_finops::anomaly::cost::CostError;
use bursar_finops::budget::{BudgetError, StatusError};
use bursar_finops::forecast::period::PeriodError;
use bursar_finops::forecast::reconcile::ReconcileError;
use bursar_finops::forecast::scenario::ScenarioError;
use bursar_store::StoreError;

/// Why there is no insight.
#[derive(Debug, thiserror::Error)]
pub enum InsightError {
    /// The charges cannot be asked.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document that was set up.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// There are no charges yet.
    #[error("there are no complete days of charges yet: add a source first")]
    NoCharges,
    /// What is asked makes no sense.
    #[error("{0}")]
    Asked(String),
    /// It cannot be computed.
    #[error("this cannot be computed: {0}")]
    Failed(String),
}

macro_rules! failed {
    ($($error:ty),*) => {$(
        impl From<$error> for InsightError {
            fn from(error: $error) -> Self {
                Self::Failed(crate::refresh::with_causes(&error))
            }
        }
    )*};
}
failed!(PeriodError, ReconcileError, CostError, StatusError, bursar_domain::money::AmountError);

impl From<ScenarioError> for InsightError {
    fn from(error: ScenarioError) -> Self {
        Self::Asked(error.to_string())
    }
}

impl From<BudgetError> for InsightError {
    fn from(error: BudgetError) -> Self {
        Self::Asked(error.to_string())
    }
}
