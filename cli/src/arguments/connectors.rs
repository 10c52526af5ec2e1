//! `connectors` and `schema`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `connectors`.
#[derive(Args, Debug)]
pub(crate) struct ConnectorsArguments {
    #[command(subcommand)]
    pub(crate) command: Option<ConnectorsCommand>,
}

/// Commands on connectors.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorsCommand {
    /// Show a connector's capabilities, settings and account schema
    Show {
        /// The connector
        name: String,
    },
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
pub(crate) struct SchemaArguments {
    /// What to print: source, plan, project, a connector's name or a grant type
    #[arg(default_value = "source", conflicts_with_all = ["write", "check"])]
    pub(crate) what: String,
    /// Write all schemas into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    pub(crate) write: Option<PathBuf>,
    /// Check that the schemas in this folder are current; exit 1 when they are not
    #[arg(long, value_name = "DIR")]
    pub(crate) check: Option<PathBuf>,
}
