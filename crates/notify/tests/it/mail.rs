//! Mail, as an SMTP server and a parser that we did not write take it.

use crate::event;
use bursar_domain::event::EventType;
use bursar_notify::mail::{MailContent, MailError, Mailer, SmtpConfig, SmtpSecurity};
use bursar_notify::notice::{Notice, example};
use bursar_testkit::peers::{MailMode, MailPeer, mail_server};
use serde_json::Value;
use std::time::Duration;

fn config(peer: &MailPeer, security: SmtpSecurity) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".into(),
        port: peer.port(),
        security,
        credentials: None,
        from: "Bursar <bursar@example.org>".into(),
        extra_roots_pem: vec![],
        timeout: Duration::from_secs(20),
    }
}

async fn send(config: &SmtpConfig, workspace: &str, notices: &[Notice]) -> Result<(), MailError> {
    let to = "ana@example.com".parse().unwrap();
    let content = MailContent { to: &to, workspace, notices, message_id: "dsp_7".into(), at: crate::now() };
    Mailer::new(config).unwrap().send(&content).await
}

async fn arrived(peer: &MailPeer) -> Value {
    for _ in 0..100 {
        if let Some(mail) = peer.mails().pop() {
            return mail;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no mail came")
}

// claim G3
#[tokio::test]
async fn a_mail_arrives_whole() {
    let Some(peer) = mail_server(MailMode::Plain, None) else { return };
    let base = "https://bursar.example.com/".parse().unwrap();
    let notice = Notice::of(&event(), Some(&base));
    send(&config(&peer, SmtpSecurity::Plain), "Müller & Söhne\r\nBcc: eve@example.com", &[notice])
        .await
        .unwrap();
    let mail = arrived(&peer).await;
    assert_eq!(mail["to"], serde_json::json!(["ana@example.com"]));
    assert_eq!(mail["defects"], serde_json::json!([]));
    let headers: Vec<(String, String)> = serde_json::from_value(mail["headers"].clone()).unwrap();
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(header("Subject"), Some("[Müller & Söhne  Bcc: eve@example.com] A source could not be read"));
    assert_eq!((header("Bcc"), header("Message-ID")), (None, Some("<dsp_7@example.org>")));
    for part in ["text", "html"] {
        let part = mail[part].as_str().unwrap().replace("&#x2f;", "/");
        assert!(
            part.contains("access was denied") && part.contains("https://bursar.example.com/inbox"),
            "{part}"
        );
    }
    assert!(mail["html"].as_str().unwrap().contains("Müller &amp; Söhne"));
}

#[tokio::test]
async fn starttls_and_a_password_are_used_and_certificates_checked() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let Some(peer) = mail_server(MailMode::StartTls, Some(folder.path())) else { return };
    let kinds = [EventType::SyncFailed, EventType::ReportReady];
    let notices: Vec<Notice> = kinds.iter().map(|kind| Notice::of(&example(*kind).unwrap(), None)).collect();
    let mut config = config(&peer, SmtpSecurity::StartTls);
    config.credentials = Some(("bursar".into(), "a password of the tests".to_owned().into()));
    let error = send(&config, "Acme", &notices).await.unwrap_err();
    assert!(
        matches!(error, MailError::Later(_) | MailError::Timeout),
        "a certificate of nobody's is trusted: {error:?}"
    );
    config.extra_roots_pem = vec![made.cert.pem().into_bytes()];
    send(&config, "Acme", &notices).await.unwrap();
    let mail = arrived(&peer).await;
    assert_eq!((&mail["tls"], &mail["user"]), (&true.into(), &"bursar".into()));
    config.credentials = Some(("bursar".into(), "wrong".to_owned().into()));
    // It lets who is wrong wait for five minutes; we do not.
    config.timeout = Duration::from_secs(3);
    let error = send(&config, "Acme", &notices).await.unwrap_err();
    assert!(!format!("{error:?}").contains("wrong"), "{error:?}");
    assert_eq!(peer.mails().len(), 1);
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_that_needs_it() {
    let Some(peer) = mail_server(MailMode::Plain, None) else { return };
    let notices = [Notice::of(&event(), None)];
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let mut config = config(&peer, security);
        config.timeout = Duration::from_secs(2);
        assert!(send(&config, "Acme", &notices).await.is_err(), "{security:?}");
    }
    let elsewhere = SmtpConfig { host: "mail.example.com".into(), ..config(&peer, SmtpSecurity::Plain) };
    assert!(matches!(Mailer::new(&elsewhere), Err(MailError::Settings(_))));
    assert!(peer.mails().is_empty());
}

#[tokio::test]
async fn a_refused_mailbox_is_not_tried_again() {
    let Some(peer) = mail_server(MailMode::Refusing, None) else { return };
    let error =
        send(&config(&peer, SmtpSecurity::Plain), "Acme", &[Notice::of(&event(), None)]).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(_)) && !error.may_pass_later(), "{error:?}");
}
