//! `/api/v1/forecast`: how the month, quarter or year will end, by parts that add up, and what if.

use super::body;
use super::model::Decimal;
use super::question::{DimensionId, FilterText, MeasureId, dimension, filters_of};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use bursar_app::insight::{Ahead, AheadQuestion, InsightError, Until};
use bursar_app::{Dimension, Measure};
use bursar_finops::forecast::period::VarianceClass;
use bursar_finops::forecast::scenario::Change;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How far ahead.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UntilId {
    Month,
    Quarter,
    Year,
}

impl From<UntilId> for Until {
    fn from(id: UntilId) -> Self {
        match id {
            UntilId::Month => Self::Month,
            UntilId::Quarter => Self::Quarter,
            UntilId::Year => Self::Year,
        }
    }
}

/// What reads well and makes no sense.
pub(crate) fn unfit(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::CONFLICT, "does-not-fit", "what is asked makes no sense", detail.into())
}

/// A day that is given in a body.
pub(crate) fn day(text: &str, name: &str) -> Result<NaiveDate, Problem> {
    text.parse().map_err(|_| unfit(format!("`{name}`: expected a day such as 2026-11-30")))
}

impl From<InsightError> for Problem {
    fn from(error: InsightError) -> Self {
        let detail = error.to_string();
        match error {
            InsightError::Ask(error) => error.into(),
            InsightError::Store(error) => error.into(),
            InsightError::NoCharges => {
                Self::new(StatusCode::CONFLICT, "no-charges", "there is nothing to go by yet", detail)
            }
            InsightError::Asked(_) => unfit(detail),
            InsightError::Document(_) => {
                Self::new(StatusCode::CONFLICT, "conflict", "this contradicts what is there", detail)
            }
            InsightError::Failed(_) => {
                tracing::warn!(detail, "an insight failed");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "failed", "this cannot be computed", detail)
            }
        }
    }
}

/// The parameters of a forecast, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct ForecastParameters {
    /// Which cost is added up; EffectiveCost when left out
    #[param(required = false, inline)]
    measure: MeasureId,
    /// What it is split by
    #[param(required = false, inline)]
    by: DimensionId,
    /// Which charges count. Several `=` of one dimension are alternatives; everything else must hold
    #[param(required = false, style = Form, explode = true, inline, max_items = 100)]
    r#where: Vec<FilterText>,
    /// How far ahead; to the end of the month when left out
    #[param(required = false, inline)]
    until: UntilId,
    /// Parts beside the rest
    #[param(required = false, minimum = 1, maximum = 50)]
    top: u32,
}

/// A forecast.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastAnswer {
    /// The first day whose charges are not complete; it and the days after are forecast.
    as_of: NaiveDate,
    /// The same day, as the pages say it: what is before is known.
    known_until: NaiveDate,
    /// The period.
    until: UntilView,
    /// A forecast for each currency, the largest first.
    currencies: Vec<ForecastCurrency>,
    /// What to know before relying on it.
    notes: Vec<String>,
}

/// The period of a forecast.
#[derive(Debug, Serialize, ToSchema)]
struct UntilView {
    /// How far ahead.
    kind: UntilId,
    /// First day.
    from: NaiveDate,
    /// The day after the last.
    ends: NaiveDate,
}

/// A forecast in one currency.
#[derive(Debug, Serialize, ToSchema)]
struct ForecastCurrency {
    /// The currency.
    currency: String,
    /// All of it.
    total: AheadView,
    /// The parts; they add up to the total.
    parts: Vec<PartView>,
    /// Charges by day, so far.
    history: Vec<HistoryPoint>,
    /// Usage by day, to come.
    daily: Vec<DailyView>,
}

/// A part of a forecast.
#[derive(Debug, Serialize, ToSchema)]
struct PartView {
    /// The value of the dimension; null is "has none".
    #[schema(required)]
    value: Option<String>,
    /// Whether it is the rest beyond the largest.
    other: bool,
    /// How it will end.
    ahead: AheadView,
}

