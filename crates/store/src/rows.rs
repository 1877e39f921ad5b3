//! Rows as they lie in a table, on their way into a backup and out of one.
//!
//! Sealed columns stay sealed. What is here knows types, not meanings: a column that a later schema
//! adds travels along without a line of code.

use crate::StoreError;
use crate::directory::setting_row;
use crate::seal::{Column, Seal};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, EntityName, EntityTrait, IdenStatic, Iterable, ModelTrait, Value,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// What sealed columns end in.
const SEALED: &str = "_sealed";
/// What keyed digests end in.
const LOOKUP: &str = "_lookup";
/// What moments end in.
const MICROS: &str = "_us";
/// Columns that are, or would help to guess, a secret.
const SECRET: &[&str] = &[
    "digest",
    "fernet_token",
    "url_sealed",
    "secret_sealed",
    "old_secret_sealed",
    "seed_sealed",
    "key_sealed",
];

/// A row: its table and what stands in its columns, bytes as base64.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The table.
    pub table: String,
    /// The columns by name.
    pub cells: Map<String, Json>,
}

/// The row of a model.
pub(crate) fn row_of<M: ModelTrait>(model: &M) -> Result<Row, StoreError>
where
    M::Entity: Default,
{
    let table = M::Entity::default().table_name();
    let mut cells = Map::new();
    for column in <M::Entity as EntityTrait>::Column::iter() {
        let value = match model.get(column) {
            Value::Uuid(value) => value.map(|uuid| Json::String(uuid.simple().to_string())),
            Value::Bytes(value) => value.map(|bytes| Json::String(STANDARD.encode(bytes))),
            Value::String(value) => value.map(Json::String),
            Value::BigInt(value) => value.map(Json::from),
            Value::Bool(value) => value.map(Json::Bool),
            _ => return Err(StoreError::Damaged { table, what: "a column has a type that is not carried" }),
        };
        cells.insert(column.as_str().to_owned(), value.unwrap_or_default());
    }
    Ok(Row { table: table.to_owned(), cells })
}

/// How rows are read back: sealed columns open with either, and are sealed with the first.
pub(crate) struct Reading<'a> {
    pub(crate) present: &'a Seal,
    pub(crate) earlier: &'a Seal,
}

/// The model of a row, ready to be added. Every sealed column was opened in its place.
pub(crate) fn model_of<E>(
    row: &Row,
    reading: &Reading<'_>,
    seal_row: Uuid,
) -> Result<E::ActiveModel, StoreError>
where
    E: EntityTrait + Default,
{
    let table = E::default().table_name();
    let damaged = |what| StoreError::Damaged { table, what };
    let mut model = <E::ActiveModel as ActiveModelBehavior>::new();
    for column in E::Column::iter() {
        let name = column.as_str();
        let cell = row.cells.get(name).unwrap_or(&Json::Null);
        let mut value =
            value_of(cell, E::Model::get_value_type(column)).ok_or(damaged("a column has another type"))?;
        if let (Some(plain), Value::Bytes(Some(sealed))) = (name.strip_suffix(SEALED), &value) {
            let place = Column { table, column: plain };
            if reading.present.open_bytes(place, seal_row, sealed).is_err() {
                let opened = reading.earlier.open_bytes(place, seal_row, sealed)?;
                value = Value::Bytes(Some(reading.present.bytes(place, seal_row, &opened)?));
            }
        }
        model.try_set(column, value).map_err(|_| damaged("a column has another type"))?;
    }
    Ok(model)
}

/// The columns for somebody to read: sealed ones opened, moments as RFC 3339, without secrets and what
/// is only good for searching.
pub(crate) fn readable<E>(row: &Row, seal: &Seal, seal_row: Uuid) -> Result<Map<String, Json>, StoreError>
where
    E: EntityTrait + Default,
{
    let table = E::default().table_name();
    let mut cells = Map::new();
    for column in E::Column::iter() {
        let name = column.as_str();
        let Some(cell) = row.cells.get(name) else { continue };
        if SECRET.contains(&name) || name.ends_with(LOOKUP) {
            continue;
        }
        if let Some(plain) = name.strip_suffix(SEALED) {
            let value = match value_of(cell, ArrayType::Bytes) {
                Some(Value::Bytes(Some(sealed))) => {
                    let text = seal.open_text(Column { table, column: plain }, seal_row, &sealed)?;
                    // Lists and objects as what they are; other texts stay texts, numbers too.
                    let structured = serde_json::from_str(&text)
                        .ok()
                        .filter(|json: &Json| json.is_object() || json.is_array());
                    structured.unwrap_or(Json::String(text))
                }
                _ => Json::Null,
            };
            cells.insert(plain.to_owned(), value);
        } else if let Some(plain) = name.strip_suffix(MICROS) {
            let moment = cell.as_i64().and_then(chrono::DateTime::from_timestamp_micros);
            let text = moment.map(|at| Json::String(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)));
            cells.insert(format!("{plain}_at"), text.unwrap_or_default());
        } else {
            cells.insert(name.to_owned(), cell.clone());
        }
    }
    Ok(cells)
}

fn value_of(cell: &Json, kind: ArrayType) -> Option<Value> {
    Some(match (kind, cell) {
        (ArrayType::Uuid, Json::Null) => Value::Uuid(None),
        (ArrayType::Uuid, Json::String(text)) => Value::Uuid(Some(Uuid::try_parse(text).ok()?)),
        (ArrayType::Bytes, Json::Null) => Value::Bytes(None),
        (ArrayType::Bytes, Json::String(text)) => Value::Bytes(Some(STANDARD.decode(text).ok()?)),
        (ArrayType::String, Json::Null) => Value::String(None),
        (ArrayType::String, Json::String(text)) => Value::String(Some(text.clone())),
        (ArrayType::BigInt, Json::Null) => Value::BigInt(None),
        (ArrayType::BigInt, Json::Number(number)) => Value::BigInt(Some(number.as_i64()?)),
        (ArrayType::Bool, Json::Null) => Value::Bool(None),
        (ArrayType::Bool, Json::Bool(flag)) => Value::Bool(Some(*flag)),
        _ => return None,
    })
}

impl Row {
    /// The row that its sealed columns are bound to.
    pub(crate) fn seal_row(&self) -> Uuid {
        self.uuid("id")
            .or_else(|| self.uuid("person"))
            .or_else(|| self.text("name").map(setting_row))
            .or_else(|| self.uuid("account_id"))
            .unwrap_or_default()
    }

    /// A column that holds an id.
    pub(crate) fn uuid(&self, column: &str) -> Option<Uuid> {
        Uuid::try_parse(self.cells.get(column)?.as_str()?).ok()
    }

    /// A column that holds text.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column)?.as_str()
    }

    /// A column that holds a moment.
    pub(crate) fn moment(&self, column: &str) -> Option<i64> {
        self.cells.get(column)?.as_i64()
    }

    /// Puts something else into a column.
    pub(crate) fn set(&mut self, column: &str, value: impl Into<Json>) {
        self.cells.insert(column.to_owned(), value.into());
    }
}
