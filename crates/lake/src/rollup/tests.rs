//! Rollups and rows give the same answer, to the last digit; claims A3, B4.

mod largest;

use super::Rollups;
use crate::bill::Bill;
use crate::charges::{OpenOptions, Quarantine};
use crate::ledger::Ledger;
use crate::location::Location;
use crate::sql::{Engine, Limits, QueryError};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bursar_domain::clock::SystemClock;
use bursar_domain::id::WorkspaceId;
use bursar_keyring::{SystemRandomness, WorkspaceKeys};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const HEADER: &str = "BillingCurrency,ProviderName,ChargePeriodStart,ChargePeriodEnd,BilledCost,EffectiveCost,ListCost,\
ContractedCost,ChargeCategory,ServiceName,ServiceCategory,SubAccountId,SubAccountName,RegionId,CommitmentDiscountId,\
CommitmentDiscountStatus,ResourceId,Tags\n";
const LIMIT: Duration = Duration::from_secs(60);

/// One charge, in small numbers that pick its values.
#[derive(Debug, Clone)]
struct Charge {
    currency: u8,
    day: u8,
    hour: u8,
    costs: [Option<i64>; 4],
    service: u8,
    account: u8,
    region: u8,
    commitment: u8,
    category: u8,
    tags: u8,
}

fn charge() -> impl Strategy<Value = Charge> {
    let cost = || proptest::option::weighted(0.9, -1_000_000_000_000_i64..1_000_000_000_000);
    let costs = [cost(), cost(), cost(), cost()];
    ((0..2_u8, 0..31_u8, 0..24_u8), costs, (0..3_u8, 0..4_u8, 0..3_u8), (0..3_u8, 0..4_u8, 0..6_u8)).prop_map(
        |((currency, day, hour), costs, (service, account, region), (commitment, category, tags))| Charge {
            currency,
            day,
            hour,
            costs,
            service,
            account,
            region,
            commitment,
            category,
            tags,
        },
    )
}

fn line(provider: &str, month: u8, charge: &Charge) -> String {
    let mut text = String::new();
    let currency = ["EUR", "USD"][usize::from(charge.currency)];
    let day = charge.day % 28 + 1;
    write!(text, "{currency},{provider},2026-{month:02}-{day:02}T{:02}:00:00Z,,", charge.hour).unwrap();
    for cost in charge.costs {
        match cost {
            // Ten digits after the point.
            Some(cost) => {
                let sign = if cost < 0 { "-" } else { "" };
                let cost = cost.unsigned_abs();
                write!(text, "{sign}{}.{:010},", cost / 10_000_000_000, cost % 10_000_000_000).unwrap();
            }
            None => text.push(','),
        }
    }
    let category = ["Usage", "Tax", "Purchase", "Credit"][usize::from(charge.category)];
    let account = ["111", "222", "333", ""][usize::from(charge.account)];
    let name = ["one", "two", "three", ""][usize::from(charge.account)];
    let region = ["eu-west-1", "us-east-1", ""][usize::from(charge.region)];
    let (commitment, status) =
        [("sp-1", "Used"), ("sp-2", "Unused"), ("", "")][usize::from(charge.commitment)];
    let tags = [
        r#"{""team"":""search""}"#,
        r#"{""Team"":""web""}"#,
        r#"{""team"":""web"",""env"":""prod""}"#,
        r#"{""env"":""dev""}"#,
        "{}",
        "",
    ][usize::from(charge.tags)];
    let (service, kind) = [("Virtual Machines", "Compute"), ("Disks", "Storage"), ("Queues", "Integration")]
        [usize::from(charge.service)];
    writeln!(
        text,
        "{category},{service},{kind},{account},{name},{region},{commitment},{status},r-{},\"{tags}\"",
        charge.hour
    )
    .unwrap();
    text
}

