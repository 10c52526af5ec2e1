//! Decides whether a run reads everything or only changes, and reads everything if the changes prove not to be enough.

use super::options::Options;
use super::progress::Progress;
use super::run::{WhyFull, run_because};
use connector_core::{ErrorKind, Result};
use connector_project::source::Opened;
use connector_store::{Counts, Mode, Past, RunReport, RunStatus, Store};
use jiff::Timestamp;
use strum::{EnumString, IntoStaticStr};
use tokio_util::sync::CancellationToken;

/// How much the user wants to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Wanted {
    /// Only changes, unless a full run is due.
    #[default]
    Due,
    /// Everything.
    Full,
    /// Only changes.
    Delta,
}

/// Aggregates a source: resumes its unfinished run, reads only changes, or reads everything. Instead of `options.mode`, `wanted`
/// and earlier runs decide how much is read.
///
/// If changes alone can't be read or don't prove that the store then has what the source has, this does a full run, and a warning
/// says why. A full run that fails because its position means nothing to the source any more begins again once.
pub async fn run_as_due(
    store: &Store,
    opened: &Opened,
    wanted: Wanted,
    options: Options,
    progress: impl Fn(&Progress) + Send + Sync,
    stop: CancellationToken,
) -> Result<RunReport> {
    let past = Past::of(store, &opened.source, &opened.registration.name, &opened.definition)?;
    let (mode, why) = choose(opened, wanted, options, &past);
    if mode != Mode::Delta {
        let why = why.map(|text| WhyFull::instead_of_changes(&text, false));
        let report = run_because(store, opened, Options { mode, ..options }, why, &progress, stop.clone()).await?;
        // A position that means nothing any more, such as one in a file that was replaced: once, everything is read again.
        let lost = report.error.as_ref().filter(|error| error.kind == ErrorKind::Expired && !stop.is_cancelled());
        let Some(error) = lost.filter(|_| report.status == RunStatus::Failed) else { return Ok(report) };
        let warning = format!("the read began again: {}{}", error.message, already_stored(&report));
        let why = WhyFull { warning, takes_over: false };
        let options = Options { mode, restart: true, ..options };
        return run_because(store, opened, options, Some(why), &progress, stop).await;
    }
    let report = run_because(store, opened, Options { mode, ..options }, None, &progress, stop.clone()).await?;
    let why = match (&report.error, report.status) {
        (Some(error), RunStatus::Failed) if error.kind == ErrorKind::Expired => {
            Some(WhyFull::instead_of_changes(&error.message, true))
        }
        (_, RunStatus::Succeeded) => {
            let past = Past::of(store, &opened.source, &opened.registration.name, &opened.definition)?;
            past.no_changes.map(|text| WhyFull::instead_of_changes(&text, false))
        }
        _ => None,
    };
    if why.is_none() || stop.is_cancelled() {
        return Ok(report);
    }
    run_because(store, opened, Options { mode: Mode::Full, ..options }, why, &progress, stop).await
}

/// What the try that failed stored: the one after it counts these rows as unchanged.
fn already_stored(failed: &RunReport) -> String {
    let stored = |(name, counts): (&'static str, &Counts)| {
        let rows = counts.added + counts.changed;
        (rows > 0).then(|| format!("{rows} {name}"))
    };
    let stored: Vec<_> = failed.counts.named().into_iter().filter_map(stored).collect();
    if stored.is_empty() {
        return String::new();
    }
    format!("; the first try stored {}, which now count as unchanged", stored.join(", "))
}

/// How much to read, and why that is everything although only changes were wanted.
fn choose(opened: &Opened, wanted: Wanted, options: Options, past: &Past) -> (Mode, Option<String>) {
    let can_read_changes = opened.connector.capabilities().changes().is_some();
    if !can_read_changes {
        // A run of changes says that the connector can't do it.
        return (if wanted == Wanted::Delta { Mode::Delta } else { Mode::Full }, None);
    }
    if wanted == Wanted::Full || options.accept_new_system {
        return (Mode::Full, None);
    }
    if let (Wanted::Due, Some(mode), false) = (wanted, past.unfinished, options.restart) {
        return (mode, None);
    }
    match (past.last_full, &past.no_changes) {
        (None, _) if wanted == Wanted::Delta => {
            (Mode::Full, Some("no full run of this source has succeeded yet".to_owned()))
        }
        (None, _) => (Mode::Full, None),
        (_, Some(why)) => (Mode::Full, Some(why.clone())),
        (Some(last), None) if wanted == Wanted::Due && !is_fresh(last, opened) => (Mode::Full, None),
        _ => (Mode::Delta, None),
    }
}

/// Whether a full run is recent enough for a run of changes. One in the future was timed by another clock.
fn is_fresh(last: Timestamp, opened: &Opened) -> bool {
    let age = Timestamp::now().duration_since(last).unsigned_abs();
    age < opened.aggregation.full_every.duration()
}
