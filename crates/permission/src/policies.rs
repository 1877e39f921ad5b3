//! The policies and their schema, read from `authz/` and checked.
//!
//! They are compiled in: whoever can change them can change the program. Each policy carries `@id`,
//! which answers and records name, and `@says`, a sentence for people.

use cedar_policy::{Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use serde::Serialize;
use std::collections::HashMap;
use std::str::FromStr;

/// The schema, and the files of policies in the order people read them.
pub(crate) const SCHEMA: &str = include_str!("../../../authz/schema.cedarschema");
pub(crate) const FILES: &[(&str, &str)] = &[
    ("roles.cedar", include_str!("../../../authz/roles.cedar")),
    ("principals.cedar", include_str!("../../../authz/principals.cedar")),
    ("limits.cedar", include_str!("../../../authz/limits.cedar")),
    ("places.cedar", include_str!("../../../authz/places.cedar")),
];

/// What a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It allows, unless another forbids.
    Permit,
    /// It forbids, whatever others allow.
    Forbid,
}

/// What there is to say about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyNote {
    /// As answers and records name it.
    pub id: String,
    /// What it does.
    pub effect: Effect,
    /// A sentence for people, without a full stop.
    pub says: String,
    /// The file in `authz/`.
    pub file: &'static str,
}

/// Why the policies cannot be used. A bug of ours, or of whoever changed `authz/`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The schema does not parse.
    #[error("authz/schema.cedarschema cannot be read: {0}")]
    Schema(String),
    /// A file of policies does not parse.
    #[error("authz/{file} cannot be read: {why}")]
    Policies {
        /// The file.
        file: &'static str,
        /// What Cedar says.
        why: String,
    },
    /// A policy that answers could not name.
    #[error("authz/{file}: a policy has no @{annotation}: give it one")]
    Annotation {
        /// The file.
        file: &'static str,
        /// Which.
        annotation: &'static str,
    },
    /// An id that is used already.
    #[error("authz/{file}: there are two policies called `{id}`")]
    Twice {
        /// The file.
        file: &'static str,
        /// The id.
        id: String,
    },
    /// A policy that does not fit the schema.
    #[error("the policies do not fit authz/schema.cedarschema: {0}")]
    Invalid(String),
    /// A word that the program knows and the schema does not.
    #[error("authz/schema.cedarschema does not know `{0}`")]
    Word(String),
}

/// Policies that fit their schema, each with its id and its sentence.
pub(crate) struct Policies {
    pub(crate) schema: Schema,
    pub(crate) set: PolicySet,
    /// The permits alone: what would be allowed if nothing were forbidden.
    pub(crate) permits: PolicySet,
    notes: Vec<PolicyNote>,
    places: HashMap<String, usize>,
}

