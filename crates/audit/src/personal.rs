//! What is about a person: beside the log, with a keyed commitment in the leaf.
//!
//! A leaf cannot be changed, but a person's data must be erasable. So the leaf has only
//! HMAC-SHA-256(K, value), where K = HMAC-SHA-256(the person's key, "bursar-personal-v1" ‖ sequence); value
//! and key lie elsewhere. Once the person's key is gone the commitment tells nothing, not even to somebody who
//! guesses the value, and the leaf and every proof stay what they are.
//!
//! An export discloses K for single entries ([`Disclosure`]), which opens no other entry.

use crate::Payload;
use crate::hash::{Hash, equal, hmac};
use bursar_domain::id::AccountId;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// Persons that one entry may be about.
pub const MAX_PERSONS: usize = 8;

/// A person's key. Destroying it erases what is committed to under it.
pub struct PersonKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey")
    }
}

impl PersonKey {
    /// The key of these bytes; randomness and keeping are the caller's.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn of_entry(&self, sequence: u64) -> Hash {
        hmac(&self.0, &[b"bursar-personal-v1", &sequence.to_be_bytes()])
    }

    /// What the leaf says about this value in this entry.
    #[must_use]
    pub fn commit(&self, person: AccountId, sequence: u64, value: &Payload) -> Commitment {
        let commitment = hmac(&self.of_entry(sequence).0, &[value.as_str().as_bytes()]);
        Commitment { person, commitment }
    }

    /// What lets others check the commitment of this one entry.
    #[must_use]
    pub fn disclose(&self, person: AccountId, sequence: u64, value: Payload) -> Disclosure {
        Disclosure { sequence, person, key: self.of_entry(sequence).to_string(), value: value.to_string() }
    }
}

/// In the leaf: that something is known about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// The person's account.
    pub person: AccountId,
    /// The keyed hash of what is known.
    pub commitment: Hash,
}

impl Commitment {
    /// As it stands in a leaf.
    #[must_use]
    pub fn list(items: &[Self]) -> String {
        let item = |item: &Self| {
            format!("{{\"person\":\"{}\",\"commitment\":\"{}\"}}", item.person, item.commitment)
        };
        format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(","))
    }
}

/// Beside the leaf: what is known, and the key of that one commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// The entry.
    pub sequence: u64,
    /// The person's account.
    pub person: AccountId,
    /// The commitment's key, in hexadecimal digits.
    pub key: String,
    /// What is known: the text of a JSON value.
    pub value: String,
}

impl Disclosure {
    /// Whether this is what the leaf committed to.
    #[must_use]
    pub fn opens(&self, commitment: &Commitment) -> bool {
        let Ok(key) = self.key.parse::<Hash>() else { return false };
        self.person == commitment.person
            && equal(hmac(&key.0, &[self.value.as_bytes()]), commitment.commitment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_disclosure_opens_its_entry_and_no_other() {
        // claim D1: erasure and an intact log go together
        let (key, person) = (PersonKey::new(Zeroizing::new([7; 32])), AccountId::from_u128(1));
        let value = Payload::of(&json!({ "email": "ada@example.com" })).unwrap();
        let commitment = key.commit(person, 5, &value);
        let disclosure = key.disclose(person, 5, value.clone());
        assert!(disclosure.opens(&commitment));
        assert!(!disclosure.opens(&key.commit(person, 6, &value)));
        assert!(!Disclosure { value: "{}".into(), ..disclosure.clone() }.opens(&commitment));
        assert!(!Disclosure { person: AccountId::from_u128(2), ..disclosure.clone() }.opens(&commitment));
        assert!(!Disclosure { key: "00".into(), ..disclosure }.opens(&commitment));
        // Whoever guesses the value needs a key besides.
        let other = PersonKey::new(Zeroizing::new([8; 32]));
        assert_ne!(other.commit(person, 5, &value), commitment);
        assert_eq!(format!("{key:?}"), "PersonKey");
    }
}
