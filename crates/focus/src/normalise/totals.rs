//! Sums that must not change: what the native export says against what went out.
//!
//! The native sums are computed from native columns by the definitions below, not from converted
//! rows, so that a mistake in a mapping shows as a difference. Keyed by currency and the month in
//! which the billing period begins.
//!
//! | dialect | billed | effective |
//! |---|---|---|
//! | AWS | net (else unblended) cost of all lines but the Savings Plan pair (covered usage and negation cancel) and split rows | amortised cost: Savings Plan and reservation effective cost on what they cover, what they lost on their fees, 0 on negations, upfront and reservation fees, cost elsewhere |
//! | Azure | cost of amortized rows that no commitment covers, and of actual purchases and refunds of commitments | cost of amortized rows but purchases and refunds of commitments |
//! | GCP | cost and its credits | the same: commitments are paid as they run |
//! | OCI | `myCost`, on overage lines `myCostOverage` | the same |
//! | FOCUS | `BilledCost` | `EffectiveCost` |

use super::native::{Names, cell, key_of, micros, units};
use crate::canonical::{DATETIME, DECIMAL, datetime_column, decimal_column, string_column};
use crate::dialect::Dialect;
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    new_null_array,
};
use arrow::datatypes::{DataType, Decimal128Type, TimestampMicrosecondType};
use bursar_domain::{Amount, AmountError};
use chrono::{DateTime, Datelike, NaiveDate};
use std::collections::BTreeMap;

/// First instant of the month (UTC) that holds an instant; microseconds.
#[must_use]
pub fn month_start(micros: i64) -> Option<i64> {
    let day = DateTime::from_timestamp_micros(micros)?.date_naive();
    at_midnight(NaiveDate::from_ymd_opt(day.year(), day.month(), 1)?)
}

/// First instant of the month after the one (UTC) that holds an instant; microseconds.
#[must_use]
pub fn month_end(micros: i64) -> Option<i64> {
    let day = DateTime::from_timestamp_micros(micros)?.date_naive();
    let first = NaiveDate::from_ymd_opt(day.year(), day.month(), 1)?;
    at_midnight(first.checked_add_months(chrono::Months::new(1))?)
}

fn at_midnight(day: NaiveDate) -> Option<i64> {
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
}

/// What is summed for one currency and month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Billed cost.
    pub billed: Amount,
    /// Effective cost.
    pub effective: Amount,
}

/// Sums by currency and month (`YYYY-MM`; empty where a row has neither).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    by_key: BTreeMap<(String, String), Sum>,
    last: Option<(String, i64, String)>,
}

