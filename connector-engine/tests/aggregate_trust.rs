//! Promise: what a source shows is held against what it showed before, within a run and over a day.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Pages, Place, World, account, failing};
use connector_core::{Error, ErrorKind, Page, Percentage};
use connector_engine::aggregate::{RunReport, RunStatus};

const ALIVE: &str = "SELECT count(*) FROM accounts WHERE removed_run IS NULL";

fn refused(report: &RunReport) -> &str {
    let error = report.error.as_ref().unwrap();
    assert_eq!((report.status, error.kind), (RunStatus::Refused, ErrorKind::Guard));
    &error.message
}

/// The same people under other ids.
fn renamed(world: &World, letter: char) -> World {
    let mut other = World::of(0);
    for number in 0..world.accounts.len() {
        let id = format!("{letter}{number:04}");
        other.add_account(&id, "{}", &["profile/user"]);
        other.assign(&id, "group/g1");
    }
    other
}

#[tokio::test]
async fn ids_that_change_from_run_to_run_double_no_account() {
    let (place, world) = (Place::new(), World::of(40));
    place.aggregate(&world).await;
    for letter in ['x', 'y'] {
        let report = place.aggregate(&renamed(&world, letter)).await;
        assert!(refused(&report).contains("40 accounts are new at the same time"), "{:?}", report.error);
        assert_eq!(place.number(ALIVE), 40);
        assert_eq!(place.number("SELECT count(*) FROM accounts"), 40, "nothing of the refused run is kept");
        assert_eq!(place.number("SELECT count(*) FROM assignments WHERE removed_run IS NULL AND inline = 0"), 80);
    }
    // A run that failed halfway had added some already; they go with those of the run that is refused.
    let fake = Fake::new(&renamed(&world, 'z')).with_script(|step, _, _| {
        if step == "assignments" { failing(Error::new(ErrorKind::Quota, "used up")) } else { None }
    });
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Failed);
    let fake = Fake::new(&renamed(&world, 'w'));
    let report = place.run(&Job { restart: true, ..fake.job() }).await;
    assert!(refused(&report).contains("don't seem to be stable"), "{:?}", report.error);
    assert_eq!(place.number("SELECT count(*) FROM accounts"), 40);
    // Keeping what is gone would double them too.
    let report = place.run(&Job { remove: false, ..fake.job() }).await;
    assert!(refused(&report).contains("don't seem to be stable"), "{:?}", report.error);
    assert_eq!(place.number("SELECT count(*) FROM accounts"), 40);
    // Asked for, it is done.
    let report = place.run(&Job { delete_threshold: Percentage::new(100.0), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.added, place.number(ALIVE)), (RunStatus::Succeeded, 40, 40));
    assert!(report.warnings[0].starts_with("the guard is off"), "{:?}", report.warnings);
    // The ids of the first run are back again: as unstable as before.
    let report = place.aggregate(&world).await;
    assert!(refused(&report).contains("don't seem to be stable"), "{:?}", report.error);
    assert_eq!(place.number(ALIVE), 40);
}

#[tokio::test]
async fn entitlement_ids_that_change_from_run_to_run_double_nothing() {
    let place = Place::new();
    let of = |letter: char| {
        let mut world = World::of(10);
        for number in 0..30 {
            world.add_entitlement(&format!("team/{letter}{number}"), "Team");
            world.assign("00001", &format!("team/{letter}{number}"));
        }
        world
    };
    place.aggregate(&of('a')).await;
    let report = place.aggregate(&of('b')).await;
    assert!(refused(&report).contains("30 entitlements are new at the same time"), "{:?}", report.error);
    let teams =
        "SELECT count(*) FROM entitlements WHERE type = 'team' AND removed_run IS NULL AND first_run IS NOT NULL";
    assert_eq!(place.number(teams), 30);
    assert_eq!(place.number("SELECT count(*) FROM assignments WHERE removed_run IS NULL AND inline = 0"), 50);
}

