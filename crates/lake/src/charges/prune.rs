//! Leaving out row groups that cannot hold a wanted row.

use super::part::{Body, Part, Reading};
use super::scan::Unit;
use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, SchemaRef};
use bursar_focus::canonical::{Kind, typed_column};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use std::collections::HashSet;
use std::sync::Arc;

/// The units that may hold a row which the filter lets through. In doubt a unit stays.
pub(super) fn prune(
    parts: &[Part],
    units: Vec<Unit>,
    filter: &Arc<dyn PhysicalExpr>,
    table: &SchemaRef,
) -> Vec<Unit> {
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(table));
    let Ok(predicate) = builder.try_build(Arc::clone(filter)) else { return units };
    if predicate.always_true() {
        return units;
    }
    let statistics = OfUnits { parts, units: &units };
    match predicate.prune(&statistics) {
        Ok(keep) => units.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(unit, _)| unit).collect(),
        Err(_) => units,
    }
}

struct OfUnits<'a> {
    parts: &'a [Part],
    units: &'a [Unit],
}

impl OfUnits<'_> {
    fn bounds(&self, column: &str, largest: bool) -> Option<ArrayRef> {
        let kind = Kind::of(column);
        let data_type = kind.data_type();
        let mut pieces: Vec<ArrayRef> = Vec::new();
        let mut some = false;
        // Units of a part are neighbours: read a part's statistics once.
        let mut at = 0;
        while at < self.units.len() {
            let part_index = self.units[at].part;
            let end = self.units[at..].iter().take_while(|u| u.part == part_index).count() + at;
            let groups: Vec<usize> = self.units[at..end].iter().map(|u| u.group).collect();
            let part = &self.parts[part_index];
            let piece = match part.constant(column) {
                Some(value) => {
                    let first = arrow::array::UInt32Array::from(vec![0; groups.len()]);
                    take(value, &first, None).ok()
                }
                None => bounds_of_part(part, column, kind, &groups, largest),
            };
            some |= piece.is_some();
            pieces.push(piece.unwrap_or_else(|| new_null_array(&data_type, groups.len())));
            at = end;
        }
        if !some {
            return None;
        }
        let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
        concat(&pieces).ok()
    }
}

fn bounds_of_part(
    part: &Part,
    column: &str,
    kind: Kind,
    groups: &[usize],
    largest: bool,
) -> Option<ArrayRef> {
    let (Body::Parquet(metadata), Reading::Direct(map)) = (&part.body, &part.reading) else { return None };
    if matches!(kind, Kind::Tags | Kind::Json) {
        return None;
    }
    let field = metadata.schema().field(*map.get(column)?);
    let plain = match field.data_type() {
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        other => other.clone(),
    };
    let fields: Vec<_> = metadata
        .schema()
        .fields()
        .iter()
        .map(|f| {
            if f.name() == field.name() {
                Arc::new(f.as_ref().clone().with_data_type(plain.clone()))
            } else {
                Arc::clone(f)
            }
        })
        .collect();
    let schema = arrow::datatypes::Schema::new(fields);
    let converter = StatisticsConverter::try_new(field.name(), &schema, metadata.parquet_schema()).ok()?;
    let all = metadata.metadata().row_groups();
    let wanted = groups.iter().filter_map(|g| all.get(*g));
    let raw =
        if largest { converter.row_group_maxes(wanted) } else { converter.row_group_mins(wanted) }.ok()?;
    let typed = typed_column(column, kind, &raw);
    // A text that means NULL, or a bound that cannot be typed, reads as "unknown".
    let indices: arrow::array::UInt32Array = (0..u32::try_from(groups.len()).ok()?).collect();
    take(&typed.array, &indices, None).ok()
}

impl PruningStatistics for OfUnits<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(&column.name, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(&column.name, true)
    }

    fn num_containers(&self) -> usize {
        self.units.len()
    }

    /// Unknown: a cell such as `NULL` is a text to the writer and missing to us.
    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
