//! Every way in which a bundle can lie, what is said about it, and that `verify.py` says the same.

use crate::bundle::{LOG, Story, Unpacked, at, check, codes, key, python};
use bursar_audit::verify::{Trust, Verdict};
use bursar_audit::{KeyStatement, Log, SigningKey};
use bursar_domain::id::WorkspaceId;

const ENTRIES: &str = "entries/000000.jsonl";
const CHECKPOINTS: &str = "checkpoints.jsonl";

fn trust() -> Trust {
    Trust { keys: vec![key(1).public().clone()], log: Some(LOG), ..Trust::default() }
}

fn says(verdict: &Verdict, message: &str) {
    let found: Vec<String> = verdict.problems.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|text| text.contains(message)), "`{message}` is not in {found:#?}");
}

fn whole() -> (Story, Unpacked) {
    let story = Story::new(400);
    let unpacked = Unpacked::new(&story, &key(1));
    (story, unpacked)
}

fn part() -> (Story, Unpacked) {
    let mut story = Story::new(400);
    (story.filter.from, story.filter.until) = (Some(at(100)), Some(at(300)));
    let unpacked = Unpacked::new(&story, &key(1));
    (story, unpacked)
}

#[test]
fn a_good_bundle_is_good_packed_unpacked_and_to_python() {
    // claim D2
    for count in [0, 1, 2, 255, 256, 257, 600] {
        let story = Story::new(count);
        let unpacked = Unpacked::new(&story, &key(1));
        let verdict = unpacked.verdict(&trust());
        assert!(verdict.is_good(), "{:?}", verdict.problems);
        assert_eq!((verdict.entries, verdict.size, verdict.whole), (count, count, true));
        let folder = tempfile::tempdir().unwrap();
        let packed = check(&story.pack(folder.path(), &key(1)), &trust());
        assert!(packed.is_good() && !packed.trust_on_first_use, "{:?}", packed.problems);
    }
    let (_, unpacked) = whole();
    assert!(unpacked.verdict(&Trust::default()).trust_on_first_use);
}

#[test]
fn a_part_is_good_too() {
    // claim D2
    let (_, unpacked) = part();
    let verdict = unpacked.verdict(&trust());
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!((verdict.entries, verdict.size, verdict.whole), (100, 400, false));
    let mut story = Story::new(400);
    story.filter.action = Some("member.".into());
    let verdict = Unpacked::new(&story, &key(1)).verdict(&trust());
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!(verdict.entries, 80);
}

#[test]
fn one_bit_flipped_anywhere_in_the_file_is_found() {
    // claim D2
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::new(12);
    for part in [false, true] {
        story.filter.from = part.then(|| at(10));
        let path = story.pack(folder.path(), &key(1));
        let good = std::fs::read(&path).unwrap();
        assert!(check(&path, &trust()).is_good());
        // Every byte of what is not our own documentation, one bit of each; then some of the rest.
        let readme = good.windows(9).position(|w| w == b"README.md").unwrap();
        let script = good.windows(13).position(|w| w == b"manifest.json").unwrap();
        let places = (0..readme).chain((readme..script).step_by(211)).chain(script..good.len());
        for place in places.step_by(53) {
            let mut bent = good.clone();
            bent[place] ^= 1 << (place % 8);
            std::fs::write(&path, &bent).unwrap();
            let verdict = check(&path, &trust());
            assert!(!verdict.is_good(), "bit {} of byte {place}", place % 8);
        }
    }
}

#[test]
fn both_verifiers_find_flipped_bits_in_every_file() {
    // claim D2
    for (_, unpacked) in [whole(), part()] {
        let mut names = vec![];
        for line in String::from_utf8(
            std::process::Command::new("find")
                .arg(unpacked.folder.path())
                .args(["-type", "f"])
                .output()
                .unwrap()
                .stdout,
        )
        .unwrap()
        .lines()
        {
            names.push(std::path::PathBuf::from(line));
        }
        assert!(names.len() >= 9, "{names:?}");
        for name in names {
            let good = std::fs::read(&name).unwrap();
            for place in [good.len() / 3, good.len().saturating_sub(2)] {
                let mut bent = good.clone();
                let Some(byte) = bent.get_mut(place) else { continue };
                *byte ^= 4;
                std::fs::write(&name, &bent).unwrap();
                assert!(!check(unpacked.folder.path(), &trust()).is_good(), "{name:?} {place}");
                assert!(!python(unpacked.folder.path(), &trust()).is_empty(), "{name:?} {place}");
            }
            std::fs::write(&name, &good).unwrap();
        }
    }
}

