//! The plan of a question.

use crate::question::{Dimension, Filter, Grain, Operator, Question};
use crate::sql::{FOCUS, QueryError, near};
use arrow::datatypes::{DataType, Schema, TimeUnit};
use bursar_domain::DateRange;
use chrono::NaiveDate;
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{count, max, min, sum};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, Like, cast, lit};
use datafusion::prelude::{DataFrame, SessionContext};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const PERIOD: &str = "period";
pub(super) const CURRENCY: &str = "currency";
pub(super) const AMOUNT: &str = "amount";
pub(super) const LINES: &str = "lines";
const DAY: &str = "ChargePeriodStart";

fn column(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

/// What is asked: a session, and what holds for a charge that the asker may see.
pub(super) struct Asked {
    context: SessionContext,
    seen: Option<Expr>,
}

impl Asked {
    pub(super) const fn new(context: SessionContext, seen: Option<Expr>) -> Self {
        Self { context, seen }
    }

    /// The charges that the asker may see. Every plan begins here.
    async fn table(&self) -> Result<DataFrame, QueryError> {
        let frame = self.context.table(FOCUS).await.map_err(QueryError::of)?;
        match &self.seen {
            Some(seen) => frame.filter(seen.clone()).map_err(QueryError::of),
            None => Ok(frame),
        }
    }
}

/// Every column the question names exists.
pub(super) async fn check(asked: &Asked, question: &Question) -> Result<(), QueryError> {
    let frame = asked.table().await?;
    let schema: &Schema = frame.schema().as_arrow();
    let named = question.by.iter().chain(question.filters.iter().map(|f| &f.dimension));
    for dimension in named {
        if let Dimension::Column(name) = dimension
            && schema.field_with_name(name).is_err()
        {
            let known: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return Err(QueryError::NotUnderstood(format!(
                "there is no dimension `{name}`{}",
                near(name, &known)
            )));
        }
    }
    Ok(())
}

fn expression(context: &SessionContext, dimension: &Dimension) -> Result<Expr, QueryError> {
    match dimension {
        Dimension::Column(name) => Ok(column(name)),
        Dimension::Tag(key) => {
            let state = context.state();
            let function = state.scalar_functions().get("tag").cloned();
            let function = function
                .ok_or_else(|| QueryError::Failed { detail: "the function `tag` is missing".into() })?;
            // The tags column, and the provider where keys depend on it, are put in when planning.
            let args = vec![lit(key.clone())];
            Ok(Expr::ScalarFunction(ScalarFunction::new_udf(function, args)))
        }
    }
}

/// Sums by dimensions, period and currency, of charges for which `only` holds, too.
pub(super) async fn sums(
    asked: &Asked,
    question: &Question,
    period: Option<DateRange>,
    only: &[Expr],
) -> Result<DataFrame, QueryError> {
    let context = &asked.context;
    let mut frame = asked.table().await?;
    let schema = frame.schema().as_arrow().clone();
    for filter in filters(context, &schema, question)?.into_iter().chain(only.iter().cloned()) {
        frame = frame.filter(filter).map_err(QueryError::of)?;
    }
    if let Some(period) = period {
        let within = column(DAY).gt_eq(instant(period.from())).and(column(DAY).lt(instant(period.to())));
        frame = frame.filter(within).map_err(QueryError::of)?;
    }
    let mut group = Vec::new();
    for (at, dimension) in question.by.iter().enumerate() {
        group.push(expression(context, dimension)?.alias(format!("k{at}")));
    }
    if question.grain != Grain::Total {
        // Months are added up from days on the few rows of the answer.
        group.push(cast(column(DAY), DataType::Date32).alias(PERIOD));
    }
    group.push(column("BillingCurrency").alias(CURRENCY));
    let sums = vec![sum(column(question.measure.id())).alias(AMOUNT), count(lit(1_i64)).alias(LINES)];
    frame.aggregate(group, sums).map_err(QueryError::of)
}

/// First and last day there is, and how many rows.
pub(super) async fn extent(asked: &Asked) -> Result<DataFrame, QueryError> {
    let frame = asked.table().await?;
    let ends =
        vec![min(column(DAY)).alias("first"), max(column(DAY)).alias("last"), count(lit(1_i64)).alias(LINES)];
    frame.aggregate(Vec::new(), ends).map_err(QueryError::of)
}

fn instant(day: NaiveDate) -> Expr {
    let micros = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    lit(ScalarValue::TimestampMicrosecond(Some(micros), None))
}

fn filters(context: &SessionContext, schema: &Schema, question: &Question) -> Result<Vec<Expr>, QueryError> {
    let mut alternatives: BTreeMap<&Dimension, Vec<Option<&str>>> = BTreeMap::new();
    let mut all = Vec::new();
    for filter in &question.filters {
        match filter.operator {
            Operator::Is => alternatives.entry(&filter.dimension).or_default().push(filter.value.as_deref()),
            Operator::IsNot | Operator::Contains => all.push(single(context, schema, filter)?),
        }
    }
    for (dimension, values) in alternatives {
        let subject = text(schema, dimension, expression(context, dimension)?);
        all.extend(one_of(&subject, values.iter().copied()));
    }
    Ok(all)
}

/// That the subject is one of these values; `None` when there are none.
fn one_of<'a>(subject: &Expr, values: impl Iterator<Item = Option<&'a str>> + Clone) -> Option<Expr> {
    let some: Vec<Expr> = values.clone().flatten().map(lit).collect();
    let any = match some.as_slice() {
        [] => None,
        [one] => Some(subject.clone().eq(one.clone())),
        _ => Some(subject.clone().in_list(some, false)),
    };
    if !values.clone().any(|value| value.is_none()) {
        return any;
    }
    let missing = subject.clone().is_null();
    Some(any.map_or(missing.clone(), |any| any.or(missing)))
}

