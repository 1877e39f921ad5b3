//! `/api/v1/inbox`: notices for whoever asks, in the workspace they are in.

use super::body::{self, Done};
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::Path;
use bursar_domain::event::PREFIX;
use bursar_domain::id::NoticeId;
use bursar_store::{InboxNotice, Paging};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Notices of a page, without a limit.
const PAGE: u64 = 50;

/// Notices for whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Inbox {
    /// The notices, the newest first.
    items: Vec<NoticeView>,
    /// How many are not read, on all pages.
    unread: u64,
    /// For the next page; null on the last.
    #[schema(required)]
    next: Option<String>,
}

/// A notice.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeView {
    /// Its id.
    id: String,
    /// When it came.
    at: DateTime<Utc>,
    /// The event it tells of.
    event: String,
    /// The event's type.
    r#type: String,
    /// How much it asks for attention: `info`, `warning` or `critical`.
    severity: String,
    /// A line.
    title: String,
    /// A sentence.
    text: String,
    /// Names and values.
    facts: Vec<NoticeFact>,
    /// The page to look at.
    #[schema(required, example = "/budgets")]
    link: Option<String>,
    /// When it was read.
    #[schema(required)]
    read_at: Option<DateTime<Utc>>,
}

/// Something that a notice says.
#[derive(Debug, Serialize, ToSchema)]
struct NoticeFact {
    /// What it is.
    name: String,
    /// What it says.
    value: String,
}

/// How many were read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadNotices {
    /// How many were not read before.
    read: u64,
}

/// Notices for whoever asks.
#[utoipa::path(get, path = "/api/v1/inbox", tag = "account", operation_id = "inbox",
    params(
        ("limit" = inline(Option<u64>), Query, description = "At most so many", minimum = 1, maximum = 200),
        ("cursor" = inline(Option<String>), Query, description = "Where the page before ended")),
    responses((status = 200, body = Inbox, description = "The notices"), CommonProblems))]
pub(crate) async fn inbox(seen: Seen, mut parameters: Parameters) -> Result<Json<Inbox>, Problem> {
    let limit = parameters.number("limit", 1..=200)?.and_then(|limit| u64::try_from(limit).ok());
    let limit = limit.unwrap_or(PAGE);
    let after: Option<NoticeId> = parameters.parsed("cursor")?;
    parameters.finish()?;
    let (account, store) = (seen.account()?, seen.entered.store());
    let mut found = store.inbox(account, Paging { after, limit: limit + 1 }).await?;
    let more = u64::try_from(found.len()).unwrap_or(u64::MAX) > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let unread = store.unread_notices(account).await?;
    Ok(Json(Inbox { items: found.into_iter().map(view).collect(), unread, next }))
}

/// Notes that a notice was read; again is no error.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/read", tag = "account", operation_id = "read_notice",
    params(("id" = String, Path, description = "The notice's id", example = "ntc_00000000000000000000000000000000"),
        ("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = Done, description = "It is read"), PostProblems))]
pub(crate) async fn read(
    seen: Seen,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<Done>, Problem> {
    parameters.finish()?;
    let id: NoticeId = body::id(&id, "notice")?;
    seen.entered.store().read_notice(seen.account()?, id).await?;
    Ok(body::done())
}

/// Notes that everything was read.
#[utoipa::path(post, path = "/api/v1/inbox/read-all", tag = "account", operation_id = "read_all_notices",
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = ReadNotices, description = "Everything is read"), PostProblems))]
pub(crate) async fn read_all(seen: Seen, parameters: Parameters) -> Result<Json<ReadNotices>, Problem> {
    parameters.finish()?;
    let read = seen.entered.store().read_all_notices(seen.account()?).await?;
    Ok(Json(ReadNotices { read }))
}

fn view(found: InboxNotice) -> NoticeView {
    let text = |name: &str| found.notice[name].as_str().unwrap_or_default().to_owned();
    let fact = |fact: &Value| {
        let part = |at: usize| fact[at].as_str().map(str::to_owned);
        Some(NoticeFact { name: part(0)?, value: part(1)? })
    };
    NoticeView {
        id: found.id.to_string(),
        at: found.created_at,
        event: found.event.to_string(),
        r#type: text("type"),
        severity: text("severity"),
        title: text("title"),
        text: text("summary"),
        facts: found.notice["facts"].as_array().into_iter().flatten().filter_map(fact).collect(),
        link: page(&text("type")).map(str::to_owned),
        read_at: found.read_at,
    }
}

/// The page that shows what an event is about.
fn page(kind: &str) -> Option<&'static str> {
    let topic = kind.strip_prefix(PREFIX)?.split('.').next()?;
    Some(match topic {
        "budget" => "/budgets",
        "forecast" => "/forecast",
        "anomaly" => "/anomalies",
        "recommendation" => "/recommendations",
        "sync" | "source" | "delivery" => "/sources",
        "member" => "/admin/members",
        "role" => "/admin/roles",
        "token" => "/admin/tokens",
        "webhook" => "/admin/webhooks",
        "backup" => "/admin/backups",
        "staff-access" => "/admin/staff",
        "sign-in" | "sign-in-method" => "/account",
        _ => return None,
    })
}
