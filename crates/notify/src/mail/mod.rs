//! Mail: one notice, or those of a day, as text and HTML.
//!
//! Texts reach the HTML through minijinja, which escapes them, and headers through types that encode them; line
//! breaks are taken out before. There is no picture and nothing else to fetch: whether a mail was
//! read is not observed.

mod smtp;

pub use smtp::{MailError, Mailer, SmtpConfig, SmtpSecurity};

use crate::notice::{Notice, line};
use bursar_domain::EmailAddress;
use bursar_domain::event::Severity;
use chrono::{DateTime, Utc};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use minijinja::{AutoEscape, Environment, Value, context};

const TEXT: &str = include_str!("../templates/notice.txt");
const HTML: &str = include_str!("../templates/notice.html");
/// Most notices of one mail; the rest is in the inbox.
pub const MAX_NOTICES: usize = 100;

/// What a mail is about.
#[derive(Debug, Clone)]
pub struct MailContent<'a> {
    /// To whom.
    pub to: &'a EmailAddress,
    /// The workspace's name.
    pub workspace: &'a str,
    /// One notice, or those of a digest, the oldest first.
    pub notices: &'a [Notice],
    /// The same for the same mail, however often it is sent: receivers drop the second one.
    pub message_id: String,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A notice as the templates know it.
fn shown(notice: &Notice) -> Value {
    let facts = notice.facts.iter();
    let facts: Vec<Value> =
        facts.map(|(name, value)| context! { name => name.as_str(), value => value.as_str() }).collect();
    context! {
        title => notice.title.as_str(),
        summary => notice.summary.as_str(),
        facts => Value::from_iter(facts),
        severity => notice.severity.as_str(),
        color => match notice.severity {
            Severity::Info => "#6b7a8c",
            Severity::Warning => "#c77700",
            Severity::Critical => "#c62828",
        },
        when => notice.at.format("%Y-%m-%d %H:%M").to_string(),
        link => notice.link.as_ref().map_or("", url::Url::as_str),
    }
}

impl MailContent<'_> {
    fn subject(&self) -> String {
        let workspace = line(self.workspace, 60);
        match self.notices {
            [notice] => line(&format!("[{workspace}] {}", notice.title), 200),
            notices => format!("[{workspace}] {} notices", notices.len()),
        }
    }

    /// The whole message, from this sender.
    pub(crate) fn message(&self, from: &Mailbox) -> Result<lettre::Message, MailError> {
        let notices: Vec<Value> = self.notices.iter().take(MAX_NOTICES).map(shown).collect();
        let subject = self.subject();
        let values = context! {
            notices => Value::from_iter(notices),
            subject => subject.as_str(),
            workspace => line(self.workspace, 100),
            product => "Bursar",
        };
        let render = |source: &str, escape: AutoEscape| {
            let mut environment = Environment::empty();
            environment.set_auto_escape_callback(move |_| escape.clone());
            environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
            environment.render_named_str("notice", source, &values).map_err(MailError::Template)
        };
        let (text, html) = (render(TEXT, AutoEscape::None)?, render(HTML, AutoEscape::Html)?);
        let to = Mailbox::new(None, self.to.as_str().parse().map_err(MailError::Address)?);
        // RFC 3834: nobody's absence notice answers.
        let automatic =
            HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        lettre::Message::builder()
            .from(from.clone())
            .to(to)
            .subject(subject)
            .date(self.at.into())
            .message_id(Some(format!("<{}@{}>", id_part(&self.message_id), from.email.domain())))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(text, html))
            .map_err(MailError::Message)
    }
}

/// Only what a message id may have without quotes.
fn id_part(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::example;
    use bursar_domain::event::EventType;

    fn message(workspace: &str, notices: &[Notice]) -> String {
        let to = "ana@example.com".parse().unwrap();
        let at = "2026-11-22T10:00:00Z".parse().unwrap();
        let content = MailContent { to: &to, workspace, notices, message_id: "dsp_1\r\nBcc: x".into(), at };
        let from = "Bursar <bursar@example.org>".parse().unwrap();
        String::from_utf8(content.message(&from).unwrap().formatted()).unwrap()
    }

    fn head(message: &str) -> &str {
        message.split_once("\r\n\r\n").unwrap().0
    }

    // claim G3
    #[test]
    fn nothing_in_a_text_becomes_a_header() {
        let mut notice = Notice::of(&example(EventType::SyncFailed).unwrap(), None);
        notice.title = "x\r\nBcc: eve@example.com\r\n\r\n<script>".into();
        let text = message("Acme\r\nBcc: eve@example.com\u{2028}\nX-Evil: 1", &[notice]);
        let head = head(&text).to_lowercase();
        for line in head.lines() {
            assert!(!line.starts_with("bcc:") && !line.starts_with("x-evil"), "{head}");
        }
        assert!(head.contains("message-id: <dsp_1bccx@example.org>"), "{head}");
        assert!(head.contains("auto-submitted: auto-generated"), "{head}");
    }

    #[test]
    fn html_is_escaped_and_text_is_not() {
        let mut notice = Notice::of(&example(EventType::SourceAdded).unwrap(), None);
        notice.facts = vec![("Reason".into(), "<img src=x onerror=alert(1)> & more".into())];
        // Without the soft line breaks of quoted-printable.
        let text = message("Acme", &[notice]).replace("=\r\n", "");
        assert!(text.contains("&lt;img src=3Dx onerror=3Dalert(1)&gt; &amp; more"), "{text}");
        assert_eq!(text.matches("<img").count(), 1, "only in the plain text: {text}");
    }

    #[test]
    fn a_digest_counts_and_lists() {
        let kinds = [EventType::SyncFailed, EventType::ReportReady, EventType::MemberAdded];
        let notices: Vec<Notice> =
            kinds.iter().map(|kind| Notice::of(&example(*kind).unwrap(), None)).collect();
        let text = message("Acme", &notices);
        assert!(head(&text).contains("Subject: [Acme] 3 notices"), "{text}");
        for notice in &notices {
            assert!(text.contains(&notice.title), "{}", notice.title);
        }
    }
}
