//! The discovery document: what of it we use, and what makes it unusable.

use super::config::Issuers;
use crate::http::{Http, HttpError, checked};
use serde::Deserialize;
use url::Url;

/// What the document says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) jwks_uri: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) end_session_endpoint: Option<Url>,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub(super) code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    pub(super) backchannel_logout_supported: bool,
}

/// Why a discovery document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It could not be fetched.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Something is missing or of the wrong kind.
    #[error("the discovery document cannot be read: {0}")]
    Unreadable(String),
    /// It speaks for somebody else (Discovery 1.0 §4.3).
    #[error(
        "the discovery document is of the issuer `{found}`, not of `{expected}`: write the issuer exactly so"
    )]
    Issuer {
        /// Whom we asked.
        expected: String,
        /// Who it says it is.
        found: String,
    },
    /// An endpoint that we would never ask.
    #[error("the discovery document names an address that cannot be used: {0}")]
    Endpoint(HttpError),
}

impl Metadata {
    pub(super) async fn fetch(http: &Http, at: &Url, issuers: &Issuers) -> Result<Self, MetadataError> {
        let document = http.get(at, None).await?;
        Self::read(document, issuers)
    }

    pub(super) fn read(document: serde_json::Value, issuers: &Issuers) -> Result<Self, MetadataError> {
        let metadata: Self = serde_json::from_value(document)
            .map_err(|error| MetadataError::Unreadable(error.to_string().chars().take(200).collect()))?;
        if metadata.issuer != issuers.in_discovery() {
            return Err(MetadataError::Issuer {
                expected: issuers.in_discovery().to_owned(),
                found: metadata.issuer.chars().take(256).collect(),
            });
        }
        let optional = [&metadata.userinfo_endpoint, &metadata.end_session_endpoint];
        let required = [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri];
        for endpoint in required.into_iter().chain(optional.into_iter().flatten()) {
            checked(endpoint).map_err(MetadataError::Endpoint)?;
        }
        Ok(metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> serde_json::Value {
        json!({
            "issuer": "https://login.example",
            "authorization_endpoint": "https://login.example/auth",
            "token_endpoint": "https://login.example/token",
            "jwks_uri": "https://login.example/jwks",
            "response_types_supported": ["code"],
        })
    }

    fn read(document: serde_json::Value) -> Result<Metadata, MetadataError> {
        Metadata::read(document, &Issuers::Exactly("https://login.example".into()))
    }

    #[test]
    fn a_document_of_somebody_else_is_refused() {
        assert!(read(document()).is_ok());
        for issuer in ["https://login.example/", "https://evil.example", "https://LOGIN.example"] {
            let mut other = document();
            other["issuer"] = issuer.into();
            assert!(matches!(read(other), Err(MetadataError::Issuer { .. })), "{issuer}");
        }
    }

    #[test]
    fn endpoints_that_are_never_asked_are_refused() {
        for (name, url) in [
            ("token_endpoint", "http://login.example/token"),
            ("jwks_uri", "https://169.254.169.254/jwks"),
            ("userinfo_endpoint", "http://10.0.0.1/me"),
        ] {
            let mut bad = document();
            bad[name] = url.into();
            assert!(matches!(read(bad), Err(MetadataError::Endpoint(_))), "{name}");
        }
        let mut bad = document();
        bad["jwks_uri"] = serde_json::Value::Null;
        assert!(matches!(read(bad), Err(MetadataError::Unreadable(_))));
    }
}
