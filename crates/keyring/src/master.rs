//! The master key: where it comes from and how it is told.

use crate::file;
use crate::{Randomness, Secret32};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The generated key's file in the data directory.
pub(crate) const FILE_NAME: &str = "master.key";
/// Its successor, while it is being rotated.
pub(crate) const NEXT_FILE_NAME: &str = "master-next.key";
const FORMAT: &str = "bursar-master-key";
const VERSION: u32 = 1;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The text of a master key as an operator gives it; prints as `[redacted]`.
pub type MasterKeyText = SecretString;

/// How the operator set the master key. With none of the first three, the data directory's own is used.
#[derive(Debug, Clone, Default)]
pub struct MasterKeyConfig {
    /// `BURSAR_SECRET_KEY`: 32 bytes as base64 or as 64 hexadecimal digits.
    pub secret_key: Option<MasterKeyText>,
    /// `BURSAR_SECRET_KEY_FILE`: a file with the same text, or one that Bursar generated.
    pub secret_key_file: Option<PathBuf>,
    /// `BURSAR_SECRET_KEY_URL`: a key that a service keeps, `vault+https://…`.
    pub secret_key_url: Option<String>,
    /// `BURSAR_SECRET_KEY_PREVIOUS`: the key before, until `bursar keys rotate master` has run.
    pub secret_key_previous: Option<MasterKeyText>,
    /// `BURSAR_SECRET_KEY_PREVIOUS_FILE`.
    pub secret_key_previous_file: Option<PathBuf>,
    /// `BURSAR_SECRET_KEY_PREVIOUS_URL`.
    pub secret_key_previous_url: Option<String>,
    /// `BURSAR_VAULT_TOKEN`.
    pub vault_token: Option<SecretString>,
    /// `BURSAR_VAULT_TOKEN_FILE`.
    pub vault_token_file: Option<PathBuf>,
}

/// Where the master key in use came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKeyOrigin {
    /// `BURSAR_SECRET_KEY`.
    Environment,
    /// `BURSAR_SECRET_KEY_FILE`.
    File(PathBuf),
    /// `BURSAR_SECRET_KEY_URL`, with the name of the key there.
    Service(String),
    /// The data directory's key file, made at an earlier start.
    DataDirectory(PathBuf),
    /// The data directory's key file, made just now. Tell the operator.
    Generated(PathBuf),
}

impl fmt::Display for MasterKeyOrigin {
    /// One sentence for a log or standard error; never the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the master key is BURSAR_SECRET_KEY"),
            Self::Service(id) => write!(f, "the master key is {id} of BURSAR_SECRET_KEY_URL"),
            Self::File(path) => write!(f, "the master key is in {}", path.display()),
            Self::DataDirectory(path) => write!(f, "the master key is in {}", path.display()),
            Self::Generated(path) => write!(
                f,
                "generated a master key in {}: back it up apart from the data, for without it nothing of the workspaces can \
                 be read; to keep it elsewhere, set BURSAR_SECRET_KEY_FILE",
                path.display()
            ),
        }
    }
}

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// More than one variable is set.
    #[error(
        "of BURSAR_SECRET_KEY, BURSAR_SECRET_KEY_FILE and BURSAR_SECRET_KEY_URL more than one is set: keep one"
    )]
    Both,
    /// The address is none of a key.
    #[error("{origin} cannot be used: {why}")]
    Url {
        /// The variable.
        origin: &'static str,
        /// Why not, without the address, which may hold a secret by mistake.
        why: &'static str,
    },
    /// No token for the service, or two.
    #[error("the key's service needs one token: {0}")]
    Token(&'static str),
    /// The text is no key.
    #[error(
        "{origin} does not hold a key: expected 32 bytes as base64 or as 64 hexadecimal digits, as \
         `openssl rand -base64 32` prints"
    )]
    NotAKey {
        /// The variable or file.
        origin: String,
    },
    /// All bytes are equal.
    #[error("{origin} holds one byte 32 times over, which is no secret: use `openssl rand -base64 32`")]
    Weak {
        /// The variable or file.
        origin: String,
    },
    /// A file of a newer program.
    #[error("{path} has version {found} and this program reads version {VERSION}: use the newer program")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The generated key can be read by others.
    #[error(
        "{path} can be read by other users of this machine: run `chmod 600 {path}`, and replace the key if they may have"
    )]
    Permissions {
        /// The file.
        path: PathBuf,
    },
    /// Sealed keys are here, the key that sealed them is not.
    #[error(
        "{path} is missing, but {directory} holds keys sealed with it: restore it, or set BURSAR_SECRET_KEY; to give up \
         the derived data and start afresh, remove {directory}"
    )]
    Lost {
        /// Where the key should be.
        path: PathBuf,
        /// The sealed keys.
        directory: PathBuf,
    },
    /// The file system said no.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No random bytes.
    #[error("no master key could be generated")]
    Randomness(#[from] crate::RandomnessError),
}

/// The key at the top. It only ever seals and opens workspace keys.
pub struct MasterKey {
    pub(crate) key: Secret32,
    id: String,
}

impl fmt::Debug for MasterKey {
    /// The id only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The generated key's file. Private, and without `Debug`: it holds the key in the clear.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    version: u32,
    id: String,
    key: String,
}

impl MasterKey {
    fn new(key: Secret32) -> Self {
        let id = key.fingerprint("mk", "bursar-master-key-id-v1");
        Self { key, id }
    }

