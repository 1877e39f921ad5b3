//! Which charges a member sees.
//!
//! A team has a scope: some accounts, subscriptions, projects or tags. A member sees what one of its
//! teams sees, in every answer, SQL and exports included. Admins see everything, whatever their teams:
//! they could give themselves any team. Owners are admins.

use bursar_domain::scope::ScopeError;
use bursar_domain::{Role, RoleName, Scope};

/// What members without a team see: a setting of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Teamless {
    /// The whole workspace.
    #[default]
    SeeEverything,
    /// Nothing, until they are in a team.
    SeeNothing,
}

/// What a member with this role sees, being in teams with these scopes.
///
/// A team without a scope of its own is [`Scope::All`]: its members see everything.
#[must_use]
pub fn scope_of(role: RoleName, teams: impl IntoIterator<Item = Scope>, teamless: Teamless) -> Scope {
    if role == RoleName::BuiltIn(Role::Admin) {
        return Scope::All;
    }
    match (teams.into_iter().reduce(Scope::or), teamless) {
        (Some(union), _) => union,
        (None, Teamless::SeeEverything) => Scope::All,
        (None, Teamless::SeeNothing) => Scope::nothing(),
    }
}

/// What is seen through a token that has a scope of its own: never more than its account sees.
///
/// # Errors
/// When both together are too large to be a condition. Refuse the request then; do not widen it.
pub fn within(account: Scope, token: Option<&Scope>) -> Result<Scope, ScopeError> {
    match token {
        None => Ok(account),
        Some(token) => account.and(token.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::ScopeRule;
    use bursar_domain::id::RoleId;

    fn team(account: &str) -> Scope {
        Scope::part(vec![ScopeRule { dimension: "SubAccountId".into(), values: vec![account.into()] }])
            .unwrap()
    }

    fn sees(scope: &Scope, account: &str) -> bool {
        scope.sees(|dimension| (dimension == "SubAccountId").then_some(account))
    }

    #[test]
    fn members_see_the_union_of_their_teams_and_admins_everything() {
        // claim C5
        let custom = RoleName::Custom(RoleId::from_u128(1));
        for role in Role::ALL.iter().map(|role| RoleName::BuiltIn(*role)).chain([custom]) {
            let admin = role == RoleName::BuiltIn(Role::Admin);
            for teamless in [Teamless::SeeEverything, Teamless::SeeNothing] {
                let scope = scope_of(role, [team("1"), team("2")], teamless);
                assert!(sees(&scope, "1") && sees(&scope, "2"), "{role}");
                assert_eq!(sees(&scope, "3"), admin, "{role}");
                assert!(scope_of(role, [team("1"), Scope::All], teamless).is_all(), "{role}");
            }
            assert!(scope_of(role, [], Teamless::SeeEverything).is_all(), "{role}");
            assert_eq!(scope_of(role, [], Teamless::SeeNothing).is_all(), admin, "{role}");
            assert_eq!(sees(&scope_of(role, [], Teamless::SeeNothing), "1"), admin, "{role}");
        }
    }

    #[test]
    fn a_token_sees_no_more_than_its_account() {
        // claim C6
        let both = team("1").or(team("2"));
        let seen = within(both.clone(), Some(&team("2").or(team("3")))).unwrap();
        assert_eq!([sees(&seen, "1"), sees(&seen, "2"), sees(&seen, "3")], [false, true, false]);
        assert_eq!(within(both.clone(), None).unwrap(), both);
        assert_eq!(within(both.clone(), Some(&Scope::All)).unwrap(), both);
        assert!(!sees(&within(Scope::All, Some(&Scope::nothing())).unwrap(), "1"));
    }
}
