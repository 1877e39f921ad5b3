//! What receivers see of events is what is checked in.

use super::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn schemas() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/event/schemas")
}

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/events.md")
}

fn file_of(kind: EventType) -> PathBuf {
    schemas().join(format!("{}.json", kind.name().trim_start_matches(PREFIX)))
}

fn event(kind: EventType) -> Event {
    Event {
        id: EventId::from_u128(0x0193_a5c2_f0e0_7b3c_9d1e_2f3a_4b5c_6d7e),
        workspace: WorkspaceId::from_u128(1),
        subject: "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e".into(),
        time: "2026-11-22T09:30:00.123456Z".parse().unwrap(),
        data: EventData::from_json(kind, &kind.example()).unwrap(),
    }
}

/// JSON with keys in the order of their names, whatever order the program's other parts make of it.
fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(object) => {
            let by_name: std::collections::BTreeMap<_, _> = object.iter().collect();
            by_name.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        serde_json::Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap()
}

/// The file is what the registry says, or is written when that is asked for.
fn current(path: &Path, wanted: &str) {
    if std::env::var_os("BURSAR_WRITE_SCHEMAS").is_some() {
        std::fs::write(path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        found,
        wanted,
        "{} is outdated: what receivers see was changed. A new field that may be missing: run \
         `BURSAR_WRITE_SCHEMAS=1 cargo test -p bursar-domain event`; anything else: make a new version",
        path.display()
    );
}

// claim G1
#[test]
fn every_type_has_its_schema_checked_in() {
    let mut files = BTreeSet::new();
    for kind in EventType::ALL {
        let text = pretty(&kind.schema()) + "\n";
        current(&file_of(*kind), &text);
        files.insert(file_of(*kind));
    }
    let there = std::fs::read_dir(schemas()).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(there.collect::<BTreeSet<_>>(), files, "a schema without a type");
}

#[test]
fn every_example_reads_back_whole_and_has_all_fields() {
    for kind in EventType::ALL {
        let data = EventData::from_json(*kind, &kind.example()).unwrap();
        assert_eq!(data.kind(), *kind);
        let json = data.to_json();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&json), keys(&kind.example()), "{kind}");
        assert_eq!(keys(&kind.schema()["properties"]), keys(&json), "{kind}");
        let event = event(*kind);
        assert_eq!(Event::from_cloud_event(&event.to_cloud_event()).unwrap(), event, "{kind}");
        assert!(json.to_string().len() < MAX_DATA);
    }
}

#[test]
fn names_are_those_of_cloud_events_and_end_with_a_version() {
    let mut names = BTreeSet::new();
    for kind in EventType::ALL {
        let name = kind.name();
        assert!(name.starts_with(PREFIX) && name.len() <= 100, "{name}");
        let version = name.rsplit(".v").next().unwrap();
        assert!(version.parse::<u32>().is_ok_and(|version| version > 0), "{name}");
        assert!(names.insert(name), "{name} twice");
        assert!(kind.summary().ends_with('.'), "{name}");
        assert_eq!(name.parse::<EventType>().unwrap(), *kind);
    }
    assert!("org.bursar.nothing.v1".parse::<EventType>().is_err());
}

#[test]
fn optional_fields_may_be_missing_and_others_not() {
    let without = json!({ "source": "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e", "reason": "x", "failures": 1 });
    let data = EventData::from_json(EventType::SyncFailed, &without).unwrap();
    assert_eq!(data.to_json(), without, "nothing is written as null");
    let error = EventData::from_json(EventType::SyncFailed, &json!({ "reason": "x" })).unwrap_err();
    assert!(matches!(error, EventError::Data { kind: EventType::SyncFailed, .. }));
}

#[test]
fn broken_envelopes_are_refused() {
    let good = event(EventType::SourceAdded).to_cloud_event();
    for (field, value) in [
        ("specversion", json!("0.3")),
        ("id", json!("src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e")),
        ("source", json!("/elsewhere")),
        ("type", json!("org.bursar.unknown.v1")),
        ("subject", json!("x".repeat(201))),
        ("time", json!("yesterday")),
        ("data", json!({})),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert!(Event::from_cloud_event(&bad).is_err(), "{field}");
    }
}

#[test]
fn the_reference_page_lists_every_type() {
    let mut text = String::from(INTRODUCTION);
    for kind in EventType::ALL {
        let _ = write!(
            text,
            "\n## `{kind}`\n\n{} Severity: {}. Schema: [`{file}`](../../crates/domain/src/event/schemas/{file}).\n\n| field | | |\n|---|---|---|\n",
            kind.summary(),
            kind.severity(),
            file = file_of(*kind).file_name().unwrap().to_string_lossy(),
        );
        let schema = kind.schema();
        let example = kind.example();
        for (name, field) in schema["properties"].as_object().unwrap() {
            let required = schema["required"].as_array().unwrap().iter().any(|r| r == name);
            let description = field["description"].as_str().unwrap();
            let optional = if required { "" } else { " May be missing." };
            let _ = writeln!(text, "| `{name}` | {description}{optional} | `{}` |", example[name]);
        }
    }
    current(&reference(), &text);
}

const INTRODUCTION: &str = "# Events

What Bursar tells webhooks, and what alert rules choose from. Made from the registry
(`crates/domain/src/event/types.rs`) by a test; edit that, not this page.

An event is a [CloudEvent](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md) 1.0 in the
JSON format, structured mode:

```json
{
  \"specversion\": \"1.0\",
  \"id\": \"evt_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e\",
  \"source\": \"/workspaces/wsp_0193a5c2f0e07b3c9d1e2f3a4b5c6d81\",
  \"type\": \"org.bursar.source.added.v1\",
  \"subject\": \"src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e\",
  \"time\": \"2026-11-22T09:30:00.123456Z\",
  \"datacontenttype\": \"application/json\",
  \"dataschema\": \"urn:bursar:event:source.added.v1\",
  \"severity\": \"info\",
  \"data\": { \"source\": \"src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e\" }
}
```

`id` is the same however often an event is delivered: keep the ids you have seen. `subject` is what it happened
to; the events of one subject come in their order. `severity` is an extension attribute. A field may be
added to a version as long as it may be missing; any other change is a new version beside the old one.
Amounts are decimals in strings, moments RFC 3339 in UTC.
";
