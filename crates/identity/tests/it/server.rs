//! A small HTTP server whose answers a test decides.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What somebody asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// What is answered: a status, a header line and a body.
pub(crate) struct Answer(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

/// JSON, all well.
pub(crate) fn json(body: &serde_json::Value) -> Answer {
    Answer(200, "content-type: application/json", body.to_string())
}

/// Listens until the test ends.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&str, &Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (base, seen, answer) = (url.clone(), Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (base, seen, answer) = (base.clone(), Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(&stream, &base, &seen, answer.as_ref()));
            }
        });
        Self { url, asked }
    }

    /// Everything that was asked for at paths that begin like this.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.target.starts_with(path)).cloned().collect()
    }
}

fn serve(
    mut stream: &TcpStream,
    base: &str,
    seen: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&str, &Asked) -> Answer + Send + Sync),
) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) < 3 {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "authorization" => authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let asked = Asked { target, authorization, body: String::from_utf8_lossy(&body).into_owned() };
    let Answer(status, header, body) = answer(base, &asked);
    seen.lock().unwrap().push(asked);
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
}
