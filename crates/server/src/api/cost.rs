//! `/api/v1/cost`: the one question, as a table.

use super::model::{Decimal, Excluded, Freshness, Read, Total};
use super::question::{self, CostParameters};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_app::{Question, Workspace, answer};
use bursar_domain::DateRange;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// The answer, with what one must know to trust it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostAnswer {
    /// The question as it was understood.
    question: QuestionEcho,
    /// Groups × periods × currencies.
    rows: Vec<CostRow>,
    /// A sum for each currency.
    totals: Vec<Total>,
    /// The rest beyond `top`.
    other: Other,
    /// What the figures rest on.
    freshness: Vec<Freshness>,
    /// Whether a figure may still change.
    provisional: bool,
    /// Rows left out.
    excluded: Excluded,
    /// What else one must know.
    notes: Vec<String>,
    /// Why there are no rows, if there are none.
    #[schema(required)]
    empty_reason: Option<String>,
    /// What was read.
    read: Read,
}

/// The question as it was understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuestionEcho {
    /// Which cost.
    measure: &'static str,
    /// Grouped by.
    by: Vec<String>,
    /// First day.
    #[schema(required)]
    from: Option<NaiveDate>,
    /// The day after the last.
    #[schema(required)]
    to: Option<NaiveDate>,
    /// How time is cut.
    grain: &'static str,
    /// Which charges count.
    r#where: Vec<String>,
    /// Only the largest groups.
    #[schema(required)]
    top: Option<u64>,
    /// The period compared with.
    #[schema(required)]
    compare: Option<Period>,
}

/// Days from the first up to, not including, the last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Period {
    /// First day.
    from: NaiveDate,
    /// The day after the last.
    to: NaiveDate,
}

/// One group in one period and currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostRow {
    /// The group's value of each dimension of `by`; null is "has none".
    keys: Vec<Option<String>>,
    /// First day of the day or month.
    #[schema(required)]
    period: Option<NaiveDate>,
    /// The currency.
    currency: String,
    /// The sum.
    amount: Decimal,
    /// The sum of the period before, if asked.
    #[schema(required)]
    previous: Option<Decimal>,
    /// Whether this is the rest beyond `top`, in which case the keys mean nothing.
    other: bool,
}

/// The rest beyond `top`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Other {
    /// Whether there is a rest.
    included: bool,
    /// How many groups it holds.
    groups: u64,
}

/// What the cloud costs, grouped, filtered, cut by time and compared.
#[utoipa::path(get, path = "/api/v1/cost", tag = "cost", operation_id = "cost", params(CostParameters),
    responses((status = 200, body = CostAnswer, description = "The answer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "A dimension is named twice"),
        CommonProblems))]
pub(crate) async fn cost(seen: Seen, mut parameters: Parameters) -> Result<Json<CostAnswer>, Problem> {
    let asked = question::read(&mut parameters, &seen.workspace)?;
    parameters.finish()?;
    Ok(Json(ask(&seen, asked).await?.into()))
}

/// Asks, unless the period is empty, in which case the answer says so.
pub(super) async fn ask(seen: &Seen, asked: question::Asked) -> Result<answer::Answer, Problem> {
    match asked.empty_period {
        None => Ok(seen.workspace.ask(asked.question).await?),
        Some(why) => Ok(Workspace::nothing(asked.question, why)),
    }
}

impl From<answer::Answer> for CostAnswer {
    fn from(from: answer::Answer) -> Self {
        Self {
            question: echo(&from.question, from.period),
            rows: from.rows.into_iter().map(CostRow::from).collect(),
            totals: from.totals.into_iter().map(Total::from).collect(),
            other: Other { included: from.other_groups > 0, groups: from.other_groups },
            freshness: from.freshness.into_iter().map(Freshness::from).collect(),
            provisional: from.provisional,
            excluded: from.excluded.into(),
            notes: from.notes,
            empty_reason: from.empty_reason,
            read: from.read.into(),
        }
    }
}

impl From<answer::Row> for CostRow {
    fn from(from: answer::Row) -> Self {
        Self {
            keys: from.keys,
            period: from.period,
            currency: from.currency,
            amount: Decimal(from.amount),
            previous: from.previous.map(Decimal),
            other: from.other,
        }
    }
}

fn echo(question: &Question, period: Option<DateRange>) -> QuestionEcho {
    let of = |range: DateRange| Period { from: range.from(), to: range.to() };
    QuestionEcho {
        measure: question.measure.id(),
        by: question.by.iter().map(ToString::to_string).collect(),
        from: period.map(DateRange::from),
        to: period.map(DateRange::to),
        grain: question.grain.id(),
        r#where: question.filters.iter().map(ToString::to_string).collect(),
        top: question.top.and_then(|top| u64::try_from(top).ok()),
        compare: match question.compare {
            bursar_app::Compare::None => None,
            bursar_app::Compare::Previous => period.map(DateRange::previous).map(of),
        },
    }
}
