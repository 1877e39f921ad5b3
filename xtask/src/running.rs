//! The demo, running, for the tests that need a server.

use anyhow::Result;
use bursar_testkit::{Process, program};
use std::path::Path;

/// A served demo and the link that signs in to it, once.
pub(crate) struct Demo {
    process: Process,
    pub(crate) link: String,
}

impl Demo {
    /// Starts the demo on a free port and waits until it serves.
    pub(crate) fn start(bursar: &Path) -> Result<Self> {
        let mut process = Process::start(
            "bursar-demo",
            |port, directory| {
                program(bursar)
                    .args(["demo", "--listen", &format!("127.0.0.1:{port}")])
                    .arg("--data-dir")
                    .arg(directory.join("data"))
                    .command()
            },
            |port| bursar_testkit::http_status(port, "/health") == Some(200),
        )?;
        let link = process.wait_for_line(|line| {
            let at = line.find("http://")?;
            let link = line[at..].split_whitespace().next()?;
            link.contains("/auth/link?token=").then(|| link.to_owned())
        })?;
        Ok(Self { process, link })
    }

    pub(crate) fn url(&self) -> String {
        self.process.url()
    }

    /// What the server has printed.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }
}
