//! `provision` and `operations`.

use clap::{Args, ValueEnum};
use connector_engine::provision::Standing;
use std::path::PathBuf;

/// Arguments of `provision`.
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
#[derive(Args, Debug)]
pub(crate) struct ProvisionArguments {
    /// The source: its name or the path of its file
    pub(crate) name: String,
    /// The plan: a YAML, JSON, NDJSON or CSV file
    #[arg(required_unless_present_any = ["resume", "abandon"])]
    pub(crate) plan: Option<PathBuf>,
    /// Stop after the preview: nothing is changed
    #[arg(long, conflicts_with_all = ["yes", "resume"])]
    pub(crate) preview: bool,
    /// Do not ask. An account that changed since an earlier preview of the plan still stops it
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Settle an interrupted plan and carry out what is left of it
    #[arg(long)]
    pub(crate) resume: bool,
    /// Settle an interrupted plan and end it: what is left of it is not carried out
    #[arg(long, conflicts_with_all = ["plan", "preview", "yes", "resume"])]
    pub(crate) abandon: bool,
}

/// Arguments of `operations`.
#[derive(Args, Debug)]
pub(crate) struct OperationsArguments {
    /// The source
    pub(crate) name: String,
    /// Only operations of this plan
    #[arg(long, value_name = "ID", help = "Only operations of this plan: its id, or enough of its beginning")]
    pub(crate) plan: Option<String>,
    /// Only operations that stand so
    #[arg(long, value_name = "OUTCOME", value_enum)]
    pub(crate) outcome: Option<OutcomeFilter>,
    /// At most this many [default on a terminal: 50, else all]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
}

/// How an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeFilter {
    /// Carried out
    Applied,
    /// So already
    Unchanged,
    /// Refused
    Failed,
    /// Sent, and not known what became of it
    Pending,
    /// Not carried out yet
    Planned,
}

impl From<OutcomeFilter> for Standing {
    fn from(filter: OutcomeFilter) -> Self {
        match filter {
            OutcomeFilter::Applied => Self::Applied,
            OutcomeFilter::Unchanged => Self::Unchanged,
            OutcomeFilter::Failed => Self::Failed,
            OutcomeFilter::Pending => Self::Pending,
            OutcomeFilter::Planned => Self::Planned,
        }
    }
}
