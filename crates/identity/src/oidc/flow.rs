//! The two halves of a sign-in, and what lies between them.

use super::config::{ClientAuthentication, ProviderKind};
use super::metadata::Metadata;
use super::person::{ExternalPerson, add_userinfo, from_claims};
use super::provider::{Provider, ProviderError};
use super::token::{Claims, Expected, TokenError, id_token, key_id, text};
use crate::http::{ClientAuth, HttpError};
use crate::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::id::{AccountId, IdentityProviderId};
use bursar_domain::{Randomness, RandomnessError};
use chrono::{DateTime, Duration, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;
use url::Url;

/// How long somebody may stay at the provider's page.
const PENDING: Duration = Duration::minutes(10);
const MAX_RETURN_BYTES: usize = 1024;
const MAX_QUERY_BYTES: usize = 16 << 10;

/// How to begin.
#[derive(Debug, Clone, Default)]
pub struct Begin<'a> {
    /// Who it probably is.
    pub login_hint: Option<&'a str>,
    /// Ask the person again, even if the provider knows them; and refuse an answer older than this.
    pub again_within: Option<Duration>,
    /// Where to go afterwards: a path of this installation. Anything else is dropped.
    pub return_to: Option<&'a str>,
    /// The signed-in account that wants to add the identity, or to be asked again.
    pub account: Option<AccountId>,
}

/// What must be remembered between the two halves: keep it sealed in a cookie of the browser that began, and
/// forget it when it comes back.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingSignIn {
    provider: IdentityProviderId,
    issuer: String,
    state: String,
    nonce: String,
    verifier: String,
    began: DateTime<Utc>,
    again_within_seconds: Option<i64>,
    return_to: Option<String>,
    account: Option<AccountId>,
}

/// What came back in the query of the callback.
#[derive(Clone, Default)]
pub struct Callback {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Why a sign-in at a provider failed. The texts are for the record and the administrator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The callback is not one.
    #[error("the provider's answer cannot be read")]
    Callback,
    /// More than ten minutes.
    #[error("this took too long: start again")]
    Expired,
    /// Not the browser, or not the sign-in, that began.
    #[error("this answer belongs to another sign-in: start again")]
    State,
    /// The answer comes from another provider than the one that was asked (RFC 9207).
    #[error("the answer comes from another provider than the one that was asked")]
    MixedUp,
    /// The provider says no.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The provider cannot be used.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The provider cannot be reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The code was not exchanged: used twice, or our secret is wrong.
    #[error("the provider did not take the code: {0}")]
    Exchange(String),
    /// The ID token is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The userinfo endpoint speaks of somebody else.
    #[error("the provider's userinfo is not of the person who signed in")]
    Userinfo,
    /// Not one of the organisations that may come.
    #[error("the person is not of an organisation that may sign in here")]
    NotAdmitted,
    /// No random bytes.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

impl fmt::Debug for PendingSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingSignIn")
            .field("provider", &self.provider)
            .field("began", &self.began)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("error", &self.error).finish_non_exhaustive()
    }
}

impl PendingSignIn {
    pub(crate) fn new(
        provider: IdentityProviderId,
        issuer: &str,
        begin: &Begin<'_>,
        random: &dyn Randomness,
        now: DateTime<Utc>,
    ) -> Result<Self, RandomnessError> {
        Ok(Self {
            provider,
            issuer: issuer.to_owned(),
            state: random::text(random)?,
            nonce: random::text(random)?,
            verifier: random::text(random)?,
            began: now,
            again_within_seconds: begin.again_within.map(|within| within.num_seconds().max(0)),
            return_to: begin.return_to.filter(|path| is_path(path)).map(str::to_owned),
            account: begin.account,
        })
    }

    /// The provider that was asked.
    #[must_use]
    pub fn provider(&self) -> IdentityProviderId {
        self.provider
    }

    /// The account that began it, if it was signed in.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// Where to go afterwards: a path of this installation.
    #[must_use]
    pub fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }

    pub(crate) fn verifier(&self) -> &str {
        &self.verifier
    }

    /// Adds what both kinds of providers are asked with.
    pub(crate) fn ask(&self, url: &mut Url, client_id: &str, redirect: &Url, scope: &str) {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("scope", scope)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
    }
}

