//! Checks of our own: what misleads the reader of a bill although no published rule forbids it, or
//! across the columns that published rules look at one by one. Their ids start with `BURSAR-`.

use std::collections::HashMap;

use super::column::{Answers, NULL};
use super::explain::Words;
use super::plan::{Node, Plan, Plans, Running};
use super::report::{Example, Finding, Level};
use super::values::Test;
use crate::spec::{DataType, Format};

/// Columns of names, where a price shows that the fields of a row have moved.
const NAMES: [&str; 8] = [
    "AvailabilityZone",
    "BillingCurrency",
    "ChargeCategory",
    "ProviderName",
    "RegionId",
    "RegionName",
    "ServiceCategory",
    "ServiceName",
];

/// Adds the checks that run row by row.
pub(super) fn add(plans: &mut Plans) {
    let mut null_text = Vec::new();
    let mut casing = Vec::new();
    let mut dates = Vec::new();
    let mut similar = Vec::new();
    for column in plans.spec() {
        let Some(index) = plans.known(column.id) else { continue };
        null_text.push((index, plans.bit(index, &Test::NullText)));
        if let Format::OneOf(values) = column.format {
            let values = values.iter().map(|&value| value.to_owned()).collect();
            casing.push((index, plans.bit(index, &Test::OnlyCasing(values))));
        }
        if column.data_type == DataType::DateTime {
            dates.push((index, plans.bit(index, &Test::OtherDateForm)));
        }
        if column.format == Format::KeyValue {
            similar.push((index, plans.bit(index, &Test::SimilarKeys)));
        }
    }
    let mut shifted = Vec::new();
    for id in NAMES {
        if let Some(index) = plans.known(id) {
            shifted.push((index, plans.bit(index, &Test::PriceLike)));
        }
    }
    let mut cells = |id: &str, cells: Vec<(usize, u8)>, explanation: &str, remedy: &str| {
        if !cells.is_empty() {
            let words = Words { explanation: explanation.to_owned(), remedy: remedy.to_owned() };
            plans.rules.push(Running::new(id, Level::Quality, words, Plan::Cells(cells), None, Vec::new()));
        }
    };
    cells(
        "BURSAR-NULL-TEXT",
        null_text,
        "Cells hold the word NULL instead of nothing.",
        "We read them as empty; other programs show a value called NULL. Export real nulls.",
    );
    cells(
        "BURSAR-CASING",
        casing,
        "Values differ from FOCUS's list only in capitals.",
        "Correct the capitals at the source: filters for the listed value miss these rows.",
    );
    cells(
        "BURSAR-DATE-FORM",
        dates,
        "Dates are readable but not in the form YYYY-MM-DDTHH:MM:SSZ.",
        "We read them as UTC; other programs may take them for local time. Export ISO 8601 with a Z.",
    );
    cells(
        "BURSAR-SHIFTED-COLUMN",
        shifted,
        "A column of names holds what looks like a price: the fields of these rows have probably moved.",
        "Compare such a row with the provider's own bill before you trust its other columns.",
    );
    cells(
        "BURSAR-DUPLICATE-TAG-KEY",
        similar,
        "Tag keys of one row differ only in capitals or in blanks around them.",
        "Settle on one spelling; grouping by the tag splits or hides cost until then.",
    );
    for (start, end) in [("BillingPeriodStart", "BillingPeriodEnd"), ("ChargePeriodStart", "ChargePeriodEnd")]
    {
        if let (Some(from), Some(to)) = (plans.known(start), plans.known(end)) {
            plans.want(&[from, to], |column| column.wants_moments = true);
            let words = Words {
                explanation: format!("{end} lies before {start}."),
                remedy: format!(
                    "Correct the dates: such a row belongs to no period. {end} is the first moment after."
                ),
            };
            plans.rules.push(Running {
                column: Some(end.to_owned()),
                ..Running::new(
                    "BURSAR-PERIOD-ORDER",
                    Level::Quality,
                    words,
                    Plan::Order { start: from, end: to },
                    Some(Node::And(Vec::new())),
                    vec![from, to],
                )
            });
        }
    }
}

