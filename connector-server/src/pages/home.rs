//! The sources of the project, and what needs attention first.

use super::part::Delta;
use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::picture::{Spark, Validity};
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone, When, status_badge};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query::{self, Attention, Growth, SourceState, Urgency};
use connector_engine::store::RunStatus;
use connector_text::{count, duration, plural};
use jiff::tz::TimeZone;
use std::time::Duration;

/// How many runs a sparkline shows.
const RUNS: u64 = 30;

/// How many notes stand above the table; the pages of the sources have all.
const NOTES: usize = 6;

#[derive(Template)]
#[template(path = "home.html")]
struct Page {
    shell: Shell,
    summary: Vec<(Badge, usize)>,
    totals: String,
    notes: Vec<Note>,
    more: usize,
    sources: Vec<Row>,
    /// The time zone of schedules.
    zone: String,
}

/// Something that needs attention.
pub(super) struct Note {
    pub(super) tone: Tone,
    pub(super) source: String,
    pub(super) address: String,
    pub(super) topic: &'static str,
    pub(super) message: Prose,
    pub(super) help: Option<Prose>,
    pub(super) run: Option<String>,
}

impl Note {
    pub(super) fn of(source: &str, attention: Attention) -> Self {
        let tone = match attention.urgency {
            Urgency::Failing => Tone::Bad,
            Urgency::Warning => Tone::Warn,
            Urgency::Note => Tone::Quiet,
        };
        Self {
            tone,
            source: source.to_owned(),
            address: address::source(source),
            topic: attention.topic,
            message: Prose(attention.message),
            help: attention.help.map(Prose),
            run: attention.run.as_deref().map(address::run),
        }
    }
}

struct Row {
    name: String,
    address: String,
    connector: String,
    description: Option<String>,
    badge: Badge,
    last: Option<Last>,
    /// How many accounts it has; 0 before the first run.
    total: u64,
    accounts: String,
    spark: Option<Spark>,
    certificate: Option<Validity>,
    schedule: Option<String>,
}

struct Last {
    address: String,
    when: When,
    took: String,
    delta: Delta,
}

pub(crate) async fn page(State(state): State<ServerState>, frame: Frame) -> Result<Response, Failure> {
    let shell = frame.shell("Sources").in_section("sources").live();
    let ((rows, mut notes), zone) = state.ask(|reach| Ok((standing(reach)?, zone(reach)))).await?;
    let accounts: u64 = rows.iter().map(|row| row.total).sum();
    // Notes for information have their place on the page of the source.
    notes.retain(|note| note.tone != Tone::Quiet);
    notes.sort_by_key(|note| note.tone != Tone::Bad);
    let more = notes.len().saturating_sub(NOTES);
    notes.truncate(NOTES);
    let page = Page {
        shell,
        summary: summary(&rows),
        totals: format!("{} in {}", plural(accounts, "account"), plural(rows.len() as u64, "source")),
        notes,
        more,
        sources: rows,
        zone,
    };
    Ok(render(&page, StatusCode::OK))
}

/// The time zone of schedules. Where `connector.yaml` is not valid, every source says so.
fn zone(reach: &Reach) -> String {
    let zone = reach.project.settings().map_or(TimeZone::UTC, |settings| settings.zone());
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// Every source with its accounts, and every note; sources that need attention come first.
fn standing(reach: &Reach) -> Result<(Vec<Row>, Vec<Note>)> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for source in query::sources(&reach.project, reach.store.as_ref(), reach.now)? {
        let runs = match &reach.store {
            Some(store) => query::runs(store, Some(&source.name), Some(RUNS))?,
            None => Vec::new(),
        };
        let attention = query::attention(&source, &runs, reach.now);
        let growth = match &reach.store {
            Some(store) => query::growth(store, &source.name, RUNS)?,
            None => Vec::new(),
        };
        rows.push(row(&source, &growth, &attention, reach));
        notes.extend(attention.into_iter().map(|one| Note::of(&source.name, one)));
    }
    rows.sort_by_key(|row: &Row| match row.badge.tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        Tone::Busy => 2,
        Tone::Good => 3,
        Tone::Quiet => 4,
    });
    Ok((rows, notes))
}

/// How a source stands, in a word.
pub(super) fn standing_badge(source: &SourceState, attention: &[Attention]) -> Badge {
    let running = source.last_run.as_ref().filter(|run| run.report.status == RunStatus::Running);
    match (running, attention.first()) {
        (Some(run), _) => status_badge(run.report.status),
        (None, Some(Attention { urgency: Urgency::Failing, topic, .. })) => Badge { word: topic, tone: Tone::Bad },
        (None, Some(Attention { urgency: Urgency::Warning, topic, .. })) => Badge { word: topic, tone: Tone::Warn },
        _ if source.last_run.is_none() => Badge { word: "never read", tone: Tone::Quiet },
        _ => Badge { word: "healthy", tone: Tone::Good },
    }
}

fn row(source: &SourceState, growth: &[Growth], attention: &[Attention], reach: &Reach) -> Row {
    let accounts: Vec<u64> = growth.iter().map(|one| one.totals.accounts).collect();
    let total = accounts.last().copied();
    let definition = source.definition.as_ref().ok();
    let last = source.last_run.as_ref().map(|run| Last {
        address: address::run(&run.report.run),
        when: When::of(run.started_at, reach.now),
        took: duration(Duration::from_millis(run.report.duration_ms)),
        delta: Delta::of_all(&run.report.counts),
    });
    let connector = definition.map(|one| one.connector.title.to_string());
    Row {
        name: source.name.clone(),
        address: address::source(&source.name),
        connector: connector.or_else(|| source.last_run.as_ref().map(|run| run.connector.clone())).unwrap_or_default(),
        description: definition.and_then(|one| one.description.clone()),
        badge: standing_badge(source, attention),
        last,
        total: total.unwrap_or(0),
        accounts: total.map(count).unwrap_or_default(),
        spark: Spark::of(&accounts, "accounts"),
        certificate: source.certificate.as_ref().and_then(|watched| Validity::of(watched, reach.now)),
        schedule: definition.and_then(|one| one.aggregation.schedule.clone()),
    }
}

/// How many sources stand in which way, in the order of the table.
fn summary(rows: &[Row]) -> Vec<(Badge, usize)> {
    let mut summary: Vec<(Badge, usize)> = Vec::new();
    for row in rows {
        match summary.iter_mut().find(|(badge, _)| *badge == row.badge) {
            Some((_, number)) => *number += 1,
            None => summary.push((row.badge, 1)),
        }
    }
    summary
}
