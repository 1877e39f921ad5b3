//! Who the bills are for: Larkfield, an invented retailer with shops in the browser.

use super::catalogue::{self, Region, Service, Sku};

/// The three providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Amazon Web Services, billed in US dollars.
    Aws,
    /// Microsoft Azure, billed in euros.
    Azure,
    /// Google Cloud, billed in US dollars.
    Gcp,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Azure, Self::Gcp];

    /// The folder's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }

    pub(super) const fn terms(self) -> &'static Terms {
        match self {
            Self::Aws => &AWS,
            Self::Azure => &AZURE,
            Self::Gcp => &GCP,
        }
    }
}

/// What is fixed about one provider.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) provider_name: &'static str,
    pub(super) issuer: &'static str,
    pub(super) currency: &'static str,
    pub(super) billing_account_type: &'static str,
    pub(super) sub_account_type: &'static str,
    pub(super) skus: &'static [Sku],
    pub(super) regions: &'static [Region],
    /// What the company pays of the list price, in per cent.
    pub(super) negotiated: i64,
    /// (team, environment, weight)
    pub(super) accounts: &'static [(&'static str, &'static str, u32)],
    pub(super) spend_service: &'static Service,
    pub(super) spend_label: &'static str,
    pub(super) usage_label: &'static str,
    pub(super) support: &'static Service,
    /// Support plan as thousandths of the month's usage.
    pub(super) support_permille: i128,
    /// Sales tax in thousandths; none when the export leaves taxes out.
    pub(super) tax_permille: i128,
    /// Marketplace subscription: service, its publisher, monthly price in whole units.
    pub(super) marketplace: Option<(&'static Service, &'static str, i64)>,
}

const AWS: Terms = Terms {
    provider_name: "AWS",
    issuer: "Amazon Web Services, Inc.",
    currency: "USD",
    billing_account_type: "Billing Account",
    sub_account_type: "Account",
    skus: catalogue::aws::SKUS,
    regions: catalogue::aws::REGIONS,
    negotiated: 94,
    accounts: &[
        ("payments", "prod", 100),
        ("payments", "staging", 22),
        ("checkout", "prod", 90),
        ("checkout", "staging", 20),
        ("checkout", "dev", 10),
        ("search", "prod", 80),
        ("search", "dev", 18),
        ("catalog", "prod", 85),
        ("catalog", "staging", 18),
        ("identity", "prod", 40),
        ("identity", "dev", 8),
        ("web", "prod", 75),
        ("web", "dev", 14),
        ("mobile", "prod", 55),
        ("mobile", "dev", 12),
        ("logistics", "prod", 60),
        ("logistics", "staging", 14),
        ("data", "prod", 95),
        ("data", "dev", 24),
        ("ml", "prod", 70),
        ("ml", "dev", 30),
        ("platform", "prod", 65),
        ("platform", "dev", 12),
        ("security", "prod", 20),
        ("platform", "sandbox", 12),
    ],
    spend_service: &catalogue::aws::SAVINGS_PLANS,
    spend_label: "Savings Plan",
    usage_label: "Reserved Instance",
    support: &catalogue::aws::SUPPORT,
    support_permille: 40,
    tax_permille: 82,
    marketplace: Some((&catalogue::aws::MARKETPLACE, "Lanternwatch, Inc.", 6_400)),
};

const AZURE: Terms = Terms {
    provider_name: "Microsoft",
    issuer: "Microsoft",
    currency: "EUR",
    billing_account_type: "Billing Profile",
    sub_account_type: "Subscription",
    skus: catalogue::azure::SKUS,
    regions: catalogue::azure::REGIONS,
    negotiated: 92,
    accounts: &[
        ("identity", "prod", 60),
        ("logistics", "prod", 90),
        ("logistics", "dev", 18),
        ("catalog", "prod", 70),
        ("mobile", "prod", 60),
        ("mobile", "dev", 14),
        ("checkout", "prod", 50),
        ("data", "prod", 80),
        ("ml", "dev", 30),
        ("platform", "prod", 60),
    ],
    spend_service: &catalogue::azure::SAVINGS_PLANS,
    spend_label: "Savings Plan",
    usage_label: "Reservation",
    support: &catalogue::azure::SUPPORT,
    support_permille: 0,
    tax_permille: 0,
    marketplace: Some((&catalogue::azure::MARKETPLACE, "Ferrite Networks", 2_900)),
};

const GCP: Terms = Terms {
    provider_name: "Google Cloud",
    issuer: "Google Cloud",
    currency: "USD",
    billing_account_type: "Billing Account",
    sub_account_type: "Project",
    skus: catalogue::gcp::SKUS,
    regions: catalogue::gcp::REGIONS,
    negotiated: 95,
    accounts: &[
        ("data", "prod", 100),
        ("data", "dev", 22),
        ("ml", "prod", 70),
        ("ml", "dev", 25),
        ("search", "prod", 55),
        ("payments", "prod", 40),
        ("web", "prod", 45),
        ("platform", "prod", 35),
    ],
    spend_service: &catalogue::gcp::COMMITMENTS,
    spend_label: "Committed Use Discount",
    usage_label: "Committed Use Discount",
    support: &catalogue::gcp::SUPPORT,
    support_permille: 30,
    tax_permille: 0,
    marketplace: None,
};

/// The invented company.
pub(super) const COMPANY: &str = "Larkfield";

/// The cost centre of a team.
pub(super) fn cost_center(team: &str) -> &'static str {
    match team {
        "payments" | "checkout" => "cc-1100",
        "search" | "catalog" | "web" | "mobile" => "cc-1200",
        "logistics" => "cc-1300",
        "data" | "ml" => "cc-2100",
        _ => "cc-3000",
    }
}
