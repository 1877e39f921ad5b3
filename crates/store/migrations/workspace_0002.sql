-- Events, and what becomes of them.

CREATE TABLE outbox_state (
    workspace_id {uuid} NOT NULL PRIMARY KEY,
    last_seq {long} NOT NULL,
    due_us {long},
    holder {uuid},
    lease_us {long}
){strict};
CREATE INDEX outbox_state_due ON outbox_state (due_us);

CREATE TABLE outbox (
    workspace_id {uuid} NOT NULL,
    seq {long} NOT NULL,
    id {uuid} NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_us {long} NOT NULL,
    once_lookup {bytes},
    data_sealed {bytes} NOT NULL,
    expanded_us {long},
    PRIMARY KEY (workspace_id, seq),
    UNIQUE (workspace_id, id),
    UNIQUE (workspace_id, once_lookup)
){strict};
CREATE INDEX outbox_waiting ON outbox (workspace_id, seq) WHERE expanded_us IS NULL;

CREATE TABLE webhooks (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name_sealed {bytes} NOT NULL,
    url_sealed {bytes} NOT NULL,
    types TEXT NOT NULL,
    secret_sealed {bytes} NOT NULL,
    old_secret_sealed {bytes},
    old_secret_until_us {long},
    state TEXT NOT NULL CHECK (state IN ('on', 'paused', 'off')),
    reason_sealed {bytes},
    failing_since_us {long},
    failures {long} NOT NULL,
    created_us {long} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    CHECK ((old_secret_sealed IS NULL) = (old_secret_until_us IS NULL))
){strict};

CREATE TABLE channels (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('slack', 'teams', 'mail')),
    name_sealed {bytes} NOT NULL,
    address_sealed {bytes} NOT NULL,
    created_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};

CREATE TABLE alert_rules (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name_sealed {bytes} NOT NULL,
    rule_sealed {bytes} NOT NULL,
    enabled {flag} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};

CREATE TABLE notice_preferences (
    workspace_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    preferences_sealed {bytes} NOT NULL,
    changed_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, account_id)
){strict};

CREATE TABLE rule_notices (
    workspace_id {uuid} NOT NULL,
    rule_id {uuid} NOT NULL,
    about_lookup {bytes} NOT NULL,
    last_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, rule_id, about_lookup)
){strict};

CREATE TABLE dispatches (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    event_seq {long} NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('webhook', 'channel', 'mail', 'inbox')),
    target_id {uuid} NOT NULL,
    digest {flag} NOT NULL,
    unless_read {flag} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'dropped')),
    attempts {long} NOT NULL,
    due_us {long} NOT NULL,
    lease {uuid},
    lease_us {long},
    reason_sealed {bytes},
    created_us {long} NOT NULL,
    finished_us {long},
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, event_id, kind, target_id),
    CHECK ((state = 'waiting') = (finished_us IS NULL))
){strict};
CREATE INDEX dispatches_due ON dispatches (workspace_id, due_us) WHERE state = 'waiting';
CREATE INDEX dispatches_order ON dispatches (workspace_id, kind, target_id, subject, event_seq) WHERE state = 'waiting';
CREATE INDEX dispatches_dead ON dispatches (workspace_id, id) WHERE state = 'dead';

CREATE TABLE dispatch_attempts (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    dispatch_id {uuid} NOT NULL,
    at_us {long} NOT NULL,
    log_sealed {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};
CREATE INDEX dispatch_attempts_of ON dispatch_attempts (workspace_id, dispatch_id, id);

CREATE TABLE inbox (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    notice_sealed {bytes} NOT NULL,
    created_us {long} NOT NULL,
    read_us {long},
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, account_id, event_id)
){strict};
CREATE INDEX inbox_event ON inbox (workspace_id, event_id);
