//! Assignments are merged into the store after everything is read, portion by portion.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, run};
use connector_core::{AssignmentState, ErrorKind, Percentage};
use connector_engine::aggregate::{Phase, RunStatus};
use rusqlite::types::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// So many assignments that they are merged in three portions, in an order that is not that of the store.
fn large() -> World {
    let mut world = World::default();
    for group in 0..130 {
        world.add_entitlement(&format!("group/g{group:03}"), &format!("Group {group}"));
    }
    for number in 0..280 {
        world.add_account(&format!("{number:05}"), "{}", &["profile/user"]);
    }
    world.add_entitlement("profile/user", "Standard User");
    for group in (0..130).rev() {
        for number in 0..280 {
            world.assign(&format!("{:05}", number * 17 % 280), &format!("group/g{group:03}"));
        }
    }
    world
}

fn fake(world: &World) -> Fake {
    let mut fake = Fake::new(world);
    (fake.page, fake.branches) = (9_000, 2);
    fake
}

fn merged(place: &Place) -> i64 {
    let count = place.query("SELECT count(*) FROM assignments WHERE inline = 0");
    let Value::Integer(count) = count[0][0] else { panic!("a count is a number") };
    count
}

/// Stops a first run between two portions. Retries if the run ends before the stop is heard.
async fn stopped_between_portions(world: &World) -> Place {
    for _ in 0..10 {
        let (place, token) = (Place::new(), CancellationToken::new());
        let watch = std::thread::spawn({
            let (store, token) = (place.store.clone(), token.clone());
            move || {
                let connection = store.writer().unwrap();
                let count = "SELECT count(*) FROM assignments WHERE inline = 0";
                while connection.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
                    std::thread::yield_now();
                }
                token.cancel();
            }
        });
        let report = run(&place.store, &fake(world).job(), |_| {}, token).await.unwrap();
        watch.join().unwrap();
        if report.status == RunStatus::Interrupted && merged(&place) < 280 * 130 {
            return place;
        }
    }
    panic!("each of ten runs ended before the stop was heard");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_between_two_portions_goes_on_with_the_next_one() {
    let world = large();
    let calm = Place::new();
    let expected = calm.run(&fake(&world).job()).await;
    assert_eq!(expected.counts.assignments.added, 280 * 131);

    let disturbed = stopped_between_portions(&world).await;
    let again = fake(&world);
    let report = disturbed.run(&again.job()).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert!(again.asked.lock().unwrap().is_empty(), "nothing is read again");
    assert_eq!(report.counts, expected.counts);
    assert_eq!(disturbed.rows(), calm.rows());
}

#[tokio::test]
async fn a_run_that_is_stopped_before_the_merge_counts_what_waits_and_keeps_what_earlier_runs_stored() {
    let mut world = large();
    let place = Place::new();
    place.run(&fake(&world).job()).await;
    let stored = merged(&place);

    world.assignments.truncate(30_000);
    let token = CancellationToken::new();
    let stop = |progress: &connector_engine::aggregate::Progress| {
        if progress.phase == Phase::Reconciling {
            token.cancel();
        }
    };
    let second = fake(&world);
    let everything = Job { delete_threshold: Percentage::new(100.0), ..second.job() };
    let stopped = run(&place.store, &everything, stop, token.clone()).await.unwrap();
    assert_eq!(stopped.status, RunStatus::Interrupted);
    assert_eq!(stopped.error.unwrap().kind, ErrorKind::Cancelled);
    assert_eq!(stopped.counts.assignments.seen, 30_000 + 280);
    assert_eq!(merged(&place), stored);

    let report = place.run(&everything).await;
    assert_eq!((report.counts.assignments.seen, report.counts.assignments.removed), (30_000 + 280, 6_400));
}

#[tokio::test]
async fn an_assignment_that_many_pages_show_counts_once_and_the_first_one_counts() {
    let mut world = World::of(40);
    let mut late = world.assignments.clone();
    for assignment in &mut late {
        assignment.state = AssignmentState::Inactive;
    }
    world.assignments.extend(late);
    let place = Place::new();
    let mut fake = Fake::new(&world);
    (fake.page, fake.branches) = (9, 1);
    let one_page_too_many = world.assignments.len() / 2 / 9 * 9;
    fake.world.assignments.truncate(one_page_too_many + 12);
    let report = place.run(&fake.job()).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert_eq!(report.counts.assignments.seen, 80 + 40);
    assert!(place.query("SELECT 1 FROM assignments WHERE state IS NOT NULL").is_empty());
}

#[tokio::test]
async fn a_restart_forgets_what_waits() {
    let place = Place::new();
    let first = Fake::new(&World::of(60));
    let token = CancellationToken::new();
    let stop = |progress: &connector_engine::aggregate::Progress| {
        if progress.phase == Phase::Reconciling {
            token.cancel();
        }
    };
    run(&place.store, &first.job(), stop, token.clone()).await.unwrap();
    assert!(!place.query("SELECT 1 FROM waiting_assignments").is_empty());

    let mut world = World::of(60);
    world.assignments.retain(|assignment| assignment.holder.account_id() != Some("00007"));
    let second = Fake::new(&world);
    let report = place.run(&Job { restart: true, ..second.job() }).await;
    assert_eq!((report.status, report.counts.assignments.seen), (RunStatus::Succeeded, 60 + 118));
    assert!(place.query("SELECT 1 FROM waiting_assignments").is_empty());
    assert_eq!(merged(&place), 118);
}

#[tokio::test]
async fn what_new_accounts_hold_by_their_own_records_is_not_lost_with_the_run_that_read_them() {
    let place = Place::new();
    let world = World::of(60);
    let first = Fake::new(&world);
    let token = CancellationToken::new();
    let stop = |progress: &connector_engine::aggregate::Progress| {
        if progress.phase == Phase::Reconciling {
            token.cancel();
        }
    };
    run(&place.store, &first.job(), stop, token.clone()).await.unwrap();
    assert_eq!(place.number("SELECT count(*) FROM accounts"), 60);

    let second = Fake::new(&world);
    let report = place.run(&Job { restart: true, ..second.job() }).await;
    assert_eq!((report.counts.accounts.changed, report.counts.assignments.seen), (0, 60 + 120));
    assert_eq!(place.number("SELECT count(*) FROM assignments WHERE inline = 1"), 60);
    assert_eq!(place.number("SELECT count(*) FROM changes"), 0);
}

#[tokio::test]
async fn nothing_waits_after_a_run_whose_last_assignment_came_twice_and_ends_a_portion() {
    let mut world = World::default();
    for number in 0..128 {
        world.add_account(&format!("{number:05}"), "{}", &[]);
        world.add_entitlement(&format!("group/g{number:03}"), "Group");
        for group in 0..128 {
            world.assign(&format!("{number:05}"), &format!("group/g{group:03}"));
        }
    }
    world.assign("00127", "group/g127");
    let place = Place::new();
    let mut fake = Fake::new(&world);
    // The second page is late, so it is a batch of its own.
    (fake.page, fake.branches, fake.delay) = (128 * 128, 1, Duration::from_millis(600));
    let report = place.run(&fake.job()).await;
    assert_eq!((report.status, report.counts.assignments.added), (RunStatus::Succeeded, 128 * 128));
    assert!(place.query("SELECT 1 FROM waiting_assignments").is_empty());
}
