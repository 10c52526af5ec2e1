//! One run: how it stands, what it saw and cost, why it failed.

use super::part::Delta;
use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::picture::Bar;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, When, status_badge};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query::{self, Run};
use connector_engine::store::{Mode, RunError, RunStatus};
use connector_text::{bytes, count, duration};
use std::time::Duration;

#[derive(Template)]
#[template(path = "run.html")]
struct Page {
    shell: Shell,
    id: String,
    source: String,
    source_address: String,
    badge: Badge,
    when: When,
    facts: Vec<(&'static str, String)>,
    counts: Vec<Row>,
    error: Option<Fault>,
    warnings: Vec<Prose>,
    quotas: Vec<Quota>,
    /// Where its changes are listed.
    diff: Option<String>,
    earlier: Option<String>,
    later: Option<String>,
}

/// Why it did not succeed.
struct Fault {
    kind: &'static str,
    step: Option<String>,
    message: Prose,
    help: Option<Prose>,
}

impl Fault {
    fn of(error: &RunError) -> Self {
        Self {
            kind: error.kind.name(),
            step: error.step.clone(),
            message: Prose(error.message.clone()),
            help: error.help.clone().map(Prose),
        }
    }
}

struct Row {
    what: &'static str,
    seen: String,
    delta: Delta,
    unchanged: String,
    bar: Bar,
}

struct Quota {
    name: String,
    words: String,
    used: u64,
    max: u64,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let shell = frame.shell("Run").in_section("runs");
    let page = state.ask(move |reach| told(reach, &id, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, id: &str, shell: Shell) -> Result<Page> {
    let missing = || {
        connector_core::Error::not_found("nothing was aggregated yet")
            .with_help("run `connector aggregate` with a source first")
    };
    let store = reach.store.as_ref().ok_or_else(missing)?;
    let run = query::run(store, id)?;
    let report = &run.report;
    let beside = query::runs(store, Some(&report.source), None)?;
    let place = beside.iter().position(|one| one.report.run == report.run);
    let at = |place: Option<usize>| place.and_then(|place| beside.get(place)).map(|run| address::run(&run.report.run));
    let source_address = address::source(&report.source);
    let is_running = report.status == RunStatus::Running;
    let has_succeeded = report.status == RunStatus::Succeeded;
    Ok(Page {
        shell: if is_running { shell.live() } else { shell },
        id: report.run.clone(),
        badge: status_badge(report.status),
        when: When::of(run.started_at, reach.now),
        facts: facts(&run),
        counts: rows(&run),
        error: report.error.as_ref().map(Fault::of),
        warnings: report.warnings.iter().cloned().map(Prose).collect(),
        quotas: quotas(&run),
        diff: has_succeeded.then(|| address::with(&format!("{source_address}/diff"), &[("to", &report.run)])),
        earlier: at(place.map(|place| place + 1)),
        later: at(place.and_then(|place| place.checked_sub(1))),
        source: report.source.clone(),
        source_address,
    })
}

fn facts(run: &Run) -> Vec<(&'static str, String)> {
    let report = &run.report;
    let mode = match report.mode {
        Mode::Full => "everything",
        Mode::Delta => "only changes",
        Mode::Refresh => "a few accounts",
    };
    let seen: u64 = report.counts.named().iter().map(|(_, counts)| counts.seen).sum();
    let rate = seen.saturating_mul(1_000) / report.duration_ms.max(1);
    let mut facts = vec![
        ("Reads", mode.to_owned()),
        ("Took", duration(Duration::from_millis(report.duration_ms))),
        ("Rows per second", count(rate)),
        ("API calls", count(report.api_calls)),
        ("Repeated calls", count(report.retries)),
        ("Received", bytes(report.bytes_received)),
    ];
    if report.resumed {
        facts.push(("Continued", "after it was stopped".to_owned()));
    }
    facts
}

fn rows(run: &Run) -> Vec<Row> {
    let counts = run.report.counts.named().into_iter();
    let row = |(what, counts): (&'static str, &connector_engine::store::Counts)| {
        let delta = Delta::of(*counts);
        Row {
            what,
            seen: count(counts.seen),
            delta,
            unchanged: count(counts.unchanged),
            bar: Bar::of(what, counts.unchanged, delta),
        }
    };
    counts.map(row).collect()
}

fn quotas(run: &Run) -> Vec<Quota> {
    let quota = |(name, quota): (&String, &connector_core::Allowance)| Quota {
        name: name.clone(),
        words: format!("{} of {}", count(quota.used), count(quota.max)),
        used: quota.used,
        max: quota.max,
    };
    run.report.limits.iter().map(quota).collect()
}
