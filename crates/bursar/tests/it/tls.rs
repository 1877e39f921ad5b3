//! `bursar serve` with a certificate: https without a proxy.

use crate::bursar;
use bursar_testkit::Process;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// An authority of our own, and a folder with what it signed.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority of our own");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        Self { issuer: Issuer::new(params, key), pem, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A certificate for this machine, with its key: both as PEM, and the certificate's bytes.
    fn sign(&self) -> (String, String, Vec<u8>) {
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem(), certificate.der().to_vec())
    }

    /// Puts a new certificate and its key where the server looks; the certificate's bytes.
    fn renew(&self) -> Vec<u8> {
        let (certificate, key, bytes) = self.sign();
        std::fs::write(self.path("cert.pem"), certificate).unwrap();
        std::fs::write(self.path("key.pem"), key).unwrap();
        bytes
    }

    fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.pem.as_bytes()).unwrap();
        let builder = reqwest::Client::builder().tls_certs_only([root]).tls_info(true);
        builder.cookie_store(true).build().unwrap()
    }

    fn serve(&self, address: &str, data: &Path, public_url: bool) -> Process {
        let command = |port: u16, _: &Path| {
            let listen = format!("{address}:{port}");
            let program = bursar().args(["serve", "--listen", &listen, "--data-dir"]).arg(data);
            let program = program
                .env("BURSAR_TLS_CERT_FILE", self.path("cert.pem"))
                .env("BURSAR_TLS_KEY_FILE", self.path("key.pem"))
                .env("BURSAR_TLS_REREAD_SECONDS", "1");
            let url = format!("https://localhost:{port}");
            if public_url { program.env("BURSAR_PUBLIC_URL", url) } else { program }.command()
        };
        let listens = |port: u16| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        Process::start("bursar", command, listens).unwrap()
    }
}

/// The certificate that a client sees who was never here before.
async fn shown(authority: &Authority, url: &str) -> Vec<u8> {
    let answer = authority.client().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let info = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
    info.peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn a_browser_signs_in_over_https_without_a_proxy() {
    // claim B5
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.renew();
    let mut server = authority.serve("0.0.0.0", data.path(), true);
    let link =
        server.wait_for_line(|line| line.starts_with("https://localhost:").then(|| line.to_owned())).unwrap();
    let client = authority.client();
    let page = client.get(&link).send().await.unwrap();
    assert_eq!(page.status(), 200, "the front page");
    assert_eq!(page.headers()["strict-transport-security"], "max-age=31536000");
    let me = format!("https://localhost:{}/api/v1/workspace", server.port());
    assert_eq!(
        client.get(&me).send().await.unwrap().status(),
        200,
        "a cookie that insists on https came back"
    );
    let stranger = reqwest::Client::new();
    assert!(stranger.get(&me).send().await.is_err(), "nobody vouches for this certificate elsewhere");
    assert!(bursar_testkit::http_get(server.port(), "/health").is_none(), "plain http is not answered");
}

#[tokio::test]
async fn a_new_certificate_is_taken_into_use_while_serving() {
    // claim B5
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    let first = authority.renew();
    let server = authority.serve("127.0.0.1", data.path(), false);
    let url = format!("https://127.0.0.1:{}/health", server.port());
    assert_eq!(shown(&authority, &url).await, first);
    // A renewal caught half-way: the certificate is new, its key is not there yet.
    let (certificate, key, second) = authority.sign();
    std::fs::write(authority.path("cert.pem"), certificate).unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(shown(&authority, &url).await, first, "the pair that fits stays in use");
    assert!(server.log().contains("cannot be used together"), "{}", server.log());
    std::fs::write(authority.path("key.pem"), key).unwrap();
    for _ in 0..100 {
        if shown(&authority, &url).await == second {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the new certificate is not shown:\n{}", server.log());
}

/// What `openssl s_client` says of a handshake, and whether it was one.
fn openssl(authority: &Authority, port: u16, version: &str) -> Option<(bool, String)> {
    let run = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}"), version, "-verify_return_error"])
        .args(["-CAfile", &authority.path("ca.pem")])
        .stdin(Stdio::null())
        .output();
    match run {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(error) => {
            assert!(!bursar_testkit::in_ci(), "openssl cannot be run: {error}");
            None
        }
    }
}

#[test]
fn nothing_older_than_tls_1_3_is_spoken() {
    // claim B5
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.renew();
    let server = authority.serve("127.0.0.1", data.path(), false);
    let Some((good, said)) = openssl(&authority, server.port(), "-tls1_3") else { return };
    assert!(good && said.contains("TLSv1.3") && said.contains("Verify return code: 0 (ok)"), "{said}");
    for older in ["-tls1_2", "-tls1_1"] {
        let (good, said) = openssl(&authority, server.port(), older).unwrap();
        assert!(!good && said.contains("Cipher is (NONE)"), "{older}: {said}");
    }
    let (_, said) = openssl(&authority, server.port(), "-tls1_2").unwrap();
    assert!(said.contains("protocol version"), "{said}");
}

#[test]
fn a_certificate_that_does_not_work_is_named_before_anything_starts() {
    // claim J2
    let (authority, data) = (Authority::new(), tempfile::tempdir().unwrap());
    authority.renew();
    let other = authority.sign().1;
    std::fs::write(authority.path("key.pem"), other).unwrap();
    let run = bursar()
        .args(["serve", "--listen", "0.0.0.0:0", "--data-dir"])
        .arg(data.path())
        .env("BURSAR_TLS_CERT_FILE", authority.path("cert.pem"))
        .env("BURSAR_TLS_KEY_FILE", authority.path("key.pem"))
        .env("BURSAR_RATE_READ_PER_MINUTE", "many")
        .run()
        .unwrap()
        .expect_status(2)
        .unwrap();
    for text in ["BURSAR_TLS_CERT_FILE", "cannot be used together", "BURSAR_RATE_READ_PER_MINUTE"] {
        assert!(run.stderr.contains(text), "{run}");
    }
    assert!(!run.stderr.contains("PRIVATE KEY"), "{run}");
}