    /// Names the key without telling it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Reads 32 bytes written as base64 (either alphabet, padded or not) or hexadecimal.
    ///
    /// # Errors
    /// On any other text, naming `origin`, never the text.
    pub fn from_text(text: &str, origin: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        // The longest form is 64 digits; nothing longer is decoded.
        let decoded = (text.len() <= 64).then(|| {
            if text.len() == 64 {
                hex::decode(text).ok()
            } else {
                STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
            }
        });
        let key = decoded.flatten().map(Zeroizing::new).and_then(|bytes| Secret32::from_slice(&bytes));
        let key = key.ok_or_else(|| MasterKeyError::NotAKey { origin: origin.to_owned() })?;
        if key.expose().iter().all(|byte| *byte == key.expose()[0]) {
            return Err(MasterKeyError::Weak { origin: origin.to_owned() });
        }
        Ok(Self::new(key))
    }

    /// A key file of the data directory; `None` when it is not there.
    pub(crate) fn private(path: &Path) -> Result<Option<Self>, MasterKeyError> {
        let io = |source| MasterKeyError::Io { path: path.to_owned(), source };
        if !path.try_exists().map_err(io)? {
            return Ok(None);
        }
        if file::readable_by_others(path).map_err(io)? {
            return Err(MasterKeyError::Permissions { path: path.to_owned() });
        }
        Self::read(path).map(Some)
    }

    /// The key file of the data directory, made when there is none and nothing is sealed.
    pub(crate) fn private_or_new(
        path: &Path,
        sealed: &Path,
        random: &dyn Randomness,
    ) -> Result<(Self, MasterKeyOrigin), MasterKeyError> {
        if let Some(key) = Self::private(path)? {
            return Ok((key, MasterKeyOrigin::DataDirectory(path.to_owned())));
        }
        if holds_files(sealed).map_err(|source| MasterKeyError::Io { path: sealed.to_owned(), source })? {
            return Err(MasterKeyError::Lost { path: path.to_owned(), directory: sealed.to_owned() });
        }
        Ok((Self::generate(path, random)?, MasterKeyOrigin::Generated(path.to_owned())))
    }

    /// Makes a key and writes it to a file.
    pub(crate) fn generate(path: &Path, random: &dyn Randomness) -> Result<Self, MasterKeyError> {
        let master = Self::new(Secret32::random(random)?);
        master.write(path)?;
        Ok(master)
    }

    pub(crate) fn read(path: &Path) -> Result<Self, MasterKeyError> {
        let text = file::read(path).map_err(|source| MasterKeyError::Io { path: path.to_owned(), source })?;
        let origin = path.display().to_string();
        if !text.trim_start().starts_with('{') {
            return Self::from_text(&text, &origin);
        }
        let not_a_key = || MasterKeyError::NotAKey { origin: origin.clone() };
        // The version first: a newer file may have other fields.
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u32,
        }
        // serde's own error would quote the text, which may be the key.
        let head: Head = serde_json::from_str(&text).map_err(|_| not_a_key())?;
        if head.format != FORMAT {
            return Err(not_a_key());
        }
        if head.version != VERSION {
            return Err(MasterKeyError::Version { path: path.to_owned(), found: head.version });
        }
        let file: KeyFile = serde_json::from_str(&text).map_err(|_| not_a_key())?;
        let master = Self::from_text(&file.key, &origin)?;
        if master.id == file.id { Ok(master) } else { Err(not_a_key()) }
    }

    fn write(&self, path: &Path) -> Result<(), MasterKeyError> {
        let io = |source| MasterKeyError::Io { path: path.to_owned(), source };
        let file = KeyFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            id: self.id.clone(),
            key: STANDARD.encode(self.key.expose()),
        };
        // Room enough that the buffer never grows and leaves a copy behind.
        let mut text = Zeroizing::new(Vec::with_capacity(512));
        serde_json::to_writer_pretty(&mut *text, &file).map_err(|error| io(error.into()))?;
        text.push(b'\n');
        file::write_atomically(path, &text).map_err(io)
    }
}

fn holds_files(directory: &Path) -> std::io::Result<bool> {
    match std::fs::read_dir(directory) {
        Ok(entries) => {
            for entry in entries {
                if !entry?.file_name().to_string_lossy().starts_with('.') {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

    #[test]
    fn base64_and_hexadecimal_name_the_same_key() {
        let bytes = hex::decode(HEX).unwrap();
        let id = |text: &str| MasterKey::from_text(text, "test").map(|key| key.id).unwrap();
        let expected = id(HEX);
        assert!(expected.starts_with("mk_") && expected.len() == 19);
        for text in [
            HEX.to_uppercase(),
            format!("  {HEX}\n"),
            STANDARD.encode(&bytes),
            URL_SAFE.encode(&bytes),
            STANDARD.encode(&bytes).trim_end_matches('=').to_owned(),
        ] {
            assert_eq!(id(&text), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_and_not_repeated() {
        for text in ["", "hunter2", &HEX[..62], &format!("{HEX}00"), &"zz".repeat(32), &"A".repeat(1_000_000)]
        {
            let error = MasterKey::from_text(text, "BURSAR_SECRET_KEY").unwrap_err();
            assert!(matches!(error, MasterKeyError::NotAKey { .. }), "{error}");
            let message = error.to_string();
            assert!(message.starts_with("BURSAR_SECRET_KEY "), "{message}");
            assert!(text.is_empty() || !message.contains(text), "the text is told: {message}");
        }
        let zeros = MasterKey::from_text(&"00".repeat(32), "BURSAR_SECRET_KEY");
        assert!(matches!(zeros, Err(MasterKeyError::Weak { .. })));
    }

    #[test]
    fn debug_tells_nothing() {
        // claim B7
        let key = MasterKey::from_text(HEX, "test").unwrap();
        assert!(!format!("{key:?}").contains("0001"));
        let config =
            MasterKeyConfig { secret_key: Some(HEX.to_owned().into()), ..MasterKeyConfig::default() };
        assert!(!format!("{config:?}").contains("0001"), "{config:?}");
    }
}
