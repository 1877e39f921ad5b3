//! The record as a Merkle log.

use crate::schema::raw;
use crate::stage::{OPERATOR, Stage, on_both};
use bursar_audit::export::Filter;
use bursar_audit::verify::{Trust, verify_path};
use bursar_audit::{KeyHistory, Log, VerifyingKey};
use bursar_domain::id::WorkspaceId;
use bursar_store::{AuditLog, Entry, LogVerdict, NewSource, Outcome, Paging, RecordFilter, StoreError};
use bursar_testkit::peers::PostgresDatabase;
use chrono::TimeDelta;
use serde_json::json;

/// Somebody with every privilege on the database, past the triggers.
async fn tamper(stage: &Stage, workspace: WorkspaceId, changes: &[&str]) {
    if let Some(database) = &stage.postgres {
        let changes: String = changes.iter().map(|change| format!("{change}; ")).collect();
        database.superuser(&format!("SET session_replication_role = replica; {changes}")).unwrap();
        return;
    }
    let keys = stage.keyring.workspace(workspace).await.unwrap();
    let path = stage.directory.path().join("workspaces").join(workspace.to_string()).join("workspace.db");
    let mut connection = raw(&path, keys.database_key()).await;
    for table in ["records", "record_tiles", "record_checkpoints"] {
        for event in ["UPDATE", "DELETE"] {
            let sql = format!("DROP TRIGGER IF EXISTS workspace_{table}_no_{event}");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
    }
    for change in changes {
        sqlx::query(sqlx::AssertSqlSafe((*change).to_owned())).execute(&mut connection).await.unwrap();
    }
}

/// A workspace with so many entries and a checkpoint over them.
async fn filled(stage: &Stage, entries: u64) -> (WorkspaceId, AuditLog) {
    let workspace = stage.workspace("one").await;
    let log = stage.open(workspace).await.log();
    for from in (0..entries).step_by(400) {
        let some = (from..entries.min(from + 400))
            .map(|n| (OPERATOR, Entry::done("credential.set", format!("src_{n}"))));
        log.note_all(some.collect()).await.unwrap();
    }
    log.sign_checkpoint(stage.now()).await.unwrap();
    (workspace, log)
}

fn says(verdict: &LogVerdict, message: &str) {
    let found: Vec<String> = verdict.problems.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|text| text.contains(message)), "`{message}` is not in {found:#?}");
}

async fn key(log: &AuditLog) -> VerifyingKey {
    let statements = log.key_statements().await.unwrap();
    let history = KeyHistory::read(statements.iter().map(String::as_str), &[]).unwrap();
    history.statements()[0].key.clone()
}

