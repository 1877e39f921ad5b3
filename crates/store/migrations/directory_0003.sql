-- The record becomes a Merkle log: a hash per entry, tiles of hashes, signed checkpoints, and what is
-- about persons beside it. Here `workspace_id` is zero: the log is the installation's own.

ALTER TABLE directory_counter ADD COLUMN last_at_us {long};
ALTER TABLE directory_records ADD COLUMN leaf {bytes};
ALTER TABLE directory_records ADD COLUMN intent_seq {long};
ALTER TABLE directory_records ADD COLUMN personal TEXT;
CREATE INDEX directory_records_time ON directory_records (at_us, seq);
CREATE INDEX directory_records_action ON directory_records (action, seq);
CREATE INDEX directory_records_outcome ON directory_records (outcome, seq);
CREATE INDEX directory_records_target ON directory_records (target, seq);

CREATE TABLE directory_record_tiles (
    workspace_id {uuid} NOT NULL,
    level {long} NOT NULL,
    idx {long} NOT NULL,
    root {bytes} NOT NULL,
    hashes {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, level, idx)
){strict};

CREATE TABLE directory_record_checkpoints (
    workspace_id {uuid} NOT NULL,
    number {long} NOT NULL,
    size {long} NOT NULL,
    signed_us {long} NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (workspace_id, number)
){strict};

CREATE TABLE directory_record_keys (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    number {long} NOT NULL,
    seed_sealed {bytes} NOT NULL,
    statement TEXT NOT NULL,
    until_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, number)
){strict};

CREATE TABLE directory_record_people (
    workspace_id {uuid} NOT NULL,
    person {uuid} NOT NULL,
    key_sealed {bytes} NOT NULL,
    made_us {long} NOT NULL,
    PRIMARY KEY (workspace_id, person)
){strict};

CREATE TABLE directory_record_personal (
    workspace_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    seq {long} NOT NULL,
    person {uuid} NOT NULL,
    value_sealed {bytes} NOT NULL,
    PRIMARY KEY (workspace_id, id)
){strict};
CREATE INDEX directory_record_personal_seq ON directory_record_personal (workspace_id, seq);
CREATE INDEX directory_record_personal_person ON directory_record_personal (workspace_id, person);

CREATE TABLE directory_record_intents (
    workspace_id {uuid} NOT NULL,
    seq {long} NOT NULL,
    at_us {long} NOT NULL,
    closed_seq {long},
    PRIMARY KEY (workspace_id, seq)
){strict};
CREATE INDEX directory_record_intents_open ON directory_record_intents (workspace_id, closed_seq, at_us);
