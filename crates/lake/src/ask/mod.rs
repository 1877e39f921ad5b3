//! Answering a question: one plan over the charges, then what a plan cannot say. Where that plan
//! would make many groups to show few of them, [several small ones](largest).
//!
//! The plan groups exact sums by dimensions, period and currency. Comparing with the period
//! before, keeping the largest groups, converting currencies and explaining an empty answer happen
//! on its rows. Amounts of two currencies never meet, unless the asker gave the rates, and then
//! each rate stands in the notes.

mod convert;
mod largest;
mod period;
mod plan;
mod rows;

pub(crate) use largest::Worth;
pub use rows::{Answer, Read, Row, Total};

use crate::charges::{Charges, Quarantine};
use crate::question::{Compare, Question};
use crate::sql::{Engine, QueryError, seen};
use bursar_domain::{DateRange, Scope};
use datafusion::logical_expr::Expr;
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
    narrowing(engine, charges, scope, question, limit, Worth::USUAL).await
}

/// The same; the largest groups are looked for first where it is worth it.
pub(crate) async fn narrowing(
    engine: &Arc<Engine>,
    charges: &Charges,
    scope: &Scope,
    question: &Question,
    limit: Duration,
    worth: Worth,
) -> Result<Answer, QueryError> {
    match once(engine, charges, scope, question, limit, worth).await {
        Err(QueryError::Derived { detail }) => {
            tracing::warn!(detail, "a rollup is put aside; the rows answer");
            once(engine, charges, scope, question, limit, worth).await
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
    worth: Worth,
) -> Result<Answer, QueryError> {
    let quarantine = Arc::new(Quarantine::default());
    let told = Arc::clone(&quarantine);
    let (engine_of, charges, scope, question) =
        (Arc::clone(engine), charges.clone(), scope.clone(), question.clone());
    let work = async move {
        let asking = Asking::new(&engine_of, &charges, &scope, told)?;
        plan::check(&asking.asked, &question).await?;
        match largest::answer(&asking, &question, worth).await? {
            Some(answer) => Ok(answer),
            None => answer(&asking, &question).await,
        }
    };
    let mut answer = engine.run(limit, work).await?;
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

/// Where questions are asked, and what their answers leave out.
struct Asking<'a> {
    engine: &'a Engine,
    charges: &'a Charges,
    scope: &'a Scope,
    asked: Asked,
    quarantine: Arc<Quarantine>,
}

impl<'a> Asking<'a> {
    fn new(
        engine: &'a Engine,
        charges: &'a Charges,
        scope: &'a Scope,
        quarantine: Arc<Quarantine>,
    ) -> Result<Self, QueryError> {
        let context = engine.session(charges, &quarantine)?;
        let asked = Asked::new(context, seen(scope, &charges.schema(), charges.tag_keys()));
        Ok(Self { engine, charges, scope, asked, quarantine })
    }

    /// The same charges within the same scope; what is left out is told apart.
    fn apart(&self) -> Result<Self, QueryError> {
        Self::new(self.engine, self.charges, self.scope, Arc::default())
    }

    /// Adds what a period's charges come to, of those that `only` keeps, to nothing yet.
    async fn sums(
        &self,
        question: &Question,
        period: Option<DateRange>,
        only: &[Expr],
        nothing: Sums,
    ) -> Result<Sums, QueryError> {
        let frame = plan::sums(&self.asked, question, period, only).await?;
        let rows = self.engine.start(frame).await?;
        let batches = rows.stream.try_collect::<Vec<_>>().await.map_err(QueryError::of)?;
        nothing.and(&batches, question)
    }
}

/// The period to compare with; with a note where there is none.
fn before(question: &Question, notes: &mut Vec<String>) -> Option<DateRange> {
    match (question.compare, question.period) {
        (Compare::Previous, Some(period)) => Some(period.previous()),
        (Compare::Previous, None) => {
            notes.push("there is no period before: give the days to compare with `from` and `to`".to_owned());
            None
        }
        (Compare::None, _) => None,
    }
}

async fn answer(asking: &Asking<'_>, question: &Question) -> Result<Answer, QueryError> {
    let mut notes = Vec::new();
    let mut sums = asking.sums(question, question.period, &[], Sums::new(question)).await?;
    if let Some(before) = before(question, &mut notes) {
        let before = asking.sums(question, Some(before), &[], Sums::new(question)).await?;
        sums.beside(&before, question)?;
    }
    if let Some(conversion) = &question.conversion {
        notes.extend(convert::to_one(&mut sums, conversion)?);
    }
    let empty_reason = if sums.is_empty() { Some(why_empty(asking, question).await?) } else { None };
    let mut answer = sums.into_answer(question);
    answer.notes = notes;
    answer.empty_reason = empty_reason;
    Ok(answer)
}

async fn why_empty(asking: &Asking<'_>, question: &Question) -> Result<String, QueryError> {
    let frame = plan::extent(&asking.asked).await?;
    let rows = asking.engine.start(frame).await?;
    let batches = rows.stream.try_collect::<Vec<_>>().await.map_err(QueryError::of)?;
    Ok(period::explain(&batches, question))
}
