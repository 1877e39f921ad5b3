//! A question as a value: the UI, the command line and reports all make this one, so that all are
//! scoped, cached and explained alike.

use bursar_domain::{Amount, AmountError, CurrencyCode, DateRange};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Which of the FOCUS cost columns is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Measure {
    /// What was or will be invoiced.
    BilledCost,
    /// Amortised: prepaid commitments spread over what they cover.
    #[default]
    EffectiveCost,
    /// Negotiated prices, before commitment discounts.
    ContractedCost,
    /// Public prices.
    ListCost,
}

impl Measure {
    /// Every measure, the default first.
    pub const ALL: [Self; 4] = [Self::EffectiveCost, Self::BilledCost, Self::ContractedCost, Self::ListCost];

    /// The FOCUS column.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::BilledCost => "BilledCost",
            Self::EffectiveCost => "EffectiveCost",
            Self::ContractedCost => "ContractedCost",
            Self::ListCost => "ListCost",
        }
    }

    /// For a page.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::BilledCost => "Billed cost",
            Self::EffectiveCost => "Effective cost",
            Self::ContractedCost => "Contracted cost",
            Self::ListCost => "List cost",
        }
    }

    /// What it is good for.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::BilledCost => {
                "What was or will be invoiced. Agrees with the invoice; a prepaid commitment shows whole on the day it \
                 is billed."
            }
            Self::EffectiveCost => {
                "What the usage cost, with prepaid commitments spread over the time they cover. Best for comparing \
                 teams and months."
            }
            Self::ContractedCost => "Negotiated prices times quantity, before commitment discounts.",
            Self::ListCost => "Public prices times quantity, before any discount.",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Not a measure, a grain or a comparison.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{given}` is none of {known}")]
pub struct UnknownWord {
    given: String,
    known: &'static str,
}

fn unknown(given: &str, known: &'static str) -> UnknownWord {
    UnknownWord { given: given.chars().take(80).collect(), known }
}

impl FromStr for Measure {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|measure| measure.id() == text);
        found.ok_or_else(|| unknown(text, "EffectiveCost, BilledCost, ContractedCost, ListCost"))
    }
}

/// What charges are grouped and filtered by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// A column, as FOCUS spells it.
    Column(String),
    /// The value of a tag.
    Tag(String),
}

impl Dimension {
    /// From its text, `ServiceName` or `tag:team`. Whether such a column exists is for the workspace to tell.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("tag:") {
            Some(key) => Self::Tag(key.to_owned()),
            None => Self::Column(text.to_owned()),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(id) => f.write_str(id),
            Self::Tag(key) => write!(f, "tag:{key}"),
        }
    }
}

/// How a filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal.
    Is,
    /// Not equal; a missing value is not equal to any.
    IsNot,
    /// Holds the text, whatever the case.
    Contains,
}

/// Which charges count. Filters of one dimension with [`Operator::Is`] are alternatives; all others must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Of what.
    pub dimension: Dimension,
    /// How.
    pub operator: Operator,
    /// With what; `None` is "has no value".
    pub value: Option<String>,
}

impl FromStr for Filter {
    type Err = UnknownWord;

    /// `Dim=value`, `Dim!=value`, `Dim~part`; an empty value is "has no value".
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        // A tag key may hold any character, so the first operator after at least one character counts.
        let at = text
            .char_indices()
            .skip(1)
            .find(|(at, c)| matches!(c, '=' | '~') || text[*at..].starts_with("!="));
        let Some((at, sign)) = at else {
            return Err(unknown(text, "`Dimension=value`, `Dimension!=value`, `Dimension~part`"));
        };
        let (operator, width) = match sign {
            '=' => (Operator::Is, 1),
            '~' => (Operator::Contains, 1),
            _ => (Operator::IsNot, 2),
        };
        let value = &text[at + width..];
        Ok(Self {
            dimension: Dimension::parse(&text[..at]),
            operator,
            value: (!value.is_empty()).then(|| value.to_owned()),
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.operator {
            Operator::Is => "=",
            Operator::IsNot => "!=",
            Operator::Contains => "~",
        };
        write!(f, "{}{sign}{}", self.dimension, self.value.as_deref().unwrap_or(""))
    }
}

/// How time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Grain {
    /// UTC days.
    Day,
    /// Calendar months.
    Month,
    /// Not at all.
    #[default]
    Total,
}

impl Grain {
    /// Its name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

impl FromStr for Grain {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Day, Self::Month, Self::Total]
            .into_iter()
            .find(|grain| grain.id() == text)
            .ok_or_else(|| unknown(text, "day, month, total"))
    }
}

/// What stands beside each amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compare {
    /// Nothing.
    #[default]
    None,
    /// The period just before.
    Previous,
}

impl Compare {
    /// Its name.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Previous => "previous",
        }
    }
}

impl FromStr for Compare {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::None, Self::Previous]
            .into_iter()
            .find(|compare| compare.id() == text)
            .ok_or_else(|| unknown(text, "none, previous"))
    }
}

/// Converts every amount to one currency, at rates the asker gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// The currency of the answer.
    pub to: CurrencyCode,
    /// What one unit of a currency is worth in `to`.
    pub rates: BTreeMap<CurrencyCode, Amount>,
}

impl Conversion {
    /// Reads a currency code and rates such as `EUR=1.08`.
    ///
    /// # Errors
    /// With what to write instead, when the code or a rate is none.
    pub fn parse(to: &str, rates: &[String]) -> Result<Self, String> {
        let code = |text: &str| text.parse::<CurrencyCode>().map_err(|error| error.to_string());
        let mut found = BTreeMap::new();
        for rate in rates {
            let wrong = |why: &str| {
                let shown: String = rate.chars().take(60).collect();
                format!("`{shown}` is no rate: {why}")
            };
            let Some((currency, value)) = rate.split_once('=') else {
                return Err(wrong("expected CODE=RATE, as in EUR=1.08"));
            };
            let value: Amount = value.parse().map_err(|error: AmountError| wrong(&error.to_string()))?;
            if value <= Amount::ZERO {
                return Err(wrong("it must be above zero"));
            }
            if found.insert(code(currency)?, value).is_some() {
                return Err(wrong("there is another one for this currency"));
            }
        }
        Ok(Self { to: code(to)?, rates: found })
    }
}

/// A question about cost. Currencies are kept apart unless rates are given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Question {
    /// What is added up.
    pub measure: Measure,
    /// What it is grouped by, at most [`Question::MAX_BY`].
    pub by: Vec<Dimension>,
    /// Which charges count.
    pub filters: Vec<Filter>,
    /// How time is cut.
    pub grain: Grain,
    /// Which days; `None` is all there are.
    pub period: Option<DateRange>,
    /// Only the largest groups, the rest in one row.
    pub top: Option<usize>,
    /// What stands beside each amount.
    pub compare: Compare,
    /// How currencies become one; `None` keeps them apart.
    pub conversion: Option<Conversion>,
}

impl Question {
    /// Dimensions of one question.
    pub const MAX_BY: usize = 8;
    /// Filters of one question.
    pub const MAX_FILTERS: usize = 100;
    /// Largest `top`.
    pub const MAX_TOP: usize = 10_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_or_refused() {
        let parse = |rates: &[&str]| {
            Conversion::parse("USD", &rates.iter().map(|rate| (*rate).to_owned()).collect::<Vec<_>>())
        };
        let rates = parse(&["EUR=1.085", "GBP=1.3"]).unwrap().rates;
        assert_eq!(rates.len(), 2);
        for bad in ["EUR", "EUR=", "EUR=0", "EUR=-1", "EUR=x", "€=1", "=1"] {
            assert!(parse(&[bad]).is_err(), "{bad}");
        }
        assert!(parse(&["EUR=1", "EUR=2"]).is_err());
        assert!(Conversion::parse("", &[]).is_err());
    }

    #[test]
    fn filters_read_back() {
        for text in [
            "ServiceName=Amazon EC2",
            "ServiceName!=x",
            "tag:team~plat",
            "tag:a:b=c=d",
            "RegionId=",
            "A!=",
            "A!b=c",
        ] {
            assert_eq!(text.parse::<Filter>().map(|f| f.to_string()).as_deref(), Ok(text));
        }
        let filter: Filter = "tag:k=a~b!=c".parse().unwrap();
        assert_eq!((filter.dimension, filter.value.as_deref()), (Dimension::Tag("k".into()), Some("a~b!=c")));
        assert_eq!("RegionId=".parse::<Filter>().unwrap().value, None);
        for bad in ["", "ServiceName", "=x", "!"] {
            assert!(bad.parse::<Filter>().is_err(), "{bad}");
        }
    }
}
