//! Why a source cannot be read, said with what to do.

use super::{Location, Place};
use crate::ledger::Changed;
use object_store::client::{HttpError, HttpErrorKind};
use std::error::Error as StdError;
use std::io;

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// What was asked for does not exist or makes no sense (exit status 2).
    BadInput,
    /// The owner of the storage said no (exit status 3).
    Refused,
    /// The storage did not answer, or changed under the reader (exit status 4).
    Unreachable,
}

/// Why a source cannot be opened, listed or read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The text names no place.
    #[error("`{text}` is no place to read from: {problem}")]
    NotALocation {
        /// The text, unless it may hold a secret.
        text: String,
        /// What is wrong with it and what to write instead.
        problem: String,
    },
    /// An environment variable is missing or cannot be used.
    #[error("{location} cannot be opened: {problem}")]
    Settings {
        /// Where, without credentials.
        location: String,
        /// The variable that is missing or wrong.
        key: &'static str,
        /// What is wrong, and what to set.
        problem: String,
    },
    /// Nothing is there.
    #[error("{location} does not exist{}: {advice}", named(.object.as_deref()))]
    NotFound {
        /// Where, without credentials.
        location: String,
        /// Which object, if one was asked for.
        object: Option<String>,
        /// What to do.
        advice: String,
    },
    /// The place is there and holds no file.
    #[error("{location} holds no file: {advice}")]
    Empty {
        /// Where, without credentials.
        location: String,
        /// What to do.
        advice: String,
    },
    /// The owner of the storage does not allow it.
    #[error("{location} may not be read: {operation}{} was denied{}; {advice}", named(.object.as_deref()), because(.detail))]
    Denied {
        /// Where, without credentials.
        location: String,
        /// What was asked: `list`, `head`, `get`.
        operation: &'static str,
        /// Which object, if one was asked for.
        object: Option<String>,
        /// The storage's own words, shortened, without secrets.
        detail: String,
        /// Which permission is missing and how to grant it.
        advice: String,
    },
    /// An object is another than it was when the source was listed.
    #[error(transparent)]
    Changed(Changed),
    /// No answer.
    #[error("{location} could not be reached: {operation}{} failed{}; {advice}", named(.object.as_deref()), because(.detail))]
    Unreachable {
        /// Where, without credentials.
        location: String,
        /// What was asked.
        operation: &'static str,
        /// Which object, if one was asked for.
        object: Option<String>,
        /// What the network or the storage said, shortened, without secrets.
        detail: String,
        /// What to do.
        advice: String,
    },
    /// More objects than a source may have.
    #[error("{location} holds more than {limit} {what}: point at a folder further down, or at several")]
    TooMany {
        /// Where, without credentials.
        location: String,
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

fn named(object: Option<&str>) -> String {
    object.map(|object| format!(" (`{object}`)")).unwrap_or_default()
}

fn because(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

impl SourceError {
    /// Who has to act.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::NotALocation { .. }
            | Self::Settings { .. }
            | Self::NotFound { .. }
            | Self::Empty { .. }
            | Self::TooMany { .. } => Fault::BadInput,
            Self::Denied { .. } => Fault::Refused,
            Self::Changed(_) | Self::Unreachable { .. } => Fault::Unreachable,
        }
    }

    /// What a store's error means for the person who named the location.
    #[must_use]
    pub fn of(
        location: &Location,
        operation: &'static str,
        object: Option<&str>,
        error: &object_store::Error,
    ) -> Self {
        if let Some(changed) = Changed::find(error) {
            return Self::Changed(changed.clone());
        }
        let (place, object, detail) = (location, object.map(str::to_owned), detail(error));
        let location = place.to_string();
        if is_metadata_service(&detail) {
            let (key, problem) = no_credentials(place);
            return Self::Settings { location, key, problem };
        }
        match seen(error) {
            Seen::Denied => {
                let advice = permission(place, operation);
                Self::Denied { location, operation, object, detail, advice }
            }
            Seen::Unauthenticated => {
                let advice = no_credentials(place).1;
                Self::Denied { location, operation, object, detail, advice }
            }
            Seen::NotFound => {
                let advice = match &place.place {
                    Place::Local(_) => "check the path",
                    Place::S3 { .. } => "check the bucket's name, the prefix and AWS_REGION",
                    Place::Azure { .. } => "check the account, the container and the prefix",
                    Place::Gcs { .. } => "check the bucket's name and the prefix",
                };
                Self::NotFound { location, object, advice: advice.to_owned() }
            }
            Seen::Other => {
                let advice = match &place.place {
                    Place::Local(_) => "check the disk or the mount, then run again",
                    _ => "check the network, the endpoint and the proxy, then run again",
                };
                Self::Unreachable { location, operation, object, detail, advice: advice.to_owned() }
            }
        }
    }
}

