//! A source is due once for each moment of its schedule, whatever happened in between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Place, World};
use connector_engine::query::{self, Run};
use connector_engine::schedule::{Due, Reason, Times, due};
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
