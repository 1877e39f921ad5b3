//! What a filter says about a resource.
//!
//! An attribute without a value is less than nothing, equal to nothing but `null`. Of several values one
//! that fits is enough; `ne` says that none is equal.

use super::words::invalid;
use super::{Comparison, Filter};
use crate::error::ScimError;
use crate::path::AttributePath;
use crate::schema::{Attribute, Kind, ValueKind};
use chrono::DateTime;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Where paths begin.
#[derive(Clone, Copy)]
enum Scope {
    Resource(Kind),
    Parts(&'static Attribute),
}

/// Values under a path, and the attribute that says how they compare.
struct Under<'a> {
    attribute: &'static Attribute,
    values: Vec<&'a Value>,
}

impl Scope {
    /// The attribute (or sub-attribute) that a path ends at.
    fn find(self, path: &AttributePath) -> Option<&'static Attribute> {
        let found = match self {
            Self::Resource(kind) => {
                let found = kind.find(path)?;
                found.sub.unwrap_or(found.attribute)
            }
            Self::Parts(attribute) => {
                if path.schema().is_some() || path.sub().is_some() {
                    return None;
                }
                attribute.find(path.name()?)?
            }
        };
        Some(found)
    }

    fn under<'a>(self, path: &AttributePath, value: &'a Value) -> Option<Under<'a>> {
        match self {
            Self::Parts(attribute) => {
                let sub =
                    self.find(path).filter(|_| value.is_object()).or_else(|| attribute.find("value"))?;
                Some(Under { attribute: sub, values: listed(value.get(sub.name)) })
            }
            Self::Resource(kind) => {
                let found = kind.find(path)?;
                let holder = match found.extension {
                    Some(urn) => value.get(urn),
                    None => Some(value),
                };
                let values = listed(holder.and_then(|holder| holder.get(found.attribute.name)));
                match found.sub {
                    None => Some(Under { attribute: found.attribute, values }),
                    Some(sub) => {
                        let values = values.into_iter().filter_map(|one| one.get(sub.name)).collect();
                        Some(Under { attribute: sub, values })
                    }
                }
            }
        }
    }
}

fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    }
}

impl Filter {
    /// That every attribute is one of this kind, and is compared as it can be.
    ///
    /// # Errors
    /// [`crate::ScimType::InvalidFilter`].
    pub fn check(&self, kind: Kind) -> Result<(), ScimError> {
        self.check_in(Scope::Resource(kind))
    }

    /// The same, inside of an attribute's values.
    pub(crate) fn check_parts(&self, attribute: &'static Attribute) -> Result<(), ScimError> {
        self.check_in(Scope::Parts(attribute))
    }

