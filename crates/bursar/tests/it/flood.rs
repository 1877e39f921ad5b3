//! Floods against the running program: whatever one side sends, others are answered meanwhile and
//! memory stays where it was. Each test fails without the bound it is about.
//!
//! All of 127.0.0.0/8 is this machine on Linux, which makes attackers of many addresses cheap.

use crate::bursar;
use bursar_testkit::{Process, http_get};
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// How long a bystander may wait for an answer while a flood runs, on a machine that also runs the flood.
const PROMPT: Duration = Duration::from_secs(5);
const BYSTANDER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
const MIB: u64 = 1 << 20;

/// A running server and somebody who is signed in.
struct Served {
    process: Process,
    cookie: String,
    _data: tempfile::TempDir,
}

fn serve(settings: &[(&str, &str)]) -> Served {
    let data = tempfile::tempdir().unwrap();
    let command = |port: u16, _: &Path| {
        let listen = format!("127.0.0.1:{port}");
        let program = bursar().args(["serve", "--listen", &listen, "--data-dir"]).arg(data.path());
        settings.iter().fold(program, |program, (name, value)| program.env(name, value)).command()
    };
    let healthy = |port| bursar_testkit::http_status(port, "/health") == Some(200);
    let mut process = Process::start("bursar", command, healthy).unwrap();
    let link = process.wait_for_line(|line| line.find("/auth/").map(|at| line[at..].to_owned())).unwrap();
    let signed_in = http_get(process.port(), &link).unwrap();
    let cookie = signed_in.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    Served { process, cookie, _data: data }
}

async fn connect(from: Ipv4Addr, port: u16) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// The status and the body of the next answer on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> io::Result<(u16, String)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
            let whole = end + 4 + length.map_or(0, |length| length.parse::<usize>().unwrap());
            if bytes.len() >= whole {
                let status = head[9..12].parse().unwrap();
                return Ok((status, String::from_utf8_lossy(&bytes[end + 4..whole]).into_owned()));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

impl Served {
    fn port(&self) -> u16 {
        self.process.port()
    }

    fn head(&self, method: &str, path: &str, more: &str) -> String {
        let (port, cookie) = (self.port(), &self.cookie);
        format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n{more}")
    }

    fn post(&self, path: &str, more: &str) -> String {
        self.head("POST", path, &format!("X-Bursar-CSRF: 1\r\nContent-Type: application/json\r\n{more}\r\n"))
    }

    /// Sends this from there and takes the answer.
    async fn send(&self, from: Ipv4Addr, request: &[u8]) -> io::Result<(u16, String)> {
        let mut stream = connect(from, self.port()).await?;
        stream.write_all(request).await?;
        answer(&mut stream).await
    }

    /// That somebody else who is signed in gets an answer now, over a connection of his own.
    async fn answers_others(&self) {
        let started = Instant::now();
        let request = self.head("GET", "/api/v1/workspace", "Connection: close\r\n\r\n");
        let answered = timeout(PROMPT, self.send(BYSTANDER, request.as_bytes())).await;
        let (status, body) = answered.expect("nobody else is answered").unwrap();
        assert_eq!(status, 200, "{body}");
        assert!(started.elapsed() < PROMPT);
    }

    /// That others are answered for as long as something else goes on.
    async fn answers_others_during<T>(&self, attack: impl Future<Output = T>) -> T {
        let mut attack = std::pin::pin!(attack);
        let mut asked = 0;
        loop {
            tokio::select! {
                done = &mut attack => {
                    assert!(asked > 0, "the attack was over before anybody else asked");
                    return done;
                }
                () = async { sleep(Duration::from_millis(100)).await; self.answers_others().await } => asked += 1,
            }
        }
    }

    /// Resident memory.
    fn memory_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    #[track_caller]
    fn grew_at_most(&self, before: u64, most: u64) {
        let now = self.memory_bytes();
        assert!(now < before + most, "memory went from {} to {} MiB", before / MIB, now / MIB);
    }
}

/// Whether the other side has closed a connection on which it has nothing to say.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 64];
    matches!(timeout(Duration::from_millis(20), stream.read(&mut bytes)).await, Ok(Ok(0) | Err(_)))
}

