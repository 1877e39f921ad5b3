//! `/api/v1/identity-providers`: whose sign-in pages people may use. They are the installation's, so
//! owners set them up; the secret that a provider gave is never shown again.

use super::body::{self, Done};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_app::installation::{ProviderError, ProviderSettings};
use bursar_domain::RoleName;
use bursar_domain::id::IdentityProviderId;
use bursar_identity::oidc::{ClientAuthentication, EntraTenants, Outcome, ProviderKind as Kind};
use bursar_store::{IdentityProvider, NewIdentityProvider, ProviderKind};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// The identity providers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Providers {
    /// The providers.
    items: Vec<ProviderView>,
}

/// An identity provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// Its id.
    id: String,
    /// `oidc` or `github`.
    kind: String,
    /// What its button says.
    name: String,
    /// Its issuer.
    issuer: String,
    /// Who we are there.
    client_id: String,
    /// Whether it may be signed in with.
    enabled: bool,
    /// Whether a secret is kept.
    has_secret: bool,
    /// What people become in this workspace at their first sign-in; null lets nobody new in.
    #[schema(required)]
    role: Option<String>,
    /// The callback to register with the provider, exactly so.
    redirect: String,
}

/// An identity provider to be added, or what one becomes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderInput {
    /// `oidc` (Entra ID, Google and any provider with a discovery document) or `github`.
    kind: KindName,
    /// What its button says.
    #[schema(min_length = 1, max_length = 60, example = "Example GmbH")]
    name: String,
    /// Its issuer, exactly as it writes it; for GitHub its address.
    #[schema(max_length = 500, example = "https://login.example.com")]
    issuer: String,
    /// Who we are there.
    #[schema(min_length = 1, max_length = 500)]
    client_id: String,
    /// The secret it gave; what is kept stays when left out.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = String, max_length = 4000)]
    client_secret: Option<SecretString>,
    /// Whether it may be signed in with.
    enabled: bool,
    /// What people become in this workspace at their first sign-in; nobody new comes in when left out.
    #[serde(default)]
    #[schema(required = false, nullable = false, value_type = String, example = "viewer")]
    role: Option<RoleName>,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KindName {
    /// OpenID Connect.
    Oidc,
    /// GitHub's OAuth.
    Github,
}

/// What a test found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestFindings {
    /// Step by step.
    findings: Vec<TestFinding>,
}

/// One step of a test.
#[derive(Debug, Serialize, ToSchema)]
struct TestFinding {
    /// What was looked at.
    step: String,
    /// Whether it works.
    ok: bool,
    /// What was found, and what to do.
    text: String,
}

const ENTRA: &str = "https://login.microsoftonline.com/";
const GOOGLE: &str = "https://accounts.google.com";

/// The settings that an issuer calls for.
fn settings(given: &ProviderInput, seen: &Seen) -> Result<ProviderSettings, Problem> {
    let wrong = |why: &str| Problem::bad_request(format!("`issuer`: {why}"));
    let issuer: Url = given.issuer.parse().map_err(|_| wrong("expected an https address"))?;
    let local = matches!(issuer.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if issuer.scheme() != "https" && !(issuer.scheme() == "http" && local) {
        return Err(wrong("expected an https address"));
    }
    let provider = match given.kind {
        KindName::Github => None,
        KindName::Oidc => Some(match given.issuer.strip_prefix(ENTRA) {
            Some(rest) => {
                let tenant = rest.split('/').next().unwrap_or_default().to_owned();
                let tenants = match tenant.as_str() {
                    "organizations" | "common" => EntraTenants::AnyOrganisation,
                    _ => EntraTenants::One(tenant),
                };
                Kind::EntraId { tenants, authority: None }
            }
            None if given.issuer.trim_end_matches('/') == GOOGLE => {
                Kind::Google { hosted_domains: Vec::new(), issuer: None }
            }
            None => Kind::OpenIdConnect { issuer: given.issuer.clone() },
        }),
    };
    let github = matches!(given.kind, KindName::Github) && issuer.host_str() != Some("github.com");
    let api = if github { issuer.join("/api/v3").ok() } else { None };
    Ok(ProviderSettings {
        provider,
        web: github.then(|| issuer.clone()),
        api,
        groups_claim: "groups".to_owned(),
        authentication: ClientAuthentication::Automatic,
        workspace: given.role.map(|_| seen.workspace.id()),
        role: given.role,
    })
}

fn new(given: ProviderInput, seen: &Seen) -> Result<NewIdentityProvider, Problem> {
    let settings = settings(&given, seen)?;
    let name = given.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(Problem::bad_request("`name` needs 1 to 60 characters"));
    }
    if given.client_id.trim().is_empty() {
        return Err(Problem::bad_request("`client_id` is empty"));
    }
    Ok(NewIdentityProvider {
        kind: match given.kind {
            KindName::Oidc => ProviderKind::Oidc,
            KindName::Github => ProviderKind::GitHub,
        },
        name,
        issuer: given.issuer,
        client_id: given.client_id,
        client_secret: given.client_secret,
        mapping: serde_json::to_string(&settings).map_err(|_| Problem::internal())?,
        enabled: given.enabled,
    })
}

