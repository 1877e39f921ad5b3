//! Location to store: credentials from the clouds' standard environment variables.

use super::{Location, Place, SourceError};
use crate::ledger::{Ledger, ReadOnlyStore};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig, StaticCredentialProvider};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Looks an environment variable up. The program passes the process's, a test its own.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// The account and key that every Azurite and storage emulator has; public, and good for nothing else.
/// <https://learn.microsoft.com/azure/storage/common/storage-use-azurite> (read 2026-11-22).
const EMULATOR_ACCOUNT: &str = "devstoreaccount1";
const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Variables handed to the S3 client as they are.
const AWS_KEYS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_IMDSV1_FALLBACK",
    "AWS_METADATA_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SKIP_SIGNATURE",
    "AWS_REQUEST_PAYER",
];

/// Variables handed to the Azure client as they are.
const AZURE_KEYS: &[&str] = &[
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_CLIENT_ID",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_STORAGE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_AUTHORITY_HOST",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_MSI_ENDPOINT",
    "AZURE_OBJECT_ID",
    "AZURE_MSI_RESOURCE_ID",
    "AZURE_USE_AZURE_CLI",
    "AZURE_SKIP_SIGNATURE",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_ENDPOINT",
    "AZURE_ALLOW_HTTP",
];

/// Variables handed to the Google client as they are.
const GOOGLE_KEYS: &[&str] = &[
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_BASE_URL",
    "GOOGLE_SKIP_SIGNATURE",
    "GOOGLE_ALLOW_HTTP",
];

/// An opened location: a store that only reads, and the prefix below which the source lies.
#[derive(Debug, Clone)]
pub struct Source {
    location: Location,
    prefix: Path,
    store: Arc<ReadOnlyStore>,
}

impl Source {
    /// A source over a store that is open already; `location` is how it is called.
    #[must_use]
    pub fn new(location: Location, prefix: Path, inner: Arc<dyn ObjectStore>, ledger: Arc<Ledger>) -> Self {
        let store = ReadOnlyStore::new(inner, &location.to_string(), ledger);
        let store = if location.is_local() { store } else { store.over_http() };
        Self { location, prefix, store: Arc::new(store) }
    }

    /// Where it lies. Of a local path, the absolute one.
    #[must_use]
    pub const fn location(&self) -> &Location {
        &self.location
    }

    /// Below which path of the store its objects are; of a single file, the file.
    #[must_use]
    pub const fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The store. Paths of objects are relative to it, not to the prefix.
    #[must_use]
    pub const fn store(&self) -> &Arc<ReadOnlyStore> {
        &self.store
    }

    /// The full name of an object of this source, the same from whichever source it is seen.
    #[must_use]
    pub fn object_name(&self, path: &str) -> String {
        match &self.location.place {
            Place::Local(root) if self.prefix.as_ref().is_empty() => root.join(path).display().to_string(),
            // A single file: the location is the file, the store its folder.
            Place::Local(file) => file.parent().unwrap_or(file).join(path).display().to_string(),
            _ => {
                let root = Location { place: self.location.place.clone(), prefix: Path::default() };
                format!("{root}/{path}")
            }
        }
    }
}

impl Location {
    /// Opens the location with credentials from `environment`; every call is counted in `ledger`.
    ///
    /// No network is touched yet. A local path is looked at, and made absolute.
    ///
    /// # Errors
    /// When a local path is not there or may not be read, or a setting is missing or wrong.
    pub fn open(&self, environment: &Environment<'_>, ledger: Arc<Ledger>) -> Result<Source, SourceError> {
        match &self.place {
            Place::Local(path) => self.open_local(path, ledger),
            Place::S3 { bucket } => {
                let store = self.s3(bucket, environment)?;
                Ok(Source::new(self.clone(), self.prefix.clone(), store, ledger))
            }
            Place::Azure { account, container, fabric } => {
                let store = self.azure(account.as_deref(), container, *fabric, environment)?;
                Ok(Source::new(self.clone(), self.prefix.clone(), store, ledger))
            }
            Place::Gcs { bucket } => {
                let store = self.gcs(bucket, environment)?;
                Ok(Source::new(self.clone(), self.prefix.clone(), store, ledger))
            }
        }
    }