/// What can be asked, each with whether rollups are enough.
const KEYS: [(&str, bool); 14] = [
    ("ServiceName", true),
    ("SubAccountId", true),
    ("ChargeCategory", true),
    ("RegionId", true),
    ("billing_period", true),
    ("provider", true),
    ("tag('team')", true),
    ("COALESCE(tag('env'), 'none')", true),
    ("CAST(ChargePeriodStart AS DATE)", true),
    ("date_trunc('month', ChargePeriodStart)", true),
    ("CASE WHEN ServiceName = 'Disks' THEN 'disks' ELSE RegionId END", true),
    ("ResourceId", false),
    ("date_trunc('hour', ChargePeriodStart)", false),
    ("CommitmentDiscountId", true),
];
const VALUES: [(&str, bool); 12] = [
    ("SUM(EffectiveCost)", true),
    ("SUM(BilledCost) - SUM(ListCost)", true),
    ("SUM(ContractedCost)", true),
    ("COUNT(*)", true),
    ("COUNT(SubAccountName)", true),
    ("COUNT(DISTINCT ServiceName)", true),
    ("MAX(SubAccountName)", true),
    ("MIN(CAST(ChargePeriodStart AS DATE))", true),
    ("SUM(CASE WHEN ChargeCategory = 'Usage' THEN EffectiveCost ELSE 0.0 END)", true),
    ("SUM(BilledCost) FILTER (WHERE CommitmentDiscountStatus = 'Used')", true),
    ("COUNT(EffectiveCost)", false),
    ("AVG(EffectiveCost)", false),
];
const FILTERS: [(&str, bool); 12] = [
    ("TRUE", true),
    ("ServiceCategory = 'Compute'", true),
    ("SubAccountId IN ('111', '333')", true),
    ("SubAccountId IS NULL", true),
    (
        "ChargePeriodStart >= TIMESTAMP '2026-01-10 00:00:00' AND ChargePeriodStart < TIMESTAMP '2026-02-05 00:00:00'",
        true,
    ),
    ("ChargePeriodStart >= TIMESTAMP '2026-02-01 00:00:00'", true),
    ("CAST(ChargePeriodStart AS DATE) <> DATE '2026-01-03'", true),
    ("tag('team') IS NULL", true),
    ("tag('team') = 'web' AND ChargeCategory <> 'Tax'", true),
    ("billing_period = '2026-02'", true),
    ("EffectiveCost > 0", false),
    ("ChargePeriodStart >= TIMESTAMP '2026-01-10 12:00:00'", false),
];

struct House {
    _folder: tempfile::TempDir,
    derived: tempfile::TempDir,
    engine: Arc<Engine>,
    bill: Bill,
    rollups: Arc<Rollups>,
    keys: Arc<WorkspaceKeys>,
}

impl House {
    /// Deliveries of three months and two providers; one of them has no rollup.
    async fn new(charges: &[Charge]) -> Self {
        Self::of(deliveries(charges, |_| true)).await
    }

    async fn of(folder: tempfile::TempDir) -> Self {
        let house = Self::without_rollups(folder).await;
        let tags = ["team".to_owned(), "env".to_owned()];
        for (source, delivery) in house.bill.deliveries().iter().skip(1) {
            house.rollups.build(&house.engine, source, delivery, &tags).await.unwrap();
        }
        house
    }

    async fn without_rollups(folder: tempfile::TempDir) -> Self {
        let engine = Arc::new(Engine::new(Limits { threads: 2, ..Limits::default() }).unwrap());
        let bill = open(folder.path(), &engine).await;
        let derived = tempfile::tempdir().unwrap();
        let keys = Arc::new(WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap());
        let rollups = Arc::new(Rollups::open(derived.path(), Arc::clone(&keys)).unwrap());
        Self { _folder: folder, derived, engine, bill, rollups, keys }
    }

