//! The options of one aggregation.

use connector_project::source::Opened;
use connector_store::{Limits, Mode};

/// How much of a source one aggregation reads, and what it may remove. The source file has the other settings.
///
/// ```
/// use connector_engine::aggregate::Options;
///
/// let cautious = Options { remove: false, ..Options::default() };
/// assert!(!cautious.restart);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much to read.
    pub mode: Mode,
    /// Whether to drop an unfinished run instead of resuming it.
    pub restart: bool,
    /// Whether to read a system with another id than the source had before, as a new run.
    pub accept_new_system: bool,
    /// Whether to mark rows as removed that the run did not see.
    pub remove: bool,
}

impl Default for Options {
    /// Reads everything, resumes an unfinished run, and marks as removed what is gone.
    fn default() -> Self {
        Self { mode: Mode::Full, restart: false, accept_new_system: false, remove: true }
    }
}

/// How much a run of the source may remove.
pub(super) fn limits_of(opened: &Opened) -> Limits {
    Limits { threshold: opened.aggregation.delete_threshold, window: opened.aggregation.delete_window }
}
