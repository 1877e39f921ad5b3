//! Switching off, deleting, and what stays.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::Role;
use bursar_store::{NewCertificate, NewSource, StoreError, WorkspaceState};
use chrono::TimeDelta;

on_both! {
    // claim B10
    async fn a_deleted_workspace_is_gone(stage: &Stage) {
        let (workspace, ana, principal) = stage.owner_of("ana").await;
        let kept = stage.workspace("kept").await;
        let directory = stage.store.directory();
        for id in [workspace, kept] {
            let store = stage.open(id).await;
            let source = NewSource { location: "s3://bills".into(), dialect: None, id: None };
            store.add_source(&OPERATOR, source).await.unwrap();
        }
        assert!(matches!(stage.store.erase_workspace(&OPERATOR, workspace).await, Err(StoreError::Conflict(_))));
        let due = stage.now() + TimeDelta::days(14);
        directory.ask_workspace_deletion(&OPERATOR, workspace, due).await.unwrap();
        assert!(stage.store.membership(&principal, workspace).await.is_err(), "nobody enters any more");
        assert!(stage.store.job(workspace, "test").await.is_err());
        assert!(directory.workspaces_due_for_deletion().await.unwrap().is_empty());
        directory.keep_workspace(&OPERATOR, workspace).await.unwrap();
        stage.store.membership(&principal, workspace).await.unwrap();
        directory.ask_workspace_deletion(&OPERATOR, workspace, due).await.unwrap();
        stage.clock.forward(TimeDelta::days(15));
        assert_eq!(directory.workspaces_due_for_deletion().await.unwrap(), [workspace]);

        stage.store.erase_workspace(&OPERATOR, workspace).await.unwrap();
        // Again, as after a crash.
        stage.store.erase_workspace(&OPERATOR, workspace).await.unwrap();
        assert!(matches!(stage.store.operator(workspace).await, Err(StoreError::NotFound(_))));
        let line = directory.workspace(workspace).await.unwrap();
        assert_eq!((line.state, line.name.as_str(), line.deleted_at), (WorkspaceState::Deleted, "", Some(stage.now())));
        assert!(directory.memberships(ana).await.unwrap().is_empty());
        assert!(stage.keyring.workspace(workspace).await.is_err(), "the keys are there still");
        let folder = stage.directory.path().join("workspaces").join(workspace.to_string());
        assert!(!folder.exists());
        if let Some(database) = &stage.postgres {
            for table in ["sources", "workspace_records", "workspace_counters"] {
                let count = database.superuser(&format!("SELECT count(*) FROM {table}")).unwrap();
                assert_eq!(count.trim(), "1", "{table}: only the other workspace's");
            }
        }
        assert_eq!(stage.open(kept).await.sources(Default::default()).await.unwrap().len(), 1);
        let records = directory.records(&Default::default()).await.unwrap();
        assert!(records.iter().any(|record| record.action == "workspace.delete"));
    }

    // claim B10
    async fn a_deleted_account_leaves_its_id_and_nothing_else(stage: &Stage) {
        let directory = stage.store.directory();
        let (workspace, _, _) = stage.owner_of("ana").await;
        let bob = stage.account("bob").await;
        stage.join(workspace, bob, Role::Viewer).await;
        let session = stage.session(bob, 5).await;
        directory.add_external_identity(&OPERATOR, bob, "https://a", "1").await.unwrap();
        directory.begin_totp(bob, &"SECRET".to_owned().into()).await.unwrap();
        let due = stage.now() + TimeDelta::days(1);
        directory.schedule_account_deletion(&OPERATOR, bob, Some(due)).await.unwrap();
        assert!(directory.accounts_due_for_deletion().await.unwrap().is_empty());
        stage.clock.forward(TimeDelta::days(1));
        assert_eq!(directory.accounts_due_for_deletion().await.unwrap(), [bob]);
        directory.delete_account(&OPERATOR, bob).await.unwrap();
        assert!(directory.account(bob).await.is_err());
        assert!(directory.live_session(session).await.is_err());
        assert!(directory.account_by_external_identity("https://a", "1").await.unwrap().is_none());
        assert!(directory.totp(bob).await.unwrap().is_none());
        assert!(directory.memberships(bob).await.unwrap().is_empty());
        assert_eq!(directory.records(&Default::default()).await.unwrap()[0].target, bob.to_string());
        // The address is free again.
        stage.account("bob").await;
    }

    async fn switching_off_ends_sessions_at_once(stage: &Stage) {
        let directory = stage.store.directory();
        let ana = stage.account("ana").await;
        let session = stage.session(ana, 1).await;
        directory.switch_off_account(&OPERATOR, ana).await.unwrap();
        assert!(directory.live_session(session).await.is_err());
        assert!(directory.create_session(&OPERATOR, stage.new_session(ana, 2)).await.is_err());
        directory.switch_on_account(&OPERATOR, ana).await.unwrap();
        assert!(directory.live_session(session).await.is_err(), "ended sessions stay ended");
        stage.session(ana, 2).await;
    }

    async fn certificates_outlive_what_they_certify(stage: &Stage) {
        let directory = stage.store.directory();
        let workspace = stage.workspace("one").await;
        let id = directory.new_certificate_id().unwrap();
        let new = NewCertificate {
            id,
            workspace: Some(workspace),
            account: None,
            certificate: "{}".into(),
            signature: vec![1, 2],
        };
        directory.add_certificate(&OPERATOR, new).await.unwrap();
        let found = directory.certificate(id).await.unwrap();
        assert_eq!((found.workspace, found.signature.as_slice()), (Some(workspace), [1, 2].as_slice()));
        assert_eq!(directory.certificates(Default::default()).await.unwrap(), [found]);
    }
}
