//! Where webhooks and mail may go.

use super::{Environment, Fault, Key, checked, given};
use bursar_app::installation::MessagesConfig;
use bursar_server::PublicUrl;

/// The settings of messages.
pub(super) const KEYS: [Key; 5] = [
    Key {
        name: "BURSAR_WEBHOOK_ALLOWED_NETWORKS",
        meaning: "networks of your own that webhooks may reach besides the internet: 10.1.0.0/16,fd00::/8",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_SMTP_URL",
        meaning: "the server for mail: smtps://USER:PASSWORD@HOST, or smtp://… for STARTTLS",
        default: "none: no mail is sent",
        secret: true,
    },
    Key {
        name: "BURSAR_SMTP_PASSWORD",
        meaning: "its password, when it is not in BURSAR_SMTP_URL",
        default: "none",
        secret: true,
    },
    Key {
        name: "BURSAR_SMTP_PASSWORD_FILE",
        meaning: "a file with that password",
        default: "none",
        secret: false,
    },
    Key {
        name: "BURSAR_SMTP_FROM",
        meaning: "who mails are from: Bursar <bursar@example.com>",
        default: "none: needed with BURSAR_SMTP_URL",
        secret: false,
    },
];

/// Longest file with a password, in bytes.
const MAX_PASSWORD_FILE: u64 = 4_096;

pub(super) fn resolve(
    environment: &Environment<'_>,
    public_url: Option<&PublicUrl>,
    faults: &mut Vec<Fault>,
) -> MessagesConfig {
    let networks = given(None, "BURSAR_WEBHOOK_ALLOWED_NETWORKS", environment, faults).unwrap_or_default();
    let allowed_networks = checked("BURSAR_WEBHOOK_ALLOWED_NETWORKS", faults, || {
        MessagesConfig::networks(&networks).map_err(|error| error.to_string())
    });
    let url = given(None, "BURSAR_SMTP_URL", environment, faults);
    let from = given(None, "BURSAR_SMTP_FROM", environment, faults);
    let password = given(None, "BURSAR_SMTP_PASSWORD", environment, faults);
    let file = given(None, "BURSAR_SMTP_PASSWORD_FILE", environment, faults);
    let password = checked("BURSAR_SMTP_PASSWORD_FILE", faults, || match (password, file) {
        (Some(_), Some(_)) => Err("BURSAR_SMTP_PASSWORD is set as well: set one of them".to_owned()),
        (None, Some(file)) => password_in(&file).map(Some),
        (password, None) => Ok(password),
    });
    let smtp = match (url, from) {
        (None, _) => None,
        (Some(_), None) => {
            let why = "it is needed with BURSAR_SMTP_URL: say who mails are from".to_owned();
            faults.push(Fault { key: "BURSAR_SMTP_FROM", why });
            None
        }
        (Some(url), Some(from)) => checked("BURSAR_SMTP_URL", faults, || {
            let password = password.flatten().map(Into::into);
            MessagesConfig::smtp(&url.into(), from, password).map_err(|error| error.to_string())
        }),
    };
    MessagesConfig {
        allowed_networks: allowed_networks.unwrap_or_default(),
        smtp,
        // It was a URL before it was one of ours.
        public_url: public_url.and_then(|url| url.to_string().parse().ok()),
    }
}

/// The password in a file, without the line break at its end.
fn password_in(path: &str) -> Result<String, String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    file.take(MAX_PASSWORD_FILE + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("the file cannot be read: {error}"))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_PASSWORD_FILE {
        return Err("the file is longer than any password".to_owned());
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
