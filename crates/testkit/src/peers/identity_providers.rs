//! OpenID Connect providers that we did not write: the certified oidc-provider, and oauth2-mock-server, whose
//! answers are bent on demand.

use super::{directory, present};
use crate::process::{Process, http_status};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The client that both providers know.
pub const CLIENT_ID: &str = "bursar";
/// Its secret.
pub const CLIENT_SECRET: &str = "a secret of the tests";

/// A running provider.
#[derive(Debug)]
pub struct IdentityProviderPeer {
    process: Process,
    host: &'static str,
}

impl IdentityProviderPeer {
    /// What it calls itself.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}:{}", self.host, self.process.port())
    }

    /// Everything it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// oidc-provider, with the people `ana` and `bob`; `None` when it is not installed.
///
/// Signs in whoever types a name at `/interaction/…` (`prompt=login&login=ana`, then `prompt=consent`), sends
/// back to `redirects` only, and tells `logout` about sign-outs.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn oidc_provider(redirects: &[&str], logout: Option<&str>) -> Option<IdentityProviderPeer> {
    let options = serde_json::json!({ "redirects": redirects, "logout": logout }).to_string();
    started("oidc-provider", "idp.mjs", "127.0.0.1", &[options])
}

/// oauth2-mock-server; `login_hint` says how its answer is bent (`bent-idp.mjs` has the list). `None` when
/// it is not installed.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn bent_provider() -> Option<IdentityProviderPeer> {
    started("oauth2-mock-server", "bent-idp.mjs", "localhost", &[])
}

fn started(
    package: &str,
    script: &str,
    host: &'static str,
    arguments: &[String],
) -> Option<IdentityProviderPeer> {
    let modules = directory().join("node/node_modules");
    present(package, modules.join(package))?;
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers/node").join(script);
    let command = |port: u16, _: &Path| {
        let mut command = Command::new("node");
        command.arg(&script).arg(&modules).arg(port.to_string()).args(arguments);
        command
    };
    let ready = |port| http_status(port, "/.well-known/openid-configuration") == Some(200);
    let process = Process::start(package, command, ready);
    assert!(process.is_ok(), "{package}: {process:?}");
    Some(IdentityProviderPeer { process: process.ok()?, host })
}
