//! `provision` and `operations`.

use super::completes::Completes;
use super::list::ListArguments;
use clap::{Args, ValueEnum};
use connector_engine::provision::Standing;
use std::path::PathBuf;

/// Arguments of `provision`.
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
#[derive(Args, Debug)]
pub(crate) struct ProvisionArguments {
    /// Source name, or path of its file
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Plan: a YAML, JSON, NDJSON or CSV file, or `-` for standard input
    #[arg(required_unless_present_any = ["resume", "abandon"])]
    pub(crate) plan: Option<PathBuf>,
    /// Show the preview; change nothing
    #[arg(long, visible_alias = "dry-run", conflicts_with = "yes")]
    pub(crate) preview: bool,
    /// Don't ask for confirmation. The plan still stops if an account changed since an earlier preview, until somebody previews it again
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Apply the plan, without asking, only if its preview has this digest: `--preview` prints it
    #[arg(long, value_name = "DIGEST", conflicts_with_all = ["preview", "abandon"])]
    pub(crate) expect_digest: Option<String>,
    /// Don't read the accounts at the end to see whether they show what was applied
    #[arg(long)]
    pub(crate) no_verify: bool,
    /// Continue an interrupted plan
    #[arg(long)]
    pub(crate) resume: bool,
    /// End an interrupted plan; the remaining operations are not applied
    #[arg(long, conflicts_with_all = ["plan", "preview", "yes", "resume"])]
    pub(crate) abandon: bool,
}

impl ProvisionArguments {
    /// Whether the plan is applied without a question.
    pub(crate) fn is_unattended(&self) -> bool {
        self.yes || self.expect_digest.is_some()
    }
}

/// Arguments of `operations`.
#[derive(Args, Debug)]
pub(crate) struct OperationsArguments {
    /// Source name
    #[arg(add = Completes::Sources)]
    pub(crate) name: String,
    /// Show only operations of this plan
    #[arg(long, value_name = "ID", help = "Show only operations of this plan: its id, or the first characters")]
    #[arg(add = Completes::Plans)]
    pub(crate) plan: Option<String>,
    /// Show only operations with this outcome
    #[arg(long, value_name = "OUTCOME", value_enum)]
    pub(crate) outcome: Option<OutcomeFilter>,
    /// Show at most N operations [default: 50 on a terminal, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) list: ListArguments,
}

/// The outcome of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutcomeFilter {
    /// The source accepted it
    Applied,
    /// Nothing to change
    Unchanged,
    /// The source or Connector refused it
    Failed,
    /// Not sent, because the plan was ended with `--abandon`
    Abandoned,
    /// Sent, but the result is not known
    Pending,
    /// Not sent yet
    Planned,
}

impl From<OutcomeFilter> for Standing {
    fn from(filter: OutcomeFilter) -> Self {
        match filter {
            OutcomeFilter::Applied => Self::Applied,
            OutcomeFilter::Unchanged => Self::Unchanged,
            OutcomeFilter::Failed => Self::Failed,
            OutcomeFilter::Abandoned => Self::Abandoned,
            OutcomeFilter::Pending => Self::Pending,
            OutcomeFilter::Planned => Self::Planned,
        }
    }
}
