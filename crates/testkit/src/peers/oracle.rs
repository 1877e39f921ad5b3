//! DuckDB, whose answers ours must equal to the last digit.
//!
//! It runs in a Python of its own (peer `oracle`), so that no second query engine is linked into
//! anything of ours.

use crate::program::program;
use std::path::PathBuf;

/// Asks and prints an array of rows, each value as exact text or null.
const ASK: &str = "
import datetime, decimal, json, sys
import duckdb

def text(value):
    if value is None:
        return None
    if isinstance(value, decimal.Decimal):
        digits = format(value, 'f')
        digits = digits.rstrip('0').rstrip('.') if '.' in digits else digits
        return '0' if digits in ('-0', '') else digits
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return str(value)

duckdb.sql(\"SET TimeZone = 'UTC'\")
# A billion-row mistake in a test must not take the machine down.
duckdb.sql(\"SET memory_limit = '2GB'\")
result = duckdb.sql(sys.stdin.read())
json.dump([[text(value) for value in row] for row in result.fetchall()], sys.stdout)
";

/// DuckDB, ready to be asked.
#[derive(Debug, Clone)]
pub struct Oracle {
    python: PathBuf,
}

/// DuckDB; `None`, loudly, when it is not installed and this is not CI.
#[must_use]
pub fn oracle() -> Option<Oracle> {
    super::python("oracle", "python").map(|python| Oracle { python })
}

impl Oracle {
    /// The rows that answer this SQL, which reads files by `read_parquet('…')` and the like.
    ///
    /// Decimals come without trailing zeros, as Bursar's CSV and JSON have them.
    ///
    /// # Errors
    /// When DuckDB does not answer; the message has what it said.
    pub fn ask(&self, sql: &str) -> anyhow::Result<Vec<Vec<Option<String>>>> {
        let run = program(&self.python).args(["-c", ASK]).stdin(sql).run()?.ok()?;
        Ok(serde_json::from_slice(&run.stdout)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_exact_text() {
        let Some(oracle) = oracle() else { return };
        let rows = oracle
            .ask("SELECT 0.1::DECIMAL(38,18) + 0.2, NULL, 'a', 12, true, TIMESTAMP '2026-11-01 00:00:00'")
            .unwrap();
        let expected = [Some("0.3"), None, Some("a"), Some("12"), Some("true"), Some("2026-11-01T00:00:00")];
        assert_eq!(rows, [expected.map(|value| value.map(str::to_owned)).to_vec()]);
    }

    #[test]
    fn a_wrong_question_is_an_error() {
        let Some(oracle) = oracle() else { return };
        let error = oracle.ask("SELECT nothing FROM nowhere").unwrap_err().to_string();
        assert!(error.contains("nowhere"), "{error}");
    }
}
