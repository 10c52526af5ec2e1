//! What happens to a worker.

use connector_core::Error;
use connector_store::RunReport;

/// What happens to a worker.
#[derive(Clone, Debug)]
pub enum WorkerEvent {
    /// It takes jobs from now on.
    Ready {
        /// Its id, as `connector workers` lists it.
        id: String,
    },
    /// It begins or continues a job.
    Started {
        /// The number of the job.
        job: i64,
        /// The source.
        source: String,
        /// Whether the worker that had it is gone.
        recovered: bool,
    },
    /// The run of a job ended.
    Ended {
        /// The number of the job.
        job: i64,
        /// The run.
        run: Box<RunReport>,
    },
    /// A job ended without a run.
    NotStarted {
        /// The number of the job.
        job: i64,
        /// The source.
        source: String,
        /// Why.
        error: Error,
    },
    /// It gave a job back, because it stops or because another worker has it.
    GaveBack {
        /// The number of the job.
        job: i64,
        /// The source.
        source: String,
    },
    /// The server does not answer. It tries again.
    Disturbed {
        /// Why.
        error: Error,
    },
}
