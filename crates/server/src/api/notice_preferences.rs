//! `/api/v1/notice-preferences`: when whoever asks wants to be told, in the workspace they are in.

use super::alert_rules::{QuietBody, quiet, quiet_view, time};
use super::body;
use super::forecast::unfit;
use super::sql::CsrfValue;
use crate::parameters::Parameters;
use crate::problem::{CommonProblems, PostProblems, Problem};
use crate::seen::Seen;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use bursar_notify::rule::{MailPreference, Preferences};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When somebody wants to be told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticePreferences {
    /// Whether notices come by mail as well. Those about one's own ways to sign in always do.
    mail: MailId,
    /// When the mail of a day comes, if it comes once a day. What is critical comes at once.
    #[serde(default)]
    #[schema(required = false)]
    daily: Option<DailyBody>,
    /// When no mail comes but what is critical.
    #[serde(default)]
    #[schema(required = false)]
    quiet: Option<QuietBody>,
}

/// Whether notices come by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum MailId {
    /// A mail for each.
    Each,
    /// One mail a day.
    Daily,
    /// None.
    Never,
}

/// When the mail of a day comes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DailyBody {
    /// At this time of the day.
    #[schema(example = "08:00")]
    at: String,
    /// By the clock there.
    #[schema(example = "Europe/Berlin")]
    zone: String,
}

/// When whoever asks wants to be told.
#[utoipa::path(get, path = "/api/v1/notice-preferences", tag = "account", operation_id = "notice_preferences",
    responses((status = 200, body = NoticePreferences, description = "The preferences"), CommonProblems))]
pub(crate) async fn preferences(
    seen: Seen,
    parameters: Parameters,
) -> Result<Json<NoticePreferences>, Problem> {
    parameters.finish()?;
    let account = seen.account()?;
    let all = seen.entered.store().notice_preferences().await?;
    let own = all.into_iter().find(|(of, _)| *of == account);
    // Those of a newer program do not read: the usual ones hold then.
    let own = own.and_then(|(_, value)| serde_json::from_value(value).ok()).unwrap_or_default();
    Ok(Json(view(own)))
}

/// Sets when whoever asks wants to be told.
#[utoipa::path(put, path = "/api/v1/notice-preferences", tag = "account", operation_id = "set_notice_preferences", request_body = NoticePreferences,
    params(("X-Bursar-CSRF" = inline(CsrfValue), Header, description = "Proof that the request was made on purpose")),
    responses((status = 200, body = NoticePreferences, description = "The preferences as they are now"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They make no sense"), PostProblems))]
pub(crate) async fn set(
    seen: Seen,
    parameters: Parameters,
    given: Result<Json<NoticePreferences>, JsonRejection>,
) -> Result<Json<NoticePreferences>, Problem> {
    parameters.finish()?;
    let given = body::read(given)?;
    let mail = match (given.mail, given.daily) {
        (MailId::Each, None) => MailPreference::Each,
        (MailId::Never, None) => MailPreference::Never,
        (MailId::Daily, Some(daily)) => {
            let zone = daily.zone.parse();
            let zone = zone.map_err(|error: bursar_notify::quiet::ZoneError| unfit(error.to_string()))?;
            MailPreference::Daily { zone, at: time(&daily.at)? }
        }
        (MailId::Daily, None) => return Err(unfit("say with `daily` when the mail of a day comes")),
        (_, Some(_)) => return Err(unfit("`daily` goes with `\"mail\": \"daily\"` only")),
    };
    let preferences = Preferences { mail, quiet_hours: given.quiet.map(quiet).transpose()? };
    let value = serde_json::to_value(preferences).map_err(|error| {
        tracing::error!(%error, "preferences for notices cannot be written");
        Problem::internal()
    })?;
    seen.entered.store().set_notice_preferences(seen.actor(), seen.account()?, &value).await?;
    Ok(Json(view(preferences)))
}

fn view(preferences: Preferences) -> NoticePreferences {
    let (mail, daily) = match preferences.mail {
        MailPreference::Each => (MailId::Each, None),
        MailPreference::Never => (MailId::Never, None),
        MailPreference::Daily { zone, at } => {
            let at = at.format("%H:%M").to_string();
            (MailId::Daily, Some(DailyBody { at, zone: zone.to_string() }))
        }
    };
    NoticePreferences { mail, daily, quiet: preferences.quiet_hours.map(quiet_view) }
}
