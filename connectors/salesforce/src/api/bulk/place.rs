//! A position in a job, as text that survives the process.

use serde::{Deserialize, Serialize};

/// Where in which job a read continues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    /// The id of the job.
    pub(super) job: String,
    pub(super) stage: Stage,
}

/// What is next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    /// The org works on the job.
    Waiting,
    /// Records are read.
    Reading(Spot),
    /// All records are read: the job can be deleted.
    Read,
}

/// A place in the results.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spot {
    /// How many records the job has, if the org says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u64>,
    /// How many of them were read.
    pub(super) read: u64,
    /// The locator of the page; the first page needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// How many records of this page were read.
    pub(super) of_page: u64,
}

impl Place {
    pub(super) fn waiting(job: String) -> Self {
        Self { job, stage: Stage::Waiting }
    }

    /// Whether the org may still work on the job.
    pub(crate) fn is_waiting(&self) -> bool {
        self.stage == Stage::Waiting
    }

    /// Whether all records are read.
    pub(crate) fn is_read(&self) -> bool {
        self.stage == Stage::Read
    }
}
