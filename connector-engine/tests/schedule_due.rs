//! A source is due once for each moment of its schedule, whatever happened in between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Place, World};
use connector_engine::query::{self, Run};
use connector_engine::schedule::{Due, Fate, Reason, Times, calendar, due};
use connector_engine::store::RunStatus;
use jiff::Timestamp;
use jiff::tz::TimeZone;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A run from and until these times.
async fn run_between(started_at: &str, ended_at: Option<&str>) -> Run {
    let place = Place::new();
    place.aggregate(&World::of(1)).await;
    let run = query::last_aggregation(&place.store, "directory").unwrap().unwrap();
    Run { started_at: at(started_at), ended_at: ended_at.map(at), ..run }
}

fn hourly() -> Times {
    Times::parse("0 * * * *", TimeZone::UTC).unwrap()
}

#[tokio::test]
async fn a_moment_that_came_is_due_until_a_run_began_or_ended_after_it() {
    let since = at("2026-11-30T08:30:00Z");
    let now = at("2026-11-30T10:00:05Z");
    let wanted = Some(Due { at: at("2026-11-30T10:00:00Z"), reason: Reason::OnTime });
    let before = run_between("2026-11-30T09:00:00Z", Some("2026-11-30T09:10:00Z")).await;
    assert_eq!(due(&hourly(), Some(&before), since, now), wanted);
    let after = run_between("2026-11-30T10:00:01Z", Some("2026-11-30T10:00:04Z")).await;
    assert_eq!(due(&hourly(), Some(&after), since, now), None);
    let across = run_between("2026-11-30T09:50:00Z", Some("2026-11-30T10:00:01Z")).await;
    assert_eq!(due(&hourly(), Some(&across), since, now), None);
}

#[tokio::test]
async fn missed_moments_are_made_up_for_once() {
    let since = at("2026-11-30T10:20:00Z");
    let last = run_between("2026-11-28T09:00:00Z", Some("2026-11-28T09:10:00Z")).await;
    let wanted = Due { at: at("2026-11-30T10:00:00Z"), reason: Reason::Missed };
    assert_eq!(due(&hourly(), Some(&last), since, since), Some(wanted));
    let made_up = run_between("2026-11-30T10:20:00Z", Some("2026-11-30T10:21:00Z")).await;
    assert_eq!(due(&hourly(), Some(&made_up), since, at("2026-11-30T10:22:00Z")), None);
}

#[tokio::test]
async fn a_source_that_was_never_read_waits_for_its_first_moment() {
    let since = at("2026-11-30T10:20:00Z");
    assert_eq!(due(&hourly(), None, since, at("2026-11-30T10:59:59Z")), None);
    let wanted = Due { at: at("2026-11-30T11:00:00Z"), reason: Reason::OnTime };
    assert_eq!(due(&hourly(), None, since, at("2026-11-30T11:00:00Z")), Some(wanted));
}

#[tokio::test]
async fn a_run_that_did_not_end_continues_at_the_start_and_not_in_a_circle() {
    let mut run = run_between("2026-11-30T10:01:00Z", None).await;
    run.report.status = RunStatus::Interrupted;
    let wanted = Due { at: at("2026-11-30T10:00:00Z"), reason: Reason::Unfinished };
    let now = at("2026-11-30T10:21:00Z");
    assert_eq!(due(&hourly(), Some(&run), at("2026-11-30T10:20:00Z"), now), Some(wanted));
    // The run began since the clock is watched: the next moment is the next try.
    assert_eq!(due(&hourly(), Some(&run), at("2026-11-30T09:00:00Z"), now), None);
}

#[tokio::test]
async fn the_calendar_says_what_became_of_each_moment_and_which_ones_come() {
    let first = run_between("2026-11-30T06:00:02Z", Some("2026-11-30T06:10:00Z")).await;
    // It goes on over two moments, and ends.
    let long = run_between("2026-11-30T08:00:03Z", Some("2026-11-30T10:20:00Z")).await;
    let mut failed = run_between("2026-11-30T11:00:01Z", Some("2026-11-30T11:01:00Z")).await;
    failed.report.status = RunStatus::Failed;
    let runs = [failed, long, first];
    let told = |from: &str, to: &str, most| -> Vec<(String, &str)> {
        let moments = calendar(&hourly(), &runs, at(from), at(to), at("2026-11-30T12:30:00Z"), most);
        let word = |fate: Fate| match fate {
            Fate::Ran { status: RunStatus::Failed, .. } => "failed",
            Fate::Ran { .. } => "ran",
            Fate::Skipped => "skipped",
            Fate::Missed => "missed",
            Fate::Coming => "coming",
        };
        moments.into_iter().map(|one| (one.at.to_string()[11..13].to_owned(), word(one.fate))).collect()
    };
    let wanted = [
        ("07", "missed"),
        ("08", "ran"),
        ("09", "skipped"),
        ("10", "skipped"),
        ("11", "failed"),
        ("12", "missed"),
        ("13", "coming"),
        ("14", "coming"),
    ]
    .map(|(hour, word)| (hour.to_owned(), word));
    // Of what was before the oldest run, nothing is known: 06:00 is before it began at 06:00:02, and belongs to it.
    let all = told("2026-11-30T04:00:00Z", "2026-11-30T14:00:00Z", 100);
    assert_eq!((&all[0], &all[1..]), (&("06".to_owned(), "ran"), &wanted[..]));
    assert_eq!(told("2026-11-30T12:10:00Z", "2026-12-30T00:00:00Z", 3).len(), 3);
    assert!(
        calendar(&hourly(), &[], at("2026-11-30T04:00:00Z"), at("2026-11-30T12:00:00Z"), at("2026-11-30T12:30:00Z"), 9)
            .is_empty()
    );
}
