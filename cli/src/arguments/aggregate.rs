//! `aggregate`, `runs` and `run`.

use clap::{Args, Subcommand};

/// Arguments of `aggregate`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub(crate) struct AggregateArguments {
    /// The sources: names or paths of source files
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Read everything (what happens today without it, too)
    #[arg(long, conflicts_with = "delta")]
    pub(crate) full: bool,
    /// Read only what changed since the last run, where the connector can
    #[arg(long)]
    pub(crate) delta: bool,
    /// Drop an unfinished run and begin anew
    #[arg(long)]
    pub(crate) restart: bool,
    /// Mark nothing as removed at the end
    #[arg(long)]
    pub(crate) no_delete: bool,
}

/// Arguments of `runs`.
#[derive(Args, Debug)]
pub(crate) struct RunsArguments {
    /// Only runs of this source
    pub(crate) name: Option<String>,
    /// At most this many, the newest first
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(crate) limit: usize,
}

/// Commands on one run.
#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Show one run with its counts, cost, warnings and error
    Show {
        /// The run's id, as `connector runs` lists it, or enough of its beginning
        id: String,
    },
}
