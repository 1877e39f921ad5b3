//! What a provider says about a person.

use super::config::{ProviderConfig, ProviderKind};
use super::token::{Claims, TokenError, moment, subject, text};
use bursar_domain::EmailAddress;
use chrono::{DateTime, Utc};
use serde_json::Value;

const MAX_GROUPS: usize = 1000;
const MAX_TEXT_CHARS: usize = 256;

/// Somebody who signed in at a provider. `issuer` and `subject` together are who they are; everything
/// else is what the provider says about them today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalPerson {
    /// Who says so.
    pub issuer: String,
    /// Who it is, in the issuer's own naming.
    pub subject: String,
    /// Their address. Entra ID lets tenants write any address here.
    pub email: Option<EmailAddress>,
    /// Whether the provider has seen that the address is theirs.
    pub email_verified: bool,
    /// What they are called.
    pub name: Option<String>,
    /// Their groups, as the provider names them.
    pub groups: Vec<String>,
    /// There are more groups than the token holds (Entra ID's overage, or more than a thousand): do not take
    /// anything away because a group is missing.
    pub groups_incomplete: bool,
    /// The organisation they belong to: Entra ID's tenant, Google's hosted domain.
    pub organisation: Option<String>,
    /// How they were authenticated (`acr`).
    pub acr: Option<String>,
    /// By what means (`amr`).
    pub amr: Vec<String>,
    /// When they were asked.
    pub auth_time: Option<DateTime<Utc>>,
    /// Their session at the provider, which a logout token names.
    pub session: Option<String>,
}

pub(super) fn from_claims(config: &ProviderConfig, claims: &Claims) -> Result<ExternalPerson, TokenError> {
    let email = text(claims, "email").and_then(|email| email.parse().ok());
    let (verified, organisation) = match &config.kind {
        // The `email` of Entra ID is whatever the tenant's administrator wrote. `xms_edov` says that the domain's
        // owner was verified.
        ProviderKind::EntraId { .. } => (claims.get("xms_edov"), "tid"),
        ProviderKind::OpenIdConnect { .. } | ProviderKind::Google { .. } => {
            (claims.get("email_verified"), "hd")
        }
    };
    let (groups, too_many) = texts(claims.get(&config.groups_claim));
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(&config.groups_claim)).is_some()
        || claims.get("hasgroups").is_some_and(is_true);
    Ok(ExternalPerson {
        issuer: text(claims, "iss").ok_or(TokenError::Claim("iss"))?.to_owned(),
        subject: subject(claims)?.to_owned(),
        email_verified: email.is_some() && verified.is_some_and(is_true),
        email,
        name: text(claims, "name").and_then(shown),
        groups,
        groups_incomplete: too_many || elsewhere,
        organisation: text(claims, organisation).and_then(shown),
        acr: text(claims, "acr").and_then(shown),
        amr: texts(claims.get("amr")).0,
        auth_time: moment(claims, "auth_time")?,
        session: text(claims, "sid").and_then(shown),
    })
}

/// Adds what the userinfo endpoint says and the token does not. The token wins: it is signed.
pub(super) fn add_userinfo(claims: &mut Claims, userinfo: Claims) {
    const NEVER: &[&str] = &[
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "nonce",
        "azp",
        "acr",
        "amr",
        "auth_time",
        "sid",
        "tid",
        "hd",
    ];
    // An address and its verification belong together.
    let has_email = claims.contains_key("email");
    for (name, value) in userinfo {
        let of_email = name == "email" || name == "email_verified";
        let kept = NEVER.contains(&name.as_str()) || (of_email && has_email);
        if !kept {
            claims.entry(name).or_insert(value);
        }
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        // Entra ID's optional claims and Cognito write texts.
        Value::String(text) => text == "true" || text == "1",
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    }
}