impl Sums {
    /// Every currency and month with its sums, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Sum)> {
        self.by_key.iter().map(|((currency, month), sum)| (currency.as_str(), month.as_str(), *sum))
    }

    /// The sums of one currency and month.
    #[must_use]
    pub fn get(&self, currency: &str, month: &str) -> Sum {
        self.by_key.get(&(currency.to_owned(), month.to_owned())).copied().unwrap_or_default()
    }

    fn add(
        &mut self,
        currency: Option<&str>,
        period: Option<i64>,
        billed: i128,
        effective: i128,
    ) -> Result<(), AmountError> {
        let currency = currency.unwrap_or("");
        // Periods repeat from row to row: format one once per run.
        let period = period.unwrap_or(i64::MIN);
        let month = match self.last.take() {
            Some((known, same, month)) if same == period && known == currency => month,
            _ => month_name(period),
        };
        let sum = match self.by_key.get_mut(&(currency.to_owned(), month.clone())) {
            Some(sum) => sum,
            None => self.by_key.entry((currency.to_owned(), month.clone())).or_default(),
        };
        sum.billed = sum.billed.checked_add(Amount::from_units(billed))?;
        sum.effective = sum.effective.checked_add(Amount::from_units(effective))?;
        self.last = Some((currency.to_owned(), period, month));
        Ok(())
    }

    /// Adds rows, in runs of equal currency and period.
    fn add_all<'r>(
        &mut self,
        rows: impl Iterator<Item = (Option<&'r str>, Option<i64>, i128, i128)>,
    ) -> Result<(), AmountError> {
        let mut run: Option<(Option<&str>, Option<i64>, i128, i128)> = None;
        for (currency, period, billed, effective) in rows {
            match &mut run {
                Some((c, p, b, e)) if *c == currency && *p == period => {
                    *b = b.checked_add(billed).ok_or(AmountError::Overflow)?;
                    *e = e.checked_add(effective).ok_or(AmountError::Overflow)?;
                }
                _ => {
                    if let Some((c, p, b, e)) = run.replace((currency, period, billed, effective)) {
                        self.add(c, p, b, e)?;
                    }
                }
            }
        }
        if let Some((c, p, b, e)) = run {
            self.add(c, p, b, e)?;
        }
        Ok(())
    }

    /// Adds canonical rows; `skip` names rows that are not to be counted.
    ///
    /// # Errors
    /// When a sum leaves the representable range.
    pub fn add_canonical(
        &mut self,
        batch: &RecordBatch,
        skip: &dyn Fn(usize) -> bool,
    ) -> Result<(), AmountError> {
        let read = Reader::new(batch);
        let (currency, period) = (read.text("BillingCurrency"), read.time("BillingPeriodStart"));
        let (billed, effective) = (read.decimal("BilledCost"), read.decimal("EffectiveCost"));
        self.add_all((0..batch.num_rows()).filter(|row| !skip(*row)).map(|row| {
            (
                cell(&currency, row),
                micros(&period, row),
                units(&billed, row).unwrap_or(0),
                units(&effective, row).unwrap_or(0),
            )
        }))
    }

    /// Adds native rows by the dialect's own definitions; `skip` names rows that are not to be
    /// counted (quarantined ones).
    ///
    /// # Errors
    /// When a sum leaves the representable range.
    pub fn add_native(
        &mut self,
        dialect: Dialect,
        batch: &RecordBatch,
        skip: &dyn Fn(usize) -> bool,
    ) -> Result<(), AmountError> {
        let rows = || (0..batch.num_rows()).filter(|row| !skip(*row));
        let read = Reader::new(batch);
        match dialect {
            Dialect::Focus(_) => {
                let (currency, period) = (read.text("BillingCurrency"), read.time("BillingPeriodStart"));
                let (billed, effective) = (read.decimal("BilledCost"), read.decimal("EffectiveCost"));
                self.add_all(rows().map(|row| {
                    (
                        cell(&currency, row),
                        micros(&period, row),
                        units(&billed, row).unwrap_or(0),
                        units(&effective, row).unwrap_or(0),
                    )
                }))
            }
            Dialect::AwsCurLegacy | Dialect::AwsCur2 => self.add_aws(&read, rows()),
            Dialect::AzureActual | Dialect::AzureAmortized => self.add_azure(dialect, &read, rows()),
            Dialect::GcpDetailed => self.add_gcp(&read, rows()),
            Dialect::Oci => {
                let (currency, start) =
                    (read.text("cost/currencyCode"), read.time("lineItem/intervalUsageStart"));
                let (cost, overage, flag) = (
                    read.decimal("cost/myCost"),
                    read.decimal("cost/myCostOverage"),
                    read.text("cost/overageFlag"),
                );
                self.add_all(rows().map(|row| {
                    let beyond = matches!(cell(&flag, row), Some("Y" | "y" | "true" | "TRUE"))
                        .then(|| units(&overage, row))
                        .flatten();
                    let amount = beyond.or_else(|| units(&cost, row)).unwrap_or(0);
                    (cell(&currency, row), micros(&start, row), amount, amount)
                }))
            }
        }
    }

    fn add_aws(&mut self, read: &Reader<'_>, rows: impl Iterator<Item = usize>) -> Result<(), AmountError> {
        let line = read.text("line_item_line_item_type");
        let operation = read.text("line_item_operation");
        let currency = read.text("line_item_currency_code");
        let period = read.time("bill_billing_period_start_date");
        let pair = |net: &str, gross: &str| (read.decimal(net), read.decimal(gross));
        let first = |pair: &(Decimal128Array, Decimal128Array), row: usize| {
            units(&pair.0, row).or_else(|| units(&pair.1, row))
        };
        let cost = pair("line_item_net_unblended_cost", "line_item_unblended_cost");
        let plan =
            pair("savings_plan_net_savings_plan_effective_cost", "savings_plan_savings_plan_effective_cost");
        let reserved = pair("reservation_net_effective_cost", "reservation_effective_cost");
        let committed = read.decimal("savings_plan_total_commitment_to_date");
        let used = read.decimal("savings_plan_used_commitment");
        let lost_upfront = pair(
            "reservation_net_unused_amortized_upfront_fee_for_billing_period",
            "reservation_unused_amortized_upfront_fee_for_billing_period",
        );
        let lost_recurring = pair("reservation_net_unused_recurring_fee", "reservation_unused_recurring_fee");
        let (plan_arn, reservation_arn) =
            (read.text("savings_plan_savings_plan_arn"), read.text("reservation_reservation_arn"));
        let product = read.text("line_item_product_code");
        self.add_all(
            rows.filter(|row| !matches!(cell(&operation, *row), Some("EKSPod-EC2" | "ECSTask-EC2"))).map(
                |row| {
                    let paid = first(&cost, row).unwrap_or(0);
                    let (billed, effective) = match cell(&line, row).unwrap_or("") {
                        "SavingsPlanCoveredUsage" => (0, first(&plan, row).unwrap_or(paid)),
                        "SavingsPlanNegation" => (0, 0),
                        "SavingsPlanRecurringFee" => {
                            (paid, units(&committed, row).unwrap_or(0) - units(&used, row).unwrap_or(0))
                        }
                        "SavingsPlanUpfrontFee" => (paid, 0),
                        "DiscountedUsage" => (paid, first(&reserved, row).unwrap_or(paid)),
                        "RIFee" => (
                            paid,
                            first(&lost_upfront, row).unwrap_or(0) + first(&lost_recurring, row).unwrap_or(0),
                        ),
                        "Fee" if reservation_arn.is_valid(row) => (paid, 0),
                        "Refund"
                            if plan_arn.is_valid(row)
                                || cell(&product, row).is_some_and(|p| p.ends_with("SavingsPlans")) =>
                        {
                            (paid, 0)
                        }
                        _ => (paid, paid),
                    };
                    (cell(&currency, row), micros(&period, row), billed, effective)
                },
            ),
        )
    }

    fn add_azure(
        &mut self,
        dialect: Dialect,
        read: &Reader<'_>,
        rows: impl Iterator<Item = usize>,
    ) -> Result<(), AmountError> {
        let cost = read.decimal_of(&["costInBillingCurrency", "Cost", "PreTaxCost"]);
        let currency = read.text_of(&["BillingCurrency", "BillingCurrencyCode", "Currency"]);
        let (period, day) =
            (read.time("BillingPeriodStartDate"), read.time_of(&["Date", "UsageDate", "UsageDateTime"]));
        let (charge, model) = (read.text("ChargeType"), read.text("PricingModel"));
        let folded = |column: &StringArray, row: usize| {
            cell(column, row).unwrap_or("").replace(' ', "").to_lowercase()
        };
        let mut kept = Vec::new();
        for row in rows {
            let (charge, model) = (folded(&charge, row), folded(&model, row));
            let commitment = model == "reservation" || model == "savingsplan";
            let bought = commitment && (charge == "purchase" || charge == "refund");
            let covered = charge.starts_with("unused")
                || (commitment && charge == "usage")
                || (commitment && charge.is_empty());
            if dialect == Dialect::AzureActual && !bought {
                continue;
            }
            let amount = units(&cost, row).unwrap_or(0);
            let period = micros(&period, row).or_else(|| month_start(micros(&day, row)?));
            kept.push((row, period, if covered { 0 } else { amount }, if bought { 0 } else { amount }));
        }
        self.add_all(
            kept.into_iter()
                .map(|(row, period, billed, effective)| (cell(&currency, row), period, billed, effective)),
        )
    }

    fn add_gcp(&mut self, read: &Reader<'_>, rows: impl Iterator<Item = usize>) -> Result<(), AmountError> {
        let (currency, cost) = (read.text("currency"), read.decimal("cost"));
        let month = match read.array("invoice") {
            Some(invoice) if matches!(invoice.data_type(), DataType::Struct(_)) => {
                let invoice = invoice.as_struct();
                invoice.column_by_name("month").map_or_else(|| read.no_text(), as_text)
            }
            _ => read.text("invoice.month"),
        };
        let credits = read.array("credits");
        let amounts = credits.as_ref().and_then(credit_amounts);
        self.add_all(rows.map(|row| {
            let mut amount = units(&cost, row).unwrap_or(0);
            if let Some((amounts, ranges)) = &amounts {
                amount += ranges[row].clone().map(|at| units(amounts, at).unwrap_or(0)).sum::<i128>();
            }
            let period = cell(&month, row).and_then(|text| {
                let number = text.trim().parse::<i32>().ok()?;
                at_midnight(NaiveDate::from_ymd_opt(number / 100, u32::try_from(number % 100).ok()?, 1)?)
            });
            (cell(&currency, row), period, amount, amount)
        }))
    }
}

