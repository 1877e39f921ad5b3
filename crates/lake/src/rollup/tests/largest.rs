//! The largest groups looked for first, or found among all: the same answer, to the last digit; claims
//! A3, B4. Within a scope, what lies outside of it is in none of the small questions, nor in the rest
//! that is their difference; claim C5.

use super::{Charge, HEADER, House, LIMIT, all_kinds, charge, deliveries, line, runtime};
use crate::ask::{Answer, Worth, narrowing};
use crate::question::{Compare, Dimension, Grain, Question};
use bursar_domain::{DateRange, Scope, ScopeRule};
use bursar_focus::canonical::{KeyMatch, tag_value};
use proptest::prelude::*;
use std::sync::Arc;

/// Small questions from the first cell on, or never.
const ALWAYS: Worth = Worth { cells: 0, groups: 0 };
const NEVER: Worth = Worth { cells: u64::MAX, groups: 0 };

impl House {
    /// With rollups of every delivery.
    async fn complete(charges: &[Charge]) -> Self {
        let house = Self::new(charges).await;
        house.make_all().await;
        house
    }

    async fn make_all(&self) {
        for (source, delivery) in self.bill.deliveries() {
            if !self.rollups.load(delivery.id) {
                let tags = ["team".to_owned(), "env".to_owned()];
                self.rollups.build(&self.engine, source, delivery, &tags).await.unwrap();
            }
        }
    }

    /// The answer without what it read, and how many cells it read.
    async fn answer(
        &self,
        scope: &Scope,
        question: &Question,
        worth: Worth,
        from_rollups: bool,
    ) -> (Answer, u64) {
        let charges = self.bill.charges().clone();
        let charges = if from_rollups { charges.with_rollups(Arc::clone(&self.rollups)) } else { charges };
        let mut answer = narrowing(&self.engine, &charges, scope, question, LIMIT, worth).await.unwrap();
        let cells = std::mem::take(&mut answer.read.cells);
        answer.excluded.sort_by(|a, b| a.column.cmp(&b.column));
        answer
            .excluded
            .iter_mut()
            .for_each(|e| e.examples.sort_by(|a, b| (&a.object, a.row).cmp(&(&b.object, b.row))));
        (answer, cells)
    }

    /// Asks in every way; whether the largest groups were looked for first.
    async fn agree(&self, question: &Question) -> bool {
        self.agree_within(&Scope::All, question).await.1
    }

    /// The same of the charges within a scope; with the answer.
    async fn agree_within(&self, scope: &Scope, question: &Question) -> (Answer, bool) {
        let (from_rows, none) = self.answer(scope, question, ALWAYS, false).await;
        let (at_once, cells) = self.answer(scope, question, NEVER, true).await;
        let (first, more) = self.answer(scope, question, ALWAYS, true).await;
        assert_eq!(from_rows, at_once, "{scope:?} {question:?}");
        assert_eq!(at_once, first, "{scope:?} {question:?}");
        assert_eq!(none, 0);
        (first, more > cells)
    }

    /// The charges that the scope lets through were kept by hand; nothing narrows them here.
    async fn by_hand(charges: &[Charge], scope: &Scope) -> Self {
        Self::without_rollups(deliveries(charges, |line| sees(scope, line))).await
    }

    /// What is answered of everything there is, from rows.
    async fn meant(&self, question: &Question) -> Answer {
        self.answer(&Scope::All, question, NEVER, false).await.0
    }
}