    fn open_local(&self, path: &FilePath, ledger: Arc<Ledger>) -> Result<Source, SourceError> {
        let denied = |operation, error: io::Error| {
            let error = object_store::Error::Generic { store: "local", source: Box::new(error) };
            SourceError::of(self, operation, None, &error)
        };
        let path = path.canonicalize().map_err(|error| denied("look", error))?;
        let location = Self { place: Place::Local(path.clone()), prefix: Path::default() };
        let (root, prefix) = if path.is_dir() {
            // Found out here rather than as a failed listing: "may not be read" is not "empty".
            std::fs::read_dir(&path).map_err(|error| denied("list", error))?;
            (path, Path::default())
        } else {
            std::fs::File::open(&path).map_err(|error| denied("get", error))?;
            let folder = path.parent().map_or_else(|| PathBuf::from("/"), FilePath::to_path_buf);
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            (folder, Path::from_iter([name]))
        };
        let store = LocalFileSystem::new_with_prefix(&root)
            .map_err(|error| SourceError::of(self, "list", None, &error))?;
        Ok(Source::new(location, prefix, Arc::new(store), ledger))
    }

    fn setting(&self, key: &'static str, problem: impl Into<String>) -> SourceError {
        SourceError::Settings { location: self.to_string(), key, problem: problem.into() }
    }

    /// What a builder said, without the values it was given.
    fn builder_said(&self, key: &'static str, error: &object_store::Error) -> SourceError {
        match error {
            object_store::Error::Generic { source, .. } => {
                self.setting(key, format!("{source}: check the {key}… variables"))
            }
            other => self.setting(key, format!("{other}: check the {key}… variables")),
        }
    }

    /// Whether plain http may be spoken to this endpoint: always to this machine, else if allowed.
    fn plain_http(
        &self,
        endpoint: Option<&str>,
        key: &'static str,
        allow: &'static str,
        allowed: bool,
    ) -> Result<bool, SourceError> {
        let Some(endpoint) = endpoint else { return Ok(allowed) };
        let url = Url::parse(endpoint)
            .map_err(|error| self.setting(key, format!("{key} is no address: {error}")))?;
        if url.scheme() != "http" {
            return Ok(allowed);
        }
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        if loopback || allowed {
            return Ok(true);
        }
        let problem =
            format!("{key} is plain http, which others can read along: use https, or set {allow}=true");
        Err(self.setting(key, problem))
    }

