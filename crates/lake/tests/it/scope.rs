//! Somebody with a scope is answered as if the charges outside of it did not exist. // claim C5

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;
use bursar_domain::clock::SystemClock;
use bursar_domain::{Scope, ScopeRule};
use bursar_lake::ask::ask_within;
use bursar_lake::bill::Bill;
use bursar_lake::charges::{OpenOptions, Quarantine};
use bursar_lake::ledger::Ledger;
use bursar_lake::location::Location;
use bursar_lake::question::{Dimension, Filter, Grain, Operator, Question};
use bursar_lake::sql::{Engine, QueryError};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

struct House {
    _folder: tempfile::TempDir,
    engine: Arc<Engine>,
    bill: Bill,
}

/// Three accounts, four services, tags on two rows of three; account 3 is nobody's business.
async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let mut text =
        "SubAccountId,ChargePeriodStart,ServiceName,BilledCost,EffectiveCost,BillingCurrency,Tags,ProviderName\n".to_owned();
    for n in 0..3_000_u32 {
        let account = ["1", "2", "3", ""][(n % 4) as usize];
        let tags = [r#"{""team"":""web""}"#, r#"{""team"":""data""}"#, ""][(n % 3) as usize];
        let service = ["EC2", "S3", "RDS", "Secret Service"][(n / 2 % 4) as usize];
        writeln!(
            text,
            "{account},2026-10-{:02}T00:00:00Z,{service},{n}.25,{n}.25,{},\"{tags}\",AWS",
            n % 28 + 1,
            if n % 5 == 0 { "EUR" } else { "USD" }
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("charges.csv"), text).unwrap();
    let engine = Arc::new(Engine::new(Default::default()).unwrap());
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let location = Location::parse(folder.path().to_str().unwrap()).unwrap();
    let bill =
        Bill::open(&[location], &|_: &str| None, &OpenOptions::default(), &engine, ledger).await.unwrap();
    House { _folder: folder, engine, bill }
}

fn part(rules: &[(&str, &[&str])]) -> Scope {
    let rule = |(dimension, values): &(&str, &[&str])| ScopeRule {
        dimension: (*dimension).to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    Scope::part(rules.iter().map(rule).collect()).unwrap()
}

async fn sql(house: &House, scope: &Scope, text: &str) -> Result<Vec<RecordBatch>, QueryError> {
    let quarantine = Arc::new(Quarantine::default());
    let context = house.engine.session_within(house.bill.charges(), &quarantine, scope)?;
    let (_, batches, _) = house.engine.collect(context, text.to_owned(), 10_000, LIMIT).await?;
    Ok(batches)
}

async fn text(house: &House, scope: &Scope, query: &str) -> String {
    pretty_format_batches(&sql(house, scope, query).await.unwrap()).unwrap().to_string()
}

/// A scope, and the condition that says the same in SQL.
fn scopes() -> Vec<(Scope, &'static str)> {
    vec![
        (part(&[("SubAccountId", &["1"])]), "SubAccountId = '1'"),
        (
            part(&[("SubAccountId", &["1", "2"]), ("tag:team", &["web"])]),
            "SubAccountId IN ('1','2') AND tag('team') = 'web'",
        ),
        (
            part(&[("SubAccountId", &["1"])]).or(part(&[("tag:team", &["data"])])),
            "SubAccountId = '1' OR tag('team') = 'data'",
        ),
        (part(&[("SubAccountId", &["nobody"])]), "FALSE"),
        (part(&[("NoSuchColumn", &["x"])]), "FALSE"),
        (Scope::nothing(), "FALSE"),
        (Scope::All, "TRUE"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_sees_the_scope_and_nothing_else() {
    let house = house().await;
    for (scope, condition) in scopes() {
        for (query, rest) in [
            ("SELECT COUNT(*), SUM(BilledCost) FROM focus", ""),
            (
                "SELECT SubAccountId, ServiceName, SUM(BilledCost), COUNT(*) FROM focus",
                " GROUP BY 1, 2 ORDER BY 1, 2",
            ),
            ("SELECT DISTINCT tag('team') FROM focus", " ORDER BY 1"),
            ("SELECT * FROM focus", " ORDER BY BilledCost LIMIT 20"),
        ] {
            let narrowed = text(&house, &scope, &format!("{query}{rest}")).await;
            let meant = text(&house, &Scope::All, &format!("{query} WHERE {condition}{rest}")).await;
            assert_eq!(narrowed, meant, "{condition}: {query}");
        }
        // Wherever the table stands in the text.
        let anywhere = "SELECT (SELECT COUNT(*) FROM focus) AS a, (SELECT COUNT(*) FROM focus a JOIN focus b ON a.BilledCost = b.BilledCost) AS b, \
                        (SELECT COUNT(*) FROM (SELECT BilledCost FROM focus UNION ALL SELECT BilledCost FROM focus)) AS c";
        let rows = text(
            &house,
            &Scope::All,
            &format!("SELECT COUNT(*) n, COUNT(*) n2, 2 * COUNT(*) n3 FROM focus WHERE {condition}"),
        )
        .await;
        let numbers = |table: &str| {
            table.split('|').filter_map(|cell| cell.trim().parse::<i64>().ok()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&text(&house, &scope, anywhere).await), numbers(&rows), "{condition}");
        assert_eq!(numbers(&rows)[0] == 0, condition == "FALSE", "the test tests nothing: {condition}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_cannot_be_made_to_tell_of_charges_outside() {
    let house = house().await;
    let scope = part(&[("SubAccountId", &["1"])]);
    for probe in [
        "SELECT COUNT(*) FROM focus WHERE 1 / CASE WHEN SubAccountId = '3' THEN 0 ELSE 1 END = 1",
        "SELECT COUNT(*) FROM focus WHERE CAST(CASE WHEN ServiceName = 'Secret Service' AND SubAccountId = '3' THEN 'x' ELSE '1' END AS INT) = 1",
        "SELECT SUM(1 / CASE WHEN SubAccountId = '3' THEN 0 ELSE 1 END) FROM focus",
    ] {
        assert!(sql(&house, &Scope::All, probe).await.is_err(), "the probe finds nothing to find: {probe}");
        assert!(sql(&house, &scope, probe).await.is_ok(), "{probe}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_beside_the_charges_is_of_the_whole_workspace() {
    let house = house().await;
    let scope = part(&[("SubAccountId", &["1"])]);
    for table in ["invoice_detail", "contract_commitment", "billing_period"] {
        let query = format!("SELECT COUNT(*) FROM {table}");
        assert!(sql(&house, &Scope::All, &query).await.is_ok(), "{table}");
        assert!(sql(&house, &scope, &query).await.is_err(), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_see_the_scope_and_nothing_else() {
    let house = house().await;
    let charges = house.bill.charges();
    let filter = |dimension: &str, value: &str| Filter {
        dimension: Dimension::parse(dimension),
        operator: Operator::Is,
        value: Some(value.to_owned()),
    };
    for by in [vec![], vec!["ServiceName"], vec!["tag:team", "SubAccountId"]] {
        for grain in [Grain::Total, Grain::Day] {
            let question = Question {
                by: by.iter().map(|id| Dimension::parse(id)).collect(),
                grain,
                ..Question::default()
            };
            let scope = part(&[("SubAccountId", &["1", "2"]), ("tag:team", &["web"])]);
            let narrowed = ask_within(&house.engine, charges, &scope, &question, LIMIT).await.unwrap();
            let filters =
                vec![filter("SubAccountId", "1"), filter("SubAccountId", "2"), filter("tag:team", "web")];
            let meant = Question { filters, ..question.clone() };
            let meant = ask_within(&house.engine, charges, &Scope::All, &meant, LIMIT).await.unwrap();
            assert!(
                !narrowed.rows.is_empty(),
                "{by:?} {grain:?} {:?} {:?}",
                narrowed.empty_reason,
                narrowed.notes
            );
            assert_eq!(narrowed.rows, meant.rows, "{by:?}");
            // A filter of the asker's cannot widen the scope.
            let wider = Question { filters: vec![filter("SubAccountId", "3")], ..question.clone() };
            assert!(ask_within(&house.engine, charges, &scope, &wider, LIMIT).await.unwrap().rows.is_empty());
            let none = ask_within(&house.engine, charges, &Scope::nothing(), &question, LIMIT).await.unwrap();
            assert!(none.rows.is_empty() && none.empty_reason.is_some());
        }
    }
}
