//! What users and groups consist of (RFC 7643 §4), as tables that everything else follows: reading,
//! PATCH, filters, projection and the documents that clients discover.
//!
//! `password` is named, because clients look for it, and never taken nor told: people sign in at their
//! identity provider or choose one here themselves.
//! Groups in groups are not taken: a member is a user.

mod attributes;
mod document;

use crate::path::AttributePath;

pub(crate) use attributes::COMMON;

/// The schema of users.
pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// What enterprises add to users (RFC 7643 §4.3).
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a value is (RFC 7643 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A moment.
    DateTime,
    /// The address of a resource.
    Reference,
    /// Base64.
    Binary,
    /// Made of sub-attributes.
    Complex,
}

/// Who may set it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The client.
    ReadWrite,
    /// The server.
    ReadOnly,
    /// The client, once.
    Immutable,
}

/// Whether it is in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// In every one, asked for or not.
    Always,
    /// Unless it is not asked for.
    Default,
    /// In none.
    Never,
}

/// An attribute, or a sub-attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name, as it is spelled in answers. In requests any case will do.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// What a value is.
    pub kind: ValueKind,
    /// Whether there may be several.
    pub multi: bool,
    /// Whether there must be one.
    pub required: bool,
    /// Whether case matters in comparisons.
    pub case_exact: bool,
    /// Who may set it.
    pub mutability: Mutability,
    /// Whether it is in answers.
    pub returned: Returned,
    /// Whether no two resources share a value.
    pub unique: bool,
    /// Usual values.
    pub canonical: &'static [&'static str],
    /// What a reference leads to.
    pub references: &'static [&'static str],
    /// What it is made of.
    pub sub: &'static [Attribute],
}

impl Attribute {
    /// The sub-attribute of that name, in any case.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }
}

pub(crate) fn find(list: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    list.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// A schema.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// What a resource consists of.
    pub attributes: &'static [Attribute],
}

/// All schemas.
pub const SCHEMAS: [Schema; 3] = [
    Schema {
        id: USER_URN,
        name: "User",
        description: "Somebody who may sign in",
        attributes: attributes::USER,
    },
    Schema {
        id: GROUP_URN,
        name: "Group",
        description: "Users who are treated alike",
        attributes: attributes::GROUP,
    },
    Schema {
        id: ENTERPRISE_URN,
        name: "EnterpriseUser",
        description: "Where somebody stands in an organisation",
        attributes: attributes::ENTERPRISE,
    },
];

/// The two kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Users.
    User,
    /// Groups.
    Group,
}

/// An attribute of a kind of resource, and where its value lies.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// The extension that has it; the resource itself when there is none.
    pub extension: Option<&'static str>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute that the path ends with.
    pub sub: Option<&'static Attribute>,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The path segment of its endpoint.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The URN of its schema.
    #[must_use]
    pub const fn urn(self) -> &'static str {
        match self {
            Self::User => USER_URN,
            Self::Group => GROUP_URN,
        }
    }

    /// The URN of its extension.
    #[must_use]
    pub const fn extension(self) -> Option<&'static str> {
        match self {
            Self::User => Some(ENTERPRISE_URN),
            Self::Group => None,
        }
    }

    pub(crate) const fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => attributes::USER,
            Self::Group => attributes::GROUP,
        }
    }

    /// What a path names. `None` when no schema of this kind has it.
    #[must_use]
    pub fn find(self, path: &AttributePath) -> Option<Found> {
        let name = path.name()?;
        let (extension, attribute) = match path.schema() {
            Some(urn) if self.extension().is_some_and(|known| known.eq_ignore_ascii_case(urn)) => {
                (self.extension(), find(attributes::ENTERPRISE, name)?)
            }
            Some(urn) if !urn.eq_ignore_ascii_case(self.urn()) => return None,
            _ => (None, find(self.attributes(), name).or_else(|| find(COMMON, name))?),
        };
        let sub = match path.sub() {
            Some(sub) => Some(attribute.find(sub)?),
            None => None,
        };
        Some(Found { extension, attribute, sub })
    }

    /// Whether the path is the whole of the extension.
    pub(crate) fn is_extension(self, path: &AttributePath) -> bool {
        path.name().is_none()
            && path.schema().is_some_and(|urn| self.extension().is_some_and(|e| e.eq_ignore_ascii_case(urn)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_attributes_whatever_their_case() {
        let find = |kind: Kind, text: &str| kind.find(&text.parse().unwrap());
        assert_eq!(find(Kind::User, "USERNAME").unwrap().attribute.name, "userName");
        assert_eq!(find(Kind::User, "name.familyname").unwrap().sub.unwrap().name, "familyName");
        let urn = format!("{}:userName", USER_URN.to_lowercase());
        assert_eq!(find(Kind::User, &urn).unwrap().attribute.name, "userName");
        let manager = find(Kind::User, &format!("{ENTERPRISE_URN}:manager.value")).unwrap();
        assert_eq!((manager.extension, manager.attribute.name), (Some(ENTERPRISE_URN), "manager"));
        for nowhere in ["members", "hobby", "name.x", "urn:example:other:userName"] {
            assert!(find(Kind::User, nowhere).is_none(), "{nowhere}");
        }
        assert!(Kind::User.is_extension(&ENTERPRISE_URN.parse().unwrap()));
        assert!(!Kind::Group.is_extension(&ENTERPRISE_URN.parse().unwrap()));
    }
}