    fn s3(&self, bucket: &str, environment: &Environment<'_>) -> Result<Arc<dyn ObjectStore>, SourceError> {
        let set = present(AWS_KEYS, environment);
        let endpoint =
            ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].iter().find_map(|key| set.get(key));
        let http = self.plain_http(
            endpoint.map(String::as_str),
            "AWS_ENDPOINT_URL",
            "AWS_ALLOW_HTTP",
            truthy(set.get("AWS_ALLOW_HTTP")),
        )?;
        let mut builder = AmazonS3Builder::new()
            .with_client_options(client(http))
            .with_retry(retry())
            .with_bucket_name(bucket);
        for (key, value) in &set {
            if let Ok(config) = AmazonS3ConfigKey::from_str(&key.to_ascii_lowercase()) {
                builder = builder.with_config(config, value);
            }
        }
        let store =
            builder.with_allow_http(http).build().map_err(|error| self.builder_said("AWS_", &error))?;
        Ok(Arc::new(store))
    }

    fn azure(
        &self,
        account: Option<&str>,
        container: &str,
        fabric: bool,
        environment: &Environment<'_>,
    ) -> Result<Arc<dyn ObjectStore>, SourceError> {
        let mut set: BTreeMap<&str, String> = present(AZURE_KEYS, environment);
        if let Some(text) =
            environment("AZURE_STORAGE_CONNECTION_STRING").filter(|text| !text.trim().is_empty())
        {
            connection_string(&text, &mut set);
        }
        let emulator = truthy(environment("AZURE_STORAGE_USE_EMULATOR").as_ref())
            || truthy(set.get("UseDevelopmentStorage"));
        if emulator {
            let name = set
                .entry("AZURE_STORAGE_ACCOUNT_NAME")
                .or_insert_with(|| EMULATOR_ACCOUNT.to_owned())
                .clone();
            let keyed = [
                "AZURE_STORAGE_ACCOUNT_KEY",
                "AZURE_STORAGE_ACCESS_KEY",
                "AZURE_STORAGE_SAS_KEY",
                "AZURE_STORAGE_SAS_TOKEN",
                "AZURE_STORAGE_TOKEN",
            ];
            if !keyed.iter().any(|key| set.contains_key(key)) {
                set.insert("AZURE_STORAGE_ACCOUNT_KEY", EMULATOR_KEY.to_owned());
            }
            let base = environment("AZURITE_BLOB_STORAGE_URL")
                .unwrap_or_else(|| "http://127.0.0.1:10000".to_owned());
            let base = base.trim_end_matches('/');
            let endpoint = if base.ends_with(&name) { base.to_owned() } else { format!("{base}/{name}") };
            set.insert("AZURE_STORAGE_ENDPOINT", endpoint);
        }
        let Some(account) = account
            .map(str::to_owned)
            .filter(|_| !emulator)
            .or_else(|| set.get("AZURE_STORAGE_ACCOUNT_NAME").cloned())
        else {
            return Err(self.setting(
                "AZURE_STORAGE_ACCOUNT_NAME",
                "the storage account is not known: set AZURE_STORAGE_ACCOUNT_NAME, or name it in the address: \
                 abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX",
            ));
        };
        let endpoint = set.get("AZURE_STORAGE_ENDPOINT").or_else(|| set.get("AZURE_ENDPOINT")).cloned();
        let http = self.plain_http(
            endpoint.as_deref(),
            "AZURE_STORAGE_ENDPOINT",
            "AZURE_ALLOW_HTTP",
            truthy(set.get("AZURE_ALLOW_HTTP")),
        )?;
        let mut builder = MicrosoftAzureBuilder::new()
            .with_client_options(client(http))
            .with_retry(retry())
            .with_container_name(container);
        for (key, value) in &set {
            if let Ok(config) = AzureConfigKey::from_str(&key.to_ascii_lowercase()) {
                builder = builder.with_config(config, value);
            }
        }
        let builder = builder.with_account(account).with_use_fabric_endpoint(fabric).with_allow_http(http);
        let store = builder.build().map_err(|error| self.builder_said("AZURE_", &error))?;
        Ok(Arc::new(store))
    }

    fn gcs(&self, bucket: &str, environment: &Environment<'_>) -> Result<Arc<dyn ObjectStore>, SourceError> {
        let mut set = present(GOOGLE_KEYS, environment);
        let emulator = environment("STORAGE_EMULATOR_HOST").filter(|host| !host.trim().is_empty());
        if let Some(host) = &emulator {
            let host = host.trim().trim_end_matches('/');
            let base = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
            set.insert("GOOGLE_BASE_URL", base);
        }
        let base = set.get("GOOGLE_BASE_URL").cloned();
        let allowed = emulator.is_some() || truthy(set.get("GOOGLE_ALLOW_HTTP"));
        let http = self.plain_http(base.as_deref(), "GOOGLE_BASE_URL", "GOOGLE_ALLOW_HTTP", allowed)?;
        let mut builder = GoogleCloudStorageBuilder::new()
            .with_client_options(client(http))
            .with_retry(retry())
            .with_bucket_name(bucket);
        for (key, value) in &set {
            if let Ok(config) = GoogleConfigKey::from_str(&key.to_ascii_lowercase()) {
                builder = builder.with_config(config, value);
            }
        }
        if emulator.is_some() {
            // An emulator is asked without credentials, and none are looked for in the home folder.
            let nobody = GcpCredential { bearer: String::new() };
            builder = builder
                .with_credentials(Arc::new(StaticCredentialProvider::new(nobody)))
                .with_skip_signature(true);
        }
        let store = builder.build().map_err(|error| self.builder_said("GOOGLE_", &error))?;
        Ok(Arc::new(store))
    }
}

/// The variables of the list that are set and not blank.
fn present(keys: &[&'static str], environment: &Environment<'_>) -> BTreeMap<&'static str, String> {
    keys.iter()
        .filter_map(|&key| Some((key, environment(key).filter(|value| !value.trim().is_empty())?)))
        .collect()
}