/// Amounts of all credits, and which of them are whose.
fn credit_amounts(credits: &ArrayRef) -> Option<(Decimal128Array, Vec<std::ops::Range<usize>>)> {
    let list = credits.as_list_opt::<i32>()?;
    let amounts = list.values().as_struct_opt()?.column_by_name("amount")?;
    let amounts = decimal_column("credits.amount", amounts).array.as_primitive::<Decimal128Type>().clone();
    let offsets = list.value_offsets();
    let at = |row: usize| usize::try_from(offsets[row]).unwrap_or(0);
    let ranges =
        (0..list.len()).map(|row| if list.is_null(row) { 0..0 } else { at(row)..at(row + 1) }).collect();
    Some((amounts, ranges))
}

fn as_text(array: &ArrayRef) -> StringArray {
    string_column("", array).array.as_string::<i32>().clone()
}

fn month_name(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .filter(|_| micros != i64::MIN)
        .map_or_else(String::new, |time| time.format("%Y-%m").to_string())
}

/// Columns by name, NULLs where there is none.
struct Reader<'b> {
    batch: &'b RecordBatch,
    names: Names,
}

impl<'b> Reader<'b> {
    fn new(batch: &'b RecordBatch) -> Self {
        Self { batch, names: Names::new(&batch.schema()) }
    }

