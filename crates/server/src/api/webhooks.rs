//! `/api/v1/webhooks`: where events are sent. A secret is answered once, when it is made.
//!
//! A URL is shown to whoever may set it; what receivers inside answer is not (see `bursar-notify`).

use super::body::{self, Done};
use super::forecast::unfit;
use super::giving;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use crate::state::App;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use bursar_app::installation::TrialError;
use bursar_domain::event::{EventType, Target};
use bursar_domain::id::{DispatchId, WebhookId};
use bursar_store::{
    DispatchState, Dispatched, Entry, NewWebhook, Outcome, Paging, Webhook, WebhookChange, WebhookState,
};
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// How long the secret before signs as well.
const BOTH_FOR: TimeDelta = TimeDelta::days(1);
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 100;
/// Deliveries of a page of the log, without a limit.
const PAGE: u64 = 50;

/// The webhooks of the workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhooks {
    /// The webhooks, in the order they were added.
    items: Vec<WebhookView>,
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// Its id.
    id: String,
    /// Where events are sent.
    url: String,
    /// The types of events it gets; null is all.
    #[schema(required)]
    types: Option<Vec<String>>,
    /// What it is for.
    description: String,
    /// Whether it gets events.
    state: WebhookStateId,
    /// Why it gets none, if it gets none.
    #[schema(required)]
    paused_reason: Option<String>,
    /// Since when no delivery succeeded, if the last one failed.
    #[schema(required)]
    failing_since: Option<DateTime<Utc>>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// Until when the secret before signs as well, if it still does.
    #[schema(required)]
    secret_rotates_until: Option<DateTime<Utc>>,
}

/// Whether a webhook gets events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WebhookStateId {
    /// It does.
    Active,
    /// Not until somebody resumes it; what it misses lies with the dead letters.
    Paused,
    /// Its receiver said that it is gone (410): what happens meanwhile is not kept for it.
    Gone,
}

/// A webhook to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookRequest {
    /// Where events are sent: `https` on port 443, to a name on the public internet, or into a network
    /// that the operator allows.
    #[schema(max_length = 2048, example = "https://receiver.example.com/hooks")]
    url: String,
    /// The types of events it gets; all when left out or null.
    #[serde(default)]
    #[schema(required = false, min_items = 1, max_items = 100)]
    types: Option<Vec<String>>,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false, max_length = 100, example = "Ledger of the finance team")]
    description: String,
}

/// What is changed about a webhook; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookPatch {
    /// Where events are sent.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_length = 2048)]
    url: Option<String>,
    /// The types of events it gets; null is all.
    #[serde(default, deserialize_with = "given")]
    #[schema(required = false, value_type = Option<Vec<String>>, min_items = 1, max_items = 100)]
    types: Option<Option<Vec<String>>>,
    /// What it is for.
    #[serde(default)]
    #[schema(required = false, nullable = false, max_length = 100)]
    description: Option<String>,
    /// True pauses it; false lets it get events again, also one that was gone.
    #[serde(default)]
    #[schema(required = false, nullable = false)]
    paused: Option<bool>,
}

/// Tells null from what is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A webhook that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookMade {
    /// The webhook.
    item: WebhookView,
    /// What deliveries are signed with: shown now and never again.
    secret: String,
}

/// A new secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecretMade {
    /// What deliveries are signed with: shown now and never again.
    secret: String,
    /// Until when the secret before signs as well.
    both_until: DateTime<Utc>,
}

/// How a trial went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookTrial {
    /// The status of the answer, if there was one.
    #[schema(required)]
    status: Option<u16>,
    /// Why it failed, if it did.
    #[schema(required)]
    error: Option<String>,
    /// How long it took, in milliseconds.
    took_ms: u64,
}

/// The delivery log of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookDeliveries {
    /// The deliveries, the newest first.
    items: Vec<WebhookDelivery>,
    /// For the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
}

