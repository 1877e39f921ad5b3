//! The tables as sea-orm entities, all private to this crate.
//!
//! The schema is written by the migrations, never derived from here; `tests/it/schema.rs` reads
//! every column of every entity on both databases, so that the two cannot drift apart unseen.
#![expect(unreachable_pub, reason = "the derives of sea-orm make their types `pub`")]

macro_rules! entity {
    ($module:ident = $table:literal [$($key:ident: $key_type:ty),+] { $($column:ident: $type:ty),* $(,)? }) => {
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub $key: $key_type,)+
                $(pub $column: $type,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

entity!(installation_setting = "installation_settings" [name: String] { value_sealed: Vec<u8>, changed_us: i64 });
entity!(region = "regions" [name: String] { added_us: i64 });
entity!(workspace = "workspaces" [id: Uuid] {
    region: String, name_sealed: Vec<u8>, state: String, created_us: i64, deletion_asked_us: Option<i64>,
    deletion_due_us: Option<i64>, deleted_us: Option<i64>,
});
entity!(account = "accounts" [id: Uuid] {
    kind: String, status: String, staff: bool, email_sealed: Vec<u8>, email_lookup: Vec<u8>,
    display_name_sealed: Vec<u8>, password_hash_sealed: Option<Vec<u8>>, password_changed_us: Option<i64>,
    created_us: i64, last_sign_in_us: Option<i64>, deletion_due_us: Option<i64>,
});
entity!(external_identity = "external_identities" [lookup: Vec<u8>] {
    account_id: Uuid, seal_row: Uuid, issuer_sealed: Vec<u8>, subject_sealed: Vec<u8>, added_us: i64,
    last_used_us: Option<i64>,
});
entity!(passkey = "passkeys" [id: Uuid] {
    account_id: Uuid, name_sealed: Vec<u8>, credential_lookup: Vec<u8>, passkey_sealed: Vec<u8>, added_us: i64,
    last_used_us: Option<i64>,
});
entity!(totp = "totp_secrets" [account_id: Uuid] {
    secret_sealed: Vec<u8>, last_step: i64, confirmed_us: Option<i64>, added_us: i64,
});
entity!(recovery_code = "recovery_codes" [account_id: Uuid, digest: Vec<u8>] { used_us: Option<i64> });
entity!(session = "sessions" [id: Uuid] {
    account_id: Uuid, token_digest: Vec<u8>, methods: String, created_us: i64, last_seen_us: i64,
    idle_limit_us: i64, expires_us: i64, address_sealed: Vec<u8>, agent_sealed: Vec<u8>,
    provider_session_lookup: Option<Vec<u8>>, ended_us: Option<i64>,
});
entity!(link = "one_time_links" [id: Uuid] {
    digest: Vec<u8>, purpose: String, account_id: Option<Uuid>, workspace_id: Option<Uuid>,
    details_sealed: Vec<u8>, created_us: i64, expires_us: i64, used_us: Option<i64>,
});
entity!(throttle = "sign_in_throttle" [key_digest: Vec<u8>] {
    failures: i64, last_us: i64, until_us: Option<i64>,
});
entity!(rate_limit = "rate_limits" [key_digest: Vec<u8>] { arrival_us: i64 });
entity!(identity_provider = "identity_providers" [id: Uuid] {
    kind: String, name: String, issuer: String, client_id: String, client_secret_sealed: Vec<u8>,
    mapping_sealed: Vec<u8>, enabled: bool, added_us: i64, changed_us: i64,
});
entity!(membership = "memberships" [workspace_id: Uuid, account_id: Uuid] {
    role: String, owner: bool, via: String, created_us: i64, last_used_us: Option<i64>,
});
entity!(invitation = "invitations" [workspace_id: Uuid, id: Uuid] {
    email_sealed: Vec<u8>, email_lookup: Vec<u8>, role: String, owner: bool, teams: String, link_id: Uuid,
    created_us: i64, expires_us: i64, accepted_us: Option<i64>, withdrawn_us: Option<i64>,
});
entity!(certificate = "deletion_certificates" [id: Uuid] {
    workspace_id: Option<Uuid>, account_id: Option<Uuid>, certificate: String, signature: Vec<u8>, issued_us: i64,
});
entity!(directory_record = "directory_records" [seq: i64] {
    id: Uuid, at_us: i64, actor: String, account_id: Option<Uuid>, on_behalf_of: Option<Uuid>,
    credential: Option<String>, workspace_id: Option<Uuid>, action: String, target: String, outcome: String,
    deciding_policy: Option<String>, request_id: Option<Uuid>, payload_sealed: Vec<u8>, leaf: Option<Vec<u8>>,
    intent_seq: Option<i64>, personal: Option<String>,
});

entity!(workspace_setting = "workspace_settings" [workspace_id: Uuid, name: String] {
    value_sealed: Vec<u8>, changed_us: i64,
});
entity!(source = "sources" [workspace_id: Uuid, id: Uuid] {
    location_lookup: Vec<u8>, location_sealed: Vec<u8>, dialect: Option<String>, added_us: i64,
});
entity!(credential = "credentials" [workspace_id: Uuid, name: String] { fernet_token: String, changed_us: i64 });
entity!(custom_role = "custom_roles" [workspace_id: Uuid, id: Uuid] {
    name: String, pages: String, actions: String, changed_us: i64,
});
entity!(team = "teams" [workspace_id: Uuid, id: Uuid] { name: String, scope_sealed: Vec<u8>, changed_us: i64 });
entity!(team_member = "team_members" [workspace_id: Uuid, team_id: Uuid, account_id: Uuid] { added_us: i64 });
entity!(token = "api_tokens" [workspace_id: Uuid, id: Uuid] {
    name_sealed: Vec<u8>, digest: Vec<u8>, account_id: Uuid, kind: String, pages: Option<String>,
    actions: Option<String>, scope_sealed: Vec<u8>, created_us: i64, expires_us: Option<i64>,
    last_used_us: Option<i64>, revoked_us: Option<i64>,
});
entity!(scim_user = "scim_users" [workspace_id: Uuid, id: Uuid] {
    account_id: Option<Uuid>, user_name_lookup: Vec<u8>, external_id_lookup: Option<Vec<u8>>, active: bool,
    attributes_sealed: Vec<u8>, version: i64, created_us: i64, changed_us: i64,
});
entity!(scim_group = "scim_groups" [workspace_id: Uuid, id: Uuid] {
    display_name_lookup: Vec<u8>, external_id_lookup: Option<Vec<u8>>, attributes_sealed: Vec<u8>,
    team_id: Option<Uuid>, role: Option<String>, version: i64, created_us: i64, changed_us: i64,
});
entity!(scim_group_member = "scim_group_members" [workspace_id: Uuid, group_id: Uuid, user_id: Uuid] {});
entity!(staff_access = "staff_access" [workspace_id: Uuid, id: Uuid] {
    staff_account_id: Uuid, reason_sealed: Vec<u8>, ticket_sealed: Vec<u8>, read_only: bool, asked_hours: i64,
    asked_us: i64, granted_by: Option<Uuid>, granted_us: Option<i64>, until_us: Option<i64>,
    refused_us: Option<i64>, ended_us: Option<i64>,
});
entity!(backup = "backups" [workspace_id: Uuid, id: Uuid] {
    location_sealed: Vec<u8>, digest: Vec<u8>, size_bytes: i64, last_seq: i64, taken_us: i64,
    verified_us: Option<i64>, expires_us: Option<i64>, removed_us: Option<i64>,
});
entity!(workspace_record = "workspace_records" [workspace_id: Uuid, seq: i64] {
    id: Uuid, at_us: i64, actor: String, account_id: Option<Uuid>, on_behalf_of: Option<Uuid>,
    credential: Option<String>, action: String, target: String, outcome: String,
    deciding_policy: Option<String>, request_id: Option<Uuid>, payload_sealed: Vec<u8>, leaf: Option<Vec<u8>>,
    intent_seq: Option<i64>, personal: Option<String>,
});
entity!(record_tile = "workspace_record_tiles" [workspace_id: Uuid, level: i64, idx: i64] {
    root: Vec<u8>, hashes: Vec<u8>,
});
entity!(record_checkpoint = "workspace_record_checkpoints" [workspace_id: Uuid, number: i64] {
    size: i64, signed_us: i64, note: String,
});
entity!(record_key = "workspace_record_keys" [workspace_id: Uuid, id: Uuid] {
    number: i64, seed_sealed: Vec<u8>, statement: String, until_us: i64,
});
entity!(record_person = "workspace_record_people" [workspace_id: Uuid, person: Uuid] {
    key_sealed: Vec<u8>, made_us: i64,
});
entity!(record_personal = "workspace_record_personal" [workspace_id: Uuid, id: Uuid] {
    seq: i64, person: Uuid, value_sealed: Vec<u8>,
});
entity!(record_intent = "workspace_record_intents" [workspace_id: Uuid, seq: i64] {
    at_us: i64, closed_seq: Option<i64>,
});

entity!(directory_event = "directory_outbox" [seq: i64] {
    id: Uuid, workspace_id: Option<Uuid>, account_id: Option<Uuid>, r#type: String, subject: String, at_us: i64,
    data_sealed: Vec<u8>,
});
entity!(outbox_state = "outbox_state" [workspace_id: Uuid] {
    last_seq: i64, due_us: Option<i64>, holder: Option<Uuid>, lease_us: Option<i64>,
});
entity!(event = "outbox" [workspace_id: Uuid, seq: i64] {
    id: Uuid, r#type: String, subject: String, at_us: i64, once_lookup: Option<Vec<u8>>, data_sealed: Vec<u8>,
    expanded_us: Option<i64>,
});
entity!(webhook = "webhooks" [workspace_id: Uuid, id: Uuid] {
    name_sealed: Vec<u8>, url_sealed: Vec<u8>, types: String, secret_sealed: Vec<u8>,
    old_secret_sealed: Option<Vec<u8>>, old_secret_until_us: Option<i64>, state: String,
    reason_sealed: Option<Vec<u8>>, failing_since_us: Option<i64>, failures: i64, created_us: i64, changed_us: i64,
});
entity!(channel = "channels" [workspace_id: Uuid, id: Uuid] {
    kind: String, name_sealed: Vec<u8>, address_sealed: Vec<u8>, created_us: i64,
});
entity!(alert_rule = "alert_rules" [workspace_id: Uuid, id: Uuid] {
    name_sealed: Vec<u8>, rule_sealed: Vec<u8>, enabled: bool, changed_us: i64,
});
entity!(notice_preference = "notice_preferences" [workspace_id: Uuid, account_id: Uuid] {
    preferences_sealed: Vec<u8>, changed_us: i64,
});
entity!(rule_notice = "rule_notices" [workspace_id: Uuid, rule_id: Uuid, about_lookup: Vec<u8>] { last_us: i64 });
entity!(dispatch = "dispatches" [workspace_id: Uuid, id: Uuid] {
    event_id: Uuid, event_seq: i64, subject: String, kind: String, target_id: Uuid, digest: bool,
    unless_read: bool, state: String, attempts: i64, due_us: i64, lease: Option<Uuid>, lease_us: Option<i64>,
    reason_sealed: Option<Vec<u8>>, created_us: i64, finished_us: Option<i64>,
});
entity!(dispatch_attempt = "dispatch_attempts" [workspace_id: Uuid, id: Uuid] {
    dispatch_id: Uuid, at_us: i64, log_sealed: Vec<u8>,
});
entity!(inbox_notice = "inbox" [workspace_id: Uuid, id: Uuid] {
    account_id: Uuid, event_id: Uuid, notice_sealed: Vec<u8>, created_us: i64, read_us: Option<i64>,
});

entity!(sealed_key = "sealed_keys" [name: String] { document: Vec<u8>, changed_us: i64 });
