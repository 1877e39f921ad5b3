//! Passkeys with a software authenticator, honest and bent.

use super::authenticator::Authenticator;
use bursar_domain::id::AccountId;
use bursar_identity::passkey::{Ceremony, PasskeyError, Passkeys, StoredPasskey};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

const ANA: u128 = 42;

fn ana() -> AccountId {
    AccountId::from_u128(ANA)
}

fn start() -> DateTime<Utc> {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn passkeys() -> Passkeys {
    Passkeys::new("costs.example", &"https://costs.example".parse().unwrap(), "Bursar").unwrap()
}

/// As the caller keeps it between two requests.
fn kept(ceremony: &Ceremony) -> Ceremony {
    serde_json::from_str(&serde_json::to_string(ceremony).unwrap()).unwrap()
}

fn registration(existing: &[StoredPasskey]) -> (Value, Ceremony) {
    passkeys().start_registration(ana(), "ana@northwind.example", "Ana", existing, start()).unwrap()
}

fn registered(authenticator: &Authenticator) -> StoredPasskey {
    let (options, ceremony) = registration(&[]);
    let answer = authenticator.create(&options);
    let passkey = passkeys().finish_registration(ana(), kept(&ceremony), &answer, start()).unwrap();
    // As the caller stores it.
    serde_json::from_str(&serde_json::to_string(&passkey).unwrap()).unwrap()
}

#[test]
fn a_passkey_is_set_up_and_signs_in() {
    // claim C1
    let mut authenticator = Authenticator::new(ANA);
    let stored = registered(&authenticator);
    assert_eq!(stored.credential_id(), authenticator.credential_id);
    let (options, ceremony) =
        passkeys().start_sign_in(ana(), std::slice::from_ref(&stored), start()).unwrap();
    let answer = authenticator.get(&options);
    let signed = passkeys()
        .finish_sign_in(ana(), std::slice::from_ref(&stored), kept(&ceremony), &answer, start())
        .unwrap();
    assert_eq!(signed.credential_id, stored.credential_id());
    let updated = signed.updated.expect("the counter went up");
    let (options, ceremony) =
        passkeys().start_sign_in(ana(), std::slice::from_ref(&updated), start()).unwrap();
    let answer = authenticator.get(&options);
    assert!(passkeys().finish_sign_in(ana(), &[updated], ceremony, &answer, start()).is_ok());
}

#[test]
fn somebody_signs_in_without_saying_who() {
    // claim C1
    let mut authenticator = Authenticator::new(ANA);
    let stored = registered(&authenticator);
    let (options, ceremony) = passkeys().start_discoverable(start()).unwrap();
    assert_eq!(options["mediation"], "conditional");
    let answer = authenticator.get(&options);
    let claimed = passkeys().claimed(&answer).unwrap();
    assert_eq!((claimed.account, claimed.credential_id.as_slice()), (ana(), stored.credential_id()));
    let kept_twice = [kept(&ceremony), kept(&ceremony)];
    let [one, two] = kept_twice;
    assert!(passkeys().finish_sign_in(ana(), std::slice::from_ref(&stored), one, &answer, start()).is_ok());
    // Ana's passkey, said to be Bob's.
    let bob = AccountId::from_u128(43);
    let error = passkeys().finish_sign_in(bob, &[stored], two, &answer, start()).unwrap_err();
    assert!(matches!(error, PasskeyError::WrongCeremony), "{error:?}");
}

#[test]
fn the_page_asks_for_discoverable_verified_keys_and_leaves_out_known_ones() {
    let stored = registered(&Authenticator::new(ANA));
    let (options, _) = registration(&[stored]);
    let options = &options["publicKey"];
    assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn a_bent_sign_in_is_refused() {
    // claim C1
    let honest = Authenticator::new(ANA);
    let stored = registered(&honest);
    let attempt = |authenticator: &Authenticator, bend: &dyn Fn(&mut Value, &mut Value)| {
        let (mut options, ceremony) =
            passkeys().start_sign_in(ana(), std::slice::from_ref(&stored), start()).unwrap();
        let mut unused = Value::Null;
        bend(&mut options, &mut unused);
        let mut answer: Value = serde_json::from_str(&authenticator.clone().get(&options)).unwrap();
        bend(&mut unused, &mut answer);
        passkeys().finish_sign_in(
            ana(),
            std::slice::from_ref(&stored),
            ceremony,
            &answer.to_string(),
            start(),
        )
    };
    let nothing: &dyn Fn(&mut Value, &mut Value) = &|_, _| {};
    assert!(attempt(&honest, nothing).is_ok());
    let phished = Authenticator { origin: "https://costs.example.evil.example".into(), ..honest.clone() };
    assert!(matches!(attempt(&phished, nothing), Err(PasskeyError::Refused(_))), "another origin");
    let other_domain = Authenticator { domain: "evil.example".into(), ..honest.clone() };
    assert!(matches!(attempt(&other_domain, nothing), Err(PasskeyError::Refused(_))));
    let unverified = Authenticator { verifies: false, ..honest.clone() };
    assert!(matches!(attempt(&unverified, nothing), Err(PasskeyError::Refused(_))), "nobody touched it");
    let unknown = Authenticator { credential_id: vec![8; 32], ..honest.clone() };
    assert!(matches!(attempt(&unknown, nothing), Err(PasskeyError::Unknown)));
    let copied = Authenticator { counter: 0, ..honest.clone() };
    assert!(matches!(attempt(&copied, nothing), Err(PasskeyError::Copied)));
    let challenge: &dyn Fn(&mut Value, &mut Value) = &|options, _| {
        if options.is_object() {
            options["publicKey"]["challenge"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
        }
    };
    assert!(matches!(attempt(&honest, challenge), Err(PasskeyError::Refused(_))), "an old challenge");
    let signature: &dyn Fn(&mut Value, &mut Value) = &|_, answer| {
        if answer.is_object() {
            answer["response"]["signature"] = "MAYCAQECAQE".into();
        }
    };
    assert!(matches!(attempt(&honest, signature), Err(PasskeyError::Refused(_))));
}

#[test]
fn a_copied_key_is_seen_although_the_ceremony_began_before() {
    // Two ceremonies begin; the owner finishes one; the copy, which counts from where it was copied, the other.
    let mut owner = Authenticator::new(ANA);
    let stored = registered(&owner);
    let mut copy = owner.clone();
    let begin = || passkeys().start_sign_in(ana(), std::slice::from_ref(&stored), start()).unwrap();
    let ((options, first), (other_options, second)) = (begin(), begin());
    let answer = owner.get(&options);
    let signed =
        passkeys().finish_sign_in(ana(), std::slice::from_ref(&stored), first, &answer, start()).unwrap();
    let answer = copy.get(&other_options);
    let error = passkeys().finish_sign_in(ana(), &[signed.updated.unwrap()], second, &answer, start());
    assert!(matches!(error, Err(PasskeyError::Copied)), "{error:?}");
}

#[test]
fn ceremonies_expire_and_are_not_mixed_up() {
    let authenticator = Authenticator::new(ANA);
    let stored = registered(&authenticator);
    let (options, ceremony) = registration(&[]);
    let answer = authenticator.create(&options);
    let late =
        passkeys().finish_registration(ana(), kept(&ceremony), &answer, start() + Duration::minutes(5));
    assert!(matches!(late, Err(PasskeyError::Expired)));
    let bob = AccountId::from_u128(43);
    let other = passkeys().finish_registration(bob, kept(&ceremony), &answer, start());
    assert!(matches!(other, Err(PasskeyError::WrongCeremony)));
    let (options, _) = passkeys().start_sign_in(ana(), std::slice::from_ref(&stored), start()).unwrap();
    let sign_in = authenticator.clone().get(&options);
    let mixed = passkeys().finish_sign_in(ana(), &[stored], ceremony, &sign_in, start());
    assert!(matches!(mixed, Err(PasskeyError::WrongCeremony)));
    assert!(matches!(passkeys().start_sign_in(ana(), &[], start()), Err(PasskeyError::Unknown)));
}

#[test]
fn answers_that_are_none_are_refused() {
    let (_, ceremony) = registration(&[]);
    for answer in ["", "{}", "[]", &"x".repeat(70_000)] {
        let result = passkeys().finish_registration(ana(), kept(&ceremony), answer, start());
        assert!(matches!(result, Err(PasskeyError::Malformed)));
        assert!(passkeys().claimed(answer).is_err());
    }
    let unverified = Authenticator { verifies: false, ..Authenticator::new(ANA) };
    let (options, ceremony) = registration(&[]);
    let result = passkeys().finish_registration(ana(), ceremony, &unverified.create(&options), start());
    assert!(matches!(result, Err(PasskeyError::Refused(_))));
}

#[test]
fn an_installation_without_https_has_no_passkeys() {
    let new = |domain: &str, origin: &str| Passkeys::new(domain, &origin.parse().unwrap(), "Bursar").is_ok();
    assert!(new("costs.example", "https://costs.example") && new("localhost", "http://localhost:8080"));
    assert!(new("example.com", "https://costs.example.com"), "a parent domain");
    assert!(!new("costs.example", "http://costs.example"));
    assert!(!new("other.example", "https://costs.example"));
}
