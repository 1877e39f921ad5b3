-- The record becomes a Merkle log: a hash per entry, tiles of hashes, signed checkpoints, and what is
-- about persons beside it.

ALTER TABLE workspace_counters ADD COLUMN last_at_us {long};
ALTER TABLE workspace_records ADD COLUMN leaf {bytes};
ALTER TABLE workspace_records ADD COLUMN intent_seq {long};
ALTER TABLE workspace_records ADD COLUMN personal TEXT;
CREATE INDEX workspace_records_time ON workspace_records (workspace_id, at_us, seq);
CREATE INDEX workspace_records_action ON workspace_records (workspace_id, action, seq);
CREATE INDEX workspace_records_outcome ON workspace_records (workspace_id, outcome, seq);
CREATE INDEX workspace_records_target ON workspace_records (workspace_id, target, seq);

CREATE TABLE workspace_record_tiles (
    workspace_id {uuid} NOT NULL,
    level {long} NOT NULL,
    idx {long} NOT NULL,
    root {bytes} NOT NULL,
    hashes {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, level, idx)
){strict};

CREATE TABLE workspace_record_checkpoints (
    workspace_id {uuid} NOT NULL,
    number {long} NOT NULL,
    size {long} NOT NULL,
    signed_us {long} NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (workspace_id, number)
){strict};

CREATE TABLE workspace_record_keys (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    number {long} NOT NULL,
    seed_sealed {bytes} NOT NULL,
    statement TEXT NOT NULL,
    until_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, number)
){strict};

CREATE TABLE workspace_record_people (
    workspace_id {uuid} NOT NULL,
    person {uuid} NOT NULL,
    key_sealed {bytes} NOT NULL,
    made_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, person)
){strict};

CREATE TABLE workspace_record_personal (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    seq {long} NOT NULL,
    person {uuid} NOT NULL,
    value_sealed {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};
CREATE INDEX workspace_record_personal_seq ON workspace_record_personal (workspace_id, seq);
CREATE INDEX workspace_record_personal_person ON workspace_record_personal (workspace_id, person);

CREATE TABLE workspace_record_intents (
    workspace_id {uuid} NOT NULL,
    seq {long} NOT NULL,
    at_us {long} NOT NULL,
    closed_seq {long},
    PRIMARY KEY (workspace_id, seq)
){strict};
CREATE INDEX workspace_record_intents_open ON workspace_record_intents (workspace_id, closed_seq, at_us);
