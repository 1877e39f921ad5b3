//! `/api/v1/sql`: one SELECT over the workspace's tables.
//!
//! A text that is no SELECT is refused (403) whether it is DDL, a file read or no SQL at all: no
//! schema can tell them apart, and in each case the answer is that this is not run.

use super::model::Read;
use crate::parameters::Parameters;
use crate::problem::{PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest SQL text, in bytes.
const MAX_SQL_BYTES: usize = 100_000;

/// A SELECT and how many rows to answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequest {
    /// One SELECT statement. Tables: `focus`, and as far as delivered `contract_commitment`, `invoice_detail`, `billing_period`.
    #[schema(max_length = 20000, example = "SELECT ServiceName, SUM(EffectiveCost) FROM focus GROUP BY 1")]
    sql: String,
    /// At most so many rows; 1000 when left out.
    #[serde(default = "default_limit", deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 10000, default = 1000)]
    limit: u32,
}

/// A whole number, which in JSON may be spelt `5.0` (JSON Schema: an integer is a number without fraction).
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_u64().and_then(|n| u32::try_from(n).ok()).or_else(|| {
        let text = number.to_string();
        text.split_once('.')
            .filter(|(_, zeros)| zeros.bytes().all(|b| b == b'0'))
            .and_then(|(n, _)| n.parse().ok())
    });
    whole.ok_or_else(|| serde::de::Error::custom("expected a whole number from 1 to 10000"))
}

fn default_limit() -> u32 {
    1_000
}

/// A table; every cell is text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// The columns.
    columns: Vec<SqlColumn>,
    /// The rows; null is NULL.
    rows: Vec<Vec<Option<String>>>,
    /// Whether there are more rows.
    truncated: bool,
    /// What was read.
    read: Read,
}

/// A column of the answer.
#[derive(Debug, Serialize, ToSchema)]
struct SqlColumn {
    /// Its name.
    name: String,
    /// Its type.
    r#type: String,
}

/// One SELECT over the workspace's tables.
#[utoipa::path(post, path = "/api/v1/sql", tag = "cost", operation_id = "sql", request_body = SqlRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = SqlAnswer, description = "The table"), PostProblems))]
pub(crate) async fn sql(
    seen: Seen,
    parameters: Parameters,
    body: Result<Json<SqlRequest>, JsonRejection>,
) -> Result<Json<SqlAnswer>, Problem> {
    parameters.finish()?;
    let Json(request) = body.map_err(unreadable)?;
    if request.sql.len() > MAX_SQL_BYTES || request.sql.chars().count() > 20_000 {
        return Err(Problem::bad_request("`sql` is longer than 20000 characters"));
    }
    if !(1..=10_000).contains(&request.limit) {
        return Err(Problem::bad_request(format!(
            "`limit` is {}: expected a whole number from 1 to 10000",
            request.limit
        )));
    }
    let limit = usize::try_from(request.limit).unwrap_or(1_000);
    let table = seen.workspace.sql(&request.sql, limit).await?;
    Ok(Json(SqlAnswer {
        columns: table.columns.into_iter().map(|(name, r#type)| SqlColumn { name, r#type }).collect(),
        rows: table.rows,
        truncated: table.truncated,
        read: table.read.into(),
    }))
}

/// The one value of the CSRF header.
#[derive(Debug, Serialize, ToSchema)]
#[expect(dead_code, reason = "describes the header; the guard checks it")]
pub(crate) enum CsrfValue {
    /// Sent on purpose.
    #[serde(rename = "1")]
    One,
}

fn unreadable(rejection: JsonRejection) -> Problem {
    match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "the body is not JSON",
            "send the header `Content-Type: application/json`",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the request is too large",
            format!("at most {} bytes are read", crate::layers::limits::MAX_BODY_BYTES),
        ),
        // The text says where in the JSON, and repeats none of our internals.
        _ => Problem::bad_request(rejection.body_text()),
    }
}
