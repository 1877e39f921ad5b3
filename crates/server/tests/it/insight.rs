//! Forecasts, budgets and incidents, over bills that are made here.

use crate::kit::{Seen, TestApp};
use axum::body::Body;
use axum::http::{Method, header};
use serde_json::{Value, json};
use std::fmt::Write as _;

const HEADER: &str = "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName,SubAccountId,RegionId\n";

/// A bill of 200 days until the day before the clock's, of two services; the second grows tenfold for a week.
fn bill() -> String {
    let last: chrono::NaiveDate = "2026-11-21".parse().unwrap();
    let first = last - chrono::TimeDelta::days(199);
    first.iter_days().take(200).enumerate().fold(HEADER.to_owned(), |mut text, (at, day)| {
        let month = day.format("%Y-%m-01");
        let next = (day + chrono::Months::new(1)).format("%Y-%m-01");
        let until = day + chrono::TimeDelta::days(1);
        let weekend = at % 7 >= 5;
        for (service, account, cost) in [
            ("Machines", "111", if weekend { 60 } else { 100 }),
            ("Disks", "222", if (160..167).contains(&at) { 200 } else { 20 + (at % 3) }),
        ] {
            writeln!(
                text,
                "1,USD,{month}T00:00:00Z,{next}T00:00:00Z,{day}T00:00:00Z,{until}T00:00:00Z,Usage,{cost},{cost},{cost},{cost},AWS,{service},{account},eu-west-1"
            )
            .unwrap();
        }
        text
    })
}

async fn app() -> (TestApp, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bill.csv"), bill()).unwrap();
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap()]).await;
    app.workspace.refresh().await;
    (app, folder)
}

