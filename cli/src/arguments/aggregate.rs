//! `aggregate`, `worker`, `workers`, `queue`, `refresh`, `runs` and `run`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::{Args, Subcommand};
use std::net::SocketAddr;

/// Arguments of `aggregate`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub(crate) struct AggregateArguments {
    /// Source names, or paths of source files
    #[arg(required = true, value_name = "NAME")]
    #[arg(add = Completes::Sources)]
    pub(crate) names: Vec<String>,
    /// Read everything. Without this and `--delta`, a run reads only changes until a full run is due (`full_every`)
    #[arg(long, conflicts_with = "delta")]
    pub(crate) full: bool,
    /// Read only what changed since the last run. If that is not possible, read everything and say why
    #[arg(long)]
    pub(crate) delta: bool,
    /// Drop an unfinished run and start from the beginning
    #[arg(long)]
    pub(crate) restart: bool,
    /// Accept a different system (org, tenant) behind the source, and start from the beginning
    #[arg(long, conflicts_with = "delta")]
    pub(crate) accept_new_system: bool,
    /// Don't mark anything as removed
    #[arg(long)]
    pub(crate) no_delete: bool,
    /// If the source's quota is used up, wait until it answers again, and continue
    #[arg(long)]
    pub(crate) wait_for_quota: bool,
    /// Read the sources here, also if a worker could do it
    #[arg(long)]
    pub(crate) local: bool,
}

/// Arguments of `refresh`.
#[derive(Args, Debug)]
pub(crate) struct RefreshArguments {
    /// Source name, or path of its file
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Accounts to read: ids, names or aliases
    #[arg(required = true, value_name = "ACCOUNT")]
    #[arg(add = Completes::Accounts)]
    pub(crate) accounts: Vec<String>,
}

/// Arguments of `preview-attributes`.
#[derive(Args, Debug)]
pub(crate) struct PreviewAttributesArguments {
    /// Source name, or path of its file
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Account to try it with: its id or name; repeatable
    #[arg(long = "account", required = true, value_name = "ACCOUNT")]
    #[arg(add = Completes::Accounts)]
    pub(crate) accounts: Vec<String>,
}

/// Arguments of `worker`.
#[derive(Args, Debug)]
pub(crate) struct WorkerArguments {
    /// Watch only these sources, and take only their jobs [default: all]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[arg(add = Completes::Sources)]
    pub(crate) sources: Vec<String>,
    /// The most sources to aggregate at the same time
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) concurrency: u16,
    /// Serve /metrics, /healthz and /readyz on this address, for example 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

/// Arguments of `queue`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct QueueArguments {
    #[command(subcommand)]
    pub(crate) command: Option<QueueCommand>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// Commands on jobs.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// Put a job that did not succeed back into the queue; its run continues
    Retry {
        /// Number of the job, as in `connector queue`
        id: i64,
    },
    /// End a job; its run keeps what was read, and the next one continues it
    Cancel {
        /// Number of the job, as in `connector queue`
        id: i64,
    },
}

/// Arguments of `runs`.
#[derive(Args, Debug)]
pub(crate) struct RunsArguments {
    /// Show only runs of this source
    #[arg(add = Completes::Sources)]
    pub(crate) name: Option<String>,
    /// Show at most N runs, newest first
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: u64,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// What names the newest run.
pub(crate) const LATEST: &str = "latest";

/// Commands on one run.
#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Show one run with its counts, cost, warnings and error
    Show {
        /// Run id from `connector runs`, or its first characters, or `latest`
        #[arg(default_value = LATEST)]
        #[arg(add = Completes::Runs)]
        id: String,
    },
}
