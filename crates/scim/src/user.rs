//! A user, with what means something here taken out of the resource.

use crate::error::{ScimError, ScimType};
use crate::resource::Resource;
use crate::schema::Kind;
use crate::value::is_primary;
use bursar_domain::EmailAddress;
use serde_json::{Map, Value};

/// Longest user name, in characters.
pub const MAX_USER_NAME: usize = 256;

/// A user as a client provisioned it.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The name, unique whatever its case.
    pub user_name: String,
    /// The id that the client knows it by.
    pub external_id: Option<String>,
    /// Whether it may be used, if the client says.
    pub active: Option<bool>,
    /// The other attributes.
    pub attributes: Map<String, Value>,
}

impl TryFrom<Resource> for User {
    type Error = ScimError;

    fn try_from(resource: Resource) -> Result<Self, ScimError> {
        let mut attributes = resource.into_content();
        let user_name = required(&mut attributes, "userName", MAX_USER_NAME)?;
        let external_id = external_id(&mut attributes)?;
        let active = attributes.remove("active").and_then(|active| active.as_bool());
        Ok(Self { user_name, external_id, active, attributes })
    }
}

/// A text that must be there.
pub(crate) fn required(
    attributes: &mut Map<String, Value>,
    name: &str,
    longest: usize,
) -> Result<String, ScimError> {
    match attributes.remove(name) {
        Some(Value::String(text)) if !text.trim().is_empty() && text.chars().count() <= longest => Ok(text),
        _ => Err(ScimError::new(
            ScimType::InvalidValue,
            format!("`{name}` is a text of 1 to {longest} characters"),
        )),
    }
}

pub(crate) fn external_id(attributes: &mut Map<String, Value>) -> Result<Option<String>, ScimError> {
    match attributes.remove("externalId") {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= 1_024 => Ok(Some(text).filter(|text| !text.is_empty())),
        Some(_) => Err(ScimError::new(ScimType::InvalidValue, "`externalId` has 1,024 bytes at most")),
    }
}

impl User {
    /// As a resource again.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        let mut content = self.attributes;
        content.insert("userName".to_owned(), Value::String(self.user_name));
        if let Some(id) = self.external_id {
            content.insert("externalId".to_owned(), Value::String(id));
        }
        if let Some(active) = self.active {
            content.insert("active".to_owned(), Value::Bool(active));
        }
        Resource::restore(Kind::User, content)
    }

    /// The address that the person signs in with: the primary one, or else the one for work (or for nothing
    /// in particular), or else the user name where it is an address, or else the first.
    #[must_use]
    pub fn address(&self) -> Option<EmailAddress> {
        let emails = self.attributes.get("emails").and_then(Value::as_array);
        let emails = emails.map(Vec::as_slice).unwrap_or_default();
        let of = |email: &Value| email.get("value")?.as_str()?.parse::<EmailAddress>().ok();
        let work = |email: &&Value| {
            let kind = email.get("type").and_then(Value::as_str);
            kind.is_none_or(|kind| kind.eq_ignore_ascii_case("work"))
        };
        let primary = emails.iter().find(|email| is_primary(email)).and_then(of);
        primary
            .or_else(|| emails.iter().filter(work).find_map(of))
            .or_else(|| self.user_name.parse().ok())
            .or_else(|| emails.iter().find_map(of))
    }

    /// What to call the person.
    #[must_use]
    pub fn display(&self) -> String {
        let text = |value: Option<&Value>| {
            value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let name = |part: &str| text(self.attributes.get("name").and_then(|name| name.get(part)));
        let parts = [name("givenName"), name("familyName")].into_iter().flatten().collect::<Vec<_>>();
        text(self.attributes.get("displayName"))
            .or_else(|| name("formatted"))
            .or_else(|| (!parts.is_empty()).then(|| parts.join(" ")))
            .unwrap_or_else(|| self.user_name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user(given: Value) -> User {
        User::try_from(Resource::read(Kind::User, &given).unwrap()).unwrap()
    }

    #[test]
    fn a_user_becomes_a_resource_and_back() {
        let user = user(json!({ "userName": "Ana", "externalId": "7", "title": "Dr." }));
        assert_eq!(user.active, None);
        assert_eq!(User::try_from(user.clone().into_resource()).unwrap(), user);
        for wrong in [json!({}), json!({ "userName": " " }), json!({ "userName": "x".repeat(257) })] {
            let refused = User::try_from(Resource::read(Kind::User, &wrong).unwrap()).unwrap_err();
            assert_eq!(refused.kind, Some(ScimType::InvalidValue), "{wrong}");
        }
    }

    #[test]
    fn the_address_and_the_name_are_found_where_providers_put_them() {
        let address = |given: Value| user(given).address().map(|address| address.to_string());
        let (home, work) = (json!({ "value": "h@example.com", "type": "home" }), "w@example.com");
        let work = json!({ "value": work, "type": "Work" });
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            address(json!({ "userName": "n@example.com", "emails": [home, work] })),
            some("w@example.com")
        );
        let primary = json!({ "value": "p@example.com", "primary": "True" });
        assert_eq!(address(json!({ "userName": "n", "emails": [work, primary] })), some("p@example.com"));
        assert_eq!(address(json!({ "userName": "n@example.com", "emails": [home] })), some("n@example.com"));
        assert_eq!(address(json!({ "userName": "n", "emails": [home] })), some("h@example.com"));
        assert_eq!(
            address(json!({ "userName": "n@example.com", "emails": ["o@example.com"] })),
            some("o@example.com")
        );
        assert_eq!(address(json!({ "userName": "n" })), None);
        let name = |given: Value| user(given).display();
        assert_eq!(name(json!({ "userName": "n", "name": { "givenName": "A", "familyName": "B" } })), "A B");
        assert_eq!(name(json!({ "userName": "n", "displayName": " " })), "n");
    }
}
