//! `bursar audit`: a record handed over, checked by us and by Python, and what is said when it was bent.

use crate::bursar;
use std::path::Path;
use std::process::Command;

fn run(data: &Path, args: &[&str]) -> bursar_testkit::Run {
    bursar().args(args).env("BURSAR_DATA_DIR", data).run().unwrap()
}

#[test]
fn an_auditor_checks_what_is_handed_over_and_sees_what_was_bent() {
    // claim D2
    let data = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("acme.tar");
    let file = bundle.to_str().unwrap();
    run(data.path(), &["workspace", "create", "acme"]).ok().unwrap();
    let mut sources = Vec::new();
    for name in ["one", "two", "three"] {
        let location = format!("s3://bills/{name}");
        let added = run(data.path(), &["source", "add", "--workspace", "acme", &location]).ok().unwrap();
        sources.push(added.text().trim().to_owned());
    }
    run(data.path(), &["source", "remove", "--workspace", "acme", &sources[1]]).ok().unwrap();
    let keys = run(data.path(), &["audit", "keys", "--workspace", "acme"]).ok().unwrap();
    let key = keys.text().split('\t').next().unwrap().to_owned();
    let written = run(data.path(), &["audit", "export", "--workspace", "acme", "--out", file]).ok().unwrap();
    assert!(written.text().contains("entries"), "{written}");
    // It is not written over.
    run(data.path(), &["audit", "export", "--workspace", "acme", "--out", file]).expect_status(2).unwrap();

    // No data directory, no environment: an outsider.
    let told = bursar().args(["audit", "verify", file, "--key", &key]).run().unwrap().ok().unwrap();
    assert!(told.text().contains("the whole log") && told.text().trim_end().ends_with("good"), "{told}");
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    assert!(Command::new("tar").arg("xf").arg(&bundle).arg("-C").arg(&unpacked).status().unwrap().success());
    let python = |arguments: &[&str]| {
        Command::new("python3").arg("verify.py").args(arguments).current_dir(&unpacked).output().unwrap()
    };
    let said = python(&[".", &key]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));

    // One letter of one entry.
    let files = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
    };
    let all =
        files(&unpacked).into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    let has = |path: &std::path::PathBuf| {
        std::fs::read_to_string(path).is_ok_and(|text| text.contains("\"source.remove\""))
    };
    let entries = all.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).find(has).unwrap();
    let text = std::fs::read_to_string(&entries).unwrap();
    std::fs::write(&entries, text.replacen("source.remove", "source.remote", 1)).unwrap();
    let folder = unpacked.to_str().unwrap();
    let told =
        bursar().args(["audit", "verify", folder, "--key", &key]).run().unwrap().expect_status(1).unwrap();
    assert!(told.text().contains("WRONG"), "{told}");
    assert!(!python(&[".", &key]).status.success());

    // A part, and a key that nobody vouched for.
    let part = data.path().join("part.tar");
    let args =
        ["audit", "export", "--workspace", "acme", "--action", "source.", "--out", part.to_str().unwrap()];
    run(data.path(), &args).ok().unwrap();
    let told = bursar()
        .args(["audit", "verify", part.to_str().unwrap(), "--key", &key])
        .run()
        .unwrap()
        .ok()
        .unwrap();
    assert!(told.text().contains("a part of the log, 4 entries"), "{told}");
    let other = run(data.path(), &["audit", "keys"]).ok().unwrap();
    let other = other.text().split('\t').next().unwrap().to_owned();
    let args = ["audit", "verify", part.to_str().unwrap(), "--key", &other];
    bursar().args(args).run().unwrap().expect_status(1).unwrap();
}

#[test]
fn a_log_is_checked_where_it_lies() {
    // claim D1
    let data = tempfile::tempdir().unwrap();
    run(data.path(), &["workspace", "create", "acme"]).ok().unwrap();
    run(data.path(), &["audit", "keys", "-w", "acme"]).ok().unwrap();
    for args in [&["audit", "check", "-w", "acme"][..], &["audit", "check"]] {
        let told = run(data.path(), args).ok().unwrap();
        assert!(told.text().trim_end().ends_with("good"), "{told}");
    }
    let told = run(data.path(), &["audit", "check", "-w", "nobody"]).expect_status(2).unwrap();
    assert!(told.stderr.contains("there is no workspace"), "{told}");
    let told = bursar().args(["audit", "verify", "/no/such/file"]).run().unwrap();
    assert_eq!(told.expect_status(2).unwrap().stderr.matches("/no/such/file").count(), 1);
}
