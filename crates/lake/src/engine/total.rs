//! Expressions that cannot fail.
//!
//! A filter's dropped rows are skipped rather than removed, so expressions may see values that the
//! filter was meant to keep away from them (`CAST(x AS INT)` behind `WHERE x ~ '^[0-9]+$'`). Only
//! expressions known never to fail are evaluated that way; for all others the kept rows are copied
//! out first.

use arrow::datatypes::DataType;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, CastExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, LikeExpr, Literal, NotExpr,
};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use std::sync::Arc;

/// Functions of DataFusion and ours that answer for every value of their types.
const FUNCTIONS: [&str; 9] = [
    "coalesce",
    "nullif",
    "lower",
    "upper",
    "btrim",
    "starts_with",
    "contains",
    "character_length",
    super::tag::NAME,
];

/// Whether an expression is a plain column.
pub(super) fn is_column(expr: &Arc<dyn PhysicalExpr>) -> bool {
    expr.downcast_ref::<Column>().is_some()
}

/// Whether the expression has an answer for every row, never an error.
pub(super) fn is_total(expr: &Arc<dyn PhysicalExpr>) -> bool {
    let node = if let Some(binary) = expr.downcast_ref::<BinaryExpr>() {
        use Operator::{
            And, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq, Or, StringConcat,
        };
        matches!(
            binary.op(),
            And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | StringConcat
        )
    } else if let Some(cast) = expr.downcast_ref::<CastExpr>() {
        // Everything has a text form; little else can always be cast.
        matches!(cast.cast_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8)
    } else if let Some(function) = expr.downcast_ref::<ScalarFunctionExpr>() {
        FUNCTIONS.contains(&function.name())
    } else {
        is_column(expr)
            || expr.downcast_ref::<Literal>().is_some()
            || expr.downcast_ref::<CaseExpr>().is_some()
            || expr.downcast_ref::<InListExpr>().is_some()
            || expr.downcast_ref::<IsNullExpr>().is_some()
            || expr.downcast_ref::<IsNotNullExpr>().is_some()
            || expr.downcast_ref::<LikeExpr>().is_some()
            || expr.downcast_ref::<NotExpr>().is_some()
    };
    node && expr.children().into_iter().all(is_total)
}
