//! Accounts, sessions, links.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Principal, Role, RoleName, Scope};
use bursar_store::{LinkDetails, LinkPurpose, NewLink, Paging, RecordFilter, StoreError};
use chrono::TimeDelta;

on_both! {
    async fn an_account_is_found_by_its_address(stage: &Stage) {
        let directory = stage.store.directory();
        let id = stage.account("ana").await;
        let account = directory.account(id).await.unwrap();
        assert_eq!((account.email.as_str(), account.display_name.as_str()), ("ana@example.com", "ana"));
        assert_eq!(account.created_at, stage.now());
        let found = directory.account_by_email(&"ANA@example.com".parse().unwrap()).await.unwrap();
        assert_eq!(found, Some(account));
        assert_eq!(directory.account_by_email(&"bob@example.com".parse().unwrap()).await.unwrap(), None);
        let again = bursar_store::NewAccount {
            email: "ana@example.com".parse().unwrap(),
            display_name: "another".into(),
            kind: bursar_store::AccountKind::Person,
            staff: false,
        };
        assert!(matches!(directory.create_account(&OPERATOR, again).await, Err(StoreError::Conflict(_))));
        let stranger = directory.account(AccountId::from_u128(1)).await;
        assert!(matches!(stranger, Err(StoreError::NotFound(_))));
    }

    // claim C3
    async fn a_session_ends_by_idleness_by_age_and_by_hand(stage: &Stage) {
        let directory = stage.store.directory();
        let account = stage.account("ana").await;
        let first = stage.session(account, 1).await;
        assert_eq!(directory.live_session(first).await.unwrap().account, account);
        assert_eq!(directory.live_session_by_digest(&[1; 32]).await.unwrap().id, first);
        assert!(directory.live_session_by_digest(&[2; 32]).await.is_err());

        stage.clock.forward(TimeDelta::minutes(29));
        directory.touch_session(first).await.unwrap();
        stage.clock.forward(TimeDelta::minutes(29));
        directory.live_session(first).await.unwrap();
        stage.clock.forward(TimeDelta::minutes(1));
        assert!(matches!(directory.live_session(first).await, Err(StoreError::NotFound("session"))));
        assert!(directory.touch_session(first).await.is_err(), "an idle session came back to life");

        let second = stage.session(account, 2).await;
        for _ in 0..24 {
            stage.clock.forward(TimeDelta::minutes(29));
            directory.touch_session(second).await.unwrap();
        }
        stage.clock.forward(TimeDelta::minutes(25));
        assert!(directory.live_session(second).await.is_err(), "older than twelve hours");

        let (third, fourth) = (stage.session(account, 3).await, stage.session(account, 4).await);
        let other = stage.account("bob").await;
        assert!(directory.end_session(&OPERATOR, other, third).await.is_err(), "another's session");
        directory.end_session(&OPERATOR, account, third).await.unwrap();
        assert!(directory.live_session(third).await.is_err());
        assert_eq!(directory.end_sessions(&OPERATOR, account, Some(fourth)).await.unwrap(), 2);
        assert_eq!(directory.sessions(account).await.unwrap().len(), 1);
    }

    async fn a_link_is_used_once(stage: &Stage) {
        let directory = stage.store.directory();
        let new = NewLink {
            digest: [9; 32],
            purpose: LinkPurpose::ResetPassword,
            account: None,
            workspace: None,
            details: LinkDetails { email: Some("ana@example.com".parse().unwrap()), state: None },
            expires_at: stage.now() + TimeDelta::hours(1),
        };
        directory.create_link(&OPERATOR, new.clone()).await.unwrap();
        assert!(directory.use_link(&OPERATOR, &[9; 32], LinkPurpose::SignIn).await.is_err(), "another purpose");
        assert_eq!(directory.link(&[9; 32], LinkPurpose::ResetPassword).await.unwrap().details, new.details);
        let tries = futures::future::join_all(
            (0..8).map(|_| directory.use_link(&OPERATOR, &[9; 32], LinkPurpose::ResetPassword)),
        );
        assert_eq!(tries.await.iter().filter(|link| link.is_ok()).count(), 1);

        directory.create_link(&OPERATOR, NewLink { digest: [8; 32], ..new }).await.unwrap();
        stage.clock.forward(TimeDelta::hours(1));
        assert!(directory.use_link(&OPERATOR, &[8; 32], LinkPurpose::ResetPassword).await.is_err());
    }

    async fn only_members_enter_a_workspace(stage: &Stage) {
        let (workspace, account, ana) = stage.owner_of("ana").await;
        let access = stage.store.membership(&ana, workspace).await.unwrap();
        assert_eq!((access.workspace(), access.role(), access.owner()), (workspace, RoleName::BuiltIn(Role::Admin), true));
        assert_eq!(access.scope(), &Scope::All);
        let (_, _, bob) = stage.owner_of("bob").await;
        for stranger in [bob, Principal::Operator, Principal::System, Principal::Anonymous] {
            assert!(matches!(stage.store.membership(&stranger, workspace).await, Err(StoreError::NotFound("workspace"))));
        }
        assert!(stage.store.membership(&ana, WorkspaceId::from_u128(1)).await.is_err());
        stage.store.directory().switch_off_account(&OPERATOR, account).await.unwrap();
        assert!(stage.store.membership(&ana, workspace).await.is_err());
        let records = stage.store.directory().records(&RecordFilter::default()).await.unwrap();
        assert_eq!(records[0].action, "account.switch-off");
        let seqs: Vec<i64> = records.iter().rev().map(|record| record.seq).collect();
        assert_eq!(seqs, (1..=i64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>());
        assert_eq!(stage.store.directory().accounts(Paging::default()).await.unwrap().len(), 2);
    }
}
