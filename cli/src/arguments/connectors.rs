//! `connectors` and `schema`.

use super::list::ListArguments;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `connectors`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ConnectorsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ConnectorsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// Commands on connectors.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorsCommand {
    /// Show a connector's capabilities, settings and account schema
    Show {
        /// Connector name
        name: String,
    },
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
pub(crate) struct SchemaArguments {
    /// Schema to print: source, plan, project, a connector name or a grant type
    #[arg(default_value = "source", conflicts_with_all = ["write", "check"])]
    pub(crate) what: String,
    /// Write all schemas to this folder
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub(crate) write: Option<PathBuf>,
    /// Check the schemas in this folder; the exit code is 1 if one is out of date
    #[arg(long, value_name = "DIR")]
    pub(crate) check: Option<PathBuf>,
}
