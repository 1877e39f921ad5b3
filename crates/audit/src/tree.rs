//! The RFC 6962 tree: roots, and proofs that something is in it or that it only grew.
//!
//! Leaves are numbered from 0. A [`Node`] is a perfect subtree, which never changes once it is full;
//! every root and every element of a proof is made of perfect subtrees. Whoever keeps hashes answers
//! for nodes ([`Nodes`]); [`inclusion_nodes`] and [`consistency_nodes`] say beforehand which.
//!
//! Source: RFC 6962, section 2.1 (roots, proofs); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (checking).

use crate::Hash;
use crate::hash::{equal, node_hash};

/// A perfect subtree: `2^level` leaves from `index * 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// The height above the leaves.
    pub level: u8,
    /// Which of that height, from the left.
    pub index: u64,
}

/// Whoever knows the hashes of perfect subtrees.
pub trait Nodes {
    /// What goes wrong.
    type Error;
    /// The hash of the subtree.
    ///
    /// # Errors
    /// When it is not known.
    fn node(&self, node: Node) -> Result<Hash, Self::Error>;
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The place is not in a tree of that size, or the sizes are the wrong way round.
    #[error("there is no such place in a tree of that size")]
    Place,
    /// Longer or shorter than the path.
    #[error("the proof has not the length of its path")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// The root of the empty tree.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// The perfect subtrees of the leaves `from..to`, from the left. `from` is a multiple of a power of
/// two that is not smaller than the number of leaves.
fn cover(mut from: u64, to: u64) -> Vec<Node> {
    let mut nodes = Vec::new();
    while from < to {
        let level = (to - from).ilog2() as u8;
        nodes.push(Node { level, index: from >> level });
        from += 1 << level;
    }
    nodes
}

fn fold(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(*left, right)))
}

/// The perfect subtrees that the root of a tree of this size is made of.
#[must_use]
pub fn root_nodes(size: u64) -> Vec<Node> {
    cover(0, size)
}

/// The root of the first `size` leaves.
///
/// # Errors
/// When a node is not known.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Ok(if size == 0 { empty_root() } else { range(nodes, 0, size)? })
}

fn range<N: Nodes>(nodes: &N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let peaks = cover(from, to).into_iter().map(|node| nodes.node(node)).collect::<Result<Vec<_>, _>>()?;
    Ok(fold(&peaks).unwrap_or_else(empty_root))
}

/// The largest power of two that is smaller than `count`, which is at least 2.
const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The leaves below each element of the proof, from the leaf upwards.
fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to, mut ranges) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    ranges.reverse();
    ranges
}

fn consistency_ranges(old: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to, mut whole, mut ranges) = (0, size, true, Vec::new());
    if old == 0 || old == size {
        return ranges;
    }
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((from, to));
    }
    ranges.reverse();
    ranges
}

fn nodes_of(ranges: Vec<(u64, u64)>) -> Vec<Node> {
    ranges.into_iter().flat_map(|(from, to)| cover(from, to)).collect()
}

/// What a proof of inclusion needs to know.
///
/// # Errors
/// [`ProofError::Place`] unless the index is below the size.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, ProofError> {
    if index >= size { Err(ProofError::Place) } else { Ok(nodes_of(inclusion_ranges(index, size))) }
}

/// What a proof of consistency needs to know.
///
/// # Errors
/// [`ProofError::Place`] when the older tree is the larger one.
pub fn consistency_nodes(old: u64, size: u64) -> Result<Vec<Node>, ProofError> {
    if old > size { Err(ProofError::Place) } else { Ok(nodes_of(consistency_ranges(old, size))) }
}

/// Proves that a leaf is in the tree of the first `size` leaves. Check the place with
/// [`inclusion_nodes`] first; a place that is none has an empty proof.
///
/// # Errors
/// When a node is not known.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let ranges = if index < size { inclusion_ranges(index, size) } else { Vec::new() };
    ranges.into_iter().map(|(from, to)| range(nodes, from, to)).collect()
}

/// Proves that the tree of the first `old` leaves is the beginning of that of the first `size`.
///
/// # Errors
/// When a node is not known.
pub fn prove_consistency<N: Nodes>(nodes: &N, old: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let ranges = if old <= size { consistency_ranges(old, size) } else { Vec::new() };
    ranges.into_iter().map(|(from, to)| range(nodes, from, to)).collect()
}

/// Whether the leaf is at this place in the tree with this root.
///
/// # Errors
/// [`ProofError`] when it is not shown to be.
pub fn check_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Place);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(*sibling, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(hash, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, equal(hash, root)) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Whether the smaller tree is the beginning of the larger one.
///
/// # Errors
/// [`ProofError`] when it is not shown to be.
pub fn check_consistency(
    (old, old_root): (u64, Hash),
    (size, root): (u64, Hash),
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > size {
        return Err(ProofError::Place);
    }
    if old == size || old == 0 {
        let same = old == size && !equal(old_root, root) || old == 0 && !equal(old_root, empty_root());
        return if same {
            Err(ProofError::Root)
        } else if proof.is_empty() {
            Ok(())
        } else {
            Err(ProofError::Length)
        };
    }
    let (mut at, mut last) = (old - 1, size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let mut rest = proof.iter().copied();
    // An older tree that is perfect is its own first element.
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(first) = first else { return Err(ProofError::Length) };
    let (mut was, mut is) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at & 1 == 1 || at == last {
            was = node_hash(sibling, was);
            is = node_hash(sibling, is);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            is = node_hash(is, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    match (last, equal(was, old_root) && equal(is, root)) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// The right edge of a growing tree: what a root needs, in at most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of a tree of this size, whose [`root_nodes`] are these.
    ///
    /// # Errors
    /// [`ProofError::Length`] when there are not as many as the size needs.
    pub fn restore(size: u64, peaks: Vec<Hash>) -> Result<Self, ProofError> {
        if peaks.len() != size.count_ones() as usize {
            return Err(ProofError::Length);
        }
        Ok(Self { size, peaks })
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(left, hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// The root of these leaves.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

#[cfg(test)]
mod tests;
