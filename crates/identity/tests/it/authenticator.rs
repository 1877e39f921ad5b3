//! A software authenticator: what a phone and a browser do, with every part bendable.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A P-256 key for tests only (PKCS #8).
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgib45SXPF9rhW+1QxbcAJi7Q4UDzTpPnREjU9rg5C7eOhRANCAAQKUpfCScW9hsnoym+5DpcvbF81GOpZVVGsPpdlioEkyYdFOEWrm8fm1GFNn6UE7MKOnqgpcsgA2JKvxIAU0j30";

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;

/// What it does; a test bends single fields.
#[derive(Clone)]
pub(crate) struct Authenticator {
    pub(crate) origin: String,
    pub(crate) domain: String,
    pub(crate) verifies: bool,
    pub(crate) counter: u32,
    pub(crate) credential_id: Vec<u8>,
    /// What it says who its owner is.
    pub(crate) user: Vec<u8>,
}

impl Authenticator {
    pub(crate) fn new(user: u128) -> Self {
        Self {
            origin: "https://costs.example".into(),
            domain: "costs.example".into(),
            verifies: true,
            counter: 1,
            credential_id: vec![7; 32],
            user: user.to_be_bytes().to_vec(),
        }
    }

    /// `navigator.credentials.create`
    pub(crate) fn create(&self, options: &Value) -> String {
        let client_data = self.client_data("webauthn.create", options);
        let mut data = self.data(HAS_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap().to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(public_key());
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            },
        })
        .to_string()
    }

    /// `navigator.credentials.get`; counts.
    pub(crate) fn get(&mut self, options: &Value) -> String {
        self.counter += 1;
        let client_data = self.client_data("webauthn.get", options);
        let data = self.data(0);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let id = URL_SAFE_NO_PAD.encode(&self.credential_id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "signature": URL_SAFE_NO_PAD.encode(sign(&signed)),
                "userHandle": URL_SAFE_NO_PAD.encode(&self.user),
            },
        })
        .to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = &options["publicKey"]["challenge"];
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.domain.as_bytes()).to_vec();
        data.push(PRESENT | flags | if self.verifies { VERIFIED } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }
}

pub(crate) fn key() -> EncodingKey {
    EncodingKey::from_ec_der(&STANDARD.decode(KEY).unwrap())
}

/// The public key in COSE: EC2, ES256, P-256, x, y.
fn public_key() -> Vec<u8> {
    let jwk = Jwk::from_encoding_key(&key(), Algorithm::ES256).unwrap();
    let AlgorithmParameters::EllipticCurve(point) = jwk.algorithm else { panic!("an EC key") };
    let mut cose = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".to_vec();
    cose.extend(URL_SAFE_NO_PAD.decode(point.x).unwrap());
    cose.extend(b"\x22\x58\x20");
    cose.extend(URL_SAFE_NO_PAD.decode(point.y).unwrap());
    cose
}

/// JWTs have r and s side by side, WebAuthn has them in DER.
fn sign(message: &[u8]) -> Vec<u8> {
    let signature = jsonwebtoken::crypto::sign(message, &key(), Algorithm::ES256).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let mut value = bytes[start..].to_vec();
        if value[0] & 0x80 != 0 {
            value.insert(0, 0);
        }
        [vec![2, u8::try_from(value.len()).unwrap()], value].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()
}
