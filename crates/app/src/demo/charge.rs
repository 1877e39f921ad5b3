//! One row of a bill, before it takes a provider's form.

use super::catalogue::{Region, Service};
use super::commitments::Commitment;
use super::company::Terms;
use super::money::Price;
use super::world::Account;
use bursar_domain::Amount;
use chrono::NaiveDate;
use std::borrow::Cow;

/// A resource: id, name, type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) id: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) kind: &'a str,
}

/// What was bought.
#[derive(Debug, Clone, Copy)]
pub(super) struct SkuRef<'a> {
    pub(super) id: &'a str,
    pub(super) price_id: &'a str,
    pub(super) meter: &'a str,
    pub(super) details: Option<&'a str>,
    pub(super) usage_type: &'a str,
    pub(super) operation: &'a str,
}

/// A use or purchase of a commitment.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommitmentUse<'a> {
    pub(super) commitment: &'a Commitment,
    pub(super) status: Option<&'static str>,
    /// Money for a commitment to spend, units for one to use.
    pub(super) quantity: Amount,
}

/// One charge. `None` is NULL.
#[derive(Debug, Clone)]
pub(super) struct Charge<'a> {
    /// First day, and the day after the last.
    pub(super) period: (NaiveDate, NaiveDate),
    pub(super) category: &'static str,
    pub(super) correction: bool,
    pub(super) frequency: &'static str,
    pub(super) description: Cow<'a, str>,
    pub(super) account: &'a Account,
    pub(super) service: &'a Service,
    pub(super) region: Option<&'a Region>,
    pub(super) zone: Option<&'a str>,
    pub(super) resource: Option<Resource<'a>>,
    pub(super) sku: Option<SkuRef<'a>>,
    pub(super) pricing_category: Option<&'static str>,
    pub(super) pricing: Option<(Amount, &'a str)>,
    pub(super) consumed: Option<(Amount, &'a str)>,
    pub(super) list_price: Option<Price>,
    pub(super) contracted_price: Option<Price>,
    pub(super) list: Amount,
    pub(super) contracted: Amount,
    pub(super) billed: Amount,
    pub(super) effective: Amount,
    pub(super) commitment: Option<CommitmentUse<'a>>,
    pub(super) publisher: &'a str,
    pub(super) tags: &'a [(String, String)],
}

/// What all rows of one provider's month share.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) terms: &'static Terms,
    pub(super) billing_account_id: &'a str,
    pub(super) billing_account_name: &'a str,
    pub(super) start: NaiveDate,
    pub(super) end: NaiveDate,
    pub(super) invoice: Option<String>,
}
