//! A provider and what we remember of it: its discovery document and its keys.

use super::config::{Issuers, ProviderConfig, ProviderConfigError};
use super::keys::KeySet;
use super::metadata::{Metadata, MetadataError};
use crate::http::{Http, HttpError};
use chrono::{DateTime, Duration, Utc};
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

const DOCUMENT_IS_FRESH: Duration = Duration::hours(24);
const KEYS_ARE_FRESH: Duration = Duration::hours(6);
/// A token with an unknown key id makes the keys be fetched, but nobody can make us ask more often.
const KEYS_AT_MOST_EVERY: Duration = Duration::minutes(1);
/// After a failure, sign-ins fail at once for so long, instead of waiting one after the other.
const FAILURE_IS_FRESH: Duration = Duration::seconds(5);

/// Why a provider cannot be used at the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Its configuration cannot work.
    #[error(transparent)]
    Config(#[from] ProviderConfigError),
    /// Its discovery document cannot be used.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Its keys cannot be fetched.
    #[error("the provider's keys cannot be fetched: {0}")]
    Keys(HttpError),
    /// Its keys cannot be read.
    #[error("the provider's key set cannot be read")]
    KeySet,
}

/// A provider, ready to sign people in. Keep one per configuration: it remembers keys.
#[derive(Debug)]
pub struct Provider {
    pub(super) config: ProviderConfig,
    pub(super) http: Http,
    pub(super) issuers: Issuers,
    pub(super) discovery: Url,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    document: Option<(Arc<Metadata>, DateTime<Utc>)>,
    keys: Option<(Arc<KeySet>, DateTime<Utc>)>,
    failure: Option<(ProviderError, DateTime<Utc>)>,
}

impl Provider {
    /// A provider with this configuration. Nothing is asked yet.
    ///
    /// # Errors
    /// When the configuration cannot work.
    pub fn new(config: ProviderConfig, http: Http) -> Result<Self, ProviderConfigError> {
        config.validate()?;
        let (discovery, issuers) = (config.discovery()?, config.issuers());
        Ok(Self { config, http, issuers, discovery, remembered: Mutex::default() })
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    pub(super) async fn metadata(&self, now: DateTime<Utc>) -> Result<Arc<Metadata>, ProviderError> {
        // Held while asking: a hundred people at once are one request.
        let mut remembered = self.remembered.lock().await;
        self.document(&mut remembered, now).await
    }

    /// Keys among which, if it exists, is the one with this id.
    pub(super) async fn keys(
        &self,
        id: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Arc<KeySet>, ProviderError> {
        let mut remembered = self.remembered.lock().await;
        if let Some((keys, at)) = &remembered.keys {
            let age = age(*at, now);
            if age < KEYS_AT_MOST_EVERY || (age < KEYS_ARE_FRESH && keys.knows(id)) {
                return Ok(Arc::clone(keys));
            }
        }
        let document = self.document(&mut remembered, now).await?;
        if let Some(failure) = remembered.recent_failure(now) {
            return remembered.keys.as_ref().map(|(keys, _)| Arc::clone(keys)).ok_or(failure);
        }
        let fetched = match self.http.get(&document.jwks_uri, None).await {
            Ok(document) => KeySet::read(&document).ok_or(ProviderError::KeySet),
            Err(error) => Err(ProviderError::Keys(error)),
        };
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                remembered.keys = Some((Arc::clone(&keys), now));
                Ok(keys)
            }
            Err(error) => {
                remembered.failure = Some((error.clone(), now));
                // Yesterday's keys are better than nobody signing in.
                remembered.keys.as_ref().map(|(keys, _)| Arc::clone(keys)).ok_or(error)
            }
        }
    }

    async fn document(
        &self,
        remembered: &mut Remembered,
        now: DateTime<Utc>,
    ) -> Result<Arc<Metadata>, ProviderError> {
        if let Some((document, at)) = &remembered.document
            && age(*at, now) < DOCUMENT_IS_FRESH
        {
            return Ok(Arc::clone(document));
        }
        let old = remembered.document.as_ref().map(|(document, _)| Arc::clone(document));
        if let Some(failure) = remembered.recent_failure(now) {
            return old.ok_or(failure);
        }
        match Metadata::fetch(&self.http, &self.discovery, &self.issuers).await {
            Ok(document) => {
                let document = Arc::new(document);
                remembered.document = Some((Arc::clone(&document), now));
                Ok(document)
            }
            Err(error) => {
                let error = ProviderError::Metadata(error);
                remembered.failure = Some((error.clone(), now));
                old.ok_or(error)
            }
        }
    }
}

impl Remembered {
    fn recent_failure(&self, now: DateTime<Utc>) -> Option<ProviderError> {
        let (failure, at) = self.failure.as_ref()?;
        (age(*at, now) < FAILURE_IS_FRESH).then(|| failure.clone())
    }
}

/// A clock that jumps makes things old, never fresh for ever.
fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (now - at).abs()
}
