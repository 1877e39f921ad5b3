//! What an administrator says about a provider.

use crate::http::checked;
use bursar_domain::id::IdentityProviderId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

const ENTRA: &str = "https://login.microsoftonline.com";
const GOOGLE: &str = "https://accounts.google.com";
const MAX_TEXT: usize = 512;

/// A provider, as configured. The secret is kept sealed by the caller.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// Its id in this installation.
    pub id: IdentityProviderId,
    /// What people call it.
    pub name: String,
    /// Which one it is.
    pub kind: ProviderKind,
    /// What it calls us.
    pub client_id: String,
    /// The secret it gave us; a public client has none and relies on PKCE.
    pub client_secret: Option<SecretString>,
    /// How the secret is sent.
    pub authentication: ClientAuthentication,
    /// Asked for beside `openid email profile`.
    pub extra_scopes: Vec<String>,
    /// The claim with the groups, `groups` as a rule.
    pub groups_claim: String,
    /// Our callback, exactly as it is registered with the provider.
    pub redirect: Url,
}

/// Which provider it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ProviderKind {
    /// Any provider with a discovery document.
    OpenIdConnect {
        /// Its issuer, exactly as it writes it.
        issuer: String,
    },
    /// Microsoft Entra ID.
    EntraId {
        /// Whose people may come.
        tenants: EntraTenants,
        /// Another authority than the public cloud's: a sovereign cloud (`https://login.microsoftonline.us`).
        authority: Option<Url>,
    },
    /// Google.
    Google {
        /// Google Workspace domains whose people may come; empty for everybody with a Google account.
        hosted_domains: Vec<String>,
        /// Another issuer than Google's, for a test.
        issuer: Option<String>,
    },
}

/// Whose people may come through Entra ID. Tenants are named by their GUID: a domain name can change hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntraTenants {
    /// One tenant's: a single-tenant registration.
    One(String),
    /// Several tenants': a multi-tenant registration.
    Listed(Vec<String>),
    /// Any organisation's. Accounts still match on issuer and subject, but anybody may knock.
    AnyOrganisation,
}

/// How a client secret is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// As the discovery document says; in a header when it does not.
    #[default]
    Automatic,
    /// In a header.
    Basic,
    /// In the form.
    Post,
}

/// A configuration that cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderConfigError {
    /// The issuer is no https address.
    #[error("the issuer `{0}` must be an https address without query or fragment, as the provider writes it")]
    Issuer(String),
    /// A tenant is no GUID.
    #[error("the tenant `{0}` must be the tenant's GUID (Entra admin centre, Overview, Tenant ID)")]
    Tenant(String),
    /// No tenant is listed.
    #[error("list at least one tenant, or say that any organisation may come")]
    NoTenant,
    /// The client id is missing or monstrous.
    #[error("the client id is missing or too long")]
    ClientId,
    /// The callback is not ours to give.
    #[error("the callback `{0}` must be an https address of this installation (http for localhost only)")]
    Redirect(String),
    /// A scope with blanks or quotes.
    #[error("`{0}` is not a scope")]
    Scope(String),
}

/// Which issuers a provider's tokens may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Issuers {
    Exactly(String),
    /// `{tenantid}` in the text stands for the token's `tid`; `None`: any.
    Template {
        text: String,
        tenants: Option<Vec<String>>,
    },
}

impl Issuers {
    /// Whether tokens may name this issuer.
    pub(super) fn accept(&self, issuer: &str, tenant: Option<&str>) -> bool {
        match self {
            Self::Exactly(exact) => issuer == exact,
            Self::Template { text, tenants } => tenant.is_some_and(|tenant| {
                is_guid(tenant)
                    && issuer == text.replace("{tenantid}", tenant)
                    && tenants.as_ref().is_none_or(|list| list.iter().any(|t| t.eq_ignore_ascii_case(tenant)))
            }),
        }
    }