/// A path of this installation, which no browser takes for another host.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= MAX_RETURN_BYTES
        && !text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace())
}

impl Callback {
    /// What the query (without `?`) says. A parameter that comes twice is refused: which of them would
    /// count is a question of who reads it.
    ///
    /// # Errors
    /// When it is too long, or says something twice.
    pub fn from_query(query: &str) -> Result<Self, SignInError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(SignInError::Callback);
        }
        let mut callback = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let place = match name.as_ref() {
                "code" => &mut callback.code,
                "state" => &mut callback.state,
                "iss" => &mut callback.iss,
                "error" => &mut callback.error,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(SignInError::Callback);
            }
        }
        Ok(callback)
    }
}

/// The code in the callback, when it belongs to this browser and this provider.
pub(crate) fn callback_code<'a>(
    provider: IdentityProviderId,
    pending: &PendingSignIn,
    callback: &'a Callback,
    issuer_agrees: impl FnOnce(Option<&str>) -> bool,
    now: DateTime<Utc>,
) -> Result<&'a str, SignInError> {
    let state = callback.state.as_deref().ok_or(SignInError::State)?;
    if !random::same(state, &pending.state) {
        return Err(SignInError::State);
    }
    let age = now - pending.began;
    if age >= PENDING || age <= -PENDING {
        return Err(SignInError::Expired);
    }
    // Before the code goes anywhere: it must not be given to a provider that did not issue it.
    if pending.provider != provider || !issuer_agrees(callback.iss.as_deref()) {
        return Err(SignInError::MixedUp);
    }
    if let Some(error) = &callback.error {
        return Err(SignInError::Refused(code_word(error)));
    }
    callback.code.as_deref().filter(|code| !code.is_empty()).ok_or(SignInError::Callback)
}

/// An error code as the RFCs have them, and nothing that would do harm in a log.
pub(crate) fn code_word(text: &str) -> String {
    let word: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(64).collect();
    if word.is_empty() { "without a reason".to_owned() } else { word }
}

impl Provider {
    /// The first half: where to send the browser, and what to remember.
    ///
    /// # Errors
    /// When the provider cannot be reached or used.
    pub async fn begin(
        &self,
        begin: &Begin<'_>,
        random: &dyn Randomness,
        now: DateTime<Utc>,
    ) -> Result<(Url, PendingSignIn), SignInError> {
        let pending = PendingSignIn::new(self.config.id, self.issuers.in_discovery(), begin, random, now)?;
        let metadata = self.metadata(now).await?;
        let mut scopes = vec!["openid", "email", "profile"];
        scopes.extend(self.config.extra_scopes.iter().map(String::as_str));
        let mut url = metadata.authorization_endpoint.clone();
        pending.ask(&mut url, &self.config.client_id, &self.config.redirect, &scopes.join(" "));
        let mut query = url.query_pairs_mut();
        query.append_pair("nonce", &pending.nonce);
        if let Some(hint) = begin.login_hint.filter(|hint| hint.len() <= 320) {
            query.append_pair("login_hint", hint);
        }
        if let Some(seconds) = pending.again_within_seconds {
            query.append_pair("prompt", "login").append_pair("max_age", &seconds.to_string());
        }
        if let ProviderKind::Google { hosted_domains, .. } = &self.config.kind {
            // A hint for the page; the claim is checked afterwards.
            if let [domain] = hosted_domains.as_slice() {
                query.append_pair("hd", domain);
            }
        }
        drop(query);
        Ok((url, pending))
    }