#[test]
fn a_changed_entry_is_named() {
    // claim D2
    let (_, unpacked) = whole();
    let mut lines = unpacked.lines(ENTRIES);
    lines[41] = lines[41].replace("source.add", "source.sad");
    unpacked.put(ENTRIES, &lines);
    // The digests of entries are in the tree, so the manifest still fits.
    let verdict = unpacked.verdict(&trust());
    says(&verdict, "entry 42 was changed");
    says(
        &verdict,
        "do not give the root of the checkpoint of size 150; the last that they give is of size 0",
    );
    let (_, unpacked) = part();
    let mut lines = unpacked.lines(ENTRIES);
    lines[0] = lines[0].replace("editors", "admins");
    unpacked.put(ENTRIES, &lines);
    says(&unpacked.verdict(&trust()), "the proof for entry 50 does not hold");
}

#[test]
fn entries_dropped_at_the_end_are_named() {
    // claim D2
    let (_, unpacked) = whole();
    let lines = unpacked.lines(ENTRIES);
    unpacked.put(ENTRIES, &lines[..390]);
    says(&unpacked.verdict(&trust()), "entries 391 to 400 are missing at the end");
    // The owner of the key signs what is left; the checkpoint still says what there was.
    unpacked.reseal(&key(1), |_| {});
    let verdict = unpacked.verdict(&trust());
    says(&verdict, "entries 391 to 400 are missing at the end");
    assert!(!codes(&verdict).contains("signature"));
}

#[test]
fn an_entry_dropped_in_the_middle_is_named() {
    // claim D2
    for (_, unpacked) in [whole(), part()] {
        let mut lines = unpacked.lines(ENTRIES);
        let gone = lines.remove(50);
        unpacked.put(ENTRIES, &lines);
        unpacked.reseal(&key(1), |_| {});
        let number = bursar_audit::Entry::parse(&gone).unwrap().sequence;
        says(&unpacked.verdict(&trust()), &format!("entries {number} to {number} are missing in between"));
    }
}

#[test]
fn two_entries_that_changed_places_are_named() {
    // claim D2
    for (_, unpacked) in [whole(), part()] {
        let mut lines = unpacked.lines(ENTRIES);
        lines.swap(50, 51);
        let number = bursar_audit::Entry::parse(&lines[51]).unwrap().sequence;
        unpacked.put(ENTRIES, &lines);
        says(&unpacked.verdict(&trust()), &format!("entry {number} is out of order"));
    }
}

#[test]
fn a_fork_is_told_from_either_side() {
    // claim D2
    let mut story = Story::new(400);
    let other = {
        let mut other = Story::new(400);
        other.entries[399].target = "somewhere else".into();
        other.head(805, &key(1))
    };
    // Seen earlier, by somebody who kept it.
    let known = Trust { known: vec![other.clone()], ..trust() };
    story.checkpoint(806, &key(1));
    story.created = at(807);
    let verdict = Unpacked::new(&story, &key(1)).verdict(&known);
    says(&verdict, "fork: two checkpoints of size 400 have different roots");
    // Both in one bundle.
    story.checkpoints.insert(story.checkpoints.len() - 1, other);
    says(
        &Unpacked::new(&story, &key(1)).verdict(&trust()),
        "fork: two checkpoints of size 400 have different roots",
    );
    // One of a size between the checkpoints of the bundle.
    let mut other = Story::new(400);
    other.entries[9].target = "somewhere else".into();
    let known = Trust { known: vec![other.head(21, &key(1))], ..trust() };
    let (_, unpacked) = whole();
    says(&unpacked.verdict(&known), "fork: two checkpoints of size 10 have different roots");
}

#[test]
fn an_older_state_shown_as_the_newest_is_told() {
    // claim D2
    let (mut story, later) = (Story::new(100), Story::new(400));
    story.created = at(206);
    let known = Trust { known: vec![later.checkpoints.last().unwrap().clone()], ..trust() };
    let verdict = Unpacked::new(&story, &key(1)).verdict(&known);
    says(&verdict, "has size 100 of");
    says(&verdict, "one of size 400 of");
    says(&verdict, "an older state is shown");
    // Without anything kept, the clock tells.
    let now = Trust { now: Some(at(2_000)), ..trust() };
    let folder = tempfile::tempdir().unwrap();
    says(&check(&story.pack(folder.path(), &key(1)), &now), "the newest checkpoint is of 2026");
}

