//! Hashing passwords, a bounded number at a time.
//!
//! Argon2id with the second recommended option of RFC 9106 §4 (64 MiB, three passes, four lanes), as a
//! PHC string. Memory is what makes guessing dear, and what a flood of sign-ins would exhaust: hashing
//! takes its memory from a budget, on threads that may block. Whoever comes when the queue is full is told
//! so at once ([`HashError::Busy`]).
//!
//! An account that does not exist, has no password or is locked is checked against a hash that nothing
//! matches, so that it takes the time of a wrong password. (While a stored hash still has older
//! settings, its time differs until its owner signs in and it is replaced.)

use super::Password;
use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier, Version};
use bursar_domain::{Randomness, RandomnessError};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// A stored hash that asks for more is refused: it is ours to set, and this never was.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 64;
const MAX_LANES: u32 = 16;

/// How dear a hash is, and how many may be computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashSettings {
    /// Memory of one hash, KiB: 19,456 (OWASP's least) to 1,048,576.
    pub memory_kib: u32,
    /// Passes over it, 1 to 64.
    pub passes: u32,
    /// Lanes, 1 to 16.
    pub lanes: u32,
    /// Memory of all hashes at once, MiB; at least that of one.
    pub budget_mib: u32,
    /// How many may wait for their turn.
    pub max_waiting: usize,
}

impl Default for HashSettings {
    fn default() -> Self {
        Self { memory_kib: 64 << 10, passes: 3, lanes: 4, budget_mib: 128, max_waiting: 64 }
    }
}

/// A hash as it is stored: a PHC string. No `Display`, no `Debug` of its content.
#[derive(Clone)]
pub struct PasswordHash(SecretString);

/// Why a stored text is no hash of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is not Argon2id within the limits of this program")]
pub struct PasswordHashError;

impl PasswordHash {
    /// The hash in a stored text.
    ///
    /// # Errors
    /// When it is another algorithm, or dearer than this program ever makes one.
    pub fn parse(text: SecretString) -> Result<Self, PasswordHashError> {
        let hash = Self(text);
        hash.params().map(|_| hash).ok_or(PasswordHashError)
    }

    /// The text to store.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    fn params(&self) -> Option<Params> {
        if self.0.expose_secret().len() > 512 {
            return None;
        }
        let phc = phc::PasswordHash::new(self.0.expose_secret()).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let ours = phc.algorithm == Algorithm::Argon2id.ident()
            && phc.version == Some(Version::V0x13.into())
            && phc.salt.is_some()
            && phc.hash.is_some()
            && params.m_cost() <= MAX_MEMORY_KIB
            && params.t_cost() <= MAX_PASSES
            && params.p_cost() <= MAX_LANES;
        ours.then_some(params)
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What came of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the password, or there is no password.
    Wrong,
    /// It is.
    Right {
        /// The stored hash has other settings than today's: hash anew and replace it.
        needs_rehash: bool,
    },
}

impl Verdict {
    /// Whether it is the password.
    #[must_use]
    pub fn is_right(self) -> bool {
        matches!(self, Self::Right { .. })
    }
}