/// That a dimension whose values are text is one of these values; `None` for other dimensions.
pub(super) async fn among(
    asked: &Asked,
    dimension: &Dimension,
    values: &BTreeSet<Option<&str>>,
) -> Result<Option<Expr>, QueryError> {
    let frame = asked.table().await?;
    if let Dimension::Column(name) = dimension {
        let is_text = |data_type: &DataType| {
            matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
        };
        let field = frame.schema().as_arrow().field_with_name(name);
        match field.map(arrow::datatypes::Field::data_type) {
            Ok(DataType::Dictionary(_, value)) if is_text(value) => {}
            Ok(data_type) if is_text(data_type) => {}
            _ => return Ok(None),
        }
    }
    Ok(one_of(&expression(&asked.context, dimension)?, values.iter().copied()))
}

fn single(context: &SessionContext, schema: &Schema, filter: &Filter) -> Result<Expr, QueryError> {
    let subject = text(schema, &filter.dimension, expression(context, &filter.dimension)?);
    Ok(match (filter.operator, &filter.value) {
        (Operator::Contains, value) => {
            let escaped =
                value.as_deref().unwrap_or("").replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            Expr::Like(Like::new(false, Box::new(subject), Box::new(lit(format!("%{escaped}%"))), None, true))
        }
        (_, Some(value)) => subject.clone().not_eq(lit(value.clone())).or(subject.is_null()),
        (_, None) => subject.is_not_null(),
    })
}

/// A dimension as text, for comparing with what a person wrote.
fn text(schema: &Schema, dimension: &Dimension, expression: Expr) -> Expr {
    let Dimension::Column(name) = dimension else { return expression };
    match schema.field_with_name(name).map(arrow::datatypes::Field::data_type) {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            cast(cast(expression, DataType::Date32), DataType::Utf8)
        }
        Ok(DataType::Decimal128(_, _)) => cast(expression, DataType::Utf8),
        _ => expression,
    }
}