    /// Whether a callback may name this issuer; the token, which has the tenant, decides.
    pub(super) fn may_be(&self, issuer: &str) -> bool {
        match self {
            Self::Exactly(exact) => issuer == exact,
            Self::Template { text, .. } => text.split_once("{tenantid}").is_some_and(|(before, after)| {
                issuer
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after))
                    .is_some_and(|tenant| self.accept(issuer, Some(tenant)))
            }),
        }
    }

    /// What the discovery document must say.
    pub(super) fn in_discovery(&self) -> &str {
        match self {
            Self::Exactly(text) | Self::Template { text, .. } => text,
        }
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

impl ProviderConfig {
    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// The first thing that cannot work.
    pub fn validate(&self) -> Result<(), ProviderConfigError> {
        if let ProviderKind::EntraId { tenants, .. } = &self.kind {
            let named: &[String] = match tenants {
                EntraTenants::One(tenant) => std::slice::from_ref(tenant),
                EntraTenants::Listed(list) if list.is_empty() => return Err(ProviderConfigError::NoTenant),
                EntraTenants::Listed(list) => list,
                EntraTenants::AnyOrganisation => &[],
            };
            if let Some(bad) = named.iter().find(|tenant| !is_guid(tenant)) {
                return Err(ProviderConfigError::Tenant(bad.chars().take(64).collect()));
            }
        }
        self.discovery()?;
        if self.client_id.is_empty() || self.client_id.len() > MAX_TEXT {
            return Err(ProviderConfigError::ClientId);
        }
        if checked(&self.redirect).is_err() || self.redirect.query().is_some() {
            return Err(ProviderConfigError::Redirect(self.redirect.to_string()));
        }
        let bad = |scope: &&String| {
            let good = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            scope.is_empty() || scope.len() > MAX_TEXT || !scope.bytes().all(good)
        };
        match self.extra_scopes.iter().find(bad) {
            Some(scope) => Err(ProviderConfigError::Scope(scope.chars().take(64).collect())),
            None => Ok(()),
        }
    }

    /// Where the discovery document is.
    pub(super) fn discovery(&self) -> Result<Url, ProviderConfigError> {
        let base = match &self.kind {
            ProviderKind::OpenIdConnect { issuer } => issuer.clone(),
            ProviderKind::Google { issuer, .. } => issuer.clone().unwrap_or_else(|| GOOGLE.to_owned()),
            ProviderKind::EntraId { tenants, authority } => {
                let tenant = match tenants {
                    EntraTenants::One(tenant) => tenant.as_str(),
                    EntraTenants::Listed(_) | EntraTenants::AnyOrganisation => "organizations",
                };
                format!("{}/{tenant}/v2.0", entra(authority.as_ref()))
            }
        };
        let bad = || ProviderConfigError::Issuer(base.chars().take(256).collect());
        let url: Url = base.parse().map_err(|_| bad())?;
        if checked(&url).is_err() || url.query().is_some() || base.len() > MAX_TEXT {
            return Err(bad());
        }
        format!("{}/.well-known/openid-configuration", base.trim_end_matches('/')).parse().map_err(|_| bad())
    }

    pub(super) fn issuers(&self) -> Issuers {
        match &self.kind {
            ProviderKind::OpenIdConnect { issuer } => Issuers::Exactly(issuer.clone()),
            ProviderKind::Google { issuer, .. } => {
                Issuers::Exactly(issuer.clone().unwrap_or_else(|| GOOGLE.to_owned()))
            }
            ProviderKind::EntraId { tenants, authority } => {
                let authority = entra(authority.as_ref());
                match tenants {
                    EntraTenants::One(tenant) => Issuers::Exactly(format!("{authority}/{tenant}/v2.0")),
                    EntraTenants::Listed(list) => Issuers::Template {
                        text: format!("{authority}/{{tenantid}}/v2.0"),
                        tenants: Some(list.clone()),
                    },
                    EntraTenants::AnyOrganisation => {
                        Issuers::Template { text: format!("{authority}/{{tenantid}}/v2.0"), tenants: None }
                    }
                }
            }
        }
    }
}

fn entra(authority: Option<&Url>) -> String {
    authority.map_or(ENTRA, Url::as_str).trim_end_matches('/').to_owned()
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(crate) fn config(kind: ProviderKind) -> ProviderConfig {
        ProviderConfig {
            id: IdentityProviderId::from_u128(1),
            name: "Example".into(),
            kind,
            client_id: "bursar".into(),
            client_secret: Some("not a secret".to_owned().into()),
            authentication: ClientAuthentication::Automatic,
            extra_scopes: Vec::new(),
            groups_claim: "groups".into(),
            redirect: "https://costs.example/auth/callback".parse().unwrap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::config;
    use super::*;

    const TENANT: &str = "8a5a3c1e-5f0e-4f5b-9a58-0d4f3d0e3b11";
    const OTHER: &str = "0d4f3d0e-3b11-4f5b-9a58-8a5a3c1e5f0e";

    fn entra_id(tenants: EntraTenants) -> ProviderConfig {
        config(ProviderKind::EntraId { tenants, authority: None })
    }

    #[test]
    fn discovery_is_where_the_provider_keeps_it() {
        // claim C1
        let at = |config: ProviderConfig| config.discovery().unwrap().to_string();
        let issuer = "https://login.example/realms/a/".to_owned();
        let expected = "https://login.example/realms/a/.well-known/openid-configuration";
        assert_eq!(at(config(ProviderKind::OpenIdConnect { issuer })), expected);
        let google = config(ProviderKind::Google { hosted_domains: vec![], issuer: None });
        assert_eq!(at(google), "https://accounts.google.com/.well-known/openid-configuration");
        let entra = entra_id(EntraTenants::One(TENANT.into()));
        let expected =
            format!("https://login.microsoftonline.com/{TENANT}/v2.0/.well-known/openid-configuration");
        assert_eq!(at(entra), expected);
    }

    #[test]
    fn entra_issuers_are_those_of_the_tenants() {
        // claim C1
        let issuer = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let one = entra_id(EntraTenants::One(TENANT.into())).issuers();
        assert!(one.accept(&issuer(TENANT), None) && !one.accept(&issuer(OTHER), Some(OTHER)));
        let listed = entra_id(EntraTenants::Listed(vec![TENANT.to_uppercase()])).issuers();
        assert!(listed.accept(&issuer(TENANT), Some(TENANT)));
        assert!(!listed.accept(&issuer(OTHER), Some(OTHER)), "not on the list");
        assert!(!listed.accept(&issuer(OTHER), Some(TENANT)), "issuer and tenant must agree");
        assert!(!listed.accept(&issuer(TENANT), None));
        let any = entra_id(EntraTenants::AnyOrganisation).issuers();
        assert!(any.accept(&issuer(OTHER), Some(OTHER)));
        assert!(!any.accept("https://evil.example/x/v2.0", Some("x")));
        assert!(!any.accept(&issuer("../x"), Some("../x")), "a tenant is a GUID");
    }

    #[test]
    fn configurations_that_cannot_work_are_named() {
        let issuer = |text: &str| config(ProviderKind::OpenIdConnect { issuer: text.into() });
        for bad in [
            "",
            "login.example",
            "http://login.example",
            "https://login.example/?a=b",
            "https://169.254.169.254",
        ] {
            assert!(matches!(issuer(bad).validate(), Err(ProviderConfigError::Issuer(_))), "{bad}");
        }
        let good = issuer("https://login.example");
        assert_eq!(good.validate(), Ok(()));
        let bad = ProviderConfig { client_id: String::new(), ..good.clone() };
        assert_eq!(bad.validate(), Err(ProviderConfigError::ClientId));
        let bad = ProviderConfig { extra_scopes: vec!["a b".into()], ..good.clone() };
        assert!(matches!(bad.validate(), Err(ProviderConfigError::Scope(_))));
        let bad = ProviderConfig { redirect: "http://costs.example/cb".parse().unwrap(), ..good };
        assert!(matches!(bad.validate(), Err(ProviderConfigError::Redirect(_))));
        let bad = entra_id(EntraTenants::One("contoso.com".into()));
        assert!(matches!(bad.validate(), Err(ProviderConfigError::Tenant(_))));
        assert_eq!(entra_id(EntraTenants::Listed(vec![])).validate(), Err(ProviderConfigError::NoTenant));
        assert!(!format!("{:?}", entra_id(EntraTenants::AnyOrganisation)).contains("not a secret"));
    }
}