    /// The answer as sorted lines, and the cells that were read for it.
    async fn ask(&self, sql: &str, from_rollups: bool) -> Result<(Vec<String>, u64), QueryError> {
        let charges = self.bill.charges().clone();
        let charges = if from_rollups { charges.with_rollups(Arc::clone(&self.rollups)) } else { charges };
        let quarantine = Arc::new(Quarantine::default());
        let context = self.engine.session(&charges, &quarantine)?;
        let (_, batches, _) = self.engine.collect(context, sql.to_owned(), usize::MAX, LIMIT).await?;
        let options = FormatOptions::default().with_null("∅");
        let mut lines = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|c| ArrayFormatter::try_new(c.as_ref(), &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                lines.push(columns.iter().map(|c| c.value(row).to_string()).collect::<Vec<_>>().join(" | "));
            }
        }
        lines.sort_unstable();
        Ok((lines, quarantine.cells()))
    }
}

/// Deliveries of three months and two providers, with those lines that are kept.
fn deliveries(charges: &[Charge], keep: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, provider) in ["AWS", "Microsoft"].into_iter().enumerate() {
        for month in 1..=3_u8 {
            let at = folder.path().join(format!("{provider}/billing_period=2026-{month:02}"));
            std::fs::create_dir_all(&at).unwrap();
            let mut text = HEADER.to_owned();
            let mine = charges.iter().skip(number * 3 + usize::from(month) - 1).step_by(6);
            mine.map(|charge| line(provider, month, charge))
                .filter(|line| keep(line))
                .for_each(|line| text.push_str(&line));
            std::fs::write(at.join("charges.csv"), text).unwrap();
        }
    }
    folder
}

async fn open(folder: &Path, engine: &Arc<Engine>) -> Bill {
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let location = Location::parse(folder.to_str().unwrap()).unwrap();
    Bill::open(&[location], &|_: &str| None, &OpenOptions::default(), engine, ledger).await.unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_answer_is_the_same_with_and_without(
        charges in proptest::collection::vec(charge(), 12..300),
        questions in proptest::collection::vec(
            (proptest::sample::subsequence(KEYS.to_vec(), 0..3),
             proptest::sample::subsequence(VALUES.to_vec(), 1..5),
             proptest::sample::select(FILTERS.to_vec())),
            12,
        ),
    ) {
        runtime().block_on(async {
            let house = House::new(&charges).await;
            for (keys, values, filter) in questions {
                let group: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
                let shown = group.iter().copied().chain(values.iter().map(|(value, _)| *value));
                let shown: Vec<String> = shown.enumerate().map(|(at, expr)| format!("{expr} AS c{at}")).collect();
                let mut sql = format!("SELECT {} FROM focus WHERE {}", shown.join(", "), filter.0);
                if !group.is_empty() {
                    write!(sql, " GROUP BY {}", group.join(", ")).unwrap();
                }
                let (rows, _) = house.ask(&sql, false).await.unwrap();
                let (sums, cells) = house.ask(&sql, true).await.unwrap();
                assert_eq!(rows, sums, "{sql}");
                let enough = keys.iter().chain(&values).chain([&filter]).all(|(_, enough)| *enough);
                assert!(enough || cells == 0, "rows were needed for {sql}");
            }
        });
    }
}

/// A charge of every kind.
fn all_kinds() -> Vec<Charge> {
    (0..480_u32)
        .map(|n| {
            let n = n / 6;
            let pick = |of: u32, salt: u32| u8::try_from((n * 7 + n / of + salt) % of).unwrap();
            let cost = |salt: i64| Some(i64::from(n) * 1_234_567_891 - 40_000_000_000 + salt);
            Charge {
                currency: pick(2, 0),
                day: pick(28, 3),
                hour: pick(24, 5),
                costs: [cost(1), cost(2), cost(3), (n % 5 > 0).then_some(7)],
                service: pick(3, 1),
                account: pick(4, 2),
                region: pick(3, 4),
                commitment: pick(3, 6),
                category: pick(4, 7),
                tags: pick(6, 8),
            }
        })
        .collect()
}

