//! Receivers that are down, slow, broken or malicious.

use crate::{event, now, secret, sender};
use bursar_domain::event::Next;
use bursar_notify::guard::{Guard, Lookup};
use bursar_notify::webhook::{Attempt, Delivery, Outcome, Schedule};
use bursar_notify::{HttpConfig, SendError, Sender};
use bursar_testkit::{Receiver, Reply, free_port};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

async fn send(url: &str) -> Outcome {
    let delivery = Delivery::sign(&event(), &[&secret(1)], now()).unwrap();
    delivery.send(&sender(), &url.parse().unwrap(), now()).await.0
}

async fn answered(reply: Reply) -> Outcome {
    let receiver = Receiver::start(move |_| reply.clone()).unwrap();
    send(&receiver.url()).await
}

fn status(status: u16, headers: &str) -> Reply {
    Reply::Status(status, headers.to_owned(), "so it goes".into())
}

fn follows(outcome: Outcome) -> Next {
    Schedule::default().next(&Attempt { number: 1, at: now(), outcome }, 0)
}

// claim G2
#[tokio::test]
async fn a_receiver_that_is_down_slow_or_broken_is_tried_again() {
    let down = send(&format!("http://127.0.0.1:{}/", free_port().unwrap())).await;
    assert!(matches!(&down, Outcome::NoAnswer(why) if why.contains("no connection")), "{down:?}");
    let started = Instant::now();
    let slow = answered(Reply::Silence(Duration::from_secs(20))).await;
    assert!(matches!(&slow, Outcome::NoAnswer(why) if why.contains("in time")), "{slow:?}");
    assert!(started.elapsed() < Duration::from_secs(15));
    for bytes in [&b"\x00\xff garbage"[..], b"", b"HTTP/1.1 two hundred\r\n\r\n", b"SSH-2.0-OpenSSH_9.9\r\n"]
    {
        let garbage = answered(Reply::Raw(bytes.to_vec())).await;
        assert!(matches!(garbage, Outcome::NoAnswer(_)), "{garbage:?}");
        assert!(matches!(follows(garbage), Next::Retry { .. }));
    }
    assert!(matches!(follows(answered(status(500, "")).await), Next::Retry { .. }));
}

#[tokio::test]
async fn retry_after_is_heard() {
    let outcome = answered(status(429, "Retry-After: 120\r\n")).await;
    assert_eq!(outcome, Outcome::Answered { status: 429, retry_after: Some(TimeDelta::seconds(120)) });
    let outcome = answered(status(503, "Retry-After: whenever\r\n")).await;
    assert_eq!(outcome, Outcome::Answered { status: 503, retry_after: None });
    assert!(matches!(follows(answered(status(410, "")).await), Next::SwitchOff { .. }));
}

#[tokio::test]
async fn a_body_without_an_end_ends() {
    let started = Instant::now();
    let outcome = answered(Reply::Endless).await;
    assert_eq!(outcome, Outcome::Answered { status: 200, retry_after: None });
    assert!(started.elapsed() < Duration::from_secs(15));
}

// claim G2
#[tokio::test]
async fn a_redirect_inside_is_not_followed() {
    let inside = Receiver::start(|_| status(200, "")).unwrap();
    for code in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}\r\n", inside.url());
        let outcome = answered(status(code, &location)).await;
        assert_eq!(outcome, Outcome::Answered { status: code, retry_after: None });
        assert!(!outcome.is_success());
    }
    assert!(inside.seen().is_empty());
}

/// Every name is this machine, from the second time on.
#[derive(Debug, Default)]
struct Rebinding(Arc<AtomicUsize>);

impl Lookup for Rebinding {
    fn lookup(&self, _: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        // 198.51.100.1 is documentation: nobody is there, and it is refused as well.
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        let address = if first { "192.0.0.8" } else { "127.0.0.1" };
        Box::pin(async move { Ok(vec![address.parse().unwrap()]) })
    }
}

// claim G2: through the client itself, a name that leads inside reaches nobody.
#[tokio::test]
async fn a_name_that_leads_inside_reaches_nobody() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Rebinding::default();
    let count = Arc::clone(&asked.0);
    let config = HttpConfig { guard: Guard::public().with_ports([port]), ..HttpConfig::default() };
    let sender = Sender::with_lookup(&config, Arc::new(asked)).unwrap();
    let url = format!("https://receiver.example.com:{port}/hooks?token=s3cret").parse().unwrap();
    for _ in 0..2 {
        let error = sender.post(&url, &[], "{}".into()).await.unwrap_err();
        assert!(matches!(&error, SendError::Guard(refused) if refused.may_pass_later()), "{error}");
        assert!(!error.to_string().contains("s3cret"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 2, "asked at every connection");
    assert!(listener.accept().is_err(), "somebody connected");
}

#[tokio::test]
async fn what_the_guard_refuses_is_dead_at_once() {
    for url in [
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "http://metadata.google.internal/",
    ] {
        let outcome = send(url).await;
        assert!(matches!(follows(outcome.clone()), Next::Dead { .. }), "{url}: {outcome:?}");
    }
}