/// Rows before a provider's costs are called rounded: fewer could be whole by chance.
const ENOUGH: u64 = 20;

/// Notices costs that have lost their fractions: whole numbers on every row of a provider although
/// its billed costs are not.
#[derive(Debug)]
pub(super) struct Rounding {
    billed: Option<usize>,
    provider: Option<usize>,
    costs: Vec<(usize, &'static str)>,
    seen: HashMap<(usize, u32), Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    lost: u64,
    fractions: bool,
    nonzero: bool,
    provider: Option<String>,
    examples: Vec<Example>,
}

impl Rounding {
    pub(super) fn new(plans: &mut Plans) -> Self {
        let billed = plans.known("BilledCost");
        let provider = plans.known("ServiceProviderName").or_else(|| plans.known("ProviderName"));
        let costs: Vec<_> = ["EffectiveCost", "ContractedCost", "ListCost"]
            .into_iter()
            .filter_map(|id| plans.known(id).map(|index| (index, id)))
            .collect();
        let numbers: Vec<usize> = costs.iter().map(|cost| cost.0).chain(billed).collect();
        plans.want(&numbers, |column| column.wants_numbers = true);
        plans.want(provider.as_slice(), |column| column.wants_codes = true);
        Self { billed, provider, costs, seen: HashMap::new() }
    }

    pub(super) fn look(
        &mut self,
        plans: &Plans,
        answers: &[Option<Answers>],
        rows: usize,
        example: &dyn Fn(usize, String) -> Example,
    ) {
        let get = |index: usize| answers.get(index).and_then(Option::as_ref);
        let Some(billed) = self.billed.and_then(get) else { return };
        let codes = self.provider.and_then(get).map(|answers| &answers.codes);
        for &(index, id) in &self.costs {
            let Some(cost) = get(index) else { continue };
            // The provider that is known to have fractions: nothing more is asked of its rows.
            let mut settled = None;
            for row in 0..rows {
                let (Some(&billed), Some(&cost)) = (billed.numbers.get(row), cost.numbers.get(row)) else {
                    continue;
                };
                let code = codes.and_then(|codes| codes.get(row).copied()).unwrap_or(NULL);
                if settled == Some(code) {
                    continue;
                }
                if cost.fract() != 0.0 {
                    // Also true for NaN, which is no whole number.
                    if cost.is_finite() {
                        self.seen.entry((index, code)).or_default().fractions = true;
                        settled = Some(code);
                    }
                    continue;
                }
                if billed.is_finite() && billed.fract() != 0.0 {
                    let seen = self.seen.entry((index, code)).or_default();
                    if !seen.fractions {
                        seen.lost += 1;
                        seen.nonzero |= cost != 0.0;
                        if seen.examples.len() < 3 {
                            let text = format!("BilledCost {billed}, {id} {cost}");
                            seen.examples.push(example(row, text));
                        }
                        if seen.provider.is_none() {
                            let column = self.provider.and_then(|index| plans.columns.get(index));
                            seen.provider = column.and_then(|c| c.text(code)).map(str::to_owned);
                        }
                    }
                }
            }
        }
    }

    pub(super) fn findings(self, rows: u64) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for ((index, _), seen) in self.seen {
            if seen.fractions || !seen.nonzero || seen.lost < ENOUGH {
                continue;
            }
            let id = self.costs.iter().find(|cost| cost.0 == index).map_or("", |cost| cost.1);
            let of = seen.provider.map_or_else(String::new, |provider| format!(" of {provider}"));
            findings.push(Finding {
                rule: "BURSAR-ROUNDED-COST".to_owned(),
                column: Some(id.to_owned()),
                level: Level::Quality,
                count: seen.lost,
                checked: rows,
                examples: seen.examples,
                explanation: format!(
                    "Every {id}{of} is a whole number although the billed costs have fractions: it was rounded."
                ),
                remedy: format!("Do not use sums of {id} from this export; ask for it with full precision."),
            });
        }
        findings.sort_by(|a, b| (&a.column, &a.explanation).cmp(&(&b.column, &b.explanation)));
        findings
    }
}
