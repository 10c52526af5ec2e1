//! What is asked of a worker.

use connector_core::Result;
use connector_engine::aggregate::{Options, Wanted};
use connector_sql::Row;
use serde::{Serialize, Serializer};

/// What is asked of a worker: to aggregate a source, with the options of `connector aggregate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The source, by its name: a worker has its own copy of the file.
    pub source: String,
    /// How much to read.
    #[serde(serialize_with = "word")]
    pub wanted: Wanted,
    /// Whether to drop an unfinished run instead of resuming it.
    pub restart: bool,
    /// Whether to read a system with another id than the source had before.
    pub accept_new_system: bool,
    /// Whether to mark rows as removed that the run did not see.
    pub remove: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn word<S: Serializer>(wanted: &Wanted, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(wanted.into())
}

impl Order {
    /// What a schedule asks: only changes, unless a full run is due.
    ///
    /// ```
    /// use connector_queue::Order;
    ///
    /// assert!(Order::due("people").remove);
    /// ```
    pub fn due(source: &str) -> Self {
        Self::new(source, Wanted::Due, Options::default())
    }

    /// With the options of a job on this machine.
    pub fn new(source: &str, wanted: Wanted, options: Options) -> Self {
        let Options { restart, accept_new_system, remove, .. } = options;
        Self { source: source.to_owned(), wanted, restart, accept_new_system, remove }
    }

    /// The options of a job on this machine.
    pub(crate) fn options(&self) -> Options {
        let Self { restart, accept_new_system, remove, .. } = *self;
        Options { restart, accept_new_system, remove, ..Options::default() }
    }

    /// The same without what begins something new: the run that it began is to be continued.
    pub(crate) fn continued(self) -> Self {
        Self { wanted: Wanted::Due, restart: false, accept_new_system: false, ..self }
    }

    /// The columns of an order.
    pub(crate) const COLUMNS: &str = "j.source, j.wanted, j.restart, j.accept_new_system, j.remove";

    /// Reads them, from the first one on.
    pub(crate) fn read(row: &Row<'_>, first: usize) -> connector_sql::Result<Self> {
        let wanted: String = row.get(first + 1)?;
        Ok(Self {
            source: row.get(first)?,
            // A newer version may know more; what it asks for is then read as far as this one can.
            wanted: wanted.parse().unwrap_or_default(),
            restart: row.get(first + 2)?,
            accept_new_system: row.get(first + 3)?,
            remove: row.get(first + 4)?,
        })
    }
}
