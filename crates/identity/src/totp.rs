//! One-time codes from a phone (RFC 6238): enrolment and comparison.
//!
//! SHA-1, six digits, thirty seconds: the only settings that every authenticator app honours. A code is
//! accepted one step early or late, and once: [`TotpSecret::verify`] hands back the step that was used,
//! the caller stores it in the same transaction and hands it in the next time (ASVS 6.5.1).

use bursar_domain::{Randomness, RandomnessError};
use chrono::{DateTime, Utc};
use qrcodegen::{QrCode, QrCodeEcc};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt::Write;
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

const STEP_SECONDS: i64 = 30;
const DIGITS: u8 = 6;
const SECRET_BYTES: usize = 20;

/// The secret that a phone and the installation share. Store it sealed.
pub struct TotpSecret(SecretBox<[u8; SECRET_BYTES]>);

/// What a person needs to set up their app, once.
#[derive(Debug)]
pub struct Enrolment {
    /// The secret in base 32, for typing.
    pub base32: SecretString,
    /// `otpauth://totp/…`.
    pub uri: SecretString,
    /// The URI as a QR code: an SVG document.
    pub qr_svg: SecretString,
}

/// Why a code was not accepted. All of them look the same to whoever typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Not six digits.
    #[error("a one-time code has six digits")]
    Malformed,
    /// Not the code of this moment.
    #[error("the one-time code is wrong")]
    Wrong,
    /// The right code, a second time.
    #[error("the one-time code was used already: wait for the next one")]
    Used,
}

/// Why there is no secret or no enrolment.
#[derive(Debug, thiserror::Error)]
pub enum TotpSecretError {
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// Stored bytes of another length.
    #[error("the stored secret for one-time codes does not have {SECRET_BYTES} bytes")]
    Length,
    /// The names are too long for a QR code.
    #[error("the names are too long for a QR code")]
    Names,
}

impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

impl TotpSecret {
    /// A new secret of 160 bits.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(random: &dyn Randomness) -> Result<Self, TotpSecretError> {
        let mut bytes = Zeroizing::new([0u8; SECRET_BYTES]);
        random.fill(bytes.as_mut_slice())?;
        Self::from_bytes(bytes.as_slice())
    }

    /// The stored secret.
    ///
    /// # Errors
    /// When it is not 20 bytes long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TotpSecretError> {
        let bytes: [u8; SECRET_BYTES] = bytes.try_into().map_err(|_| TotpSecretError::Length)?;
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    /// The bytes to seal and store.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// What the person needs. `issuer` is the installation's name, `account` the person's address; a
    /// colon, which separates them in the URI, is left out.
    ///
    /// # Errors
    /// When the names do not fit a QR code.
    pub fn enrolment(&self, issuer: &str, account: &str) -> Result<Enrolment, TotpSecretError> {
        let without_colon = |text: &str| text.replace(':', " ");
        let issuer = Some(without_colon(issuer)).filter(|issuer| !issuer.trim().is_empty());
        let totp = self.totp(|builder| {
            builder.with_issuer(issuer.as_deref()).with_account_name(without_colon(account))
        })?;
        let uri = Zeroizing::new(totp.to_url().map_err(|_| TotpSecretError::Names)?);
        let code = QrCode::encode_text(&uri, QrCodeEcc::Medium).map_err(|_| TotpSecretError::Names)?;
        let base32 = Zeroizing::new(totp.secret().to_base32());
        Ok(Enrolment {
            base32: SecretString::from(base32.as_str()),
            uri: SecretString::from(uri.as_str()),
            qr_svg: SecretString::from(svg(&code)),
        })
    }

    /// The step whose code this is: store it, and hand it in as `last_step` from now on.
    ///
    /// # Errors
    /// When the code is wrong, or of a step that is not after `last_step`.
    pub fn verify(&self, code: &str, last_step: Option<u64>, now: DateTime<Utc>) -> Result<u64, CodeError> {
        let code: Zeroizing<String> =
            Zeroizing::new(code.chars().take(32).filter(|c| !c.is_whitespace()).collect());
        if code.len() != usize::from(DIGITS) || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(CodeError::Malformed);
        }
        let totp = self.totp(|builder| builder).map_err(|_| CodeError::Wrong)?;
        let step = u64::try_from(now.timestamp().div_euclid(STEP_SECONDS)).map_err(|_| CodeError::Wrong)?;
        // All three are compared, so that the time does not tell which one it was.
        let steps = [step.saturating_sub(1), step, step + 1];
        let matching = steps.map(|step| {
            let expected = Zeroizing::new(totp.generate(step * STEP_SECONDS.unsigned_abs()).to_string());
            crate::random::same(&expected, &code).then_some(step)
        });
        let step = matching.into_iter().flatten().next_back().ok_or(CodeError::Wrong)?;
        if last_step.is_some_and(|last| step <= last) { Err(CodeError::Used) } else { Ok(step) }
    }

    fn totp(&self, names: impl FnOnce(Builder) -> Builder) -> Result<Totp, TotpSecretError> {
        let builder = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_step_duration(STEP_SECONDS.unsigned_abs())
            .with_secret(Secret::new_stack(*self.0.expose_secret()));
        names(builder).build().map_err(|_| TotpSecretError::Names)
    }
}

