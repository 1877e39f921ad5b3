//! Cost and measure side by side, per period.
//!
//! Cost of a dimension value meets the measure of the same value; a measure without a dimension is that of everything. A
//! flow (orders) is summed over a month; a stock (heads, seats) is averaged over the days that have a figure.

use super::measure::Measure;
use crate::allocation::exact::scaled;
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, BillingPeriod, CurrencyCode};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A sum of cost on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostPoint {
    /// The day of the charges.
    pub date: NaiveDate,
    /// What it is about; the same texts as the measure's.
    pub dimension: Option<String>,
    /// The currency.
    pub currency: CurrencyCode,
    /// How much.
    pub amount: Amount,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Days.
    Day,
    /// Calendar months.
    Month,
}

/// How daily figures become one of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rollup {
    /// Added: orders, requests, gigabytes.
    Sum,
    /// Averaged over the days that have one: heads, seats, active users.
    Mean,
}

/// Cost per unit in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitCost {
    /// First day of the period.
    pub period: NaiveDate,
    /// What it is about.
    pub dimension: Option<String>,
    /// The currency of the cost.
    pub currency: CurrencyCode,
    /// The cost; none when there is only a measure.
    pub cost: Option<Amount>,
    /// The measure; none when there is only cost.
    pub volume: Option<Amount>,
    /// Cost per unit; none when one side is missing or the measure is zero.
    pub per_unit: Option<Amount>,
}

/// Why there is no unit cost.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// A monthly measure has no days.
    #[error("the measure has one value per month: ask for months")]
    Months,
    /// A sum left the range.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Cost per unit, per period, dimension value and currency.
///
/// # Errors
/// When days are asked of a monthly measure, or a sum leaves the range.
pub fn unit_costs(
    costs: &[CostPoint],
    measure: &Measure,
    grain: Grain,
    rollup: Rollup,
) -> Result<Vec<UnitCost>, JoinError> {
    if grain == Grain::Day && measure.is_monthly() {
        return Err(JoinError::Months);
    }
    let period = |date: NaiveDate| match grain {
        Grain::Day => date,
        Grain::Month => BillingPeriod::containing(date).map_or(date, BillingPeriod::start),
    };
    type Key = (NaiveDate, Option<String>);
    let mut volumes: BTreeMap<Key, (Amount, i128)> = BTreeMap::new();
    for point in measure.points() {
        let sum = volumes.entry((period(point.date), point.dimension)).or_default();
        *sum = (sum.0.checked_add(point.value)?, sum.1 + 1);
    }
    let volume_of = |key: &Key| {
        let (sum, days) = volumes.get(key)?;
        match rollup {
            Rollup::Sum => Some(*sum),
            Rollup::Mean => scaled(sum.units(), 1, *days).map(Amount::from_units),
        }
    };
    let mut sums: BTreeMap<(Key, &CurrencyCode), Option<Amount>> = BTreeMap::new();
    for point in costs {
        let key = (period(point.date), point.dimension.clone());
        let sum = sums.entry((key, &point.currency)).or_default();
        *sum = Some(sum.unwrap_or_default().checked_add(point.amount)?);
    }
    let currencies: BTreeSet<&CurrencyCode> = costs.iter().map(|point| &point.currency).collect();
    for key in volumes.keys() {
        for currency in &currencies {
            sums.entry((key.clone(), currency)).or_default();
        }
    }
    let one = 10_i128.pow(bursar_domain::money::SCALE);
    Ok(sums
        .into_iter()
        .map(|((key, currency), cost)| {
            let volume = volume_of(&key);
            let per_unit = cost
                .zip(volume)
                .and_then(|(cost, volume)| scaled(cost.units(), one, volume.units()).map(Amount::from_units));
            UnitCost { period: key.0, dimension: key.1, currency: currency.clone(), cost, volume, per_unit }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(date: &str, dimension: &str, code: &str, amount: &str) -> CostPoint {
        CostPoint {
            date: date.parse().unwrap(),
            dimension: (!dimension.is_empty()).then(|| dimension.to_owned()),
            currency: code.parse().unwrap(),
            amount: amount.parse().unwrap(),
        }
    }

    fn shown(rows: &[UnitCost]) -> Vec<String> {
        let text = |amount: Option<Amount>| amount.map_or("-".to_owned(), |amount| amount.to_string());
        rows.iter()
            .map(|row| {
                let (period, currency) = (row.period, &row.currency);
                format!(
                    "{period} {currency} {} / {} = {}",
                    text(row.cost),
                    text(row.volume),
                    text(row.per_unit)
                )
            })
            .collect()
    }

    #[test]
    fn cost_meets_volume_and_gaps_are_shown() {
        let measure =
            Measure::from_csv("date,value\n2026-01-01,4\n2026-01-02,0\n2026-02-01,2\n2026-03-05,7\n")
                .unwrap();
        let costs = [
            cost("2026-01-01", "", "USD", "10"),
            cost("2026-01-02", "", "USD", "-1"),
            cost("2026-01-01", "", "EUR", "2"),
            cost("2026-04-01", "", "USD", "5"),
        ];
        let months = unit_costs(&costs, &measure, Grain::Month, Rollup::Sum).unwrap();
        assert_eq!(
            shown(&months),
            [
                "2026-01-01 EUR 2 / 4 = 0.5",
                "2026-01-01 USD 9 / 4 = 2.25",
                "2026-02-01 EUR - / 2 = -",
                "2026-02-01 USD - / 2 = -",
                "2026-03-01 EUR - / 7 = -",
                "2026-03-01 USD - / 7 = -",
                "2026-04-01 USD 5 / - = -",
            ]
        );
        let heads = unit_costs(&costs, &measure, Grain::Month, Rollup::Mean).unwrap();
        assert_eq!(shown(&heads)[1], "2026-01-01 USD 9 / 2 = 4.5");
        let days = unit_costs(&costs, &measure, Grain::Day, Rollup::Sum).unwrap();
        assert!(shown(&days).contains(&"2026-01-02 USD -1 / 0 = -".to_owned()));
    }

    #[test]
    fn months_have_no_days() {
        let measure = Measure::from_csv("date,value\n2026-01,4\n").unwrap();
        assert_eq!(unit_costs(&[], &measure, Grain::Day, Rollup::Sum), Err(JoinError::Months));
    }
}
