//! Promise: an aggregation that saw less than it should deletes nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Pages, Place, World, failing};
use connector_core::{Cursor, Error, ErrorKind, Page, Percentage};
use connector_engine::aggregate::{RunReport, RunStatus};

const ALIVE: &str = "SELECT (SELECT count(*) FROM accounts WHERE removed_run IS NULL)
    + (SELECT count(*) FROM entitlements WHERE removed_run IS NULL)
    + (SELECT count(*) FROM assignments WHERE removed_run IS NULL)";

fn assert_refused(report: &RunReport, part: &str) {
    assert_eq!(report.status, RunStatus::Refused);
    let error = report.error.as_ref().unwrap();
    assert_eq!(error.kind, ErrorKind::Guard);
    assert!(error.message.contains(part), "{}", error.message);
    assert!(error.help.as_ref().unwrap().contains("--no-delete"));
}

#[tokio::test]
async fn an_aggregation_that_saw_less_deletes_nothing() {
    let place = Place::new();
    let world = World::of(100);
    place.aggregate(&world).await;
    let alive = place.number(ALIVE);

    // An unfinished run.
    let fake = Fake::new(&World::default()).with_script(|step, _, _| match step {
        "assignments" => failing(Error::new(ErrorKind::Quota, "used up")),
        _ => None,
    });
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Failed);
    assert_eq!(place.number(ALIVE), alive);

    // An empty read, even where everything may be removed.
    let fake = Fake::new(&World::default());
    let all = Job { delete_threshold: Percentage::new(100.0), restart: true, ..fake.job() };
    assert_refused(&place.run(&all).await, "showed no account, but the store has 100");
    assert_eq!(place.number(ALIVE), alive);

    // More than the threshold.
    let mut fewer = world.clone();
    fewer.accounts.retain(|id, _| id.as_str() >= "00011");
    assert_refused(&place.aggregate(&fewer).await, "11 of 100 accounts were not seen");
    assert_eq!(place.number(ALIVE), alive);

    // A type that can't be read now.
    let mut without = world.clone();
    without.skipped.push("group".to_owned());
    let report = place.aggregate(&without).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert_eq!(report.warnings, ["group: not read: not switched on in this org"]);
    assert_eq!(place.number(ALIVE), alive);

    // No entitlements, no assignments, none of a type.
    let mut without = world.clone();
    without.entitlements.clear();
    assert_refused(&place.aggregate(&without).await, "showed no entitlements, but the store has 6");
    let mut without = world.clone();
    without.assignments.clear();
    assert_refused(&place.aggregate(&without).await, "showed no assignments, but the store has 200");
    let mut more = world.clone();
    more.add_entitlement("queue/q", "Queue");
    more.assign("00001", "queue/q");
    place.aggregate(&more).await;
    more.assignments.retain(|assignment| assignment.entitlement.entitlement_type != "group");
    assert_refused(&place.aggregate(&more).await, "none of the assignments of type `group`, but the store has 200");
    assert_eq!(place.number("SELECT count(*) FROM assignments WHERE removed_run IS NULL AND inline = 0"), 201);

    // A connector that does not read entitlements any more.
    let mut fake = Fake::new(&world);
    fake.entitlements = false;
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Succeeded);
    assert_eq!(place.number("SELECT count(*) FROM entitlements WHERE removed_run IS NULL"), 7);
}

#[tokio::test]
async fn what_is_asked_for_is_removed_or_kept() {
    let place = Place::new();
    let world = World::of(100);
    place.aggregate(&world).await;
    let mut fewer = world.clone();
    fewer.accounts.retain(|id, _| id.as_str() >= "00040");
    fewer.assignments.retain(|assignment| assignment.holder.account_id() >= Some("00040"));

    let fake = Fake::new(&fewer);
    let report = place.run(&Job { remove: false, ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 0));
    assert_eq!(
        report.warnings,
        ["40 accounts, 0 entitlements and 80 assignments were not seen and are kept, because removals are turned off"]
    );

    let report = place.run(&Job { delete_threshold: Percentage::new(40.0), ..fake.job() }).await;
    assert_eq!(
        (report.status, report.counts.accounts.removed, report.counts.assignments.removed),
        (RunStatus::Succeeded, 40, 120)
    );

    let mut bare = world.clone();
    bare.assignments.clear();
    bare.accounts.retain(|id, _| id.as_str() >= "00040");
    let fake = Fake::new(&bare);
    let report = place.run(&Job { delete_threshold: Percentage::new(100.0), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.assignments.removed), (RunStatus::Succeeded, 120));
}

#[tokio::test]
async fn a_type_skipped_before_a_stop_stays_skipped_after_it() {
    let place = Place::new();
    let world = World::of(50);
    place.aggregate(&world).await;
    let alive = place.number(ALIVE);
    let mut without = world.clone();
    without.skipped.push("group".to_owned());
    let stopped = Fake::new(&without).with_script(|step, cursor, _| {
        (step == "accounts" && !cursor.is_start()).then(|| Err(Error::new(ErrorKind::Unavailable, "gone")))
    });
    assert_eq!(place.run(&Job { concurrency: 1, ..stopped.job() }).await.status, RunStatus::Failed);
    let report = place.aggregate(&without).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert_eq!(place.number(ALIVE), alive);
}

