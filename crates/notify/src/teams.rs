//! Microsoft Teams: an Adaptive Card for the webhook of a workflow (learn.microsoft.com, "Create incoming
//! webhooks with Workflows", and adaptivecards.io, both read 2026-11-22).
//!
//! Texts stand in `TextRun`s, which know no Markdown: a reason cannot become a link. Version 1.4 is what Teams
//! shows everywhere. A message has at most 28 KB.

use crate::notice::{Notice, line};
use bursar_domain::event::Severity;
use serde_json::{Value, json};

/// The message with its card.
#[must_use]
pub fn teams_message(notice: &Notice) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": adaptive_card(notice),
        }],
    })
}

/// The card alone.
#[must_use]
pub fn adaptive_card(notice: &Notice) -> Value {
    let color = match notice.severity {
        Severity::Info => "default",
        Severity::Warning => "warning",
        Severity::Critical => "attention",
    };
    let mut body = vec![
        rich(vec![json!({
            "type": "TextRun", "text": line(&notice.title, 140), "weight": "bolder", "size": "medium", "color": color,
        })]),
        rich(vec![run(&line(&notice.summary, 500))]),
    ];
    for (name, value) in &notice.facts {
        let name = json!({ "type": "TextRun", "text": format!("{}: ", line(name, 60)), "isSubtle": true });
        body.push(rich(vec![name, run(&line(value, 300))]));
    }
    let when = format!("{} · {} UTC", notice.severity, notice.at.format("%Y-%m-%d %H:%M"));
    body.push(rich(vec![json!({ "type": "TextRun", "text": when, "isSubtle": true, "size": "small" })]));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": line(&notice.title, 140),
        "body": body,
    });
    if let Some(link) = &notice.link {
        card["actions"] = json!([{ "type": "Action.OpenUrl", "title": "Open", "url": link.as_str() }]);
    }
    card
}

fn rich(inlines: Vec<Value>) -> Value {
    json!({ "type": "RichTextBlock", "inlines": inlines })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}
