//! What a page does not show.

use connector_core::Page;
use std::collections::BTreeSet;

/// What a page does not show of its accounts.
#[derive(Clone, Debug, Default)]
pub struct NotShown {
    /// Attributes.
    attributes: BTreeSet<String>,
    /// The only attributes that it shows.
    only: Option<BTreeSet<String>>,
    /// Which accounts are locked.
    locks: bool,
}

impl NotShown {
    pub fn of<T>(page: &Page<T>) -> Self {
        Self {
            attributes: page.not_shown().iter().cloned().collect(),
            only: page.only_shown().map(|shown| shown.iter().cloned().collect()),
            locks: page.hides_locks(),
        }
    }

    /// Whether the page hides which accounts are locked.
    pub(super) fn hides_locks(&self) -> bool {
        self.locks
    }

    /// Whether the page shows everything.
    pub(super) fn is_nothing(&self) -> bool {
        self.attributes.is_empty() && self.only.is_none() && !self.locks
    }

    /// Whether the page hides this attribute.
    pub(super) fn hides(&self, name: &str) -> bool {
        self.attributes.contains(name) || self.only.as_ref().is_some_and(|shown| !shown.contains(name))
    }

    /// Whether an account that is stored just so has nothing that the page does not show.
    pub(super) fn is_list_only(&self) -> bool {
        self.attributes.is_empty() && !self.locks
    }

    /// A warning that names the attributes: those that the page hides, and others whose last values were kept.
    pub(super) fn warning(&self, kept: &BTreeSet<String>) -> Option<String> {
        let names: Vec<_> = self.attributes.union(kept).map(String::as_str).collect();
        (!names.is_empty()).then(|| {
            let names = names.join(", ");
            format!("the source hides attributes from this login; their last known values are kept: {names}")
        })
    }
}
