//! A resource as it is answered.

use crate::resource::Resource;
use crate::schema::Kind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// What the server knows about a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// When it was last changed.
    pub changed: DateTime<Utc>,
}

/// A group that a user is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOf {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub display: String,
}

impl Resource {
    /// The resource's address. `base` ends with `/scim/v2`.
    #[must_use]
    pub fn location(kind: Kind, base: &str, id: &str) -> String {
        format!("{base}/{}/{id}", kind.endpoint())
    }

    /// The ETag: weak, made of the content and the moment of the last change. The groups of a user are not
    /// in it: they are changed through the groups.
    #[must_use]
    pub fn etag(&self, identity: &Identity) -> String {
        let content = Value::Object(self.content().clone()).to_string();
        let mut digest = Sha256::new();
        for part in [identity.id.as_str(), &identity.changed.timestamp_micros().to_string(), &content] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        format!("W/\"{}\"", hex::encode(digest.finalize().get(..12).unwrap_or_default()))
    }

    /// The whole resource as it is answered.
    #[must_use]
    pub fn render(&self, base: &str, identity: &Identity, groups: &[GroupOf]) -> Value {
        let kind = self.kind();
        let mut schemas = vec![kind.urn()];
        schemas.extend(kind.extension().filter(|urn| self.content().contains_key(*urn)));
        let mut whole = Map::new();
        whole.insert("schemas".to_owned(), json!(schemas));
        whole.insert("id".to_owned(), json!(identity.id));
        whole.extend(self.content().clone());
        if let Some(Value::Array(members)) = whole.get_mut("members") {
            for member in members.iter_mut().filter_map(Value::as_object_mut) {
                let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
                let location = Self::location(Kind::User, base, id);
                member.insert("$ref".to_owned(), Value::String(location));
                member.insert("type".to_owned(), json!(Kind::User.name()));
            }
        }
        let moment = |moment: DateTime<Utc>| moment.to_rfc3339_opts(SecondsFormat::Micros, true);
        whole.insert(
            "meta".to_owned(),
            json!({
                "resourceType": kind.name(),
                "created": moment(identity.created),
                "lastModified": moment(identity.changed),
                "location": Self::location(kind, base, &identity.id),
                "version": self.etag(identity),
            }),
        );
        let mut whole = Value::Object(whole);
        put_groups(&mut whole, base, groups);
        whole
    }
}

/// Puts the groups that a user is in into the user as it is answered.
pub fn put_groups(user: &mut Value, base: &str, groups: &[GroupOf]) {
    let Some(user) = user.as_object_mut().filter(|_| !groups.is_empty()) else { return };
    let groups = groups.iter().map(|group| {
        json!({
            "value": group.id,
            "$ref": Resource::location(Kind::Group, base, &group.id),
            "display": group.display,
            "type": "direct",
        })
    });
    user.insert("groups".to_owned(), groups.collect());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_answered_whole_and_its_tag_follows_its_content() {
        let identity = Identity {
            id: "grp_1".into(),
            created: DateTime::UNIX_EPOCH,
            changed: DateTime::from_timestamp_micros(5).unwrap(),
        };
        let given = json!({ "displayName": "Ops", "members": [{ "value": "usr_1" }] });
        let group = Resource::read(Kind::Group, &given).unwrap();
        let answered = group.render("https://b.example/scim/v2", &identity, &[]);
        assert_eq!(answered["members"][0]["$ref"], "https://b.example/scim/v2/Users/usr_1");
        assert_eq!(answered["meta"]["location"], "https://b.example/scim/v2/Groups/grp_1");
        assert_eq!(answered["meta"]["lastModified"], "1970-01-01T00:00:00.000005Z");
        let other = Resource::read(Kind::Group, &json!({ "displayName": "Ops2" })).unwrap();
        assert_ne!(group.etag(&identity), other.etag(&identity));
        let later = Identity { changed: DateTime::from_timestamp_micros(6).unwrap(), ..identity.clone() };
        assert_ne!(group.etag(&identity), group.etag(&later));
        assert_eq!(answered["meta"]["version"], group.etag(&identity));
    }
}
