//! The open journal of one plan.

use connector_core::{Error, ErrorKind, Result};
use connector_sql::Connection;
use connector_store::RunLock;
use std::sync::{Arc, Mutex, PoisonError};

/// The journal of one plan, locked for one job. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Arc<Mutex<OpenPlan>>);

/// The open plan.
#[derive(Debug)]
pub(crate) struct OpenPlan {
    pub(crate) connection: Connection,
    /// The number of the plan.
    pub(super) plan: i64,
    /// The number of the source.
    pub(crate) source: i64,
    /// The plan's id.
    pub(super) id: String,
    pub(super) lock: RunLock,
}

impl Journal {
    pub(super) fn new(held: OpenPlan) -> Self {
        Self(Arc::new(Mutex::new(held)))
    }

    /// Runs work with the journal on a thread that may wait for the disk.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut OpenPlan) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let held = self.0.clone();
        let done =
            tokio::task::spawn_blocking(move || work(&mut held.lock().unwrap_or_else(PoisonError::into_inner))).await;
        done.map_err(|cause| {
            Error::new(ErrorKind::Internal, "the thread that writes the journal ended").with_cause(cause)
        })?
    }

    /// The plan's id.
    pub(crate) fn plan_id(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).id.clone()
    }
}
