//! Filters as the standard has them, and nothing else.

use super::*;
use crate::error::ScimType;
use crate::schema::{ENTERPRISE_URN, Kind, USER_URN};
use proptest::prelude::*;
use serde_json::json;

fn ana() -> Value {
    json!({
        "userName": "Ana@Example.com", "externalId": "A7", "active": true, "title": "",
        "name": { "familyName": "O'Malley" },
        "emails": [{ "value": "w@example.com", "type": "work" }, { "value": "h@home.example", "type": "home" }],
        "groups": [{ "value": "grp_1" }],
        ENTERPRISE_URN: { "department": "Ops" },
        "meta": { "lastModified": "2026-11-22T12:00:00.5Z" },
    })
}

fn holds(text: &str) -> bool {
    let filter: Filter = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.check(Kind::User).unwrap_or_else(|error| panic!("{text}: {error}"));
    filter.matches(Kind::User, &ana())
}

#[test]
fn filters_say_what_the_standard_says() {
    // claim C2
    for text in [
        "userName eq \"ana@example.com\"",
        "USERNAME EQ \"ANA@EXAMPLE.COM\"",
        "userName sw \"ana\" and userName ew \".COM\" and userName co \"@\"",
        "externalId eq \"A7\"",
        "name.familyName co \"O'Malley\"",
        "emails[type eq \"work\" and value co \"@example.com\"]",
        "emails[type eq \"work\"].value eq \"W@example.com\"",
        "emails.type eq \"home\"",
        "emails co \"home.example\"",
        "emails eq \"w@example.com\"",
        "active eq true",
        "active eq \"True\"",
        "active ne false",
        "not (active eq false)",
        "nickName eq null",
        "userName ne null",
        "userName pr and not(nickName pr)",
        "title pr or nickName pr",
        "nickName pr or active eq true and userName pr",
        "(nickName pr or active eq true) and userName pr",
        "meta.lastModified gt \"2026-11-22T13:00:00+02:00\"",
        "meta.lastModified le \"2026-11-22T12:00:00.500Z\"",
        "userName gt \"a\" and userName lt \"b\" and userName ge \"ana@example.com\"",
        "groups eq \"grp_1\"",
        "groups.value eq \"grp_1\"",
        &format!("{USER_URN}:userName sw \"ana\""),
        &format!("{ENTERPRISE_URN}:department eq \"ops\""),
        "nickName ne \"x\"",
        "userName eq \"\\u0061na@example.com\"",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "userName eq \"ana\"",
        "externalId eq \"a7\"",
        "emails[type eq \"home\" and value co \"@example.com\"]",
        "emails[type eq \"home\"].value eq \"w@example.com\"",
        "nickName pr",
        "nickName eq \"x\"",
        "nickName gt \"\"",
        "active eq false",
        "emails.type ne \"home\"",
        "nickName pr and active eq true or userName eq \"x\"",
        "userName eq 5",
        "title eq null",
    ] {
        assert!(!holds(text), "{text}");
    }
}

#[test]
fn what_is_no_filter_is_refused() {
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq ana",
        "userName is \"a\"",
        "eq \"a\"",
        "and",
        "(",
        "()",
        "(userName pr",
        "userName pr)",
        "userName pr userName pr",
        "userName eq \"a",
        "userName eq 'a'",
        "not userName pr",
        "emails[",
        "emails[]",
        "emails[type pr",
        "emails[type pr].value",
        "userName eq 1.2.3",
        "userName eq \"a\" or",
        "a.b.c pr",
        "userName; drop",
        "emails[type pr].x[y pr]",
        "\"a\" eq \"a\"",
        "é pr",
    ] {
        let error = text.parse::<Filter>().unwrap_err();
        assert_eq!(error.kind, Some(ScimType::InvalidFilter), "{text}");
    }
    for text in
        ["hobby pr", "members pr", "emails[hobby pr]", "active gt true", "userName[value pr]", "name.x pr"]
    {
        let error = text.parse::<Filter>().unwrap().check(Kind::User).unwrap_err();
        assert_eq!(error.kind, Some(ScimType::InvalidFilter), "{text}");
    }
}

