//! `/api/v1/cost/export`: the answer as a file for a spreadsheet.

use super::cost;
use super::question::{self, CostParameters};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bursar_app::export;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What kind of file.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileKind {
    Csv,
    Xlsx,
}

/// The parameter, for the document.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameter; it is read strictly, by name")]
pub(crate) struct ExportParameters {
    /// What kind of file
    #[param(inline)]
    format: FileKind,
}

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The answer of `/api/v1/cost` as a file for a spreadsheet.
#[utoipa::path(get, path = "/api/v1/cost/export", tag = "cost", operation_id = "cost_export",
    params(ExportParameters, CostParameters),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "A dimension is named twice"),
        CommonProblems))]
pub(crate) async fn cost_export(seen: Seen, mut parameters: Parameters) -> Result<Response, Problem> {
    let format = match parameters.one("format")?.as_deref() {
        Some("csv") => FileKind::Csv,
        Some("xlsx") => FileKind::Xlsx,
        _ => return Err(Problem::bad_request("`format` must be csv or xlsx")),
    };
    let asked = question::read(&mut parameters, &seen.workspace)?;
    parameters.finish()?;
    let answer = cost::ask(&seen, asked).await?;
    let made = tokio::task::spawn_blocking(move || match format {
        FileKind::Csv => export::csv(&answer),
        FileKind::Xlsx => export::xlsx(&answer),
    })
    .await;
    let bytes = match made {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(export::ExportError::TooManyRows { .. })) => {
            return Err(Problem::new(
                axum::http::StatusCode::CONFLICT,
                "too-many-rows",
                "the answer does not fit a worksheet",
                "a worksheet holds 1,048,576 rows; take CSV, or narrow the question",
            ));
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "an export could not be written");
            return Err(Problem::internal());
        }
        Err(error) => {
            tracing::error!(%error, "an export panicked");
            return Err(Problem::internal());
        }
    };
    let (kind, name) = match format {
        FileKind::Csv => {
            ("text/csv; charset=utf-8; header=present", "attachment; filename=\"bursar-cost.csv\"")
        }
        FileKind::Xlsx => (XLSX, "attachment; filename=\"bursar-cost.xlsx\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    Ok((headers, bytes).into_response())
}