/// A delivery and how its last attempt went.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookDelivery {
    /// Its id.
    id: String,
    /// The event, as in `webhook-id`.
    event: String,
    /// The event's type.
    r#type: String,
    /// How many attempts were made.
    attempt: u32,
    /// When the last attempt ended; before the first, when the delivery was planned.
    at: DateTime<Utc>,
    /// The status of the answer, if there was one.
    #[schema(required)]
    status: Option<u16>,
    /// What was sent, without the signature.
    #[schema(required)]
    request: Option<String>,
    /// The beginning of the answer; null for receivers inside.
    #[schema(required)]
    response: Option<String>,
    /// Why it failed, if it did.
    #[schema(required)]
    error: Option<String>,
    /// When the next attempt is due.
    #[schema(required)]
    next_at: Option<DateTime<Utc>>,
    /// Where it stands.
    state: DeliveryStateId,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeliveryStateId {
    /// It was taken.
    Delivered,
    /// It is tried, or tried again, at `next_at`.
    Retrying,
    /// It lies with the dead letters, to be replayed.
    Dead,
}

/// What is replayed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayRequest {
    /// This delivery; all dead letters when left out.
    #[serde(default)]
    #[schema(required = false, example = "dsp_00000000000000000000000000000000")]
    pub(super) delivery: Option<String>,
}

/// What is being replayed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// How many deliveries are made again.
    pub(super) replayed: u64,
}

/// The webhooks of the workspace.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "administration", operation_id = "webhooks",
    responses((status = 200, body = Webhooks, description = "The webhooks"), CommonProblems))]
pub(crate) async fn webhooks(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<Webhooks>, Problem> {
    parameters.finish()?;
    let now = app.installation.clock().now();
    let items = seen.entered.store().webhooks().await?;
    Ok(Json(Webhooks { items: items.into_iter().map(|webhook| view(webhook, now)).collect() }))
}

/// Adds a webhook. Its secret is in the answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "administration", operation_id = "create_webhook", request_body = WebhookRequest,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = WebhookMade, description = "The webhook and its secret"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The URL is none that events are sent to, a type is unknown, or there are too many webhooks"), PostProblems))]
pub(crate) async fn create(
    State(app): State<App>,
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<WebhookRequest>, JsonRejection>,
) -> Result<Json<WebhookMade>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let name = described(&given.description)?;
    let types = types(given.types)?;
    receiver(&app, &given.url)?;
    giving::sees_everything(&seen, "webhook.add").await?;
    let secret = app.installation.new_webhook_secret().map_err(broken)?;
    let new = NewWebhook { name, url: given.url.into(), types, secret: secret.text().clone() };
    let store = seen.entered.store();
    let id = store.add_webhook(seen.actor(), new).await?;
    let item = view(store.webhook(id).await?, app.installation.clock().now());
    Ok(Json(WebhookMade { item, secret: secret.text().expose_secret().to_owned() }))
}

/// Changes a webhook, pauses it, or lets it get events again.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", tag = "administration", operation_id = "change_webhook", request_body = WebhookPatch,
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = WebhookView, description = "The webhook as it is now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The URL is none that events are sent to, or a type is unknown"), PostProblems))]
pub(crate) async fn change(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<WebhookPatch>, JsonRejection>,
) -> Result<Json<WebhookView>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let id: WebhookId = body::id(&id, "webhook")?;
    let store = seen.entered.store();
    store.webhook(id).await?;
    let name = given.description.as_deref().map(described).transpose()?;
    let types = given.types.map(types).transpose()?;
    if let Some(url) = &given.url {
        receiver(&app, url)?;
    }
    giving::sees_everything(&seen, "webhook.change").await?;
    if name.is_some() || types.is_some() || given.url.is_some() {
        let change = WebhookChange { name, url: given.url.map(Into::into), types };
        store.change_webhook(seen.actor(), id, change).await?;
    }
    match given.paused {
        Some(true) => store.pause_webhook(seen.actor(), id).await?,
        Some(false) => store.resume_webhook(seen.actor(), id).await?,
        None => {}
    }
    Ok(Json(view(store.webhook(id).await?, app.installation.clock().now())))
}

