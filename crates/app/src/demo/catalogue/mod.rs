//! What the invented company buys: services, meters, list prices.
//!
//! Names, units and prices resemble the providers' public price lists (EC2, Azure and Google
//! Cloud price pages, read 2025) and are not kept up to date: nobody should be billed by them.

pub(super) mod aws;
pub(super) mod azure;
pub(super) mod gcp;

use super::money::{self, Price};

/// A service as FOCUS names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) category: &'static str,
    pub(super) subcategory: &'static str,
    /// The provider's own code: `AmazonEC2`, `Microsoft.Compute`, `6F81-5844-456A`.
    pub(super) code: &'static str,
}

/// How much is used from day to day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    /// Machines: so many hours every day; those for development stand still at night and on weekends.
    Hours,
    /// Kept things: units for a month, of which each day bears its part.
    Stock,
    /// Traffic and jobs: the weekend's share of a weekday, and that of the first three days of a month.
    Flow { weekend: f64, month_start: f64 },
}

/// One meter.
#[derive(Debug)]
pub(super) struct Sku {
    pub(super) service: &'static Service,
    pub(super) meter: &'static str,
    /// The provider's usage type or meter id. Unique.
    pub(super) usage: &'static str,
    pub(super) operation: &'static str,
    /// FOCUS ResourceType.
    pub(super) kind: &'static str,
    pub(super) unit: &'static str,
    pub(super) consumed: &'static str,
    pub(super) price: Price,
    pub(super) shape: Shape,
    /// Units: hours a day, units kept, or units a day.
    pub(super) level: f64,
    /// Growth a month, relative to the start.
    pub(super) growth: f64,
    /// How many resources of default size have this meter.
    pub(super) count: u16,
    pub(super) eligible: Eligible,
    pub(super) spot: bool,
    /// Teams that use it, separated by blanks; all when empty.
    pub(super) teams: &'static str,
    /// SkuPriceDetails.
    pub(super) details: &'static str,
}

/// What kind of commitment may cover it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eligible {
    No,
    /// A commitment to spend, which pays this per cent of the list price.
    Spend(i64),
    /// A commitment to use this very meter, at this per cent of the list price.
    Usage(i64),
}

impl Sku {
    /// Whether quantities are whole numbers: tiny unit prices count single things.
    pub(super) fn whole_units(&self) -> bool {
        self.price < money::price("0.001")
    }
}

/// A place to run things.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// The usage type's prefix, such as `EUW1-`.
    pub(super) prefix: &'static str,
    pub(super) weight: u32,
    /// Price level in per cent.
    pub(super) price: i64,
}

pub(super) const STEADY: Shape = Shape::Flow { weekend: 0.97, month_start: 1.0 };
pub(super) const BUSINESS: Shape = Shape::Flow { weekend: 0.62, month_start: 1.0 };
pub(super) const SHOPPING: Shape = Shape::Flow { weekend: 1.18, month_start: 1.0 };
pub(super) const CLOSING: Shape = Shape::Flow { weekend: 0.45, month_start: 1.9 };

pub(super) const fn service(
    name: &'static str,
    category: &'static str,
    subcategory: &'static str,
    code: &'static str,
) -> Service {
    Service { name, category, subcategory, code }
}

/// A meter with the common defaults; the rest is set by the methods below.
#[expect(clippy::too_many_arguments, reason = "rows of a table read best in one line")]
pub(super) const fn sku(
    service: &'static Service,
    meter: &'static str,
    usage: &'static str,
    kind: &'static str,
    unit: &'static str,
    price: &'static str,
    shape: Shape,
    level: f64,
    growth: f64,
    count: u16,
) -> Sku {
    Sku {
        service,
        meter,
        usage,
        operation: "",
        kind,
        unit,
        consumed: unit,
        price: money::price(price),
        shape,
        level,
        growth,
        count,
        eligible: Eligible::No,
        spot: false,
        teams: "",
        details: "",
    }
}

impl Sku {
    pub(super) const fn consumed(mut self, unit: &'static str) -> Self {
        self.consumed = unit;
        self
    }

    pub(super) const fn operation(mut self, operation: &'static str) -> Self {
        self.operation = operation;
        self
    }

    pub(super) const fn spend(mut self, percent: i64) -> Self {
        self.eligible = Eligible::Spend(percent);
        self
    }

    pub(super) const fn reserved(mut self, percent: i64) -> Self {
        self.eligible = Eligible::Usage(percent);
        self
    }

    pub(super) const fn spot(mut self) -> Self {
        self.spot = true;
        self
    }

    pub(super) const fn teams(mut self, teams: &'static str) -> Self {
        self.teams = teams;
        self
    }

    pub(super) const fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }
}
