//! Rule sets by month.

use super::*;
use crate::allocation::{Rulebook, RulebookError};

#[test]
fn a_reorganisation_does_not_rewrite_last_year() {
    let mut reorganised = set();
    reorganised.effective_from = "2026-07".parse().unwrap();
    let search = reorganised.groups.iter_mut().find(|group| group.id.as_str() == "search").unwrap();
    search.parent = Some("data".parse().unwrap());
    let book = Rulebook::new(&[reorganised.clone(), set()]).unwrap();
    let parent_in = |month: &str| {
        let plan = book.in_force(month.parse().unwrap())?;
        let at = plan.tree().index(&"search".parse().unwrap())?;
        plan.tree().groups()[at].parent.as_ref().map(ToString::to_string)
    };
    assert_eq!(parent_in("2025-12"), None, "no rules yet: everything is unallocated, and said so");
    assert_eq!(parent_in("2026-01").as_deref(), Some("shop"));
    assert_eq!(parent_in("2026-06").as_deref(), Some("shop"));
    assert_eq!(parent_in("2026-07").as_deref(), Some("data"));
    assert_eq!(parent_in("2031-01").as_deref(), Some("data"));

    reorganised.effective_from = set().effective_from;
    let twice = Rulebook::new(&[reorganised, set()]).unwrap_err();
    assert_eq!(twice, RulebookError::SameMonth("2026-01".parse().unwrap()));
}
