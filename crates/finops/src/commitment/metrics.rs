//! What commitments did: coverage, utilisation, effective savings rate and waste, from sums of charges.
//!
//! Only charges of category Usage count: an unused commitment is usage with the status Unused (FOCUS
//! `CommitmentDiscountStatus`), a purchase covers the future and has no effective cost.
//!
//! * *Utilisation* = effective cost used ÷ effective cost used and unused.
//! * *Coverage* = contracted cost of covered usage ÷ contracted cost of usage that could be covered. FOCUS 1.4 says what could
//!   (`CommitmentProgramEligibilityDetails`); before, all usage at standard prices is the denominator, which
//!   understates coverage, and [`Denominator`] says so.
//! * *Effective savings rate* = (basis − effective) ÷ basis over the same usage, with what was wasted in the effective cost. The basis is
//!   the contracted or the list cost, and named.
//!
//! A row with effective cost and no contracted cost has no known price (Azure reservations without a price sheet): it is in no
//! ratio of prices, and its cost is told as *unpriced*. Currencies stay apart.

use crate::allocation::Share;
use bursar_domain::money::AmountError;
use bursar_domain::{Amount, CurrencyCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// FOCUS `ChargeCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChargeKind {
    /// Something was used, or a commitment was not.
    Usage,
    /// Something was bought.
    Purchase,
    /// A tax.
    Tax,
    /// A credit.
    Credit,
    /// An adjustment.
    Adjustment,
}

/// FOCUS `PricingCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PricingKind {
    /// On-demand, at list or negotiated prices.
    Standard,
    /// Prices that move, such as Spot.
    Dynamic,
    /// At a commitment's price.
    Committed,
    /// Anything else.
    Other,
}

/// FOCUS `CommitmentDiscountStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommitmentStatus {
    /// It paid for something.
    Used,
    /// It paid for nothing.
    Unused,
}

/// Charges that agree in all of this, and their sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeSum {
    /// `ChargeCategory`.
    pub charge: ChargeKind,
    /// `PricingCategory`.
    pub pricing: Option<PricingKind>,
    /// `CommitmentDiscountId`.
    pub commitment: Option<String>,
    /// `CommitmentDiscountStatus`.
    pub status: Option<CommitmentStatus>,
    /// Whether a commitment could cover it, where the export says (FOCUS 1.4).
    pub eligible: Option<bool>,
    /// `BillingCurrency`.
    pub currency: CurrencyCode,
    /// Sum of `ListCost`.
    pub list_cost: Amount,
    /// Sum of `ContractedCost`.
    pub contracted_cost: Amount,
    /// Sum of `EffectiveCost`.
    pub effective_cost: Amount,
    /// Sum of `BilledCost`.
    pub billed_cost: Amount,
}

/// What a coverage is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Denominator {
    /// The contracted cost of usage that the export calls eligible.
    EligibleUsage,
    /// The contracted cost of all usage at standard prices and all covered usage. More than what could be covered, so that
    /// true coverage is this or higher.
    AllStandardUsage,
}

/// How much of what could be covered is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Covered of coverable.
    pub share: Share,
    /// What counts as coverable.
    pub denominator: Denominator,
}

/// The prices that savings are told against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// `ContractedCost`: the buyer's own on-demand prices. What commitments saved.
    Contracted,
    /// `ListCost`: public prices. What negotiation and commitments saved together.
    List,
}

/// An effective savings rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SavingsRate {
    /// Basis minus effective cost, of the basis.
    pub share: Share,
    /// What it is told against.
    pub basis: Basis,
}

/// What one commitment did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CommitmentFigures {
    /// Effective cost that paid for something.
    pub used: Amount,
    /// Effective cost that paid for nothing: the waste.
    pub unused: Amount,
    /// Used of used and unused.
    pub utilisation: Share,
    /// Contracted cost of what it covered.
    pub covered: Amount,
    /// `covered` − `used` − `unused`; below zero it cost more than it saved.
    pub net_saving: Amount,
    /// Billed cost of its purchases in these charges.
    pub purchased: Amount,
}

/// What the commitments of one currency did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rates {
    /// By `CommitmentDiscountId`.
    pub commitments: BTreeMap<String, CommitmentFigures>,
    /// All together.
    pub together: CommitmentFigures,
    /// Coverage.
    pub coverage: Coverage,
    /// What commitments saved, against contracted prices.
    pub savings_rate: SavingsRate,
    /// What was saved against list prices.
    pub savings_rate_on_list: SavingsRate,
    /// Effective cost whose price without a commitment is not known; in none of the ratios of prices.
    pub unpriced: Amount,
}

