//! Sources, settings, credentials, backups, staff access, records.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::id::RequestId;
use bursar_domain::{Actor, Principal};
use bursar_store::{
    AccountKind, Entry, NewAccount, NewBackup, NewSource, NewStaffAccess, Outcome, Paging, RecordFilter,
    StoreError,
};
use chrono::TimeDelta;

on_both! {
    async fn a_source_is_added_once(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let new = |location: &str| NewSource { location: location.into(), dialect: None, id: None };
        let first = store.add_source(&OPERATOR, new("s3://bills/focus")).await.unwrap();
        let again = store.add_source(&OPERATOR, new("s3://bills/focus")).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))));
        let second = store.add_source(&OPERATOR, new("s3://bills/other")).await.unwrap();
        store.set_source_dialect(&OPERATOR, second.id, Some("focus-1.2".into())).await.unwrap();
        assert_eq!(store.source(second.id).await.unwrap().dialect.as_deref(), Some("focus-1.2"));
        let page = store.sources(Paging { after: Some(first.id), limit: 5 }).await.unwrap();
        assert_eq!(page.len(), 1);
        store.remove_source(&OPERATOR, first.id).await.unwrap();
        assert!(store.source(first.id).await.is_err());
        let long = new(&"x".repeat(5_000));
        assert!(matches!(store.add_source(&OPERATOR, long).await, Err(StoreError::TooLarge { .. })));
    }

    async fn the_record_says_who_did_what_in_which_request(stage: &Stage) {
        let (workspace, ana, principal) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let actor = Actor::new(principal, Some(RequestId::from_u128(77)));
        let new = NewSource { location: "s3://bills".into(), dialect: None, id: None };
        let source = store.add_source(&actor, new).await.unwrap();
        let refusal = Entry::done("source.remove", source.id).outcome(Outcome::Refused).decided_by("policy7");
        store.note(&actor, refusal).await.unwrap();
        let records = store.records(&RecordFilter::default()).await.unwrap();
        assert_eq!(records.iter().map(|r| (r.seq, r.action.as_str())).collect::<Vec<_>>(), [(2, "source.remove"), (1, "source.add")]);
        let Principal::Account { session, .. } = principal else { panic!("{principal}") };
        let add = &records[1];
        assert_eq!((add.account, add.workspace, add.at), (Some(ana), Some(workspace), stage.now()));
        assert_eq!((add.credential.as_deref(), add.request), (Some(session.to_string().as_str()), Some(RequestId::from_u128(77))));
        assert_eq!((add.target.as_str(), add.outcome), (source.id.to_string().as_str(), Outcome::Done));
        assert_eq!(add.payload["location"], "s3://bills");
        assert_eq!((records[0].outcome, records[0].deciding_policy.as_deref()), (Outcome::Refused, Some("policy7")));
        let filter = RecordFilter { action: Some("source.add".into()), account: Some(ana), ..RecordFilter::default() };
        assert_eq!(store.records(&filter).await.unwrap().len(), 1);
        // Changes that are made at once are numbered without gaps.
        futures::future::join_all((0..10).map(|_| store.note(&actor, Entry::done("test", "x")))).await;
        let seqs: Vec<i64> = store.records(&RecordFilter::default()).await.unwrap().iter().map(|r| r.seq).collect();
        assert_eq!(seqs, (1..=12).rev().collect::<Vec<_>>());
    }

    async fn settings_and_credentials_are_the_workspaces(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        store.set_setting(&OPERATOR, "currency", Some("EUR")).await.unwrap();
        store.set_setting(&OPERATOR, "currency", Some("CHF")).await.unwrap();
        assert_eq!(store.setting("currency").await.unwrap().as_deref(), Some("CHF"));
        store.set_setting(&OPERATOR, "currency", None).await.unwrap();
        assert_eq!(store.setting("currency").await.unwrap(), None);
        // claim B6
        let plain = store.set_credential(&OPERATOR, "aws", "AKIAIOSFODNN7EXAMPLE").await;
        assert!(matches!(plain, Err(StoreError::Conflict(_))));
        store.set_credential(&OPERATOR, "aws", "gAAAAABkX").await.unwrap();
        assert_eq!(store.credential("aws").await.unwrap().as_deref(), Some("gAAAAABkX"));
        assert_eq!(store.credentials().await.unwrap(), ["aws"]);
        store.remove_credential(&OPERATOR, "aws").await.unwrap();
        assert!(store.remove_credential(&OPERATOR, "aws").await.is_err());
    }

    async fn backups_are_listed_until_they_are_removed(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let new = NewBackup {
            id: None,
            location: "/backups/1".into(),
            digest: [5; 32],
            size_bytes: 1 << 40,
            last_seq: 12,
            taken_at: stage.now(),
            expires_at: None,
        };
        let made = store.add_backup(&OPERATOR, new).await.unwrap();
        assert_eq!((made.size_bytes, made.verified_at), (1 << 40, None));
        store.backup_verified(&OPERATOR, made.id).await.unwrap();
        assert_eq!(store.backups().await.unwrap()[0].verified_at, Some(stage.now()));
        store.backup_removed(&OPERATOR, made.id).await.unwrap();
        assert!(store.backups().await.unwrap().is_empty());
        assert!(store.backup_verified(&OPERATOR, made.id).await.is_err());
    }

    // claim C9
    async fn staff_enter_only_while_a_member_lets_them(stage: &Stage) {
        let (workspace, _, owner) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let new = NewAccount {
            email: "staff@example.com".parse().unwrap(),
            display_name: "Staff".into(),
            kind: AccountKind::Person,
            staff: true,
        };
        let staff = stage.store.directory().create_account(&OPERATOR, new).await.unwrap().id;
        let session = stage.session(staff, 99).await;
        let ask = |reason: &str, hours| NewStaffAccess {
            staff,
            reason: reason.into(),
            ticket: "T-1".into(),
            read_only: true,
            hours,
        };
        let actor = Actor::new(Principal::Account { id: staff, session }, None);
        for (reason, hours) in [(" ", 1), ("import fails", 0), ("import fails", 73)] {
            assert!(store.ask_staff_access(&actor, ask(reason, hours)).await.is_err(), "{reason} {hours}");
        }
        let id = store.ask_staff_access(&actor, ask("import fails", 2)).await.unwrap().id;
        let principal = Principal::Staff { id: staff, session, access: id };
        let enter = async || stage.store.membership(&principal, workspace).await;
        assert!(enter().await.is_err(), "asked, and not granted");
        assert!(store.grant_staff_access(&actor, id, 2, true).await.is_err(), "granted by whoever asked");
        let member = Actor::new(owner, None);
        assert!(store.grant_staff_access(&member, id, 3, true).await.is_err(), "longer than asked");
        assert!(store.grant_staff_access(&member, id, 1, false).await.is_err(), "more than asked");
        store.grant_staff_access(&member, id, 1, true).await.unwrap();
        let access = enter().await.unwrap();
        assert!(access.read_only() && !access.owner());
        stage.session(staff, 98).await;
        // Another member of staff does not enter with it.
        let eve = stage.account("eve").await;
        let eves = stage.session(eve, 97).await;
        let borrowed = Principal::Staff { id: eve, session: eves, access: id };
        assert!(stage.store.membership(&borrowed, workspace).await.is_err());
        stage.clock.forward(TimeDelta::minutes(20));
        stage.store.directory().touch_session(session).await.unwrap();
        stage.clock.forward(TimeDelta::minutes(20));
        stage.store.directory().touch_session(session).await.unwrap();
        assert!(enter().await.is_ok());
        stage.clock.forward(TimeDelta::minutes(20));
        assert!(enter().await.is_err(), "its hour is over");

        let second = store.ask_staff_access(&actor, ask("again", 1)).await.unwrap().id;
        store.refuse_staff_access(&member, second).await.unwrap();
        assert!(store.grant_staff_access(&member, second, 1, true).await.is_err(), "refused already");
        let third = store.ask_staff_access(&actor, ask("again", 1)).await.unwrap().id;
        store.grant_staff_access(&member, third, 1, true).await.unwrap();
        store.end_staff_access(&member, third).await.unwrap();
        let principal = Principal::Staff { id: staff, session, access: third };
        assert!(stage.store.membership(&principal, workspace).await.is_err(), "ended by hand");
        assert_eq!(store.staff_accesses().await.unwrap().len(), 3);
        let actions: Vec<_> = store.records(&Default::default()).await.unwrap().into_iter().map(|r| r.action).collect();
        assert_eq!(actions.iter().filter(|action| action.starts_with("staff-access.")).count(), 7);
    }
}
