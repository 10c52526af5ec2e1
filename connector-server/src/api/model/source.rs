//! Sources.

use super::run::Run;
use connector_engine::query::{Attention, Growth, SourceState};
use connector_text::days_until;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A source, and how it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source {
    /// Its name.
    name: String,
    /// Whether its file is valid.
    valid: bool,
    /// The connector that it uses. Null if the file is not valid.
    #[schema(required)]
    connector: Option<String>,
    /// A description for people.
    #[schema(required)]
    description: Option<String>,
    /// When to aggregate, as five cron fields in the project's time zone.
    #[schema(required)]
    schedule: Option<String>,
    /// What needs attention, the most urgent first.
    attention: Vec<AttentionNote>,
    /// How many rows it had after the last run that succeeded. Null before the first one.
    #[schema(required)]
    totals: Option<Totals>,
    /// Its newest run.
    #[schema(required)]
    last_run: Option<Run>,
    /// Its certificate, if it names one in a file.
    #[schema(required)]
    certificate: Option<CertificateState>,
}

/// Something about a source that needs attention.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionNote {
    /// `failing`, `warning` or `note`.
    urgency: &'static str,
    /// What it is about.
    topic: &'static str,
    /// What is wrong.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    help: Option<String>,
    /// The run that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    run: Option<String>,
}

/// How many rows a source had at the end of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// The run.
    run: String,
    accounts: u64,
    entitlements: u64,
    assignments: u64,
}

/// A certificate and its status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateState {
    /// `ok`, `warning`, `expired` or `broken`.
    status: &'static str,
    /// When it ends. Null if it can't be read.
    #[schema(required)]
    not_after: Option<Timestamp>,
    /// Whole days until then; negative after it.
    #[schema(required)]
    days_left: Option<i64>,
}

impl Source {
    pub(crate) fn of(state: SourceState, attention: Vec<Attention>, growth: Option<&Growth>, now: Timestamp) -> Self {
        let definition = state.definition.as_ref().ok();
        Self {
            valid: definition.is_some(),
            connector: definition.map(|one| one.connector.name.to_string()),
            description: definition.and_then(|one| one.description.clone()),
            schedule: definition.and_then(|one| one.aggregation.schedule.clone()),
            attention: attention.into_iter().map(AttentionNote::from).collect(),
            totals: growth.map(|growth| Totals {
                run: growth.run.clone(),
                accounts: growth.totals.accounts,
                entitlements: growth.totals.entitlements,
                assignments: growth.totals.assignments,
            }),
            certificate: state.certificate.as_ref().map(|watched| {
                let not_after = watched.certificate.as_ref().map(connector_keys::Certificate::not_after);
                let days_left = not_after.map(|moment| days_until(moment, now));
                CertificateState { status: watched.verdict.status.name(), not_after, days_left }
            }),
            last_run: state.last_run.map(Run::from),
            name: state.name,
        }
    }
}

impl From<Attention> for AttentionNote {
    fn from(attention: Attention) -> Self {
        let Attention { urgency, topic, message, help, run } = attention;
        Self { urgency: urgency.name(), topic, message, help, run }
    }
}
