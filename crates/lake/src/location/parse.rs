//! Text to location.

use super::{Location, Place, SourceError};
use object_store::path::Path;
use std::path::PathBuf;

/// Longest text accepted, in bytes.
const MAX_BYTES: usize = 4096;

const FORMS: &str = "write a folder or file, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, \
                     abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX or gs://BUCKET/PREFIX";

impl Location {
    /// Reads what a person writes. Looks at no disk and no network.
    ///
    /// # Errors
    /// When the text names no place, or holds a secret.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        let refuse =
            |problem: &str| SourceError::NotALocation { text: shown(text), problem: problem.to_owned() };
        if text.is_empty() {
            return Err(refuse(FORMS));
        }
        if text.len() > MAX_BYTES {
            return Err(refuse("it is longer than 4096 bytes"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self { place: Place::Local(PathBuf::from(text)), prefix: Path::default() });
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme == "file" {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            if !path.starts_with('/') {
                return Err(refuse("a file:// address needs an absolute path: file:///FOLDER"));
            }
            return Ok(Self { place: Place::Local(PathBuf::from(path)), prefix: Path::default() });
        }
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let secret =
            authority.contains(':') && authority.contains('@') || (scheme == "https" && key.contains('?'));
        if secret {
            return Err(SourceError::NotALocation {
                text: format!("{scheme}://…"),
                problem: "the address seems to hold a secret (a password or a SAS token), and addresses are shown and logged: \
                          leave it out and set it in the environment, such as AZURE_STORAGE_SAS_TOKEN"
                    .to_owned(),
            });
        }
        let (place, key) = match scheme.as_str() {
            "s3" | "s3a" => (Place::S3 { bucket: bucket(authority).ok_or_else(|| refuse("the bucket's name is missing"))? }, key),
            "gs" | "gcs" => (Place::Gcs { bucket: bucket(authority).ok_or_else(|| refuse("the bucket's name is missing"))? }, key),
            "az" | "azure" | "adl" | "abfs" | "abfss" | "wasb" | "wasbs" => {
                (azure(authority).ok_or_else(|| refuse("expected az://CONTAINER/PREFIX or abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX"))?, key)
            }
            "https" => https(authority, key).ok_or_else(|| {
                refuse("of https:// addresses, those of Azure storage, OneLake, Amazon S3 and Google Cloud Storage are known, \
                        with the container or bucket in them")
            })?,
            "http" => return Err(refuse("name the place as s3://, az:// or gs:// and set the endpoint in the environment, such as AWS_ENDPOINT_URL")),
            _ => return Err(refuse(FORMS)),
        };
        let key = key.trim_matches('/');
        let prefix =
            Path::parse(key).map_err(|error| refuse(&format!("its prefix cannot be used: {error}")))?;
        Ok(Self { place, prefix })
    }
}

/// The text as an error may show it.
fn shown(text: &str) -> String {
    text.split_once('?').map_or(text, |(before, _)| before).chars().take(200).collect()
}

/// A bucket's or container's name: what S3, Azure and GCS allow together.
fn bucket(name: &str) -> Option<String> {
    let fine = !name.is_empty()
        && name.len() <= 255
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'$'));
    fine.then(|| name.to_owned())
}

/// `container`, `container@account.dfs.core.windows.net`, `workspace@onelake.dfs.fabric.microsoft.com`.
fn azure(authority: &str) -> Option<Place> {
    let Some((container, host)) = authority.split_once('@') else {
        return Some(Place::Azure { account: None, container: bucket(authority)?, fabric: false });
    };
    let (account, fabric) = azure_host(host)?;
    // A Fabric workspace may have blanks in its name.
    let container = if fabric && !container.is_empty() { container.to_owned() } else { bucket(container)? };
    Some(Place::Azure { account: Some(account), container, fabric })
}

/// The account in a host name of Azure storage, and whether it is OneLake.
fn azure_host(host: &str) -> Option<(String, bool)> {
    let host = host.to_ascii_lowercase();
    for (domain, fabric) in [("core.windows.net", false), ("fabric.microsoft.com", true)] {
        for service in ["dfs", "blob"] {
            if let Some(account) = host.strip_suffix(&format!(".{service}.{domain}")) {
                return bucket(account).filter(|name| !name.contains('.')).map(|name| (name, fabric));
            }
        }
    }
    None
}

