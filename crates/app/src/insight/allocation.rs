//! Whose cost it is: the rules of a workspace, tried on its charges before they are saved.

use super::InsightError;
use super::documents::{change, read};
use crate::installation::Entered;
use crate::question::{Dimension, Grain, Measure, Question};
use crate::workspace::Workspace;
use bursar_domain::{Amount, BillingPeriod, CurrencyCode, DateRange};
use bursar_finops::allocation::{
    Cell, Dimension as RuleDimension, Measures, Plan, Preview, RuleSet, Rulebook,
};
use bursar_store::Entry;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

const NAME: &str = "allocation";
/// Distinct combinations of values that rules are run on.
const MAX_CELLS: usize = 500_000;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    revision: u32,
    sets: Vec<RuleSet>,
}

/// The rules of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct AllocationRules {
    /// Goes up with every change.
    pub revision: u32,
    /// Rule sets, each from a month on.
    pub sets: Vec<RuleSet>,
}

/// What rules do with charges.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocated {
    /// By currency.
    pub currencies: BTreeMap<CurrencyCode, AllocatedCurrency>,
    /// How many values of each dimension were seen, and how many are left over.
    pub preview: Preview,
    /// What to know.
    pub notes: Vec<String>,
}

/// What rules do with the charges of one currency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AllocatedCurrency {
    /// Groups: their names from the top down, and what they come to with shared costs and the groups below.
    pub groups: Vec<AllocatedGroup>,
    /// What no rule takes.
    pub unallocated: Amount,
    /// Everything.
    pub total: Amount,
}

/// A group and its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct AllocatedGroup {
    /// Names from the top down.
    pub path: Vec<String>,
    /// Its cost, with its share of shared costs, without the groups below.
    pub amount: Amount,
}

impl Entered {
    /// The rules of the workspace.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn allocation(&self) -> Result<AllocationRules, InsightError> {
        let kept: Kept = read(self, NAME).await?;
        Ok(AllocationRules { revision: kept.revision, sets: kept.sets })
    }

    /// Saves rules; they are tried first.
    ///
    /// # Errors
    /// When they do not compile, or somebody else saved others meanwhile.
    pub async fn save_allocation(
        &self,
        sets: Vec<RuleSet>,
        revision: Option<u32>,
    ) -> Result<AllocationRules, InsightError> {
        Rulebook::new(&sets).map_err(|error| InsightError::Asked(error.to_string()))?;
        change(self, NAME, |kept: &mut Kept| {
            if revision.is_some_and(|revision| revision != kept.revision) {
                return Err(InsightError::Asked(
                    "somebody else saved other rules meanwhile: look at them first".to_owned(),
                ));
            }
            let before = std::mem::replace(&mut kept.sets, sets.clone());
            kept.revision = kept.revision.saturating_add(1);
            let entry =
                Entry::done("allocation.change", NAME).with(json!({ "before": before, "after": sets }));
            Ok((entry, AllocationRules { revision: kept.revision, sets: sets.clone() }))
        })
        .await
    }
}

impl Workspace {
    /// What rules would do with the charges of a period: each month's own rule set is taken for its first
    /// month.
    ///
    /// # Errors
    /// When the rules do not compile, or the charges cannot be asked.
    pub async fn try_allocation(&self, sets: &[RuleSet], days: DateRange) -> Result<Allocated, InsightError> {
        let book = Rulebook::new(sets).map_err(|error| InsightError::Asked(error.to_string()))?;
        let month = BillingPeriod::containing(days.from()).ok_or(InsightError::NoCharges)?;
        let plan = book
            .in_force(month)
            .ok_or_else(|| InsightError::Asked(format!("no rule set is in force in {month}")))?
            .clone();
        let dimensions: Vec<Dimension> = plan.dimensions().iter().map(asked).collect();
        if dimensions.len() > Question::MAX_BY {
            return Err(InsightError::Asked(format!(
                "the rules look at {} dimensions; at most {} can be asked at once",
                dimensions.len(),
                Question::MAX_BY
            )));
        }
        let question = Question {
            measure: Measure::EffectiveCost,
            by: dimensions,
            grain: Grain::Total,
            period: Some(days),
            ..Question::default()
        };
        let rows = self.ask(question).await?.rows;
        let mut notes = Vec::new();
        let months = rows.len();
        if months > MAX_CELLS {
            return Err(InsightError::Asked(format!(
                "there are more than {MAX_CELLS} combinations of the values that the rules look at"
            )));
        }
        let mut without = 0_u64;
        let cells: Vec<Cell> = rows
            .into_iter()
            .filter_map(|row| {
                let currency = row.currency.parse().ok();
                without += u64::from(currency.is_none());
                Some(Cell { values: row.keys, currency: currency?, amount: row.amount })
            })
            .collect();
        if without > 0 {
            notes.push(format!("{without} sums without a currency are left out"));
        }
        let found = tokio::task::spawn_blocking(move || run(&plan, month, &cells, notes));
        found.await.map_err(|stopped| InsightError::Failed(stopped.to_string()))?
    }
}

fn asked(dimension: &RuleDimension) -> Dimension {
    Dimension::parse(&dimension.to_string())
}

fn run(
    plan: &Plan,
    month: BillingPeriod,
    cells: &[Cell],
    mut notes: Vec<String>,
) -> Result<Allocated, InsightError> {
    let ledger = plan.allocate(month, cells, &Measures::new())?;
    let preview = plan.preview(&[], cells)?;
    for kept in &ledger.not_divided {
        notes.push(format!(
            "{} {} of `{}` could not be divided and stay there",
            kept.amount,
            kept.currency,
            kept.from.as_str()
        ));
    }
    let tree = plan.tree();
    let mut currencies: BTreeMap<CurrencyCode, AllocatedCurrency> = BTreeMap::new();
    for line in &ledger.lines {
        let Some(at) = tree.index(&line.group) else { continue };
        let mut path: Vec<String> =
            tree.path(at).filter_map(|at| tree.groups().get(at)).map(|group| group.name.clone()).collect();
        path.reverse();
        let of = currencies.entry(line.currency.clone()).or_default();
        of.total = of.total.checked_add(line.total)?;
        of.groups.push(AllocatedGroup { path, amount: line.total });
    }
    for (currency, amount) in &ledger.unallocated {
        let of = currencies.entry(currency.clone()).or_default();
        of.unallocated = *amount;
        of.total = of.total.checked_add(*amount)?;
    }
    for of in currencies.values_mut() {
        of.groups.sort_by(|a, b| a.path.cmp(&b.path));
    }
    Ok(Allocated { currencies, preview, notes })
}
