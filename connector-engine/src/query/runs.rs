//! Past and present runs.

use crate::store::{RunReport, Store};
use connector_core::{Error, ErrorKind, Result};
use jiff::Timestamp;
use serde::Serialize;

/// A past or present run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// What it came to so far.
    #[serde(flatten)]
    pub report: RunReport,
    /// The connector that read the source.
    pub connector: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs and after a kill.
    pub ended_at: Option<Timestamp>,
}

/// The runs of a source, or of all sources; the newest first.
pub fn runs(store: &Store, source: Option<&str>, limit: Option<usize>) -> Result<Vec<Run>> {
    let _ = (store, source, limit);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

/// The run with that id, or the only one whose id begins so. Fails with kind `not_found`.
pub fn run(store: &Store, id: &str) -> Result<Run> {
    let _ = (store, id);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}

/// The newest run of a source, if there was one.
pub fn last_run(store: &Store, source: &str) -> Result<Option<Run>> {
    let _ = (store, source);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
