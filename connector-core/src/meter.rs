//! Counts what a job costs the source.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests, retries and bytes while a job runs, and keeps the allowances that the source reports.
///
/// Shared by the client that counts and the engine that reports.
#[derive(Debug, Default)]
pub struct Meter {
    api_calls: AtomicU64,
    retries: AtomicU64,
    bytes_received: AtomicU64,
    allowances: Mutex<BTreeMap<String, Allowance>>,
}

/// How much of an allowance of the source is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Allowance {
    /// Used so far in the source's period.
    pub used: u64,
    /// The limit in that period.
    pub max: u64,
}

impl Allowance {
    /// `used` of at most `max`.
    pub fn new(used: u64, max: u64) -> Self {
        Self { used, max }
    }
}

impl Meter {
    /// Counts a request sent to the source.
    pub fn count_call(&self) {
        self.api_calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a retry.
    pub fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts bytes of responses, before decompression if that is known.
    pub fn count_bytes(&self, bytes: u64) {
        self.bytes_received.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Stores the latest state of an allowance, for example `api-usage`.
    pub fn note_allowance(&self, name: &str, allowance: Allowance) {
        let mut known = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), allowance);
    }

    /// Requests sent so far, including retries.
    pub fn api_calls(&self) -> u64 {
        self.api_calls.load(Ordering::Relaxed)
    }

    /// Retries so far.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Bytes received so far.
    pub fn bytes_received(&self) -> u64 {
        self.bytes_received.load(Ordering::Relaxed)
    }

    /// The allowances that the source reported, by name.
    pub fn allowances(&self) -> BTreeMap<String, Allowance> {
        self.allowances.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
