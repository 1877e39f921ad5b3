//! `/api/v1/cost` and what stands around it, over a small export that lies in a folder.

use crate::kit::TestApp;
use std::path::Path;

const HEADER: &str = "BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,\
     ChargeCategory,BilledCost,EffectiveCost,ListCost,ContractedCost,ProviderName,ServiceName,ServiceCategory,SubAccountName,Tags";

/// A charge of one day of November 2026.
fn charge(day: u32, service: &str, cost: &str, currency: &str, team: &str) -> String {
    format!(
        "1,{currency},2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,2026-11-{day:02}T00:00:00Z,2026-11-{:02}T00:00:00Z,Usage,\
         {cost},{cost},{cost},{cost},AWS,{service},Compute,prod,\"{{\"\"team\"\":\"\"{team}\"\"}}\"",
        day + 1
    )
}

fn write(folder: &Path, charges: &[String]) {
    std::fs::write(folder.join("november.csv"), format!("{HEADER}\n{}\n", charges.join("\n"))).unwrap();
}

/// Four charges of three days, two services, two currencies, two teams.
pub(crate) fn november() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            charge(1, "Amazon EC2", "0.1", "USD", "web"),
            charge(2, "Amazon EC2", "0.2", "USD", "data"),
            charge(2, "Amazon S3", "12345678901234.123456789012", "USD", "data"),
            charge(3, "Amazon S3", "5", "EUR", "web"),
        ],
    );
    folder
}

