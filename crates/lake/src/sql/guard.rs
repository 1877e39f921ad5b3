//! What a SQL text may be.

use super::{MAX_SQL_BYTES, QueryError, table_of};
use crate::charges::column_names;
use bursar_focus::spec::Dataset;
use datafusion::common::SchemaError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

/// Functions that make tables out of nothing: not ours to offer.
pub(super) const TABLE_FUNCTIONS: [&str; 2] = ["generate_series", "range"];

/// Tables one may read.
const TABLES: [&str; 4] = {
    let [charges, contracts, invoices, periods] = Dataset::ALL;
    [table_of(charges), table_of(contracts), table_of(invoices), table_of(periods)]
};

pub(super) fn check_text(sql: &str) -> Result<(), QueryError> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(QueryError::Refused(format!(
            "the SQL text has {} bytes: at most {MAX_SQL_BYTES} are accepted",
            sql.len()
        )));
    }
    if sql.trim().is_empty() {
        return Err(QueryError::NotUnderstood("the SQL text is empty: expected one SELECT".into()));
    }
    Ok(())
}

/// A statement that is no query is refused before anything is planned.
pub(super) fn check_statement(sql: &str) -> Result<(), QueryError> {
    let statements = DFParser::parse_sql(sql).map_err(QueryError::of)?;
    let query = |statement: &Statement| match statement {
        Statement::Statement(statement) => matches!(**statement, SqlStatement::Query(_)),
        Statement::Explain(explain) => {
            matches!(&*explain.statement, Statement::Statement(inner) if matches!(**inner, SqlStatement::Query(_)))
        }
        _ => false,
    };
    match statements.len() {
        1 if statements.iter().all(query) => Ok(()),
        0 => Err(QueryError::NotUnderstood("the SQL text is empty: expected one SELECT".into())),
        _ => Err(QueryError::Refused(
            "only one SELECT is accepted: nothing that creates, changes, copies or sets".into(),
        )),
    }
}

/// Queries only, over our tables only.
pub(super) fn check_plan(plan: &LogicalPlan) -> Result<(), QueryError> {
    let queries_only =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    queries_only.verify_plan(plan).map_err(|_| {
        QueryError::Refused(
            "only one SELECT is accepted: nothing that creates, changes, copies or sets".into(),
        )
    })?;
    let stranger = tables(plan).into_iter().find(|table| !TABLES.contains(&table.as_str()));
    match stranger {
        Some(table) => Err(QueryError::Refused(format!(
            "table `{table}` may not be read: the tables are {}",
            TABLES.join(", ")
        ))),
        None => Ok(()),
    }
}

/// No join of everything with everything.
pub(super) fn check_joins(optimised: &LogicalPlan) -> Result<(), QueryError> {
    let mut refused = false;
    let single = |plan: &LogicalPlan| plan.max_rows().is_some_and(|rows| rows <= 1_000);
    let _ = optimised.apply_with_subqueries(|node| {
        if let LogicalPlan::Join(join) = node {
            let conditions = !join.on.is_empty();
            if !conditions && !single(&join.left) && !single(&join.right) {
                refused = true;
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    if refused {
        return Err(QueryError::Refused(
            "the join has no equality between its sides, so that every row would meet every other: join ON a column".into(),
        ));
    }
    Ok(())
}

/// Names of the tables a plan reads.
pub(super) fn tables(plan: &LogicalPlan) -> Vec<String> {
    let mut names = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            names.push(scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    names
}

/// An unknown column or table with the near names.
pub(super) fn explain(error: DataFusionError, context: &SessionContext) -> QueryError {
    if let DataFusionError::SchemaError(schema, _) = error.find_root()
        && let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref()
    {
        let known: Vec<&str> = valid_fields.iter().map(|c| c.name.as_str()).collect();
        let mut known = if known.is_empty() { column_names() } else { known };
        known.sort_unstable();
        known.dedup();
        return QueryError::NotUnderstood(format!(
            "there is no column `{}`{}",
            field.name,
            near(&field.name, &known)
        ));
    }
    let text = error.strip_backtrace();
    if let Some(rest) = text.split("table '").nth(1) {
        let name = rest.split('\'').next().unwrap_or_default().rsplit('.').next().unwrap_or_default();
        if text.contains("not found") {
            let _ = context;
            return QueryError::NotUnderstood(format!(
                "there is no table `{name}`: the tables are {}",
                TABLES.join(", ")
            ));
        }
    }
    if text.contains("Unsupported SQL statement")
        || text.contains("not supported") && !text.contains("SELECT")
    {
        return QueryError::Refused(
            "only one SELECT is accepted: nothing that creates, changes, copies or sets".into(),
        );
    }
    QueryError::of(error)
}

/// `; did you mean A or B?`, or where to see the names.
pub(crate) fn near(given: &str, known: &[&str]) -> String {
    let given = given.to_ascii_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .iter()
        .map(|name| {
            let lower = name.to_ascii_lowercase();
            let inside = lower.contains(&given) || given.contains(&lower);
            let score = strsim::jaro_winkler(&given, &lower);
            (if inside { score.max(0.86) } else { score }, *name)
        })
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let names: Vec<String> = scored.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => format!("; columns are {}, …", known.iter().take(6).copied().collect::<Vec<_>>().join(", ")),
        [one] => format!("; did you mean {one}?"),
        [rest @ .., last] => format!("; did you mean {} or {last}?", rest.join(", ")),
    }
}
