//! `bursar token …`: the operator's own commands on API tokens.

use crate::exit::{Failure, Outcome};
use crate::installation::{InWorkspace, OpenWorkspace};
use bursar_domain::id::TokenId;
use bursar_domain::role::Action;
use bursar_domain::{Actor, EmailAddress, Page, Scope};
use bursar_store::{NewToken, StoreError, TokenKind};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::io::Write;

/// What to do with tokens.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make an API token and print it, once
    Create(Create),
    /// List the tokens of a workspace
    List(List),
    /// Make a token worthless, at once
    Revoke(Revoke),
}

/// Make an API token and print it, once, alone on standard output. Bursar keeps a digest of it: who
/// loses it makes another.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  bursar token create --member ana@example.com --workspace acme --expires 30d
      a token that may do what ana may, for thirty days
  bursar token create --member ana@example.com --workspace acme --page explorer --action query
      a token that asks questions and nothing else
  bursar token create --member idp@example.com --workspace acme --kind scim
      a token for an identity provider that provisions accounts")]
pub(crate) struct Create {
    /// Whose rights the token has at most: a member's address
    #[arg(long, value_name = "EMAIL")]
    pub(crate) member: EmailAddress,

    /// What it is called in lists
    #[arg(long, value_name = "NAME", default_value = "command line")]
    pub(crate) name: String,

    /// When it ends: a time from now (30m, 12h, 90d) or a date; never when left out
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,

    /// What it is for: api, or scim for provisioning and nothing else
    #[arg(long, value_name = "KIND", default_value = "api", value_parser = ["api", "scim"])]
    pub(crate) kind: String,

    /// Only this page; may be repeated
    #[arg(long = "page", value_name = "PAGE")]
    pub(crate) pages: Vec<Page>,

    /// Only this action; may be repeated
    #[arg(long = "action", value_name = "ACTION")]
    pub(crate) actions: Vec<Action>,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// List the tokens of a workspace: id, name, kind, account, when it ends, when it was last used.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Make a token worthless. The next request with it is refused.
#[derive(Debug, clap::Args)]
pub(crate) struct Revoke {
    /// The token's id, as `bursar token list` prints it
    #[arg(value_name = "ID")]
    pub(crate) token: TokenId,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// `30m`, `12h`, `90d`, or a date.
fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let wrong = || {
        let text: String = text.chars().take(40).collect();
        Failure::bad_input(anyhow::anyhow!(
            "--expires is `{text}`: expected 30m, 12h, 90d or a date such as 2027-01-31"
        ))
    };
    let at = if let Ok(day) = text.parse::<NaiveDate>() {
        day.and_time(chrono::NaiveTime::MIN).and_utc()
    } else {
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let span = match unit {
            "m" => Duration::minutes(number.into()),
            "h" => Duration::hours(number.into()),
            "d" => Duration::days(number.into()),
            _ => return Err(wrong()),
        };
        now.checked_add_signed(span).ok_or_else(wrong)?
    };
    if at <= now {
        return Err(Failure::bad_input(anyhow::anyhow!(
            "--expires is in the past: the token would be worth nothing"
        )));
    }
    Ok(at)
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Create(args) => {
            let OpenWorkspace { installation, workspace, store } = args.at.open().await?;
            let expires_at = match &args.expires {
                Some(text) => Some(moment(text, installation.clock().now())?),
                None => None,
            };
            let account = installation.store().directory().account_by_email(&args.member).await?;
            let stranger = || {
                Failure::bad_input(anyhow::anyhow!(
                    "{0} is no member of workspace `{1}`; add them with `bursar member add {0} --workspace {1}`",
                    args.member,
                    workspace.name
                ))
            };
            let account = account.ok_or_else(stranger)?;
            let new = NewToken {
                name: args.name,
                account: account.id,
                kind: if args.kind == "scim" { TokenKind::Scim } else { TokenKind::Api },
                pages: (!args.pages.is_empty()).then_some(args.pages),
                actions: (!args.actions.is_empty()).then_some(args.actions),
                scope: Scope::All,
                expires_at,
            };
            match store.create_token(&Actor::operator(), new).await {
                Ok((text, _)) => writeln!(std::io::stdout(), "{}", text.expose())?,
                Err(StoreError::NotFound(_)) => return Err(stranger()),
                Err(error) => return Err(error.into()),
            }
            installation.close().await?;
        }
        Command::List(args) => {
            let OpenWorkspace { store, .. } = args.at.open().await?;
            let when = |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339());
            for token in store.tokens(None).await? {
                let state = if token.revoked_at.is_some() { "revoked" } else { "live" };
                writeln!(
                    std::io::stdout(),
                    "{}\t{}\t{}\t{}\t{}\t{}\t{state}",
                    token.id,
                    token.name,
                    token.kind,
                    token.account,
                    when(token.expires_at),
                    when(token.last_used_at)
                )?;
            }
        }
        Command::Revoke(args) => {
            let OpenWorkspace { installation, store, .. } = args.at.open().await?;
            store.revoke_token(&Actor::operator(), args.token).await?;
            installation.close().await?;
        }
    }
    Ok(Outcome::Good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_time_from_now_or_a_date() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let at = |text| moment(text, now).unwrap().to_rfc3339();
        assert_eq!(at("1d"), "2026-11-23T12:00:00+00:00");
        assert_eq!(at("90m"), "2026-11-22T13:30:00+00:00");
        assert_eq!(at("2027-01-31"), "2027-01-31T00:00:00+00:00");
        for text in ["", "d", "1", "1y", "-1d", "2026-11-22", "soon", "99999999999d", "1ü"] {
            assert!(moment(text, now).is_err(), "{text}");
        }
    }
}
