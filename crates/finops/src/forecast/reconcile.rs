//! Forecasts of a hierarchy that add up: children to their parent, to the last digit.
//!
//! Every node's own forecast is evidence, weighted by the inverse of its error variance. On a tree the least-squares
//! answer (WLS, the diagonal case of MinT: Wickramasuriya, Athanasopoulos, Hyndman 2019) needs two
//! walks: upwards each parent weighs its own forecast against its children's sum, downwards what is left over goes to
//! the children in proportion to their variances. Rounding then goes downwards too, by largest remainder.

use super::period::amount;
use bursar_domain::Amount;

/// More nodes are refused.
pub const MAX_NODES: usize = 1_000_000;

/// One forecast in the hierarchy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// The place of its parent in the list; `None` for a root.
    pub parent: Option<usize>,
    /// What its own model expects.
    pub mean: f64,
    /// The variance of that model's error, from its backtest; zero for what is certain.
    pub variance: f64,
}

/// A node's forecast beside which the others fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coherent {
    /// The expected amount: a parent's is exactly the sum of its children's.
    pub mean: Amount,
    /// The standard error that is left, given all the others.
    pub sigma: f64,
}

/// Why a hierarchy cannot be made to add up.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconcileError {
    /// A parent that is not in the list.
    #[error("node {node} names the parent {parent}, which is not in the list")]
    NoParent {
        /// Which node.
        node: usize,
        /// What it names.
        parent: usize,
    },
    /// Nodes that are above themselves.
    #[error("node {node} is above itself: a hierarchy must have a root")]
    Circle {
        /// One of them.
        node: usize,
    },
    /// A mean or variance that is no number, or too large for money.
    #[error("node {node} has a forecast that is no amount")]
    NotFinite {
        /// Which node.
        node: usize,
    },
    /// Above the bound.
    #[error("more than {MAX_NODES} nodes: reconcile parts of the hierarchy apart")]
    TooMany,
}

/// Makes children add up to their parents. Means come rounded to `decimals` digits, at most 9.
///
/// # Errors
/// If the nodes are no hierarchy, or their numbers no amounts.
pub fn reconcile(nodes: &[Node], decimals: u32) -> Result<Vec<Coherent>, ReconcileError> {
    let order = from_roots(nodes)?;
    let mut children = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        if !(node.mean.is_finite() && node.variance.is_finite() && node.variance >= 0.0) {
            return Err(ReconcileError::NotFinite { node: at });
        }
        if let Some(parent) = node.parent {
            children[parent].push(at);
        }
    }
    let mut belief: Vec<(f64, f64)> = nodes.iter().map(|node| (node.mean, node.variance)).collect();
    let sum_of = |children: &[usize], belief: &[(f64, f64)]| {
        children.iter().fold((0.0, 0.0), |sum, child| (sum.0 + belief[*child].0, sum.1 + belief[*child].1))
    };
    for at in order.iter().rev().copied().filter(|at| !children[*at].is_empty()) {
        let (sum, variance) = sum_of(&children[at], &belief);
        let (own, own_variance) = belief[at];
        let both = own_variance + variance;
        belief[at] = if both > 0.0 {
            let trust = variance / both;
            (sum + trust * (own - sum), own_variance * trust)
        } else {
            (sum, 0.0)
        };
    }
    let mut exact = vec![0.0; nodes.len()];
    let mut left = vec![0.0; nodes.len()];
    for at in order.iter().copied() {
        if nodes[at].parent.is_none() {
            (exact[at], left[at]) = belief[at];
        }
        let (sum, variance) = sum_of(&children[at], &belief);
        for child in children[at].iter().copied() {
            let (mean, own) = belief[child];
            let share = if variance > 0.0 { own / variance } else { 1.0 / children[at].len() as f64 };
            exact[child] = mean + share * (exact[at] - sum);
            left[child] = (own - own * share + share * share * left[at]).max(0.0);
        }
    }
    let units = round(&order, &children, nodes, &exact, decimals.min(9))?;
    let step = 10_i128.pow(18 - decimals.min(9));
    let coherent =
        |(units, left): (i128, f64)| Coherent { mean: Amount::from_units(units * step), sigma: left.sqrt() };
    Ok(units.into_iter().zip(left).map(coherent).collect())
}

