//! The result of a run.

use super::step::PerStep;
use connector_core::{Allowance, Error, ErrorKind};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use strum::{EnumString, IntoStaticStr};

/// How much of a source a run reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    /// Everything: a row that the run does not see is gone.
    #[default]
    Full,
    /// What changed since the last run that succeeded.
    Delta,
    /// A few accounts, and what they hold.
    Refresh,
}

impl Mode {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, IntoStaticStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RunStatus {
    /// It is reading now.
    Running,
    /// It read everything.
    Succeeded,
    /// An error ended it; the next run continues where it stopped.
    Failed,
    /// It was stopped or killed; the next run continues where it stopped.
    Interrupted,
    /// A guard refused to remove what was not seen, or to read another system.
    Refused,
}

impl RunStatus {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether the next run continues a run with this status.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Running | Self::Failed | Self::Interrupted)
    }
}

/// How many rows a run saw, added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Different rows that the source showed.
    pub seen: u64,
    /// Rows that were not in the store, or were marked removed.
    pub added: u64,
    /// Rows that were in the store with other content.
    pub changed: u64,
    /// Rows that the store already had with the same values.
    pub unchanged: u64,
    /// Rows of the store that are gone from the source.
    pub removed: u64,
}

/// Why a run did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunError {
    /// What went wrong, in coarse terms.
    #[serde(serialize_with = "kind_name")]
    pub kind: ErrorKind,
    /// What was wrong, for the user.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What was being read: `accounts`, `entitlements` or `assignments`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl From<&Error> for RunError {
    fn from(error: &Error) -> Self {
        let step = error.context().find(|(key, _)| *key == "step").map(|(_, step)| step.to_owned());
        Self { kind: error.kind(), message: error.message().to_owned(), help: error.help().map(str::to_owned), step }
    }
}

/// The result of a run. Serializes to the machine output of `connector aggregate`.
///
/// All figures are those of the whole run, however often it was stopped and resumed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunReport {
    /// The run's id, a ULID.
    pub run: String,
    /// The source's name.
    pub source: String,
    /// How much was read.
    pub mode: Mode,
    /// The status.
    pub status: RunStatus,
    /// Whether it continues an interrupted run.
    pub resumed: bool,
    /// How many rows it saw, added, changed and removed.
    #[serde(flatten)]
    pub counts: PerStep<Counts>,
    /// Requests sent to the source, repeated ones included.
    pub api_calls: u64,
    /// Repeated requests.
    pub retries: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// How long jobs worked on it.
    pub duration_ms: u64,
    /// What the user should know although it did not end the run.
    pub warnings: Vec<String>,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// The source's allowances, as it last reported them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Allowance>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn kind_name<S: Serializer>(kind: &ErrorKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// The kind with that name in machine output; a name of another version counts as internal.
pub fn kind_from_name(name: &str) -> ErrorKind {
    name.parse().unwrap_or(ErrorKind::Internal)
}
