//! `/api/v1/workspace`: what a page needs to know before it asks anything.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_app::Measure;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// The workspace and what its deliveries cover.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkspaceView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The present day, UTC.
    today: NaiveDate,
    /// First day with charges.
    #[schema(required)]
    first_day: Option<NaiveDate>,
    /// Last day with charges.
    #[schema(required)]
    last_day: Option<NaiveDate>,
    /// Currencies of the charges.
    currencies: Vec<String>,
    /// Whose bills they are.
    providers: Vec<String>,
    /// The measure to begin with.
    default_measure: &'static str,
    /// The measures there are.
    measures: Vec<MeasureView>,
    /// How many sources.
    sources: u64,
    /// How many deliveries.
    deliveries: u64,
    /// The refresh that runs, if one does.
    #[schema(required)]
    refresh: Option<Progress>,
}

/// A measure to choose from.
#[derive(Debug, Serialize, ToSchema)]
struct MeasureView {
    /// The FOCUS column.
    id: &'static str,
    /// For a page.
    label: &'static str,
    /// What it is good for.
    help: &'static str,
}

/// Work under way.
#[derive(Debug, Serialize, ToSchema)]
struct Progress {
    /// What is being done.
    what: String,
    /// Steps done.
    done: u64,
    /// Steps in all, as far as known.
    total: u64,
}

/// The workspace and what its deliveries cover.
#[utoipa::path(get, path = "/api/v1/workspace", tag = "cost", operation_id = "workspace",
    responses((status = 200, body = WorkspaceView, description = "The workspace"), CommonProblems))]
pub(crate) async fn workspace(seen: Seen, parameters: Parameters) -> Result<Json<WorkspaceView>, Problem> {
    parameters.finish()?;
    let workspace = &seen.workspace;
    let summary = workspace.summary();
    let measures = Measure::ALL.map(|m| MeasureView { id: m.id(), label: m.label(), help: m.help() });
    Ok(Json(WorkspaceView {
        id: workspace.id().to_string(),
        name: workspace.name().to_owned(),
        today: workspace.clock().today(),
        first_day: summary.first_day,
        last_day: summary.last_day,
        currencies: summary.currencies,
        providers: summary.providers,
        default_measure: Measure::default().id(),
        measures: measures.into(),
        sources: summary.sources,
        deliveries: summary.deliveries,
        refresh: summary.refresh.map(|p| Progress { what: p.what, done: p.done, total: p.total }),
    }))
}
