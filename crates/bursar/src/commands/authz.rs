//! `bursar authz …`: who may do what, and which policy says so.

use crate::exit::{Failure, Outcome};
use crate::installation::{InWorkspace, OpenWorkspace};
use bursar_domain::id::{AccountId, SessionId};
use bursar_domain::role::Action;
use bursar_domain::{EmailAddress, Page, Principal, RoleName};
use bursar_permission::{Asking, Grant, Target};
use bursar_store::StoreError;
use std::io::Write;

/// What to ask about permission.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Say whether somebody may do something, and which policy decides
    Explain(Explain),
}

/// Say whether somebody may do something, and which policy decides. Ends with status 1 when they may not.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  bursar authz explain ana@example.com query explorer --workspace acme
  bursar authz explain operator approve actions --workspace acme")]
pub(crate) struct Explain {
    /// A member's address, or a role
    #[arg(value_name = "WHO")]
    pub(crate) who: String,

    /// The action, such as view, query or approve
    #[arg(value_name = "ACTION")]
    pub(crate) action: Action,

    /// The page, such as explorer or admin
    #[arg(value_name = "WHAT")]
    pub(crate) page: Page,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    let Command::Explain(args) = command;
    let OpenWorkspace { installation, workspace, store } = args.at.open().await?;
    let (account, role, owner, switched_off) = match args.who.parse::<RoleName>() {
        Ok(role) => (AccountId::from_u128(0), role, false, false),
        Err(_) => {
            let email: EmailAddress = args.who.parse().map_err(|_| {
                Failure::bad_input(anyhow::anyhow!("`{}` is neither a role nor an e-mail address", args.who))
            })?;
            let stranger = || {
                Failure::bad_input(anyhow::anyhow!("{email} is no member of workspace `{}`", workspace.name))
            };
            let account = installation.store().directory().account_by_email(&email).await?;
            let account = account.ok_or_else(stranger)?;
            let member = store.member(account.id).await.map_err(|error| match error {
                StoreError::NotFound(_) => stranger(),
                other => other.into(),
            })?;
            (account.id, member.membership.role, member.membership.owner, !account.is_active())
        }
    };
    let granted = match role {
        RoleName::BuiltIn(_) => None,
        RoleName::Custom(id) => {
            let role = store.role(id).await?;
            Some(Grant::new(role.pages, role.actions))
        }
    };
    let asking = Asking {
        principal: Principal::Account { id: account, session: SessionId::from_u128(0) },
        workspace: workspace.id,
        role,
        owner,
        granted,
        limit: None,
        staff_read_only: false,
        switched_off,
    };
    let target = Target { workspace: workspace.id, page: args.page };
    let explanation = installation.permissions().explain(&asking, target, args.action);
    writeln!(std::io::stdout(), "{explanation}")?;
    Ok(if explanation.allowed { Outcome::Good } else { Outcome::Wanting })
}
