//! One file per command.

mod account;
mod accounts;
mod aggregate;
mod cert;
mod completions;
mod connectors;
mod diff;
mod doctor;
mod entitlement;
mod entitlements;
mod explain;
mod export;
mod findings;
mod holding;
mod identities;
mod init;
mod man;
mod mcp;
mod metrics;
mod new;
mod operations;
mod preview_attributes;
mod provision;
mod queue;
mod quickstart;
mod refresh;
mod run;
mod runs;
#[cfg(feature = "sandbox")]
mod sandbox;
mod schema;
mod serve;
mod source;
mod store;
mod test;
mod token;
mod trail;
mod validate;
mod worker;
mod workers;

pub(crate) use accounts::columns_help as account_columns;
pub(crate) use cert::certificate_columns;
pub(crate) use connectors::columns_help as connector_columns;
pub(crate) use diff::columns_help as difference_columns;
pub(crate) use entitlement::columns_help as holder_columns;
pub(crate) use entitlements::columns_help as entitlement_columns;
pub(crate) use findings::columns_help as finding_columns;
pub(crate) use identities::columns_help as identity_columns;
pub(crate) use operations::columns_help as operation_columns;
pub(crate) use queue::columns_help as job_columns;
pub(crate) use runs::columns_help as run_columns;
pub(crate) use source::source_columns;
pub(crate) use token::columns_help as token_columns;
pub(crate) use workers::columns_help as worker_columns;

use crate::arguments::{Command, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_core::{Error, ErrorKind};

/// Does what the arguments say.
pub(crate) fn run(
    invocation: &Invocation,
    command: Command,
    command_line: fn() -> clap::Command,
) -> Result<Exit, Stop> {
    if invocation.printer.format() == OutputFormat::Csv && !command.is_list() {
        return Err(Error::new(ErrorKind::Definition, "only lists can be CSV, and this command prints none")
            .with_help("use `--output json` or `--output yaml`; `connector export` writes CSV too")
            .into());
    }
    if command.is_paged() {
        invocation.page();
    }
    match command {
        Command::Quickstart(arguments) => quickstart::run(invocation, &arguments, command_line),
        Command::Init(arguments) => init::run(invocation, &arguments),
        Command::Source(command) => source::run(invocation, command),
        Command::Validate { names } => validate::run(invocation, &names),
        Command::Token(command) => token::run(invocation, &command),
        Command::Test(arguments) => test::run(invocation, &arguments),
        Command::Aggregate(arguments) => aggregate::run(invocation, &arguments),
        Command::Worker(arguments) => worker::run(invocation, &arguments),
        Command::Workers(arguments) => workers::run(invocation, &arguments),
        Command::Queue(arguments) => queue::run(invocation, &arguments),
        Command::Metrics => metrics::run(invocation),
        Command::Refresh(arguments) => refresh::run(invocation, &arguments),
        Command::PreviewAttributes(arguments) => preview_attributes::run(invocation, &arguments),
        Command::Runs(arguments) => runs::run(invocation, &arguments),
        Command::Run(command) => run::run(invocation, &command),
        Command::Accounts(arguments) => accounts::run(invocation, &arguments),
        Command::Account(arguments) => account::run(invocation, &arguments),
        Command::Entitlements(arguments) => entitlements::run(invocation, &arguments),
        Command::Entitlement(arguments) => entitlement::run(invocation, &arguments),
        Command::Diff(arguments) => diff::run(invocation, &arguments),
        Command::Findings(arguments) => findings::run(invocation, &arguments),
        Command::Identities(arguments) => identities::run(invocation, &arguments),
        Command::Export(arguments) => export::run(invocation, &arguments),
        Command::Provision(arguments) => provision::run(invocation, &arguments),
        Command::Operations(arguments) => operations::run(invocation, &arguments),
        Command::Cert(command) => cert::run(invocation, &command),
        Command::Explain { code } => explain::run(invocation, &code),
        Command::Store(command) => store::run(invocation, &command),
        Command::Doctor => doctor::run(invocation),
        Command::Connectors(arguments) => connectors::run(invocation, &arguments),
        Command::New(command) => new::run(invocation, &command),
        Command::Schema(arguments) => schema::run(invocation, &arguments),
        Command::Serve(arguments) => serve::run(invocation, &arguments),
        Command::Mcp => mcp::run(invocation),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(command) => sandbox::run(invocation, &command),
        Command::Man { dir } => man::run(invocation, &dir, command_line()),
        Command::Completions { shell } => completions::run(invocation, shell),
    }
}
