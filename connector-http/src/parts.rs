//! Bodies that arrive in parts.

use crate::faults::{self, Limits};
use bytes::Bytes;
use connector_core::{Meter, Result};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// How many times the time limit of a request all parts of a body may take together. The time between two parts in which nobody
/// waits for one does not count.
const MOST_LIMITS: u32 = 30;

/// The body of a successful response, part by part, from [`Request::stream`](crate::Request::stream).
///
/// A body that nobody reads takes little memory: its server waits.
pub struct Parts {
    answer: reqwest::Response,
    url: Url,
    /// The longest wait for a part.
    patience: Duration,
    /// How long all waits took.
    waited: Duration,
    meter: Arc<Meter>,
    proxied: bool,
}

impl Parts {
    pub(crate) fn new(
        answer: reqwest::Response,
        url: Url,
        patience: Duration,
        meter: Arc<Meter>,
        proxied: bool,
    ) -> Self {
        Self { answer, url, patience, waited: Duration::ZERO, meter, proxied }
    }

    /// The next part, decompressed; `None` after the last one.
    ///
    /// Fails with kind `protocol` if the body is cut off, and with kind `timeout` if the next part does not arrive within the
    /// time limit of a request. The caller repeats the request and leaves out what it has read.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let started = Instant::now();
        let left = (self.patience * MOST_LIMITS).saturating_sub(self.waited);
        let limits = Limits { whole: self.patience, connecting: self.patience, refusal: faults::PASSING };
        let part = tokio::time::timeout(self.patience.min(left), self.answer.chunk()).await;
        self.waited += started.elapsed();
        let part = part.map_err(|_| faults::too_late(&self.url, self.patience))?;
        let part = part.map_err(|fault| faults::error_of(fault, &self.url, limits, true, self.proxied))?;
        if let Some(part) = &part {
            self.meter.count_bytes(part.len() as u64);
        }
        Ok(part)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("waited", &self.waited).finish_non_exhaustive()
    }
}
