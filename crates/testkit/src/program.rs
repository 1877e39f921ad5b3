//! The built binary, run as a person would run it.

use anyhow::{Context, bail};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A command that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program at this path, with nothing of the tester's own settings in its environment.
pub fn program(path: impl AsRef<Path>) -> Program {
    Program {
        path: path.as_ref().to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        directory: None,
        stdin: Vec::new(),
        patience: PATIENCE,
    }
}

/// A program about to be run.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    directory: Option<PathBuf>,
    stdin: Vec<u8>,
    patience: Duration,
}

/// What a run left behind. Displays as a transcript, for assertion messages.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit status; -1 when a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error, as text.
    pub stderr: String,
    command: String,
}

impl Program {
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// The directory it runs in.
    #[must_use]
    pub fn directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// What it finds on standard input.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// How long it may run.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The command, for a test that wants to run it by itself (as a server, in a pipe).
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args);
        for (key, _) in std::env::vars_os() {
            let name = key.to_string_lossy();
            // Settings and credentials of whoever runs the tests must not decide their outcome.
            let private =
                ["BURSAR_", "AWS_", "AZURE_", "GOOGLE_", "GCP_", "STORAGE_", "NO_COLOR", "COLUMNS", "LINES"];
            if private.iter().any(|prefix| name.starts_with(prefix)) {
                command.env_remove(&key);
            }
        }
        command.envs(self.env.iter().map(|(k, v)| (k, v)));
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it cannot be started or does not end in time; a bad exit status is no error here.
    pub fn run(self) -> anyhow::Result<Run> {
        let mut command = self.command();
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {shown}"))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let input = self.stdin;
        let feed = thread::spawn(move || {
            // A program that does not read its input closes it; that is its right.
            let _ = stdin.map(|mut pipe| pipe.write_all(&input));
        });
        let stdout = thread::spawn(move || read_all(stdout));
        let stderr = thread::spawn(move || read_all(stderr));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if started.elapsed() > self.patience {
                child.kill()?;
                child.wait()?;
                bail!("{shown} did not end within {:?}", self.patience);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let lost = |_| anyhow::anyhow!("a reader of {shown} failed");
        feed.join().map_err(lost)?;
        Ok(Run {
            status: status.code().unwrap_or(-1),
            stdout: stdout.join().map_err(lost)?,
            stderr: String::from_utf8_lossy(&stderr.join().map_err(lost)?).into_owned(),
            command: shown.clone(),
        })
    }
}

fn read_all(pipe: Option<impl std::io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    bytes
}

impl Run {
    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard output as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_slice(&self.stdout).with_context(|| format!("standard output is not JSON\n{self}"))
    }

    /// The run, if it ended with this status.
    ///
    /// # Errors
    /// With the transcript, when it ended otherwise.
    pub fn expect_status(self, status: i32) -> anyhow::Result<Self> {
        if self.status == status { Ok(self) } else { bail!("expected exit status {status}\n{self}") }
    }

    /// The run, if it ended well.
    ///
    /// # Errors
    /// With the transcript, when it did not.
    pub fn ok(self) -> anyhow::Result<Self> {
        self.expect_status(0)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.command)?;
        writeln!(f, "{}", self.text())?;
        writeln!(f, "[standard error]\n{}", self.stderr)?;
        write!(f, "[exit status {}]", self.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_captured_whole() {
        let run = program("sh").args(["-c", "cat; echo oops >&2; exit 3"]).stdin("hello").run().unwrap();
        assert_eq!((run.status, run.text().as_str(), run.stderr.as_str()), (3, "hello", "oops\n"));
    }

    #[test]
    fn a_hanging_program_is_ended() {
        let error = program("sh")
            .args(["-c", "exec sleep 600"])
            .patience(Duration::from_millis(200))
            .run()
            .unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }
}
