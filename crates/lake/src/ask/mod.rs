//! Answering a question: one plan over the charges, then what a plan cannot say.
//!
//! The plan groups exact sums by dimensions, period and currency. Comparing with the period
//! before, keeping the largest groups, converting currencies and explaining an empty answer happen
//! on its rows. Amounts of two currencies never meet, unless the asker gave the rates, and then
//! each rate stands in the notes.

mod convert;
mod period;
mod plan;
mod rows;

pub use rows::{Answer, Read, Row, Total};

use crate::charges::{Charges, Quarantine};
use crate::question::{Compare, Question};
use crate::sql::{Engine, QueryError, seen};
use bursar_domain::{DateRange, Scope};
use futures::TryStreamExt;
use plan::Asked;
use rows::Sums;
use std::sync::Arc;
use std::time::Duration;

/// Answers a question: from rollups where the charges have them and they are enough, else from the
/// rows.
///
/// # Errors
/// When the question names what does not exist, or cannot be answered within bounds.
pub async fn ask(
    engine: &Arc<Engine>,
    charges: &Charges,
    question: &Question,
    limit: Duration,
) -> Result<Answer, QueryError> {
    ask_within(engine, charges, &Scope::All, question, limit).await
}

/// Answers a question of the charges within a scope.
///
/// # Errors
/// As [`ask`].
pub async fn ask_within(
    engine: &Arc<Engine>,
    charges: &Charges,
    scope: &Scope,
    question: &Question,
    limit: Duration,
) -> Result<Answer, QueryError> {
    match once(engine, charges, scope, question, limit).await {
        Err(QueryError::Derived { detail }) => {
            tracing::warn!(detail, "a rollup is put aside; the rows answer");
            once(engine, charges, scope, question, limit).await
        }
        answer => answer,
    }
}

async fn once(
    engine: &Arc<Engine>,
    charges: &Charges,
    scope: &Scope,
    question: &Question,
    limit: Duration,
) -> Result<Answer, QueryError> {
    let quarantine = Arc::new(Quarantine::default());
    let context = engine.session(charges, &quarantine)?;
    let asked = plan::Asked::new(context, seen(scope, &charges.schema(), charges.tag_keys()));
    let (engine_of, question_of) = (Arc::clone(engine), question.clone());
    let mut answer = engine.run(limit, async move { answer(&engine_of, &asked, &question_of).await }).await?;
    answer.excluded = quarantine.excluded();
    answer.dropped = quarantine.dropped();
    answer.read.cells = quarantine.cells();
    if quarantine.rounded() > 0 {
        answer.notes.push(format!(
            "{} values have more than 18 digits after the decimal point and were rounded at the 18th",
            quarantine.rounded()
        ));
    }
    Ok(answer)
}

async fn answer(engine: &Engine, asked: &Asked, question: &Question) -> Result<Answer, QueryError> {
    plan::check(asked, question).await?;
    let mut sums = collect(engine, asked, question, question.period).await?;
    let mut notes = Vec::new();
    let before = match (question.compare, question.period) {
        (Compare::Previous, Some(period)) => {
            Some(collect(engine, asked, question, Some(period.previous())).await?)
        }
        (Compare::Previous, None) => {
            notes.push("there is no period before: give the days to compare with `from` and `to`".to_owned());
            None
        }
        (Compare::None, _) => None,
    };
    if let Some(before) = before {
        sums.beside(&before, question)?;
    }
    if let Some(conversion) = &question.conversion {
        notes.extend(convert::to_one(&mut sums, conversion)?);
    }
    let empty_reason = if sums.is_empty() { Some(why_empty(engine, asked, question).await?) } else { None };
    let mut answer = sums.into_answer(question);
    answer.notes = notes;
    answer.empty_reason = empty_reason;
    Ok(answer)
}

async fn collect(
    engine: &Engine,
    asked: &Asked,
    question: &Question,
    period: Option<DateRange>,
) -> Result<Sums, QueryError> {
    let frame = plan::sums(asked, question, period).await?;
    let rows = engine.start(frame).await?;
    let batches = rows.stream.try_collect::<Vec<_>>().await.map_err(QueryError::of)?;
    Sums::of(&batches, question)
}

async fn why_empty(engine: &Engine, asked: &Asked, question: &Question) -> Result<String, QueryError> {
    let frame = plan::extent(asked).await?;
    let rows = engine.start(frame).await?;
    let batches = rows.stream.try_collect::<Vec<_>>().await.map_err(QueryError::of)?;
    Ok(period::explain(&batches, question))
}
