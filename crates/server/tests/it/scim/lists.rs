//! Pages, order, attributes, ETags.

use super::Provider;
use crate::kit::TestApp;
use serde_json::{Value, json};

async fn people(provider: &Provider<'_>, count: usize) -> Vec<Value> {
    let mut made = Vec::new();
    for n in 0..count {
        let body = json!({
            "userName": format!("user{:02}", (n * 7) % count), "title": if n % 2 == 0 { "even" } else { "odd" },
            "emails": [{ "value": format!("u{n}@example.com"), "type": "work" }],
        });
        made.push(provider.add("/Users", body).await);
    }
    made
}

fn names(list: &Value) -> Vec<String> {
    list["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["userName"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_by_index_and_by_cursor_have_everybody_once() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let made = people(&provider, 11).await;
    let all: Vec<String> = made.iter().map(|one| one["userName"].as_str().unwrap().to_owned()).collect();
    let mut sorted = all.clone();
    sorted.sort();
    for (question, expected) in [
        ("", all.clone()),
        ("&sortBy=userName", sorted.clone()),
        ("&filter=userName%20pr", all.clone()),
        (
            "&filter=userName%20sw%20%22USER%22&sortBy=userName&sortOrder=descending",
            sorted.into_iter().rev().collect(),
        ),
    ] {
        let (mut start, mut seen) = (1, Vec::new());
        loop {
            let page = provider.get(&format!("/Users?count=4&startIndex={start}{question}")).await;
            assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(11), &json!(start)));
            assert!(page.get("nextCursor").is_none());
            let found = names(&page);
            assert_eq!(page["itemsPerPage"], found.len());
            if found.is_empty() {
                break;
            }
            start += found.len();
            seen.extend(found);
        }
        assert_eq!(seen, expected, "{question}");
        let (mut cursor, mut seen, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let page = provider.get(&format!("/Users?count=4&cursor={cursor}{question}")).await;
            assert_eq!(page["totalResults"], 11);
            assert!(page.get("startIndex").is_none());
            seen.extend(names(&page));
            pages += 1;
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!((seen, pages), (expected, 3), "{question}");
    }
    let none = provider.get("/Users?count=0").await;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(11), &json!([])));
    // What the cursor stood at may go away, in an unsorted list.
    let page = provider.get("/Users?count=4&cursor=").await;
    let fourth = page["Resources"][3]["id"].as_str().unwrap();
    let next = format!("/Users?count=4&cursor={}", page["nextCursor"].as_str().unwrap());
    let sorted = provider.get("/Users?count=4&cursor=&sortBy=title").await;
    Provider::is(&provider.send("DELETE", &format!("/Users/{fourth}"), None).await, 204);
    assert_eq!(names(&provider.get(&next).await), all[4..8]);
    let last = sorted["Resources"][3]["id"].as_str().unwrap();
    Provider::is(
        &provider.send("DELETE", &format!("/Users/{last}"), None).await,
        if last == fourth { 404 } else { 204 },
    );
    let next = format!("/Users?count=4&sortBy=title&cursor={}", sorted["nextCursor"].as_str().unwrap());
    assert_eq!(provider.refused("GET", &next, None, 400).await, "expiredCursor");
    // A cursor of another question is none of this one's.
    let other = format!("/Groups?cursor={}", page["nextCursor"].as_str().unwrap());
    assert_eq!(provider.refused("GET", &other, None, 400).await, "invalidCursor");
}

#[tokio::test]
async fn a_search_is_a_question_too() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    people(&provider, 5).await;
    provider.add("/Groups", json!({ "displayName": "user02" })).await;
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "title eq \"odd\"", "sortBy": "userName", "attributes": ["userName"], "count": 1,
    });
    let found = Provider::is(&provider.send("POST", "/Users/.search", Some(&search)).await, 200);
    assert_eq!((&found["totalResults"], found["Resources"].as_array().unwrap().len()), (&json!(2), 1));
    let mut keys: Vec<_> = found["Resources"][0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["id", "schemas", "userName"]);
    let both = json!({ "filter": "userName eq \"user02\" or displayName eq \"user02\"" });
    let found = Provider::is(&provider.send("POST", "/.search", Some(&both)).await, 200);
    assert_eq!(found["totalResults"], 2);
    let kinds: Vec<_> = found["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["meta"]["resourceType"].clone())
        .collect();
    assert_eq!(kinds, [json!("User"), json!("Group")]);
    let paged = json!({ "cursor": "", "count": 4 });
    let first = Provider::is(&provider.send("POST", "/.search", Some(&paged)).await, 200);
    let paged = json!({ "cursor": first["nextCursor"], "count": 4 });
    let second = Provider::is(&provider.send("POST", "/.search", Some(&paged)).await, 200);
    assert_eq!(second["Resources"].as_array().unwrap().len(), 2);
    assert!(second.get("nextCursor").is_none());
}

#[tokio::test]
async fn a_tag_guards_a_resource_against_changes_that_were_not_seen() {
    // claim C2
    let app = TestApp::new().await;
    let provider = Provider::new(&app).await;
    let made = provider.send("POST", "/Users", Some(&json!({ "userName": "ana" }))).await;
    let user = Provider::is(&made, 201);
    let tag = made.header("etag").to_owned();
    assert_eq!(user["meta"]["version"], tag.as_str());
    assert_eq!(made.header("location"), user["meta"]["location"].as_str().unwrap());
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    let same = provider.send_with("GET", &path, &[("if-none-match", &tag)], None).await;
    assert_eq!((same.status.as_u16(), same.header("etag"), same.body.len()), (304, tag.as_str(), 0));
    let title = |title: &str| json!({ "Operations": [{ "op": "add", "path": "title", "value": title }] });
    let match_ = [("if-match", tag.as_str())];
    let changed = provider.send_with("PATCH", &path, &match_, Some(&title("Dr."))).await;
    Provider::is(&changed, 200);
    assert_ne!(changed.header("etag"), tag);
    for (method, body) in
        [("PATCH", Some(title("x"))), ("PUT", Some(json!({ "userName": "ana" }))), ("DELETE", None)]
    {
        Provider::is(&provider.send_with(method, &path, &match_, body.as_ref()).await, 412);
    }
    // What changes nothing leaves the version.
    let again = provider.send("PATCH", &path, Some(&title("Dr."))).await;
    assert_eq!(again.header("etag"), changed.header("etag"));
    let any = provider.send_with("PATCH", &path, &[("if-match", "*")], Some(&title("Prof."))).await;
    Provider::is(&any, 200);
    let new = any.header("etag").to_owned();
    Provider::is(&provider.send_with("DELETE", &path, &[("if-match", &new)], None).await, 204);
}