#[test]
fn what_is_of_another_workspace_is_told() {
    // claim D2
    let other = Log::Workspace(WorkspaceId::from_u128(8));
    let asked = Trust { log: Some(other), ..trust() };
    let folder = tempfile::tempdir().unwrap();
    let verdict = check(&Story::new(10).pack(folder.path(), &key(1)), &asked);
    says(&verdict, "the bundle is of another log: `bursar/wsp_00000000000000000000000000000007`");
    // Another workspace's entries under our name.
    let mut story = Story::of(other, 10);
    story.filter.from = Some(at(0));
    let verdict = Unpacked::new(&story, &key(1)).verdict(&trust());
    says(&verdict, "entry 1 is of another log: `wsp_00000000000000000000000000000008`");
    // Another workspace's proofs and checkpoint under our entries.
    let theirs = SigningKey::from_seed(&other.origin(), &[1; 32]).unwrap();
    let (_, unpacked) = part();
    let mut lines = unpacked.lines(CHECKPOINTS);
    let foreign = Story::of(other, 400).head(801, &theirs);
    *lines.last_mut().unwrap() = serde_json::json!({ "note": foreign.as_str() }).to_string();
    unpacked.put(CHECKPOINTS, &lines);
    unpacked.reseal(&key(1), |_| {});
    let verdict = unpacked.verdict(&trust());
    says(
        &verdict,
        "the checkpoint of size 400 is of another log: `bursar/wsp_00000000000000000000000000000008`",
    );
    says(&verdict, "the proof for entry 50 does not hold");
}

#[test]
fn unknown_and_expired_keys_are_told() {
    // claim D2
    let mut story = Story::new(400);
    story.checkpoint(805, &key(2));
    let verdict = Unpacked::new(&story, &key(1)).verdict(&trust());
    says(&verdict, "the checkpoint of size 400 is signed by no key that is trusted");
    // A bundle that is all of one piece, under a key that we do not trust.
    let stranger = Trust { keys: vec![key(9).public().clone()], ..trust() };
    let (_, unpacked) = whole();
    assert!(codes(&unpacked.verdict(&stranger)).contains("unknown-key"));
    // The key changes at 400 seconds; the old one signs on.
    let mut story = Story::new(400);
    let next = KeyStatement { key: key(2).public().clone(), from: at(400), until: at(1_000_000) };
    story.keys.push(next.sign(&key(1)).unwrap());
    let verdict = Unpacked::new(&story, &key(1)).verdict(&trust());
    says(&verdict, "the checkpoint of size 300 is signed at 2026-11-22 14:43:20 UTC with key");
    assert_eq!(codes(&verdict).into_iter().collect::<Vec<_>>(), ["expired-key"]);
    // It is done right: good, from the first key alone.
    let mut story = Story::new(190);
    story.keys.push(next.sign(&key(1)).unwrap());
    story.checkpoint(450, &key(2));
    story.created = at(460);
    let unpacked = Unpacked::new(&story, &key(2));
    assert!(unpacked.verdict(&trust()).is_good());
    // Whoever trusts only the second key does not trust what the first signed.
    let second = Trust { keys: vec![key(2).public().clone()], ..trust() };
    assert!(codes(&unpacked.verdict(&second)).contains("unknown-key"));
    // A key that nobody vouched for.
    let lone = KeyStatement { key: key(3).public().clone(), from: at(402), until: at(1_000_000) };
    let mut lines = unpacked.lines("keys.jsonl");
    lines[1] = serde_json::json!({ "note": lone.sign(&key(3)).unwrap() }).to_string();
    unpacked.put("keys.jsonl", &lines);
    let verdict = check(unpacked.folder.path(), &trust());
    says(&verdict, "is not vouched for by the key before it");
    assert!(python(unpacked.folder.path(), &trust()).contains("keys"));
}

#[test]
fn a_missing_checkpoint_is_told() {
    // claim D2
    let (_, unpacked) = whole();
    let mut lines = unpacked.lines(CHECKPOINTS);
    lines.remove(1);
    unpacked.put(CHECKPOINTS, &lines);
    says(&unpacked.verdict(&trust()), "checkpoints: the manifest says 3, there are 2");
    unpacked.reseal(&key(1), |_| {});
    let verdict = unpacked.verdict(&trust());
    says(
        &verdict,
        "no checkpoint was signed between 2026-11-22 14:38:20 UTC and 2026-11-22 14:46:41 UTC; one is due every 300 s",
    );
    // Silence at the end.
    let mut story = Story::new(400);
    story.created = at(3_000);
    assert!(codes(&Unpacked::new(&story, &key(1)).verdict(&trust())).contains("cadence"));
    // An idle log says so.
    for seconds in (1_100..3_000).step_by(300) {
        story.checkpoint(seconds, &key(1));
    }
    assert!(Unpacked::new(&story, &key(1)).verdict(&trust()).is_good());
}

