//! Passwords: what one is, which are refused, how they are kept and compared.
//!
//! Sources: NIST SP 800-63B-4 §3.1.1 (lengths, blocklist, normalisation, no rules about kinds of
//! characters, no forced change, no hints), OWASP ASVS 5.0 6.2, RFC 9106 (Argon2).
//!
//! ```
//! # use bursar_identity::password::{CommonPasswords, Context, Factors, Password, PasswordPolicy};
//! let policy = PasswordPolicy::default();
//! let typed = Password::new("correct horse battery staple".to_owned().into())?;
//! assert!(policy.check(&typed, Factors::PasswordAlone, &Context::default(), CommonPasswords::bundled()).is_ok());
//! # Ok::<(), bursar_identity::password::PasswordError>(())
//! ```

mod blocklist;
mod hasher;
mod policy;
mod worth;

pub use blocklist::{CommonPasswords, CommonPasswordsError};
pub use hasher::{HashError, HashSettings, PasswordHash, PasswordHashError, PasswordHasher, Verdict};
pub use policy::{Context, Factors, PasswordPolicy, Weakness};

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Longer texts are refused before anything is computed from them.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A password as it was typed, in one spelling: NFKC, so that the same keys on two keyboards give the
/// same password (SP 800-63B-4 §3.1.1.2). Nothing is trimmed or cut off.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text cannot be a password at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// There is none.
    #[error("the password is empty")]
    Empty,
    /// It is longer than [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
}

impl Password {
    /// The password in this text.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: SecretString) -> Result<Self, PasswordError> {
        let text = text.expose_secret();
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        // Normalisation can make a text 18 times as long; the bound holds for the result too.
        let mut normal = Zeroizing::new(String::with_capacity(MAX_PASSWORD_BYTES + 4));
        for c in text.nfkc() {
            if normal.len() + c.len_utf8() > MAX_PASSWORD_BYTES {
                return Err(PasswordError::TooLong);
            }
            normal.push(c);
        }
        Ok(Self(SecretString::from(normal.as_str())))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keyboards_give_one_password() {
        // claim C10: ü as one code point, and as u with a combining diaeresis.
        let one = Password::new("Schl\u{fc}ssel".to_owned().into()).unwrap();
        let two = Password::new("Schlu\u{308}ssel".to_owned().into()).unwrap();
        assert_eq!(one.expose(), two.expose());
        assert_eq!(format!("{one:?}"), "Password(…)");
    }

    #[test]
    fn lengths_are_bounded_before_and_after_normalisation() {
        assert_eq!(Password::new(String::new().into()).err(), Some(PasswordError::Empty));
        assert_eq!(Password::new("x".repeat(1025).into()).err(), Some(PasswordError::TooLong));
        assert!(Password::new("x".repeat(1024).into()).is_ok());
        // U+FDFA is 3 bytes and becomes 33.
        assert_eq!(Password::new("\u{fdfa}".repeat(200).into()).err(), Some(PasswordError::TooLong));
    }
}
