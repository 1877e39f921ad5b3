//! `/api/v1/conformance`: which rules of FOCUS the deliveries break, in plain words.

use super::sources::{self, SourceParameter};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What the check found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Conformance {
    /// Rows checked; `notes` say when they are not all rows.
    checked_rows: u64,
    /// Against this version of FOCUS.
    version: String,
    /// What was found, the worst first.
    findings: Vec<FindingView>,
    /// What was not checked, and why.
    notes: Vec<String>,
}

/// A rule that rows break.
#[derive(Debug, Serialize, ToSchema)]
struct FindingView {
    /// The published id of the rule.
    rule: String,
    /// The column it is about.
    #[schema(required)]
    column: Option<String>,
    /// How much it matters.
    level: String,
    /// How many rows break it.
    count: u64,
    /// What it means for the bill.
    explanation: String,
    /// The first of them.
    examples: Vec<ExampleView>,
}

/// A row that breaks a rule.
#[derive(Debug, Serialize, ToSchema)]
struct ExampleView {
    /// In which file.
    file: String,
    /// Which row, from 1; 0 when the file as a whole is meant.
    row: u64,
    /// What it says.
    #[schema(required)]
    value: Option<String>,
}

/// Which rules of FOCUS the deliveries break, in plain words.
#[utoipa::path(get, path = "/api/v1/conformance", tag = "sources", operation_id = "conformance", params(SourceParameter),
    responses((status = 200, body = Conformance, description = "Findings"), CommonProblems))]
pub(crate) async fn conformance(
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<Conformance>, Problem> {
    let source = sources::one(&seen, &mut parameters)?;
    parameters.finish()?;
    let found = seen.workspace.conformance(source).await?;
    let findings = found.findings.into_iter().map(|f| FindingView {
        rule: f.rule,
        column: f.column,
        level: f.level,
        count: f.count,
        explanation: f.explanation,
        examples: f
            .examples
            .into_iter()
            .map(|e| ExampleView { file: e.file, row: e.row, value: e.value })
            .collect(),
    });
    Ok(Json(Conformance {
        checked_rows: found.checked_rows,
        version: found.version,
        findings: findings.collect(),
        notes: found.notes,
    }))
}
