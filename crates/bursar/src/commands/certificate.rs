//! `bursar certificate`: proofs of deletion, given out and checked.

use crate::exit::{Failure, Outcome};
use crate::installation::Place;
use bursar_app::installation::CertificateFile;
use bursar_domain::id::CertificateId;
use bursar_keyring::{CertificateKey, SIGNATURE_BYTES};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// More than any certificate.
const MAX_BYTES: u64 = 1024 * 1024;

/// What to do with certificates of deletion.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write a certificate, its signature and the key that checks it into a folder
    Show(Show),
    /// Check a certificate, without a data directory and without a network
    Verify(Verify),
    /// Print the key that certificates of this installation are checked with
    Key(Key),
}

/// Write a certificate, its signature and the key that checks it into a folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The certificate
    #[arg(value_name = "CERTIFICATE")]
    pub(crate) certificate: CertificateId,

    /// The folder
    #[arg(long, short, value_name = "DIR", default_value = ".")]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) place: Place,
}

/// Check a certificate, without a data directory and without a network. The same as
/// `openssl pkeyutl -verify -pubin -rawin -inkey KEY -in FILE -sigfile FILE.sig`.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// The certificate; its signature lies beside it, with .sig after the name
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The published key, as `bursar certificate key` prints it
    #[arg(long, value_name = "PEM")]
    pub(crate) key: PathBuf,
}

/// Print the key that certificates of this installation are checked with. Publish it.
#[derive(Debug, clap::Args)]
pub(crate) struct Key {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Show(args) => {
            let installation = args.place.open().await?;
            let CertificateFile { id, text, signature } = installation.certificate(args.certificate).await?;
            let key = installation.certificate_key().await?;
            std::fs::create_dir_all(&args.output)?;
            for (name, bytes) in [
                (format!("{id}.json"), text.as_bytes()),
                (format!("{id}.json.sig"), &signature),
                (format!("{}.pem", key.id()), key.to_pem().as_bytes()),
            ] {
                let path = args.output.join(name);
                std::fs::write(&path, bytes)?;
                writeln!(std::io::stdout(), "{}", path.display())?;
            }
            Ok(Outcome::Good)
        }
        Command::Verify(args) => {
            let text = read(&args.file)?;
            let text = String::from_utf8(text).map_err(|_| {
                Failure::bad_input(anyhow::anyhow!(
                    "{}: this is no certificate of deletion",
                    args.file.display()
                ))
            })?;
            let mut beside = args.file.clone().into_os_string();
            beside.push(".sig");
            let signature = read(Path::new(&beside))?;
            let key = CertificateKey::from_pem(&String::from_utf8_lossy(&read(&args.key)?))?;
            if signature.len() != SIGNATURE_BYTES {
                writeln!(std::io::stdout(), "the signature is no Ed25519 signature")?;
                return Ok(Outcome::Wanting);
            }
            match CertificateFile::check(&text, &signature, &key) {
                Ok(what) => {
                    writeln!(std::io::stdout(), "good, by {}: {what}", key.id())?;
                    Ok(Outcome::Good)
                }
                Err(error) => {
                    writeln!(std::io::stdout(), "not to be believed: {error}")?;
                    Ok(Outcome::Wanting)
                }
            }
        }
        Command::Key(args) => {
            let installation = args.place.open().await?;
            write!(std::io::stdout(), "{}", installation.certificate_key().await?.to_pem())?;
            Ok(Outcome::Good)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)
        .map_err(|error| anyhow::Error::from(error).context(path.display().to_string()))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::bad_input(anyhow::anyhow!("{} is too long for a certificate", path.display())));
    }
    Ok(bytes)
}
