//! What the clouds sell, in which order they apply it, and what goes wrong.
//!
//! Facts of November 2026, in our words, to be checked against the provider's page before anybody buys:
//! aws.amazon.com/savingsplans/faqs, aws.amazon.com/ec2/pricing/reserved-instances,
//! learn.microsoft.com/azure/cost-management-billing/reservations/exchange-and-refund-azure-reservations,
//! learn.microsoft.com/azure/cost-management-billing/savings-plan/savings-plan-compute-overview,
//! docs.cloud.google.com/compute/docs/instances/committed-use-discounts-overview. Discounts are the providers' "up to"
//! and never used for a recommendation: that needs the buyer's own prices.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Who sells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

/// What is promised: FOCUS's `CommitmentDiscountCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitsTo {
    /// An amount of money per hour.
    Spend,
    /// An amount of usage per hour.
    Usage,
}

/// An instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// EC2 Standard Reserved Instance.
    AwsStandardRi,
    /// EC2 Convertible Reserved Instance.
    AwsConvertibleRi,
    /// EC2 Instance Savings Plan.
    AwsEc2SavingsPlan,
    /// Compute Savings Plan.
    AwsComputeSavingsPlan,
    /// `SageMaker` AI Savings Plan.
    AwsSagemakerSavingsPlan,
    /// Database Savings Plan.
    AwsDatabaseSavingsPlan,
    /// Azure reservation.
    AzureReservation,
    /// Azure savings plan for compute.
    AzureComputeSavingsPlan,
    /// Azure savings plan for databases.
    AzureDatabaseSavingsPlan,
    /// Resource-based committed use discount.
    GcpResourceCud,
    /// Flexible (spend-based) committed use discount.
    GcpFlexibleCud,
}

/// Every instrument.
pub const ALL: &[Instrument] = &[
    Instrument::AwsStandardRi,
    Instrument::AwsConvertibleRi,
    Instrument::AwsEc2SavingsPlan,
    Instrument::AwsComputeSavingsPlan,
    Instrument::AwsSagemakerSavingsPlan,
    Instrument::AwsDatabaseSavingsPlan,
    Instrument::AzureReservation,
    Instrument::AzureComputeSavingsPlan,
    Instrument::AzureDatabaseSavingsPlan,
    Instrument::GcpResourceCud,
    Instrument::GcpFlexibleCud,
];

/// What is known about an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What it is called.
    pub name: &'static str,
    /// Who sells it.
    pub provider: Provider,
    /// What is promised.
    pub commits_to: CommitsTo,
    /// The provider's "up to", in percent off the on-demand price.
    pub discount_up_to_percent: u32,
    /// The terms sold, in months.
    pub terms_months: &'static [u32],
    /// Its place in the provider's order of application: lower takes usage first.
    pub order: u8,
    /// Where it applies.
    pub scope: &'static str,
    /// How to get out.
    pub exit: &'static str,
    /// What goes wrong.
    pub traps: &'static [&'static str],
}

/// The day from which Azure no longer exchanges reservations that a savings plan could replace.
const AZURE_EXCHANGE_ENDS: Option<NaiveDate> = NaiveDate::from_ymd_opt(2027, 2, 1);

const BOTH: &[u32] = &[12, 36];
const ONE_YEAR: &[u32] = &[12];
const AWS_SHARING: &str = "the buying account first, then the organisation where sharing is on";
const AZURE_SCOPES: &str = "a resource group, subscription, management group, or shared";
const SP_RETURN: &str = "none, but a return within 7 days, in the same month, of plans up to $100 an hour";
const LOST_HOURS: &str = "an hour that is not used is lost, never carried over";

