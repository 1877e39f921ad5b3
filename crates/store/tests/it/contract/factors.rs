//! Passkeys, one-time codes, recovery codes, external identities, throttle, limits, providers.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_store::{Limit, NewIdentityProvider, NewPasskey, Paging, ProviderKind, StoreError};
use chrono::TimeDelta;
use futures::future::join_all;
use secrecy::ExposeSecret;

on_both! {
    // claim C1
    async fn a_one_time_code_counts_once(stage: &Stage) {
        let directory = stage.store.directory();
        let account = stage.account("ana").await;
        directory.begin_totp(account, &"SECRET1".to_owned().into()).await.unwrap();
        assert!(directory.use_totp_step(account, 5).await.is_err(), "not confirmed yet");
        directory.begin_totp(account, &"SECRET2".to_owned().into()).await.unwrap();
        assert_eq!(directory.totp(account).await.unwrap().unwrap().secret.expose_secret(), "SECRET2");
        directory.confirm_totp(&OPERATOR, account, 100).await.unwrap();
        assert!(directory.confirm_totp(&OPERATOR, account, 101).await.is_err());
        assert!(directory.use_totp_step(account, 100).await.is_err(), "the code that confirmed it");
        let tries = join_all((0..8).map(|_| directory.use_totp_step(account, 101))).await;
        assert_eq!(tries.iter().filter(|used| used.is_ok()).count(), 1);
        assert!(directory.use_totp_step(account, 99).await.is_err(), "an earlier step");
        directory.use_totp_step(account, 102).await.unwrap();
        assert!(directory.begin_totp(account, &"SECRET3".to_owned().into()).await.is_err(), "one counts already");
        directory.remove_totp(&OPERATOR, account).await.unwrap();
        assert!(directory.totp(account).await.unwrap().is_none());
    }

    async fn a_recovery_code_counts_once(stage: &Stage) {
        let directory = stage.store.directory();
        let (ana, bob) = (stage.account("ana").await, stage.account("bob").await);
        let codes: Vec<[u8; 32]> = (0..10).map(|n| [n; 32]).collect();
        directory.replace_recovery_codes(&OPERATOR, ana, &codes).await.unwrap();
        let tries = join_all((0..8).map(|_| directory.use_recovery_code(&OPERATOR, ana, &[3; 32]))).await;
        assert_eq!(tries.iter().filter(|used| used.is_ok()).count(), 1);
        assert!(directory.use_recovery_code(&OPERATOR, bob, &[4; 32]).await.is_err(), "another's code");
        assert_eq!(directory.recovery_codes_left(ana).await.unwrap(), 9);
        directory.replace_recovery_codes(&OPERATOR, ana, &codes[..2]).await.unwrap();
        assert_eq!(directory.recovery_codes_left(ana).await.unwrap(), 2);
    }

    async fn a_passkey_is_found_by_its_credential(stage: &Stage) {
        let directory = stage.store.directory();
        let (ana, bob) = (stage.account("ana").await, stage.account("bob").await);
        let new = |account| NewPasskey {
            account,
            name: "laptop".into(),
            credential_id: vec![1, 2, 3],
            passkey: "{\"counter\":0}".to_owned().into(),
        };
        let id = directory.add_passkey(&OPERATOR, new(ana)).await.unwrap();
        assert!(matches!(directory.add_passkey(&OPERATOR, new(bob)).await, Err(StoreError::Conflict(_))));
        let found = directory.passkey_by_credential(&[1, 2, 3]).await.unwrap();
        assert_eq!((found.id, found.account, found.name.as_str()), (id, ana, "laptop"));
        let counted = "{\"counter\":1}".to_owned().into();
        directory.passkey_used(&found, &counted).await.unwrap();
        // Who saw the counter before that use comes too late.
        assert!(matches!(directory.passkey_used(&found, &counted).await, Err(StoreError::Stale(_))));
        assert!(directory.remove_passkey(&OPERATOR, bob, id).await.is_err());
        directory.remove_passkey(&OPERATOR, ana, id).await.unwrap();
        assert!(directory.passkeys(ana).await.unwrap().is_empty());
    }

    // claim C1: never by an address.
    async fn an_identity_is_issuer_and_subject(stage: &Stage) {
        let directory = stage.store.directory();
        let (ana, bob) = (stage.account("ana").await, stage.account("bob").await);
        directory.add_external_identity(&OPERATOR, ana, "https://a", "1").await.unwrap();
        directory.add_external_identity(&OPERATOR, bob, "https://b", "1").await.unwrap();
        let again = directory.add_external_identity(&OPERATOR, bob, "https://a", "1").await;
        assert!(matches!(again, Err(StoreError::Conflict(_))));
        let account = async |issuer, subject| {
            directory.account_by_external_identity(issuer, subject).await.unwrap().map(|account| account.id)
        };
        assert_eq!(account("https://a", "1").await, Some(ana));
        assert_eq!(account("https://b", "1").await, Some(bob));
        for (issuer, subject) in [("https://a", "2"), ("https://a1", ""), ("", "https://a1"), ("https://c", "1")] {
            assert_eq!(account(issuer, subject).await, None, "{issuer} {subject}");
        }
        assert_eq!(directory.external_identities(ana).await.unwrap()[0].last_used_at, Some(stage.now()));
        assert!(directory.remove_external_identity(&OPERATOR, bob, "https://a", "1").await.is_err());
        directory.remove_external_identity(&OPERATOR, ana, "https://a", "1").await.unwrap();
        assert_eq!(account("https://a", "1").await, None);
    }

    // claim C4
    async fn failures_are_all_counted_and_forgotten_in_time(stage: &Stage) {
        let directory = stage.store.directory();
        let (key, long_ago) = ([7; 32], stage.now() - TimeDelta::minutes(15));
        assert_eq!(directory.throttle(&key).await.unwrap(), None);
        join_all((0..20).map(|_| directory.count_failure(&key, long_ago))).await;
        let counted = directory.throttle(&key).await.unwrap().unwrap();
        assert_eq!((counted.failures, counted.last_at, counted.until), (20, stage.now(), None));
        let until = stage.now() + TimeDelta::minutes(5);
        directory.hold_back(&key, until).await.unwrap();
        directory.hold_back(&key, until - TimeDelta::minutes(1)).await.unwrap();
        assert_eq!(directory.throttle(&key).await.unwrap().unwrap().until, Some(until));
        stage.clock.forward(TimeDelta::minutes(16));
        let fresh = directory.count_failure(&key, stage.now() - TimeDelta::minutes(15)).await.unwrap();
        assert_eq!((fresh.failures, fresh.until), (1, None));
        directory.clear_throttle(&key).await.unwrap();
        assert_eq!(directory.throttle(&key).await.unwrap(), None);
        directory.count_failure(&key, long_ago).await.unwrap();
        assert_eq!(directory.sweep_throttle(stage.now() + TimeDelta::seconds(1)).await.unwrap(), 1);
    }

    // claim C7
    async fn a_limit_holds_whoever_asks_at_once(stage: &Stage) {
        let directory = stage.store.directory();
        let limit = Limit { requests: 10, per: TimeDelta::seconds(60) };
        let asked = join_all((0..30).map(|_| directory.take(&[1; 32], limit))).await;
        let allowed = asked.into_iter().filter(|asked| asked.as_ref().unwrap().allowed).count();
        assert_eq!(allowed, 10);
        let refused = directory.take(&[1; 32], limit).await.unwrap();
        assert_eq!((refused.allowed, refused.remaining), (false, 0));
        assert_eq!((refused.retry_after, refused.reset_after), (TimeDelta::seconds(6), TimeDelta::seconds(60)));
        assert!(directory.take(&[2; 32], limit).await.unwrap().allowed, "another key");
        stage.clock.forward(TimeDelta::seconds(6));
        let next = directory.take(&[1; 32], limit).await.unwrap();
        assert_eq!((next.allowed, next.remaining), (true, 0));
        assert!(!directory.take(&[1; 32], limit).await.unwrap().allowed);
        stage.clock.forward(TimeDelta::hours(1));
        assert_eq!(directory.take(&[1; 32], limit).await.unwrap().remaining, 9);
        assert_eq!(directory.sweep_limits(stage.now()).await.unwrap(), 1);
    }

    async fn a_provider_keeps_its_secret_through_a_change(stage: &Stage) {
        let directory = stage.store.directory();
        let new = NewIdentityProvider {
            kind: ProviderKind::Oidc,
            name: "Entra".into(),
            issuer: "https://login.example/v2.0".into(),
            client_id: "bursar".into(),
            client_secret: Some("hush".to_owned().into()),
            mapping: "{}".into(),
            enabled: false,
        };
        let id = directory.add_identity_provider(&OPERATOR, new.clone()).await.unwrap().id;
        let change = NewIdentityProvider { client_secret: None, enabled: true, name: "Entra ID".into(), ..new };
        directory.change_identity_provider(&OPERATOR, id, change).await.unwrap();
        let found = directory.identity_provider(id).await.unwrap();
        assert_eq!((found.name.as_str(), found.enabled), ("Entra ID", true));
        assert_eq!(found.client_secret.expose_secret(), "hush");
        directory.remove_identity_provider(&OPERATOR, id).await.unwrap();
        assert!(directory.identity_providers().await.unwrap().is_empty());
    }

    async fn a_password_hash_is_kept_and_told_to_nobody_else(stage: &Stage) {
        let directory = stage.store.directory();
        let account = stage.account("ana").await;
        assert!(directory.password_hash(account).await.unwrap().is_none());
        directory.set_password_hash(&OPERATOR, account, Some(&"$argon2id$x".to_owned().into())).await.unwrap();
        assert_eq!(directory.password_hash(account).await.unwrap().unwrap().expose_secret(), "$argon2id$x");
        assert_eq!(directory.account(account).await.unwrap().password_changed_at, Some(stage.now()));
        directory.set_password_hash(&OPERATOR, account, None).await.unwrap();
        assert!(directory.password_hash(account).await.unwrap().is_none());
        let records = directory.records(&Default::default()).await.unwrap();
        assert!(!format!("{records:?}").contains("argon2"), "{records:?}");
        directory.set_setting(&OPERATOR, "a", Some("1")).await.unwrap();
        directory.set_setting(&OPERATOR, "a", Some("2")).await.unwrap();
        assert_eq!(directory.setting("a").await.unwrap().as_deref(), Some("2"));
        directory.set_setting(&OPERATOR, "a", None).await.unwrap();
        assert_eq!(directory.setting("a").await.unwrap(), None);
        let paging = Paging { after: None, limit: 2 };
        let first = directory.records(&bursar_store::RecordFilter { paging, ..Default::default() }).await.unwrap();
        assert_eq!(first.len(), 2);
    }
}