fn view(app: &App, row: IdentityProvider) -> ProviderView {
    let settings: Option<ProviderSettings> = serde_json::from_str(&row.mapping).ok();
    ProviderView {
        redirect: format!("{}/auth/oidc/{}/callback", app.settings.base(), row.id),
        id: row.id.to_string(),
        kind: row.kind.to_string(),
        name: row.name,
        issuer: row.issuer,
        client_id: row.client_id,
        enabled: row.enabled,
        has_secret: !row.client_secret.expose_secret().is_empty(),
        role: settings.and_then(|settings| settings.role).map(|role| role.to_string()),
    }
}

/// The identity providers.
#[utoipa::path(get, path = "/api/v1/identity-providers", tag = "administration", operation_id = "identity_providers",
    responses((status = 200, body = Providers, description = "The providers"), CommonProblems))]
pub(crate) async fn providers(
    State(app): State<App>,
    _seen: Seen,
    parameters: Parameters,
) -> Result<Json<Providers>, Problem> {
    parameters.finish()?;
    let rows = app.installation.store().directory().identity_providers().await?;
    Ok(Json(Providers { items: rows.into_iter().map(|row| view(&app, row)).collect() }))
}

/// Adds an identity provider.
#[utoipa::path(post, path = "/api/v1/identity-providers", tag = "administration", operation_id = "add_identity_provider", request_body = ProviderInput,
    params(("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = ProviderView, description = "The provider"), PostProblems))]
pub(crate) async fn add(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<ProviderInput>, JsonRejection>,
) -> Result<Json<ProviderView>, Problem> {
    parameters.finish()?;
    let new = new(body::read(given)?, &seen)?;
    let row = app.installation.store().directory().add_identity_provider(seen.actor(), new).await?;
    Ok(Json(view(&app, row)))
}

/// Changes an identity provider.
#[utoipa::path(put, path = "/api/v1/identity-providers/{provider}", tag = "administration", operation_id = "change_identity_provider", request_body = ProviderInput,
    params(("provider" = String, Path, description = "The provider's id", example = "idp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is changed"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    seen: Seen,
    Path(provider): Path<String>,
    parameters: Parameters,
    given: Result<Json<ProviderInput>, JsonRejection>,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: IdentityProviderId = body::id(&provider, "identity provider")?;
    let new = new(body::read(given)?, &seen)?;
    app.installation.store().directory().change_identity_provider(seen.actor(), id, new).await?;
    Ok(body::done())
}

/// Takes an identity provider away; identities that are tied to it open nothing any more.
#[utoipa::path(delete, path = "/api/v1/identity-providers/{provider}", tag = "administration", operation_id = "remove_identity_provider",
    params(("provider" = String, Path, description = "The provider's id", example = "idp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is gone"), PostProblems))]
pub(crate) async fn remove(
    State(app): State<App>,
    seen: Seen,
    Path(provider): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: IdentityProviderId = body::id(&provider, "identity provider")?;
    app.installation.store().directory().remove_identity_provider(seen.actor(), id).await?;
    Ok(body::done())
}

/// Whether a provider's settings work, step by step.
#[utoipa::path(post, path = "/api/v1/identity-providers/{provider}/test", tag = "administration", operation_id = "test_identity_provider",
    params(("provider" = String, Path, description = "The provider's id", example = "idp_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(super::sql::CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = TestFindings, description = "What was found"), PostProblems))]
pub(crate) async fn test(
    State(app): State<App>,
    _seen: Seen,
    Path(provider): Path<String>,
    parameters: Parameters,
) -> Result<Json<TestFindings>, Problem> {
    parameters.finish()?;
    let id: IdentityProviderId = body::id(&provider, "identity provider")?;
    let base: Url = app.settings.base().parse().map_err(|_| Problem::internal())?;
    let findings = match app.installation.test_provider(id, &base).await {
        Ok(findings) => findings
            .into_iter()
            .map(|finding| TestFinding {
                step: finding.step.to_owned(),
                ok: finding.outcome != Outcome::Bad,
                text: finding.text,
            })
            .collect(),
        Err(ProviderError::Store(error)) => return Err(error.into()),
        Err(error) => vec![TestFinding { step: "settings".into(), ok: false, text: error.to_string() }],
    };
    Ok(Json(TestFindings { findings }))
}
