//! Aggregation: reading a source into the store.
//!
//! [`run`] reads the frontier of a run concurrently while one thread commits the pages, each together with its change
//! of the frontier. So the frontier is the checkpoint: after a stop or kill at any moment, the next job continues
//! without reading a committed page again.

mod commit;
mod concurrency;
mod confirm;
mod due;
mod look_up;
mod options;
mod progress;
mod read;
mod refresh;
mod run;

pub use connector_store::{Counts, Mode, PerStep, RunError, RunReport, RunStatus};
pub use due::{Wanted, run_as_due};
pub use look_up::look_up;
pub use options::Options;
pub use progress::{Phase, Progress, StepProgress};
pub use refresh::{Refreshed, refresh, refresh_changed};
pub use run::run;
