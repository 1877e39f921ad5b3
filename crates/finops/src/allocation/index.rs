//! Which rules can match at all, found by value instead of by trying.
//!
//! Most rules name their values (`equals`, `in`): two thousand accounts are two thousand entries, and a combination
//! of values has one account. A rule is filed under the values of its first such condition; those without one are
//! always tried. What the index gives is a superset, in the order of the rules: conditions are checked after it.

use super::condition::{Ready, Test};
use std::collections::HashMap;

/// The places of rules by value, and of those that any value may match.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    always: Vec<usize>,
    by_slot: Vec<(usize, HashMap<String, Vec<usize>>)>,
}

impl Index {
    pub(crate) fn new<'r>(rules: impl Iterator<Item = &'r [Ready]>) -> Self {
        let mut index = Self::default();
        for (rule, when) in rules.enumerate() {
            let named = when.iter().find_map(|ready| match &ready.condition.test {
                _ if ready.condition.not => None,
                Test::Equals(text) => Some((ready.slot, vec![text])),
                Test::In(values) => Some((ready.slot, values.iter().collect())),
                _ => None,
            });
            let Some((slot, values)) = named else {
                index.always.push(rule);
                continue;
            };
            let at = index.by_slot.iter().position(|(other, _)| *other == slot).unwrap_or_else(|| {
                index.by_slot.push((slot, HashMap::new()));
                index.by_slot.len() - 1
            });
            for value in values {
                index.by_slot[at].1.entry(value.clone()).or_default().push(rule);
            }
        }
        index
    }

    /// The rules that may match, in their order. `value` gives the value of a slot.
    pub(crate) fn candidates<'v>(&self, value: impl Fn(usize) -> Option<&'v str>) -> Candidates<'_> {
        let named = self.by_slot.iter().filter_map(|(slot, by_value)| by_value.get(value(*slot)?));
        let lists = std::iter::once(&self.always).chain(named).map(Vec::as_slice);
        Candidates { lists: lists.filter(|list| !list.is_empty()).collect() }
    }
}

/// Several ascending lists as one. No rule is in two of them.
pub(crate) struct Candidates<'i> {
    lists: Vec<&'i [usize]>,
}

impl Iterator for Candidates<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let list = self.lists.iter_mut().min_by_key(|list| list.first().copied().unwrap_or(usize::MAX))?;
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(*first)
    }
}