/// Whether a line of a delivery is within a scope.
fn sees(scope: &Scope, line: &str) -> bool {
    let names: Vec<&str> = HEADER.trim_end().split(',').collect();
    let cells: Vec<&str> = line.trim_end().splitn(names.len(), ',').collect();
    let of = |name: &str| names.iter().position(|at| *at == name).map(|at| cells[at]);
    let azure = of("ProviderName") == Some("Microsoft");
    let tags = of("Tags").unwrap().trim_matches('"').replace("\"\"", "\"");
    let matching = if azure { KeyMatch::IgnoreCase } else { KeyMatch::Exact };
    let team = tag_value(&tags, "team", matching);
    scope.sees(|dimension| match dimension {
        "tag:team" => team.as_deref(),
        "provider" => Some(if azure { "azure" } else { "aws" }),
        "ChargePeriodStart" => of(dimension).map(|start| start.trim_end_matches('Z')),
        _ => of(dimension).filter(|value| !value.is_empty()),
    })
}

/// What a rule can name, with values; of the last three, sums by day know nothing.
const RULES: [(&str, &[&str]); 9] = [
    ("SubAccountId", &["111", "222", "333"]),
    ("ServiceName", &["Disks", "Queues", "disks"]),
    ("RegionId", &["eu-west-1", "us-east-1", "nowhere"]),
    ("ChargeCategory", &["Usage", "Tax", "Credit"]),
    ("tag:team", &["search", "web"]),
    ("provider", &["aws", "azure"]),
    ("ResourceId", &["r-1", "r-2", "r-3", "r-4", "r-5", "r-6"]),
    ("ChargePeriodStart", &["2026-02-11T00:00:00", "2026-03-05T00:00:00", "2026-03-06T07:00:00"]),
    ("NoSuchColumn", &["x"]),
];

fn rule(dimension: &str, values: &[&str]) -> ScopeRule {
    let values = values.iter().map(|&value| value.to_owned()).collect();
    ScopeRule { dimension: dimension.to_owned(), values }
}

/// Scopes of no part, of which nothing is seen, to three.
fn scope() -> impl Strategy<Value = Scope> {
    let of = |rules: &'static [(&'static str, &'static [&'static str])]| {
        proptest::sample::select(rules).prop_flat_map(|(dimension, values)| {
            proptest::sample::subsequence(values.to_vec(), 1..=values.len())
                .prop_map(move |values| rule(dimension, &values))
        })
    };
    let any = prop_oneof![4 => of(&RULES[..6]), 1 => of(&RULES)];
    let part = proptest::collection::vec(any, 1..=2).prop_map(|rules| Scope::part(rules).unwrap());
    proptest::collection::vec(part, 0..=3)
        .prop_map(|parts| parts.into_iter().fold(Scope::nothing(), Scope::or))
}

fn days(from: &str, to: &str) -> Option<DateRange> {
    Some(DateRange::new(from.parse().unwrap(), to.parse().unwrap()).unwrap())
}

fn by(ids: &[&str]) -> Vec<Dimension> {
    ids.iter().map(|id| Dimension::parse(id)).collect()
}

const DIMENSIONS: [&str; 7] = [
    "ServiceName",
    "SubAccountId",
    "RegionId",
    "tag:team",
    "provider",
    "ChargeCategory",
    "BillingPeriodStart",
];

/// Periods of which the one before is shorter, longer, or holds no charges.
fn periods() -> Vec<Option<DateRange>> {
    vec![
        None,
        days("2026-02-01", "2026-03-01"),
        days("2026-03-01", "2026-04-01"),
        days("2026-02-10", "2026-02-20"),
        days("2026-02-01", "2026-04-01"),
        days("2026-01-01", "2026-02-01"),
        days("2026-04-01", "2026-05-01"),
    ]
}

/// Costs that tie, cancel each other and are missing.
fn tying() -> impl Strategy<Value = Charge> {
    let cost =
        prop_oneof![Just(None), Just(Some(0)), Just(Some(5)), Just(Some(-5)), Just(Some(12_345_678_901))];
    (charge(), cost).prop_map(|(mut charge, cost)| {
        charge.costs[1] = cost;
        charge
    })
}

