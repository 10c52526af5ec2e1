//! `source`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands on source files.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Create a source file with comments, to fill in
    New(SourceNewArguments),
    /// List the sources with their last run and the days until their certificate expires
    #[command(visible_alias = "ls")]
    List(ListArguments),
    /// Show one source
    Show {
        /// Source name, or path of its file
        #[arg(add = Completes::Sources)]
        name: String,
    },
}

/// Arguments of `source new`.
#[derive(Args, Debug)]
pub(crate) struct SourceNewArguments {
    /// Connector name, as in the list of `connector connectors`
    pub(crate) connector: String,
    /// Source name: letters, digits, `-`, `_` and `.`
    pub(crate) name: String,
    /// Set a value, for example: --set auth.issuer=3MVG9…
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Draft the settings from an OpenAPI 3 description of the API, as JSON or YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi: Option<PathBuf>,
    /// Ask for the required values (the default on a terminal without --set)
    #[arg(long)]
    pub(crate) interactive: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use KEY=VALUE, for example auth.issuer=3MVG9…")?;
    let well_formed = !key.is_empty()
        && key.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    if !well_formed {
        return Err(format!("`{key}` is not a key: write the block and the name with a dot, for example auth.issuer"));
    }
    Ok((key.to_owned(), value.to_owned()))
}
