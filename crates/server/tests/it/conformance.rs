//! `/api/v1/conformance`, over a small export with the dirt that real ones have.

use crate::kit::TestApp;
use serde_json::Value;

const HEADER: &str = "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,\
     ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName,ServiceCategory,SubAccountName,Tags";

fn charge(start: &str, service: &str, account: &str) -> String {
    format!(
        "1,USD,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,{start},2026-11-09T00:00:00Z,Usage,1,1,1,1,AWS,{service},Compute,\
         {account},"
    )
}

fn finding<'a>(body: &'a Value, about: &str, example: &str) -> &'a Value {
    let findings = body["findings"].as_array().unwrap();
    let shows = |f: &&Value| {
        f["column"] == about && f["examples"].as_array().unwrap().iter().any(|e| e["value"] == example)
    };
    findings.iter().find(shows).unwrap_or_else(|| panic!("no finding on {about}: {body:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn dirt_is_found_with_its_rule_its_row_and_what_it_means() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        charge("2026-11-08T00:00:00Z", "Amazon EC2", "prod"),
        charge("08/11/2026", "Amazon EC2", "prod"),
        charge("2026-11-08T00:00:00Z", "NULL", "prod"),
        charge("2026-11-08T00:00:00Z", "NULL", "prod"),
    ];
    std::fs::write(folder.path().join("november.csv"), format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap()]).await;
    app.workspace.refresh().await;
    let cookie = app.sign_in().await;

    let before = app.workspace.ledger().bytes;
    let body = app.get_as(&cookie, "/api/v1/conformance").await.json();
    let after = app.workspace.ledger().bytes;
    assert!(after > before, "the ledger counts what the check reads");
    assert_eq!(body["checked_rows"], 4);
    assert_eq!(body["notes"], serde_json::json!([]));

    let date = finding(&body, "ChargePeriodStart", "08/11/2026");
    assert_eq!(date["count"], 1, "{date:#}");
    assert_eq!(date["level"], "MUST");
    assert!(date["rule"].as_str().unwrap().starts_with("ChargePeriodStart-"), "{date:#}");
    assert!(!date["explanation"].as_str().unwrap().is_empty());
    assert_eq!(date["examples"][0]["row"], 2);
    assert!(date["examples"][0]["file"].as_str().unwrap().ends_with("november.csv"));
    let null = body["findings"].as_array().unwrap().iter().find(|f| {
        f["examples"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["value"].as_str().is_some_and(|v| v.contains("NULL")))
    });
    let null = null.unwrap_or_else(|| panic!("{body:#}"));
    assert_eq!(null["count"], 2, "{null:#}");
    assert_eq!(null["examples"][0]["row"], 3);

    let source = app.get_as(&cookie, "/api/v1/sources").await.json()["sources"][0]["id"].clone();
    let path = format!("/api/v1/conformance?source={}", source.as_str().unwrap());
    assert_eq!(app.get_as(&cookie, &path).await.json(), body);
    assert_eq!(app.workspace.ledger().bytes, after, "the same deliveries are not read again");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_checked_says_why() {
    // claim A2
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap()]).await;
    app.workspace.refresh().await;
    let cookie = app.sign_in().await;
    let body = app.get_as(&cookie, "/api/v1/conformance").await.json();
    assert_eq!(body["checked_rows"], 0);
    assert!(!body["notes"][0].as_str().unwrap().is_empty(), "{body:#}");
}
