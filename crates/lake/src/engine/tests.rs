//! The engine against DataFusion's own aggregate: the same questions of the same random rows.

use super::{EngineError, register, rules};
use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, DictionaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionStateBuilder, SessionStateDefaults};
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};
use proptest::prelude::*;
use std::sync::Arc;

const QUESTIONS: &[&str] = &[
    "SELECT service, SUM(cost), COUNT(*) FROM focus GROUP BY service",
    "SELECT service, region, account, SUM(cost), SUM(other), COUNT(cost) FROM focus GROUP BY service, region, account",
    "SELECT CAST(start AS DATE), service, SUM(cost) FROM focus GROUP BY CAST(start AS DATE), service",
    "SELECT start, number, flag, cost, COUNT(*) FROM focus GROUP BY start, number, flag, cost",
    "SELECT SUM(cost), COUNT(*), COUNT(service), MIN(start), MAX(start), AVG(cost) FROM focus",
    "SELECT SUM(cost), COUNT(*), MAX(service) FROM focus WHERE number > 1000",
    "SELECT region, MIN(cost), MAX(cost), AVG(cost), MIN(number), MAX(number), SUM(number) FROM focus GROUP BY region",
    "SELECT service, MIN(resource), MAX(resource), MIN(region), MAX(account) FROM focus GROUP BY service",
    "SELECT service, COUNT(DISTINCT resource), SUM(cost) FROM focus GROUP BY service",
    "SELECT service, COUNT(DISTINCT resource), COUNT(DISTINCT region), COUNT(DISTINCT number), COUNT(DISTINCT cost) FROM focus GROUP BY service",
    "SELECT COUNT(DISTINCT service), COUNT(DISTINCT account) FROM focus",
    "SELECT DISTINCT service, region FROM focus",
    "SELECT service, SUM(cost) FROM focus WHERE region = 'r1' AND number < 3 GROUP BY service",
    "SELECT service, SUM(cost) FROM focus WHERE region = 'r1' OR resource LIKE '%2' GROUP BY service",
    "SELECT service, SUM(cost) FROM focus WHERE region IN ('r1', 'r2') AND (service <> 's0' OR cost > 0) GROUP BY service",
    "SELECT account, SUM(cost) FROM focus WHERE service IS NULL OR NOT (region LIKE 'r%') GROUP BY account",
    "SELECT service, SUM(CASE WHEN region = 'r1' THEN cost ELSE 0.0 END) AS a, SUM(CASE WHEN number > 2 THEN cost END) AS b FROM focus GROUP BY service",
    "SELECT service, SUM(CASE WHEN region = 'r1' THEN cost ELSE other END) AS a FROM focus GROUP BY service",
    "SELECT COALESCE(service, '(none)') AS s, CASE WHEN region = 'r0' THEN 'home' ELSE region END AS r, SUM(cost) FROM focus GROUP BY s, r",
    "SELECT service, SUM(cost) FILTER (WHERE region = 'r1'), COUNT(*) FILTER (WHERE number > 2), MAX(region) FILTER (WHERE flag) FROM focus GROUP BY service",
    "SELECT tag('team') AS team, SUM(cost) FROM focus GROUP BY tag('team')",
    "SELECT COALESCE(tag('team'), '(untagged)') AS team, COUNT(*) FROM focus WHERE tag('env') IS NULL GROUP BY COALESCE(tag('team'), '(untagged)')",
    "SELECT service, SUM(cost * 2) AS twice, SUM(cost) / COUNT(*) AS mean FROM focus GROUP BY service",
    "SELECT region, SUM(total) FROM (SELECT region, service, SUM(cost) AS total FROM focus GROUP BY region, service) GROUP BY region",
    "SELECT service, CAST(resource AS BIGINT) AS n, COUNT(*) FROM focus WHERE resource ~ '^[0-9]+$' GROUP BY service, n",
    "SELECT service, SUM(cost) AS c FROM focus GROUP BY service ORDER BY c DESC, service LIMIT 3",
    "SELECT date_trunc('month', start) AS month, SUM(cost) FROM focus GROUP BY date_trunc('month', start)",
    "SELECT a.service, a.c, b.c FROM (SELECT service, SUM(cost) AS c FROM focus GROUP BY service) a JOIN (SELECT service, COUNT(*) AS c FROM focus GROUP BY service) b ON a.service = b.service",
];

