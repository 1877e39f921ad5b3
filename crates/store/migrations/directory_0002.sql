-- Events of the directory's changes, until they are in the outbox of each workspace they are about.

CREATE TABLE directory_outbox_state (
    id {long} NOT NULL PRIMARY KEY CHECK (id = 1),
    last_seq {long} NOT NULL
){strict};

CREATE TABLE directory_outbox (
    seq {long} NOT NULL PRIMARY KEY,
    id {uuid} NOT NULL UNIQUE,
    workspace_id {uuid},
    account_id {uuid},
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_us {long} NOT NULL,
    data_sealed {bytes} NOT NULL
){strict};