#[tokio::test]
async fn an_account_page_that_ends_early_is_caught_by_the_threshold() {
    let place = Place::new();
    let world = World::of(100);
    place.aggregate(&world).await;
    let one = world.accounts.values().next().unwrap().clone();
    let fake = Fake::new(&world).with_script(move |step, _, _| {
        (step == "accounts").then(|| Ok(Pages::Accounts(Page::last(vec![one.clone()]))))
    });
    assert_refused(&place.run(&fake.job()).await, "99 of 100 accounts were not seen");
}

#[tokio::test]
async fn a_type_of_which_a_login_sees_its_own_rows_alone_is_not_emptied() {
    let place = Place::new();
    let world = World::of(100);
    place.aggregate(&world).await;
    let alive = place.number(ALIVE);

    // Without the right to see those of others, a source may still show what the login itself holds.
    let mut own = world.clone();
    own.assignments.retain(|assignment| assignment.holder.account_id() == Some("00007"));
    assert_refused(&place.aggregate(&own).await, "198 of 200 assignments of type `group` were not seen");
    assert_eq!(place.number(ALIVE), alive);

    // Those of accounts that are gone go with them.
    let mut fewer = world.clone();
    fewer.accounts.retain(|id, _| id.as_str() >= "00010");
    fewer.assignments.retain(|assignment| assignment.holder.account_id() >= Some("00010"));
    let report = place.aggregate(&fewer).await;
    assert_eq!(
        (report.status, report.counts.accounts.removed, report.counts.assignments.removed),
        (RunStatus::Succeeded, 10, 30)
    );

    // Asked for, it is done.
    let fake = Fake::new(&own);
    let report = place.run(&Job { delete_threshold: Percentage::new(100.0), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.assignments.removed), (RunStatus::Succeeded, 180));
}

/// The world without many rows of one step.
fn half(world: &World, step: &'static str) -> World {
    let mut half = world.clone();
    match step {
        "accounts" => half.accounts.retain(|id, _| id.as_str() < "00025"),
        "entitlements" => half.entitlements.clear(),
        _ => half.assignments.clear(),
    }
    half
}

#[tokio::test]
async fn an_incomplete_page_removes_nothing_of_its_step_and_is_warned_about() {
    let world = World::of(50);
    for step in ["accounts", "entitlements", "assignments"] {
        let place = Place::new();
        place.aggregate(&world).await;
        let alive = place.number(ALIVE);
        let fake = Fake::new(&half(&world, step)).with_script(move |asked, cursor, _| {
            (asked == step && cursor.is_start()).then(|| {
                let next =
                    vec![Cursor::of(&(0, 0)).unwrap(), Cursor::of(&(1, 0)).unwrap(), Cursor::of(&(2, 0)).unwrap()];
                Ok(match asked {
                    "accounts" => Pages::Accounts(Page::fork(Vec::new(), next).with_incomplete("team 7: 403")),
                    "entitlements" => Pages::Entitlements(Page::fork(Vec::new(), next).with_incomplete("team 7: 403")),
                    _ => Pages::Assignments(Page::fork(Vec::new(), next).with_incomplete("team 7: 403")),
                })
            })
        });
        let report = place.run(&fake.job()).await;
        assert_eq!((report.status, place.number(ALIVE)), (RunStatus::Succeeded, alive), "{step}");
        let warning = format!("{step}: not everything was read: team 7: 403");
        assert!(report.warnings.contains(&warning), "{:?}", report.warnings);
    }
}

#[tokio::test]
async fn a_step_that_was_incomplete_before_a_stop_stays_incomplete_after_it() {
    let place = Place::new();
    let world = World::of(50);
    place.aggregate(&world).await;
    let alive = place.number(ALIVE);
    let fewer = half(&world, "accounts");
    let incomplete_first = |cursor: &Cursor| {
        let next = (0..3).map(|branch| Cursor::of(&(branch, 0)).unwrap()).collect();
        cursor
            .is_start()
            .then(|| Ok(Pages::Accounts(Page::fork(Vec::new(), next).with_incomplete("a list is cut off"))))
    };
    let stopped = Fake::new(&fewer).with_script(move |step, cursor, _| {
        let gone = || Some(Err(Error::new(ErrorKind::Unavailable, "gone")));
        if step == "accounts" { incomplete_first(cursor).or_else(gone) } else { None }
    });
    assert_eq!(place.run(&Job { concurrency: 1, ..stopped.job() }).await.status, RunStatus::Failed);
    let report = place.aggregate(&fewer).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert_eq!(report.warnings, ["accounts: not everything was read: a list is cut off"]);
    assert_eq!(place.number(ALIVE), alive);
    // The next run reads everything, and then what is gone is gone.
    let fake = Fake::new(&fewer);
    let report = place.run(&Job { delete_threshold: Percentage::new(60.0), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 25));
}
