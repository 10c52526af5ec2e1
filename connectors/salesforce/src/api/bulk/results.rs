//! The results of a job that are being read.

use super::sheet::Sheet;
use connector_core::Result;
use connector_http::{Parts, Response};
use std::collections::VecDeque;
use tokio::task::JoinHandle;

/// The pages from some place on.
#[derive(Debug)]
pub(super) struct Pages {
    /// The path of the job.
    pub(super) path: String,
    pub(super) object: &'static str,
    pub(super) due: VecDeque<Due>,
    pub(super) further: Further,
    /// The page that is being read.
    pub(super) sheet: Option<Sheet>,
    /// What is still to arrive of it.
    pub(super) parts: Option<Parts>,
}

/// A page to read.
#[derive(Debug)]
pub(super) struct Due {
    /// The first page needs none.
    pub(super) locator: Option<String>,
    /// The request, once it is sent.
    pub(super) fetched: Option<Fetch>,
}

/// Which pages follow those that are due.
#[derive(Debug)]
pub(super) enum Further {
    /// Those of the list that goes on here.
    Listed(String),
    /// The one that a page names.
    Named,
    None,
}

/// A request that ends with its owner.
#[derive(Debug)]
pub(super) struct Fetch(pub(super) JoinHandle<Result<(Response, Option<Parts>)>>);

impl Drop for Fetch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Due {
    pub(super) fn new(locator: Option<String>) -> Self {
        Self { locator, fetched: None }
    }
}

impl Pages {
    /// The locator of the page after the one that is being read; `None` at the end.
    pub(super) fn next(&self) -> Option<&str> {
        self.due.front().and_then(|due| due.locator.as_deref())
    }
}
