//! Signing in against providers that we did not write, and against ones that lie.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod authenticator;
mod bent_provider;
mod browser;
mod certified_provider;
mod entra_and_google;
mod github;
mod passkeys;
mod reaching_providers;
mod server;

use bursar_domain::{Clock, Randomness, RandomnessError, clock::SystemClock};
use bursar_identity::http::{Http, HttpSettings};
use bursar_identity::oidc::{ClientAuthentication, ProviderConfig, ProviderKind};
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicU64, Ordering};

/// The callback that every provider here knows. Nobody listens there.
const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// The providers' clock is the machine's.
fn now() -> DateTime<Utc> {
    SystemClock.now()
}

fn http() -> Http {
    Http::new(&HttpSettings::default()).unwrap()
}

fn config(issuer: &str) -> ProviderConfig {
    ProviderConfig {
        id: bursar_domain::id::IdentityProviderId::from_u128(1),
        name: "Example".into(),
        kind: ProviderKind::OpenIdConnect { issuer: issuer.to_owned() },
        client_id: bursar_testkit::peers::CLIENT_ID.into(),
        client_secret: Some(bursar_testkit::peers::CLIENT_SECRET.to_owned().into()),
        authentication: ClientAuthentication::Automatic,
        extra_scopes: vec!["groups".into()],
        groups_claim: "groups".into(),
        redirect: REDIRECT.parse().unwrap(),
    }
}

/// Distinct, predictable bytes.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Randomness for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in buffer {
            let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *byte = next.to_be_bytes()[0];
        }
        Ok(())
    }
}