/// The rates by currency.
///
/// # Errors
/// When a sum leaves the range.
pub fn rates(charges: &[ChargeSum]) -> Result<BTreeMap<CurrencyCode, Rates>, AmountError> {
    let mut by_currency: BTreeMap<&CurrencyCode, Vec<&ChargeSum>> = BTreeMap::new();
    for charge in charges {
        by_currency.entry(&charge.currency).or_default().push(charge);
    }
    by_currency
        .into_iter()
        .map(|(currency, charges)| Ok((currency.clone(), of_one_currency(&charges)?)))
        .collect()
}

fn of_one_currency(charges: &[&ChargeSum]) -> Result<Rates, AmountError> {
    let says_eligible = charges.iter().any(|charge| charge.eligible.is_some());
    let mut commitments: BTreeMap<String, CommitmentFigures> = BTreeMap::new();
    let (mut coverable, mut contracted, mut list) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    let (mut effective, mut effective_on_list) = (Amount::ZERO, Amount::ZERO);
    let (mut covered, mut unpriced) = (Amount::ZERO, Amount::ZERO);
    for charge in charges {
        let id = charge.commitment.as_ref();
        if charge.charge == ChargeKind::Purchase
            && let Some(id) = id
        {
            let figures = commitments.entry(id.clone()).or_default();
            figures.purchased = figures.purchased.checked_add(charge.billed_cost)?;
        }
        if charge.charge != ChargeKind::Usage {
            continue;
        }
        let is_unused = charge.status == Some(CommitmentStatus::Unused);
        let is_used = !is_unused
            && (charge.status == Some(CommitmentStatus::Used)
                || charge.pricing == Some(PricingKind::Committed));
        let unknown = charge.contracted_cost.is_zero() && !charge.effective_cost.is_zero();
        if (is_used || is_unused)
            && let Some(id) = id
        {
            let figures = commitments.entry(id.clone()).or_default();
            let side = if is_unused { &mut figures.unused } else { &mut figures.used };
            *side = side.checked_add(charge.effective_cost)?;
            if is_used {
                figures.covered = figures.covered.checked_add(charge.contracted_cost)?;
            }
        }
        if is_unused {
            effective = effective.checked_add(charge.effective_cost)?;
            effective_on_list = effective_on_list.checked_add(charge.effective_cost)?;
            continue;
        }
        let could = match charge.eligible {
            Some(eligible) => eligible || is_used,
            None if says_eligible => is_used,
            None => is_used || charge.pricing == Some(PricingKind::Standard),
        };
        if !could {
            continue;
        }
        if unknown {
            unpriced = unpriced.checked_add(charge.effective_cost)?;
            continue;
        }
        coverable = coverable.checked_add(charge.contracted_cost)?;
        contracted = contracted.checked_add(charge.contracted_cost)?;
        effective = effective.checked_add(charge.effective_cost)?;
        if !charge.list_cost.is_zero() || charge.effective_cost.is_zero() {
            list = list.checked_add(charge.list_cost)?;
            effective_on_list = effective_on_list.checked_add(charge.effective_cost)?;
        }
        if is_used {
            covered = covered.checked_add(charge.contracted_cost)?;
        }
    }
    let mut together = CommitmentFigures::default();
    for figures in commitments.values_mut() {
        finish(figures)?;
        together.used = together.used.checked_add(figures.used)?;
        together.unused = together.unused.checked_add(figures.unused)?;
        together.covered = together.covered.checked_add(figures.covered)?;
        together.purchased = together.purchased.checked_add(figures.purchased)?;
    }
    finish(&mut together)?;
    let denominator = if says_eligible { Denominator::EligibleUsage } else { Denominator::AllStandardUsage };
    let saved = |basis: Amount, effective: Amount| Ok(Share::of(basis.checked_sub(effective)?, basis));
    Ok(Rates {
        commitments,
        together,
        coverage: Coverage { share: Share::of(covered, coverable), denominator },
        savings_rate: SavingsRate { share: saved(contracted, effective)?, basis: Basis::Contracted },
        savings_rate_on_list: SavingsRate { share: saved(list, effective_on_list)?, basis: Basis::List },
        unpriced,
    })
}

fn finish(figures: &mut CommitmentFigures) -> Result<(), AmountError> {
    let paid = figures.used.checked_add(figures.unused)?;
    figures.utilisation = Share::of(figures.used, paid);
    figures.net_saving = figures.covered.checked_sub(paid)?;
    Ok(())
}
