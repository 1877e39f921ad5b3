//! Every table, and whom it shows its rows on PostgreSQL.
//!
//! The migrations make the policies from these lists; a test compares the lists with what the
//! database itself says it has, so that a table without forced row-level security cannot be added.

/// Whom a table shows its rows, and whose rows it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Transactions of the directory.
    Directory,
    /// Transactions of the row's workspace.
    Workspace,
    /// Transactions of the directory, and those of the row's workspace.
    DirectoryOrWorkspace,
    /// Transactions of the row's workspace, and those of the row's account.
    WorkspaceOrAccount,
}

const DIRECTORY: &str = "current_setting('app.directory', true) = 'on'";
// NULLIF: after a transaction that set it, the setting is '' and not NULL.
const WORKSPACE: &str = "workspace_id = NULLIF(current_setting('app.workspace_id', true), '')::uuid";
const ACCOUNT: &str = "account_id = NULLIF(current_setting('app.account_id', true), '')::uuid";

impl Shown {
    /// The condition of the policy, for reading and for writing.
    pub(crate) fn condition(self) -> String {
        match self {
            Self::Directory => DIRECTORY.to_owned(),
            Self::Workspace => WORKSPACE.to_owned(),
            Self::DirectoryOrWorkspace => format!("{DIRECTORY} OR {WORKSPACE}"),
            Self::WorkspaceOrAccount => format!("{WORKSPACE} OR {ACCOUNT}"),
        }
    }
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whom it shows its rows.
    pub(crate) shown: Shown,
    /// Whether rows are only ever added.
    pub(crate) append_only: bool,
}

const fn table(name: &'static str, shown: Shown) -> Table {
    Table { name, shown, append_only: false }
}

/// The directory's tables as of version 1.
pub(crate) const DIRECTORY_1: &[Table] = &[
    table("installation_settings", Shown::Directory),
    table("regions", Shown::Directory),
    table("workspaces", Shown::Directory),
    table("accounts", Shown::Directory),
    table("external_identities", Shown::Directory),
    table("passkeys", Shown::Directory),
    table("totp_secrets", Shown::Directory),
    table("recovery_codes", Shown::Directory),
    table("sessions", Shown::Directory),
    table("one_time_links", Shown::Directory),
    table("sign_in_throttle", Shown::Directory),
    table("rate_limits", Shown::Directory),
    table("identity_providers", Shown::Directory),
    table("memberships", Shown::WorkspaceOrAccount),
    table("invitations", Shown::Workspace),
    table("deletion_certificates", Shown::Directory),
    table("directory_counter", Shown::Directory),
    Table { name: "directory_records", shown: Shown::DirectoryOrWorkspace, append_only: true },
];

/// The directory's tables that version 2 adds.
pub(crate) const DIRECTORY_2: &[Table] =
    &[table("directory_outbox_state", Shown::Directory), table("directory_outbox", Shown::Directory)];

/// A workspace's tables as of version 1.
pub(crate) const WORKSPACE_1: &[Table] = &[
    table("workspace_counters", Shown::Workspace),
    table("workspace_settings", Shown::Workspace),
    table("sources", Shown::Workspace),
    table("credentials", Shown::Workspace),
    table("custom_roles", Shown::Workspace),
    table("teams", Shown::Workspace),
    table("team_members", Shown::Workspace),
    table("api_tokens", Shown::Workspace),
    table("scim_users", Shown::Workspace),
    table("scim_groups", Shown::Workspace),
    table("scim_group_members", Shown::Workspace),
    table("staff_access", Shown::Workspace),
    table("backups", Shown::Workspace),
    Table { name: "workspace_records", shown: Shown::Workspace, append_only: true },
];

/// A workspace's tables that version 2 adds.
pub(crate) const WORKSPACE_2: &[Table] = &[
    // The directory's transactions see which workspaces have something to do.
    table("outbox_state", Shown::DirectoryOrWorkspace),
    table("outbox", Shown::Workspace),
    table("webhooks", Shown::Workspace),
    table("channels", Shown::Workspace),
    table("alert_rules", Shown::Workspace),
    table("notice_preferences", Shown::Workspace),
    table("rule_notices", Shown::Workspace),
    table("dispatches", Shown::Workspace),
    table("dispatch_attempts", Shown::Workspace),
    table("inbox", Shown::Workspace),
];

const fn append_only(name: &'static str, shown: Shown) -> Table {
    Table { name, shown, append_only: true }
}

/// What version 3 adds to the directory: its log.
pub(crate) const DIRECTORY_3: &[Table] = &[
    append_only("directory_record_tiles", Shown::Directory),
    append_only("directory_record_checkpoints", Shown::Directory),
    table("directory_record_keys", Shown::Directory),
    table("directory_record_people", Shown::Directory),
    table("directory_record_personal", Shown::Directory),
    table("directory_record_intents", Shown::Directory),
];

/// What version 3 adds to a workspace: its log.
pub(crate) const WORKSPACE_3: &[Table] = &[
    append_only("workspace_record_tiles", Shown::Workspace),
    append_only("workspace_record_checkpoints", Shown::Workspace),
    table("workspace_record_keys", Shown::Workspace),
    table("workspace_record_people", Shown::Workspace),
    table("workspace_record_personal", Shown::Workspace),
    table("workspace_record_intents", Shown::Workspace),
];

/// The table of sealed keys as of version 1.
pub(crate) const SHELF_1: &[Table] = &[table("sealed_keys", Shown::Directory)];