/// Whole units: roots to the nearest, children so that they fill their parent.
fn round(
    order: &[usize],
    children: &[Vec<usize>],
    nodes: &[Node],
    exact: &[f64],
    decimals: u32,
) -> Result<Vec<i128>, ReconcileError> {
    let scale = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let mut units = vec![0_i128; exact.len()];
    for at in order.iter().copied() {
        // Far below what 128 bits hold, so that sums of a million nodes fit too.
        if amount(exact[at]).is_none() {
            return Err(ReconcileError::NotFinite { node: at });
        }
        if nodes[at].parent.is_none() {
            units[at] = (exact[at] * scale).round() as i128;
        }
        let below = &children[at];
        let mut rests: Vec<(f64, usize)> = Vec::with_capacity(below.len());
        let mut missing = units[at];
        for child in below.iter().copied() {
            let scaled = exact[child] * scale;
            units[child] = scaled.floor() as i128;
            missing -= units[child];
            rests.push((scaled - scaled.floor(), child));
        }
        if below.is_empty() || missing == 0 {
            continue;
        }
        rests.sort_by(|one, two| two.0.total_cmp(&one.0).then(one.1.cmp(&two.1)));
        let count = below.len() as i128;
        let (each, more) = (missing.div_euclid(count), missing.rem_euclid(count));
        for (place, (_, child)) in rests.iter().enumerate() {
            units[*child] += each + i128::from((place as i128) < more);
        }
    }
    Ok(units)
}

/// Parents before their children.
fn from_roots(nodes: &[Node]) -> Result<Vec<usize>, ReconcileError> {
    if nodes.len() > MAX_NODES {
        return Err(ReconcileError::TooMany);
    }
    let mut children = vec![Vec::new(); nodes.len()];
    let mut order = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        match node.parent {
            None => order.push(at),
            Some(parent) if parent < nodes.len() => children[parent].push(at),
            Some(parent) => return Err(ReconcileError::NoParent { node: at, parent }),
        }
    }
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        order.extend(&children[at]);
        next += 1;
    }
    if order.len() == nodes.len() {
        return Ok(order);
    }
    let mut reached = vec![false; nodes.len()];
    order.iter().for_each(|at| reached[*at] = true);
    Err(ReconcileError::Circle { node: reached.iter().position(|reached| !reached).unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(parent: Option<usize>, mean: f64, variance: f64) -> Node {
        Node { parent, mean, variance }
    }

    /// claim F4: the better forecast gives way less.
    #[test]
    fn what_is_left_over_goes_where_the_error_is() {
        let found =
            reconcile(&[node(None, 110.0, 0.0), node(Some(0), 60.0, 1.0), node(Some(0), 40.0, 4.0)], 2)
                .unwrap();
        let shown: Vec<String> = found.iter().map(|node| node.mean.to_fixed(2)).collect();
        assert_eq!(shown, ["110.00", "62.00", "48.00"]);
        let sure_below =
            reconcile(&[node(None, 110.0, 9.0), node(Some(0), 60.0, 0.0), node(Some(0), 40.0, 0.0)], 2);
        assert_eq!(sure_below.unwrap()[0].mean.to_fixed(2), "100.00");
    }

    #[test]
    fn what_is_no_hierarchy_is_refused() {
        let circle = [node(Some(1), 1.0, 1.0), node(Some(0), 1.0, 1.0)];
        assert_eq!(reconcile(&circle, 2), Err(ReconcileError::Circle { node: 0 }));
        assert_eq!(
            reconcile(&[node(Some(7), 1.0, 1.0)], 2),
            Err(ReconcileError::NoParent { node: 0, parent: 7 })
        );
        assert_eq!(reconcile(&[node(None, f64::NAN, 1.0)], 2), Err(ReconcileError::NotFinite { node: 0 }));
        assert_eq!(reconcile(&[], 2), Ok(Vec::new()));
    }

    proptest! {
        /// claim F4: coherent to the last digit, whatever the numbers.
        #[test]
        fn children_add_up(
            shape in prop::collection::vec((any::<prop::sample::Index>(), -1e9_f64..1e9, 0.0_f64..1e6), 1..60),
            decimals in 0_u32..7,
        ) {
            let nodes: Vec<Node> = shape.iter().enumerate().map(|(at, (parent, mean, variance))| {
                node((at > 0).then(|| parent.index(at.max(1))), *mean, *variance)
            }).collect();
            let found = reconcile(&nodes, decimals).unwrap();
            for at in 0..nodes.len() {
                let below: Vec<usize> = (0..nodes.len()).filter(|child| nodes[*child].parent == Some(at)).collect();
                if !below.is_empty() {
                    let sum: i128 = below.iter().map(|child| found[*child].mean.units()).sum();
                    prop_assert_eq!(sum, found[at].mean.units());
                }
                prop_assert!(found[at].sigma.is_finite());
            }
        }
    }
}
