//! A receiver of HTTP requests that answers as a test tells it to, well or badly.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Method and target.
    pub line: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Received {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// How it answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// With a status, more header lines and a body.
    Status(u16, String, String),
    /// With these bytes, then an end.
    Raw(Vec<u8>),
    /// With nothing for so long.
    Silence(Duration),
    /// With a body that does not end.
    Endless,
}

/// A receiver on a port of 127.0.0.1, until the test's process ends.
#[derive(Debug, Clone)]
pub struct Receiver {
    port: u16,
    seen: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start(reply: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (port, seen) = (listener.local_addr()?.port(), Arc::new(Mutex::new(Vec::new())));
        let (reply, list) = (Arc::new(reply), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (reply, list) = (Arc::clone(&reply), Arc::clone(&list));
                std::thread::spawn(move || {
                    let _ = answer(stream, reply.as_ref(), &list);
                });
            }
        });
        Ok(Self { port, seen })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT/hooks`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks", self.port)
    }

    /// What came in so far, in its order.
    #[must_use]
    pub fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn answer(
    mut stream: TcpStream,
    reply: &dyn Fn(&Received) -> Reply,
    seen: &Mutex<Vec<Received>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let received = loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(received) = parse(&bytes) {
            break received;
        }
    };
    // Kept before it is answered: whoever was told that it was taken finds it here.
    let reply = reply(&received);
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    match reply {
        Reply::Status(status, headers, body) => {
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
        }
        Reply::Raw(bytes) => stream.write_all(&bytes),
        Reply::Silence(time) => {
            std::thread::sleep(time);
            Ok(())
        }
        Reply::Endless => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        }
    }
}

/// A whole request, or nothing yet.
fn parse(bytes: &[u8]) -> Option<Received> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(key, _)| key == "content-length").map_or("0", |(_, value)| value);
    let body = bytes.get(end + 4..end + 4 + length.parse::<usize>().ok()?)?;
    Some(Received { line, headers, body: String::from_utf8_lossy(body).into_owned() })
}