/// Removes a webhook. What waits for it is not sent.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "administration", operation_id = "remove_webhook",
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is no more"), PostProblems))]
pub(crate) async fn remove(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: WebhookId = body::id(&id, "webhook")?;
    seen.entered.store().remove_webhook(seen.actor(), id).await?;
    Ok(body::done())
}

/// Gives a webhook another secret. For a day deliveries are signed with both.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "administration", operation_id = "rotate_webhook_secret",
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = WebhookSecretMade, description = "The new secret"), PostProblems))]
pub(crate) async fn rotate(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<WebhookSecretMade>, Problem> {
    parameters.finish()?;
    let id: WebhookId = body::id(&id, "webhook")?;
    let secret = app.installation.new_webhook_secret().map_err(broken)?;
    let both_until = app.installation.clock().now() + BOTH_FOR;
    seen.entered.store().rotate_webhook_secret(seen.actor(), id, secret.text(), BOTH_FOR).await?;
    Ok(Json(WebhookSecretMade { secret: secret.text().expose_secret().to_owned(), both_until }))
}

/// Sends a webhook a signed event of a trial and waits for the answer. It is not repeated.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "administration", operation_id = "test_webhook",
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = WebhookTrial, description = "How it went"), PostProblems))]
pub(crate) async fn test(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<WebhookTrial>, Problem> {
    parameters.finish()?;
    let id: WebhookId = body::id(&id, "webhook")?;
    let workspace = seen.entered.access().workspace();
    let trial = app.installation.try_webhook(workspace, seen.entered.store(), id).await;
    let trial = trial.map_err(|error| match error {
        TrialError::Store(error) => error.into(),
        error => broken(error),
    })?;
    let outcome = if trial.error.is_none() { Outcome::Done } else { Outcome::Failed };
    let entry = Entry::done("webhook.test", id)
        .outcome(outcome)
        .with(serde_json::json!({ "status": trial.status, "why": trial.error }));
    seen.entered.store().note(seen.actor(), entry).await?;
    Ok(Json(WebhookTrial { status: trial.status, error: trial.error, took_ms: trial.took_ms }))
}

/// The delivery log of a webhook, the newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "administration", operation_id = "webhook_deliveries",
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("state" = inline(Option<DeliveryStateId>), Query, description = "Only those that stand there"),
        ("limit" = inline(Option<u64>), Query, description = "At most so many", minimum = 1, maximum = 200),
        ("cursor" = inline(Option<String>), Query, description = "Where the page before ended")),
    responses((status = 200, body = WebhookDeliveries, description = "The deliveries"), CommonProblems))]
pub(crate) async fn deliveries(
    seen: Seen,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<WebhookDeliveries>, Problem> {
    let state = match parameters.one("state")?.as_deref() {
        None => None,
        Some("delivered") => Some(DispatchState::Delivered),
        Some("retrying") => Some(DispatchState::Waiting),
        Some("dead") => Some(DispatchState::Dead),
        Some(_) => return Err(Problem::bad_request("`state` is delivered, retrying or dead")),
    };
    let limit = parameters.number("limit", 1..=200)?.and_then(|limit| u64::try_from(limit).ok());
    let limit = limit.unwrap_or(PAGE);
    let after: Option<DispatchId> = parameters.parsed("cursor")?;
    parameters.finish()?;
    let id: WebhookId = body::id(&id, "webhook")?;
    let store = seen.entered.store();
    store.webhook(id).await?;
    let paging = Paging { after, limit: limit + 1 };
    let mut found = store.dispatches_to(Target::Webhook(id), state, paging).await?;
    let more = u64::try_from(found.len()).unwrap_or(u64::MAX) > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(WebhookDeliveries { items: found.into_iter().map(delivery).collect(), next }))
}

