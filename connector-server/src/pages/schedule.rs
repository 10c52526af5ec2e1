//! When sources are read: a week back, a week ahead, and what the clock did.

use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone, When};
use crate::work::DiaryEntry;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::Result;
use connector_engine::query;
use connector_engine::schedule::{Fate, Moment, Times, calendar};
use connector_engine::store::RunStatus;
use connector_text::plural;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use std::collections::BTreeMap;

/// How many days the calendar shows before and after today.
const DAYS: i8 = 7;

/// A schedule with more moments than this, such as one of each minute, is shown for less time.
const MOMENTS: usize = 1_500;

/// How many runs are looked at for what became of the moments.
const RUNS: u64 = 1_500;

/// How many moments the list of the next ones has.
const NEXT: usize = 8;

#[derive(Template)]
#[template(path = "schedule.html")]
struct Page {
    shell: Shell,
    zone: String,
    days: Vec<Day>,
    lanes: Vec<Lane>,
    next: Vec<Next>,
    entries: Vec<EntryRow>,
    without: Vec<(String, String)>,
}

struct Day {
    weekday: String,
    number: String,
    is_today: bool,
}

/// The calendar of one source.
struct Lane {
    source: String,
    address: String,
    schedule: String,
    cells: Vec<Cell>,
}

/// A day of a source.
#[derive(Default)]
struct Cell {
    /// Class and number of each kind, in the order of the eye.
    parts: Vec<(&'static str, usize)>,
    words: String,
    is_today: bool,
}

struct Next {
    source: String,
    address: String,
    at: String,
    machine: String,
    ahead: String,
}

struct EntryRow {
    when: When,
    source: String,
    address: String,
    badge: Badge,
    detail: Prose,
}

pub(crate) async fn page(State(state): State<ServerState>, frame: Frame) -> Result<Response, Failure> {
    let shell = frame.shell("Schedule").in_section("schedule").live();
    let entries = state.diary().entries();
    let page = state.ask(move |reach| told(reach, entries, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, entries: Vec<DiaryEntry>, shell: Shell) -> Result<Page> {
    // Where `connector.yaml` is not valid, every source says so.
    let zone = reach.project.settings().map_or(TimeZone::UTC, |settings| settings.zone());
    let today = reach.now.to_zoned(zone.clone()).date();
    let days: Vec<Date> = (-DAYS..=DAYS).filter_map(|day| today.checked_add(Span::new().days(day)).ok()).collect();
    let (mut lanes, mut next, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for name in reach.project.sources()? {
        let address = address::source(&name);
        let schedule = reach.project.load(&name).ok().and_then(|source| source.aggregation.schedule);
        let times = schedule.as_deref().and_then(|schedule| Times::parse(schedule, zone.clone()).ok());
        let (Some(schedule), Some(times)) = (schedule, times) else {
            without.push((name, address));
            continue;
        };
        let moments = moments(reach, &name, &times, &days, &zone)?;
        let mut coming = reach.now;
        for _ in 0..NEXT {
            let Some(at) = times.next(coming) else { break };
            coming = at;
            next.push((at, name.clone(), address.clone()));
        }
        lanes.push(Lane { cells: cells(&moments, &days, today, &zone), source: name, address, schedule });
    }
    next.sort();
    next.truncate(NEXT);
    Ok(Page {
        shell,
        days: days.iter().map(|day| shown_day(*day, today)).collect(),
        lanes,
        next: next.into_iter().map(|(at, source, address)| coming(at, source, address, &zone, reach.now)).collect(),
        entries: entries.into_iter().map(|entry| entry_row(entry, reach.now)).collect(),
        without,
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
    })
}

/// What became of the moments of a source, and which ones come, on these days.
fn moments(reach: &Reach, source: &str, times: &Times, days: &[Date], zone: &TimeZone) -> Result<Vec<Moment>> {
    let begin = |day: Option<&Date>| day.and_then(|day| day.to_zoned(zone.clone()).ok()).map(|day| day.timestamp());
    let (Some(from), Some(last)) = (begin(days.first()), begin(days.last())) else { return Ok(Vec::new()) };
    let to = last.checked_add(SignedDuration::from_hours(24)).unwrap_or(last);
    let runs = match &reach.store {
        Some(store) => query::runs(store, Some(source), Some(RUNS))?,
        None => Vec::new(),
    };
    // What was before the oldest run is not known, so a schedule of each minute begins there.
    let known = runs.last().map_or(reach.now, |run| run.started_at.max(from));
    let mut moments = calendar(times, &runs, known, reach.now, reach.now, MOMENTS);
    moments
        .extend(calendar(times, &runs, reach.now, to, reach.now, MOMENTS).into_iter().filter(|one| one.at > reach.now));
    Ok(moments)
}

fn cells(moments: &[Moment], days: &[Date], today: Date, zone: &TimeZone) -> Vec<Cell> {
    let mut of_day: BTreeMap<Date, [usize; 5]> = BTreeMap::new();
    for moment in moments {
        let counts = of_day.entry(moment.at.to_zoned(zone.clone()).date()).or_default();
        let place = match &moment.fate {
            Fate::Ran { status: RunStatus::Succeeded | RunStatus::Running, .. } => 0,
            Fate::Ran { .. } => 1,
            Fate::Missed => 2,
            Fate::Skipped => 3,
            Fate::Coming => 4,
        };
        counts[place] += 1;
    }
    let cell = |day: &Date| {
        let Some(counts) = of_day.get(day) else {
            return Cell { words: "nothing".to_owned(), is_today: *day == today, ..Cell::default() };
        };
        let kinds =
            [("ran", "ran"), ("failed", "failed"), ("missed", "missed"), ("skipped", "skipped"), ("coming", "to come")];
        let some = kinds.iter().zip(counts).filter(|(_, number)| **number > 0);
        let words: Vec<_> = some.clone().map(|((_, word), number)| format!("{number} {word}")).collect();
        Cell {
            parts: some.map(|((class, _), number)| (*class, *number)).collect(),
            words: words.join(", "),
            is_today: *day == today,
        }
    };
    days.iter().map(cell).collect()
}

fn shown_day(day: Date, today: Date) -> Day {
    Day { weekday: day.strftime("%a").to_string(), number: day.strftime("%d").to_string(), is_today: day == today }
}

fn coming(at: Timestamp, source: String, address: String, zone: &TimeZone, now: Timestamp) -> Next {
    let minutes = u64::try_from(at.duration_since(now).as_mins()).unwrap_or(0);
    let ahead = match minutes {
        0 => "in less than a minute".to_owned(),
        1..=119 => format!("in {}", plural(minutes, "minute")),
        120..=2_879 => format!("in {}", plural(minutes / 60, "hour")),
        _ => format!("in {}", plural(minutes / 1_440, "day")),
    };
    let shown = at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M").to_string();
    Next { source, address, at: shown, machine: format!("{at:.0}"), ahead }
}

fn entry_row(entry: DiaryEntry, now: Timestamp) -> EntryRow {
    let tone = match (entry.is_bad, entry.what) {
        (true, _) => Tone::Bad,
        (false, "succeeded") => Tone::Good,
        (false, "skipped" | "started late") => Tone::Warn,
        (false, _) => Tone::Quiet,
    };
    EntryRow {
        when: When::of(entry.at, now),
        address: address::source(&entry.source),
        source: entry.source,
        badge: Badge { word: entry.what, tone },
        detail: Prose(entry.detail),
    }
}