fn question() -> impl Strategy<Value = Question> {
    (
        proptest::sample::subsequence(DIMENSIONS.to_vec(), 1..4),
        proptest::sample::select(periods()),
        proptest::sample::select(vec![Grain::Day, Grain::Month]),
        proptest::sample::select(vec![Compare::None, Compare::Previous]),
        proptest::sample::select(vec![
            "",
            "ServiceName=Disks",
            "SubAccountId=",
            "RegionId!=us-east-1",
            "tag:team~e",
        ]),
        1..4_usize,
    )
        .prop_map(|(ids, period, grain, compare, filter, top)| Question {
            by: by(&ids),
            period,
            grain,
            compare,
            filters: filter.parse().into_iter().collect(),
            top: Some(top),
            ..Question::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn the_largest_first_or_among_all(
        charges in proptest::collection::vec(tying(), 40..300),
        questions in proptest::collection::vec(question(), 12),
    ) {
        runtime().block_on(async {
            let house = House::complete(&charges).await;
            for question in questions {
                house.agree(&question).await;
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn within_a_scope_as_if_there_were_nothing_else(
        charges in proptest::collection::vec(tying(), 40..300),
        scopes in proptest::collection::vec(scope(), 3),
        questions in proptest::collection::vec(question(), 6),
    ) {
        // claim C5
        runtime().block_on(async {
            let house = House::complete(&charges).await;
            for scope in scopes.into_iter().chain([Scope::nothing()]) {
                let by_hand = House::by_hand(&charges, &scope).await;
                for question in &questions {
                    let (narrowed, _) = house.agree_within(&scope, question).await;
                    assert_eq!(narrowed, by_hand.meant(question).await, "{scope:?} {question:?}");
                }
            }
        });
    }
}

#[test]
fn small_questions_are_narrowed_to_the_scope_each() {
    // claim C5
    runtime().block_on(async {
        let charges = all_kinds();
        let house = House::complete(&charges).await;
        let account = Scope::part(vec![rule("SubAccountId", &["111", "222"])]).unwrap();
        let service = Scope::part(vec![rule("ServiceName", &["Disks"]), rule("RegionId", &["eu-west-1"])]);
        let scopes = [account.clone(), account.or(service.unwrap())];
        let mut found_first = 0;
        for scope in scopes {
            let by_hand = House::by_hand(&charges, &scope).await;
            for compare in [Compare::None, Compare::Previous] {
                for grain in [Grain::Day, Grain::Month] {
                    let question = Question {
                        by: by(&["SubAccountId", "ServiceName"]),
                        period: days("2026-02-01", "2026-03-01"),
                        compare,
                        grain,
                        top: Some(1),
                        ..Question::default()
                    };
                    let (narrowed, first) = house.agree_within(&scope, &question).await;
                    found_first += usize::from(first);
                    assert_eq!(narrowed, by_hand.meant(&question).await, "{scope:?} {compare:?} {grain:?}");
                    let all = house.meant(&question).await;
                    let others = |answer: &Answer| answer.rows.iter().filter(|row| row.other).count();
                    assert!(others(&narrowed) > 0 && narrowed.totals != all.totals, "nothing is tested");
                }
            }
            let nothing = Question { by: by(&["ServiceName"]), top: Some(1), ..Question::default() };
            let (nothing, _) = house.agree_within(&Scope::nothing(), &nothing).await;
            assert!(nothing.rows.is_empty() && nothing.totals.is_empty() && nothing.read.lines == 0);
        }
        assert!(found_first >= 4, "{found_first} of 8 were answered by the largest first");
    });
}

#[test]
fn small_questions_are_asked_where_rollups_answer_them() {
    runtime().block_on(async {
        let mut charges = all_kinds();
        // In March, fewer services; of January's days, three have none of February's beside them.
        charges.iter_mut().skip(2).step_by(3).for_each(|charge| charge.service = 0);
        charges.iter_mut().step_by(3).for_each(|charge| charge.day += charge.region);
        let house = House::complete(&charges).await;
        let of = |period, compare, top| Question {
            by: by(&["SubAccountId", "ServiceName"]),
            period,
            compare,
            grain: Grain::Day,
            top: Some(top),
            ..Question::default()
        };
        for period in periods().into_iter().take(5) {
            for compare in [Compare::None, Compare::Previous] {
                assert!(house.agree(&of(period, compare, 2)).await, "{period:?} {compare:?}");
            }
        }
        // Nearly all groups are shown; nothing is shown; no groups; no period cut; rows are needed.
        let march = days("2026-03-01", "2026-04-01");
        assert!(!house.agree(&of(march, Compare::Previous, 200)).await);
        assert!(!house.agree(&of(march, Compare::Previous, 0)).await);
        assert!(!house.agree(&Question { by: Vec::new(), ..of(march, Compare::Previous, 1) }).await);
        assert!(!house.agree(&Question { grain: Grain::Total, ..of(march, Compare::Previous, 1) }).await);
        let of_rows = Question { by: by(&["ResourceId"]), ..of(march, Compare::Previous, 1) };
        assert_eq!(
            house.answer(&Scope::All, &of_rows, ALWAYS, true).await,
            house.answer(&Scope::All, &of_rows, NEVER, false).await
        );
    });
}

#[test]
fn groups_that_only_the_period_before_had_count_as_nothing() {
    runtime().block_on(async {
        // January has accounts 111 and 222, February 333 with credits: a group of nothing is larger.
        let at = |month: u32, n: u32| {
            let mut charge = all_kinds()[0].clone();
            charge.account = if month == 1 { u8::try_from(n % 2).unwrap() } else { 2 };
            charge.service = u8::try_from(n % 3).unwrap();
            charge.region = u8::try_from(n / 3 % 3).unwrap();
            charge.costs[1] = Some(if month == 1 { 10 } else { -10 });
            charge
        };
        // Deliveries take turns: two providers of three months each.
        let charges: Vec<Charge> = (0..240).map(|n| at(n % 3, n / 6)).collect();
        let house = House::complete(&charges).await;
        for top in 1..4 {
            let question = Question {
                by: by(&["SubAccountId", "ServiceName", "RegionId"]),
                period: days("2026-03-01", "2026-04-01"),
                compare: Compare::Previous,
                grain: Grain::Day,
                top: Some(top),
                ..Question::default()
            };
            assert!(house.agree(&question).await, "{top}");
        }
    });
}

#[test]
fn what_is_left_out_is_told_once() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for month in 1..=2_u8 {
            let at = folder.path().join(format!("billing_period=2026-{month:02}"));
            std::fs::create_dir_all(&at).unwrap();
            let mut text = HEADER.to_owned();
            all_kinds().iter().for_each(|charge| text.push_str(&line("AWS", month, charge)));
            text.push_str("EUR,AWS,2026-02-01T00:00:00Z,,NaN,x,abc,1,Usage,Disks,Storage,111,one,,,,r-1,\n");
            text.push_str("EUR,AWS,yesterday,,1,1,1,1,Usage,Disks,Storage,111,one,,,,r-1,\n");
            std::fs::write(at.join("charges.csv"), text).unwrap();
        }
        let house = House::of(folder).await;
        house.make_all().await;
        for (period, compare) in [
            (None, Compare::None),
            (days("2026-02-01", "2026-03-01"), Compare::None),
            (days("2026-02-01", "2026-03-01"), Compare::Previous),
        ] {
            let question = Question {
                by: by(&["SubAccountId", "ServiceName"]),
                period,
                compare,
                grain: Grain::Day,
                top: Some(1),
                ..Question::default()
            };
            let (at_once, _) = house.answer(&Scope::All, &question, NEVER, true).await;
            let (first, _) = house.answer(&Scope::All, &question, ALWAYS, true).await;
            assert!(!at_once.excluded.is_empty());
            assert_eq!(at_once, first, "{question:?}");
        }
    });
}
