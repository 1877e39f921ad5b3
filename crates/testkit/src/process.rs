//! A child process that is ready when a test gets it, and dead when the test drops it.

use anyhow::{Context, anyhow, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to get ready; the slowest known peer takes eight seconds on a busy
/// machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// How many ports are tried when somebody else was faster.
const ATTEMPTS: u32 = 3;

/// A running child. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    port: u16,
    /// Holds the log, and whatever the child was told to keep there.
    directory: tempfile::TempDir,
}

impl Process {
    /// Starts a server on a free port of 127.0.0.1 and waits until it is ready.
    ///
    /// `command` gets the port and a directory of the process's own; `ready` is asked until it
    /// says yes. Both output streams go to a log ([`Process::log`]).
    ///
    /// # Errors
    /// When the program cannot be started, ends, or is not ready in time; the message has the
    /// end of its log.
    pub fn start(
        name: &str,
        command: impl Fn(u16, &Path) -> Command,
        ready: impl Fn(u16) -> bool,
    ) -> anyhow::Result<Self> {
        let mut last = anyhow!("never tried");
        for _ in 0..ATTEMPTS {
            let mut process = Self::spawn(name, &command)?;
            match process.wait_until(&ready) {
                Ok(()) => return Ok(process),
                // It may have lost the race for its port: another try gets another port.
                Err(error) if process.has_ended() => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn spawn(name: &str, command: &impl Fn(u16, &Path) -> Command) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix(&format!("bursar-{name}-")).tempdir()?;
        let port = free_port()?;
        let mut command = command(port, directory.path());
        let log = File::create(log_path(directory.path()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| {
            format!("cannot start {name} ({})", Path::new(command.get_program()).display())
        })?;
        Ok(Self { name: name.to_owned(), child, port, directory })
    }

    fn wait_until(&mut self, ready: impl Fn(u16) -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if ready(self.port) {
                // Somebody else's server may have answered on a port that ours failed to get.
                std::thread::sleep(Duration::from_millis(20));
                if !self.has_ended() {
                    return Ok(());
                }
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status} before it was ready:\n{}", self.name, self.log_end());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("{} was not ready after {PATIENCE:?}:\n{}", self.name, self.log_end())
    }

    fn has_ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// The port it was given.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The operating system's number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The directory that belongs to this process and goes with it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Everything it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(log_path(self.directory.path())) {
            let _ = file.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits until its log has a line for which `find` answers, and returns that answer.
    ///
    /// # Errors
    /// When there is none in time, or the process has ended without.
    pub fn wait_for_line<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> anyhow::Result<T> {
        let started = Instant::now();
        loop {
            let ended = self.has_ended();
            if let Some(found) = self.log().lines().find_map(&find) {
                return Ok(found);
            }
            if ended || started.elapsed() > PATIENCE {
                bail!("{} never printed the line a test waits for:\n{}", self.name, self.log_end());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log_path(directory: &Path) -> PathBuf {
    directory.join("output.log")
}

/// A port of 127.0.0.1 that nobody listened on a moment ago.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, as it came (a chunked one is not put together).
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A GET of `http://127.0.0.1:PORT/PATH`, following nothing; `None` when nobody answers.
///
/// Made for readiness checks and sign-in links, so that waiting needs no HTTP client.
#[must_use]
pub fn http_get(port: u16, path: &str) -> Option<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut bytes).ok()?;
    parse(&bytes)
}

/// The status with which `http://127.0.0.1:PORT/PATH` answers; `None` when nobody does.
#[must_use]
pub fn http_status(port: u16, path: &str) -> Option<u16> {
    http_get(port, path).map(|answer| answer.status)
}

const MAX_ANSWER_BYTES: u64 = 16 << 20;

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
    Some(Answer { status, body: bytes[end + 4..].to_vec(), headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_process_is_killed_when_dropped() {
        let process = Process::start("sleeper", |_, _| shell("exec sleep 600"), |_| true).unwrap();
        let proc_entry = PathBuf::from(format!("/proc/{}", process.id()));
        assert!(proc_entry.exists());
        drop(process);
        assert!(!proc_entry.exists(), "the child outlived its owner");
    }

    #[test]
    fn a_process_that_ends_at_once_tells_why() {
        let error =
            Process::start("loser", |_, _| shell("echo no such port >&2; exit 3"), |_| false).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no such port") && text.contains("exit status: 3"), "{text}");
    }

    #[test]
    fn lines_are_found_as_they_come() {
        let mut process =
            Process::start("talker", |_, _| shell("sleep 0.2; echo link=abc; exec sleep 600"), |_| true)
                .unwrap();
        let link = process.wait_for_line(|line| line.strip_prefix("link=").map(str::to_owned)).unwrap();
        assert_eq!(link, "abc");
    }

    #[test]
    fn answers_are_taken_apart() {
        let answer = parse(b"HTTP/1.1 303 See Other\r\nset-cookie: bursar=a; HttpOnly\r\n\r\nbody").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (303, b"body".as_slice()));
        assert_eq!(answer.header("Set-Cookie"), Some("bursar=a; HttpOnly"));
        assert!(parse(b"not http").is_none());
    }
}
