//! One file per command: its arguments, and how it is carried out by the crates below.

pub(crate) mod anomalies;
pub(crate) mod audit;
pub(crate) mod authz;
pub(crate) mod backup;
pub(crate) mod certificate;
pub(crate) mod cost;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod focus_convert;
pub(crate) mod focus_validate;
pub(crate) mod forecast;
pub(crate) mod keys;
pub(crate) mod leaving;
pub(crate) mod member;
pub(crate) mod openapi;
pub(crate) mod reading;
pub(crate) mod restore;
mod series_input;
pub(crate) mod serve;
pub(crate) mod source;
pub(crate) mod sql;
pub(crate) mod token;
pub(crate) mod workspace;

use crate::cli::{Command, Focus};
use crate::exit::{Failure, Outcome};

/// Carries out the command.
pub(crate) async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Cost(args) => cost::run(args).await,
        Command::Sql(args) => sql::run(args).await,
        Command::Focus(Focus::Validate(args)) => focus_validate::run(args).await,
        Command::Focus(Focus::Convert(args)) => focus_convert::run(args).await,
        Command::Forecast(args) => forecast::run(args).await,
        Command::Anomalies(args) => anomalies::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Openapi(args) => openapi::run(args).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Source(command) => source::run(command).await,
        Command::Workspace(command) => workspace::run(command).await,
        Command::Member(command) => member::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Backup(command) => backup::run(command).await,
        Command::Restore(args) => restore::run(args).await,
        Command::Certificate(command) => certificate::run(command).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Authz(command) => authz::run(command).await,
    }
}