/// Why nothing was computed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting already.
    #[error("too many sign-ins at once: try again in a moment")]
    Busy,
    /// The settings are out of range.
    #[error("the settings for password hashing are out of range: {0}")]
    Settings(&'static str),
    /// No salt.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    /// The hash could not be computed, for lack of memory as a rule.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and compares, within its budget. Clones share the budget.
#[derive(Clone)]
pub struct PasswordHasher {
    settings: HashSettings,
    /// In MiB.
    budget: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    nobodys: PasswordHash,
}

impl std::fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordHasher").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl PasswordHasher {
    /// A hasher with these settings. Computes one hash, for the accounts that do not exist.
    ///
    /// # Errors
    /// When the settings are out of range, or there is no randomness.
    pub fn new(settings: HashSettings, random: &dyn Randomness) -> Result<Self, HashError> {
        let params = params_of(&settings)?;
        let mut nobody = zeroize::Zeroizing::new([0u8; 32]);
        random.fill(nobody.as_mut_slice())?;
        let nobodys = hash_now(nobody.as_slice(), &salt(random)?, params)?;
        let queue = Arc::new(Semaphore::new(settings.max_waiting.clamp(1, 1 << 16)));
        let budget = Arc::new(Semaphore::new(settings.budget_mib as usize));
        Ok(Self { settings, budget, queue, nobodys })
    }

    /// Hashes a password that was chosen. The policy has been asked before.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait.
    pub async fn hash(
        &self,
        password: &Password,
        random: &dyn Randomness,
    ) -> Result<PasswordHash, HashError> {
        let params = params_of(&self.settings)?;
        let (salt, password) = (salt(random)?, password.clone());
        let place = self.place(self.settings.memory_kib).await?;
        let work = move || {
            let hash = hash_now(password.expose().as_bytes(), &salt, params);
            drop(place);
            hash
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| HashError::Failed)?
    }

    /// Compares a typed password with the stored one. `None` (no such account, no password, locked)
    /// takes as long, and is always wrong.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many wait.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let exists = stored.is_some();
        let hash = stored.unwrap_or(&self.nobodys).clone();
        let params = hash.params().ok_or(HashError::Failed)?;
        let today = &self.settings;
        let needs_rehash = (params.m_cost(), params.t_cost(), params.p_cost())
            != (today.memory_kib, today.passes, today.lanes);
        let place = self.place(params.m_cost()).await?;
        let password = password.clone();
        let work = move || {
            let right = phc::PasswordHash::new(hash.expose()).is_ok_and(|phc| {
                // The comparison of the two outputs is constant-time (password-hash, `Output`).
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .verify_password(password.expose().as_bytes(), &phc)
                    .is_ok()
            });
            drop(place);
            right
        };
        let right = tokio::task::spawn_blocking(work).await.map_err(|_| HashError::Failed)?;
        Ok(if right && exists { Verdict::Right { needs_rehash } } else { Verdict::Wrong })
    }

    async fn place(
        &self,
        memory_kib: u32,
    ) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), HashError> {
        let waiting = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| HashError::Busy)?;
        let mib = memory_kib.div_ceil(1024).min(self.settings.budget_mib);
        let memory = Arc::clone(&self.budget).acquire_many_owned(mib).await.map_err(|_| HashError::Failed)?;
        Ok((waiting, memory))
    }
}

fn params_of(settings: &HashSettings) -> Result<Params, HashError> {
    if !(19 << 10..=MAX_MEMORY_KIB).contains(&settings.memory_kib) {
        return Err(HashError::Settings("memory must be 19,456 to 1,048,576 KiB"));
    }
    if !(1..=MAX_PASSES).contains(&settings.passes) || !(1..=MAX_LANES).contains(&settings.lanes) {
        return Err(HashError::Settings("passes must be 1 to 64 and lanes 1 to 16"));
    }
    if !(settings.memory_kib.div_ceil(1024)..=1 << 16).contains(&settings.budget_mib) {
        return Err(HashError::Settings("the budget must be that of one hash to 65,536 MiB"));
    }
    Params::new(settings.memory_kib, settings.passes, settings.lanes, Some(OUTPUT_BYTES))
        .map_err(|_| HashError::Settings("Argon2 does not take them together"))
}

fn salt(random: &dyn Randomness) -> Result<[u8; SALT_BYTES], RandomnessError> {
    let mut salt = [0u8; SALT_BYTES];
    random.fill(&mut salt)?;
    Ok(salt)
}