async fn app() -> (TestApp, tempfile::TempDir, String) {
    let folder = november();
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap()]).await;
    app.workspace.refresh().await;
    let cookie = app.sign_in().await;
    (app, folder, cookie)
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_are_exact_and_currencies_apart() {
    // claim A3
    let (app, _folder, cookie) = app().await;
    let seen = app.get_as(&cookie, "/api/v1/cost?by=ServiceName&from=2026-11-01&to=2026-12-01").await;
    let answer = seen.json();
    let rows: Vec<_> = answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["keys"][0].as_str().unwrap(),
                row["currency"].as_str().unwrap(),
                row["amount"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("Amazon S3", "EUR", "5"),
            ("Amazon S3", "USD", "12345678901234.123456789012"),
            ("Amazon EC2", "USD", "0.3")
        ]
    );
    assert_eq!(answer["totals"][1]["amount"], "12345678901234.423456789012");
    assert_eq!(answer["provisional"], true);
    assert_eq!(answer["freshness"][0]["charges_until"], "2026-11-03");
    assert_eq!(answer["question"]["measure"], "EffectiveCost");
    // From rows, or from their rollup when that was quicker.
    let read = &answer["read"];
    assert!(read["engine"] == "rollup" || read["bytes"].as_u64().unwrap() > 0, "{read}");
    assert_eq!(answer["empty_reason"], serde_json::Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_tags_days_and_the_rest() {
    let (app, _folder, cookie) = app().await;
    let path = "/api/v1/cost?by=tag:team&grain=day&where=BillingCurrency%3DUSD&where=ServiceName~ec2&from=2026-11-01&to=2026-12-01";
    let answer = app.get_as(&cookie, path).await.json();
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{answer}");
    assert_eq!((&rows[0]["period"], &rows[0]["keys"][0]), (&"2026-11-01".into(), &"web".into()));
    let path = "/api/v1/cost?by=ServiceName&top=1&where=BillingCurrency=USD&from=2026-11-01&to=2026-12-01";
    let answer = app.get_as(&cookie, path).await.json();
    assert_eq!(answer["other"], serde_json::json!({"included": true, "groups": 1}));
    assert_eq!((&answer["rows"][1]["other"], &answer["rows"][1]["amount"]), (&true.into(), &"0.3".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said() {
    let (app, _folder, cookie) = app().await;
    let detail = app.get_as(&cookie, "/api/v1/cost?by=ServicName").await.problem(404);
    assert!(detail.contains("ServiceName"), "{detail}");
    let detail = app.get_as(&cookie, "/api/v1/cost?grian=day").await.problem(400);
    assert!(detail.contains("`grain`"), "{detail}");
    app.get_as(&cookie, "/api/v1/cost?from=tomorrow").await.problem(400);
    app.get_as(&cookie, "/api/v1/cost?by=ServiceName,ServiceName").await.problem(409);
    let answer = app.get_as(&cookie, "/api/v1/cost?from=2026-12-01&to=2026-11-01").await.json();
    assert!(answer["empty_reason"].as_str().unwrap().contains("the end is exclusive"), "{answer}");
    let answer = app.get_as(&cookie, "/api/v1/cost?from=2025-01-01&to=2025-02-01").await.json();
    assert!(answer["empty_reason"].as_str().unwrap().contains("2026-11-03"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_have_what_they_need() {
    let (app, _folder, cookie) = app().await;
    let workspace = app.get_as(&cookie, "/api/v1/workspace").await.json();
    assert_eq!(
        (&workspace["first_day"], &workspace["last_day"]),
        (&"2026-11-01".into(), &"2026-11-03".into())
    );
    assert_eq!(workspace["currencies"], serde_json::json!(["EUR", "USD"]));
    assert_eq!((&workspace["deliveries"], &workspace["sources"]), (&1.into(), &1.into()));
    let dimensions = app.get_as(&cookie, "/api/v1/dimensions").await.json();
    assert_eq!(dimensions["tag_keys"], serde_json::json!(["team"]));
    assert!(
        dimensions["dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|d| d["id"] == "ServiceName" && d["label"] == "Service")
    );
    let values = app.get_as(&cookie, "/api/v1/dimensions/ServiceName/values?q=ec").await.json();
    assert_eq!(values["values"][0]["value"], "Amazon EC2");
    let dashboard = app.get_as(&cookie, "/api/v1/dashboard").await.json();
    assert_eq!(dashboard["this_month"]["to"], "2026-11-04");
    assert_eq!(dashboard["by_service"].as_array().unwrap().len(), 3, "{dashboard}");
    let sources = app.get_as(&cookie, "/api/v1/sources").await.json();
    assert_eq!((&sources["sources"][0]["status"], &sources["sources"][0]["rows"]), (&"ok".into(), &4.into()));
    let ledger = app.get_as(&cookie, "/api/v1/ledger").await.json();
    assert!(ledger["totals"]["operations"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_delivered_again_replaces_and_is_reported() {
    // claim A1
    let (app, folder, cookie) = app().await;
    let total = async |app: &TestApp| {
        let path = "/api/v1/cost?where=BillingCurrency=USD&from=2026-11-01&to=2026-12-01";
        app.get_as(&cookie, path).await.json()["totals"][0]["amount"].as_str().unwrap().to_owned()
    };
    assert_eq!(total(&app).await, "12345678901234.423456789012");
    write(folder.path(), &[charge(1, "Amazon EC2", "0.25", "USD", "web")]);
    app.workspace.refresh().await;
    assert_eq!(total(&app).await, "0.25");
    let deliveries = app.get_as(&cookie, "/api/v1/deliveries").await.json();
    let delivery = &deliveries["deliveries"][0];
    assert_eq!((&delivery["rows"], &delivery["status"]), (&1.into(), &"provisional".into()));
    assert_eq!(delivery["restatement"]["rows_before"], 4, "{delivery}");
    let difference = &delivery["restatement"]["difference"];
    assert_eq!((&difference[0]["currency"], &difference[0]["difference"]), (&"EUR".into(), &"-5".into()));
    // Nothing new: the source is listed, and no content is read.
    let bytes = async || app.get_as(&cookie, "/api/v1/ledger").await.json()["totals"]["bytes"].clone();
    let before = bytes().await;
    app.workspace.refresh().await;
    assert_eq!(bytes().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn currencies_become_one_at_rates_that_the_answer_names() {
    // claim A3
    let (app, _folder, cookie) = app().await;
    let path = "/api/v1/cost?measure=BilledCost&from=2026-11-01&to=2026-12-01";
    let apart = app.get_as(&cookie, path).await.json();
    assert_eq!(apart["totals"].as_array().unwrap().len(), 2);
    let one = app.get_as(&cookie, &format!("{path}&currency=USD&rate=EUR=2")).await.json();
    assert_eq!(one["totals"].as_array().unwrap().len(), 1);
    assert_eq!(one["totals"][0]["currency"], "USD");
    assert!(one["notes"].to_string().contains("EUR was converted at 2 USD"), "{}", one["notes"]);
    let sum = |answer: &serde_json::Value, currency: &str| -> bursar_domain::Amount {
        let totals = answer["totals"].as_array().unwrap();
        let total = totals.iter().find(|total| total["currency"] == currency).unwrap();
        total["amount"].as_str().unwrap().parse().unwrap()
    };
    let (eur, usd) = (sum(&apart, "EUR"), sum(&apart, "USD"));
    let expected = usd.checked_add(eur).unwrap().checked_add(eur).unwrap();
    assert_eq!(sum(&one, "USD"), expected);
    app.get_as(&cookie, &format!("{path}&currency=USD")).await.problem(409);
    for (wrong, status) in [
        ("currency=dollars", 400),
        ("currency=USD&rate=EUR", 400),
        ("currency=USD&rate=EUR=0.0", 400),
        ("rate=EUR=2", 409),
        ("currency=USD&rate=EUR=2&rate=EUR=3", 409),
    ] {
        app.get_as(&cookie, &format!("{path}&{wrong}")).await.problem(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_for_a_spreadsheet() {
    let (app, _folder, cookie) = app().await;
    let path = "/api/v1/cost/export?format=csv&by=ServiceName&where=BillingCurrency=USD&from=2026-11-01&to=2026-12-01";
    let seen = app.get_as(&cookie, path).await;
    assert_eq!(
        seen.text(),
        "ServiceName,Currency,EffectiveCost\r\nAmazon S3,USD,12345678901234.123456789012\r\nAmazon EC2,USD,0.3\r\n"
    );
    assert!(seen.header("content-type").starts_with("text/csv"));
    assert_eq!(seen.header("content-disposition"), "attachment; filename=\"bursar-cost.csv\"");
    let seen = app.get_as(&cookie, &path.replace("csv", "xlsx")).await;
    assert!(seen.body.starts_with(b"PK\x03\x04"));
    app.get_as(&cookie, "/api/v1/cost/export?format=pdf").await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_selects_and_does_nothing_else() {
    let (app, _folder, cookie) = app().await;
    let ask = async |sql: &str| {
        let body = serde_json::json!({"sql": sql, "limit": 2}).to_string();
        app.post_as(&cookie, "/api/v1/sql", &body).await
    };
    let answer = ask("SELECT ServiceName, SUM(BilledCost) AS cost FROM focus WHERE BillingCurrency = 'USD' GROUP BY 1 ORDER BY 2").await.json();
    assert_eq!(answer["rows"][0], serde_json::json!(["Amazon EC2", "0.3"]));
    assert_eq!(answer["columns"][1], serde_json::json!({"name": "cost", "type": "decimal"}));
    assert_eq!(ask("SELECT ServiceName FROM focus").await.json()["truncated"], true);
    for refused in [
        "DROP TABLE focus",
        "COPY focus TO '/tmp/x.csv'",
        "SELECT * FROM '/etc/passwd'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SET x = 1",
        "SELECT 1; SELECT 2",
        "not sql",
        "",
    ] {
        ask(refused).await.problem(403);
    }
    app.post_as(&cookie, "/api/v1/sql", "{\"sql\":\"SELECT 1\",\"limits\":1}").await.problem(400);
    app.post_as(&cookie, "/api/v1/sql", "{").await.problem(400);
    let long = serde_json::json!({"sql": "x".repeat(1 << 20)}).to_string();
    app.post_as(&cookie, "/api/v1/sql", &long).await.problem(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_read_is_named_and_the_rest_counts() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[charge(1, "Amazon EC2", "1", "USD", "web")]);
    let app = TestApp::with_sources(&[folder.path().to_str().unwrap(), "/nowhere/at/all"]).await;
    app.workspace.refresh().await;
    let cookie = app.sign_in().await;
    let sources = app.get_as(&cookie, "/api/v1/sources").await.json();
    let broken =
        sources["sources"].as_array().unwrap().iter().find(|s| s["location"] == "/nowhere/at/all").unwrap();
    assert_eq!(broken["status"], "unreachable", "{sources}");
    assert!(broken["problem"].as_str().unwrap().contains("/nowhere/at/all"), "{sources}");
    let answer = app.get_as(&cookie, "/api/v1/cost?from=2026-11-01&to=2026-12-01").await.json();
    assert_eq!(answer["totals"][0]["amount"], "1");
    assert!(answer["notes"][0].as_str().unwrap().contains("/nowhere/at/all"), "{answer}");
}