#[derive(Debug, Clone)]
struct Row {
    service: Option<u8>,
    region: Option<u8>,
    account: Option<u8>,
    resource: Option<u16>,
    number: Option<i32>,
    day: Option<i16>,
    flag: Option<bool>,
    cost: Option<i64>,
    other: Option<i64>,
    tags: Option<u8>,
}

fn row() -> impl Strategy<Value = Row> {
    let o = proptest::option::weighted::<BoxedStrategy<u8>>;
    (
        (
            o(0.9, (0..4_u8).boxed()),
            o(0.9, (0..3_u8).boxed()),
            o(0.8, any::<u8>().boxed()),
            proptest::option::weighted(0.9, 0..40_u16),
        ),
        (
            proptest::option::weighted(0.9, -3..5_i32),
            proptest::option::weighted(0.95, -20_000..20_000_i16),
            any::<Option<bool>>(),
            any::<Option<i64>>(),
            any::<Option<i64>>(),
            o(0.8, (0..6_u8).boxed()),
        ),
    )
        .prop_map(|((service, region, account, resource), (number, day, flag, cost, other, tags))| Row {
            service,
            region,
            account,
            resource,
            number,
            day,
            flag,
            cost,
            other,
            tags,
        })
}

fn schema() -> SchemaRef {
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let field = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    Arc::new(Schema::new(vec![
        field("service", dictionary()),
        field("region", dictionary()),
        field("account", DataType::Utf8View),
        field("resource", DataType::Utf8),
        field("number", DataType::Int32),
        field("start", DataType::Timestamp(TimeUnit::Microsecond, None)),
        field("flag", DataType::Boolean),
        field("cost", DataType::Decimal128(38, 18)),
        field("other", DataType::Decimal128(38, 18)),
        field("Tags", dictionary()),
    ]))
}

fn tags(kind: u8) -> &'static str {
    match kind {
        0 => r#"{"team":"search"}"#,
        1 => r#"{"env":"prod","team":"pay\u006dents"}"#,
        2 => r#"{"env":"dev"}"#,
        3 => "{}",
        4 => "no tags at all",
        _ => r#"{"team":"search","env":null}"#,
    }
}

/// A dictionary in its own order, with a value that no row uses.
fn coded(values: Vec<Option<String>>) -> ArrayRef {
    let mut array: DictionaryArray<Int32Type> = values.iter().map(|v| v.as_deref()).collect();
    let with_unused: StringArray = (0..array.values().len())
        .map(|i| Some(arrow::array::AsArray::as_string::<i32>(array.values()).value(i).to_owned()))
        .chain([Some("unused".to_owned())])
        .collect();
    array = DictionaryArray::try_new(array.keys().clone(), Arc::new(with_unused)).unwrap();
    Arc::new(array)
}

fn batch(rows: &[Row]) -> RecordBatch {
    let text = |f: &dyn Fn(&Row) -> Option<String>| rows.iter().map(f).collect::<Vec<_>>();
    let decimal = |f: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        // Up to 9 × 10¹⁸ × 10⁹ units: sums go far beyond 64 bits.
        let values: Decimal128Array =
            rows.iter().map(|r| f(r).map(|v| i128::from(v) * 1_000_000_000)).collect();
        Arc::new(values.with_precision_and_scale(38, 18).unwrap())
    };
    let resource = |n: u16| if n.is_multiple_of(3) { format!("{n}") } else { format!("resource-{n}") };
    let columns: Vec<ArrayRef> = vec![
        coded(text(&|r| r.service.map(|s| format!("s{s}")))),
        coded(text(&|r| r.region.map(|s| format!("r{s}")))),
        Arc::new(
            text(&|r| r.account.map(|a| format!("account number {a}")))
                .into_iter()
                .collect::<StringViewArray>(),
        ),
        Arc::new(text(&|r| r.resource.map(resource)).into_iter().collect::<StringArray>()),
        Arc::new(rows.iter().map(|r| r.number).collect::<Int32Array>()),
        Arc::new(
            rows.iter()
                .map(|r| r.day.map(|d| i64::from(d) * 43_200_000_000 + 1))
                .collect::<TimestampMicrosecondArray>(),
        ),
        Arc::new(rows.iter().map(|r| r.flag).collect::<BooleanArray>()),
        decimal(&|r| r.cost),
        decimal(&|r| r.other),
        coded(text(&|r| r.tags.map(|t| tags(t).to_owned()))),
    ];
    RecordBatch::try_new(schema(), columns).unwrap()
}