#[test]
fn counts_that_do_not_match_are_told() {
    // claim D2
    let (_, unpacked) = part();
    unpacked.reseal(&key(1), |manifest| manifest.entries = 99);
    says(&unpacked.verdict(&trust()), "entries: the manifest says 99, there are 100");
    let (_, unpacked) = whole();
    unpacked.reseal(&key(1), |manifest| manifest.size = 399);
    says(&unpacked.verdict(&trust()), "the size of the log: the manifest says 399, there are 400");
}

#[test]
fn entries_that_no_checkpoint_covers_are_told() {
    // claim D2
    let (_, unpacked) = whole();
    let mut lines = unpacked.lines(ENTRIES);
    let more = Story::new(401).entries.pop().unwrap();
    lines.push(more.line());
    unpacked.put(ENTRIES, &lines);
    unpacked.reseal(&key(1), |_| {});
    let verdict = unpacked.verdict(&trust());
    says(&verdict, "the entries after 400 are under no checkpoint");
}

#[test]
fn rewritten_history_breaks_consistency() {
    // claim D2: the owner of the key makes everything anew, and the old checkpoint is still in it.
    let (mut story, old) = (Story::new(400), Story::new(400));
    story.entries[3].target = "nothing happened".into();
    story.checkpoints.clear();
    for seconds in [300, 600, 801] {
        story.checkpoint(seconds, &key(1));
    }
    story.checkpoints[0] = old.checkpoints[0].clone();
    story.filter.from = Some(at(700));
    let verdict = Unpacked::new(&story, &key(1)).verdict(&trust());
    says(&verdict, "the checkpoint of size 150 is not the beginning of the newest");
    // Whoever kept the old head finds it in a whole log of new ones too.
    story.checkpoints[0] = story.head(300, &key(1));
    story.filter.from = None;
    let known = Trust { known: vec![old.checkpoints[0].clone()], ..trust() };
    says(&Unpacked::new(&story, &key(1)).verdict(&known), "fork: two checkpoints of size 150");
}

#[test]
fn what_is_said_about_persons_must_be_what_was_recorded() {
    // claim D1
    let (_, unpacked) = whole();
    let lines = unpacked.lines("personal.jsonl");
    let mut bent = lines.clone();
    bent[0] = bent[0].replace("ada@", "eve@");
    unpacked.put("personal.jsonl", &bent);
    unpacked.reseal(&key(1), |_| {});
    says(
        &unpacked.verdict(&trust()),
        "what is disclosed about a person in entry 10 is not what was recorded",
    );
    // Erased: nothing is disclosed, and the log is as good as before.
    unpacked.put("personal.jsonl", &lines[3..]);
    unpacked.reseal(&key(1), |_| {});
    assert!(unpacked.verdict(&trust()).is_good());
}

#[test]
fn a_witness_must_have_seen_the_newest() {
    // claim D2
    let witness = SigningKey::witness_from_seed("witness.example", &[5; 32]).unwrap();
    let asked = Trust { witnesses: vec![witness.public().clone()], ..trust() };
    let mut story = Story::new(10);
    let folder = tempfile::tempdir().unwrap();
    says(
        &check(&story.pack(folder.path(), &key(1)), &asked),
        "none of the witnesses signed the newest checkpoint",
    );
    let last = story.checkpoints.pop().unwrap();
    story.checkpoints.push(last.cosign(&witness, at(25)).unwrap());
    let unpacked = Unpacked::new(&story, &key(1));
    let verdict = unpacked.verdict(&asked);
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!(verdict.witnesses, [("witness.example".to_owned(), at(25))]);
}

#[test]
fn files_that_are_missing_or_too_many_are_told() {
    // claim D2
    let (_, unpacked) = whole();
    std::fs::write(unpacked.path("extra"), "").unwrap();
    std::fs::remove_file(unpacked.path("tile/0/000")).unwrap();
    let verdict = unpacked.verdict(&trust());
    says(&verdict, "file `extra` is not in the manifest");
    says(&verdict, "file `tile/0/000` is missing");
    let folder = tempfile::tempdir().unwrap();
    let path = Story::new(3).pack(folder.path(), &key(1));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 512]).unwrap();
    says(&check(&path, &trust()), "there is something after its end");
    std::fs::write(&path, &bytes[..700]).unwrap();
    says(&check(&path, &trust()), "it ends too early");
    std::fs::write(&path, [bytes.as_slice(), &[0; 512]].concat()).unwrap();
    says(&check(&path, &trust()), "there is something after its end");
}
