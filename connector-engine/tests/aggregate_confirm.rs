//! A list that drifts removes nobody: accounts are looked up before they are removed, and contradictory rows remove nothing.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Pages, Place, World, account, failing};
use connector_core::{Error, Page, Percentage};
use connector_engine::aggregate::RunStatus;

fn all(fake: &Fake) -> Job<'_> {
    Job { delete_threshold: Percentage::new(50.0), ..fake.job() }
}

fn alive(place: &Place) -> i64 {
    place.number("SELECT count(*) FROM accounts WHERE removed_run IS NULL")
}

/// Five accounts are missing from the list; two of them are really gone.
fn drifting(world: &World) -> Fake {
    let mut fake = Fake::new(world);
    fake.unlisted = ["00001", "00002", "00003", "00004", "00005"].map(str::to_owned).to_vec();
    for gone in ["00002", "00005"] {
        fake.world.accounts.remove(gone);
    }
    fake.can_find = true;
    fake
}

#[tokio::test]
async fn only_accounts_that_a_lookup_does_not_find_are_removed() {
    let (place, world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    let report = place.run(&all(&drifting(&world))).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 2), "{:?}", report.error);
    assert_eq!(alive(&place), 28);
    assert!(report.warnings.iter().any(|text| text.starts_with("accounts: 3 were missing")), "{:?}", report.warnings);
}

#[tokio::test]
async fn a_connector_that_finds_no_accounts_removes_what_the_list_does_not_show() {
    let (place, world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    let fake = Fake { can_find: false, ..drifting(&world) };
    assert_eq!(place.run(&all(&fake)).await.counts.accounts.removed, 5);
}

#[tokio::test]
async fn a_lookup_that_fails_removes_nobody_and_the_next_run_goes_on() {
    let (place, world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    let fake = drifting(&world).with_script(
        |step, _, _| {
            if step == "find" { failing(Error::unavailable("gone")) } else { None }
        },
    );
    assert_eq!(place.run(&all(&fake)).await.status, RunStatus::Failed);
    assert_eq!(alive(&place), 30);
    let report = place.run(&all(&drifting(&world))).await;
    assert_eq!((report.status, report.resumed, report.counts.accounts.removed), (RunStatus::Succeeded, true, 2));
}

#[tokio::test]
async fn nobody_is_looked_up_where_the_guard_refuses() {
    let (place, world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    let fake = drifting(&world);
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Refused);
    assert!(!fake.asked.lock().unwrap().iter().any(|asked| asked.starts_with("find")));
}

#[tokio::test]
async fn two_different_rows_with_one_id_remove_no_account() {
    let (place, mut world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    world.accounts.remove("00007");
    let fake = Fake::new(&world).with_script(move |step, cursor, _| {
        let is_last = step == "accounts" && cursor.position::<(usize, usize)>().unwrap() == Some((0, 7));
        is_last.then(|| Ok(Pages::Accounts(Page::last(vec![account("00000", "{}", &["profile/user"])]))))
    });
    let report = place.run(&Job { delete_threshold: Percentage::new(100.0), ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 0), "{:?}", report.error);
    let says = report.warnings.iter().any(|text| text.contains("two different rows have the id `00000`"));
    assert!(says, "{:?}", report.warnings);
}

#[tokio::test]
async fn a_row_that_comes_twice_is_counted_and_removals_go_on() {
    let (place, mut world) = (Place::new(), World::of(30));
    place.aggregate(&world).await;
    world.accounts.remove("00007");
    let twice = world.accounts["00000"].clone();
    let fake = Fake::new(&world).with_script(move |step, cursor, _| {
        let is_last = step == "accounts" && cursor.position::<(usize, usize)>().unwrap() == Some((0, 7));
        is_last.then(|| Ok(Pages::Accounts(Page::last(vec![twice.clone()]))))
    });
    let report = place.run(&Job { delete_threshold: Percentage::new(100.0), ..fake.job() }).await;
    assert!(
        report.warnings.contains(&"accounts: the source showed 1 of them twice".to_owned()),
        "{:?}",
        report.warnings
    );
    assert!(report.counts.accounts.removed >= 1);
}
