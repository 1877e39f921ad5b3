//! Who receives and judges what we send: an SMTP server (aiosmtpd), the reference libraries of Standard Webhooks
//! (Python and JavaScript), CloudEvents' and JSON Schema's Python libraries, Slack's SDK, Adaptive Cards' library.
//!
//! The judges are asked once per call, with JSON on standard input, and answer with JSON.

use super::{directory, present, python};
use crate::process::Process;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A running SMTP server.
#[derive(Debug)]
pub struct MailPeer {
    process: Process,
}

/// How the SMTP server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailMode {
    /// Without TLS.
    Plain,
    /// With STARTTLS, without which it takes nothing, and with a password.
    StartTls,
    /// It refuses every recipient for good.
    Refusing,
}

/// aiosmtpd; `None` when it is not installed. `certificate` is a folder with `cert.pem` and `key.pem`.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn mail_server(mode: MailMode, certificate: Option<&Path>) -> Option<MailPeer> {
    let program = python("messages", "python")?;
    let mode = match mode {
        MailMode::Plain => "plain",
        MailMode::StartTls => "starttls",
        MailMode::Refusing => "refusing",
    };
    let command = |port: u16, _: &Path| {
        let mut command = Command::new(&program);
        command.arg(script("python/mail.py")).arg(port.to_string()).arg(mode);
        if let Some(certificate) = certificate {
            command.arg(certificate);
        }
        command
    };
    let ready = |port: u16| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
    };
    let process = Process::start("aiosmtpd", command, ready);
    assert!(process.is_ok(), "aiosmtpd: {process:?}");
    Some(MailPeer { process: process.ok()? })
}

impl MailPeer {
    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.process.port()
    }

    /// The mails so far, each as its headers, its text and its HTML, as Python's own parser reads them.
    #[must_use]
    pub fn mails(&self) -> Vec<Value> {
        let log = self.process.log();
        log.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("MAIL ")?).ok()).collect()
    }
}

fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// What the Python judges say: `webhook`, `event`, `schema` or `slack`. `None` when they are not installed.
///
/// # Errors
/// With what a judge objects to.
pub fn python_judges(what: &str, question: &Value) -> Option<anyhow::Result<()>> {
    let program = python("messages", "python")?;
    let mut command = Command::new(program);
    command.arg(script("python/judge.py")).arg(what);
    Some(ask(command, question))
}

/// What the JavaScript judges say: `webhook` or `card`. `None` when they are not installed.
///
/// # Errors
/// With what a judge objects to.
pub fn node_judges(what: &str, question: &Value) -> Option<anyhow::Result<()>> {
    let modules = directory().join("node/node_modules");
    present("standardwebhooks", modules.join("standardwebhooks"))?;
    present("adaptivecards", modules.join("adaptivecards"))?;
    let mut command = Command::new("node");
    command.arg(script("node/judge.cjs")).arg(modules).arg(what);
    Some(ask(command, question))
}

fn ask(mut command: Command, question: &Value) -> anyhow::Result<()> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(question.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success() && said.trim() == "good", "{said}");
    Ok(())
}
