//! Whose cost is it? Cost groups, the rules that fill them, and what they share.
//!
//! ```text
//! RuleSet (JSON) ── compile ──▶ Plan ── dimensions() ──▶ the lake groups charges by them
//!   from a month on              │                              │ Cell: values → amount
//!                                ▼                              ▼
//!                           explain()                allocate() ──▶ Ledger ──▶ statements()
//! ```
//!
//! Rules are tried in order; the first whose conditions all hold takes the charge, and every charge can be told
//! which one did. What no rule takes stays visible as *unallocated*. Shared costs are divided
//! afterwards. A [`Rulebook`] keeps the rule sets of other months, so that last year stays as it was.
//!
//! Refused on purpose: adding currencies, spreading what cannot be measured, rounding before the last step. Amounts
//! keep 18 digits after the point, and every division conserves its sum.
//!
//! Rules work on distinct combinations of values, not on charges: ten million rows with three thousand combinations
//! cost three thousand evaluations.

mod condition;
mod cover;
mod dimension;
pub(crate) mod exact;
mod group;
mod index;
mod ledger;
mod plan;
mod preview;
mod rulebook;
mod rules;
mod share;
mod sharing;
mod split;
mod statement;
#[cfg(test)]
mod tests;
mod written;

pub use condition::{Condition, ConditionError, MAX_VALUES, Test};
pub use cover::{DeadRule, DeadRules};
pub use dimension::{Dimension, DimensionError, MAX_TEXT};
pub use group::{
    EffectiveOwners, Group, GroupId, GroupIdError, InheritedOwner, MAX_DEPTH, MAX_GROUPS, Owners, Tree,
    TreeError,
};
pub use ledger::{Cell, Kept, Ledger, Line, Received, RuleUse};
pub use plan::{Assignment, Explanation, PassedOver, Plan, Taken};
pub use preview::{LeftOver, LeftOverCell, MAX_LARGEST, Move, Preview, ValueCount, moves};
pub use rulebook::{MAX_VERSIONS, Rulebook, RulebookError};
pub use rules::{
    MAX_CONDITIONS, MAX_DIMENSIONS, MAX_JSON_BYTES, MAX_RULES, MAX_VIRTUAL_TAGS, ReadError, Rule, RuleError,
    RuleProblem, RuleSet, TagRule, TagValue, Target, VirtualTag,
};
pub use share::Share;
pub use sharing::{MAX_SHARED, Measures, NotDivided, Proportion, SharedCost, SharedError};
pub use split::{SplitError, round_parts, round_parts_to, split};
pub use statement::{Below, Statement, Statements};
