//! What the store promises, whatever database is below.

mod accounts;