/// Makes dead letters of a webhook again: one, or all.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "administration", operation_id = "replay_webhook", request_body = ReplayRequest,
    params(("id" = String, Path, description = "The webhook's id", example = "whk_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Replayed, description = "They are on their way"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The webhook gets no events"), PostProblems))]
pub(crate) async fn replay(
    State(app): State<App>,
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
    given: Result<Json<ReplayRequest>, JsonRejection>,
) -> Result<Json<Replayed>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let id: WebhookId = body::id(&id, "webhook")?;
    let store = seen.entered.store();
    if store.webhook(id).await?.state != WebhookState::On {
        return Err(unfit("the webhook gets no events: resume it, then replay"));
    }
    let target = Target::Webhook(id);
    let replayed = match given.delivery {
        Some(delivery) => {
            let delivery: DispatchId = body::id(&delivery, "delivery")?;
            store.replay_dispatch(seen.actor(), target, delivery).await?;
            1
        }
        None => store.replay_dead_letters(seen.actor(), Some(target)).await?,
    };
    app.installation.nudge_messages();
    Ok(Json(Replayed { replayed }))
}

fn view(webhook: Webhook, now: DateTime<Utc>) -> WebhookView {
    let types: Vec<String> = webhook.types.iter().map(ToString::to_string).collect();
    WebhookView {
        id: webhook.id.to_string(),
        url: webhook.url.expose_secret().to_owned(),
        types: Some(types).filter(|types| !types.is_empty()),
        description: webhook.name,
        state: match webhook.state {
            WebhookState::On => WebhookStateId::Active,
            WebhookState::Paused => WebhookStateId::Paused,
            WebhookState::Off => WebhookStateId::Gone,
        },
        paused_reason: webhook.reason,
        failing_since: webhook.failing_since,
        created_at: webhook.created_at,
        secret_rotates_until: webhook.old_secret_until.filter(|until| *until > now),
    }
}

fn delivery(found: Dispatched) -> WebhookDelivery {
    let waiting = found.state == DispatchState::Waiting;
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let at = found.last.as_ref().map_or(found.created_at, |last| last.at);
    let log = found.last.map(|last| last.log).unwrap_or_default();
    WebhookDelivery {
        id: found.id.to_string(),
        event: found.event.id.to_string(),
        r#type: found.event.data.kind().to_string(),
        attempt: found.attempts,
        at,
        status: log.status,
        request: text(log.request),
        response: text(log.response),
        error: found.reason.or(log.error),
        next_at: waiting.then_some(found.due_at),
        state: match found.state {
            DispatchState::Delivered | DispatchState::Dropped => DeliveryStateId::Delivered,
            DispatchState::Waiting => DeliveryStateId::Retrying,
            DispatchState::Dead => DeliveryStateId::Dead,
        },
    }
}

/// Types by their names; all without any.
pub(super) fn types(given: Option<Vec<String>>) -> Result<Vec<EventType>, Problem> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if given.is_empty() {
        return Err(unfit("`types` names none: name one, or give null for all"));
    }
    let kind = |text: &String| {
        text.parse().map_err(|error: bursar_domain::event::EventError| {
            let near = crate::parameters::near(text, EventType::ALL.iter().map(|kind| kind.name()));
            unfit(error.to_string()).suggesting(near)
        })
    };
    let mut types = given.iter().map(kind).collect::<Result<Vec<EventType>, Problem>>()?;
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

/// That events may be sent there.
pub(super) fn receiver(app: &App, url: &str) -> Result<(), Problem> {
    app.installation.check_receiver(url).map_err(|refused| unfit(refused.to_string()))
}

fn described(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    // In bytes less than the store keeps.
    if text.chars().count() > MAX_DESCRIPTION || text.len() > 200 || text.chars().any(char::is_control) {
        return Err(Problem::bad_request(format!(
            "`description` has at most {MAX_DESCRIPTION} characters, and no control characters"
        )));
    }
    Ok(text.to_owned())
}

fn broken(error: impl std::error::Error) -> Problem {
    tracing::error!(%error, "a webhook's secret cannot be made or used");
    Problem::internal()
}
