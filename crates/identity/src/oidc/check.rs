//! The test button: does this configuration work, and if not, what is to be done?

use super::config::{ProviderConfig, ProviderKind};
use super::flow::code_word;
use super::keys::{KeySet, algorithm};
use super::metadata::{Metadata, MetadataError};
use super::provider::Provider;
use crate::http::Http;
use crate::random;
use bursar_domain::Randomness;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Good,
    /// It works, but look at it.
    Doubtful,
    /// Nobody can sign in like this.
    Bad,
}

/// One step of the test, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub step: &'static str,
    /// How it went.
    pub outcome: Outcome,
    /// What was found, and what to do.
    pub text: String,
}

fn finding(step: &'static str, outcome: Outcome, text: impl Into<String>) -> Finding {
    Finding { step, outcome, text: text.into() }
}

/// Goes through a configuration as a sign-in would, as far as that is possible without a person. Ends with the first
/// step that makes the next ones pointless.
pub async fn check_provider(
    config: ProviderConfig,
    http: &Http,
    random: &dyn Randomness,
    now: DateTime<Utc>,
) -> Vec<Finding> {
    use Outcome::{Bad, Good};
    let provider = match Provider::new(config, http.clone()) {
        Ok(provider) => provider,
        Err(error) => return vec![finding("configuration", Bad, error.to_string())],
    };
    let mut findings = vec![finding(
        "configuration",
        Good,
        format!("register this callback with the provider, exactly so: {}", provider.config.redirect),
    )];
    let metadata = match Metadata::fetch(http, &provider.discovery, &provider.issuers).await {
        Ok(metadata) => metadata,
        Err(error) => {
            findings.push(finding("discovery", Bad, unusable(&error)));
            return findings;
        }
    };
    findings.push(finding("discovery", Good, format!("the provider is `{}`", metadata.issuer)));
    findings.extend(of_document(&provider.config, &metadata));
    findings.push(keys(http, &metadata).await);
    findings.push(client(&provider, http, &metadata, random).await);
    // A sign-in that begins is the last thing that can be tried without a person.
    match provider.begin(&super::Begin::default(), random, now).await {
        Ok(_) => findings.push(finding("sign-in", Good, "a sign-in can begin: try it in a private window")),
        Err(error) => findings.push(finding("sign-in", Bad, error.to_string())),
    }
    findings
}

fn unusable(error: &MetadataError) -> String {
    match error {
        MetadataError::Http(error) => format!(
            "{error}; from this machine, open the issuer's address followed by /.well-known/openid-configuration"
        ),
        other => other.to_string(),
    }
}

fn of_document(config: &ProviderConfig, metadata: &Metadata) -> Vec<Finding> {
    use Outcome::{Bad, Doubtful, Good};
    let mut findings = Vec::new();
    let offered = &metadata.id_token_signing_alg_values_supported;
    let usable: Vec<&str> =
        offered.iter().map(String::as_str).filter(|name| algorithm(name).is_some()).collect();
    findings.push(if offered.is_empty() {
        finding(
            "signatures",
            Doubtful,
            "the provider does not say how it signs; RS256, PS256, ES256 and EdDSA are accepted",
        )
    } else if usable.is_empty() {
        finding(
            "signatures",
            Bad,
            "the provider offers no asymmetric signature: choose RS256 or ES256 for this client",
        )
    } else {
        finding("signatures", Good, format!("the provider can sign with {}", usable.join(", ")))
    });
    findings.push(match &metadata.code_challenge_methods_supported {
        Some(methods) if methods.iter().any(|method| method == "S256") => {
            finding("PKCE", Good, "the provider checks PKCE (S256)")
        }
        // Entra ID does, and does not say so.
        _ if matches!(config.kind, ProviderKind::EntraId { .. }) => {
            finding("PKCE", Good, "Entra ID checks PKCE")
        }
        _ => {
            finding("PKCE", Doubtful, "the provider does not say that it checks PKCE; it is sent in any case")
        }
    });
    if metadata.authorization_response_iss_parameter_supported {
        findings.push(finding("mix-up", Good, "the provider names itself in its answers (RFC 9207)"));
    }
    findings.push(if metadata.backchannel_logout_supported {
        finding(
            "sign-out",
            Good,
            "sign-outs at the provider can be received: register the back-channel logout address",
        )
    } else {
        finding(
            "sign-out",
            Doubtful,
            "the provider does not tell about sign-outs: sessions here end by their own limits",
        )
    });
    findings
}

async fn keys(http: &Http, metadata: &Metadata) -> Finding {
    use Outcome::{Bad, Good};
    match http.get(&metadata.jwks_uri, None).await {
        Err(error) => finding("keys", Bad, error.to_string()),
        Ok(document) => match KeySet::read(&document) {
            Some(keys) if keys.len() > 0 => finding("keys", Good, format!("{} usable keys", keys.len())),
            Some(_) => finding("keys", Bad, "the provider publishes no key that can be used"),
            None => finding("keys", Bad, "the provider's key set cannot be read"),
        },
    }
}

/// Asks for tokens with a code that cannot exist: a provider looks at the client first.
async fn client(provider: &Provider, http: &Http, metadata: &Metadata, random: &dyn Randomness) -> Finding {
    use Outcome::{Bad, Doubtful, Good};
    let (Ok(code), Ok(verifier)) = (random::text(random), random::text(random)) else {
        return finding("client", Bad, "the source of randomness failed");
    };
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", provider.config.redirect.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    let auth = provider.client_auth(metadata);
    let answer = match http.post(&metadata.token_endpoint, &provider.config.client_id, auth, &form).await {
        Ok(answer) => answer,
        Err(error) => return finding("client", Bad, error.to_string()),
    };
    match answer.body.get("error").and_then(Value::as_str) {
        Some("invalid_grant") => finding("client", Good, "the provider knows the client and its secret"),
        Some("invalid_client") => finding(
            "client",
            Bad,
            "the provider does not know this client id with this secret: copy both again",
        ),
        Some("unauthorized_client") => {
            finding("client", Bad, "the provider does not let this client use the authorization code flow")
        }
        Some(other) => {
            let text = format!(
                "the provider answered `{}`: the client cannot be judged without a sign-in",
                code_word(other)
            );
            finding("client", Doubtful, text)
        }
        None => finding("client", Doubtful, "the provider's answer says nothing about the client"),
    }
}
