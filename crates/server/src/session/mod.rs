//! Sign-in by a one-time link, and the sessions that follow.
//!
//! Tokens are 256 random bits; only their SHA-256 is kept, so reading the server's memory or a core
//! dump gives no way in. Links work once and for [`LINK_LIFETIME_MINUTES`]; sessions end after
//! [`IDLE_LIMIT_MINUTES`] without a request, after [`SESSION_LIMIT_HOURS`] in any case, when signed
//! out, and when the server stops: they live in memory and nowhere else.

pub(crate) mod cookie;
pub(crate) mod endpoints;
pub(crate) mod guard;

use crate::random::{Random, RandomError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::Clock;
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq;

/// How long a sign-in link works.
pub const LINK_LIFETIME_MINUTES: i64 = 15;
/// A session without a request for this long is over.
pub const IDLE_LIMIT_MINUTES: i64 = 8 * 60;
/// A session this old is over, however busy.
pub const SESSION_LIMIT_HOURS: i64 = 24;
/// Bounds on what can pile up; the oldest goes first.
const MAX_LINKS: usize = 16;
const MAX_SESSIONS: usize = 1_000;

type Digest = [u8; 32];

/// The right to be signed in: shown once, never stored.
pub(crate) struct Token(SecretString);

impl Token {
    fn new(random: &dyn Random) -> Result<Self, RandomError> {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}

/// Names a live session without being able to open one.
#[derive(Clone, Copy)]
pub(crate) struct SessionKey(Digest);

struct Link {
    digest: Digest,
    expires: DateTime<Utc>,
}

struct Session {
    created: DateTime<Utc>,
    last_seen: DateTime<Utc>,
}

impl Session {
    fn alive(&self, now: DateTime<Utc>) -> bool {
        now - self.last_seen < Duration::minutes(IDLE_LIMIT_MINUTES)
            && now - self.created < Duration::hours(SESSION_LIMIT_HOURS)
    }
}

#[derive(Default)]
struct Tables {
    links: Vec<Link>,
    sessions: HashMap<Digest, Session>,
}

/// Links not yet used and sessions not yet over.
pub(crate) struct Sessions {
    tables: Mutex<Tables>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { tables: Mutex::default(), clock, random }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic while holding the lock leaves no half-made entry: each change is one call.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new link's token.
    pub(crate) fn issue_link(&self) -> Result<Token, RandomError> {
        let token = Token::new(&*self.random)?;
        let now = self.clock.now();
        let mut tables = self.tables();
        tables.links.retain(|link| link.expires > now);
        if tables.links.len() >= MAX_LINKS {
            tables.links.remove(0);
        }
        let expires = now + Duration::minutes(LINK_LIFETIME_MINUTES);
        tables.links.push(Link { digest: digest(token.expose()), expires });
        Ok(token)
    }

    /// Uses up a link; a session's token if the link was good.
    pub(crate) fn redeem(&self, presented: &str) -> Result<Option<Token>, RandomError> {
        let presented = digest(presented);
        let token = Token::new(&*self.random)?;
        let now = self.clock.now();
        let mut tables = self.tables();
        // Every link is compared, in constant time, so that timing tells nothing.
        let found = tables.links.iter().enumerate().fold(None, |found, (index, link)| {
            if bool::from(link.digest.ct_eq(&presented)) { Some(index) } else { found }
        });
        let Some(index) = found else { return Ok(None) };
        let link = tables.links.remove(index);
        if link.expires <= now {
            return Ok(None);
        }
        tables.sessions.retain(|_, session| session.alive(now));
        if tables.sessions.len() >= MAX_SESSIONS {
            let oldest = tables.sessions.iter().min_by_key(|(_, s)| s.last_seen).map(|(key, _)| *key);
            oldest.and_then(|key| tables.sessions.remove(&key));
        }
        tables.sessions.insert(digest(token.expose()), Session { created: now, last_seen: now });
        Ok(Some(token))
    }

    /// The session of a cookie, if it is alive; counts as activity.
    pub(crate) fn authenticate(&self, presented: &str) -> Option<SessionKey> {
        // The map is keyed by digests, which a guesser cannot steer: no timing to learn from.
        let key = digest(presented);
        let now = self.clock.now();
        let mut tables = self.tables();
        let session = tables.sessions.get_mut(&key)?;
        if !session.alive(now) {
            tables.sessions.remove(&key);
            return None;
        }
        session.last_seen = now;
        Some(SessionKey(key))
    }

    /// Ends a session at once.
    pub(crate) fn end(&self, session: SessionKey) {
        self.tables().sessions.remove(&session.0);
    }

    /// How many sessions are alive.
    pub(crate) fn count(&self) -> usize {
        let now = self.clock.now();
        self.tables().sessions.values().filter(|s| s.alive(now)).count()
    }
}