/// A text that can be shown: without control characters, cut at 256.
fn shown(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_TEXT_CHARS).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A list of texts, or one; and whether there were too many. A group's name is never cut: half a name is
/// another group.
fn texts(value: Option<&Value>) -> (Vec<String>, bool) {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(one @ Value::String(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let good = |text: &&str| {
        !text.is_empty() && text.len() <= 4 * MAX_TEXT_CHARS && !text.contains(char::is_control)
    };
    let texts = values.iter().take(MAX_GROUPS).filter_map(Value::as_str).filter(good);
    (texts.map(str::to_owned).collect(), values.len() > MAX_GROUPS)
}

#[cfg(test)]
mod tests {
    use super::super::config::EntraTenants;
    use super::super::config::testing::config;
    use super::*;
    use serde_json::json;

    fn person(kind: ProviderKind, claims: Value) -> ExternalPerson {
        from_claims(&config(kind), claims.as_object().unwrap()).unwrap()
    }

    fn generic() -> ProviderKind {
        ProviderKind::OpenIdConnect { issuer: "https://login.example".into() }
    }

    fn entra() -> ProviderKind {
        ProviderKind::EntraId { tenants: EntraTenants::AnyOrganisation, authority: None }
    }

    #[test]
    fn a_person_is_what_the_token_says() {
        // claim C1
        let ana = person(
            generic(),
            json!({
                "iss": "https://login.example", "sub": "1", "email": "Ana@Example.com", "email_verified": true,
                "name": "Ana\u{0} Lindqvist", "groups": ["finops", "admins", 7, ""], "acr": "phr", "amr": ["pwd", "otp"],
                "auth_time": 1_790_000_000, "sid": "s-1",
            }),
        );
        assert_eq!(ana.email.unwrap().as_str(), "ana@example.com");
        assert!(ana.email_verified && !ana.groups_incomplete);
        assert_eq!((ana.name.as_deref(), ana.session.as_deref()), (Some("Ana Lindqvist"), Some("s-1")));
        assert_eq!(
            (ana.groups, ana.amr),
            (vec!["finops".to_owned(), "admins".into()], vec!["pwd".to_owned(), "otp".into()])
        );
    }

    #[test]
    fn an_address_is_verified_only_where_the_provider_may_say_so() {
        // claim C1: a tenant's administrator may write anybody's address ("nOAuth").
        let base = json!({ "iss": "i", "sub": "1", "email": "ceo@victim.example" });
        let with = |kind: ProviderKind, name: &str, value: Value| {
            let mut claims = base.clone();
            claims[name] = value;
            person(kind, claims).email_verified
        };
        assert!(!with(entra(), "email_verified", json!(true)));
        assert!(with(entra(), "xms_edov", json!("1")) && with(entra(), "xms_edov", json!(true)));
        assert!(!with(generic(), "xms_edov", json!(true)));
        assert!(with(generic(), "email_verified", json!("true")));
        for no in [json!(false), json!("false"), json!(0), json!(null), json!([true])] {
            assert!(!with(generic(), "email_verified", no));
        }
        assert!(!person(generic(), json!({ "iss": "i", "sub": "1", "email_verified": true })).email_verified);
    }

    #[test]
    fn groups_that_are_elsewhere_are_missed() {
        let overage = json!({ "iss": "i", "sub": "1", "_claim_names": { "groups": "src1" } });
        assert!(person(entra(), overage).groups_incomplete);
        let many: Vec<String> = (0..1001).map(|n| n.to_string()).collect();
        let many = person(generic(), json!({ "iss": "i", "sub": "1", "groups": many }));
        assert!(many.groups_incomplete && many.groups.len() == 1000);
    }

    #[test]
    fn userinfo_adds_and_never_replaces() {
        let claims = |value: Value| value.as_object().unwrap().clone();
        let mut token = claims(json!({ "iss": "i", "sub": "1", "email": "a@b.c" }));
        add_userinfo(
            &mut token,
            claims(
                json!({ "sub": "2", "email": "x@y.z", "email_verified": true, "name": "N", "acr": "high" }),
            ),
        );
        assert_eq!(Value::Object(token), json!({ "iss": "i", "sub": "1", "email": "a@b.c", "name": "N" }));
    }
}
