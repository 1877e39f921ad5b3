//! A schema as clients discover it (RFC 7643 §7).

use super::{Attribute, Mutability, Returned, Schema, ValueKind};
use serde_json::{Value, json};

impl Schema {
    /// The document. `base` is the address that ends with `/scim/v2`.
    #[must_use]
    pub fn to_json(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::document).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}

impl Attribute {
    fn document(&self) -> Value {
        let kind = match self.kind {
            ValueKind::String => "string",
            ValueKind::Boolean => "boolean",
            ValueKind::DateTime => "dateTime",
            ValueKind::Reference => "reference",
            ValueKind::Binary => "binary",
            ValueKind::Complex => "complex",
        };
        let mutability = match self.mutability {
            Mutability::ReadWrite => "readWrite",
            Mutability::ReadOnly => "readOnly",
            Mutability::Immutable => "immutable",
        };
        let mut document = json!({
            "name": self.name,
            "type": kind,
            "multiValued": self.multi,
            "description": self.description,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": mutability,
            "returned": match self.returned {
                Returned::Always => "always",
                Returned::Default => "default",
                Returned::Never => "never",
            },
            "uniqueness": if self.unique { "server" } else { "none" },
        });
        if !self.canonical.is_empty() {
            document["canonicalValues"] = json!(self.canonical);
        }
        if !self.references.is_empty() {
            document["referenceTypes"] = json!(self.references);
        }
        if !self.sub.is_empty() {
            document["subAttributes"] = self.sub.iter().map(Attribute::document).collect();
        }
        document
    }
}
