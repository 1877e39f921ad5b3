//! From query parameters to a [`Question`], and the parameters as the OpenAPI document tells them.

use super::model;
use crate::parameters::Parameters;
use crate::problem::Problem;
use bursar_app::{Compare, Conversion, Dimension, Filter, Grain, Measure, Question, Workspace};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// Rates of one question.
const MAX_RATES: usize = 50;

/// Which FOCUS cost column is added up.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[expect(clippy::enum_variant_names, reason = "FOCUS calls its columns so")]
pub(crate) enum MeasureId {
    EffectiveCost,
    BilledCost,
    ContractedCost,
    ListCost,
}

/// How time is cut.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum GrainId {
    Day,
    Month,
    Total,
}

/// What stands beside each amount.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CompareId {
    None,
    Previous,
}

/// A dimension: the id of a FOCUS column, or `tag:` and the key of a tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DimensionId(String);

/// A filter: `Dimension=value`, `Dimension!=value` or `Dimension~part`; an empty value is "has none".
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FilterText(String);

fn text(pattern: &str, description: &str, example: &str) -> RefOr<Schema> {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .pattern(Some(pattern))
        .description(Some(description))
        .examples([serde_json::json!(example)]);
    RefOr::T(Schema::Object(schema.build()))
}

impl PartialSchema for DimensionId {
    fn schema() -> RefOr<Schema> {
        text(
            r"^([A-Za-z][A-Za-z0-9_]{0,199}|tag:[^,\\\x00-\x1f]{1,200})$",
            "The id of a FOCUS column, or `tag:` and the key of a tag",
            "ServiceName",
        )
    }
}
impl ToSchema for DimensionId {}

/// A currency: three capital letters (ISO 4217), or what a provider calls its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CurrencyId(String);

/// A rate: `EUR=1.08`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RateText(String);

impl PartialSchema for CurrencyId {
    fn schema() -> RefOr<Schema> {
        text(r"^[A-Z]{3}$", "A currency code of ISO 4217", "USD")
    }
}
impl ToSchema for CurrencyId {}

impl PartialSchema for RateText {
    fn schema() -> RefOr<Schema> {
        let pattern = r"^[A-Z]{3}=(0\.[0-9]{0,9}[1-9]|[1-9][0-9]{0,8}(\.[0-9]{1,10})?)$";
        text(pattern, "A currency code and what one unit of it is worth", "EUR=1.08")
    }
}
impl ToSchema for RateText {}

impl PartialSchema for FilterText {
    fn schema() -> RefOr<Schema> {
        text(
            r"^([A-Za-z][A-Za-z0-9_]{0,199}|tag:[^=!~\x00-\x1f]{1,200})(=|!=|~)[^\x00-\x1f]{0,1000}$",
            "`Dimension=value`, `Dimension!=value` or `Dimension~part`; an empty value is \"has none\"",
            "ServiceCategory=Compute",
        )
    }
}
impl ToSchema for FilterText {}

/// The parameters of a question, for the document; [`read`] reads them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read strictly, by name")]
pub(crate) struct CostParameters {
    /// Which cost is added up; EffectiveCost when left out
    #[param(required = false, inline)]
    measure: MeasureId,
    /// Dimensions to group by, separated by commas; a comma in a tag's key is written `\,`
    #[param(required = false, style = Form, explode = false, inline, max_items = 8)]
    by: Vec<DimensionId>,
    /// First day; the present month when neither `from` nor `to` is given
    #[param(required = false)]
    from: NaiveDate,
    /// The day after the last
    #[param(required = false)]
    to: NaiveDate,
    /// How time is cut; `total` when left out
    #[param(required = false, inline)]
    grain: GrainId,
    /// Which charges count. Several `=` of one dimension are alternatives; everything else must hold
    #[param(required = false, style = Form, explode = true, inline, max_items = 100)]
    r#where: Vec<FilterText>,
    /// Only the largest groups of each currency, the rest in one row marked `other`
    #[param(required = false, minimum = 1, maximum = 10000)]
    top: u32,
    /// What stands beside each amount; `none` when left out
    #[param(required = false, inline)]
    compare: CompareId,
    /// Convert everything to this currency, at the rates given; currencies are kept apart when left out
    #[param(required = false, inline)]
    currency: CurrencyId,
    /// What one unit of a currency is worth in `currency`, as `EUR=1.08`; each is named in the answer's notes
    #[param(required = false, style = Form, explode = true, inline, max_items = 50)]
    rate: Vec<RateText>,
}

/// A question, and why its period is empty if it is.
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) empty_period: Option<String>,
}

/// Takes the parameters of a question; the caller takes its own and finishes.
pub(crate) fn read(parameters: &mut Parameters, workspace: &Workspace) -> Result<Asked, Problem> {
    let measure = parameters.parsed::<Measure>("measure")?.unwrap_or_default();
    let by: Vec<Dimension> =
        split(&parameters.many("by")).iter().map(|id| dimension(id)).collect::<Result<_, _>>()?;
    if by.len() > Question::MAX_BY {
        return Err(Problem::bad_request(format!(
            "`by` names {} dimensions; at most {} are allowed",
            by.len(),
            Question::MAX_BY
        )));
    }
    if let Some(twice) = by.iter().enumerate().find_map(|(i, d)| by[..i].contains(d).then_some(d)) {
        return Err(Problem::new(
            axum::http::StatusCode::CONFLICT,
            "dimension-twice",
            "a dimension is named twice",
            format!("`by` names `{twice}` twice"),
        ));
    }
    let (from, to) = (date(parameters, "from")?, date(parameters, "to")?);
    let grain = parameters.parsed::<Grain>("grain")?.unwrap_or_default();
    let filters = filters_of(parameters.many("where"))?;
    let top = parameters.number("top", 1..=Question::MAX_TOP)?;
    let compare = parameters.parsed::<Compare>("compare")?.unwrap_or_default();
    let conversion = conversion(parameters.one("currency")?, &parameters.many("rate"))?;
    let (period, empty_period) = match model::period(from, to, workspace.clock().today()) {
        None => (workspace.present_month(), None),
        Some(Ok(period)) => (Some(period), None),
        Some(Err(why)) => (None, Some(why)),
    };
    Ok(Asked {
        question: Question { measure, by, filters, grain, period, top, compare, conversion },
        empty_period,
    })
}

