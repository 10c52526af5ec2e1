//! What to aggregate, and how.

use crate::store::Mode;
use connector_core::{Connector, Meter, Percentage};

/// One aggregation: what to read, and how.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The connector's name; a run that another connector began is not taken up.
    pub connector_name: &'a str,
    /// A hash of what in the source's file decides what is read; a run of another definition is not taken up.
    pub definition: &'a str,
    /// The opened connector.
    pub connector: &'a dyn Connector,
    /// Where the connector's client counts requests and bytes.
    pub meter: &'a Meter,
    /// How many pages are read at the same time.
    pub concurrency: usize,
    /// The largest share of the accounts that one run may mark as removed.
    pub delete_threshold: Percentage,
    /// How much to read.
    pub mode: Mode,
    /// Whether an unfinished run is dropped instead of taken up.
    pub restart: bool,
    /// Whether another system than before may be behind the source. Then an unfinished run is dropped, too.
    pub accept_new_system: bool,
    /// Whether what was not seen is marked as removed at the end.
    pub remove: bool,
}