#[test]
fn each_kind_of_question_is_answered_from_sums() {
    runtime().block_on(async {
        let house = House::new(&all_kinds()).await;
        let month = "CAST(ChargePeriodStart AS DATE)";
        for sql in [
            "SELECT SUM(EffectiveCost), COUNT(*) FROM focus".to_owned(),
            "SELECT billing_period, ProviderName, SUM(BilledCost), COUNT(*) FROM focus GROUP BY 1, 2".to_owned(),
            format!("SELECT {month}, ServiceName, SUM(EffectiveCost) FROM focus GROUP BY 1, 2"),
            format!("SELECT {month}, SubAccountId, SUM(EffectiveCost) FROM focus WHERE ServiceName = 'Disks' GROUP BY 1, 2"),
            "SELECT tag('team'), SUM(EffectiveCost) FROM focus WHERE tag('team') IS NOT NULL GROUP BY 1".to_owned(),
            "SELECT ServiceName, SUM(CASE WHEN billing_period = '2026-02' THEN EffectiveCost ELSE 0.0 END) FROM focus GROUP BY 1".to_owned(),
            "SELECT CommitmentDiscountId, SUM(EffectiveCost) / SUM(ListCost) FROM focus GROUP BY 1".to_owned(),
            // Whole months, so that cells by month are enough though days are asked about.
            "SELECT SubAccountId, RegionId, SUM(EffectiveCost) FROM focus WHERE ChargePeriodStart >= TIMESTAMP \
             '2026-02-01 00:00:00' AND ChargePeriodStart < TIMESTAMP '2026-03-01 00:00:00' GROUP BY 1, 2".to_owned(),
        ] {
            let (rows, none) = house.ask(&sql, false).await.unwrap();
            let (sums, cells) = house.ask(&sql, true).await.unwrap();
            assert_eq!((rows, none), (sums, 0), "{sql}");
            assert!(cells > 0, "rows were read for {sql}");
        }
    });
}

const BY_SERVICE: &str = "SELECT ServiceName, SUM(EffectiveCost) FROM focus GROUP BY 1";

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_damaged_file_is_put_aside_and_the_rows_answer() {
    // claim B4
    runtime().block_on(async {
        let house = House::new(&all_kinds()).await;
        let (rows, _) = house.ask(BY_SERVICE, false).await.unwrap();
        let deliveries = house.bill.deliveries().len();
        let mut put_aside = 0;
        for path in files(house.derived.path()) {
            // In every page: the footer was read when the file was opened.
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.iter_mut().skip(4).step_by(20).for_each(|byte| *byte ^= 1);
            std::fs::write(&path, bytes).unwrap();
        }
        let sums = loop {
            match house.ask(BY_SERVICE, true).await {
                Err(QueryError::Derived { detail }) => {
                    assert!(detail.contains(".parquet"), "{detail}");
                    put_aside += 1;
                    assert!(put_aside < deliveries);
                }
                other => break other.unwrap(),
            }
        };
        assert_eq!(sums, (rows, 0));
        assert_eq!(put_aside, deliveries - 1);
    });
}

#[test]
fn a_file_that_cannot_be_read_just_now_is_not_thrown_away() {
    runtime().block_on(async {
        let house = House::new(&all_kinds()).await;
        let (rows, _) = house.ask(BY_SERVICE, false).await.unwrap();
        let away = house.derived.path().with_extension("away");
        std::fs::rename(house.derived.path(), &away).unwrap();
        while let Err(error) = house.ask(BY_SERVICE, true).await {
            assert!(matches!(error, QueryError::Derived { .. }), "{error}");
        }
        std::fs::rename(&away, house.derived.path()).unwrap();
        for (_, delivery) in house.bill.deliveries().iter().skip(1) {
            assert!(house.rollups.load(delivery.id));
        }
        let (sums, cells) = house.ask(BY_SERVICE, true).await.unwrap();
        assert_eq!(sums, rows);
        assert!(cells > 0);
    });
}

