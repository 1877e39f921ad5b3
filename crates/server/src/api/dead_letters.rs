//! `/api/v1/dead-letters`: what was given up, to webhooks, channels, mailboxes and inboxes alike.

use super::body;
use super::sql::CsrfValue;
use super::webhooks::{ReplayRequest, Replayed};
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use bursar_domain::event::Target;
use bursar_domain::id::DispatchId;
use bursar_store::{DeadLetter, Paging};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Dead letters of a page, without a limit.
const PAGE: u64 = 50;

/// What was given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetters {
    /// Deliveries that nobody tries any more, the oldest first.
    items: Vec<DeadLetterView>,
    /// For the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
}

/// A delivery that nobody tries any more.
#[derive(Debug, Serialize, ToSchema)]
struct DeadLetterView {
    /// Its id.
    id: String,
    /// The event.
    event: String,
    /// The event's type.
    r#type: String,
    /// Where it should have gone: `webhook`, `channel`, `mail` or `inbox`.
    kind: String,
    /// The id of the webhook, channel or account.
    target: String,
    /// Why it did not.
    reason: String,
    /// How many attempts were made.
    attempts: u32,
    /// When it was given up.
    #[schema(required)]
    dead_at: Option<DateTime<Utc>>,
}

/// What was given up, the oldest first.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "administration", operation_id = "dead_letters",
    params(
        ("limit" = inline(Option<u64>), Query, description = "At most so many", minimum = 1, maximum = 200),
        ("cursor" = inline(Option<String>), Query, description = "Where the page before ended")),
    responses((status = 200, body = DeadLetters, description = "The dead letters"), CommonProblems))]
pub(crate) async fn dead_letters(
    seen: Seen,
    mut parameters: Parameters,
) -> Result<Json<DeadLetters>, Problem> {
    let limit = parameters.number("limit", 1..=200)?.and_then(|limit| u64::try_from(limit).ok());
    let limit = limit.unwrap_or(PAGE);
    let after: Option<DispatchId> = parameters.parsed("cursor")?;
    parameters.finish()?;
    let mut found = seen.entered.store().dead_letters(Paging { after, limit: limit + 1 }).await?;
    let more = u64::try_from(found.len()).unwrap_or(u64::MAX) > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(DeadLetters { items: found.into_iter().map(view).collect(), next }))
}

/// Makes dead letters again: one, or all.
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "administration", operation_id = "replay_dead_letters", request_body = ReplayRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Replayed, description = "They are on their way"), PostProblems))]
pub(crate) async fn replay(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<ReplayRequest>, JsonRejection>,
) -> Result<Json<Replayed>, Problem> {
    parameters.finish()?;
    let store = seen.entered.store();
    let replayed = match body::read(given)?.delivery {
        Some(delivery) => {
            let delivery: DispatchId = body::id(&delivery, "delivery")?;
            store.replay_dead_letter(seen.actor(), delivery).await?;
            1
        }
        None => store.replay_dead_letters(seen.actor(), None).await?,
    };
    app.installation.nudge_messages();
    Ok(Json(Replayed { replayed }))
}

fn view(letter: DeadLetter) -> DeadLetterView {
    let (kind, target) = match letter.target {
        Target::Webhook(id) => ("webhook", id.to_string()),
        Target::Channel(id) => ("channel", id.to_string()),
        Target::Mail(id) => ("mail", id.to_string()),
        Target::Inbox(id) => ("inbox", id.to_string()),
    };
    DeadLetterView {
        id: letter.id.to_string(),
        event: letter.event.id.to_string(),
        r#type: letter.event.data.kind().to_string(),
        kind: kind.to_owned(),
        target,
        reason: letter.reason,
        attempts: letter.attempts,
        dead_at: letter.dead_at,
    }
}
