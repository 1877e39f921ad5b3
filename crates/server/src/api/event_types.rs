//! `/api/v1/event-types`: the events there are, for whoever sets up webhooks and alert rules.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use bursar_domain::event::EventType;
use serde::Serialize;
use utoipa::ToSchema;

/// The types of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventTypes {
    /// The types, as docs/reference/events.md lists them.
    items: Vec<EventTypeView>,
}

/// A type of event.
#[derive(Debug, Serialize, ToSchema)]
struct EventTypeView {
    /// Its name; the version is a part of it.
    #[schema(example = "org.bursar.member.added.v1")]
    r#type: String,
    /// What it is.
    description: String,
    /// How much it asks for attention: `info`, `warning` or `critical`.
    severity: String,
    /// The JSON schema (2020-12) of its `data`.
    schema: serde_json::Value,
    /// `data` as an event of this type may have them.
    example: serde_json::Value,
}

/// The types of events, each with the schema of its data.
#[utoipa::path(get, path = "/api/v1/event-types", tag = "administration", operation_id = "event_types",
    responses((status = 200, body = EventTypes, description = "The types"), CommonProblems))]
pub(crate) async fn event_types(_: Seen, parameters: Parameters) -> Result<Json<EventTypes>, Problem> {
    parameters.finish()?;
    let view = |kind: &EventType| EventTypeView {
        r#type: kind.name().to_owned(),
        description: kind.summary(),
        severity: kind.severity().to_string(),
        schema: kind.schema(),
        example: kind.example(),
    };
    Ok(Json(EventTypes { items: EventType::ALL.iter().map(view).collect() }))
}