impl Policies {
    pub(crate) fn read(schema: &str, files: &[(&'static str, &str)]) -> Result<Self, PolicyError> {
        let (schema, _) =
            Schema::from_cedarschema_str(schema).map_err(|error| PolicyError::Schema(error.to_string()))?;
        let mut policies = Vec::new();
        let mut notes: Vec<PolicyNote> = Vec::new();
        for &(file, text) in files {
            for (policy, note) in named(file, text)? {
                if notes.iter().any(|other| other.id == note.id) {
                    return Err(PolicyError::Twice { file, id: note.id });
                }
                policies.push(policy);
                notes.push(note);
            }
        }
        Self::assemble(schema, policies, notes)
    }

    fn assemble(schema: Schema, policies: Vec<Policy>, notes: Vec<PolicyNote>) -> Result<Self, PolicyError> {
        let permits =
            policies.iter().filter(|policy| policy.effect() == cedar_policy::Effect::Permit).cloned();
        let unusable = |error: cedar_policy::PolicySetError| PolicyError::Invalid(error.to_string());
        let permits = PolicySet::from_policies(permits).map_err(unusable)?;
        let set = PolicySet::from_policies(policies).map_err(unusable)?;
        let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        let mut wrong: Vec<String> = result
            .validation_errors()
            .map(ToString::to_string)
            .chain(result.validation_warnings().map(ToString::to_string))
            .collect();
        if !wrong.is_empty() {
            wrong.sort();
            return Err(PolicyError::Invalid(wrong.join("; ")));
        }
        let places = notes.iter().enumerate().map(|(place, note)| (note.id.clone(), place)).collect();
        Ok(Self { schema, set, permits, notes, places })
    }

    pub(crate) fn notes(&self) -> &[PolicyNote] {
        &self.notes
    }

    /// The notes of these policies, in the order of the files.
    pub(crate) fn notes_of<'a>(&self, ids: impl Iterator<Item = &'a PolicyId>) -> Vec<&PolicyNote> {
        let mut places: Vec<usize> =
            ids.filter_map(|id| self.places.get::<str>(id.as_ref())).copied().collect();
        places.sort_unstable();
        places.into_iter().filter_map(|place| self.notes.get(place)).collect()
    }

    /// The same without one policy, to see what it is there for.
    #[cfg(test)]
    pub(crate) fn without(&self, id: &str) -> Self {
        let policies =
            self.set.policies().filter(|policy| policy.id().as_ref() as &str != id).cloned().collect();
        let notes = self.notes.iter().filter(|note| note.id != id).cloned().collect();
        Self::assemble(self.schema.clone(), policies, notes).unwrap()
    }
}

/// The policies of one file under their own ids, with their notes, in the order of the file.
fn named(file: &'static str, text: &str) -> Result<Vec<(Policy, PolicyNote)>, PolicyError> {
    let set =
        PolicySet::from_str(text).map_err(|error| PolicyError::Policies { file, why: error.to_string() })?;
    let mut found = Vec::new();
    for policy in set.policies() {
        let annotation = |name: &'static str| {
            let value = policy.annotation(name).filter(|value| !value.is_empty());
            value.map(str::to_owned).ok_or(PolicyError::Annotation { file, annotation: name })
        };
        let (id, says) = (annotation("id")?, annotation("says")?);
        let effect = match policy.effect() {
            cedar_policy::Effect::Permit => Effect::Permit,
            cedar_policy::Effect::Forbid => Effect::Forbid,
        };
        // Cedar keeps no order; the text does.
        let place = text.find(&format!("@id(\"{id}\")")).unwrap_or(usize::MAX);
        found.push((place, policy.new_id(PolicyId::new(&id)), PolicyNote { id, effect, says, file }));
    }
    found.sort_by_key(|(place, _, _)| *place);
    Ok(found.into_iter().map(|(_, policy, note)| (policy, note)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(policies: &'static str) -> Result<Policies, PolicyError> {
        Policies::read(SCHEMA, &[("x.cedar", policies)])
    }

    #[test]
    fn policies_that_answers_could_not_name_are_refused() {
        let unnamed = read("permit (principal, action, resource);").err();
        assert_eq!(unnamed, Some(PolicyError::Annotation { file: "x.cedar", annotation: "id" }));
        let silent = read("@id(\"a\") permit (principal, action, resource);").err();
        assert_eq!(silent, Some(PolicyError::Annotation { file: "x.cedar", annotation: "says" }));
        let one = "@id(\"a\") @says(\"b\") permit (principal, action, resource);";
        let twice = Policies::read(SCHEMA, &[("x.cedar", one), ("y.cedar", one)]).err();
        assert_eq!(twice, Some(PolicyError::Twice { file: "y.cedar", id: "a".into() }));
    }

    #[test]
    fn what_does_not_fit_the_schema_is_refused() {
        for condition in [
            "resource == Page::\"bills\"",          // no such page
            "principal in Role::\"boss\"",          // no such role
            "principal.read_only",                  // not every principal has it
            "action == Action::\"destroy\"",        // no such action
            "resource == Page::\"admin\" && false", // can never hold
        ] {
            let text = format!(
                "@id(\"a\") @says(\"b\") permit (principal, action, resource) when {{ {condition} }};"
            );
            let found = Policies::read(SCHEMA, &[("x.cedar", &text)]);
            assert!(matches!(found, Err(PolicyError::Invalid(_))), "{condition}");
        }
        assert!(matches!(read("permit (principal"), Err(PolicyError::Policies { .. })));
        assert!(matches!(Policies::read("entity", &[]), Err(PolicyError::Schema(_))));
    }

    #[test]
    fn every_file_in_authz_is_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../authz");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".cedar"))
            .collect();
        found.sort();
        let mut known: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(found, known);
    }
}
