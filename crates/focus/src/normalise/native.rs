//! Reading a native batch by column, whatever types its writer chose.
//!
//! Names are compared by letters and digits only, lower-cased: `lineItem/UsageAmount`,
//! `line_item_usage_amount` and `LineItem_UsageAmount` are one column, and Azure's
//! `BillingAccountId` is MCA's `billingAccountId`. The first column of a name wins.

use super::Dropped;
use crate::canonical::{
    DATETIME, DECIMAL, Fault, datetime_column, decimal_column, is_null_text, string_column,
};
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, MapArray, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Decimal128Type, Schema, TimestampMicrosecondType};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Letters and digits of a column name, lower-cased.
pub(super) fn key_of(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A file's column names by key.
#[derive(Debug)]
pub(super) struct Names {
    by_key: HashMap<String, String>,
    all: Vec<String>,
}

impl Names {
    pub(super) fn new(columns: &Schema) -> Self {
        let mut by_key = HashMap::new();
        let mut all = Vec::new();
        for field in columns.fields() {
            by_key.entry(key_of(field.name())).or_insert_with(|| field.name().clone());
            all.push(field.name().clone());
        }
        Self { by_key, all }
    }

    /// Whether the file has the column; `name` in any spelling.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_key.contains_key(&key_of(name))
    }

    /// Every column of the file.
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }

    /// The file's spelling.
    fn spelling(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }
}

/// Which rows of a batch go out.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Rows that go out; all when absent.
    pub(super) keep: Option<Vec<bool>>,
    /// Rows that go out twice; none when absent.
    pub(super) double: Option<Vec<bool>>,
    /// What is left out, by reason.
    pub(super) dropped: Vec<Dropped>,
}

/// A native batch. Every read is recorded, and every cell that could not be typed.
pub(super) struct Native<'a> {
    batch: &'a RecordBatch,
    names: &'a Names,
    touched: RefCell<BTreeSet<String>>,
    faults: RefCell<Vec<Fault>>,
    rounded: Cell<usize>,
    texts: RefCell<HashMap<&'static str, StringArray>>,
    decimals: RefCell<HashMap<&'static str, Decimal128Array>>,
}

impl<'a> Native<'a> {
    pub(super) fn new(batch: &'a RecordBatch, names: &'a Names) -> Self {
        Self {
            batch,
            names,
            touched: RefCell::default(),
            faults: RefCell::default(),
            rounded: Cell::new(0),
            texts: RefCell::default(),
            decimals: RefCell::default(),
        }
    }

    /// Rows in the batch.
    pub(super) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// The file's columns.
    pub(super) fn names(&self) -> &Names {
        self.names
    }

    /// Columns read so far, as the file spells them.
    pub(super) fn touched(self) -> Vec<String> {
        self.touched.into_inner().into_iter().collect()
    }

    /// Faults and the number of rounded decimals.
    pub(super) fn finish(self) -> (Vec<Fault>, usize) {
        (self.faults.into_inner(), self.rounded.get())
    }

    /// The column of a key (see [`key_of`]), if the file and the batch have it.
    pub(super) fn array(&self, key: &str) -> Option<ArrayRef> {
        let name = self.names.spelling(key)?;
        self.named(name)
    }

    /// The column with exactly this name.
    pub(super) fn named(&self, name: &str) -> Option<ArrayRef> {
        let array = self.batch.column_by_name(name)?;
        self.touched.borrow_mut().insert(name.to_owned());
        Some(Arc::clone(array))
    }

    fn keep(&self, typed: crate::canonical::Typed, key: &str) -> ArrayRef {
        if !typed.faults.is_empty() {
            let column = self.names.spelling(key).unwrap_or(key);
            let named = typed.faults.into_iter().map(|fault| Fault { column: column.to_owned(), ..fault });
            self.faults.borrow_mut().extend(named);
        }
        self.rounded.set(self.rounded.get() + typed.rounded);
        typed.array
    }

