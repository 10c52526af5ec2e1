//! Runs.

use connector_engine::query;
use connector_engine::store::{self, PerStep};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A run: one aggregation from the first page to the end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    /// The id, a ULID.
    id: String,
    /// The source's name.
    source: String,
    /// The connector that read the source.
    connector: String,
    /// How much it reads.
    #[schema(example = "full")]
    mode: &'static str,
    /// How it stands: `running`, `succeeded`, `failed`, `interrupted` or `refused`.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// When it started.
    started_at: Timestamp,
    /// When it ended. Null while it runs and after it was killed.
    #[schema(required)]
    ended_at: Option<Timestamp>,
    /// Whether it continues a run that was stopped.
    resumed: bool,
    /// How many accounts it saw, added, changed and removed.
    accounts: Counts,
    /// The same for entitlements.
    entitlements: Counts,
    /// The same for assignments.
    assignments: Counts,
    /// Requests sent to the source, repeated ones included.
    api_calls: u64,
    /// Repeated requests.
    retries: u64,
    /// Bytes received.
    bytes_received: u64,
    /// How long jobs worked on it, in milliseconds.
    duration_ms: u64,
    /// What somebody should know although it did not end the run.
    warnings: Vec<String>,
    /// Why it did not succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<RunError>,
    /// The source's quotas, as it last reported them.
    quotas: BTreeMap<String, Quota>,
}

/// How many rows a run saw, added, changed and removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counts {
    seen: u64,
    added: u64,
    changed: u64,
    unchanged: u64,
    removed: u64,
}

/// Why a run did not succeed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunError {
    /// The kind of error.
    kind: &'static str,
    /// What was wrong.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    help: Option<String>,
    /// What was being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    step: Option<String>,
}

/// How much of a quota is used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Quota {
    used: u64,
    max: u64,
}

impl From<store::Counts> for Counts {
    fn from(counts: store::Counts) -> Self {
        let store::Counts { seen, added, changed, unchanged, removed } = counts;
        Self { seen, added, changed, unchanged, removed }
    }
}

impl From<query::Run> for Run {
    fn from(run: query::Run) -> Self {
        let query::Run { report, connector, started_at, ended_at } = run;
        let PerStep { accounts, entitlements, assignments } = report.counts;
        Self {
            id: report.run,
            source: report.source,
            connector,
            mode: report.mode.name(),
            status: report.status.name(),
            started_at,
            ended_at,
            resumed: report.resumed,
            accounts: accounts.into(),
            entitlements: entitlements.into(),
            assignments: assignments.into(),
            api_calls: report.api_calls,
            retries: report.retries,
            bytes_received: report.bytes_received,
            duration_ms: report.duration_ms,
            warnings: report.warnings,
            error: report.error.map(|error| RunError {
                kind: error.kind.name(),
                message: error.message,
                help: error.help,
                step: error.step,
            }),
            quotas: report
                .limits
                .into_iter()
                .map(|(name, quota)| (name, Quota { used: quota.used, max: quota.max }))
                .collect(),
        }
    }
}