/// Begins requests and goes on with their heads, a field at a time, for so long.
async fn trickle_heads(streams: &mut [TcpStream], rounds: u32) {
    for round in 0..rounds {
        for stream in streams.iter_mut() {
            let piece = if round == 0 { "GET / HTTP/1.1\r\nHost: x\r\n" } else { "X-A: b\r\n" };
            // It may have been closed, which is the point.
            let _ = stream.write_all(piece.as_bytes()).await;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

async fn open_count(streams: &mut [TcpStream]) -> usize {
    let closed = futures::future::join_all(streams.iter_mut().map(is_closed)).await;
    closed.iter().filter(|closed| !**closed).count()
}

#[tokio::test]
async fn a_slow_loris_gets_its_share_of_connections_and_little_time() {
    // claim C7
    let served = serve(&[("BURSAR_HEAD_SECONDS", "5")]);
    let before = served.memory_bytes();
    let mut loris = Vec::new();
    for _ in 0..500 {
        loris.push(connect(ATTACKER, served.port()).await.unwrap());
    }
    served.answers_others_during(trickle_heads(&mut loris, 5)).await;
    let open = open_count(&mut loris).await;
    assert!(open <= 128, "{open} of 500 connections of one address stay open");
    let started = Instant::now();
    while open_count(&mut loris).await > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "a head that never ends keeps its connection");
        served.answers_others_during(trickle_heads(&mut loris, 5)).await;
    }
    served.grew_at_most(before, 32 * MIB);
}

#[tokio::test]
async fn a_slow_loris_of_many_addresses_makes_room_for_others() {
    // claim C7
    let served = serve(&[("BURSAR_MAX_CONNECTIONS", "64"), ("BURSAR_HEAD_SECONDS", "300")]);
    let mut loris = Vec::new();
    for number in 0..300_u32 {
        let [_, _, high, low] = number.to_be_bytes();
        loris.push(connect(Ipv4Addr::new(127, 1, high, low), served.port()).await.unwrap());
    }
    served.answers_others_during(trickle_heads(&mut loris, 10)).await;
    let open = open_count(&mut loris).await;
    assert!(open <= 64, "{open} connections are open where 64 may be");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    // claim C7
    let served = serve(&[("BURSAR_BODY_SECONDS", "2")]);
    let head = served.post("/api/v1/sql", "Content-Length: 2000\r\n");
    let trickle = async || {
        let mut stream = connect(ATTACKER, served.port()).await?;
        stream.write_all(head.as_bytes()).await?;
        let (mut reader, mut writer) = stream.split();
        let feed = async {
            loop {
                sleep(Duration::from_millis(100)).await;
                if writer.write_all(b" ").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut bytes = vec![0; 12];
        tokio::select! {
            () = feed => unreachable!(),
            read = reader.read_exact(&mut bytes) => read?,
        };
        Ok::<_, io::Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let started = Instant::now();
    let all = futures::future::join_all((0..100).map(|_| trickle()));
    let answers = served.answers_others_during(all).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), "HTTP/1.1 408");
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_gigabyte_is_not_read() {
    // claim C7
    let served = serve(&[]);
    let before = served.memory_bytes();
    let said = served.post("/api/v1/sql", "Content-Length: 1073741824\r\n");
    let (status, body) = served.send(ATTACKER, said.as_bytes()).await.unwrap();
    assert_eq!(status, 413, "{body}");
    let head = served.post("/api/v1/sql", "Transfer-Encoding: chunked\r\n");
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend(vec![b' '; 0x10000]);
    chunk.extend(b"\r\n");
    let pour = async || {
        let mut stream = connect(ATTACKER, served.port()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut sent, mut broken) = (0, false);
        while sent < 1_u64 << 30 && !broken {
            match timeout(Duration::from_secs(5), stream.write_all(&chunk)).await {
                Ok(Ok(())) => sent += 0x10000,
                _ => broken = true,
            }
        }
        sent
    };
    let all = futures::future::join_all((0..8).map(|_| pour()));
    let sent = served.answers_others_during(async {
        sleep(Duration::from_millis(300)).await;
        all.await
    });
    for sent in sent.await {
        assert!(sent < 32 * MIB, "{} MiB were taken (buffers of the system included)", sent / MIB);
    }
    served.grew_at_most(before, 32 * MIB);
}

#[tokio::test]
async fn deep_json_is_refused_everywhere() {
    // claim C7
    let served = serve(&[("BURSAR_RATE_HEAVY_PER_MINUTE", "0"), ("BURSAR_RATE_WRITE_PER_MINUTE", "0")]);
    let document = bursar().arg("openapi").run().unwrap().json().unwrap();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["requestBody"].is_null() {
                continue;
            }
            let path = path.replace(['{', '}'], "");
            for body in [
                "[".repeat(100_000),
                format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
                "{\"a\":".repeat(50_000),
                format!("{{\"sql\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000)),
            ] {
                let more = format!(
                    "X-Bursar-CSRF: 1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                let request = served.head(&method.to_uppercase(), &path, &more);
                let (status, answer) = served.send(ATTACKER, request.as_bytes()).await.unwrap();
                assert!((400..500).contains(&status) && status != 413, "{method} {path}: {status} {answer}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 4, "no endpoint takes a body?");
    served.answers_others().await;
}

#[tokio::test]
async fn a_flood_of_header_fields_is_refused() {
    // claim C7
    let served = serve(&[]);
    let before = served.memory_bytes();
    let many = served.head("GET", "/", &format!("{}\r\n", "X-A: b\r\n".repeat(200)));
    assert_eq!(served.send(ATTACKER, many.as_bytes()).await.unwrap().0, 431);
    let long = served.head("GET", "/", &format!("X-A: {}\r\n\r\n", "b".repeat(80_000)));
    assert_eq!(served.send(ATTACKER, long.as_bytes()).await.unwrap().0, 431);
    let pour = async || {
        let mut stream = connect(ATTACKER, served.port()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nX-A: ").await.unwrap();
        let (piece, mut sent) = (vec![b'b'; 0x10000], 0_u64);
        while sent < 1 << 30 {
            match timeout(Duration::from_secs(5), stream.write_all(&piece)).await {
                Ok(Ok(())) => sent += 0x10000,
                _ => break,
            }
        }
        sent
    };
    let all = futures::future::join_all((0..32).map(|_| pour()));
    let sent = served.answers_others_during(async {
        sleep(Duration::from_millis(300)).await;
        all.await
    });
    for sent in sent.await {
        assert!(sent < 32 * MIB, "{} MiB of a head were taken", sent / MIB);
    }
    served.grew_at_most(before, 32 * MIB);
}

/// So many guesses in a row on one connection, each from the address that the proxy header names;
/// how many were refused as guesses and how many as too many.
async fn guess(port: u16, addresses: impl Iterator<Item = u32>) -> (u32, u32) {
    let mut stream = connect(BYSTANDER, port).await.unwrap();
    let (mut wrong, mut too_many) = (0, 0);
    for (number, address) in addresses.enumerate() {
        let address = Ipv4Addr::from(0xC633_0000 + address);
        let request = format!(
            "GET /auth/link?token=guess{number} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: 1.2.3.4, {address}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        match answer(&mut stream).await.unwrap() {
            (401, _) => wrong += 1,
            (429, body) => {
                assert!(body.contains("too-many-requests"), "{body}");
                too_many += 1;
            }
            (status, body) => panic!("{status}: {body}"),
        }
    }
    (wrong, too_many)
}

#[tokio::test]
async fn ten_thousand_guesses_from_a_thousand_addresses_stop_nobody_else() {
    // claim C7
    let served = serve(&[("BURSAR_TRUSTED_PROXIES", "127.0.0.1"), ("BURSAR_RATE_SIGN_IN_PER_MINUTE", "2")]);
    let before = served.memory_bytes();
    // Fifty connections of the proxy; each address asks ten times, over different ones.
    let connections = (0..50_u32).map(|connection| {
        guess(served.port(), (0..200).map(move |number| (connection * 200 + number) % 1_000))
    });
    let counts = served.answers_others_during(futures::future::join_all(connections)).await;
    let wrong: u32 = counts.iter().map(|(wrong, _)| wrong).sum();
    let too_many: u32 = counts.iter().map(|(_, too_many)| too_many).sum();
    assert_eq!(wrong + too_many, 10_000);
    assert!(
        (2_000..6_000).contains(&wrong),
        "{wrong} guesses were looked at: two per address and minute may be"
    );
    served.grew_at_most(before, 64 * MIB);
}

#[tokio::test]
async fn addresses_that_a_stranger_makes_up_are_not_believed() {
    // claim C7
    let served = serve(&[("BURSAR_RATE_SIGN_IN_PER_MINUTE", "10")]);
    let (wrong, too_many) = guess(served.port(), 0..100).await;
    assert!(wrong < 30 && too_many > 70, "{wrong} guesses were looked at, {too_many} were too many");
    served.answers_others().await;
}

#[tokio::test]
async fn every_answer_says_what_remains() {
    // claim C7
    let served = serve(&[("BURSAR_RATE_READ_PER_MINUTE", "3")]);
    let ask = || http_get(served.port(), "/api/v1/workspace").unwrap();
    let first = ask();
    assert_eq!(first.status, 401, "an address is counted whoever it is");
    assert_eq!(first.header("RateLimit-Policy"), Some("\"read-address\";q=3;w=60"));
    assert_eq!(first.header("RateLimit"), Some("\"read-address\";r=2;t=20"));
    ask();
    ask();
    let refused = ask();
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
    let health = http_get(served.port(), "/health").unwrap();
    assert_eq!((health.status, health.header("RateLimit-Policy")), (200, None));
    let page = http_get(served.port(), "/").unwrap();
    assert_eq!(page.header("RateLimit-Policy"), Some("\"page-address\";q=2400;w=60"));
}