enum Seen {
    Denied,
    Unauthenticated,
    NotFound,
    Other,
}

/// What kind of no it was, wherever in the chain of causes it is said.
fn seen(error: &object_store::Error) -> Seen {
    match error {
        // S3 answers a bad key, a bad signature and an expired token with 403 too.
        object_store::Error::PermissionDenied { source, .. } if says_who_are_you(&source.to_string()) => {
            return Seen::Unauthenticated;
        }
        object_store::Error::PermissionDenied { .. } => return Seen::Denied,
        object_store::Error::Unauthenticated { .. } => return Seen::Unauthenticated,
        object_store::Error::NotFound { .. } => return Seen::NotFound,
        _ => {}
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::PermissionDenied => return Seen::Denied,
                io::ErrorKind::NotFound => return Seen::NotFound,
                _ => {}
            }
        }
        next = cause.source();
    }
    // Some calls (listings, mostly) give the answer's status in words only.
    let text = error.to_string();
    if says_who_are_you(&text) || text.contains("status code: 401") {
        Seen::Unauthenticated
    } else if text.contains("status code: 403") {
        Seen::Denied
    } else if text.contains("status code: 404") {
        Seen::NotFound
    } else {
        Seen::Other
    }
}

fn says_who_are_you(text: &str) -> bool {
    [
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "TokenRefreshRequired",
        "AuthenticationFailed",
    ]
    .iter()
    .any(|code| text.contains(code))
}

/// Where clouds hand out credentials to their own machines: a failure there means that none were given.
fn is_metadata_service(detail: &str) -> bool {
    ["169.254.169.254", "169.254.170.2", "metadata.google.internal"].iter().any(|host| detail.contains(host))
}

fn no_credentials(location: &Location) -> (&'static str, String) {
    let (key, problem) = match &location.place {
        Place::Local(_) => ("", "check the permissions of the folder"),
        Place::S3 { .. } => (
            "AWS_ACCESS_KEY_ID",
            "no valid AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN if they are temporary), \
             AWS_ROLE_ARN with AWS_WEB_IDENTITY_TOKEN_FILE, or run where an instance role is attached",
        ),
        Place::Azure { .. } => (
            "AZURE_STORAGE_ACCOUNT_KEY",
            "no valid Azure credentials: set AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_ACCOUNT_KEY, AZURE_CLIENT_ID with AZURE_TENANT_ID and \
             AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE, AZURE_USE_AZURE_CLI=true after `az login`, or run where a managed identity is attached",
        ),
        Place::Gcs { .. } => (
            "GOOGLE_APPLICATION_CREDENTIALS",
            "no valid Google credentials: set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, run \
             `gcloud auth application-default login`, or run where a service account is attached",
        ),
    };
    (key, problem.to_owned())
}

/// The least permission that the operation needs, as the cloud names it.
fn permission(location: &Location, operation: &str) -> String {
    let listing = operation == "list";
    match &location.place {
        Place::Local(path) => format!(
            "the user that runs bursar needs to read it (and to enter its folders): `chmod -R u+rX {}` as its owner, or run as that user",
            path.display()
        ),
        Place::S3 { bucket } if listing => {
            format!("grant s3:ListBucket on arn:aws:s3:::{bucket} to the identity that reads")
        }
        Place::S3 { bucket } => {
            let below = if location.prefix.as_ref().is_empty() {
                String::new()
            } else {
                format!("{}/", location.prefix)
            };
            format!(
                "grant s3:GetObject on arn:aws:s3:::{bucket}/{below}* to the identity that reads \
                 (and kms:Decrypt, if the bucket is encrypted with a key of yours)"
            )
        }
        Place::Azure { account: Some(account), container, fabric: true } => format!(
            "give the identity that reads a role in the Fabric workspace `{container}` that may read OneLake data ({account}): Viewer with ReadAll, or more"
        ),
        Place::Azure { container, .. } => format!(
            "give the identity that reads the role Storage Blob Data Reader on the container `{container}` (a SAS token needs read and list), \
             and check its key and the account's firewall"
        ),
        Place::Gcs { bucket } => format!(
            "grant {} on the bucket `{bucket}` to the identity that reads (role Storage Object Viewer)",
            if listing { "storage.objects.list" } else { "storage.objects.get" }
        ),
    }
}

