//! What about a source needs attention.

use super::runs::Run;
use super::sources::SourceState;
use connector_keys::CertificateStatus;
use connector_store::{Mode, RunStatus};
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use strum::IntoStaticStr;

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Urgency {
    /// Nothing new is read, or soon nothing will be.
    Failing,
    /// It works, and somebody should look.
    Warning,
    /// Good to know.
    Note,
}

impl Urgency {
    /// The name in machine output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Something about a source that needs attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it is, in one or two words.
    pub topic: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The run that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// What about a source needs attention, the most urgent first. `runs` are its newest runs, newest first.
pub fn attention(state: &SourceState, runs: &[Run], now: Timestamp) -> Vec<Attention> {
    let mut found = Vec::new();
    let note = |urgency, topic, message, help| Attention { urgency, topic, message, help, run: None };
    if let Err(problems) = &state.definition {
        let (count, first) = (problems.0.len(), problems.0.first());
        let message = first.map(|one| format!("{} (`{}`)", one.title, one.place)).unwrap_or_default();
        let help = match (count, first) {
            (1, Some(one)) => one.help.clone(),
            _ => Some(format!("the file has {count} problems; `connector validate {}` shows them", state.name)),
        };
        found.push(note(Urgency::Failing, "invalid file", message, help));
    }
    // A refresh of a few accounts says nothing about the source.
    found.extend(runs.iter().find(|run| run.report.mode != Mode::Refresh).and_then(of_run));
    if let Some(watched) = &state.certificate {
        let verdict = &watched.verdict;
        let urgency = match verdict.status {
            CertificateStatus::Ok => None,
            CertificateStatus::Warning => Some(Urgency::Warning),
            CertificateStatus::Expired | CertificateStatus::Broken => Some(Urgency::Failing),
        };
        found.extend(urgency.map(|urgency| note(urgency, "certificate", verdict.detail.clone(), verdict.help.clone())));
    }
    found.extend(age(state, runs, now).map(|(message, help)| note(Urgency::Warning, "old data", message, Some(help))));
    found.extend(state.loosened.iter().map(|guard| note(Urgency::Note, "guard", guard.clone(), None)));
    found.sort_by_key(|one| one.urgency);
    found
}

fn of_run(run: &Run) -> Option<Attention> {
    let (urgency, topic) = match run.report.status {
        RunStatus::Succeeded | RunStatus::Running => return None,
        RunStatus::Failed => (Urgency::Failing, "failed run"),
        RunStatus::Refused => (Urgency::Failing, "refused by a guard"),
        RunStatus::Interrupted => (Urgency::Warning, "interrupted run"),
    };
    let error = run.report.error.as_ref();
    let message = error.map_or_else(|| "the run was stopped before its end".to_owned(), |error| error.message.clone());
    let continues = || Some(format!("`connector aggregate {}` continues it", run.report.source));
    let help = error.map_or_else(continues, |error| error.help.clone());
    Some(Attention { urgency, topic, message, help, run: Some(run.report.run.clone()) })
}

/// Whether the last run that succeeded is older than the time after which a full run is due.
fn age(state: &SourceState, runs: &[Run], now: Timestamp) -> Option<(String, String)> {
    let source = state.definition.as_ref().ok()?;
    let is_read = |run: &&Run| run.report.status == RunStatus::Succeeded && run.report.mode != Mode::Refresh;
    let last = runs.iter().find(is_read)?;
    let age = Duration::try_from(now.duration_since(last.started_at)).unwrap_or_default();
    let days = age.as_secs() / 86_400;
    (age > source.aggregation.full_every.duration()).then(|| {
        (
            format!("the last run that succeeded is {days} days old"),
            format!("run `connector aggregate {}`, and check whether your scheduler still does", state.name),
        )
    })
}
