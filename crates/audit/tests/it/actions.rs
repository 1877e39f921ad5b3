//! Every action that the program records is in the registry.

use bursar_audit::action::{ACTIONS, find};
use std::collections::BTreeSet;
use std::path::Path;

/// Whether it looks like `noun.verb`.
fn is_name(text: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    text.split_once('.').is_some_and(|(noun, verb)| letters(noun) && letters(verb))
}

/// Names in calls that make an entry, in the sources of the program.
fn recorded(folder: &Path, found: &mut BTreeSet<String>) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            recorded(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Where the name is chosen first, every literal that looks like one counts.
            if text.contains("Entry::done(action") {
                let literals = text.split('"').skip(1).step_by(2);
                found.extend(literals.filter(|literal| is_name(literal)).map(str::to_owned));
            }
            for call in ["Entry::done("] {
                for (_, rest) in text.match_indices(call).map(|(at, _)| text.split_at(at + call.len())) {
                    let rest = rest.trim_start();
                    if let Some(name) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                        found.insert(name.to_owned());
                    }
                }
            }
        }
    }
}

#[test]
fn every_action_that_is_recorded_is_in_the_registry() {
    // claim D3
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for item in std::fs::read_dir(crates).unwrap() {
        let source = item.unwrap().path().join("src");
        if source.is_dir() {
            recorded(&source, &mut found);
        }
    }
    assert!(found.len() > 50, "the sources are not where they were: {found:?}");
    let unlisted: Vec<&String> = found.iter().filter(|name| find(name).is_none()).collect();
    assert!(unlisted.is_empty(), "add these to crates/audit/src/action.rs: {unlisted:?}");
    assert!(ACTIONS.len() >= found.len());
}
