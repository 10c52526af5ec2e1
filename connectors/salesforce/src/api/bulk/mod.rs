//! Reads a large table with one query job of the Bulk API 2.0.
//!
//! A job costs a few calls whatever the size of the table, but the org needs some seconds for it. The jobs read in the order of
//! ids. That keeps the org from splitting a job into chunks, which pays only for tables of many millions of records. In return,
//! an id is a position in any job: when a job fails, expires or is aborted, the next job (or REST) reads what follows the last
//! id, and a page that is repeated or out of order shows.

pub(crate) mod columns;
mod job;
mod pages;
mod place;
mod read;
pub(crate) mod sheet;
mod transport;

pub(crate) use place::Place;
pub(crate) use read::{is_due, part};
pub(crate) use transport::Transport;

use pages::Pages;
use place::Spot;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known of bulk queries in one org.
#[derive(Debug)]
pub(crate) struct Bulk {
    transport: Transport,
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

    /// Reads an object by REST from now on, and says so.
    fn give_up(&self, object: &'static str, warning: String) {
        let mut known = self.known();
        if known.refused.insert(object) {
            known.warnings.push(warning);
        }
    }

    /// Reads everything by REST from now on, and says so.
    fn turn_off(&self, warning: String) {
        let mut known = self.known();
        if !std::mem::replace(&mut known.is_off, true) {
            known.warnings.push(warning);
        }
    }

    fn refuses(&self, object: &str) -> bool {
        let known = self.known();
        known.is_off || known.refused.contains(object)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open results of a job, if they are at this place.
    fn take(&self, job: &str, spot: &Spot) -> Option<Pages> {
        let (kept, pages) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(job)?;
        (kept == *spot).then_some(pages)
    }

    fn keep(&self, job: &str, spot: Spot, pages: Pages) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(job.to_owned(), (spot, pages));
    }
}
