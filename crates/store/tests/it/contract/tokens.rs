//! API tokens.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::id::{AccountId, WorkspaceId};
use bursar_domain::{Action, Page, Principal, Role, Scope};
use bursar_store::{NewToken, StoreError, TokenKind, TokenText};
use chrono::TimeDelta;

fn new(account: AccountId) -> NewToken {
    NewToken {
        name: "ci".into(),
        account,
        kind: TokenKind::Api,
        pages: Some(vec![Page::Explorer]),
        actions: Some(vec![Action::Query]),
        scope: Scope::All,
        expires_at: None,
    }
}

on_both! {
    // claim C6
    async fn a_token_opens_its_workspace_until_it_is_revoked(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let (text, row) = store.create_token(&OPERATOR, new(ana)).await.unwrap();
        let (access, found) = stage.store.token(&text).await.unwrap();
        assert_eq!((access.workspace(), found), (workspace, row.clone()));
        assert_eq!(access.principal(), &Principal::Token { id: row.id, account: ana });
        store.touch_token(row.id).await.unwrap();
        assert_eq!(store.token(row.id).await.unwrap().last_used_at, Some(stage.now()));
        // The same through what a session of the program keeps.
        stage.store.membership(access.principal(), workspace).await.unwrap();
        store.revoke_token(&OPERATOR, row.id).await.unwrap();
        assert!(matches!(stage.store.token(&text).await, Err(StoreError::NotFound("token"))));
        assert!(stage.store.membership(access.principal(), workspace).await.is_err());
        assert!(store.revoke_token(&OPERATOR, row.id).await.is_err());
        let records = format!("{:?}", store.records(&Default::default()).await.unwrap());
        assert!(records.contains("token.create") && !records.contains(text.expose()), "{records}");
    }

    // claim C6
    async fn what_ends_a_token_looks_the_same(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let refused = async |text: &TokenText| {
            matches!(stage.store.token(text).await, Err(StoreError::NotFound("token")))
        };
        let create = async |new| store.create_token(&OPERATOR, new).await.unwrap().0;
        let expiring = create(NewToken { expires_at: Some(stage.now() + TimeDelta::hours(1)), ..new(ana) }).await;
        assert!(!refused(&expiring).await);
        stage.clock.forward(TimeDelta::hours(1));
        assert!(refused(&expiring).await, "expired");

        let secret = expiring.expose()[40..].to_owned();
        let text = |workspace: WorkspaceId, secret: &str| -> TokenText {
            format!("bursar_{}_{secret}", &workspace.to_string()[4..]).parse().unwrap()
        };
        assert!(refused(&text(workspace, &"A".repeat(43))).await, "unknown");
        assert!(refused(&text(WorkspaceId::from_u128(1), &secret)).await, "no such workspace");
        let other = stage.workspace("other").await;
        let lasting = create(new(ana)).await;
        assert!(refused(&text(other, &lasting.expose()[40..])).await, "another workspace's");

        let bob = stage.account("bob").await;
        assert!(store.create_token(&OPERATOR, new(bob)).await.is_err(), "no member");
        stage.join(workspace, bob, Role::Viewer).await;
        let bobs = create(new(bob)).await;
        stage.store.directory().switch_off_account(&OPERATOR, bob).await.unwrap();
        assert!(refused(&bobs).await, "switched off");
        stage.store.directory().switch_on_account(&OPERATOR, bob).await.unwrap();
        assert!(!refused(&bobs).await);
        store.remove_member(&OPERATOR, bob).await.unwrap();
        assert!(refused(&bobs).await, "no member any more");
        stage.join(workspace, bob, Role::Viewer).await;
        assert!(refused(&bobs).await, "revoked when it left");
        assert_eq!(store.tokens(Some(bob)).await.unwrap().len(), 1);

        stage.store.directory().set_workspace_enabled(&OPERATOR, workspace, false).await.unwrap();
        assert!(refused(&lasting).await, "the workspace is switched off");
        stage.store.directory().set_workspace_enabled(&OPERATOR, workspace, true).await.unwrap();
        assert!(!refused(&lasting).await);
    }
}
