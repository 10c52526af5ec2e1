//! The run from the first page to the end.

use super::job::Job;
use super::progress::Progress;
use crate::store::{RunReport, Store};
use connector_core::{Error, ErrorKind, Result};
use tokio_util::sync::CancellationToken;

/// Aggregates a source: takes up its unfinished run, or begins a new one.
///
/// A run that failed, was stopped or was refused by a guard is a report with that status and an error in it.
/// `Err` means that no run could begin or the store broke: kind `guard` when another job holds the source.
pub async fn run(
    store: &Store,
    job: &Job<'_>,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<RunReport> {
    let _ = (store, job, progress, stop);
    Err(Error::new(ErrorKind::Internal, "not built yet"))
}
