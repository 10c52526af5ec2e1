//! A run in a table.

use super::part::Delta;
use crate::address;
use crate::text::{Badge, When, status_badge};
use connector_engine::query::Run;
use connector_text::{count, duration};
use jiff::Timestamp;
use std::time::Duration;

/// A run in a table.
pub(crate) struct RunRow {
    pub(crate) address: String,
    pub(crate) source: String,
    pub(crate) source_address: String,
    pub(crate) badge: Badge,
    pub(crate) mode: &'static str,
    pub(crate) when: When,
    pub(crate) took: String,
    pub(crate) seen: String,
    pub(crate) delta: Delta,
    pub(crate) api_calls: String,
    pub(crate) warnings: usize,
}

impl RunRow {
    pub(crate) fn of(run: &Run, now: Timestamp) -> Self {
        let report = &run.report;
        Self {
            address: address::run(&report.run),
            source: report.source.clone(),
            source_address: address::source(&report.source),
            badge: status_badge(report.status),
            mode: report.mode.name(),
            when: When::of(run.started_at, now),
            took: duration(Duration::from_millis(report.duration_ms)),
            seen: count(report.counts.accounts.seen),
            delta: Delta::of_all(&report.counts),
            api_calls: count(report.api_calls),
            warnings: report.warnings.len(),
        }
    }
}