    /// Says that a cell is faulty, unless it was said before.
    pub(super) fn fault(&self, row: usize, key: &str, value: String, reason: &'static str) {
        let column = self.names.spelling(key).unwrap_or(key).to_owned();
        let mut faults = self.faults.borrow_mut();
        if !faults.iter().any(|known| known.row == row && known.column == column) {
            faults.push(Fault { row, column, value, reason });
        }
    }

    /// A column as text; NULLs when the file has none.
    pub(super) fn text(&self, key: &'static str) -> StringArray {
        if let Some(known) = self.texts.borrow().get(key) {
            return known.clone();
        }
        let text = match self.array(key) {
            Some(array) => self.keep(string_column(key, &array), key).as_string::<i32>().clone(),
            None => self.no_text(),
        };
        self.texts.borrow_mut().insert(key, text.clone());
        text
    }

    /// The first of these columns that the file has, as text.
    pub(super) fn text_of(&self, keys: &[&'static str]) -> StringArray {
        keys.iter()
            .find(|key| self.names.by_key.contains_key(**key))
            .map_or_else(|| self.no_text(), |key| self.text(key))
    }

    /// As many NULLs as rows.
    pub(super) fn no_text(&self) -> StringArray {
        StringArray::new_null(self.rows())
    }

    /// A column as decimals; NULLs when the file has none.
    pub(super) fn decimal(&self, key: &'static str) -> Decimal128Array {
        if let Some(known) = self.decimals.borrow().get(key) {
            return known.clone();
        }
        let array = match self.array(key) {
            Some(array) => self.keep(decimal_column(key, &array), key),
            None => new_null_array(&DECIMAL, self.rows()),
        };
        let decimals = array.as_primitive::<Decimal128Type>().clone();
        self.decimals.borrow_mut().insert(key, decimals.clone());
        decimals
    }

    /// The first of these columns that the file has, as decimals.
    pub(super) fn decimal_of(&self, keys: &[&'static str]) -> Decimal128Array {
        match keys.iter().find(|key| self.names.by_key.contains_key(**key)) {
            Some(key) => self.decimal(key),
            None => new_null_array(&DECIMAL, self.rows()).as_primitive::<Decimal128Type>().clone(),
        }
    }

    /// The first of these columns that the file has, as times.
    pub(super) fn time_of(&self, keys: &[&'static str]) -> TimestampMicrosecondArray {
        let array = keys.iter().find_map(|key| Some((*key, self.array(key)?)));
        let array = match array {
            Some((key, array)) => self.keep(datetime_column(key, &array), key),
            None => new_null_array(&DATETIME, self.rows()),
        };
        array.as_primitive::<TimestampMicrosecondType>().clone()
    }

    /// Values of entries of a map-like column (a map, a struct, or JSON text), one column per
    /// key. The keys of the column are compared like column names.
    pub(super) fn entries(&self, key: &'static str, wanted: &[&'static str]) -> Vec<StringArray> {
        let Some(array) = self.array(key) else { return wanted.iter().map(|_| self.no_text()).collect() };
        match array.data_type() {
            DataType::Map(_, _) => map_entries(array.as_map(), wanted),
            DataType::Struct(_) => struct_entries(array.as_struct(), wanted),
            _ => json_entries(self.text(key), wanted),
        }
    }
}

fn map_entries(map: &MapArray, wanted: &[&'static str]) -> Vec<StringArray> {
    let empty = || wanted.iter().map(|_| StringArray::new_null(map.len())).collect();
    let keys = string_column("key", map.keys());
    let values = string_column("value", map.values());
    if !keys.faults.is_empty() || !values.faults.is_empty() {
        return empty();
    }
    let (keys, values) = (keys.array.as_string::<i32>(), values.array.as_string::<i32>());
    let offsets = map.value_offsets();
    let mut columns: Vec<StringBuilder> =
        wanted.iter().map(|_| StringBuilder::with_capacity(map.len(), 0)).collect();
    for row in 0..map.len() {
        let mut found: Vec<Option<&str>> = vec![None; wanted.len()];
        if map.is_valid(row) {
            let range = offset(offsets[row])..offset(offsets[row + 1]);
            for at in range.filter(|at| values.is_valid(*at)) {
                if let Some(index) = position(wanted, keys.value(at)) {
                    found[index].get_or_insert(values.value(at));
                }
            }
        }
        for (column, value) in columns.iter_mut().zip(found) {
            column.append_option(value);
        }
    }
    columns.into_iter().map(|mut column| column.finish()).collect()
}

fn offset(value: i32) -> usize {
    usize::try_from(value).unwrap_or(0)
}

fn struct_entries(fields: &StructArray, wanted: &[&'static str]) -> Vec<StringArray> {
    wanted
        .iter()
        .map(|key| {
            let child = fields.fields().iter().position(|field| key_of(field.name()) == *key);
            match child.map(|index| string_column(key, fields.column(index))) {
                Some(typed) => typed.array.as_string::<i32>().clone(),
                None => StringArray::new_null(fields.len()),
            }
        })
        .collect()
}

fn json_entries(text: StringArray, wanted: &[&'static str]) -> Vec<StringArray> {
    let mut columns: Vec<StringBuilder> =
        wanted.iter().map(|_| StringBuilder::with_capacity(text.len(), 0)).collect();
    // Neighbouring rows are mostly of one product.
    let mut last: Option<(&str, Vec<Option<String>>)> = None;
    for cell in &text {
        let Some(cell) = cell else {
            for column in &mut columns {
                column.append_null();
            }
            continue;
        };
        if last.as_ref().is_none_or(|(known, _)| *known != cell) {
            last = Some((cell, json_object(cell, wanted)));
        }
        if let Some((_, values)) = &last {
            for (column, value) in columns.iter_mut().zip(values) {
                column.append_option(value.as_deref());
            }
        }
    }
    columns.into_iter().map(|mut column| column.finish()).collect()
}

fn json_object(text: &str, wanted: &[&'static str]) -> Vec<Option<String>> {
    let mut found = vec![None; wanted.len()];
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str::<serde_json::Value>(text) {
        for (key, value) in object {
            if let Some(index) = position(wanted, &key) {
                let value = match value {
                    serde_json::Value::String(text) => Some(text),
                    serde_json::Value::Null => None,
                    other => Some(other.to_string()),
                };
                found[index] = value.filter(|text| !is_null_text(text));
            }
        }
    }
    found
}

fn position(wanted: &[&'static str], name: &str) -> Option<usize> {
    wanted.iter().position(|key| *key == name).or_else(|| {
        let key = key_of(name);
        wanted.iter().position(|wanted| *wanted == key)
    })
}

/// A text cell, if it is there.
pub(super) fn cell(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// A decimal cell, if it is there.
pub(super) fn units(column: &Decimal128Array, row: usize) -> Option<i128> {
    column.is_valid(row).then(|| column.value(row))
}

/// A time cell, if it is there.
pub(super) fn micros(column: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// A text column from a function of the row.
pub(super) fn texts<'t>(rows: usize, of: impl Fn(usize) -> Option<&'t str>) -> ArrayRef {
    let mut column = StringBuilder::with_capacity(rows, rows * 8);
    for row in 0..rows {
        column.append_option(of(row));
    }
    Arc::new(column.finish())
}

/// A decimal column from a function of the row.
pub(super) fn decimals(rows: usize, of: impl Fn(usize) -> Option<i128>) -> ArrayRef {
    let column: Decimal128Array = (0..rows).map(of).collect();
    Arc::new(column.with_data_type(DECIMAL))
}

/// A time column from a function of the row.
pub(super) fn times(rows: usize, of: impl Fn(usize) -> Option<i64>) -> ArrayRef {
    Arc::new((0..rows).map(of).collect::<TimestampMicrosecondArray>())
}

/// The first of two columns that has a value, row by row.
pub(super) fn either(first: &StringArray, second: &StringArray) -> ArrayRef {
    if first.null_count() == 0 {
        return Arc::new(first.clone());
    }
    texts(first.len(), |row| cell(first, row).or_else(|| cell(second, row)))
}

/// One text in every row.
pub(super) fn constant(rows: usize, text: &str) -> ArrayRef {
    texts(rows, |_| Some(text))
}
