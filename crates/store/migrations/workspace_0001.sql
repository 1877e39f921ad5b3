-- One workspace's tables. Every key begins with the workspace, on SQLite too: a row copied into
-- another workspace's file is not found there.

CREATE TABLE workspace_counters (
    workspace_id {uuid} NOT NULL PRIMARY KEY,
    last_seq {long} NOT NULL
){strict};

CREATE TABLE workspace_settings (
    workspace_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    value_sealed {bytes} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, name)
){strict};

CREATE TABLE sources (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    location_lookup {bytes} NOT NULL,
    location_sealed {bytes} NOT NULL,
    dialect TEXT,
    added_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, location_lookup)
){strict};

CREATE TABLE credentials (
    workspace_id {uuid} NOT NULL,
    name TEXT NOT NULL,
    fernet_token TEXT NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, name)
){strict};

CREATE TABLE custom_roles (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    pages TEXT NOT NULL,
    actions TEXT NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
){strict};

CREATE TABLE teams (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    scope_sealed {bytes} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
){strict};

CREATE TABLE team_members (
    workspace_id {uuid} NOT NULL,
    team_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    added_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, team_id, account_id),
    FOREIGN KEY (workspace_id, team_id) REFERENCES teams (workspace_id, id) ON DELETE CASCADE
){strict};
CREATE INDEX team_members_account ON team_members (workspace_id, account_id);

CREATE TABLE api_tokens (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name_sealed {bytes} NOT NULL,
    digest {bytes} NOT NULL UNIQUE,
    account_id {uuid} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('api', 'scim')),
    pages TEXT,
    actions TEXT,
    scope_sealed {bytes} NOT NULL,
    created_us {long} NOT NULL,
    expires_us {long},
    last_used_us {long},
    revoked_us {long},
    PRIMARY KEY (workspace_id, id)
){strict};
CREATE INDEX api_tokens_account ON api_tokens (workspace_id, account_id);

CREATE TABLE scim_users (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    account_id {uuid},
    user_name_lookup {bytes} NOT NULL,
    external_id_lookup {bytes},
    active {flag} NOT NULL,
    attributes_sealed {bytes} NOT NULL,
    version {long} NOT NULL,
    created_us {long} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, user_name_lookup)
){strict};
CREATE INDEX scim_users_external ON scim_users (workspace_id, external_id_lookup);
CREATE INDEX scim_users_account ON scim_users (workspace_id, account_id);

CREATE TABLE scim_groups (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    display_name_lookup {bytes} NOT NULL,
    external_id_lookup {bytes},
    attributes_sealed {bytes} NOT NULL,
    team_id {uuid},
    role TEXT,
    version {long} NOT NULL,
    created_us {long} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};
CREATE INDEX scim_groups_name ON scim_groups (workspace_id, display_name_lookup);
CREATE INDEX scim_groups_external ON scim_groups (workspace_id, external_id_lookup);

CREATE TABLE scim_group_members (
    workspace_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    PRIMARY KEY (workspace_id, group_id, user_id),
    FOREIGN KEY (workspace_id, group_id) REFERENCES scim_groups (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, user_id) REFERENCES scim_users (workspace_id, id) ON DELETE CASCADE
){strict};
CREATE INDEX scim_group_members_user ON scim_group_members (workspace_id, user_id);

CREATE TABLE staff_access (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    staff_account_id {uuid} NOT NULL,
    reason_sealed {bytes} NOT NULL,
    ticket_sealed {bytes} NOT NULL,
    read_only {flag} NOT NULL,
    asked_hours {long} NOT NULL CHECK (asked_hours > 0),
    asked_us {long} NOT NULL,
    granted_by {uuid},
    granted_us {long},
    until_us {long},
    refused_us {long},
    ended_us {long},
    PRIMARY KEY (workspace_id, id),
    CHECK ((granted_us IS NULL) = (granted_by IS NULL) AND (granted_us IS NULL) = (until_us IS NULL)),
    CHECK (granted_us IS NULL OR refused_us IS NULL)
){strict};

CREATE TABLE backups (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    location_sealed {bytes} NOT NULL,
    digest {bytes} NOT NULL,
    size_bytes {long} NOT NULL,
    last_seq {long} NOT NULL,
    taken_us {long} NOT NULL,
    verified_us {long},
    expires_us {long},
    removed_us {long},
    PRIMARY KEY (workspace_id, id)
){strict};

CREATE TABLE workspace_records (
    workspace_id {uuid} NOT NULL,
    seq {long} NOT NULL,
    id {uuid} NOT NULL,
    at_us {long} NOT NULL,
    actor TEXT NOT NULL,
    account_id {uuid},
    on_behalf_of {uuid},
    credential TEXT,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    deciding_policy TEXT,
    request_id {uuid},
    payload_sealed {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, seq)
){strict};
CREATE INDEX workspace_records_account ON workspace_records (workspace_id, account_id, seq);