/// The code as one path, with the margin of four modules that readers expect.
fn svg(code: &QrCode) -> String {
    const MARGIN: i32 = 4;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // Writing to a String does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    let side = code.size() + 2 * MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
         aria-label=\"QR code\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;

    /// RFC 6238, appendix B: the SHA-1 secret and its codes, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        for (time, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            let now = DateTime::from_timestamp(time, 0).unwrap();
            assert_eq!(secret.verify(code, None, now), Ok(time.unsigned_abs() / 30), "{time}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_around_and_once() {
        // claim C4
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let at = |seconds: i64| DateTime::from_timestamp(1_111_111_109 + seconds, 0).unwrap();
        let step = secret.verify("081 804", None, at(0)).unwrap();
        assert_eq!(secret.verify("081804", Some(step), at(0)), Err(CodeError::Used));
        assert_eq!(secret.verify("081804", Some(step - 1), at(30)), Ok(step), "a step late");
        assert_eq!(secret.verify("081804", None, at(-30)), Ok(step), "a step early");
        assert_eq!(secret.verify("081804", None, at(61)), Err(CodeError::Wrong));
        assert_eq!(secret.verify("081804", None, at(-61)), Err(CodeError::Wrong));
        for malformed in ["", "81804", "0818040", "08180x", "０８１８０４"] {
            assert_eq!(secret.verify(malformed, None, at(0)), Err(CodeError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn an_enrolment_is_what_apps_expect() {
        let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
        let enrolment = secret.enrolment("Bursar: Northwind", "ana@northwind.example").unwrap();
        let uri = enrolment.uri.expose_secret();
        assert_eq!(enrolment.base32.expose_secret(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(uri.starts_with("otpauth://totp/Bursar%20%20Northwind:ana%40northwind"), "{uri}");
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{uri}");
        let svg = enrolment.qr_svg.expose_secret();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && svg.len() > 5_000);
        assert!(!format!("{enrolment:?}{secret:?}").contains("GEZDG"), "secrets stay out of debug output");
        assert!(matches!(secret.enrolment("B", &"x".repeat(4000)), Err(TotpSecretError::Names)));
    }

    #[test]
    fn secrets_are_random_and_of_one_length() {
        let random = Counting::default();
        let (one, two) = (TotpSecret::generate(&random).unwrap(), TotpSecret::generate(&random).unwrap());
        assert_ne!(one.expose(), two.expose());
        assert!(matches!(TotpSecret::from_bytes(b"short"), Err(TotpSecretError::Length)));
    }
}
