//! One column of an answer as text: exactly for programs, readably for people.

use crate::exit::Failure;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Decimal256Array, Float64Array, Int64Array,
    PrimitiveArray, StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Value};

/// A column reduced to the few kinds that print differently.
pub(super) enum Column {
    Text(StringArray),
    Decimal(Decimal128Array),
    WideDecimal(Decimal256Array),
    Integer(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array),
    Boolean(BooleanArray),
    Date(PrimitiveArray<Date32Type>),
    Timestamp(TimestampMicrosecondArray),
    /// Lists, structs and maps, which print as JSON.
    Nested(ArrayRef),
    Null,
    /// Anything rarer, as Arrow displays it.
    Other(ArrayRef),
}

/// Whether values of this type are numbers, and so stand on the right.
pub(super) fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

impl Column {
    pub(super) fn new(array: &ArrayRef) -> Result<Self, Failure> {
        let to = |data_type: &DataType| cast(array, data_type);
        Ok(match array.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Self::Text(to(&DataType::Utf8)?.as_string::<i32>().clone())
            }
            DataType::Dictionary(_, values) => return Self::new(&to(values)?),
            DataType::Decimal128(..) => Self::Decimal(array.as_primitive().clone()),
            DataType::Decimal256(..) => Self::WideDecimal(array.as_primitive().clone()),
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
                Self::Integer(to(&DataType::Int64)?.as_primitive().clone())
            }
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
                Self::Unsigned(to(&DataType::UInt64)?.as_primitive().clone())
            }
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                Self::Float(to(&DataType::Float64)?.as_primitive().clone())
            }
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Date32 | DataType::Date64 => Self::Date(to(&DataType::Date32)?.as_primitive().clone()),
            DataType::Timestamp(..) => {
                Self::Timestamp(to(&DataType::Timestamp(TimeUnit::Microsecond, None))?.as_primitive().clone())
            }
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..) => Self::Nested(array.clone()),
            DataType::Null => Self::Null,
            _ => Self::Other(array.clone()),
        })
    }

    fn array(&self) -> Option<&dyn Array> {
        Some(match self {
            Self::Text(a) => a,
            Self::Decimal(a) => a,
            Self::WideDecimal(a) => a,
            Self::Integer(a) => a,
            Self::Unsigned(a) => a,
            Self::Float(a) => a,
            Self::Boolean(a) => a,
            Self::Date(a) => a,
            Self::Timestamp(a) => a,
            Self::Nested(a) | Self::Other(a) => a,
            Self::Null => return None,
        })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.array().is_none_or(|a| a.is_null(row))
    }

    /// The value with every digit; `None` for NULL.
    pub(super) fn exact(&self, row: usize) -> Result<Option<String>, Failure> {
        if self.is_null(row) {
            return Ok(None);
        }
        Ok(Some(match self {
            Self::Text(a) => a.value(row).to_owned(),
            Self::Decimal(a) => without_trailing_zeros(a.value_as_string(row)),
            Self::WideDecimal(a) => without_trailing_zeros(a.value_as_string(row)),
            Self::Integer(a) => a.value(row).to_string(),
            Self::Unsigned(a) => a.value(row).to_string(),
            Self::Float(a) => a.value(row).to_string(),
            Self::Boolean(a) => a.value(row).to_string(),
            Self::Date(a) => {
                a.value_as_date(row).map_or_else(|| out_of_range(a.value(row)), |d| d.to_string())
            }
            Self::Timestamp(a) => timestamp(a.value(row)),
            Self::Nested(a) => json(a, row)?.to_string(),
            Self::Other(a) => ArrayFormatter::try_new(a, &FormatOptions::default())?.value(row).to_string(),
            Self::Null => return Ok(None),
        }))
    }

    /// The value as JSON: decimals are strings, because JSON readers make doubles of numbers.
    pub(super) fn json(&self, row: usize) -> Result<Value, Failure> {
        if self.is_null(row) {
            return Ok(Value::Null);
        }
        Ok(match self {
            Self::Integer(a) => a.value(row).into(),
            Self::Unsigned(a) => a.value(row).into(),
            // NaN and the infinities are no JSON numbers; their names are better than a silent null.
            Self::Float(a) => serde_json::Number::from_f64(a.value(row))
                .map_or_else(|| Value::String(a.value(row).to_string()), Value::Number),
            Self::Boolean(a) => a.value(row).into(),
            Self::Nested(a) => json(a, row)?,
            _ => self.exact(row)?.map_or(Value::Null, Value::String),
        })
    }

    /// Whether every time in the column is a midnight, so that people need only the day.
    pub(super) fn only_days(&self) -> bool {
        match self {
            Self::Timestamp(a) => a.iter().flatten().all(|t| t.rem_euclid(MICROSECONDS_PER_DAY) == 0),
            _ => true,
        }
    }
}

const MICROSECONDS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A decimal without the zeros that only its scale put there.
fn without_trailing_zeros(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A moment in UTC, as FOCUS writes it.
fn timestamp(microseconds: i64) -> String {
    let Some(time) = DateTime::<Utc>::from_timestamp_micros(microseconds) else {
        return out_of_range(microseconds);
    };
    let text = time.naive_utc();
    if text.time() == NaiveTime::MIN || time.timestamp_subsec_micros() == 0 {
        format!("{}Z", text.format("%Y-%m-%dT%H:%M:%S"))
    } else {
        format!("{}Z", text.format("%Y-%m-%dT%H:%M:%S%.6f"))
    }
}

fn out_of_range(value: impl std::fmt::Display) -> String {
    format!("out of range ({value})")
}

/// A nested value as JSON.
fn json(array: &ArrayRef, row: usize) -> Result<Value, Failure> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let list = |items: ArrayRef| -> Result<Value, Failure> {
        let column = Column::new(&items)?;
        Ok(Value::Array((0..items.len()).map(|i| column.json(i)).collect::<Result<_, _>>()?))
    };
    match array.data_type() {
        DataType::List(_) => list(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let mut object = Map::new();
            for (field, values) in fields.iter().zip(array.as_struct().columns()) {
                object.insert(field.name().clone(), Column::new(values)?.json(row)?);
            }
            Ok(Value::Object(object))
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (Column::new(entries.column(0))?, Column::new(entries.column(1))?);
            let mut object = Map::new();
            for i in 0..entries.len() {
                object.insert(keys.exact(i)?.unwrap_or_default(), values.json(i)?);
            }
            Ok(Value::Object(object))
        }
        _ => Column::new(array)?.json(row),
    }
}