on_both! {
    // claim D1, D2
    async fn entries_are_under_signed_checkpoints(stage: &Stage) {
        let (workspace, log) = filled(stage, 700).await;
        assert_eq!(log.log(), Log::Workspace(workspace));
        let head = log.checkpoint().await.unwrap().unwrap();
        let key = key(&log).await;
        assert!(head.is_signed_by(&key));
        assert_eq!(head.checkpoint.size, 700);
        for sequence in [1, 255, 256, 257, 512, 513, 700] {
            let proof = log.prove(sequence).await.unwrap();
            assert!(proof.line.starts_with(&format!("{{\"sequence\":{sequence},")), "{}", proof.line);
            assert_eq!(proof.check(&key).unwrap(), head.checkpoint);
        }
        assert!(matches!(log.prove(0).await, Err(StoreError::NotFound(_))));
        assert!(matches!(log.prove(701).await, Err(StoreError::NotFound(_))));
        // Nothing happens, and the log says so.
        stage.clock.forward(TimeDelta::minutes(5));
        let idle = log.sign_checkpoint(stage.now()).await.unwrap().checkpoint;
        assert_eq!((idle.size, idle.root), (700, head.checkpoint.root));
        assert!(idle.time > head.checkpoint.time);
        log.note(&OPERATOR, Entry::done("credential.remove", "src_1")).await.unwrap();
        let verdict = stage.store.verify_log(Some(workspace), Some(stage.now())).await.unwrap();
        assert!(verdict.is_good(), "{:?}", verdict.problems);
        assert_eq!((verdict.entries, verdict.checkpoints, verdict.unsigned), (701, 2, 1));
        // Silence is a problem.
        stage.clock.forward(TimeDelta::minutes(10));
        let verdict = log.verify(Some(stage.now())).await.unwrap();
        says(&verdict, "one is due every 300 s");
    }

    // claim D1
    async fn a_round_signs_every_log_that_is_due(stage: &Stage) {
        let (one, two) = (stage.workspace("one").await, stage.workspace("two").await);
        assert_eq!(stage.store.sign_checkpoints(stage.now()).await.unwrap().signed, 3);
        let again = stage.store.sign_checkpoints(stage.now() + TimeDelta::seconds(60)).await.unwrap();
        assert_eq!((again.signed, again.failed.len()), (0, 0));
        stage.clock.forward(TimeDelta::minutes(5));
        assert_eq!(stage.store.sign_checkpoints(stage.now()).await.unwrap().signed, 3);
        for workspace in [None, Some(one), Some(two)] {
            let verdict = stage.store.verify_log(workspace, Some(stage.now())).await.unwrap();
            assert!(verdict.is_good(), "{:?}", verdict.problems);
            assert_eq!(verdict.checkpoints, 2);
        }
        // Another workspace's proof does not pass for this one's.
        let (ours, theirs) = (stage.open(one).await.log(), stage.open(two).await.log());
        theirs.note(&OPERATOR, Entry::done("credential.set", "x")).await.unwrap();
        theirs.sign_checkpoint(stage.now()).await.unwrap();
        let proof = theirs.prove(1).await.unwrap();
        proof.check(&key(&theirs).await).unwrap();
        assert!(proof.check(&key(&ours).await).is_err());
    }

    // claim D1, D2
    async fn what_a_superuser_edits_is_found(stage: &Stage) {
        let (workspace, log) = filled(stage, 300).await;
        tamper(stage, workspace, &["UPDATE workspace_records SET target = 'nothing' WHERE seq = 7"]).await;
        let verdict = log.verify(None).await.unwrap();
        says(&verdict, "entry 7 was changed");
        says(&verdict, "do not give the root of the checkpoint of size 300");
        // The hash goes along; the tile tells, and without it the root.
        tamper(stage, workspace, &["UPDATE workspace_records SET leaf = NULL WHERE seq = 7"]).await;
        says(&log.verify(None).await.unwrap(), "entry 7 was changed");
        tamper(stage, workspace, &["DELETE FROM workspace_record_tiles"]).await;
        says(&log.verify(None).await.unwrap(), "do not give the root of the checkpoint of size 300; the last that they give is of size 0");
        // A log that was rewritten gets no new signature.
        let refused = log.sign_checkpoint(stage.now() + TimeDelta::minutes(5)).await.unwrap_err();
        assert!(refused.to_string().contains("does not continue its last checkpoint"), "{refused}");
        let round = stage.store.sign_checkpoints(stage.now() + TimeDelta::minutes(5)).await.unwrap();
        assert_eq!((round.signed, round.failed.len()), (1, 1), "the installation's log is signed all the same");
    }

    // claim D1, D2
    async fn what_a_superuser_removes_is_found(stage: &Stage) {
        let (workspace, log) = filled(stage, 40).await;
        tamper(stage, workspace, &["DELETE FROM workspace_records WHERE seq = 12"]).await;
        let verdict = log.verify(None).await.unwrap();
        says(&verdict, "entries 12 to 12 are missing in between");
        says(&verdict, "entries: the manifest says 40, there are 39");
        tamper(stage, workspace, &[
            "DELETE FROM workspace_records WHERE seq > 30",
            "UPDATE workspace_counters SET last_seq = 30",
        ]).await;
        says(&log.verify(None).await.unwrap(), "entries 31 to 40 are missing at the end");
        // The checkpoints as well: then only silence and what others kept tell.
        tamper(stage, workspace, &["DELETE FROM workspace_record_checkpoints"]).await;
        let verdict = log.verify(None).await.unwrap();
        assert_eq!((verdict.checkpoints, verdict.unsigned), (0, 29));
    }

    // claim D1
    async fn nobody_changes_the_log_through_the_front_door(stage: &Stage) {
        let (workspace, _log) = filled(stage, 300).await;
        for table in ["workspace_records", "workspace_record_tiles", "workspace_record_checkpoints"] {
            for change in [format!("UPDATE {table} SET workspace_id = workspace_id"), format!("DELETE FROM {table}")] {
                match &stage.postgres {
                    Some(database) => {
                        let uuid = &workspace.to_string()[4..];
                        let change = format!("BEGIN; SELECT set_config('app.workspace_id', '{uuid}', true); {change}; COMMIT");
                        let error = database.sql_as(PostgresDatabase::APP, &change).unwrap_err().to_string();
                        assert!(error.contains("permission denied"), "{change}: {error}");
                    }
                    None => {
                        let keys = stage.keyring.workspace(workspace).await.unwrap();
                        let path = stage.directory.path().join("workspaces").join(workspace.to_string()).join("workspace.db");
                        let mut connection = raw(&path, keys.database_key()).await;
                        let error = sqlx::query(sqlx::AssertSqlSafe(change)).execute(&mut connection).await.unwrap_err();
                        assert!(error.to_string().contains("only ever added"), "{error}");
                    }
                }
            }
        }
        if let Some(database) = &stage.postgres {
            stage.store.directory().ask_workspace_deletion(&OPERATOR, workspace, stage.now()).await.unwrap();
            stage.store.erase_workspace(&OPERATOR, workspace).await.unwrap();
            for table in ["records", "record_tiles", "record_checkpoints", "record_keys"] {
                let left = database.superuser(&format!("SELECT count(*) FROM workspace_{table}")).unwrap();
                assert_eq!(left.trim(), "0", "{table}");
            }
        }
    }

    // claim D1: an erased person and an intact log
    async fn a_person_is_erased_and_the_log_stays(stage: &Stage) {
        let workspace = stage.workspace("one").await;
        let (ana, log) = (stage.account("ana").await, stage.open(workspace).await.log());
        let entry = Entry::done("team.join", ana).with(json!({ "role": "admin" }));
        log.note(&OPERATOR, entry.about_person(ana, json!({ "email": "ana@example.com" }))).await.unwrap();
        let records = log.records(&RecordFilter::default()).await.unwrap();
        assert_eq!(records[0].payload, json!({ "role": "admin", "email": "ana@example.com" }));
        let before = log.sign_checkpoint(stage.now()).await.unwrap().checkpoint;
        let proof = log.prove(1).await.unwrap();
        assert!(!proof.line.contains("ana@example.com") && proof.line.contains("\"commitment\":"), "{}", proof.line);

        let folder = tempfile::tempdir().unwrap();
        let personal = async |name: &str| {
            let path = folder.path().join(name);
            let out = std::fs::File::create(&path).unwrap();
            log.export(&OPERATOR, out, Filter::default(), true, stage.now()).await.unwrap();
            let verdict = verify_path(&path, &Trust::default()).unwrap();
            assert!(verdict.is_good(), "{:?}", verdict.problems);
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains("ana@example.com")
        };
        assert!(personal("before.tar").await);
        assert_eq!(stage.store.erase_person(&OPERATOR, ana).await.unwrap(), 1 + 1, "here, and where the account was made");
        assert!(!personal("after.tar").await);
        let records = log.records(&RecordFilter::default()).await.unwrap();
        assert_eq!(records.last().unwrap().payload, json!({ "role": "admin" }));
        let verdict = log.verify(None).await.unwrap();
        assert!(verdict.is_good(), "{:?}", verdict.problems);
        proof.check(&key(&log).await).unwrap();
        assert_eq!(log.prove(1).await.unwrap().line, proof.line);
        assert!(log.checkpoint().await.unwrap().unwrap().checkpoint.size > before.size);
    }

    // claim D1
    async fn an_intent_ends_or_is_unknown(stage: &Stage) {
        let log = stage.open(stage.workspace("one").await).await.log();
        let done = log.intend(&OPERATOR, Entry::done("credential.set", "aws")).await.unwrap();
        let lost = log.intend(&OPERATOR, Entry::done("credential.remove", "gcp")).await.unwrap();
        log.conclude(&OPERATOR, done, Entry::done("credential.set", "aws").outcome(Outcome::Failed)).await.unwrap();
        let twice = log.conclude(&OPERATOR, done, Entry::done("credential.set", "aws")).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))));
        assert_eq!(stage.store.close_lost_intents(stage.now()).await.unwrap(), 0, "it may still be at it");
        stage.clock.forward(TimeDelta::hours(1));
        assert_eq!(stage.store.close_lost_intents(stage.now()).await.unwrap(), 1);
        assert_eq!(stage.store.close_lost_intents(stage.now()).await.unwrap(), 0);
        assert!(log.conclude(&OPERATOR, lost, Entry::done("credential.remove", "gcp")).await.is_err());
        let records = log.records(&RecordFilter::default()).await.unwrap();
        let told: Vec<_> = records.iter().map(|r| (r.seq, r.target.as_str(), r.outcome, r.intent)).collect();
        assert_eq!(told, [
            (4, "gcp", Outcome::Unknown, Some(2)),
            (3, "aws", Outcome::Failed, Some(1)),
            (2, "gcp", Outcome::Intended, None),
            (1, "aws", Outcome::Intended, None),
        ]);
        assert_eq!(records[0].actor, "system");
        log.sign_checkpoint(stage.now()).await.unwrap();
        assert!(log.verify(None).await.unwrap().is_good());
    }

    // claim D2
    async fn an_auditor_checks_an_export_without_us(stage: &Stage) {
        let (workspace, log) = filled(stage, 300).await;
        stage.clock.forward(TimeDelta::seconds(100));
        let from = stage.now();
        log.note(&OPERATOR, Entry::done("team.add", "team_1").changed(json!({}), json!({ "name": "é\n" }))).await.unwrap();
        log.note(&OPERATOR, Entry::done("team.remove", "team_1")).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let trust = Trust { keys: vec![key(&log).await], log: Some(Log::Workspace(workspace)), ..Trust::default() };
        let filters = [
            (Filter::default(), 302),
            (Filter { from: Some(from), ..Filter::default() }, 2 + 1),
            (Filter { until: Some(from), ..Filter::default() }, 300),
            (Filter { action: Some("team.".into()), ..Filter::default() }, 2),
            (Filter { actor: Some("nobody".into()), ..Filter::default() }, 0),
        ];
        for (number, (filter, expected)) in filters.into_iter().enumerate() {
            let path = folder.path().join(format!("{number}.tar"));
            let out = std::fs::File::create(&path).unwrap();
            let (_, manifest) = log.export(&OPERATOR, out, filter.clone(), true, stage.now()).await.unwrap();
            let verdict = verify_path(&path, &trust).unwrap();
            assert!(verdict.is_good(), "{filter:?}: {:?}", verdict.problems);
            assert_eq!((manifest.entries, verdict.entries), (expected, expected), "{filter:?}");
            let unpacked = folder.path().join(number.to_string());
            std::fs::create_dir(&unpacked).unwrap();
            let run = |program: &str, arguments: &[&str]| {
                let output = std::process::Command::new(program).args(arguments).current_dir(&unpacked).output().unwrap();
                assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stdout));
            };
            run("tar", &["xf", path.to_str().unwrap()]);
            run("python3", &["-I", "verify.py", ".", &trust.keys[0].to_string()]);
        }
        assert_eq!(log.records(&RecordFilter { action: Some("audit.export".into()), ..Default::default() }).await.unwrap().len(), 5);
    }

    // claim D2
    async fn the_next_key_is_vouched_for_by_the_one_before(stage: &Stage) {
        let (_, log) = filled(stage, 10).await;
        let first = key(&log).await;
        stage.clock.forward(TimeDelta::minutes(1));
        let second = log.rotate_key(&OPERATOR).await.unwrap();
        assert_ne!(first, second);
        let signed = log.sign_checkpoint(stage.now()).await.unwrap();
        assert!(signed.is_signed_by(&second) && !signed.is_signed_by(&first));
        // Two years later the next one comes by itself.
        stage.clock.forward(TimeDelta::days(710));
        let signed = log.sign_checkpoint(stage.now()).await.unwrap();
        assert!(!signed.is_signed_by(&second));
        let statements = log.key_statements().await.unwrap();
        let history = KeyHistory::read(statements.iter().map(String::as_str), &[first]).unwrap();
        assert_eq!(history.statements().len(), 3);
        history.check(&signed).unwrap();
        assert!(log.verify(None).await.unwrap().is_good());
        // The seeds are not where a dump would show them, and survive a rotation of the keys above.
        assert!(statements.iter().all(|statement| !statement.contains("PRIVATE")));
    }

    // claim D1
    async fn the_log_is_read_by_time_actor_action_outcome_and_text(stage: &Stage) {
        let (workspace, ana, principal) = stage.owner_of("ana").await;
        let log = stage.open(workspace).await.log();
        let actor = bursar_domain::Actor::new(principal, None);
        let mut moments = Vec::new();
        for n in 0..20 {
            moments.push(stage.now());
            let outcome = if n % 4 == 0 { Outcome::Refused } else { Outcome::Done };
            let who = if n % 2 == 0 { actor } else { OPERATOR };
            let action = if n < 10 { "team.add" } else { "team.change" };
            log.note(&who, Entry::done(action, format!("team_{n}%")).outcome(outcome)).await.unwrap();
            stage.clock.forward(TimeDelta::seconds(10));
        }
        let seqs = async |filter: RecordFilter| -> Vec<i64> {
            log.records(&filter).await.unwrap().iter().map(|record| record.seq).collect()
        };
        let all = RecordFilter::default;
        assert_eq!(seqs(RecordFilter { from: Some(moments[5]), until: Some(moments[8]), ..all() }).await, [8, 7, 6]);
        assert_eq!(seqs(RecordFilter { from: Some(stage.now()), ..all() }).await, [0; 0]);
        assert_eq!(seqs(RecordFilter { account: Some(ana), until: Some(moments[5]), ..all() }).await, [5, 3, 1]);
        assert_eq!(seqs(RecordFilter { action: Some("team.change".into()), outcome: Some(Outcome::Refused), ..all() }).await, [17, 13]);
        assert_eq!(seqs(RecordFilter { target: Some("team_3%".into()), ..all() }).await, [4]);
        assert_eq!(seqs(RecordFilter { text: Some("_1%".into()), ..all() }).await, [2]);
        assert_eq!(seqs(RecordFilter { text: Some("chang".into()), paging: Paging { after: Some(14), limit: 2 }, ..all() }).await, [13, 12]);
        // A clock that goes back does not take the log along.
        stage.clock.forward(TimeDelta::hours(-1));
        log.note(&OPERATOR, Entry::done("team.add", "late")).await.unwrap();
        let records = log.records(&all()).await.unwrap();
        assert!(records.windows(2).all(|pair| pair[0].at >= pair[1].at));
    }

    // claim D1
    async fn what_comes_at_once_is_numbered_without_gaps(stage: &Stage) {
        let workspace = stage.workspace("one").await;
        let (store, other) = (stage.open(workspace).await, stage.open(workspace).await);
        let log = store.log();
        let notes = (0..300).map(|n| {
            let log = if n % 2 == 0 { store.log() } else { other.log() };
            async move { log.note(&OPERATOR, Entry::done("credential.set", n)).await.unwrap() }
        });
        let changes = (0..20).map(|n| {
            let new = NewSource { location: format!("s3://{n}"), dialect: None, id: None };
            store.add_source(&OPERATOR, new)
        });
        let (mut numbers, changed) = futures::join!(futures::future::join_all(notes), futures::future::join_all(changes));
        assert!(changed.iter().all(Result::is_ok));
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 300);
        // One that is refused does not take others with it.
        let (bad, good) = futures::join!(
            log.note(&OPERATOR, Entry::done("x", "y".repeat(300))),
            log.note(&OPERATOR, Entry::done("credential.set", "z")),
        );
        assert!(matches!(bad, Err(StoreError::TooLarge { .. })));
        assert_eq!(good.unwrap(), 321);
        assert!(log.note(&OPERATOR, Entry::done("x", "y").with(json!(0.5))).await.is_err());
        log.sign_checkpoint(stage.now()).await.unwrap();
        let verdict = log.verify(None).await.unwrap();
        assert!(verdict.is_good(), "{:?}", verdict.problems);
        assert_eq!(verdict.entries, 321);
    }
}
