//! E-mail addresses, as a way to reach and to name people.
//!
//! Never as proof of who somebody is: an address is what a provider says it is, and accounts are
//! matched on issuer and subject. The check is deliberately mild (RFC 5321 allows more than any form
//! guesses right); what matters is that two spellings of one address are one value.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// RFC 5321, 4.5.3.1.3: a path has at most 256 octets with its brackets.
const MAX_BYTES: usize = 254;

/// An address, trimmed and in lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

/// Why a text is no address. The text is not repeated: it may be a password typed into the wrong field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address such as ana@example.com")]
pub struct EmailError;

impl EmailAddress {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let good = text.len() <= MAX_BYTES
            && (1..=64).contains(&local.len())
            && !domain.is_empty()
            && !text
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'))
            && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
            && !local.contains('@');
        if good { Ok(Self(text.to_lowercase())) } else { Err(EmailError) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    /// The domain only: addresses are personal data and debug output ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…@{}", self.0.rsplit('@').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_are_one_address() {
        let address: EmailAddress = " Ana@Example.COM ".parse().unwrap();
        assert_eq!(address, "ana@example.com".parse().unwrap());
        assert_eq!(format!("{address:?}"), "…@example.com");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "ana", "@example.com", "ana@", "ana@a..b", "a b@example.com", "a@b@c.d", "<a@b.c>", "a@b\nc"]
        {
            assert_eq!(text.parse::<EmailAddress>(), Err(EmailError), "{text}");
        }
        assert!(format!("{}@example.com", "x".repeat(65)).parse::<EmailAddress>().is_err());
    }
}
