//! `source`.

use clap::{Args, Subcommand};

/// Commands on source files.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Write a commented source file to fill in
    New(SourceNewArguments),
    /// List the sources with their last run and the days their certificate has left
    List,
    /// Show one source
    Show {
        /// The source: its name or the path of its file
        name: String,
    },
}

/// Arguments of `source new`.
#[derive(Args, Debug)]
pub(crate) struct SourceNewArguments {
    /// The connector, as `connector connectors` lists it
    pub(crate) connector: String,
    /// The source's name: letters, digits, `-`, `_` and `.`
    pub(crate) name: String,
    /// Fill in a value, for example: --set auth.issuer=3MVG9…
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) set: Vec<(String, String)>,
    /// Ask for the values that have to be filled in (what happens on a terminal without --set)
    #[arg(long)]
    pub(crate) interactive: bool,
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, for example auth.issuer=3MVG9…")?;
    let well_formed = !key.is_empty()
        && key.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    if !well_formed {
        return Err(format!("`{key}` is not a key: write it as in the file, with dots, for example auth.issuer"));
    }
    Ok((key.to_owned(), value.to_owned()))
}
