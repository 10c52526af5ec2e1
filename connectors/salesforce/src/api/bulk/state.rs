//! What is known of query jobs in one org.

use super::place::Spot;
use super::results::Pages;
use super::transport::Transport;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known of bulk queries in one org.
#[derive(Debug)]
pub(crate) struct Bulk {
    pub(super) transport: Transport,
    known: Mutex<Known>,
    /// The results that are being read, by job, with the place that comes next. They are only a shortcut: every place can be
    /// opened again.
    open: Mutex<HashMap<String, (Spot, Pages)>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The org makes no query jobs.
    is_off: bool,
    /// What query jobs can't read.
    refused: BTreeSet<&'static str>,
    /// How many jobs in a row ended without a record, by object.
    lost: BTreeMap<&'static str, u32>,
    /// What to tell the user with the next page.
    warnings: Vec<String>,
}

impl Bulk {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, known: Mutex::default(), open: Mutex::default() }
    }

    /// A warning that no page has shown yet.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.known().warnings.pop()
    }

    /// Notes that a job ended too early. Returns how many in a row did so without a record.
    pub(super) fn lose(&self, object: &'static str) -> u32 {
        let mut known = self.known();
        let lost = known.lost.entry(object).or_default();
        *lost += 1;
        *lost
    }

    /// Notes that a job has records.
    pub(super) fn find(&self, object: &'static str) {
        self.known().lost.remove(object);
    }

    /// Reads an object by REST from now on, and says so.
    pub(super) fn give_up(&self, object: &'static str, warning: String) {
        let mut known = self.known();
        if known.refused.insert(object) {
            known.warnings.push(warning);
        }
    }

    /// Reads everything by REST from now on, and says so.
    pub(super) fn turn_off(&self, warning: String) {
        let mut known = self.known();
        if !std::mem::replace(&mut known.is_off, true) {
            known.warnings.push(warning);
        }
    }

    pub(super) fn refuses(&self, object: &str) -> bool {
        let known = self.known();
        known.is_off || known.refused.contains(object)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open results of a job, if they are at this place.
    pub(super) fn take(&self, job: &str, spot: &Spot) -> Option<Pages> {
        let (kept, pages) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(job)?;
        (kept == *spot).then_some(pages)
    }

    pub(super) fn keep(&self, job: &str, spot: Spot, pages: Pages) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(job.to_owned(), (spot, pages));
    }

    /// Whether a read by REST is no replacement for a job.
    pub(super) fn is_required(&self) -> bool {
        self.transport == Transport::Bulk
    }
}