/// The most telling words of an error: the cloud's own code and message if it sent any, else the
/// innermost cause. Queries are cut off: an address may carry a signature.
fn detail(error: &object_store::Error) -> String {
    let text = error.to_string();
    let tagged = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        let (inside, _) = rest.split_once(&format!("</{tag}>"))?;
        Some(inside.lines().next().unwrap_or_default().trim().to_owned())
    };
    let said = match (tagged("Code"), tagged("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code,
        _ => {
            let mut cause: &(dyn StdError + 'static) = error;
            let mut connect = None;
            while let Some(next) = cause.source() {
                if let Some(http) = next.downcast_ref::<HttpError>() {
                    connect = match http.kind() {
                        HttpErrorKind::Connect => Some("no connection"),
                        HttpErrorKind::Timeout => Some("no answer in time"),
                        _ => None,
                    };
                }
                cause = next;
            }
            let address = text
                .split_whitespace()
                .find(|word| word.starts_with("http://") || word.starts_with("https://"));
            match (connect, address) {
                (Some(what), Some(address)) => format!("{what} to {address}: {cause}"),
                _ if text.len() < 400 => text.clone(),
                _ => cause.to_string(),
            }
        }
    };
    clean(&said)
}

/// One short line without queries.
fn clean(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        if word.contains("://") { word.split_once('?').map_or(word, |(before, _)| before) } else { word }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(location: &str, operation: &'static str, error: object_store::Error) -> SourceError {
        let location = Location::parse(location).unwrap_or_else(|error| panic!("{error}"));
        SourceError::of(&location, operation, Some("x/a.csv"), &error)
    }

    fn generic(said: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: said.into() }
    }

    #[test]
    fn a_folder_without_permission_says_whose_it_is() {
        let inner = io::Error::new(io::ErrorKind::PermissionDenied, "Permission denied (os error 13)");
        let error = told(
            "/srv/bills",
            "list",
            object_store::Error::Generic { store: "LocalFileSystem", source: inner.into() },
        );
        assert_eq!(error.fault(), Fault::Refused);
        let text = error.to_string();
        assert!(
            text.contains("/srv/bills may not be read") && text.contains("chmod -R u+rX /srv/bills"),
            "{text}"
        );
    }

    #[test]
    fn each_cloud_names_the_permission_that_is_missing() {
        let denied = || object_store::Error::PermissionDenied {
            path: "x/a.csv".into(),
            source: "<Code>AccessDenied</Code><Message>Access Denied</Message>".into(),
        };
        for (location, operation, says) in [
            ("s3://bills/cur", "list", "s3:ListBucket on arn:aws:s3:::bills"),
            ("s3://bills/cur", "get", "s3:GetObject on arn:aws:s3:::bills/cur/*"),
            (
                "abfss://cost@contoso.dfs.core.windows.net/x",
                "list",
                "Storage Blob Data Reader on the container `cost`",
            ),
            (
                "abfss://FinOps@onelake.dfs.fabric.microsoft.com/b.Lakehouse",
                "list",
                "Fabric workspace `FinOps`",
            ),
            ("gs://bills", "list", "storage.objects.list on the bucket `bills`"),
            ("gs://bills", "get", "storage.objects.get"),
        ] {
            let error = told(location, operation, denied());
            assert_eq!(error.fault(), Fault::Refused);
            assert!(
                error.to_string().contains(says) && error.to_string().contains("AccessDenied: Access Denied"),
                "{error}"
            );
        }
    }

    #[test]
    fn who_are_you_is_not_you_may_not() {
        let wrong_key = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>";
        let error = told("s3://bills", "list", generic(wrong_key));
        assert!(error.to_string().contains("set AWS_ACCESS_KEY_ID"), "{error}");
        assert_eq!(error.fault(), Fault::Refused);
        // Nothing was set at all: the client asked the machine, and the machine is in no cloud.
        let error = told(
            "s3://bills",
            "list",
            generic("Error performing PUT http://169.254.169.254/latest/api/token in 1s"),
        );
        assert!(matches!(error, SourceError::Settings { key: "AWS_ACCESS_KEY_ID", .. }), "{error:?}");
        assert_eq!(error.fault(), Fault::BadInput);
    }

    #[test]
    fn signatures_in_addresses_are_cut_off() {
        let error = told(
            "az://bills",
            "list",
            generic(
                "Error performing GET https://c.blob.core.windows.net/bills?sv=1&sig=TOPSECRET in 1s - timeout",
            ),
        );
        assert!(!format!("{error} {error:?}").contains("TOPSECRET"), "{error:?}");
        assert!(error.to_string().contains("https://c.blob.core.windows.net/bills"), "{error}");
        assert_eq!(error.fault(), Fault::Unreachable);
    }
}
