//! Which sums are kept.
//!
//! Every shape has the dimensions of [`EVERYWHERE`], which multiply the cells by little, and a few
//! that multiply them by much. One shape with all of those would have as many cells as rows; so
//! there are several, and a question is asked of the smallest that has its columns.

/// The day of a charge.
pub(super) const DAY: &str = "ChargePeriodStart";
/// How many charges a cell stands for.
pub(super) const CHARGES: &str = "charges";
/// The tag of a shape.
pub(super) const TAG: &str = "tag";

/// What is summed.
pub(super) const MEASURES: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

/// Dimensions of every shape.
const EVERYWHERE: [&str; 17] = [
    "provider",
    "billing_period",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "BillingCurrency",
    "BillingAccountId",
    "BillingAccountName",
    "ProviderName",
    "ServiceProviderName",
    "PublisherName",
    "InvoiceIssuerName",
    "ChargeCategory",
    "ChargeClass",
    "ServiceCategory",
    "ServiceSubcategory",
    "ServiceName",
    "PricingCategory",
];
const ACCOUNT: [&str; 3] = ["SubAccountId", "SubAccountName", "SubAccountType"];
const REGION: [&str; 2] = ["RegionId", "RegionName"];
const COMMITMENT: [&str; 5] = [
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountCategory",
];

/// One way of summing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    /// By day; else by billing period only.
    pub(super) daily: bool,
    /// Columns of the table it is summed by.
    pub(super) columns: Vec<&'static str>,
    /// The key of the tag it is summed by.
    pub(super) tag: Option<String>,
}

impl Shape {
    fn new(daily: bool, more: &[&'static str], tag: Option<&str>) -> Self {
        let columns = EVERYWHERE.iter().chain(more).copied().collect();
        Self { daily, columns, tag: tag.map(str::to_owned) }
    }

    /// Columns to sort cells by, so that a filter finds its cells together.
    pub(super) fn order(&self) -> Vec<&str> {
        let first = if self.tag.is_some() { Some(TAG) } else { None };
        let account = self.columns.contains(&ACCOUNT[0]).then_some(ACCOUNT[0]);
        let region = self.columns.contains(&REGION[0]).then_some(REGION[0]);
        let day = self.daily.then_some(DAY);
        first.into_iter().chain(account).chain(day).chain(region).chain(["ServiceName"]).collect()
    }
}

/// The shapes of a delivery whose charges carry these tags.
pub(super) fn shapes(tags: &[String]) -> Vec<Shape> {
    let with_region: Vec<&str> = ACCOUNT.iter().chain(&REGION).copied().collect();
    let mut shapes = vec![
        Shape::new(false, &COMMITMENT, None),
        Shape::new(true, &COMMITMENT, None),
        Shape::new(true, &REGION, None),
        Shape::new(false, &ACCOUNT, None),
        Shape::new(true, &ACCOUNT, None),
        Shape::new(false, &with_region, None),
    ];
    for tag in tags.iter().take(super::MAX_TAGS) {
        shapes.push(Shape::new(false, &[], Some(tag)));
        shapes.push(Shape::new(true, &[], Some(tag)));
    }
    shapes
}
