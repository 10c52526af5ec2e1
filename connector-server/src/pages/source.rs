//! One source: how it stands, how it grew, its runs.

use super::home::{Note, standing_badge};
use super::part::{Delta, Tabs};
use super::progress::{self, Panel};
use super::run_row::RunRow;
use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::picture::{Line, Validity};
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose};
use crate::work::{Job, Work};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query::{self, Growth, Run, SourceState};
use connector_engine::store::RunStatus;
use connector_text::{count, day};

/// How many runs the page draws and lists.
const RUNS: u64 = 60;

#[derive(Template)]
#[template(path = "source.html")]
struct Page {
    shell: Shell,
    /// Absent until something was read: the other pages would be empty.
    tabs: Option<Tabs>,
    name: String,
    description: Option<String>,
    badge: Badge,
    notes: Vec<Note>,
    address: String,
    /// How far the read is that this server does.
    progress: Option<Panel>,
    /// Why the last read of this server could not begin.
    fault: Option<(Prose, Option<Prose>)>,
    /// What the button to read says; absent while something reads.
    reads: Option<&'static str>,
    tiles: Vec<Tile>,
    table: Vec<TableRow>,
    facts: Vec<(&'static str, String)>,
    certificate: Option<Validity>,
    runs: Vec<RunRow>,
    all_runs: String,
}

/// How many rows of one kind there are, and how that number grew.
struct Tile {
    what: &'static str,
    address: Option<String>,
    total: String,
    delta: Delta,
    line: Option<Line>,
}

/// The numbers of the pictures.
struct TableRow {
    address: String,
    at: String,
    totals: [String; 3],
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&name).in_section("sources").live();
    let job = state.jobs().last(&name, Work::Aggregate);
    let page = state.ask(move |reach| told(reach, &name, job.as_deref(), shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, name: &str, job: Option<&Job>, shell: Shell) -> Result<Page> {
    let source = reach.source(name)?;
    let runs = match &reach.store {
        Some(store) => query::runs(store, Some(name), Some(RUNS))?,
        None => Vec::new(),
    };
    let attention = query::attention(&source, &runs, reach.now);
    let growth = match &reach.store {
        Some(store) => query::growth(store, name, RUNS)?,
        None => Vec::new(),
    };
    let address = address::source(name);
    let progress = job.and_then(|job| Panel::of(address.clone(), job, shell.operates()));
    let status = runs.first().map(|run| run.report.status);
    let reads = match status {
        _ if progress.is_some() || source.definition.is_err() => None,
        Some(RunStatus::Running) => None,
        Some(status) if status.is_unfinished() => Some("Continue the run"),
        Some(_) => Some("Read now"),
        None => Some("Read for the first time"),
    };
    Ok(Page {
        fault: job.and_then(progress::fault),
        address,
        progress,
        reads,
        shell,
        tabs: (!runs.is_empty()).then(|| Tabs::of(name, "overview")),
        name: name.to_owned(),
        description: source.definition.as_ref().ok().and_then(|one| one.description.clone()),
        badge: standing_badge(&source, &attention),
        notes: attention.into_iter().map(|one| Note::of(name, one)).collect(),
        tiles: tiles(name, &runs, &growth),
        table: growth.iter().rev().map(table_row).collect(),
        facts: facts(&source),
        certificate: source.certificate.as_ref().and_then(|watched| Validity::of(watched, reach.now)),
        runs: runs.iter().map(|run| RunRow::of(run, reach.now)).collect(),
        all_runs: address::with("/runs", &[("source", name)]),
    })
}

fn tiles(name: &str, runs: &[Run], growth: &[Growth]) -> Vec<Tile> {
    let last = runs.iter().find(|run| run.report.status == RunStatus::Succeeded);
    let Some((last, now)) = last.zip(growth.last()) else { return Vec::new() };
    let source = address::source(name);
    let (counts, totals) = (last.report.counts.named(), now.totals.named());
    let tile = |index: usize| {
        let (what, total) = totals[index];
        let value = |one: &Growth| (*one.totals.named()[index].1, day(one.at));
        let values: Vec<(u64, String)> = growth.iter().map(value).collect();
        Tile {
            what,
            // Assignments have no page of their own.
            address: (what != "assignments").then(|| format!("{source}/{what}")),
            total: count(*total),
            delta: Delta::of(*counts[index].1),
            line: Line::of(&values, what),
        }
    };
    (0..totals.len()).map(tile).collect()
}

fn table_row(growth: &Growth) -> TableRow {
    let at = growth.at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    TableRow { address: address::run(&growth.run), at, totals: growth.totals.named().map(|(_, total)| count(*total)) }
}

/// What the file says. Nothing of the settings of the connector: they may name hosts and accounts.
fn facts(source: &SourceState) -> Vec<(&'static str, String)> {
    let path = source.path.as_ref().map(|path| path.display().to_string());
    let mut facts = Vec::from_iter(path.map(|path| ("File", path)));
    let Ok(definition) = &source.definition else { return facts };
    let aggregation = &definition.aggregation;
    facts.push(("Connector", format!("{} ({})", definition.connector.title, definition.connector.name)));
    facts.extend(definition.auth.as_ref().map(|auth| ("Grant type", auth.strategy.grant_type.to_owned())));
    facts.push(("Schedule", aggregation.schedule.clone().unwrap_or_else(|| "none".to_owned())));
    facts.push(("Full run every", aggregation.full_every.to_string()));
    facts.push(("Delete threshold", format!("{} within {}", aggregation.delete_threshold, aggregation.delete_window)));
    facts
}
