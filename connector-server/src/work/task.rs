//! What somebody wants to be done.

use super::Work;
use connector_core::{Operation, SecretRef};
use connector_engine::aggregate::Wanted;
use connector_project::plan::PlanFile;

/// What somebody wants to be done.
#[derive(Debug)]
pub(crate) enum Task {
    /// Read the source.
    Aggregate(Wanted),
    /// Test its connection.
    Test,
    /// Preview a plan.
    Preview(Previewed),
    /// Apply a plan whose preview has this digest, or continue it.
    Apply {
        plan: String,
        digest: String,
        /// Whether whoever wants it approves the plan by that.
        approves: bool,
    },
    /// Settle what was sent of a plan, and drop the rest.
    Abandon { plan: String },
    /// Apply a plan that a program wrote, at once.
    Change {
        /// Its name, for people.
        name: String,
        operations: Vec<Operation<SecretRef>>,
    },
}

/// Which plan to preview.
#[derive(Debug)]
pub(crate) enum Previewed {
    /// One that somebody wrote now.
    New {
        file: PlanFile,
        /// Its name, for people.
        name: String,
        /// A hash of its text.
        hash: String,
    },
    /// One that the store has.
    Known(String),
}

impl Task {
    pub(crate) fn work(&self) -> Work {
        match self {
            Self::Aggregate(_) => Work::Aggregate,
            Self::Test => Work::Test,
            Self::Preview(_) => Work::Preview,
            Self::Apply { .. } => Work::Apply,
            Self::Abandon { .. } => Work::Abandon,
            Self::Change { .. } => Work::Change,
        }
    }

    /// The same for the same wish.
    pub(super) fn fingerprint(&self) -> String {
        let work = self.work().name();
        match self {
            Self::Aggregate(wanted) => format!("{work} {wanted:?}"),
            Self::Test => work.to_owned(),
            Self::Preview(Previewed::New { name, hash, .. }) => format!("{work} new {hash} {name}"),
            Self::Preview(Previewed::Known(plan)) | Self::Abandon { plan } => format!("{work} {plan}"),
            // Whether it approves the plan changes with the first request.
            Self::Apply { plan, digest, .. } => format!("{work} {plan} {digest}"),
            Self::Change { name, operations } => format!("{work} {name} {operations:?}"),
        }
    }

    /// What the audit log says of it.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Preview(Previewed::New { name, .. }) | Self::Change { name, .. } => name.clone(),
            task => task.plan().map(|plan| format!("plan {plan}")).unwrap_or_default(),
        }
    }

    /// The plan that it is about, if the store has it already.
    pub(super) fn plan(&self) -> Option<String> {
        match self {
            Self::Preview(Previewed::Known(plan)) | Self::Apply { plan, .. } | Self::Abandon { plan } => {
                Some(plan.clone())
            }
            Self::Aggregate(_) | Self::Test | Self::Preview(Previewed::New { .. }) | Self::Change { .. } => None,
        }
    }
}