/// How a period will end.
#[derive(Debug, Serialize, ToSchema)]
struct AheadView {
    /// What its known days came to.
    actual_so_far: Decimal,
    /// What it is expected to come to.
    expected_total: Decimal,
    /// The low end of the interval that holds it in 80 of 100 cases.
    lo80: Decimal,
    /// Its high end.
    hi80: Decimal,
    /// The low end of the interval that holds it in 95 of 100 cases.
    lo95: Decimal,
    /// Its high end.
    hi95: Decimal,
    /// The models, for people.
    model: String,
    /// How the same models would have done before.
    #[schema(required)]
    backtest: Option<BacktestView>,
    /// By how much totals over as many days were missed, as a share.
    #[schema(required)]
    variance: Option<f64>,
    /// Where that stands among the FinOps Foundation's ceilings: run (12 %), walk (15 %), crawl (20 %), beyond.
    #[schema(required)]
    class: Option<&'static str>,
}

/// Errors of forecasts made as if at earlier times.
#[derive(Debug, Serialize, ToSchema)]
struct BacktestView {
    /// The sum of errors over the sum of values.
    wape: f64,
    /// The mean error over that of the seasonal naive forecast.
    #[schema(required)]
    mase: Option<f64>,
    /// The symmetric percentage error, 0 to 200.
    smape: f64,
    /// From so many earlier times.
    folds: usize,
}

/// Charges of a day.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryPoint {
    /// The day.
    day: NaiveDate,
    /// What it came to.
    amount: Decimal,
}

/// A day to come. Statistics, so numbers.
#[derive(Debug, Serialize, ToSchema)]
struct DailyView {
    /// The day.
    day: NaiveDate,
    /// What is expected.
    mean: f64,
    /// The low end of 80 %.
    lo80: f64,
    /// The high end of 80 %.
    hi80: f64,
    /// The low end of 95 %.
    lo95: f64,
    /// The high end of 95 %.
    hi95: f64,
}

fn view(ahead: &Ahead) -> AheadView {
    AheadView {
        actual_so_far: Decimal(ahead.actual_so_far),
        expected_total: Decimal(ahead.expected_total),
        lo80: Decimal(ahead.interval80.0),
        hi80: Decimal(ahead.interval80.1),
        lo95: Decimal(ahead.interval95.0),
        hi95: Decimal(ahead.interval95.1),
        model: ahead.model.clone(),
        backtest: ahead.backtest.map(|backtest| BacktestView {
            wape: backtest.wape,
            mase: backtest.mase,
            smape: backtest.smape,
            folds: backtest.folds,
        }),
        variance: ahead.variance,
        class: ahead.class.map(|class| match class {
            VarianceClass::Run => "run",
            VarianceClass::Walk => "walk",
            VarianceClass::Crawl => "crawl",
            VarianceClass::Beyond => "beyond",
        }),
    }
}

/// How the month, quarter or year will end.
#[utoipa::path(get, path = "/api/v1/forecast", tag = "insight", operation_id = "forecast", params(ForecastParameters),
    responses((status = 200, body = ForecastAnswer, description = "The forecast"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"),
        CommonProblems))]
pub(crate) async fn forecast(
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<ForecastAnswer>, Problem> {
    let measure = parameters.parsed::<Measure>("measure")?.unwrap_or_default();
    let by = parameters.one("by")?.map(|id| dimension(&id)).transpose()?;
    let filters = filters_of(parameters.many("where"))?;
    let kind = match parameters.one("until")?.as_deref() {
        None | Some("month") => UntilId::Month,
        Some("quarter") => UntilId::Quarter,
        Some("year") => UntilId::Year,
        Some(_) => return Err(Problem::bad_request("`until` must be month, quarter or year")),
    };
    let top = parameters.number("top", 1..=50)?.unwrap_or(8);
    parameters.finish()?;
    let report =
        seen.workspace.ahead(&AheadQuestion { measure, by, filters, until: kind.into(), top }).await?;
    let currencies = report.currencies.into_iter().map(|of| ForecastCurrency {
        total: view(&of.total),
        parts: of
            .parts
            .into_iter()
            .map(|part| PartView { ahead: view(&part.ahead), value: part.value, other: part.other })
            .collect(),
        history: of
            .history
            .into_iter()
            .map(|(day, amount)| HistoryPoint { day, amount: Decimal(amount) })
            .collect(),
        daily: of
            .daily
            .into_iter()
            .map(|point| {
                let [mean, lo80, hi80, lo95, hi95] = point.values;
                DailyView { day: point.day, mean, lo80, hi80, lo95, hi95 }
            })
            .collect(),
        currency: of.currency,
    });
    Ok(Json(ForecastAnswer {
        as_of: report.as_of,
        known_until: report.as_of,
        until: UntilView { kind, from: report.period.from(), ends: report.period.to() },
        currencies: currencies.collect(),
        notes: report.notes,
    }))
}

/// What if.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioRequest {
    /// The currency.
    #[schema(min_length = 3, max_length = 3, example = "USD")]
    currency: String,
    /// How far ahead.
    until: UntilId,
    /// What the parts are; services when left out.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_length = 256, example = "ServiceName")]
    by: Option<String>,
    /// What changes, in this order.
    #[schema(min_items = 1, max_items = 20)]
    changes: Vec<ChangeView>,
}

