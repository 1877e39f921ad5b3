//! `/api/openapi.json`.

use crate::kit::TestApp;
use bursar_server::routes;

#[tokio::test]
async fn the_document_is_served_as_printed() {
    let app = TestApp::new().await;
    let cookie = app.sign_in().await;
    let served = app.get_as(&cookie, "/api/openapi.json").await.json();
    assert_eq!(served, serde_json::to_value(routes::openapi()).unwrap());
    assert_eq!(served["openapi"], "3.1.0");
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::to_value(routes::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["operationId"].is_string() && operation["summary"].is_string(), "{what}");
            assert!(operation["responses"]["200"].is_object(), "{what}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{what}: {parameter}");
            }
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "schema {name} says nothing");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &serde_json::Value, document: &serde_json::Value) {
        if let Some(reference) = value.get("$ref").and_then(|r| r.as_str()) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        match value {
            serde_json::Value::Object(map) => map.values().for_each(|v| walk(v, document)),
            serde_json::Value::Array(list) => list.iter().for_each(|v| walk(v, document)),
            _ => {}
        }
    }
    let document = serde_json::to_value(routes::openapi()).unwrap();
    walk(&document, &document);
}