    fn check_in(&self, scope: Scope) -> Result<(), ScimError> {
        let known = |path: &AttributePath| {
            scope.find(path).ok_or_else(|| invalid(format!("there is no attribute `{path}` to filter by")))
        };
        match self {
            Self::Present(path) => known(path).map(|_| ()),
            Self::Compare(path, comparison, _) => {
                let attribute = known(path)?;
                let order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                if order && attribute.kind == ValueKind::Boolean {
                    return Err(invalid(format!("`{path}` is true or false, and neither is greater")));
                }
                Ok(())
            }
            Self::Values(path, inner) => {
                let attribute = known(path)?;
                if attribute.sub.is_empty() {
                    return Err(invalid(format!("`{path}` has no parts to choose by")));
                }
                inner.check_in(Scope::Parts(attribute))
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().try_for_each(|part| part.check_in(scope)),
            Self::Not(inner) => inner.check_in(scope),
        }
    }

    /// Whether a whole resource, as it is answered, is as the filter says.
    #[must_use]
    pub fn matches(&self, kind: Kind, resource: &Value) -> bool {
        self.holds(Scope::Resource(kind), resource)
    }

    /// Whether one value of an attribute is.
    pub(crate) fn matches_part(&self, attribute: &'static Attribute, value: &Value) -> bool {
        self.holds(Scope::Parts(attribute), value)
    }

    fn holds(&self, scope: Scope, value: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(scope, value)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(scope, value)),
            Self::Not(inner) => !inner.holds(scope, value),
            Self::Present(path) => scope.under(path, value).is_some_and(|under| !under.values.is_empty()),
            Self::Values(path, inner) => scope.under(path, value).is_some_and(|under| {
                under.values.iter().any(|one| inner.holds(Scope::Parts(under.attribute), one))
            }),
            Self::Compare(path, comparison, with) => match scope.under(path, value) {
                Some(under) => under.compare(*comparison, with),
                None => *comparison == Comparison::NotEqual,
            },
        }
    }

    /// What must be equal for the filter to hold: comparisons that are not below `or` or `not`.
    #[must_use]
    pub fn equalities(&self) -> Vec<(&AttributePath, &Value)> {
        match self {
            Self::Compare(path, Comparison::Equal, value) => vec![(path, value)],
            Self::And(parts) => parts.iter().flat_map(Self::equalities).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an attribute of that name is asked about.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        match self {
            Self::Compare(path, ..) | Self::Present(path) | Self::Values(path, _) => {
                path.name().is_some_and(|other| other.eq_ignore_ascii_case(name))
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.names(name)),
            Self::Not(inner) => inner.names(name),
        }
    }

    /// A value that the filter holds for, when it says all by equality.
    pub(crate) fn template(&self, attribute: &'static Attribute) -> Option<Value> {
        let parts = match self {
            Self::And(parts) => parts.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut template = Map::new();
        for part in parts {
            let Self::Compare(path, Comparison::Equal, value) = part else { return None };
            let sub = Scope::Parts(attribute).find(path)?;
            template.insert(sub.name.to_owned(), crate::value::read(sub, value).ok()??);
        }
        Some(Value::Object(template))
    }
}

impl Under<'_> {
    fn compare(&self, comparison: Comparison, with: &Value) -> bool {
        if with.is_null() {
            return match comparison {
                Comparison::Equal => self.values.is_empty(),
                Comparison::NotEqual => !self.values.is_empty(),
                _ => false,
            };
        }
        let fits = |value: &&Value| {
            // Of a complex value, its `value`.
            let inner = match (value.as_object(), self.attribute.find("value")) {
                (Some(object), Some(sub)) => object.get(sub.name).map(|value| (value, sub)),
                (Some(_), None) => None,
                (None, _) => Some((*value, self.attribute)),
            };
            inner.is_some_and(|(value, attribute)| fits(attribute, value, comparison, with))
        };
        let any = self.values.iter().any(fits);
        if comparison == Comparison::NotEqual { !any } else { any }
    }
}

/// Whether one value compares so. For `ne`, whether it is equal.
fn fits(attribute: &Attribute, value: &Value, comparison: Comparison, with: &Value) -> bool {
    if attribute.kind == ValueKind::Boolean {
        let with = match with {
            Value::Bool(with) => Some(*with),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        return with.is_some() && value.as_bool() == with;
    }
    let (Some(value), Some(with)) = (value.as_str(), with.as_str()) else { return value == with };
    let ordering = match attribute.kind {
        ValueKind::DateTime => moments(value, with),
        _ if attribute.case_exact => Some(value.cmp(with)),
        _ => None,
    };
    let (value, with) = if attribute.case_exact {
        (value.to_owned(), with.to_owned())
    } else {
        (value.to_lowercase(), with.to_lowercase())
    };
    let ordering = ordering.unwrap_or_else(|| value.cmp(&with));
    match comparison {
        Comparison::Equal | Comparison::NotEqual => ordering == Ordering::Equal,
        Comparison::Contains => value.contains(&with),
        Comparison::StartsWith => value.starts_with(&with),
        Comparison::EndsWith => value.ends_with(&with),
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
    }
}

fn moments(value: &str, with: &str) -> Option<Ordering> {
    let moment = |text| DateTime::parse_from_rfc3339(text).ok();
    Some(moment(value)?.cmp(&moment(with)?))
}