    fn array(&self, name: &str) -> Option<ArrayRef> {
        let index = self.names.all().iter().position(|own| own == name).or_else(|| {
            let key = key_of(name);
            self.names.all().iter().position(|own| key_of(own) == key)
        })?;
        Some(self.batch.column(index).clone())
    }

    fn no_text(&self) -> StringArray {
        StringArray::new_null(self.batch.num_rows())
    }

    fn text(&self, name: &str) -> StringArray {
        self.array(name).map_or_else(|| self.no_text(), |array| as_text(&array))
    }

    fn text_of(&self, names: &[&str]) -> StringArray {
        names.iter().find_map(|name| self.array(name)).map_or_else(|| self.no_text(), |array| as_text(&array))
    }

    fn decimal(&self, name: &str) -> Decimal128Array {
        self.decimal_of(&[name])
    }

    fn decimal_of(&self, names: &[&str]) -> Decimal128Array {
        let array = names.iter().find_map(|name| self.array(name)).map_or_else(
            || new_null_array(&DECIMAL, self.batch.num_rows()),
            |array| decimal_column("", &array).array,
        );
        array.as_primitive::<Decimal128Type>().clone()
    }

    fn time(&self, name: &str) -> TimestampMicrosecondArray {
        self.time_of(&[name])
    }

    fn time_of(&self, names: &[&str]) -> TimestampMicrosecondArray {
        let array = names.iter().find_map(|name| self.array(name)).map_or_else(
            || new_null_array(&DATETIME, self.batch.num_rows()),
            |array| datetime_column("", &array).array,
        );
        array.as_primitive::<TimestampMicrosecondType>().clone()
    }
}
