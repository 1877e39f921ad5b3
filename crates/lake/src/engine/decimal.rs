//! `/` and `*` of amounts.
//!
//! DataFusion multiplies and divides decimals in 128 bits at the scale the SQL rules ask for: with
//! 18 digits after the point, dividing anything above 0.017 or multiplying anything above 100
//! overflows. Here both are computed over 256 bits and rounded half away from zero to 18 digits,
//! the scale of every amount. Dividing by zero and leaving 38 digits are errors, as in SQL.

use arrow::array::{Array, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type, i256};
use arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use std::sync::Arc;

const SCALE: i8 = 18;
const ONE: i128 = 10_i128.pow(18);
const MAX: i128 = 10_i128.pow(38) - 1;
const AMOUNT: DataType = DataType::Decimal128(38, SCALE);

/// Sends `/` and `*` of amounts to the exact functions.
#[derive(Debug)]
pub struct ExactArithmetic {
    divide: Arc<ScalarUDF>,
    multiply: Arc<ScalarUDF>,
}

impl Default for ExactArithmetic {
    fn default() -> Self {
        let function = |op| Arc::new(ScalarUDF::from(Exact::new(op)));
        Self { divide: function(Op::Divide), multiply: function(Op::Multiply) }
    }
}

impl FunctionRewrite for ExactArithmetic {
    fn name(&self) -> &'static str {
        "exact_arithmetic"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = &expr else {
            return Ok(Transformed::no(expr));
        };
        let function = match op {
            Operator::Divide => &self.divide,
            Operator::Multiply => &self.multiply,
            _ => return Ok(Transformed::no(expr)),
        };
        let (Ok(l), Ok(r)) = (left.get_type(schema), right.get_type(schema)) else {
            return Ok(Transformed::no(expr));
        };
        let deep = |t: &DataType| matches!(t, DataType::Decimal128(_, scale) if *scale > 9);
        let exact =
            |t: &DataType| t.is_integer() || matches!(t, DataType::Decimal128(_, scale) if *scale <= SCALE);
        if !(deep(&l) || deep(&r)) || !exact(&l) || !exact(&r) {
            return Ok(Transformed::no(expr));
        }
        let args = vec![(**left).clone(), (**right).clone()];
        Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), args))))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    Divide,
    Multiply,
}

/// `exact_divide(a, b)` and `exact_multiply(a, b)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    op: Op,
    signature: Signature,
}

impl Exact {
    fn new(op: Op) -> Self {
        Self { op, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Exact {
    fn name(&self) -> &'static str {
        match self.op {
            Op::Divide => "exact_divide",
            Op::Multiply => "exact_multiply",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(AMOUNT)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        match types {
            [_, _] => Ok(vec![AMOUNT, AMOUNT]),
            _ => plan_err!("`{}` takes two amounts", self.name()),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let [left, right] = <[ColumnarValue; 2]>::try_from(args.args)
            .or_else(|_| plan_err!("`{}` takes two amounts", self.name()))?;
        let (left, right) = (left.into_array(rows)?, right.into_array(rows)?);
        let (left, right) = (left.as_primitive::<Decimal128Type>(), right.as_primitive::<Decimal128Type>());
        let values = (0..left.len()).map(|i| {
            if left.is_null(i) || right.is_null(i) {
                return Ok(None);
            }
            let (a, b) = (left.value(i), right.value(i));
            match self.op {
                Op::Divide => divide(a, b),
                Op::Multiply => multiply(a, b),
            }
            .map(Some)
        });
        let values = values.collect::<std::result::Result<Decimal128Array, ArrowError>>()?;
        Ok(ColumnarValue::Array(Arc::new(values.with_precision_and_scale(38, SCALE)?)))
    }
}

fn too_large() -> ArrowError {
    ArrowError::ArithmeticOverflow(
        "a product or quotient of amounts has more than 20 digits before the point".to_owned(),
    )
}

fn multiply(a: i128, b: i128) -> std::result::Result<i128, ArrowError> {
    match a.checked_mul(b) {
        Some(product) => round_div(product, ONE).ok_or_else(too_large),
        None => wide(i256::from_i128(a).wrapping_mul(i256::from_i128(b)), ONE),
    }
}

fn divide(a: i128, b: i128) -> std::result::Result<i128, ArrowError> {
    if b == 0 {
        return Err(ArrowError::DivideByZero);
    }
    match a.checked_mul(ONE) {
        Some(scaled) => round_div(scaled, b).ok_or_else(too_large),
        None => wide(i256::from_i128(a).wrapping_mul(i256::from_i128(ONE)), b),
    }
}

/// `a / b`, rounded half away from zero.
fn round_div(a: i128, b: i128) -> Option<i128> {
    let (quotient, rest) = (a.checked_div(b)?, a.checked_rem(b)?);
    let up = rest.unsigned_abs() >= b.unsigned_abs() - rest.unsigned_abs();
    let quotient =
        if up && rest != 0 { quotient + if (a < 0) == (b < 0) { 1 } else { -1 } } else { quotient };
    (quotient.abs() <= MAX).then_some(quotient)
}

/// The same over 256 bits; two 38-digit factors have at most 76 digits, which fit.
fn wide(a: i256, b: i128) -> std::result::Result<i128, ArrowError> {
    let divisor = i256::from_i128(b);
    let quotient = a.checked_div(divisor).ok_or_else(too_large)?;
    let rest = a.checked_rem(divisor).ok_or_else(too_large)?.wrapping_abs();
    let up = rest != i256::ZERO && rest >= divisor.wrapping_abs().wrapping_sub(rest);
    let step = if (a < i256::ZERO) == (b < 0) { i256::ONE } else { i256::MINUS_ONE };
    let rounded = if up { quotient.wrapping_add(step) } else { quotient };
    rounded.to_i128().filter(|v| v.abs() <= MAX).ok_or_else(too_large)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> i128 {
        let (whole, fraction) =
            text.trim_start_matches('-').split_once('.').unwrap_or((text.trim_start_matches('-'), ""));
        let value =
            whole.parse::<i128>().unwrap() * ONE + format!("{fraction:0<18}").parse::<i128>().unwrap();
        if text.starts_with('-') { -value } else { value }
    }

    #[test]
    fn amounts_divide_and_multiply_beyond_128_bits() {
        let check = |a: &str, b: &str, quotient: &str, product: &str| {
            assert_eq!(divide(units(a), units(b)).unwrap(), units(quotient), "{a} / {b}");
            assert_eq!(multiply(units(a), units(b)).unwrap(), units(product), "{a} * {b}");
        };
        check("1", "3", "0.333333333333333333", "3");
        check("2", "3", "0.666666666666666667", "6");
        check("-2", "3", "-0.666666666666666667", "-6");
        check("-2", "-3", "0.666666666666666667", "6");
        check("1000000000.5", "0.25", "4000000002", "250000000.125");
        check("99999999999999999999", "1", "99999999999999999999", "99999999999999999999");
        check("0.000000000000000001", "2", "0.000000000000000001", "0.000000000000000002");
        check("0.000000000000000001", "3", "0", "0.000000000000000003");
    }

    #[test]
    fn refusals() {
        assert!(matches!(divide(ONE, 0), Err(ArrowError::DivideByZero)));
        assert!(multiply(MAX, MAX).is_err());
        assert!(divide(MAX, 1).is_err());
    }
}
