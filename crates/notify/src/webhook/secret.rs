//! The secrets that deliveries are signed with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bursar_domain::{Randomness, RandomnessError};
use secrecy::{ExposeSecret, SecretString};
use standardwebhooks::Webhook;
use std::fmt;

const PREFIX: &str = "whsec_";
/// What the specification allows, in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why there is no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not of the form. The text is not repeated.
    #[error("this is no secret of a webhook: `whsec_` and 24 to 64 bytes in Base64")]
    Form,
    /// Nothing to sign with.
    #[error("the webhook has no secret: rotate it")]
    None,
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// A secret of one webhook. Shown once, when it is made.
#[derive(Clone)]
pub struct WebhookSecret(SecretString);

impl WebhookSecret {
    /// A new one of 32 random bytes.
    ///
    /// # Errors
    /// When there are no random bytes.
    pub fn generate(random: &dyn Randomness) -> Result<Self, SecretError> {
        let mut bytes = [0; 32];
        random.fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", STANDARD.encode(bytes)).into()))
    }

    /// One that was kept, or that a customer brings.
    ///
    /// # Errors
    /// When it is not of the form of the specification.
    pub fn parse(text: &SecretString) -> Result<Self, SecretError> {
        let encoded = text.expose_secret().strip_prefix(PREFIX).ok_or(SecretError::Form)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError::Form)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(text.clone())) } else { Err(SecretError::Form) }
    }

    /// The text, to be kept sealed or shown once.
    #[must_use]
    pub const fn text(&self) -> &SecretString {
        &self.0
    }

    pub(super) fn sign(&self, id: &str, seconds: i64, body: &str) -> Result<String, SecretError> {
        let webhook = Webhook::new(self.0.expose_secret()).map_err(|_| SecretError::Form)?;
        webhook.sign(id, seconds, body.as_bytes()).map_err(|_| SecretError::Form)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Randomness for Sevens {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            buffer.fill(7);
            Ok(())
        }
    }

    /// The vector in the specification's own repository.
    // claim G2
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret = WebhookSecret::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_new_secret_is_of_the_form_and_not_shown_by_chance() {
        let secret = WebhookSecret::generate(&Sevens).unwrap();
        WebhookSecret::parse(secret.text()).unwrap();
        assert_eq!(format!("{secret:?}"), "whsec_…");
    }

    #[test]
    fn others_are_refused() {
        let encode = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        for text in [
            String::new(),
            "whsec_".into(),
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            "whsec_!!!".into(),
            encode(23),
            encode(65),
        ] {
            assert!(WebhookSecret::parse(&text.clone().into()).is_err(), "{text}");
        }
        for bytes in [24, 64] {
            assert!(WebhookSecret::parse(&encode(bytes).into()).is_ok(), "{bytes}");
        }
    }
}
