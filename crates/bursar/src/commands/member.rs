//! `bursar member …`: the operator's own commands on who belongs to a workspace.

use crate::exit::{Failure, Outcome};
use crate::installation::{self, InWorkspace, OpenWorkspace};
use bursar_domain::{Actor, EmailAddress, Role, RoleName};
use bursar_store::{NewMembership, StoreError, Via};
use secrecy::ExposeSecret;
use std::io::Write;

/// What to do with members.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Add somebody to a workspace
    Add(Add),
    /// List the members of a workspace
    List(List),
    /// Take somebody's place in a workspace away, and their tokens
    Remove(Remove),
    /// Print a link that signs somebody in, once
    Link(Link),
}

/// Add somebody to a workspace. An account is made for the address when there is none; it has no
/// password yet: give the person the link that `bursar member link` prints.
#[derive(Debug, clap::Args)]
pub(crate) struct Add {
    /// The e-mail address
    #[arg(value_name = "EMAIL")]
    pub(crate) email: EmailAddress,

    /// What they may do: viewer, analyst, operator, admin, or the id of the workspace's own role
    #[arg(long, value_name = "ROLE", default_value = "viewer")]
    pub(crate) role: RoleName,

    /// Also make them an owner, who may restore, export and delete the workspace; needs the role admin
    #[arg(long)]
    pub(crate) owner: bool,

    /// What the person is called; the address when left out
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// List the members of a workspace: account, address, role, whether owner, state.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Take somebody's place in a workspace away. Holds at their next request; the last owner stays.
#[derive(Debug, clap::Args)]
pub(crate) struct Remove {
    /// The e-mail address
    #[arg(value_name = "EMAIL")]
    pub(crate) email: EmailAddress,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

/// Print a link that signs a member in, once, within fifteen minutes: alone on standard output.
#[derive(Debug, clap::Args)]
pub(crate) struct Link {
    /// The e-mail address
    #[arg(value_name = "EMAIL")]
    pub(crate) email: EmailAddress,

    #[command(flatten)]
    pub(crate) at: InWorkspace,
}

fn stranger(email: &EmailAddress, workspace: &str) -> Failure {
    Failure::bad_input(anyhow::anyhow!(
        "{email} is no member of workspace `{workspace}`; add them with `bursar member add {email} --workspace {workspace}`"
    ))
}

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Add(args) => {
            if args.owner && args.role != RoleName::BuiltIn(Role::Admin) {
                return Err(Failure::bad_input(anyhow::anyhow!(
                    "an owner has the role admin: add --role admin"
                )));
            }
            let OpenWorkspace { installation, workspace, store } = args.at.open().await?;
            if let RoleName::Custom(id) = args.role {
                store.role(id).await?;
            }
            let name = args.name.unwrap_or_else(|| args.email.to_string());
            let account = installation.account_for(&args.email, &name, false).await?;
            let new = NewMembership { account, role: args.role, owner: args.owner, via: Via::Manual };
            match store.add_member(&Actor::operator(), new).await {
                Ok(_) => writeln!(std::io::stdout(), "{account}")?,
                Err(StoreError::Conflict(_)) => {
                    let todo =
                        format!("{} is a member of workspace `{}` already", args.email, workspace.name);
                    return Err(Failure::bad_input(anyhow::anyhow!(todo)));
                }
                Err(error) => return Err(error.into()),
            }
            installation.close().await?;
        }
        Command::List(args) => {
            let OpenWorkspace { store, .. } = args.at.open().await?;
            for member in store.members(Default::default()).await? {
                let owner = if member.membership.owner { "owner" } else { "-" };
                writeln!(
                    std::io::stdout(),
                    "{}\t{}\t{}\t{owner}\t{}",
                    member.account.id,
                    member.account.email,
                    member.membership.role,
                    member.account.status
                )?;
            }
        }
        Command::Remove(args) => {
            let OpenWorkspace { installation, workspace, store } = args.at.open().await?;
            let account = installation.store().directory().account_by_email(&args.email).await?;
            let account = account.ok_or_else(|| stranger(&args.email, &workspace.name))?;
            match store.remove_member(&Actor::operator(), account.id).await {
                Ok(()) => {}
                Err(StoreError::NotFound(_)) => return Err(stranger(&args.email, &workspace.name)),
                Err(error @ StoreError::Conflict(_)) => return Err(Failure::refused(error)),
                Err(error) => return Err(error.into()),
            }
            installation.close().await?;
        }
        Command::Link(args) => {
            let config = args.at.place.config()?;
            let clock = std::sync::Arc::new(bursar_domain::clock::SystemClock);
            let (installation, _) = installation::open(&config, clock, None).await?;
            let workspace = installation::workspace(&installation, &args.at.workspace).await?;
            let account = installation.store().directory().account_by_email(&args.email).await?;
            let account = account.ok_or_else(|| stranger(&args.email, &workspace.name))?;
            let token = installation.sign_in_link(Some(account.id), workspace.id).await?;
            let settings =
                config.door.settings(config.listen, config.public_url.clone()).map_err(Failure::refused)?;
            writeln!(std::io::stdout(), "{}/auth/link?token={}", settings.base(), token.expose_secret())?;
            installation.close().await?;
        }
    }
    Ok(Outcome::Good)
}