async fn send(app: &TestApp, method: Method, path: &str, cookie: &str, body: Value) -> Seen {
    let request = app
        .request(method, path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header("x-bursar-csrf", "1");
    app.send(request.body(Body::from(body.to_string())).unwrap()).await
}

async fn get(app: &TestApp, cookie: &str, path: &str) -> Value {
    let seen = app.get_as(cookie, path).await;
    assert_eq!(seen.status, 200, "{path}: {}", seen.text());
    seen.json()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_month_ends_as_its_parts_do_together() {
    // claim F4
    let (app, _folder) = app().await;
    let owner = app.sign_in().await;
    let answer = get(&app, &owner, "/api/v1/forecast?by=ServiceName&until=month").await;
    assert_eq!(answer["until"]["ends"], "2026-12-01");
    assert_eq!(answer["as_of"], "2026-11-21", "the last day may still be arriving");
    let usd = &answer["currencies"][0];
    let total = number(&usd["total"]["expected_total"]);
    let parts: f64 =
        usd["parts"].as_array().unwrap().iter().map(|p| number(&p["ahead"]["expected_total"])).sum();
    assert!((total - parts).abs() < 0.005, "{total} {parts}");
    assert!((2_900.0..3_500.0).contains(&total), "{total}");
    let (low, high) = (number(&usd["total"]["lo95"]), number(&usd["total"]["hi95"]));
    assert!(low < total && total < high && number(&usd["total"]["actual_so_far"]) < total);
    assert!(usd["total"]["backtest"]["wape"].as_f64().unwrap() < 0.3, "{usd}");
    assert_eq!(usd["daily"].as_array().unwrap().len(), 10, "the days from the 21st on");
    let ask = json!({ "currency": "USD", "until": "month", "changes": [{ "kind": "grow", "value": "Machines", "percent": 100 }] });
    let seen = send(&app, Method::POST, "/api/v1/forecast/scenario", &owner, ask).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert!(number(&seen.json()["difference"]) > 500.0, "{}", seen.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_says_how_it_stands_and_to_whom_it_is_shown() {
    // claim F2
    let (app, _folder) = app().await;
    let owner = app.sign_in().await;
    let budget = json!({ "name": "Machines", "currency": "USD", "cadence": "monthly", "amount": "2000",
        "scope": [{ "dimension": "ServiceName", "values": ["Machines"] }],
        "thresholds": [{ "on": "actual", "percent": 80, "recipients": ["fin@example.com"] },
            { "on": "forecast", "percent": 100, "recipients": ["fin@example.com"] }] });
    let seen = send(&app, Method::POST, "/api/v1/budgets", &owner, budget.clone()).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let id = seen.json()["id"].as_str().unwrap().to_owned();
    let list = get(&app, &owner, "/api/v1/budgets").await;
    let status = &list["items"][0]["status"];
    assert_eq!(status["standing"], "at-risk", "{status}");
    assert_eq!(number(&status["actual"]) as i64, 1_760, "{status}");
    assert_eq!(status["fired"].as_array().unwrap().len(), 2, "{status}");
    assert_eq!(status["burn"].as_array().unwrap().len(), 30);
    // claim G3: each threshold is told once, however often it is looked at.
    let by = app.installation.enter_as_operator(app.id).await.unwrap();
    by.workspace().refresh().await;
    assert_eq!(by.budget_alerts().await.unwrap().len(), 2);
    assert_eq!(by.budget_alerts().await.unwrap().len(), 0);
    let told = by.store().events(0, 1000).await.unwrap();
    let of_budgets = told.iter().filter(|(_, event)| event.data.kind().name().contains("budget"));
    assert_eq!(of_budgets.count(), 2, "{told:?}");
    let mut larger = budget;
    larger["amount"] = json!("10000");
    let path = format!("/api/v1/budgets/{id}");
    let changed = send(&app, Method::PUT, &path, &owner, larger).await.json();
    assert_eq!(changed["revision"], 1, "{changed}");
    assert_eq!(get(&app, &owner, "/api/v1/budgets").await["items"][0]["status"]["standing"], "on-track");
    // claim E13: what was changed, before and after, is in the record.
    let records = get(&app, &owner, "/api/v1/records?action=budget.change").await;
    let payload = &records["items"][0]["payload"];
    assert_eq!(
        (&payload["before"]["amount"], &payload["after"]["amount"]),
        (&json!("2000"), &json!("10000"))
    );
    let viewer = app.sign_in_as("viewer@example.com", "viewer".parse().unwrap()).await;
    send(&app, Method::DELETE, &path, &viewer, json!({})).await.problem(403);
    assert_eq!(send(&app, Method::DELETE, &path, &owner, json!({})).await.status, 200);
    send(&app, Method::DELETE, &path, &owner, json!({})).await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_has_a_cause_and_learns_what_was_expected() {
    // claim F3
    let (app, _folder) = app().await;
    let owner = app.sign_in().await;
    let found = get(&app, &owner, "/api/v1/anomalies").await;
    let items = found["items"].as_array().unwrap();
    let of = |item: &&Value| item["scope"]["service"] == "Disks" && item["since"] == "2026-10-13";
    let incident = items.iter().find(of).unwrap_or_else(|| panic!("{found}"));
    assert!(number(&incident["impact"]) > 900.0, "{incident}");
    assert!(incident["explanation"].as_str().unwrap().contains("Disks"), "{incident}");
    assert_eq!(incident["drivers"][0]["account"], "222", "{incident}");
    let id = incident["id"].as_str().unwrap();
    let path = format!("/api/v1/anomalies/{id}/feedback");
    let said = json!({ "expected": true, "reason": "the yearly migration" });
    let seen = send(&app, Method::POST, &path, &owner, said).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let found = get(&app, &owner, "/api/v1/anomalies").await;
    let again = found["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap();
    assert_eq!(again["feedback"]["reason"], "the yearly migration");
    assert_eq!(send(&app, Method::DELETE, &path, &owner, json!({})).await.status, 200);
    let found = get(&app, &owner, "/api/v1/anomalies").await;
    assert!(found["items"].as_array().unwrap().iter().all(|item| item["feedback"].is_null()));
}

#[tokio::test]
async fn without_charges_there_is_nothing_to_go_by() {
    let app = TestApp::new().await;
    let owner = app.sign_in().await;
    for path in ["/api/v1/forecast", "/api/v1/anomalies"] {
        assert!(app.get_as(&owner, path).await.problem(409).contains("source"));
    }
    assert_eq!(get(&app, &owner, "/api/v1/budgets").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_tried_on_the_charges_before_they_are_saved() {
    // claim F1: whose cost it is
    let (app, _folder) = app().await;
    let owner = app.sign_in().await;
    assert_eq!(get(&app, &owner, "/api/v1/allocation").await["rules"], Value::Null);
    let rules = json!({ "effective_from": "2026-01", "groups": [{ "id": "shop", "name": "Shop" }],
        "rules": [{ "name": "machines", "when": [{ "dimension": "ServiceName", "equals": "Machines" }], "group": "shop" }] });
    let ask = json!({ "rules": rules, "from": "2026-10-01", "to": "2026-11-01" });
    let tried = send(&app, Method::POST, "/api/v1/allocation/preview", &owner, ask).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    let tried = tried.json();
    let usd = &tried["currencies"][0];
    let (shop, left) = (number(&usd["groups"][0]["amount"]), number(&usd["unallocated"]["amount"]));
    let cost = get(&app, &owner, "/api/v1/cost?from=2026-10-01&to=2026-11-01").await;
    assert!((shop + left - number(&cost["totals"][0]["amount"])).abs() < 1e-9, "{tried} {cost}");
    assert!(left > 0.0 && shop > left);
    let saved = send(&app, Method::PUT, "/api/v1/allocation", &owner, json!({ "rules": rules })).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(saved.json()["revision"], 1);
    let stale = json!({ "rules": rules, "revision": 0 });
    send(&app, Method::PUT, "/api/v1/allocation", &owner, stale).await.problem(409);
    let wrong = json!({ "rules": { "effective_from": "2026-01", "groups": [],
        "rules": [{ "name": "x", "when": [], "group": "nowhere" }] } });
    let told = send(&app, Method::PUT, "/api/v1/allocation", &owner, wrong).await.problem(409);
    assert!(told.contains("nowhere"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_looked_at_is_said() {
    // claim F5, claim F9
    let (app, _folder) = app().await;
    let owner = app.sign_in().await;
    let found = get(&app, &owner, "/api/v1/recommendations").await;
    assert_eq!(found["items"], json!([]));
    assert!(found["not_assessed"].to_string().contains("names a resource"), "{found}");
    let rates = get(&app, &owner, "/api/v1/commitments").await;
    assert_eq!(rates["currencies"][0]["currency"], "USD", "{rates}");
    assert_eq!(number(&rates["currencies"][0]["utilisation"]["whole"]), 0.0, "{rates}");
}
