//! Slack: a message in Block Kit for an incoming webhook (docs.slack.dev/block-kit, read 2026-11-22).
//!
//! Limits: a header has 150 characters, a section's text 3,000, its fields are at most ten of 2,000. Of
//! our own texts only `&`, `<` and `>` mean something to Slack's mrkdwn beyond emphasis; escaped,
//! nothing in them becomes a link or a mention. Fields are plain text, where nothing means anything.

use crate::notice::{Notice, line};
use bursar_domain::event::Severity;
use serde_json::{Value, json};

/// The message.
#[must_use]
pub fn slack_message(notice: &Notice) -> Value {
    let mark = match notice.severity {
        Severity::Info => "",
        Severity::Warning => "⚠ ",
        Severity::Critical => "🔴 ",
    };
    let title = line(&format!("{mark}{}", notice.title), 150);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&title) }),
        json!({ "type": "section", "text": plain(&line(&notice.summary, 3_000)) }),
    ];
    if !notice.facts.is_empty() {
        let facts = notice.facts.iter().take(10);
        let fields: Vec<Value> =
            facts.map(|(name, value)| plain(&line(&format!("{name}: {value}"), 2_000))).collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    if let Some(link) = &notice.link {
        blocks.push(json!({
            "type": "actions",
            "elements": [{ "type": "button", "text": plain("Open"), "url": link.as_str(), "action_id": "open" }],
        }));
    }
    let when = format!("{} · {} UTC", notice.severity, notice.at.format("%Y-%m-%d %H:%M"));
    blocks.push(json!({ "type": "context", "elements": [plain(&when)] }));
    // The text is for notifications and screen readers, and is mrkdwn.
    json!({ "text": escaped(&title), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::example;
    use bursar_domain::event::{EventData, EventType};

    #[test]
    fn nothing_in_a_reason_becomes_a_mention_or_a_link() {
        let mut event = example(EventType::SyncFailed).unwrap();
        if let EventData::SyncFailed(data) = &mut event.data {
            data.reason = "<!channel> <https://evil.example|click> & *bold*".into();
        }
        let mut notice = Notice::of(&event, None);
        notice.title = "<!channel>".into();
        let message = slack_message(&notice);
        assert_eq!(message["text"], "⚠ &lt;!channel&gt;");
        let texts = message["blocks"].to_string();
        assert!(!texts.contains("mrkdwn"), "{texts}");
    }
}
