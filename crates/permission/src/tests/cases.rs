//! The cases of `authz/cases.json`, and that every policy is there for something.

use super::*;
use crate::policies::{FILES, Policies, SCHEMA};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    #[serde(default, rename = "as")]
    kind: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    owner: bool,
    #[serde(default)]
    granted: Option<Grant>,
    #[serde(default)]
    limit: Option<Grant>,
    #[serde(default = "yes")]
    read_only: bool,
    #[serde(default)]
    switched_off: bool,
    #[serde(default)]
    elsewhere: bool,
    action: Action,
    page: Page,
    allowed: bool,
    by: Vec<String>,
}

const fn yes() -> bool {
    true
}

impl Case {
    fn asking(&self) -> Asking {
        let principal = match self.kind.as_deref().unwrap_or("account") {
            "account" => account(),
            "token" => token(),
            "staff" => staff(),
            "command-line" => Principal::Operator,
            "program" => Principal::System,
            "anonymous" => Principal::Anonymous,
            other => panic!("`{}`: nobody is `{other}`", self.case),
        };
        let role = match self.role.as_deref().unwrap_or("viewer") {
            "custom" => custom(),
            other => other.parse().unwrap(),
        };
        Asking {
            principal,
            role,
            owner: self.owner,
            granted: self.granted,
            limit: self.limit,
            staff_read_only: self.read_only,
            switched_off: self.switched_off,
            ..member(Role::Viewer)
        }
    }

    fn target(&self, asking: &Asking) -> Target {
        if self.elsewhere { elsewhere(self.page) } else { here(asking, self.page) }
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../../../authz/cases.json")).unwrap()
}

#[test]
fn every_case_is_decided_as_written_and_by_the_policies_named() {
    // claim C5
    let cases = cases();
    for case in &cases {
        let asking = case.asking();
        let decision = engine().decide(&asking, case.target(&asking), case.action);
        assert_eq!(decision.allowed(), case.allowed, "{}: {}", case.case, decision.reason());
        assert_eq!(decision.policies(), case.by, "{}", case.case);
        assert_eq!(engine().ask(&asking, case.target(&asking), case.action), decision, "{}", case.case);
        engine().fits(&asking, case.target(&asking), case.action).unwrap();
    }
    let named = |id: &str| cases.iter().any(|case| case.by.iter().any(|by| by == id));
    for note in engine().policies() {
        assert!(named(&note.id), "no case in authz/cases.json is decided by `{}`", note.id);
    }
}

#[test]
fn without_any_one_policy_something_would_be_decided_otherwise() {
    // claim C5
    let policies = Policies::read(SCHEMA, FILES).unwrap();
    for note in policies.notes() {
        let lesser = PermissionEngine::over(policies.without(&note.id)).unwrap();
        let mut changed = 0;
        for case in cases() {
            let asking = case.asking();
            let allowed = lesser.decide(&asking, case.target(&asking), case.action).allowed();
            if allowed != case.allowed {
                // A permit gone takes away; a forbid gone gives.
                assert_eq!(allowed, note.effect == crate::Effect::Forbid, "`{}`: {}", note.id, case.case);
                changed += 1;
            }
        }
        assert!(changed > 0, "no case in authz/cases.json misses `{}`: what is it for?", note.id);
    }
}