fn conversion(to: Option<String>, rates: &[String]) -> Result<Option<Conversion>, Problem> {
    if rates.len() > MAX_RATES {
        return Err(Problem::bad_request(format!("more than {MAX_RATES} rates")));
    }
    if let Some(to) = to.as_deref().filter(|to| !is_currency(to)) {
        let shown = crate::parameters::shown(to);
        return Err(Problem::bad_request(format!("`currency`: `{shown}` is no code such as USD")));
    }
    if let Some(rate) = rates.iter().find(|rate| !is_rate(rate)) {
        let shown = crate::parameters::shown(rate);
        return Err(Problem::bad_request(format!("`rate`: `{shown}` is no rate such as EUR=1.08")));
    }
    let conflict = |detail: String| {
        Problem::new(axum::http::StatusCode::CONFLICT, "rates", "the rates do not fit together", detail)
    };
    match to {
        None if rates.is_empty() => Ok(None),
        None => Err(conflict("`rate` is given without `currency`, what to convert to".to_owned())),
        Some(to) => Conversion::parse(&to, rates).map(Some).map_err(conflict),
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// As the document's pattern says.
fn is_rate(text: &str) -> bool {
    let Some((code, value)) = text.split_once('=') else { return false };
    let (whole, fraction) = value.split_once('.').map_or((value, None), |(w, f)| (w, Some(f)));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let whole_fits = digits(whole, 9) && (whole == "0" || !whole.starts_with('0'));
    let fraction_fits = fraction.is_none_or(|fraction| digits(fraction, 10));
    let above_zero = whole != "0" || fraction.is_some_and(|fraction| !fraction.ends_with('0'));
    is_currency(code) && whole_fits && fraction_fits && above_zero
}

/// A date parameter, `YYYY-MM-DD` or `YYYY-MM`.
pub(crate) fn date(parameters: &mut Parameters, name: &'static str) -> Result<Option<NaiveDate>, Problem> {
    let parse = |text: String| {
        bursar_domain::period::parse_date(&text).map_err(|e| Problem::bad_request(format!("`{name}`: {e}")))
    };
    parameters.one(name)?.map(parse).transpose()
}

pub(crate) fn filters_of(texts: Vec<String>) -> Result<Vec<Filter>, Problem> {
    if texts.len() > Question::MAX_FILTERS {
        return Err(Problem::bad_request(format!("more than {} filters", Question::MAX_FILTERS)));
    }
    let parse = |text: String| {
        let filter: Filter = text.parse().map_err(|e| Problem::bad_request(format!("`where`: {e}")))?;
        dimension(&filter.dimension.to_string())?;
        Ok(filter)
    };
    texts.into_iter().map(parse).collect()
}

/// A dimension of a plausible form; whether it exists is for the workspace to tell.
pub(crate) fn dimension(id: &str) -> Result<Dimension, Problem> {
    let dimension = Dimension::parse(id);
    let plausible = match &dimension {
        Dimension::Column(id) => {
            id.len() <= 200
                && id.starts_with(|c: char| c.is_ascii_alphabetic())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        }
        Dimension::Tag(key) => (1..=200).contains(&key.chars().count()) && !key.chars().any(|c| c < ' '),
    };
    if plausible {
        return Ok(dimension);
    }
    let shown = crate::parameters::shown(id);
    Err(Problem::bad_request(format!(
        "`{shown}` is not a dimension: expected a FOCUS column such as ServiceName, or tag:KEY"
    )))
}

/// Splits at commas that no backslash precedes.
fn split(texts: &[String]) -> Vec<String> {
    let mut parts = Vec::new();
    for text in texts {
        let mut part = String::new();
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            match c {
                '\\' => part.extend(characters.next()),
                ',' => parts.push(std::mem::take(&mut part)),
                c => part.push(c),
            }
        }
        parts.push(part);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_unless_escaped() {
        let split = |text: &str| split(&[text.to_owned()]);
        assert_eq!(split("A,B,tag:x"), ["A", "B", "tag:x"]);
        assert_eq!(split("tag:a\\,b,C"), ["tag:a,b", "C"]);
        assert_eq!(split(""), Vec::<String>::new());
        assert_eq!(split(",A,"), ["A"]);
    }

    #[test]
    fn only_plausible_dimensions_pass() {
        for good in ["ServiceName", "x_Custom", "tag:team", "tag:a b/c:d"] {
            assert!(dimension(good).is_ok(), "{good}");
        }
        for bad in ["", "1x", "Service Name", "tag:", "a\"b", "a;drop", "tag:\n"] {
            assert!(dimension(bad).is_err(), "{bad}");
        }
    }
}
