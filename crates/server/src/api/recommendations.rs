//! `/api/v1/recommendations` and `/api/v1/commitments`: what could cost less, from the bills alone.

use super::model::Decimal;
use super::question;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_domain::DateRange;
use bursar_finops::allocation::Share;
use bursar_finops::commitment::{Basis, Denominator};
use bursar_finops::recommend::{Effort, Level};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What could cost less.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommendations {
    /// The first day it rests on.
    from: NaiveDate,
    /// The day after the last.
    to: NaiveDate,
    /// Recommendations, the largest saving first within each currency.
    items: Vec<RecommendationView>,
    /// What was not looked at, and why.
    not_assessed: Vec<NotAssessed>,
}

/// A recommendation.
#[derive(Debug, Serialize, ToSchema)]
struct RecommendationView {
    /// The same for the same resource and rule.
    id: String,
    /// The rule.
    kind: String,
    /// What was found.
    title: String,
    /// What to do.
    advice: String,
    /// What to look at first.
    check_first: String,
    /// The resource.
    resource: String,
    /// Sub account.
    #[schema(required)]
    account: Option<String>,
    /// The meters of the charges.
    service: String,
    /// Region.
    #[schema(required)]
    region: Option<String>,
    /// The figures.
    evidence: Vec<EvidenceView>,
    /// Effective cost a month that no commitment pays, and that would go.
    saving_per_month: Decimal,
    /// Whether the saving is an upper bound.
    at_most: bool,
    /// Effective cost a month that a commitment pays: freed, and saved only if something else uses it.
    freed_commitment_per_month: Decimal,
    /// The currency.
    currency: String,
    /// minutes, hours or days.
    effort: &'static str,
    /// low, medium or high.
    risk: &'static str,
    /// From 0 to 1.
    confidence: f64,
}

/// A figure.
#[derive(Debug, Serialize, ToSchema)]
struct EvidenceView {
    /// What it is.
    what: String,
    /// Its value.
    value: String,
}

/// What was not looked at.
#[derive(Debug, Serialize, ToSchema)]
struct NotAssessed {
    /// What.
    kind: String,
    /// Why.
    why: String,
}

/// What could cost less.
#[utoipa::path(get, path = "/api/v1/recommendations", tag = "insight", operation_id = "recommendations",
    responses((status = 200, body = Recommendations, description = "Recommendations"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"), CommonProblems))]
pub(crate) async fn recommendations(
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Recommendations>, Problem> {
    parameters.finish()?;
    let found = seen.workspace.recommendations().await?;
    let items = found.items.into_iter().map(|item| RecommendationView {
        id: format!("{}:{}", item.rule, item.keys.resource),
        kind: item.rule.to_owned(),
        title: item.title.to_owned(),
        advice: item.advice.to_owned(),
        check_first: item.check_first.to_owned(),
        resource: item.keys.resource,
        account: item.keys.account,
        service: item.keys.meters.into_iter().collect::<Vec<_>>().join(", "),
        region: item.keys.region,
        evidence: item
            .evidence
            .into_iter()
            .map(|evidence| EvidenceView { what: evidence.what, value: evidence.value })
            .collect(),
        saving_per_month: Decimal(item.saving.per_month),
        at_most: item.saving.at_most,
        freed_commitment_per_month: Decimal(item.saving.freed_commitment_per_month),
        currency: item.saving.currency.to_string(),
        effort: match item.effort {
            Effort::Minutes => "minutes",
            Effort::Hours => "hours",
            Effort::Days => "days",
        },
        risk: match item.risk {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        },
        confidence: f64::from(item.confidence_basis_points) / 10_000.0,
    });
    Ok(Json(Recommendations {
        from: found.days.from(),
        to: found.days.to(),
        items: items.collect(),
        not_assessed: found.not_assessed.into_iter().map(|(kind, why)| NotAssessed { kind, why }).collect(),
    }))
}

/// The parameters, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct CommitmentParameters {
    /// First day; the last 35 complete days when neither is given
    #[param(required = false)]
    from: NaiveDate,
    /// The day after the last
    #[param(required = false)]
    to: NaiveDate,
}

/// How commitments are used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommitmentsAnswer {
    /// The first day it rests on.
    from: NaiveDate,
    /// The day after the last.
    to: NaiveDate,
    /// By currency.
    currencies: Vec<CommitmentsOf>,
    /// What to know.
    notes: Vec<String>,
}

/// How the commitments of one currency are used.
#[derive(Debug, Serialize, ToSchema)]
struct CommitmentsOf {
    /// The currency.
    currency: String,
    /// How much of what could be covered is.
    coverage: ShareView,
    /// How much of what was committed was used.
    utilisation: ShareView,
    /// What commitments saved, waste included.
    effective_savings_rate: ShareView,
    /// What commitments saved together; below zero they cost more than they saved.
    net_saving: Decimal,
    /// Commitment that paid for nothing.
    unused: Decimal,
    /// Effective cost whose price without a commitment is not known; in none of the rates.
    unpriced: Decimal,
}

/// A part of a whole, which is named.
#[derive(Debug, Serialize, ToSchema)]
struct ShareView {
    /// The numerator.
    part: Decimal,
    /// The denominator.
    whole: Decimal,
    /// What the denominator is.
    denominator: &'static str,
}

const fn share(of: Share, denominator: &'static str) -> ShareView {
    ShareView { part: Decimal(of.part), whole: Decimal(of.whole), denominator }
}

/// Coverage, utilisation and effective savings rate of commitments.
#[utoipa::path(get, path = "/api/v1/commitments", tag = "insight", operation_id = "commitments", params(CommitmentParameters),
    responses((status = 200, body = CommitmentsAnswer, description = "The rates"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet, or the days are no period"), CommonProblems))]
pub(crate) async fn commitments(
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<CommitmentsAnswer>, Problem> {
    let (from, to) = (question::date(&mut parameters, "from")?, question::date(&mut parameters, "to")?);
    parameters.finish()?;
    let days = match (from, to) {
        (Some(from), Some(to)) => Some(
            DateRange::new(from, to)
                .map_err(|error| super::forecast::unfit(format!("`from`, `to`: {error}")))?,
        ),
        (None, None) => None,
        _ => return Err(super::forecast::unfit("give both `from` and `to`, or neither")),
    };
    let found = seen.workspace.commitments(days).await?;
    let currencies = found.rates.into_iter().map(|(currency, rates)| CommitmentsOf {
        currency: currency.to_string(),
        coverage: share(
            rates.coverage.share,
            match rates.coverage.denominator {
                Denominator::EligibleUsage => "eligible_usage",
                Denominator::AllStandardUsage => "all_standard_usage",
            },
        ),
        utilisation: share(rates.together.utilisation, "what was committed"),
        effective_savings_rate: share(
            rates.savings_rate.share,
            match rates.savings_rate.basis {
                Basis::Contracted => "contracted",
                Basis::List => "list",
            },
        ),
        net_saving: Decimal(rates.together.net_saving),
        unused: Decimal(rates.together.unused),
        unpriced: Decimal(rates.unpriced),
    });
    Ok(Json(CommitmentsAnswer {
        from: found.days.from(),
        to: found.days.to(),
        currencies: currencies.collect(),
        notes: vec![
            "rates are of charges by the day: whether a commitment was used in every hour is not in them"
                .to_owned(),
        ],
    }))
}