impl Instrument {
    /// What is known about it.
    #[must_use]
    pub const fn facts(self) -> Facts {
        use CommitsTo::{Spend, Usage};
        use Provider::{Aws, Azure, Gcp};
        match self {
            Self::AwsStandardRi => Facts {
                name: "EC2 Standard Reserved Instance",
                provider: Aws,
                commits_to: Usage,
                discount_up_to_percent: 72,
                terms_months: BOTH,
                order: 1,
                scope: AWS_SHARING,
                exit: "the marketplace for Reserved Instances, closed to customers with a private pricing agreement",
                traps: &[
                    LOST_HOURS,
                    "regional Linux ones flex within a family, others fit one size",
                    "only zonal ones reserve capacity",
                ],
            },
            Self::AwsConvertibleRi => Facts {
                name: "EC2 Convertible Reserved Instance",
                provider: Aws,
                commits_to: Usage,
                discount_up_to_percent: 66,
                terms_months: BOTH,
                order: 1,
                scope: AWS_SHARING,
                exit: "an exchange for others of the same or a higher value",
                traps: &[LOST_HOURS, "an exchange never lowers the commitment"],
            },
            Self::AwsEc2SavingsPlan => Facts {
                name: "EC2 Instance Savings Plan",
                provider: Aws,
                commits_to: Spend,
                discount_up_to_percent: 72,
                terms_months: BOTH,
                order: 2,
                scope: AWS_SHARING,
                exit: SP_RETURN,
                traps: &[
                    LOST_HOURS,
                    "one family in one region: moving to Fargate or another family leaves it unused",
                ],
            },
            Self::AwsComputeSavingsPlan => Facts {
                name: "Compute Savings Plan",
                provider: Aws,
                commits_to: Spend,
                discount_up_to_percent: 66,
                terms_months: BOTH,
                order: 3,
                scope: AWS_SHARING,
                exit: SP_RETURN,
                traps: &[
                    LOST_HOURS,
                    "EC2, Fargate and Lambda, not SageMaker",
                    "the commitment is counted at the plan's rates, not on-demand",
                ],
            },
            Self::AwsSagemakerSavingsPlan => Facts {
                name: "SageMaker AI Savings Plan",
                provider: Aws,
                commits_to: Spend,
                discount_up_to_percent: 64,
                terms_months: BOTH,
                order: 3,
                scope: AWS_SHARING,
                exit: SP_RETURN,
                traps: &[LOST_HOURS],
            },
            Self::AwsDatabaseSavingsPlan => Facts {
                name: "Database Savings Plan",
                provider: Aws,
                commits_to: Spend,
                discount_up_to_percent: 35,
                terms_months: ONE_YEAR,
                order: 3,
                scope: AWS_SHARING,
                exit: SP_RETURN,
                traps: &[LOST_HOURS, "not every engine and generation is covered: check yours"],
            },
            Self::AzureReservation => Facts {
                name: "Azure reservation",
                provider: Azure,
                commits_to: Usage,
                discount_up_to_percent: 72,
                terms_months: BOTH,
                order: 1,
                scope: AZURE_SCOPES,
                exit: "refunds of up to $50,000 in twelve months per billing profile; a trade-in for a savings plan",
                traps: &[
                    LOST_HOURS,
                    "paying monthly costs the same as paying at once",
                    "size flexibility differs by series",
                ],
            },
            Self::AzureComputeSavingsPlan => Facts {
                name: "Azure savings plan for compute",
                provider: Azure,
                commits_to: Spend,
                discount_up_to_percent: 65,
                terms_months: BOTH,
                order: 2,
                scope: AZURE_SCOPES,
                exit: "none at all",
                traps: &[LOST_HOURS, "a reservation for the same usage is usually deeper"],
            },
            Self::AzureDatabaseSavingsPlan => Facts {
                name: "Azure savings plan for databases",
                provider: Azure,
                commits_to: Spend,
                discount_up_to_percent: 35,
                terms_months: ONE_YEAR,
                order: 2,
                scope: AZURE_SCOPES,
                exit: "none at all",
                traps: &[LOST_HOURS],
            },
            Self::GcpResourceCud => Facts {
                name: "Resource-based committed use discount",
                provider: Gcp,
                commits_to: Usage,
                discount_up_to_percent: 57,
                terms_months: BOTH,
                order: 1,
                scope: "a project, or the billing account where sharing is on",
                exit: "none",
                traps: &[
                    LOST_HOURS,
                    "vCPUs and memory of one machine series in one region: moving to Autopilot leaves it unused",
                    "size it against the price after sustained use discounts",
                ],
            },
            Self::GcpFlexibleCud => Facts {
                name: "Flexible committed use discount",
                provider: Gcp,
                commits_to: Spend,
                discount_up_to_percent: 46,
                terms_months: BOTH,
                order: 2,
                scope: "the billing account",
                exit: "none",
                traps: &[
                    LOST_HOURS,
                    "newer accounts are billed the discounted price instead of a fee and credits: read both",
                ],
            },
        }
    }

    /// What a buyer must know on a day, beyond [`Facts::traps`].
    #[must_use]
    pub fn warnings(self, today: NaiveDate) -> Vec<&'static str> {
        match (self, AZURE_EXCHANGE_ENDS) {
            (Self::AzureReservation, Some(ends)) if today >= ends => {
                vec!["reservations that a savings plan could replace can no longer be exchanged"]
            }
            (Self::AzureReservation, Some(_)) => {
                vec![
                    "from 2027-02-01 reservations that a savings plan could replace can no longer be exchanged",
                ]
            }
            _ => Vec::new(),
        }
    }
}
