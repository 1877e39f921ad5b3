-- Where sealed keys lie when there is no data directory. What is here is sealed by a region's or a
-- master key that is not in the database.

CREATE TABLE sealed_keys (
    name TEXT NOT NULL PRIMARY KEY,
    document {bytes} NOT NULL,
    changed_us {long} NOT NULL
){strict};