    /// The second half: who it is.
    ///
    /// # Errors
    /// When anything does not agree.
    pub async fn finish(
        &self,
        pending: PendingSignIn,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<ExternalPerson, SignInError> {
        if pending.issuer != self.issuers.in_discovery() {
            return Err(SignInError::MixedUp);
        }
        let metadata = self.metadata(now).await?;
        let issuer_agrees = |issuer: Option<&str>| match issuer {
            Some(issuer) => self.issuers.may_be(issuer),
            None => !metadata.authorization_response_iss_parameter_supported,
        };
        let code = callback_code(self.config.id, &pending, callback, issuer_agrees, now)?;
        let answer = self.exchange(&metadata, code, pending.verifier()).await?;
        let keys = self.keys(key_id(answer.id_token.expose_secret())?.as_deref(), now).await?;
        let access_token = answer.access_token.as_ref().map(|token| token.expose_secret());
        let expected = Expected {
            issuers: &self.issuers,
            client_id: &self.config.client_id,
            nonce: &pending.nonce,
            access_token,
            max_age: pending.again_within_seconds.map(Duration::seconds),
            now,
        };
        let mut claims = id_token(answer.id_token.expose_secret(), &keys, &expected)?;
        if callback.iss.as_deref().is_some_and(|issuer| text(&claims, "iss") != Some(issuer)) {
            return Err(SignInError::MixedUp);
        }
        self.add_userinfo(&metadata, &mut claims, answer.access_token.as_ref()).await?;
        let person = from_claims(&self.config, &claims)?;
        self.admit(&person)?;
        Ok(person)
    }

    async fn exchange(&self, metadata: &Metadata, code: &str, verifier: &str) -> Result<Tokens, SignInError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.config.redirect.as_str()),
            ("code_verifier", verifier),
        ];
        let auth = self.client_auth(metadata);
        let answer = self.http.post(&metadata.token_endpoint, &self.config.client_id, auth, &form).await?;
        if answer.status != 200 {
            let error = answer.body.get("error").and_then(Value::as_str).unwrap_or_default();
            return Err(SignInError::Exchange(code_word(error)));
        }
        serde_json::from_value(answer.body).map_err(|_| SignInError::Exchange("no id token".into()))
    }

    pub(super) fn client_auth(&self, metadata: &Metadata) -> ClientAuth<'_> {
        let Some(secret) = &self.config.client_secret else { return ClientAuth::Public };
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let offers = |method: &str| methods.iter().any(|offered| offered == method);
        match self.config.authentication {
            ClientAuthentication::Basic => ClientAuth::Basic(secret),
            ClientAuthentication::Post => ClientAuth::Post(secret),
            ClientAuthentication::Automatic
                if offers("client_secret_post") && !offers("client_secret_basic") =>
            {
                ClientAuth::Post(secret)
            }
            ClientAuthentication::Automatic => ClientAuth::Basic(secret),
        }
    }

    /// Providers may keep the address for the userinfo endpoint.
    async fn add_userinfo(
        &self,
        metadata: &Metadata,
        claims: &mut Claims,
        access_token: Option<&SecretString>,
    ) -> Result<(), SignInError> {
        // Entra ID's is another service with another consent, and says nothing more.
        let worth_it =
            !claims.contains_key("email") && !matches!(self.config.kind, ProviderKind::EntraId { .. });
        let (true, Some(endpoint), Some(token)) = (worth_it, &metadata.userinfo_endpoint, access_token)
        else {
            return Ok(());
        };
        let Value::Object(userinfo) = self.http.get(endpoint, Some(token)).await? else {
            return Err(SignInError::Userinfo);
        };
        // OpenID Connect Core §5.3.2
        if text(&userinfo, "sub") != text(claims, "sub") {
            return Err(SignInError::Userinfo);
        }
        add_userinfo(claims, userinfo);
        Ok(())
    }

    fn admit(&self, person: &ExternalPerson) -> Result<(), SignInError> {
        match &self.config.kind {
            ProviderKind::Google { hosted_domains, .. } if !hosted_domains.is_empty() => {
                let theirs = person.organisation.as_deref().unwrap_or_default();
                let admitted = hosted_domains.iter().any(|domain| domain.eq_ignore_ascii_case(theirs));
                if admitted { Ok(()) } else { Err(SignInError::NotAdmitted) }
            }
            _ => Ok(()),
        }
    }

    /// Where to send a browser that signed out here, to be signed out there too; `None` when the provider has
    /// no such page.
    ///
    /// # Errors
    /// When the provider cannot be reached.
    pub async fn sign_out_page(
        &self,
        return_to: &Url,
        now: DateTime<Utc>,
    ) -> Result<Option<Url>, ProviderError> {
        let metadata = self.metadata(now).await?;
        let page = metadata.end_session_endpoint.clone().map(|mut url| {
            url.query_pairs_mut()
                .append_pair("client_id", &self.config.client_id)
                .append_pair("post_logout_redirect_uri", return_to.as_str());
            url
        });
        Ok(page)
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: SecretString,
    access_token: Option<SecretString>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;

    fn now() -> DateTime<Utc> {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }

    fn pending(begin: &Begin<'_>) -> PendingSignIn {
        PendingSignIn::new(
            IdentityProviderId::from_u128(1),
            "https://login.example",
            begin,
            &Counting::default(),
            now(),
        )
        .unwrap()
    }

    fn code(pending: &PendingSignIn, query: &str, at: DateTime<Utc>) -> Result<String, SignInError> {
        let callback = Callback::from_query(query)?;
        let agrees = |issuer: Option<&str>| issuer.is_none_or(|issuer| issuer == "https://login.example");
        callback_code(IdentityProviderId::from_u128(1), pending, &callback, agrees, at).map(str::to_owned)
    }

    #[test]
    fn a_callback_belongs_to_the_browser_that_began() {
        // claim C1
        let pending = pending(&Begin::default());
        let good = format!("code=c&state={}", pending.state);
        assert_eq!(code(&pending, &good, now()), Ok("c".into()));
        assert_eq!(code(&pending, "code=c", now()), Err(SignInError::State));
        assert_eq!(code(&pending, "code=c&state=x", now()), Err(SignInError::State));
        assert_eq!(code(&pending, "error=access_denied&state=x", now()), Err(SignInError::State));
        assert_eq!(code(&pending, &good, now() + PENDING), Err(SignInError::Expired));
        assert_eq!(
            code(&pending, &format!("{good}&iss=https://evil.example"), now()),
            Err(SignInError::MixedUp)
        );
        assert_eq!(code(&pending, &format!("{good}&code=d"), now()), Err(SignInError::Callback));
        let no = format!("state={}&error=access_denied%0a%1b[31m", pending.state);
        assert_eq!(code(&pending, &no, now()), Err(SignInError::Refused("access_denied31m".into())));
        assert_eq!(code(&pending, &format!("state={}", pending.state), now()), Err(SignInError::Callback));
    }

    #[test]
    fn what_lies_between_survives_storage_and_stays_out_of_logs() {
        let begin = Begin {
            return_to: Some("/explorer?a=b"),
            account: Some(AccountId::from_u128(5)),
            ..Begin::default()
        };
        let pending = pending(&begin);
        let text = serde_json::to_string(&pending).unwrap();
        let back: PendingSignIn = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (back.return_to(), back.account()),
            (Some("/explorer?a=b"), Some(AccountId::from_u128(5)))
        );
        let shown = format!("{pending:?}{:?}", Callback::from_query("code=very-secret&state=s").unwrap());
        for secret in [&pending.state, &pending.nonce, &pending.verifier, "very-secret"] {
            assert!(!shown.contains(secret));
        }
    }

    #[test]
    fn nobody_is_sent_elsewhere_afterwards() {
        for bad in
            ["https://evil.example", "//evil.example", "/\\evil.example", "explorer", "/a b", "/a\n", ""]
        {
            assert_eq!(
                pending(&Begin { return_to: Some(bad), ..Begin::default() }).return_to(),
                None,
                "{bad}"
            );
        }
    }

    #[test]
    fn the_question_has_pkce_and_state() {
        let pending = pending(&Begin::default());
        let mut url: Url = "https://login.example/auth?tenant=a".parse().unwrap();
        pending.ask(&mut url, "bursar", &"https://costs.example/cb".parse().unwrap(), "openid");
        let query = url.query().unwrap();
        assert!(query.starts_with("tenant=a&response_type=code&client_id=bursar"), "{query}");
        assert!(query.contains("code_challenge_method=S256") && query.contains(&pending.state), "{query}");
        assert!(!query.contains(&pending.verifier), "the verifier stays here");
    }
}