fn hash_now(password: &[u8], salt: &[u8], params: Params) -> Result<PasswordHash, HashError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password, salt).map_err(|_| HashError::Failed)?;
    Ok(PasswordHash(SecretString::from(hash.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;
    use std::time::{Duration, Instant};

    fn quick() -> HashSettings {
        HashSettings { memory_kib: 19 << 10, passes: 1, lanes: 1, budget_mib: 19, max_waiting: 4 }
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned().into()).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_recognised_and_another_is_not() {
        // claim C10
        let random = Counting::default();
        let hasher = PasswordHasher::new(quick(), &random).unwrap();
        let hash = hasher.hash(&password("a good long password"), &random).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=1,p=1$"), "{}", hash.expose());
        let stored = PasswordHash::parse(hash.expose().to_owned().into()).unwrap();
        let right = hasher.verify(&password("a good long password"), Some(&stored)).await.unwrap();
        assert_eq!(right, Verdict::Right { needs_rehash: false });
        let wrong = hasher.verify(&password("a good long passwore"), Some(&stored)).await.unwrap();
        assert_eq!(wrong, Verdict::Wrong);
        assert_eq!(hasher.verify(&password("x"), None).await.unwrap(), Verdict::Wrong);
        let again = hasher.hash(&password("a good long password"), &random).await.unwrap();
        assert_ne!(again.expose(), hash.expose(), "the salt is new each time");
    }

    #[tokio::test]
    async fn older_hashes_are_recognised_and_replaced() {
        let random = Counting::default();
        let hash =
            PasswordHasher::new(quick(), &random).unwrap().hash(&password("p"), &random).await.unwrap();
        let today = PasswordHasher::new(HashSettings { passes: 2, ..quick() }, &random).unwrap();
        let verdict = today.verify(&password("p"), Some(&hash)).await.unwrap();
        assert_eq!(verdict, Verdict::Right { needs_rehash: true });
    }

    #[test]
    fn foreign_and_monstrous_hashes_are_refused() {
        for text in [
            "",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2i$v=19$m=19456,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$argon2id$v=19$m=19456,t=1,p=1$c2FsdHNhbHRzYWx0",
        ] {
            assert!(PasswordHash::parse(text.to_owned().into()).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        for settings in [
            HashSettings { memory_kib: 1024, ..quick() },
            HashSettings { passes: 0, ..quick() },
            HashSettings { lanes: 99, ..quick() },
            HashSettings { budget_mib: 1, ..quick() },
        ] {
            assert!(PasswordHasher::new(settings, &Counting::default()).is_err(), "{settings:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_flood_is_turned_away_and_never_takes_more_than_the_budget() {
        // claim C4: memory stays bounded whatever comes; who gets in gets an answer.
        let random = Counting::default();
        let hasher = PasswordHasher::new(quick(), &random).unwrap();
        let tries: Vec<_> = (0..200)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.verify(&password("guess"), None).await })
            })
            .collect();
        let (mut busy, mut answered) = (0, 0);
        for each in tries {
            assert!(hasher.budget.available_permits() <= 19);
            match each.await.unwrap() {
                Err(HashError::Busy) => busy += 1,
                Ok(Verdict::Wrong) => answered += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(busy > 100 && answered >= 4, "{busy} busy, {answered} answered");
        assert_eq!(hasher.budget.available_permits(), 19, "everything was given back");
    }

    #[tokio::test]
    async fn an_unknown_account_takes_as_long_as_a_wrong_password() {
        // claim C4
        let random = Counting::default();
        let hasher = PasswordHasher::new(HashSettings { passes: 2, ..quick() }, &random).unwrap();
        let hash = hasher.hash(&password("right"), &random).await.unwrap();
        let time = async |stored: Option<&PasswordHash>| {
            let mut times = Vec::new();
            for _ in 0..9 {
                let started = Instant::now();
                hasher.verify(&password("wrong"), stored).await.unwrap();
                times.push(started.elapsed());
            }
            times.sort_unstable();
            times[4]
        };
        let (known, unknown) = (time(Some(&hash)).await, time(None).await);
        let ratio = known.as_secs_f64() / unknown.as_secs_f64().max(1e-9);
        assert!((0.5..2.0).contains(&ratio) && unknown > Duration::from_millis(2), "{known:?} {unknown:?}");
    }
}
