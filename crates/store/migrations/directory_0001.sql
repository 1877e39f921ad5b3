-- The directory: what the installation knows beyond single workspaces.
-- {uuid}, {bytes}, {long}, {flag} and {strict} are spelled per database by src/migration.rs.
-- `…_sealed` columns hold ciphertext, `…_lookup` columns keyed digests, `…_us` microseconds since 1970.

CREATE TABLE installation_settings (
    name TEXT NOT NULL PRIMARY KEY,
    value_sealed {bytes} NOT NULL,
    changed_us {long} NOT NULL
){strict};

CREATE TABLE regions (
    name TEXT NOT NULL PRIMARY KEY,
    added_us {long} NOT NULL
){strict};

CREATE TABLE workspaces (
    id {uuid} NOT NULL PRIMARY KEY,
    region TEXT NOT NULL REFERENCES regions (name),
    name_sealed {bytes} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'deleting', 'deleted')),
    created_us {long} NOT NULL,
    deletion_asked_us {long},
    deletion_due_us {long},
    deleted_us {long},
    CHECK (state NOT IN ('deleting', 'deleted') OR deletion_asked_us IS NOT NULL),
    CHECK (state <> 'deleted' OR deleted_us IS NOT NULL)
){strict};

CREATE TABLE accounts (
    id {uuid} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'service')),
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    staff {flag} NOT NULL,
    email_sealed {bytes} NOT NULL,
    email_lookup {bytes} NOT NULL UNIQUE,
    display_name_sealed {bytes} NOT NULL,
    password_hash_sealed {bytes},
    password_changed_us {long},
    created_us {long} NOT NULL,
    last_sign_in_us {long},
    deletion_due_us {long}
){strict};

CREATE TABLE external_identities (
    lookup {bytes} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    seal_row {uuid} NOT NULL,
    issuer_sealed {bytes} NOT NULL,
    subject_sealed {bytes} NOT NULL,
    added_us {long} NOT NULL,
    last_used_us {long}
){strict};
CREATE INDEX external_identities_account ON external_identities (account_id);

CREATE TABLE passkeys (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name_sealed {bytes} NOT NULL,
    credential_lookup {bytes} NOT NULL UNIQUE,
    passkey_sealed {bytes} NOT NULL,
    added_us {long} NOT NULL,
    last_used_us {long}
){strict};
CREATE INDEX passkeys_account ON passkeys (account_id);

CREATE TABLE totp_secrets (
    account_id {uuid} NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret_sealed {bytes} NOT NULL,
    last_step {long} NOT NULL,
    confirmed_us {long},
    added_us {long} NOT NULL
){strict};

CREATE TABLE recovery_codes (
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest {bytes} NOT NULL,
    used_us {long},
    PRIMARY KEY (account_id, digest)
){strict};

CREATE TABLE sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_digest {bytes} NOT NULL UNIQUE,
    methods TEXT NOT NULL,
    created_us {long} NOT NULL,
    last_seen_us {long} NOT NULL,
    idle_limit_us {long} NOT NULL,
    expires_us {long} NOT NULL,
    address_sealed {bytes} NOT NULL,
    agent_sealed {bytes} NOT NULL,
    provider_session_lookup {bytes},
    ended_us {long}
){strict};
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_provider ON sessions (provider_session_lookup);
CREATE INDEX sessions_expiry ON sessions (expires_us);

CREATE TABLE one_time_links (
    id {uuid} NOT NULL PRIMARY KEY,
    digest {bytes} NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    account_id {uuid} REFERENCES accounts (id) ON DELETE CASCADE,
    workspace_id {uuid} REFERENCES workspaces (id),
    details_sealed {bytes} NOT NULL,
    created_us {long} NOT NULL,
    expires_us {long} NOT NULL,
    used_us {long}
){strict};
CREATE INDEX one_time_links_expiry ON one_time_links (expires_us);

CREATE TABLE sign_in_throttle (
    key_digest {bytes} NOT NULL PRIMARY KEY,
    failures {long} NOT NULL,
    last_us {long} NOT NULL,
    until_us {long}
){strict};

CREATE TABLE rate_limits (
    key_digest {bytes} NOT NULL PRIMARY KEY,
    arrival_us {long} NOT NULL
){strict};

CREATE TABLE identity_providers (
    id {uuid} NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('oidc', 'github')),
    name TEXT NOT NULL,
    issuer TEXT NOT NULL,
    client_id TEXT NOT NULL,
    client_secret_sealed {bytes} NOT NULL,
    mapping_sealed {bytes} NOT NULL,
    enabled {flag} NOT NULL,
    added_us {long} NOT NULL,
    changed_us {long} NOT NULL
){strict};

CREATE TABLE memberships (
    workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
    account_id {uuid} NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    owner {flag} NOT NULL,
    via TEXT NOT NULL CHECK (via IN ('manual', 'scim', 'sso')),
    created_us {long} NOT NULL,
    last_used_us {long},
    PRIMARY KEY (workspace_id, account_id)
){strict};
CREATE INDEX memberships_account ON memberships (account_id);

CREATE TABLE invitations (
    workspace_id {uuid} NOT NULL REFERENCES workspaces (id),
    id {uuid} NOT NULL,
    email_sealed {bytes} NOT NULL,
    email_lookup {bytes} NOT NULL,
    role TEXT NOT NULL,
    owner {flag} NOT NULL,
    teams TEXT NOT NULL,
    link_id {uuid} NOT NULL,
    created_us {long} NOT NULL,
    expires_us {long} NOT NULL,
    accepted_us {long},
    withdrawn_us {long},
    PRIMARY KEY (workspace_id, id)
){strict};

CREATE TABLE deletion_certificates (
    id {uuid} NOT NULL PRIMARY KEY,
    workspace_id {uuid},
    account_id {uuid},
    certificate TEXT NOT NULL,
    signature {bytes} NOT NULL,
    issued_us {long} NOT NULL
){strict};

CREATE TABLE directory_counter (
    id {long} NOT NULL PRIMARY KEY CHECK (id = 1),
    last_seq {long} NOT NULL
){strict};

CREATE TABLE directory_records (
    seq {long} NOT NULL PRIMARY KEY,
    id {uuid} NOT NULL UNIQUE,
    at_us {long} NOT NULL,
    actor TEXT NOT NULL,
    account_id {uuid},
    on_behalf_of {uuid},
    credential TEXT,
    workspace_id {uuid},
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    deciding_policy TEXT,
    request_id {uuid},
    payload_sealed {bytes} NOT NULL
){strict};
CREATE INDEX directory_records_workspace ON directory_records (workspace_id, seq);
CREATE INDEX directory_records_account ON directory_records (account_id, seq);
