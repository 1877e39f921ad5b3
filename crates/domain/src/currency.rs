//! Currency codes.
//!
//! FOCUS asks for ISO 4217 codes in `BillingCurrency` and allows virtual currencies ("CREDITS",
//! "TOKENS") in `PricingCurrency`, so the type holds a short code and does not insist on the
//! ISO list; conformance rules do.

use std::fmt;
use std::str::FromStr;

/// Longest code accepted, in bytes: virtual currencies are names, not sentences.
pub const MAX_BYTES: usize = 32;

/// A currency code such as `USD`. Upper case, ASCII, 1 to [`MAX_BYTES`] bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode(String);

/// Why a text is no currency code.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a currency code: expected letters such as USD or EUR")]
pub struct CurrencyError(String);

impl CurrencyCode {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CurrencyCode {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' ');
        if code.is_empty() || code.len() > MAX_BYTES || !code.chars().all(allowed) {
            return Err(CurrencyError(text.chars().take(MAX_BYTES).collect()));
        }
        Ok(Self(code.to_ascii_uppercase()))
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = CurrencyError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.0
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
