//! How roles, principals and lists are called in sentences.

use crate::asking::Asking;
use bursar_domain::{Principal, Role, RoleName};

/// `a`, `a or b`, `a, b or c`, each in backticks.
pub(crate) fn list<'a>(words: impl IntoIterator<Item = &'a str>, joined_by: &str) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {joined_by} {last}", others.join(", ")),
        None => "none".to_owned(),
    }
}

/// The subject of a sentence: `an operator`, `a token of a viewer`, `the command line`.
pub(crate) fn subject(asking: &Asking) -> String {
    let role = match asking.role {
        RoleName::BuiltIn(Role::Viewer) => "a viewer",
        RoleName::BuiltIn(Role::Analyst) => "an analyst",
        RoleName::BuiltIn(Role::Operator) => "an operator",
        RoleName::BuiltIn(Role::Admin) if asking.owner => "an owner",
        RoleName::BuiltIn(Role::Admin) => "an admin",
        RoleName::Custom(_) => "a member with this role",
    };
    match asking.principal {
        Principal::Account { .. } => role.to_owned(),
        Principal::Token { .. } => format!("a token of {role}"),
        Principal::Staff { .. } => format!("staff as {role}"),
        Principal::Operator => "the command line".to_owned(),
        Principal::System => "the program".to_owned(),
        Principal::Anonymous => "nobody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_people_write_them() {
        for (words, expected) in [
            (&[][..], "none"),
            (&["a"], "`a`"),
            (&["a", "b"], "`a` or `b`"),
            (&["a", "b", "c"], "`a`, `b` or `c`"),
        ] {
            assert_eq!(list(words.iter().copied(), "or"), expected);
        }
    }
}
