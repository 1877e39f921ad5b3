//! TLS at the door: version 1.3 and nothing older, with a certificate that is read again when its
//! files change (claim B5).
//!
//! Whoever renews a certificate writes two files, and not at the same moment. A pair that does not
//! fit together, or cannot be read, is told in the log and the one before stays in use. There is
//! no early data: it could be sent twice.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A chain of certificates is some kilobytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Where the certificate and its key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, then those that vouch for it, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
    /// How often to look whether they changed.
    pub reread: Duration,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Larger than any certificate.
    #[error("`{0}` is larger than 1 MiB: expected PEM")]
    TooLarge(PathBuf),
    /// Nothing in it that is wanted.
    #[error("`{0}` holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate(PathBuf),
    /// Nothing in it that is wanted. What it does hold is not repeated.
    #[error("`{0}` holds no private key in PEM without a password (`-----BEGIN PRIVATE KEY-----`)")]
    NoKey(PathBuf),
    /// The two do not go together, or the kind of key is not supported.
    #[error("the certificate in `{certificate}` and the key in `{key}` cannot be used together: {why}")]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// Why.
        why: rustls::Error,
    },
}

/// TLS with a certificate that is kept up to date.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    served: Arc<Served>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.served.files).finish_non_exhaustive()
    }
}

/// The pair in use.
struct Served {
    files: TlsFiles,
    current: RwLock<Loaded>,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").field("files", &self.files).finish_non_exhaustive()
    }
}

struct Loaded {
    pair: Arc<CertifiedKey>,
    /// Of both files, to see whether they changed.
    digest: [u8; 32],
}

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current.pair))
    }
}

impl Tls {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// When either cannot be read, or they do not go together.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(load(&files)?);
        let unusable =
            |why| TlsError::Unusable { certificate: files.certificate.clone(), key: files.key.clone(), why };
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(unusable)?
            .with_no_client_auth();
        let served = Arc::new(Served { files, current });
        let mut config = config.with_cert_resolver(Arc::clone(&served) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), served })
    }

    pub(crate) async fn accept<S>(&self, stream: S) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.acceptor.accept(stream).await
    }

    /// Looks for changes, for ever.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            tokio::time::sleep(self.served.files.reread).await;
            let served = Arc::clone(&self.served);
            if let Err(error) = tokio::task::spawn_blocking(move || served.renew()).await {
                tracing::error!(%error, "the certificate could not be looked at");
            }
        }
    }
}

impl Served {
    fn renew(&self) {
        match load(&self.files) {
            Ok(loaded) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if current.digest != loaded.digest {
                    *current = loaded;
                    tracing::info!("a new certificate is in use");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate on disk cannot be used; the one before stays")
            }
        }
    }
}

fn load(files: &TlsFiles) -> Result<Loaded, TlsError> {
    let (certificate, key) = (read(&files.certificate)?, read(&files.key)?);
    let digest = Sha256::new_with_prefix(Sha256::digest(&certificate)).chain_update(&key).finalize().into();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate(files.certificate.clone()))?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::NoKey(files.key.clone()))?;
    let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|why| {
        TlsError::Unusable { certificate: files.certificate.clone(), key: files.key.clone(), why }
    })?;
    Ok(Loaded { pair: Arc::new(pair), digest })
}

fn read(path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TlsError::TooLarge(path.to_owned()));
    }
    Ok(bytes)
}