fn context(ours: bool, memory: Option<usize>, partitions: Vec<Vec<RecordBatch>>) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(3)
        .with_batch_size(7)
        .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(bytes) = memory {
        runtime = runtime.with_memory_pool(Arc::new(GreedyMemoryPool::new(bytes)));
    }
    let mut builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime.build_arc().unwrap())
        .with_default_features();
    builder = builder.with_aggregate_functions(SessionStateDefaults::default_aggregate_functions());
    if ours {
        builder = builder.with_physical_optimizer_rules(rules());
    }
    let mut state = builder.build();
    register(&mut state, Default::default()).unwrap();
    let context = SessionContext::new_with_state(state);
    let table = MemTable::try_new(partitions[0][0].schema(), partitions).unwrap();
    context.register_table("focus", Arc::new(table)).unwrap();
    context
}

async fn answer(context: &SessionContext, sql: &str) -> Result<(String, Vec<String>)> {
    let plan = context.sql(sql).await?.create_physical_plan().await?;
    let shown = displayable(plan.as_ref()).indent(false).to_string();
    let batches = datafusion::physical_plan::collect(plan, context.task_ctx()).await?;
    let mut rows = Vec::new();
    for batch in &batches {
        let options = FormatOptions::default().with_null("NULL");
        let columns: Vec<_> =
            batch.columns().iter().map(|c| ArrayFormatter::try_new(c, &options).unwrap()).collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join("|"));
        }
    }
    rows.sort();
    Ok((shown, rows))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn compare(rows: &[Row], sizes: (usize, usize), memory: Option<usize>) {
    let (batch_rows, partitions) = sizes;
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(); partitions];
    for (i, chunk) in rows.chunks(batch_rows).enumerate() {
        parts[i % partitions].push(batch(chunk));
    }
    if parts[0].is_empty() {
        parts[0].push(batch(&[]));
    }
    let (theirs, ours) = (context(false, None, parts.clone()), context(true, memory, parts));
    runtime().block_on(async {
        for sql in QUESTIONS {
            let (plan, found) = answer(&ours, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
            let (_, expected) = answer(&theirs, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert!(plan.contains("ChargeAggregateExec"), "{sql} is not ours:\n{plan}");
            assert_eq!(found, expected, "{sql}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    // claim A4
    #[test]
    fn answers_equal_datafusions(rows in proptest::collection::vec(row(), 0..300), batch_rows in 1..120_usize, partitions in 1..4_usize) {
        compare(&rows, (batch_rows, partitions), None);
    }
}

#[test]
fn a_small_pool_falls_back_to_spilling() {
    let rows: Vec<Row> = (0..2_000_u32)
        .map(|i| Row {
            service: Some(u8::try_from(i % 3).unwrap()),
            region: None,
            account: Some(u8::try_from(i % 200).unwrap()),
            resource: u16::try_from(i).ok(),
            number: i32::try_from(i).ok(),
            day: None,
            flag: None,
            cost: Some(i64::from(i)),
            other: None,
            tags: None,
        })
        .collect();
    let parts: Vec<Vec<RecordBatch>> = vec![rows.chunks(500).map(batch).collect()];
    let (small, large) = (context(true, Some(120_000), parts.clone()), context(true, None, parts));
    runtime().block_on(async {
        let sql = "SELECT resource, number, SUM(cost) FROM focus GROUP BY resource, number";
        let (plan, found) = answer(&small, sql).await.unwrap();
        assert!(plan.contains("ChargeAggregateExec"), "{plan}");
        assert_eq!(found, answer(&large, sql).await.unwrap().1);
    });
}

/// A row of which only these differ.
fn of(service: Option<u8>, number: Option<i32>, day: Option<i16>) -> Row {
    let cost = number.map(i64::from);
    let (region, account, resource, flag, other, tags) = (None, None, None, None, None, None);
    Row { service, region, account, resource, number, day, flag, cost, other, tags }
}

#[test]
fn partitions_without_a_group_in_common_need_no_merging() {
    let sql = "SELECT CAST(start AS DATE), service, SUM(number), COUNT(*) FROM focus GROUP BY 1, 2";
    // Of each partition the first of its ten days, and a service that may be missing.
    let check = |first: [i16; 3], missing: [bool; 3]| {
        let part = |(first, missing): (i16, bool)| {
            let service = |i: u8| (!missing || !i.is_multiple_of(4)).then_some(i % 4);
            let day = |i: u8| (!missing || !i.is_multiple_of(3)).then_some(first + i16::from(i % 10));
            (0..200).map(|i: u8| of(service(i), Some(i32::from(i)), day(i))).collect::<Vec<Row>>()
        };
        let parts: Vec<_> = first.into_iter().zip(missing).map(|each| vec![batch(&part(each))]).collect();
        let (theirs, ours) = (context(false, None, parts.clone()), context(true, None, parts));
        runtime().block_on(async {
            let expected = answer(&theirs, sql).await.unwrap().1;
            assert_eq!(answer(&ours, sql).await.unwrap().1, expected, "{first:?} {missing:?}");
        });
    };
    for missing in [[false; 3], [true, false, false], [true, false, true], [true; 3]] {
        for first in [[0, 10, 20], [0, 5, 20], [0, 20, 5], [10, 10, 10], [20, 0, 29]] {
            check(first, missing);
        }
    }
}

#[test]
fn many_dense_groups_are_found_by_indexing() {
    let row = |i: i32| of(u8::try_from(i % 4).ok(), Some(i % 2_011), i16::try_from(i / 650).ok());
    let rows: Vec<Row> = (0..260_000).map(row).collect();
    let parts: Vec<Vec<RecordBatch>> = vec![rows.chunks(30_000).map(batch).collect()];
    let (theirs, ours) = (context(false, None, parts.clone()), context(true, None, parts));
    runtime().block_on(async {
        let groups = "SELECT service, number, CAST(start AS DATE) AS day, SUM(cost) AS cost FROM focus GROUP BY 1, 2, 3";
        let sql = format!("SELECT COUNT(*), SUM(cost), MIN(cost), MAX(number), MAX(day) FROM ({groups})");
        let by_day = format!("SELECT service, day, COUNT(*), SUM(cost) FROM ({groups}) GROUP BY 1, 2");
        for sql in [sql, by_day] {
            assert_eq!(answer(&ours, &sql).await.unwrap().1, answer(&theirs, &sql).await.unwrap().1);
        }
    });
}

#[test]
fn an_overflowing_sum_is_an_error() {
    let huge: Decimal128Array = vec![Some(10_i128.pow(38) - 1); 2].into_iter().collect();
    let huge = huge.with_precision_and_scale(38, 18).unwrap();
    let integers = Int64Array::from(vec![i64::MAX; 2]);
    let schema = Schema::new(vec![
        Field::new("cost", DataType::Decimal128(38, 18), true),
        Field::new("n", DataType::Int64, true),
    ]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(huge), Arc::new(integers)]).unwrap();
    let context = context(true, None, vec![vec![batch]]);
    runtime().block_on(async {
        for sql in ["SELECT SUM(cost) FROM focus", "SELECT SUM(n) FROM focus"] {
            let error = answer(&context, sql).await.unwrap_err();
            assert!(error.to_string().contains(&EngineError::Overflow.to_string()), "{sql}: {error}");
        }
    });
}

#[test]
fn what_the_engine_does_not_do_stays_with_datafusion() {
    let rows = vec![
        Row {
            service: Some(1),
            region: None,
            account: None,
            resource: None,
            number: Some(1),
            day: None,
            flag: None,
            cost: Some(5),
            other: None,
            tags: None
        };
        3
    ];
    let context = context(true, None, vec![vec![batch(&rows)]]);
    runtime().block_on(async {
        for sql in [
            "SELECT service, region, SUM(cost) FROM focus GROUP BY ROLLUP (service, region)",
            "SELECT service, SUM(CAST(number AS DOUBLE)) FROM focus GROUP BY service",
            "SELECT service, array_agg(number ORDER BY number) FROM focus GROUP BY service",
        ] {
            let (plan, _) = answer(&context, sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert!(!plan.contains("ChargeAggregateExec"), "{sql}:\n{plan}");
        }
    });
}