#[test]
fn filters_are_bounded() {
    let nested = |n: usize| format!("{}userName pr{}", "(".repeat(n), ")".repeat(n));
    assert!(nested(MAX_DEPTH).parse::<Filter>().is_ok());
    assert!(nested(MAX_DEPTH + 1).parse::<Filter>().is_err());
    assert!("not (".repeat(700).parse::<Filter>().is_err());
    let long = |n: usize| vec!["id pr"; n].join(" or ");
    assert!(long(MAX_COMPARISONS).parse::<Filter>().is_ok());
    assert!(long(MAX_COMPARISONS + 1).parse::<Filter>().is_err());
    assert!(format!("id eq \"{}\"", "x".repeat(MAX_FILTER_BYTES)).parse::<Filter>().is_err());
}

#[test]
fn equalities_are_what_must_hold() {
    let of = |text: &str| {
        let filter: Filter = text.parse().unwrap();
        let found = filter
            .equalities()
            .into_iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect::<Vec<_>>();
        found.join(" ")
    };
    assert_eq!(of("userName eq \"a\" and (active eq true and title pr)"), "userName=\"a\" active=true");
    assert_eq!(of("userName eq \"a\" or active eq true"), "");
    assert_eq!(of("not (userName eq \"a\")"), "");
}

#[test]
fn paths_hold_filters() {
    for text in ["userName", "name.givenName", "emails[type eq \"work\"]", "emails[type eq \"work\"].value"] {
        assert!(text.parse::<PatchPath>().is_ok(), "{text}");
    }
    for text in [
        "",
        "emails[type eq \"work\"]value",
        "emails[type eq \"work\"].a.b",
        "emails[type pr] x",
        "a.b[c pr]",
        "[a pr]",
    ] {
        assert_eq!(text.parse::<PatchPath>().unwrap_err().kind, Some(ScimType::InvalidPath), "{text}");
    }
}

fn comparison() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just("userName"),
        Just("emails.value"),
        Just("active"),
        Just("meta.created"),
        Just("title"),
        Just("id"),
    ];
    let value = prop_oneof![
        "\"[a-z@. ]{0,8}\"",
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("-1.5".to_owned())
    ];
    let operator =
        prop_oneof![Just("eq"), Just("ne"), Just("co"), Just("sw"), Just("EW"), Just("gt"), Just("le")];
    prop_oneof![
        (path.clone(), operator, value)
            .prop_map(|(path, operator, value)| format!("{path} {operator} {value}")),
        path.prop_map(|path| format!("{path} pr")),
        Just("emails[type eq \"work\"].value co \"x\"".to_owned()),
    ]
}

fn sentence() -> impl Strategy<Value = String> {
    comparison().prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = text.parse::<Filter>();
        let _ = text.parse::<PatchPath>();
    }

    #[test]
    fn nothing_that_looks_like_a_filter_does_either(
        words in prop::collection::vec(
            prop_oneof![
                Just("("), Just(")"), Just("["), Just("]"), Just("not"), Just("and"), Just("or"), Just("eq"),
                Just("pr"), Just("emails"), Just(".value"), Just("\"x\""), Just("\""), Just("\\"), Just("5"),
            ],
            0..40,
        )
    ) {
        if let Ok(filter) = words.join(" ").parse::<Filter>() {
            let _ = filter.check(Kind::User);
            let _ = filter.matches(Kind::User, &ana());
            let _ = filter.matches(Kind::Group, &json!([1, null]));
        }
    }

    #[test]
    fn sentences_of_the_grammar_are_read_and_not_is_not(text in sentence()) {
        let filter: Filter = text.parse().unwrap();
        let negated: Filter = format!("not ({text})").parse().unwrap();
        prop_assert_ne!(filter.matches(Kind::User, &ana()), negated.matches(Kind::User, &ana()));
        let same: Filter = format!("  ( {text} )  ").parse().unwrap();
        prop_assert_eq!(filter, same);
    }
}