#[tokio::test]
async fn ids_that_come_twice_are_counted_and_warned_about_even_after_a_stop() {
    let (place, world) = (Place::new(), World::of(21));
    let again = account("00000", r#"{"Email":"00000@acme.example","Number":0}"#, &["profile/user"]);
    let twice = |stops: bool| {
        let again = again.clone();
        Fake::new(&world).with_script(move |step, cursor, _| match (step, cursor.is_start()) {
            ("accounts", true) => {
                let next = (0..3).map(|branch| connector_core::Cursor::of(&(branch, 0)).unwrap()).collect();
                Some(Ok(Pages::Accounts(Page::fork(vec![again.clone(), again.clone()], next))))
            }
            ("assignments", _) if stops => failing(Error::new(ErrorKind::Quota, "used up")),
            _ => None,
        })
    };
    assert_eq!(place.run(&twice(true).job()).await.status, RunStatus::Failed);
    let report = place.run(&twice(false).job()).await;
    assert_eq!((report.status, report.resumed, report.counts.accounts.seen), (RunStatus::Succeeded, true, 21));
    assert_eq!(report.warnings, ["accounts: the source showed 2 of them twice"]);
}

#[tokio::test]
async fn assignments_to_accounts_that_were_not_read_are_warned_about_in_the_first_run() {
    let (place, mut world) = (Place::new(), World::of(30));
    // A list of accounts that ends after the first page.
    world.accounts.retain(|id, _| id.as_str() < "00010");
    let report = place.aggregate(&world).await;
    let warning = "assignments: 40 name 20 accounts that are not among those that were read, for example `00010`";
    assert_eq!((report.status, &report.warnings[..]), (RunStatus::Succeeded, &[warning.to_owned()][..]));
}

#[tokio::test]
async fn the_threshold_holds_for_each_type_of_entitlements_and_assignments() {
    let (place, mut world) = (Place::new(), World::of(100));
    for number in 0..40 {
        world.add_entitlement(&format!("team/t{number}"), "Team");
        world.assign("00001", &format!("team/t{number}"));
    }
    place.aggregate(&world).await;
    // One of five, or two, are few.
    let mut fewer = world.clone();
    fewer.entitlements.retain(|key, _| key.id != "g4");
    fewer.assignments.retain(|one| one.entitlement.id != "t1" && one.entitlement.id != "t2");
    let report = place.aggregate(&fewer).await;
    assert_eq!((report.status, report.counts.entitlements.removed), (RunStatus::Succeeded, 1), "{:?}", report.error);
    // Five of the teams' assignments are more than 10%, even with those before.
    let mut without = fewer.clone();
    without.assignments.retain(|one| !["t3", "t4", "t5", "t6", "t7"].contains(&one.entitlement.id.as_str()));
    let report = place.aggregate(&without).await;
    assert!(refused(&report).contains("5 of 38 assignments of type `team` were not seen"), "{:?}", report.error);
    let mut without = fewer.clone();
    without.entitlements.retain(|key, _| !["t3", "t4", "t5", "t6", "t7"].contains(&key.id.as_str()));
    let report = place.aggregate(&without).await;
    assert!(refused(&report).contains("5 of 40 entitlements of type `team`"), "{:?}", report.error);
}

#[tokio::test]
async fn runs_within_the_window_count_together() {
    let (place, world) = (Place::new(), World::of(100));
    place.aggregate(&world).await;
    let without = |many: usize| {
        let mut fewer = world.clone();
        let first = format!("{many:05}");
        fewer.accounts.retain(|id, _| *id >= first);
        fewer.assignments.retain(|one| one.holder.account_id() >= Some(first.as_str()));
        fewer
    };
    assert_eq!(place.aggregate(&without(8)).await.status, RunStatus::Succeeded);
    let report = place.aggregate(&without(16)).await;
    assert!(
        refused(&report).contains("8 of 92 accounts were not seen, and runs within 1d removed 8"),
        "{:?}",
        report.error
    );
    assert_eq!(place.number(ALIVE), 92);
    // The accounts stay, but their assignments go: the same by type.
    let mut fewer = without(8);
    fewer.assignments.retain(|one| one.holder.account_id() >= Some("00016"));
    let report = place.aggregate(&fewer).await;
    assert!(
        refused(&report).contains("assignments of type `group` were not seen, and runs within"),
        "{:?}",
        report.error
    );
    // What is longer ago than the window does not count.
    let fake = Fake::new(&without(16));
    let report = place.run(&Job { delete_window: "1ms".parse().unwrap(), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 8), "{:?}", report.error);
    assert!(report.warnings[0].contains("`aggregation.delete_window` is 1ms"), "{:?}", report.warnings);
}
