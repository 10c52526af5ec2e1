//! `token`.

use super::list::ListArguments;
use clap::{Args, Subcommand};
use connector_core::TimeSpan;
use connector_server::Role;

/// Commands on tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it once
    New(TokenNewArguments),
    /// List the tokens, without their secrets
    List(ListArguments),
    /// End a token at once
    Revoke {
        /// Id, as in the list of `connector token list`
        id: String,
    },
}

/// Arguments of `token new`.
#[derive(Args, Debug)]
pub(crate) struct TokenNewArguments {
    /// What it is for, for example: dashboard
    pub(crate) name: String,
    /// What it may do: viewer reads; operator also begins jobs and writes plans; approver also approves and applies plans
    #[arg(long, value_name = "ROLE", default_value = "viewer", value_parser = role)]
    pub(crate) role: Role,
    /// How long it works, for example 30d
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = time_span)]
    pub(crate) expires: TimeSpan,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| "write viewer, operator or approver".to_owned())
}

fn time_span(text: &str) -> Result<TimeSpan, String> {
    text.parse()
}
