//! A worker: takes jobs until it is told to stop.

mod bench;
mod claim;
mod event;
mod pull;
mod station;

pub use event::WorkerEvent;

use crate::queue::Queue;
use bench::Bench;
use connector_core::Result;
use connector_project::source::Project;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long to wait after the server did not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// Which jobs a worker takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The most jobs at the same time, at least one.
    pub jobs: u16,
    /// Only jobs of these sources; all if there are none.
    pub sources: Vec<String>,
}

/// Takes jobs until `stop` is canceled, and gives back those that it has then: another worker continues them. `tell` gets what
/// happens. A server that does not answer for a while is waited for.
///
/// Fails if it can't begin: with kind `definition` if the user of the store may not make the tables of the queue.
pub async fn work(
    queue: &Queue,
    project: &Project,
    capacity: Capacity,
    tell: impl Fn(WorkerEvent) + Send + Sync + 'static,
    stop: &CancellationToken,
) -> Result<()> {
    let bench = Arc::new(Bench::new(queue.clone(), project.folder(), capacity, Box::new(tell), stop.clone()));
    let mut has_begun = false;
    loop {
        let ended = pull::one_shift(&bench, &mut has_begun).await;
        if stop.is_cancelled() {
            return ended;
        }
        match ended {
            Err(error) if !has_begun => return Err(error),
            Err(error) => bench.tell(WorkerEvent::Disturbed { error }),
            Ok(()) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}