#[test]
fn only_the_workspaces_own_key_opens_a_file_and_only_in_its_place() {
    // claim B4
    runtime().block_on(async {
        let house = House::new(&all_kinds()).await;
        for path in files(house.derived.path()) {
            let bytes = std::fs::read(&path).unwrap();
            for secret in ["Disks", "eu-west-1", "search", "ServiceName", "SubAccountId"] {
                assert!(
                    !bytes.windows(secret.len()).any(|w| w == secret.as_bytes()),
                    "{secret} in {}",
                    path.display()
                );
            }
        }
        let ids: Vec<_> = house.bill.deliveries().iter().skip(1).map(|(_, delivery)| delivery.id).collect();
        let again = Rollups::open(house.derived.path(), Arc::clone(&house.keys)).unwrap();
        assert!(ids.iter().all(|id| again.load(*id)));
        // Another delivery's files in this one's place: they do not open, and go.
        let (one, other) = (house.rollups.path(ids[0]), house.rollups.path(ids[1]));
        std::fs::remove_dir_all(&one).unwrap();
        std::fs::rename(&other, &one).unwrap();
        let moved = Rollups::open(house.derived.path(), Arc::clone(&house.keys)).unwrap();
        assert!(!moved.load(ids[0]) && !moved.load(ids[1]) && moved.load(ids[2]));
        assert!(!one.exists());
        let other = WorkspaceKeys::ephemeral(WorkspaceId::from_u128(1), &SystemRandomness).unwrap();
        let stranger = Rollups::open(house.derived.path(), Arc::new(other)).unwrap();
        assert!(!stranger.load(ids[2]));
    });
}

#[test]
fn what_is_no_longer_counted_is_removed() {
    runtime().block_on(async {
        let house = House::new(&all_kinds()).await;
        let ids: Vec<_> = house.bill.deliveries().iter().skip(1).map(|(_, delivery)| delivery.id).collect();
        std::fs::create_dir(house.derived.path().join("dlv_0.half")).unwrap();
        house.rollups.keep_only(&ids[..2].iter().copied().collect()).unwrap();
        assert_eq!(std::fs::read_dir(house.derived.path()).unwrap().count(), 2);
        assert!(house.rollups.load(ids[1]) && !house.rollups.load(ids[2]));
        let (rows, _) = house.ask(BY_SERVICE, false).await.unwrap();
        let (sums, cells) = house.ask(BY_SERVICE, true).await.unwrap();
        assert_eq!(rows, sums);
        assert!(cells > 0);
    });
}

#[test]
fn what_is_left_out_is_told_either_way() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for month in 1..=2_u8 {
            let at = folder.path().join(format!("billing_period=2026-{month:02}"));
            std::fs::create_dir_all(&at).unwrap();
            let mut text = HEADER.to_owned();
            all_kinds().iter().take(20).for_each(|charge| text.push_str(&line("AWS", month, charge)));
            text.push_str(
                "EUR,AWS,2026-01-01T00:00:00Z,,NaN,1.5,abc,1,Usage,Disks,Storage,111,one,,,,r-1,\n",
            );
            std::fs::write(at.join("charges.csv"), text).unwrap();
        }
        let house = House::of(folder).await;
        for sql in ["SELECT SUM(BilledCost) FROM focus", "SELECT SUM(ListCost), SUM(BilledCost) FROM focus"] {
            let mut told = Vec::new();
            for from_rollups in [false, true] {
                let charges = house.bill.charges().clone();
                let charges =
                    if from_rollups { charges.with_rollups(Arc::clone(&house.rollups)) } else { charges };
                let quarantine = Arc::new(Quarantine::default());
                let context = house.engine.session(&charges, &quarantine).unwrap();
                house.engine.collect(context, sql.to_owned(), 10, LIMIT).await.unwrap();
                assert_eq!(quarantine.cells() > 0, from_rollups);
                let mut excluded = quarantine.excluded();
                excluded.sort_by(|a, b| a.column.cmp(&b.column));
                excluded.iter_mut().for_each(|e| e.examples.sort_by(|a, b| a.object.cmp(&b.object)));
                told.push(excluded);
            }
            assert!(!told[0].is_empty());
            assert_eq!(told[0], told[1], "{sql}");
        }
    });
}
