//! What to provision.

use connector_core::{Connector, Context, Meter};

/// One source that is to be changed.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The source's name.
    pub source: &'a str,
    /// The connector's name; a plan that was begun with another connector is not taken up.
    pub connector_name: &'a str,
    /// A hash of what in the source's file decides which system is meant; a plan that was begun for another one is not
    /// taken up.
    pub definition: &'a str,
    /// The opened connector.
    pub connector: &'a dyn Connector,
    /// What the connector was opened with: gives the passwords that a plan refers to.
    pub context: &'a Context,
}

impl Job<'_> {
    /// Where the connector's client counts requests.
    pub(super) fn meter(&self) -> &Meter {
        self.context.meter()
    }
}