/// A change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ChangeView {
    /// More or less of a part, or of all.
    Grow {
        /// Which part; null is all.
        #[serde(default)]
        value: Option<String>,
        /// 20 for a fifth more, -100 for all gone.
        percent: f64,
        /// From which day on; from the first when left out.
        #[serde(default)]
        from: Option<String>,
    },
    /// A share of a part goes elsewhere.
    Move {
        /// Which part.
        value: String,
        /// Where to.
        to: String,
        /// How much of it stays.
        #[serde(default)]
        keeps_percent: f64,
        /// What it costs there for each 1 it costs here.
        #[serde(default = "same")]
        price: f64,
        /// From which day on.
        #[serde(default)]
        from: Option<String>,
    },
    /// A commitment is bought for a part.
    Commit {
        /// Which part it covers.
        value: String,
        /// What is paid a day.
        per_day: f64,
        /// What it saves of the price of what it covers.
        discount_percent: f64,
        /// From which day on.
        #[serde(default)]
        from: Option<String>,
    },
}

const fn same() -> f64 {
    1.0
}

/// With and without.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScenarioAnswer {
    /// What is to come, without the changes.
    without: Decimal,
    /// With them.
    with: Decimal,
    /// What they add; negative for what they save.
    difference: Decimal,
    /// By part.
    parts: Vec<ScenarioPart>,
}

/// A part with and without.
#[derive(Debug, Serialize, ToSchema)]
struct ScenarioPart {
    /// What it is called.
    name: String,
    /// Without the changes.
    without: Decimal,
    /// With them.
    with: Decimal,
}

/// The forecast with and without changes.
#[utoipa::path(post, path = "/api/v1/forecast/scenario", tag = "insight", operation_id = "scenario", request_body = ScenarioRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = ScenarioAnswer, description = "With and without"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "There are no complete days of charges yet"),
        PostProblems))]
pub(crate) async fn scenario(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<ScenarioRequest>, JsonRejection>,
) -> Result<Json<ScenarioAnswer>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    if given.changes.is_empty() || given.changes.len() > 20 {
        return Err(unfit("`changes`: give 1 to 20"));
    }
    let by =
        given.by.as_deref().map(dimension).transpose().map_err(|problem| unfit(problem.into_detail()))?;
    let question = AheadQuestion {
        measure: Measure::default(),
        by: Some(by.unwrap_or_else(|| Dimension::parse("ServiceName"))),
        filters: Vec::new(),
        until: given.until.into(),
        top: 50,
    };
    let first = seen.workspace.known_until()?;
    let place = |from: Option<String>| -> Result<usize, Problem> {
        let Some(from) = from else { return Ok(0) };
        Ok(usize::try_from((day(&from, "from")? - first).num_days()).unwrap_or_default())
    };
    let changes = given.changes.into_iter().map(|change| -> Result<Change, Problem> {
        Ok(match change {
            ChangeView::Grow { value, percent, from } => {
                Change::Grow { part: value, by: percent / 100.0, from: place(from)? }
            }
            ChangeView::Move { value, to, keeps_percent, price, from } => Change::Move {
                part: value,
                to,
                share: 1.0 - keeps_percent / 100.0,
                price,
                from: place(from)?,
            },
            ChangeView::Commit { value, per_day, discount_percent, from } => Change::Commit {
                part: value,
                daily: per_day,
                discount: discount_percent / 100.0,
                from: place(from)?,
            },
        })
    });
    let changes = changes.collect::<Result<Vec<Change>, Problem>>()?;
    let found = seen.workspace.what_if(&question, &given.currency, &changes).await?;
    Ok(Json(ScenarioAnswer {
        without: Decimal(found.without),
        with: Decimal(found.with),
        difference: Decimal(found.difference),
        parts: found
            .parts
            .into_iter()
            .map(|(name, without, with)| ScenarioPart {
                name,
                without: Decimal(without),
                with: Decimal(with),
            })
            .collect(),
    }))
}
