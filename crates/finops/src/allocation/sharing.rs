//! Costs that everybody causes (support, networking, a platform team), divided among groups.
//!
//! A shared cost is a group that rules fill like any other and that gives everything it has, with the groups
//! below it, to its targets: evenly, by their own cost, by another measure (heads, requests), or by fixed weights. Weights by cost
//! are the targets' *direct* cost, with everything below them and before anything is divided, so that the
//! order of the shared costs changes nothing but what flows on: one may give to another that comes later.
//!
//! A target with a net credit has the weight zero. What cannot be divided (no target has cost, the measure is
//! missing) stays where it is and is named; it is never spread by guessing.

use super::group::{GroupId, Tree};
use super::split::{SplitError, split};
use bursar_domain::{Amount, CurrencyCode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Most shared costs of a rule set.
pub const MAX_SHARED: usize = 200;
/// Longest name of a measure, in bytes.
const MAX_MEASURE: usize = 64;

/// One shared cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedCost {
    /// The group whose cost is divided.
    pub from: GroupId,
    /// The groups that bear it.
    pub among: Vec<GroupId>,
    /// In which proportion.
    pub by: Proportion,
}

/// How a shared cost is divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proportion {
    /// The same for each.
    Even,
    /// By the direct cost of each, in each currency for itself.
    Cost,
    /// By a measure of the month, such as `headcount`, given besides the charges.
    Measure(String),
    /// By weights that add up to anything, one per group in `among`.
    Weights(BTreeMap<GroupId, Amount>),
}

/// A measure's value per group, by the measure's name.
pub type Measures = BTreeMap<String, BTreeMap<GroupId, Amount>>;

/// Why a shared cost is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharedError {
    /// Too many.
    #[error("there are more than {MAX_SHARED} shared costs")]
    TooMany,
    /// No such group.
    #[error("there is no group `{0}`")]
    NoGroup(GroupId),
    /// A group twice.
    #[error("`{0}` is named twice")]
    Twice(GroupId),
    /// Nobody bears it.
    #[error("name at least one group that bears the cost")]
    Nobody,
    /// Two targets overlap.
    #[error("`{0}` is above or below `{1}`: name groups that do not contain each other")]
    Overlap(GroupId, GroupId),
    /// The target, or a group above it, gave its cost away earlier.
    #[error(
        "`{0}` was divided before, itself or with a group above it: a shared cost may flow on only to a later one"
    )]
    Backwards(GroupId),
    /// The weights are not those of the targets.
    #[error("`weights` must name exactly the groups in `among`")]
    Weights,
    /// A weight below zero, or none above.
    #[error("weights must be zero or more, and one above zero")]
    WeightValues,
    /// A measure without a usable name.
    #[error("a measure needs a name of at most {MAX_MEASURE} bytes")]
    Measure,
}

/// A checked shared cost, by the places of its groups.
#[derive(Debug, Clone)]
pub(crate) struct ReadyShared {
    pub(crate) from: usize,
    pub(crate) among: Vec<usize>,
    pub(crate) by: Proportion,
}

pub(crate) fn compile(
    shared: &[SharedCost],
    tree: &Tree,
) -> Result<Vec<ReadyShared>, (usize, &'static str, SharedError)> {
    if shared.len() > MAX_SHARED {
        return Err((MAX_SHARED, "shared", SharedError::TooMany));
    }
    let mut divided = BTreeSet::new();
    let mut ready = Vec::with_capacity(shared.len());
    for (index, cost) in shared.iter().enumerate() {
        let find = |id: &GroupId, field| {
            tree.index(id).ok_or_else(|| (index, field, SharedError::NoGroup(id.clone())))
        };
        let from = find(&cost.from, "from")?;
        if !divided.insert(from) {
            return Err((index, "from", SharedError::Twice(cost.from.clone())));
        }
        let fail = |problem| Err((index, "among", problem));
        if cost.among.is_empty() {
            return fail(SharedError::Nobody);
        }
        let mut among: Vec<usize> = Vec::with_capacity(cost.among.len());
        // Groups that are taken, and the groups above them with the one that is.
        let mut taken = BTreeSet::from([from]);
        let mut above: BTreeMap<usize, usize> = tree.path(from).map(|at| (at, from)).collect();
        for id in &cost.among {
            let target = find(id, "among")?;
            if taken.contains(&target) && target != from {
                return fail(SharedError::Twice(id.clone()));
            }
            let below = above.get(&target).copied();
            let overlapping = below.or_else(|| tree.path(target).find(|at| taken.contains(at)));
            if let Some(other) = overlapping.and_then(|other| tree.groups().get(other)) {
                return fail(SharedError::Overlap(id.clone(), other.id.clone()));
            }
            if tree.path(target).any(|at| divided.contains(&at)) {
                return fail(SharedError::Backwards(id.clone()));
            }
            taken.insert(target);
            above.extend(tree.path(target).map(|at| (at, target)));
            among.push(target);
        }
        check_proportion(cost).map_err(|problem| (index, "by", problem))?;
        ready.push(ReadyShared { from, among, by: cost.by.clone() });
    }
    Ok(ready)
}

fn check_proportion(cost: &SharedCost) -> Result<(), SharedError> {
    match &cost.by {
        Proportion::Even | Proportion::Cost => Ok(()),
        Proportion::Measure(name) if name.is_empty() || name.len() > MAX_MEASURE => Err(SharedError::Measure),
        Proportion::Measure(_) => Ok(()),
        Proportion::Weights(weights) => {
            if weights.len() != cost.among.len() || !cost.among.iter().all(|id| weights.contains_key(id)) {
                return Err(SharedError::Weights);
            }
            let below = weights.values().any(|weight| weight.units() < 0);
            if below || weights.values().all(|weight| weight.is_zero()) {
                return Err(SharedError::WeightValues);
            }
            Ok(())
        }
    }
}

/// Why a shared cost stayed where it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotDivided {
    /// No target has a cost above zero in this currency.
    NoCost,
    /// The measure was not given, or is zero for every target.
    NoMeasure(String),
    /// A measure below zero, or weights that are too large.
    BadWeights,
}

impl ReadyShared {
    /// The parts of `amount` for the targets. `direct` is a group's direct cost with all below it.
    pub(crate) fn parts(
        &self,
        amount: Amount,
        currency: &CurrencyCode,
        tree: &Tree,
        measures: &Measures,
        direct: impl Fn(usize, &CurrencyCode) -> Amount,
    ) -> Result<Vec<Amount>, NotDivided> {
        let ids = || self.among.iter().filter_map(|&at| tree.groups().get(at)).map(|group| &group.id);
        let weights: Vec<Amount> = match &self.by {
            Proportion::Even => vec![Amount::from_units(1); self.among.len()],
            Proportion::Cost => self.among.iter().map(|&at| direct(at, currency).max(Amount::ZERO)).collect(),
            Proportion::Measure(name) => {
                let values = measures.get(name).ok_or_else(|| NotDivided::NoMeasure(name.clone()))?;
                ids().map(|id| values.get(id).copied().unwrap_or_default()).collect()
            }
            Proportion::Weights(weights) => {
                ids().map(|id| weights.get(id).copied().unwrap_or_default()).collect()
            }
        };
        split(amount, &weights).map_err(|error| match (error, &self.by) {
            (SplitError::NoWeight, Proportion::Measure(name)) => NotDivided::NoMeasure(name.clone()),
            (SplitError::NoWeight, _) => NotDivided::NoCost,
            _ => NotDivided::BadWeights,
        })
    }
}
