//! What happens to a clock.

use super::due::Due;
use connector_core::Error;
use connector_store::RunReport;
use jiff::Timestamp;
use serde::Serialize;

/// A source and its next moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextMoment {
    /// The source.
    pub source: String,
    /// When it is due next; absent if no moment comes.
    pub next: Option<Timestamp>,
}

/// What happens to a clock.
#[derive(Clone, Debug)]
pub enum Event {
    /// It begins to be watched.
    Watching {
        /// The sources with a schedule.
        sources: Vec<NextMoment>,
    },
    /// A run begins.
    Started {
        /// The source.
        source: String,
        /// For which moment.
        due: Due,
    },
    /// A moment passes because the last run is still going on.
    Skipped {
        /// The source.
        source: String,
        /// The moment.
        due: Due,
    },
    /// A run ended.
    Ended {
        /// The run.
        run: Box<RunReport>,
    },
    /// A run could not begin.
    NotStarted {
        /// The source.
        source: String,
        /// Why.
        error: Error,
    },
    /// The file of a source is not valid any more.
    Invalid {
        /// The source.
        source: String,
        /// What is wrong.
        error: Error,
    },
    /// The sources can't be listed, or the store can't be read.
    Unreadable {
        /// Why.
        error: Error,
    },
}
