//! A group, with what means something here taken out of the resource.

use crate::error::{ScimError, ScimType};
use crate::resource::Resource;
use crate::schema::Kind;
use crate::user::{external_id, required};
use bursar_domain::id::ScimUserId;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Longest name of a group, in characters.
pub const MAX_DISPLAY_NAME: usize = 256;

/// A group as a client provisioned it.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What it is called.
    pub display_name: String,
    /// The id that the client knows it by.
    pub external_id: Option<String>,
    /// Who is in it.
    pub members: BTreeSet<ScimUserId>,
    /// The other attributes.
    pub attributes: Map<String, Value>,
}

impl TryFrom<Resource> for Group {
    type Error = ScimError;

    fn try_from(resource: Resource) -> Result<Self, ScimError> {
        let mut attributes = resource.into_content();
        let display_name = required(&mut attributes, "displayName", MAX_DISPLAY_NAME)?;
        let external_id = external_id(&mut attributes)?;
        let mut members = BTreeSet::new();
        if let Some(Value::Array(listed)) = attributes.remove("members") {
            for member in listed {
                let kind = member.get("type").and_then(Value::as_str).unwrap_or("User");
                if !kind.eq_ignore_ascii_case("User") {
                    return Err(ScimError::new(
                        ScimType::InvalidValue,
                        "groups in groups are not supported: a member is a user",
                    ));
                }
                let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
                let id = id.parse().map_err(|_| no_such_member())?;
                members.insert(id);
            }
        }
        Ok(Self { display_name, external_id, members, attributes })
    }
}

/// A member that is no user here.
#[must_use]
pub fn no_such_member() -> ScimError {
    ScimError::new(ScimType::InvalidValue, "a member's `value` is the id of a user here")
}

impl Group {
    /// As a resource again.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        let mut content = self.attributes;
        content.insert("displayName".to_owned(), Value::String(self.display_name));
        if let Some(id) = self.external_id {
            content.insert("externalId".to_owned(), Value::String(id));
        }
        if !self.members.is_empty() {
            let members = self.members.iter().map(|id| json!({ "value": id.to_string(), "type": "User" }));
            content.insert("members".to_owned(), members.collect());
        }
        Resource::restore(Kind::Group, content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_users_and_nobody_is_twice() {
        let id = ScimUserId::from_u128(7).to_string();
        let given =
            json!({ "displayName": "Ops", "members": [{ "value": id }, { "value": id, "type": "user" }] });
        let group = Group::try_from(Resource::read(Kind::Group, &given).unwrap()).unwrap();
        assert_eq!(group.members.len(), 1);
        assert_eq!(Group::try_from(group.clone().into_resource()).unwrap(), group);
        for member in
            [json!({ "value": id, "type": "Group" }), json!({ "value": "x" }), json!({ "type": "User" })]
        {
            let given = json!({ "displayName": "Ops", "members": [member] });
            let refused = Group::try_from(Resource::read(Kind::Group, &given).unwrap()).unwrap_err();
            assert_eq!(refused.kind, Some(ScimType::InvalidValue), "{given}");
        }
    }
}
