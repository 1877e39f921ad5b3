//! The registry of what is recorded: every action with what it means.
//!
//! One line per action, in the order of their names. A test walks the program's sources and compares:
//! an action that is recorded and not listed fails it, and so does one that is listed and never recorded.

/// Which family of events an action belongs to (Open Cybersecurity Schema Framework 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Account Change, 3001: accounts, factors, tokens, memberships.
    AccountChange,
    /// Authentication, 3002: signing in and out.
    Authentication,
    /// API Activity, 6003: everything else.
    ApiActivity,
}

/// An action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// Its name, `noun.verb`.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Its family.
    pub class: Class,
}

const fn change(name: &'static str, meaning: &'static str) -> Action {
    Action { name, meaning, class: Class::AccountChange }
}

const fn sign_in(name: &'static str, meaning: &'static str) -> Action {
    Action { name, meaning, class: Class::Authentication }
}

const fn activity(name: &'static str, meaning: &'static str) -> Action {
    Action { name, meaning, class: Class::ApiActivity }
}

/// Every action, in the order of names.
pub const ACTIONS: &[Action] = &[
    change("account.ask-deletion", "the deletion of an account was asked for"),
    change("account.ask-reset", "a new password was asked for"),
    change("account.change-email", "an account got another address"),
    change("account.create", "an account was made"),
    change("account.delete", "an account was deleted for good"),
    change("account.keep", "the deletion of an account was taken back"),
    change("account.remove-password", "an account lost its password"),
    change("account.rename", "an account got another display name"),
    change("account.set-password", "an account got another password"),
    change("account.set-staff", "an account became staff, or stopped being it"),
    change("account.switch-off", "an account was switched off"),
    change("account.switch-on", "an account was switched on again"),
    activity("alert-rule.add", "a rule for alerts was made"),
    activity("alert-rule.change", "a rule for alerts was changed"),
    activity("alert-rule.remove", "a rule for alerts was removed"),
    activity("allocation.change", "the rules that say whose cost it is were changed"),
    activity("anomaly.expect", "an incident in the charges was said to be expected"),
    activity("anomaly.unexpect", "what was said about an incident was taken back"),
    change("audit.erase-person", "what the log knew about a person was erased"),
    activity("audit.export", "the log, or a part of it, was exported"),
    activity("audit.rotate-key", "the log got another signing key"),
    activity("backup.remove", "a backup was removed"),
    activity("backup.take", "a backup was taken"),
    activity("backup.verify", "a backup was opened and compared"),
    activity("budget.add", "a budget was made"),
    activity("budget.alert", "a threshold of a budget was reached"),
    activity("budget.change", "a budget was changed"),
    activity("budget.remove", "a budget was removed"),
    activity("certificate.issue", "a certificate of deletion was signed"),
    activity("channel.add", "a channel for notices was added"),
    activity("channel.remove", "a channel for notices was removed"),
    activity("credential.remove", "a cloud credential was removed"),
    activity("credential.set", "a cloud credential was stored"),
    activity("dead-letter.replay", "something that was not delivered is tried again"),
    activity("dead-letter.replay-all", "everything that was not delivered is tried again"),
    activity("event.tell", "an event was told that no change stands for"),
    activity("identity-provider.add", "an identity provider was added"),
    activity("identity-provider.change", "an identity provider was changed"),
    activity("identity-provider.remove", "an identity provider was removed"),
    change("identity.add", "an account was tied to an identity elsewhere"),
    change("identity.remove", "an account was untied from an identity elsewhere"),
    change("invitation.accept", "an invitation was accepted"),
    change("invitation.create", "somebody was invited"),
    change("invitation.withdraw", "an invitation was withdrawn"),
    activity("keys.rotate", "the keys of a workspace were changed"),
    activity("link.create", "a one-time link was made"),
    activity("link.use", "a one-time link was used"),
    activity("link.withdraw", "one-time links were withdrawn"),
    change("member.add", "somebody became a member"),
    change("member.change", "a member got another role"),
    change("member.remove", "a member left or was removed"),
    change("member.remove-all", "all members left, with their workspace"),
    activity("notice-preferences.set", "somebody chose which notices to get"),
    change("passkey.add", "a passkey was added"),
    change("passkey.remove", "a passkey was removed"),
    activity("permission", "something was refused"),
    change("recovery-code.use", "a recovery code was used"),
    change("recovery-codes.replace", "recovery codes were made anew"),
    activity("role.add", "a role was made"),
    activity("role.change", "a role was changed"),
    activity("role.remove", "a role was removed"),
    change("scim-group.add", "a group was provisioned"),
    change("scim-group.change", "a provisioned group was changed"),
    change("scim-group.map", "a provisioned group was tied to a team or role"),
    change("scim-group.remove", "a provisioned group was removed"),
    change("scim-user.add", "a user was provisioned"),
    change("scim-user.change", "a provisioned user was changed"),
    change("scim-user.remove", "a provisioned user was removed"),
    sign_in("session.begin", "somebody signed in"),
    sign_in("session.end", "a session was ended"),
    sign_in("session.end-all", "all sessions of an account were ended"),
    sign_in("session.end-by-provider", "an identity provider ended sessions"),
    sign_in("session.renew", "a session was proved anew"),
    activity("setting.change", "a setting was changed"),
    activity("setting.remove", "a setting was taken back"),
    sign_in("sign-in", "an attempt to sign in"),
    sign_in("sign-in.external", "an attempt to sign in with an identity provider"),
    activity("source.add", "a source of cost data was added"),
    activity("source.remove", "a source of cost data was removed"),
    activity("source.set-dialect", "a source was read in another dialect"),
    activity("staff-access.ask", "staff asked for access"),
    activity("staff-access.end", "access of staff ended"),
    activity("staff-access.grant", "access was granted to staff"),
    activity("staff-access.refuse", "access was refused to staff"),
    activity("team.add", "a team was made"),
    activity("team.change", "a team was changed"),
    activity("team.join", "somebody joined a team"),
    activity("team.leave", "somebody left a team"),
    activity("team.leave-all", "somebody left all teams"),
    activity("team.remove", "a team was removed"),
    change("token.create", "a token was made"),
    change("token.revoke", "a token was revoked"),
    change("token.revoke-all", "all tokens of an account were revoked"),
    change("totp.add", "one-time codes were set up"),
    change("totp.remove", "one-time codes were removed"),
    activity("webhook.add", "a webhook was added"),
    activity("webhook.change", "a webhook got another URL, name or choice of events"),
    activity("webhook.remove", "a webhook was removed"),
    activity("webhook.resume", "a webhook that was stopped goes on"),
    activity("webhook.rotate-secret", "a webhook got another secret"),
    activity("webhook.stop", "a webhook was paused or switched off"),
    activity("webhook.test", "a webhook was tried"),
    activity("workspace.ask-deletion", "the deletion of a workspace was asked for"),
    activity("workspace.create", "a workspace was made"),
    activity("workspace.delete", "a workspace was deleted"),
    activity("workspace.export", "everything in a workspace was exported"),
    activity("workspace.keep", "the deletion of a workspace was taken back"),
    activity("workspace.rename", "a workspace got another name"),
    activity("workspace.restore", "a workspace was put back to a backup"),
    activity("workspace.switch-off", "a workspace was switched off"),
    activity("workspace.switch-on", "a workspace was switched on again"),
];

/// The action of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.binary_search_by_key(&name, |action| action.name).ok().and_then(|at| ACTIONS.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_order_and_says_what_each_means() {
        // claim D3
        assert!(ACTIONS.is_sorted_by(|one, next| one.name < next.name));
        assert!(ACTIONS.iter().all(|action| action.meaning.len() > 8 && find(action.name) == Some(action)));
        assert_eq!(find("nothing.at-all"), None);
    }
}
