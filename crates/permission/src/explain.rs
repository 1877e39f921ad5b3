//! Why somebody may or may not, and who can.

use crate::asking::{Asking, Target};
use crate::engine::PermissionEngine;
use crate::words::{list, subject};
use bursar_domain::Page;
use bursar_domain::role::{Action, Role};
use serde::Serialize;
use std::fmt;

/// An answer to "may WHO do ACTION on WHAT, and why?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Who asked, as a role: `an operator`.
    pub who: String,
    /// The action.
    pub action: Action,
    /// The page.
    pub page: Page,
    /// The policies that decided.
    pub policies: Vec<String>,
    /// Why, in one sentence.
    pub reason: String,
    /// The policies that would have allowed it, had none forbidden it.
    pub overruled: Vec<String>,
    /// The built-in roles that may do it.
    pub roles: Vec<Role>,
    /// The pages on which the action is done.
    pub done_on: Vec<Page>,
}

impl fmt::Display for Explanation {
    /// A few lines without a last line break.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { who, action, page, reason, .. } = self;
        let may = if self.allowed { "may" } else { "may not" };
        writeln!(f, "{who} {may} `{action}` on the page `{page}`")?;
        let names = |ids: &[String]| list(ids.iter().map(String::as_str), "and");
        if self.policies.is_empty() {
            write!(f, "no policy allows it: {reason}")?;
        } else {
            write!(f, "decided by {}: {reason}", names(&self.policies))?;
        }
        if !self.overruled.is_empty() {
            write!(f, "\nwithout that, {} would allow it", names(&self.overruled))?;
        }
        if !self.allowed {
            if self.roles.is_empty() {
                let pages = list(self.done_on.iter().map(|page| page.as_str()), "and");
                write!(f, "\nno built-in role may: `{action}` is done on {pages}")?;
                if *action == Action::Own {
                    f.write_str(", by owners")?;
                }
            } else {
                let roles = list(self.roles.iter().map(|role| role.as_str()), "and");
                write!(f, "\nbuilt-in roles that may: {roles}")?;
            }
        }
        Ok(())
    }
}

/// Somebody who can, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Capable<K> {
    /// Who.
    pub who: K,
    /// The pages on which they can.
    pub pages: Vec<Page>,
    /// The policies that let them.
    pub policies: Vec<String>,
}

impl PermissionEngine {
    /// The decision with everything that helps to understand it.
    #[must_use]
    pub fn explain(&self, asking: &Asking, target: Target, action: Action) -> Explanation {
        let decision = self.decide(asking, target, action);
        let forbidden = !decision.allowed() && !decision.policies().is_empty();
        Explanation {
            allowed: decision.allowed(),
            who: subject(asking),
            action,
            page: target.page,
            policies: decision.policies().to_vec(),
            reason: decision.reason().to_owned(),
            overruled: if forbidden { self.overruled(asking, target, action) } else { Vec::new() },
            roles: self.roles_that_may(action, target.page),
            done_on: self.pages_of(action),
        }
    }

    /// Who of these can do the action, on one page or on any.
    #[must_use]
    pub fn who_can<K>(
        &self,
        action: Action,
        page: Option<Page>,
        members: impl IntoIterator<Item = (K, Asking)>,
    ) -> Vec<Capable<K>> {
        let mut found = Vec::new();
        for (who, asking) in members {
            let mut pages = self.where_allowed(&asking, action);
            pages.retain(|one| page.is_none_or(|page| page == *one));
            let mut policies: Vec<String> = Vec::new();
            for page in &pages {
                let decision =
                    self.decide(&asking, Target { workspace: asking.workspace, page: *page }, action);
                let new: Vec<_> =
                    decision.policies().iter().filter(|id| !policies.contains(id)).cloned().collect();
                policies.extend(new);
            }
            if !pages.is_empty() {
                found.push(Capable { who, pages, policies });
            }
        }
        found
    }
}
