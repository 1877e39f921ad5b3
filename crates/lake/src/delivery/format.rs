//! File formats by name.

use std::fmt;

/// How an object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// Apache Parquet, any codec.
    Parquet,
    /// Comma-separated values.
    Csv,
    /// The same, gzip.
    CsvGzip,
    /// One JSON object per line, as BigQuery exports.
    JsonLines,
    /// The same, gzip.
    JsonLinesGzip,
}

impl FileFormat {
    /// The format a file name promises.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let ends = |suffixes: &[&str]| {
            suffixes.iter().any(|suffix| name.ends_with(suffix) && name.len() > suffix.len())
        };
        if ends(&[".parquet", ".parq"]) {
            Some(Self::Parquet)
        } else if ends(&[".csv"]) {
            Some(Self::Csv)
        } else if ends(&[".csv.gz", ".csv.gzip"]) {
            Some(Self::CsvGzip)
        } else if ends(&[".json", ".jsonl", ".ndjson"]) {
            Some(Self::JsonLines)
        } else if ends(&[".json.gz", ".jsonl.gz", ".ndjson.gz"]) {
            Some(Self::JsonLinesGzip)
        } else {
            None
        }
    }

    /// Whether the bytes are compressed as a whole.
    #[must_use]
    pub const fn is_gzip(self) -> bool {
        matches!(self, Self::CsvGzip | Self::JsonLinesGzip)
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::CsvGzip => "CSV.gz",
            Self::JsonLines => "JSON lines",
            Self::JsonLinesGzip => "JSON lines.gz",
        })
    }
}
