//! Ids, one line per kind.
//!
//! In text an id carries a readable prefix (`src_…`), so that a log line or a URL tells what it
//! names. There is no `Default` and no `From<Uuid>`: both would give away what the type won.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Why a text is not an id of the asked kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not {kind}: expected {prefix}_ and 32 hexadecimal digits")]
pub struct IdError {
    text: String,
    kind: &'static str,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// The id made of this number; randomness and storage are the caller's.
            #[must_use]
            pub const fn from_u128(value: u128) -> Self {
                Self(Uuid::from_u128(value))
            }

            /// The number behind the id.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0.as_u128()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| IdError {
                        text: text.chars().take(64).collect(),
                        kind: $kind,
                        prefix: $prefix,
                    })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// A workspace: one customer's boundary.
    WorkspaceId = "wsp", "a workspace id";
    /// A source: a location of exports, in a workspace.
    SourceId = "src", "a source id";
    /// A delivery: one complete write of one (source, dataset, billing period).
    DeliveryId = "dlv", "a delivery id";
    /// An account: one person (or one machine) that can sign in, in one installation.
    AccountId = "acc", "an account id";
    /// A session: one browser, signed in.
    SessionId = "ses", "a session id";
    /// A one-time link.
    LinkId = "lnk", "a link id";
    /// A passkey of an account.
    PasskeyId = "pky", "a passkey id";
    /// An identity provider that people sign in with.
    IdentityProviderId = "idp", "an identity provider id";
    /// A team: some members of a workspace, and what they may see of it.
    TeamId = "team", "a team id";
    /// A role that a workspace made for itself.
    RoleId = "rol", "a role id";
    /// An API token.
    TokenId = "tok", "a token id";
    /// An invitation of somebody to a workspace.
    InvitationId = "inv", "an invitation id";
    /// A user as a SCIM client provisioned it.
    ScimUserId = "usr", "a SCIM user id";
    /// A group as a SCIM client provisioned it.
    GroupId = "grp", "a group id";
    /// A budget.
    BudgetId = "bud", "a budget id";
    /// A backup.
    BackupId = "bkp", "a backup id";
    /// A request for, and then the grant of, staff access.
    StaffAccessId = "sta", "a staff access id";
    /// An entry of the record.
    RecordId = "rec", "a record id";
    /// A certificate of deletion.
    CertificateId = "crt", "a certificate id";
    /// An event; the first of a change has the number of the change's record.
    EventId = "evt", "an event id";
    /// A webhook.
    WebhookId = "whk", "a webhook id";
    /// A channel that notices go to: Slack, Teams or a mailbox.
    ChannelId = "chn", "a channel id";
    /// A rule that says which events become notices.
    AlertRuleId = "alr", "an alert rule id";
    /// A dispatch: the sending of one event to one place, however many attempts it takes.
    DispatchId = "dsp", "a dispatch id";
    /// A notice in somebody's inbox.
    NoticeId = "ntc", "a notice id";
    /// One HTTP request or one run of a command.
    RequestId = "req", "a request id";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_another_kind() {
        let id = SourceId::from_u128(7);
        let text = id.to_string();
        assert_eq!(text, "src_00000000000000000000000000000007");
        assert_eq!(text.parse::<SourceId>(), Ok(id));
        assert!(text.parse::<WorkspaceId>().is_err());
        assert!("src_7".parse::<SourceId>().is_err());
    }
}
