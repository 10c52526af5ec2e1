//! `new`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What to create.
#[derive(Debug, Subcommand)]
pub(crate) enum NewCommand {
    /// Create a crate for a connector of your own, which builds and passes its tests
    Connector(NewConnectorArguments),
}

/// Arguments of `new connector`.
#[derive(Args, Debug)]
pub(crate) struct NewConnectorArguments {
    /// Name in source files, in snake case, such as `acme_hr`
    pub(crate) name: String,
    /// Folder of the crate [default: connector-NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Use the crates of Connector in this folder, such as a clone of its repository, instead of those of crates.io
    #[arg(long, value_name = "DIR")]
    pub(crate) crates: Option<PathBuf>,
}
