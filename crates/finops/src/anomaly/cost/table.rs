//! The cells that incidents are looked for in: day × dimensions, in decimals.
//!
//! Texts are kept once each and cut at [`MAX_TEXT_BYTES`] (a tag's value may be a megabyte of somebody's
//! JSON); the number of cells has a bound. What is no use of anything (taxes, credits, purchases,
//! corrections) is counted and left out.

use bursar_domain::{Amount, CurrencyCode};
use chrono::NaiveDate;
use std::collections::HashMap;

/// Longest text of a dimension that is kept, in bytes.
pub const MAX_TEXT_BYTES: usize = 512;

/// What a charge is for, as FOCUS's `ChargeCategory` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Use of something.
    Usage,
    /// A tax.
    Tax,
    /// A credit.
    Credit,
    /// A purchase, such as a commitment's.
    Purchase,
    /// An adjustment.
    Adjustment,
}

/// One charge, or a sum of charges that are alike, of one day.
#[derive(Debug, Clone)]
pub struct Charge<'a> {
    /// Day of the charge period's start.
    pub day: NaiveDate,
    /// Currency of the amount.
    pub currency: &'a CurrencyCode,
    /// Amount: effective cost, unless the caller looks for something else.
    pub amount: Amount,
    /// What it is for.
    pub category: Category,
    /// Whether it corrects an earlier period.
    pub correction: bool,
    /// Provider.
    pub provider: &'a str,
    /// Billing account.
    pub billing_account: &'a str,
    /// Sub account.
    pub account: &'a str,
    /// Service.
    pub service: &'a str,
    /// Region.
    pub region: &'a str,
    /// SKU or charge description.
    pub item: &'a str,
    /// Resource.
    pub resource: &'a str,
    /// Value of the tag that teams are told apart by.
    pub tag: &'a str,
}

/// Why a charge was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Too many different cells.
    #[error("more than {limit} cells: look at fewer days or group resources")]
    TooManyCells {
        /// The limit.
        limit: usize,
    },
    /// A day further from the others than the table spans.
    #[error("{day} is more than {limit} days from the other days: look at a shorter period")]
    TooLong {
        /// The day.
        day: NaiveDate,
        /// The limit.
        limit: i64,
    },
    /// The sum of a cell left the range of amounts.
    #[error("the sum of {day} left the range of amounts")]
    Sum {
        /// The day.
        day: NaiveDate,
    },
}

/// Places of the dimensions in a key.
pub(crate) mod dim {
    pub(crate) const CURRENCY: usize = 0;
    pub(crate) const PROVIDER: usize = 1;
    pub(crate) const BILLING: usize = 2;
    pub(crate) const ACCOUNT: usize = 3;
    pub(crate) const SERVICE: usize = 4;
    pub(crate) const REGION: usize = 5;
    pub(crate) const ITEM: usize = 6;
    pub(crate) const RESOURCE: usize = 7;
    pub(crate) const TAG: usize = 8;
}

/// Codes of the texts of a cell; 0 is "any" in a scope's key.
pub(crate) type Key = [u32; 9];

/// Cells by day and dimensions.
#[derive(Debug)]
pub struct Table {
    codes: HashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
    index: HashMap<Key, usize>,
    pub(crate) leaves: Vec<(Key, Vec<(i64, Amount)>)>,
    pub(crate) days: Option<(i64, i64)>,
    pub(crate) left_out: u64,
    cells: usize,
    max_cells: usize,
}

/// Days that a table may span.
const MAX_DAYS: i64 = 1_500;

impl Table {
    /// An empty table for at most this many cells.
    pub fn new(max_cells: usize) -> Self {
        Self {
            codes: HashMap::new(),
            texts: vec!["".into()],
            index: HashMap::new(),
            leaves: Vec::new(),
            days: None,
            left_out: 0,
            cells: 0,
            max_cells,
        }
    }

    /// Adds a charge to its cell.
    pub fn add(&mut self, charge: &Charge<'_>) -> Result<(), TableError> {
        let day = days_since_1970(charge.day);
        let (first, last) = self.days.unwrap_or((day, day));
        let (first, last) = (first.min(day), last.max(day));
        if last - first >= MAX_DAYS {
            return Err(TableError::TooLong { day: charge.day, limit: MAX_DAYS });
        }
        self.days = Some((first, last));
        if charge.category != Category::Usage || charge.correction {
            self.left_out += 1;
            return Ok(());
        }
        let key = [
            self.code(charge.currency.as_str()),
            self.code(charge.provider),
            self.code(charge.billing_account),
            self.code(charge.account),
            self.code(charge.service),
            self.code(charge.region),
            self.code(charge.item),
            self.code(charge.resource),
            self.code(charge.tag),
        ];
        let at = *self.index.entry(key).or_insert_with(|| {
            self.leaves.push((key, Vec::new()));
            self.leaves.len() - 1
        });
        let days = &mut self.leaves[at].1;
        let place = match days.last() {
            Some((d, _)) if *d < day => Err(days.len()),
            _ => days.binary_search_by_key(&day, |(d, _)| *d),
        };
        match place {
            Ok(place) => {
                days[place].1 = days[place]
                    .1
                    .checked_add(charge.amount)
                    .map_err(|_| TableError::Sum { day: charge.day })?;
            }
            Err(place) => {
                if self.cells >= self.max_cells {
                    return Err(TableError::TooManyCells { limit: self.max_cells });
                }
                self.cells += 1;
                days.insert(place, (day, charge.amount));
            }
        }
        Ok(())
    }

    fn code(&mut self, text: &str) -> u32 {
        let text = &text[..text.floor_char_boundary(MAX_TEXT_BYTES)];
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.texts.len() as u32;
        self.codes.insert(text.into(), code);
        self.texts.push(text.into());
        code
    }

    pub(crate) fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize).map_or("", |t| t)
    }
}

pub(crate) fn days_since_1970(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days()
}

pub(crate) fn date(day: i64) -> NaiveDate {
    NaiveDate::default().checked_add_signed(chrono::Duration::days(day)).unwrap_or_default()
}