fn truthy(value: Option<&String>) -> bool {
    value.is_some_and(|value| {
        matches!(value.trim().to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
    })
}

/// Azure's connection string, as the portal shows it, spread over the variables it stands for.
/// What is set by a variable of its own wins.
fn connection_string(text: &str, set: &mut BTreeMap<&str, String>) {
    let fields: BTreeMap<&str, &str> =
        text.split(';').filter_map(|field| field.trim().split_once('=')).collect();
    let known = [
        ("AccountName", "AZURE_STORAGE_ACCOUNT_NAME"),
        ("AccountKey", "AZURE_STORAGE_ACCOUNT_KEY"),
        ("SharedAccessSignature", "AZURE_STORAGE_SAS_TOKEN"),
        ("BlobEndpoint", "AZURE_STORAGE_ENDPOINT"),
        ("UseDevelopmentStorage", "UseDevelopmentStorage"),
    ];
    for (field, key) in known {
        if let Some(value) = fields.get(field) {
            set.entry(key).or_insert_with(|| (*value).to_owned());
        }
    }
    if let (Some(name), Some(suffix)) = (fields.get("AccountName"), fields.get("EndpointSuffix"))
        && *suffix != "core.windows.net"
    {
        set.entry("AZURE_STORAGE_ENDPOINT").or_insert_with(|| format!("https://{name}.blob.{suffix}"));
    }
}

/// Patience towards a store: a cost question is worth some seconds, not minutes.
fn client(http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(http)
        .with_connect_timeout(Duration::from_secs(5))
        .with_timeout(Duration::from_secs(60))
}

fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 4,
        retry_timeout: Duration::from_secs(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::clock::SystemClock;

    fn opened(location: &str, environment: &[(&str, &str)]) -> Result<Source, SourceError> {
        let environment: BTreeMap<String, String> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Location::parse(location)?
            .open(&move |key| environment.get(key).cloned(), Arc::new(Ledger::new(Arc::new(SystemClock))))
    }

    #[test]
    fn a_connection_string_stands_for_its_parts() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let mut set: BTreeMap<&str, String> = BTreeMap::new();
            connection_string(text, &mut set);
            let found: Vec<(&str, &str)> = set.iter().map(|(k, v)| (*k, v.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5PT0=;EndpointSuffix=core.windows.net",
            &[("AZURE_STORAGE_ACCOUNT_KEY", "a2V5PT0="), ("AZURE_STORAGE_ACCOUNT_NAME", "contoso")],
        );
        check(
            "AccountName=c;AccountKey=k;EndpointSuffix=core.chinacloudapi.cn",
            &[
                ("AZURE_STORAGE_ACCOUNT_KEY", "k"),
                ("AZURE_STORAGE_ACCOUNT_NAME", "c"),
                ("AZURE_STORAGE_ENDPOINT", "https://c.blob.core.chinacloudapi.cn"),
            ],
        );
    }

    #[test]
    fn settings_are_checked_before_the_network_is_touched() {
        let says = |location: &str, environment: &[(&str, &str)], text: &str| {
            let error = opened(location, environment)
                .map(|source| source.location().to_string())
                .expect_err(location);
            assert!(error.to_string().contains(text), "{error}");
            assert_eq!(error.fault(), super::super::Fault::BadInput);
        };
        says("az://bills", &[], "AZURE_STORAGE_ACCOUNT_NAME");
        says("s3://bills", &[("AWS_ENDPOINT_URL", "not an address")], "AWS_ENDPOINT_URL");
        says("s3://bills", &[("AWS_ENDPOINT_URL", "http://minio.internal:9000")], "AWS_ALLOW_HTTP=true");
        says("s3://bills", &[("AWS_ACCESS_KEY_ID", "only half")], "AWS_");
        says(
            "az://bills",
            &[("AZURE_STORAGE_ACCOUNT_NAME", "c"), ("AZURE_STORAGE_ACCOUNT_KEY", "%%%")],
            "AZURE_",
        );
        says("gs://bills", &[("GOOGLE_SERVICE_ACCOUNT", "/no/such/file.json")], "GOOGLE_");
    }

    #[test]
    fn no_credential_is_ever_shown() {
        let secrets = [
            ("AWS_ACCESS_KEY_ID", "AKIATOPSECRET"),
            ("AWS_SECRET_ACCESS_KEY", "TOPSECRET"),
            ("AWS_SESSION_TOKEN", "TOPSECRET"),
            ("AZURE_STORAGE_ACCOUNT_NAME", "contoso"),
            ("AZURE_STORAGE_SAS_TOKEN", "sv=1&sig=TOPSECRET"),
            ("AZURE_CLIENT_SECRET", "TOPSECRET"),
        ];
        for location in ["s3://bills/x", "az://bills/x"] {
            let source = opened(location, &secrets).unwrap_or_else(|error| panic!("{error}"));
            assert!(!source.location().to_string().contains("SECRET"));
            assert!(!source.store().to_string().contains("SECRET"));
            assert!(!format!("{source:?}").contains("SECRET"), "{source:?}");
        }
    }
}
