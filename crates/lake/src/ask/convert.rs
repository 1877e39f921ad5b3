//! Several currencies as one, at rates the asker gave.

use super::rows::{Place, Sum, Sums};
use crate::question::Conversion;
use crate::sql::QueryError;
use arrow::datatypes::i256;
use bursar_domain::{Amount, CurrencyCode};
use std::collections::BTreeMap;

/// Converts every sum; the notes name each rate that was used.
pub(super) fn to_one(sums: &mut Sums, conversion: &Conversion) -> Result<Vec<String>, QueryError> {
    let mut notes = BTreeMap::new();
    let mut converted = Sums { names: std::mem::take(&mut sums.names), ..Sums::default() };
    let to = converted.currencies.number(conversion.to.as_str())?;
    for (place, sum) in std::mem::take(&mut sums.sums) {
        let currency = sums.currencies.text(place.currency).unwrap_or_default();
        let rate = if currency == conversion.to.as_str() {
            None
        } else {
            let code: Option<CurrencyCode> = currency.parse().ok();
            let rate = code.as_ref().and_then(|code| conversion.rates.get(code)).copied();
            let Some(rate) = rate else {
                let currency = shown(currency);
                let detail = format!(
                    "there are charges in {currency} and no rate for it: give one as {currency}=RATE, what one \
                     {currency} is worth in {}",
                    conversion.to
                );
                return Err(QueryError::DoesNotFit(detail));
            };
            if !notes.contains_key(currency) {
                let note = format!("{currency} was converted at {rate} {} (given)", conversion.to);
                notes.insert(currency.to_owned(), note);
            }
            Some(rate)
        };
        let times = |amount: Amount| rate.map_or(Ok(amount), |rate| multiplied(amount, rate));
        let amount = times(sum.amount)?;
        let previous = sum.previous.map(times).transpose()?;
        let into: &mut Sum = converted.sums.entry(Place { currency: to, ..place }).or_default();
        let overflow =
            |error: bursar_domain::money::AmountError| QueryError::Failed { detail: error.to_string() };
        into.amount = into.amount.checked_add(amount).map_err(overflow)?;
        if let Some(previous) = previous {
            into.previous = Some(into.previous.unwrap_or_default().checked_add(previous).map_err(overflow)?);
        }
    }
    *sums = converted;
    Ok(notes.into_values().collect())
}

fn shown(currency: &str) -> &str {
    if currency.is_empty() { "no currency" } else { currency }
}

/// The product, rounded half away from zero at the 18th digit.
fn multiplied(amount: Amount, rate: Amount) -> Result<Amount, QueryError> {
    let one = i256::from_i128(10_i128.pow(18));
    let product = i256::from_i128(amount.units()).wrapping_mul(i256::from_i128(rate.units()));
    let half = i256::from_i128(5 * 10_i128.pow(17));
    let rounded = if product < i256::ZERO { product.wrapping_sub(half) } else { product.wrapping_add(half) };
    let units = rounded.checked_div(one).and_then(|q| q.to_i128());
    units
        .map(Amount::from_units)
        .ok_or_else(|| QueryError::Failed { detail: "a converted amount is too large".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_rounded_once() {
        let of = |text: &str| text.parse::<Amount>().unwrap();
        assert_eq!(multiplied(of("100.10"), of("1.085")).unwrap(), of("108.6085"));
        assert_eq!(multiplied(of("-0.000000000000000001"), of("0.5")).unwrap(), of("-0.000000000000000001"));
    }
}
