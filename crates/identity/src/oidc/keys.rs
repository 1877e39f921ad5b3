//! A provider's keys: which of them may have signed a token.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

const MAX_KEYS: usize = 64;

/// The algorithms a token may be signed with. No `none`, nothing symmetric: with HS256, whoever knows
/// the client secret (or takes the public key for one) could sign.
pub(super) const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// The algorithm of this name, if tokens may use it.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    kind: Kind,
    /// The only algorithm the provider uses it with, if it says so.
    only: Option<Algorithm>,
    /// Entra ID says whose tokens a key may sign.
    issuer: Option<String>,
    key: DecodingKey,
}

/// A provider's public keys.
#[derive(Debug, Clone, Default)]
pub(super) struct KeySet {
    keys: Vec<Key>,
}

impl KeySet {
    /// The usable keys of a key set. Keys of kinds we do not know are left out, not an error: a provider
    /// may have them for others.
    pub(super) fn read(document: &Value) -> Option<Self> {
        let keys = document.get("keys")?.as_array()?;
        Some(Self { keys: keys.iter().take(MAX_KEYS).filter_map(key).collect() })
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether some key has this id.
    pub(super) fn knows(&self, id: Option<&str>) -> bool {
        id.is_none() || self.keys.iter().any(|key| key.id.as_deref() == id)
    }

    /// The key with this id for this algorithm; without an id, the only one that fits. With it the issuer
    /// it is bound to.
    pub(super) fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<(&DecodingKey, Option<&str>)> {
        let mut fitting =
            self.keys.iter().filter(|key| key.fits(algorithm) && (id.is_none() || key.id.as_deref() == id));
        let found = fitting.next()?;
        // Two keys of one id, or none and several to choose from: no guessing.
        fitting.next().is_none().then_some((&found.key, found.issuer.as_deref()))
    }
}

impl Key {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Kind::Rsa,
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
            Algorithm::EdDSA => Kind::Ed25519,
            _ => return false,
        };
        self.kind == kind && self.only.is_none_or(|only| only == algorithm)
    }
}

fn key(document: &Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(document.clone()).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
        return None;
    }
    let kind = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Kind::Rsa,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Kind::P256,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => Kind::P384,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Kind::Ed25519,
        _ => return None,
    };
    let only = match document.get("alg") {
        Some(name) => Some(algorithm(name.as_str()?)?),
        None => None,
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Key { id: text("kid"), kind, only, issuer: text("issuer"), key: DecodingKey::from_jwk(&jwk).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ec(id: Option<&str>) -> Value {
        // RFC 7515, appendix A.3.
        json!({
            "kty": "EC", "crv": "P-256", "kid": id,
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    }

    #[test]
    fn symmetric_encryption_and_unknown_keys_are_left_out() {
        let set = KeySet::read(&json!({ "keys": [
            ec(Some("a")),
            { "kty": "oct", "k": "c2VjcmV0", "kid": "b", "alg": "HS256" },
            { "kty": "EC", "crv": "P-256", "use": "enc", "kid": "c", "x": "AA", "y": "AA" },
            { "kty": "AKP", "alg": "ML-DSA-65", "kid": "d", "pub": "AA" },
            "rubbish",
        ] }))
        .unwrap();
        assert_eq!(set.len(), 1);
        assert!(set.knows(Some("a")) && !set.knows(Some("b")));
        assert!(set.find(Some("a"), Algorithm::ES256).is_some());
        assert!(set.find(Some("a"), Algorithm::ES384).is_none(), "another curve");
        assert!(set.find(Some("a"), Algorithm::RS256).is_none(), "another kind");
        assert!(set.find(Some("a"), Algorithm::HS256).is_none());
        assert!(KeySet::read(&json!({ "keys": 1 })).is_none());
    }

    #[test]
    fn without_an_id_there_must_be_no_choice() {
        let one = KeySet::read(&json!({ "keys": [ec(Some("a"))] })).unwrap();
        assert!(one.find(None, Algorithm::ES256).is_some());
        let two = KeySet::read(&json!({ "keys": [ec(Some("a")), ec(Some("b"))] })).unwrap();
        assert!(two.find(None, Algorithm::ES256).is_none());
        let twins = KeySet::read(&json!({ "keys": [ec(Some("a")), ec(Some("a"))] })).unwrap();
        assert!(twins.find(Some("a"), Algorithm::ES256).is_none());
    }

    #[test]
    fn names_of_algorithms_are_a_list() {
        assert!(algorithm("RS256").is_some() && algorithm("EdDSA").is_some());
        for bad in ["none", "None", "HS256", "HS512", "rs256", "ES256K", ""] {
            assert!(algorithm(bad).is_none(), "{bad}");
        }
    }
}