/// Addresses as the portals show them.
fn https<'k>(host: &str, path: &'k str) -> Option<(Place, &'k str)> {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if let Some((account, fabric)) = azure_host(host) {
        let container = if fabric && !first.is_empty() { first.to_owned() } else { bucket(first)? };
        return Some((Place::Azure { account: Some(account), container, fabric }, rest));
    }
    let host = host.to_ascii_lowercase();
    if host == "storage.googleapis.com" || host == "storage.cloud.google.com" {
        return Some((Place::Gcs { bucket: bucket(first)? }, rest));
    }
    let aws = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    if aws == "s3" || aws.starts_with("s3.") || aws.starts_with("s3-") {
        return Some((Place::S3 { bucket: bucket(first)? }, rest));
    }
    let (name, _) = aws
        .rsplit_once(".s3.")
        .or_else(|| aws.rsplit_once(".s3-"))
        .or_else(|| aws.strip_suffix(".s3").map(|name| (name, "")))?;
    Some((Place::S3 { bucket: bucket(name)? }, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, canonical: &str) {
        let location = Location::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(location.to_string(), canonical, "{text}");
        assert_eq!(Location::parse(canonical).ok(), Some(location), "{canonical}");
    }

    fn refused(text: &str, says: &str) {
        let error = Location::parse(text).map(|l| l.to_string()).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }

    #[test]
    fn every_form_of_the_same_place_is_one_location() {
        check("./exports", "./exports");
        check("file:///srv/exports", "/srv/exports");
        check(" s3://bills/cur/daily/ ", "s3://bills/cur/daily");
        check("S3://bills", "s3://bills");
        check("https://bills.s3.eu-west-1.amazonaws.com/cur/daily", "s3://bills/cur/daily");
        check("https://s3.eu-west-1.amazonaws.com/bills/cur", "s3://bills/cur");
        check("https://bills.s3.amazonaws.com/", "s3://bills");
        check("az://exports/cost", "az://exports/cost");
        check("abfs://exports/cost", "az://exports/cost");
        check(
            "abfss://exports@contoso.dfs.core.windows.net/cost",
            "abfss://exports@contoso.dfs.core.windows.net/cost",
        );
        check(
            "https://contoso.blob.core.windows.net/exports/cost/",
            "abfss://exports@contoso.dfs.core.windows.net/cost",
        );
        check(
            "https://onelake.dfs.fabric.microsoft.com/FinOps/bills.Lakehouse/Files/focus",
            "abfss://FinOps@onelake.dfs.fabric.microsoft.com/bills.Lakehouse/Files/focus",
        );
        check(
            "abfss://FinOps@onelake.dfs.fabric.microsoft.com/bills.Lakehouse/Files",
            "abfss://FinOps@onelake.dfs.fabric.microsoft.com/bills.Lakehouse/Files",
        );
        check("gs://bills/export", "gs://bills/export");
        check("https://storage.googleapis.com/bills/export", "gs://bills/export");
        check("s3://bills/data/BILLING_PERIOD=2025-01", "s3://bills/data/BILLING_PERIOD=2025-01");
    }

    #[test]
    fn what_names_no_place_is_refused_with_what_to_write() {
        refused("", "write a folder");
        refused("ftp://host/x", "s3://BUCKET");
        refused("s3:///prefix", "bucket");
        refused("abfss://c@account.example.com/x", "abfss://CONTAINER@ACCOUNT");
        refused("https://example.com/x", "known");
        refused("http://127.0.0.1:9000/bucket", "AWS_ENDPOINT_URL");
        refused("s3://bucket/a/../b", "prefix");
        refused("file://relative", "absolute");
        refused(&format!("s3://b/{}", "x".repeat(5000)), "longer");
    }

    #[test]
    fn a_secret_in_an_address_is_refused_and_not_repeated() {
        for text in [
            "https://contoso.blob.core.windows.net/exports?sv=2024&sig=TOPSECRET",
            "s3://AKIA:TOPSECRET@bucket/x",
        ] {
            let error = Location::parse(text).map(|l| l.to_string()).expect_err(text);
            assert!(
                !error.to_string().contains("TOPSECRET") && !format!("{error:?}").contains("TOPSECRET"),
                "{error:?}"
            );
        }
    }
}
