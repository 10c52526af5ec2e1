//! An account is found by its name, whatever became of the run that read it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, run};
use connector_core::ErrorKind;
use connector_engine::aggregate::{Phase, Progress, RunStatus};
use connector_engine::query::{self, Breadth};
use tokio_util::sync::CancellationToken;

/// The id of the account with that name.
fn found(place: &Place, name: &str) -> Option<String> {
    match query::account(&place.store, "directory", name, Breadth::default()) {
        Ok(detail) => Some(detail.account.id.clone()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{error:?}"),
    }
}

/// Accounts with names that are in another order than their ids.
fn world() -> World {
    let mut world = World::of(40);
    for (number, account) in world.accounts.values_mut().enumerate() {
        account.name = format!("person {}", (number * 17) % 40);
    }
    world
}

/// Stops a run when everything is read and nothing is merged.
async fn stopped_before_the_merge(place: &Place, world: &World) {
    let (fake, token) = (Fake::new(world), CancellationToken::new());
    let stop = |progress: &Progress| {
        if progress.phase == Phase::Reconciling {
            token.cancel();
        }
    };
    run(&place.store, &fake.job(), stop, token.clone()).await.unwrap();
    assert!(place.number("SELECT count(*) FROM account_names") < 40);
}

#[tokio::test]
async fn names_are_found_after_a_run_and_after_a_change_of_name() {
    let (place, mut world) = (Place::new(), world());
    place.aggregate(&world).await;
    assert_eq!(found(&place, "person 17").as_deref(), Some("00001"));
    world.accounts.get_mut("00001").unwrap().name = "someone else".to_owned();
    place.aggregate(&world).await;
    assert_eq!((found(&place, "person 17"), found(&place, "someone else").as_deref()), (None, Some("00001")));
    assert_eq!(place.number("SELECT count(*) FROM account_names"), 40);
}

#[tokio::test]
async fn names_are_found_while_their_run_is_not_finished() {
    let (place, world) = (Place::new(), world());
    stopped_before_the_merge(&place, &world).await;
    assert_eq!(found(&place, "person 17").as_deref(), Some("00001"));
    let report = place.aggregate(&world).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert_eq!(place.number("SELECT count(*) FROM account_names"), 40);
}

#[tokio::test]
async fn names_are_not_lost_with_a_run_that_is_dropped() {
    let (place, mut world) = (Place::new(), world());
    stopped_before_the_merge(&place, &world).await;
    // The next run does not show one of them.
    world.accounts.remove("00001");
    world.assignments.retain(|assignment| assignment.holder.account_id() != Some("00001"));
    let fake = Fake::new(&world);
    let report = place.run(&Job { restart: true, ..fake.job() }).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert_eq!(place.number("SELECT count(*) FROM account_names"), 40);
    assert_eq!(query::check(&place.store).unwrap(), []);
}

#[tokio::test]
async fn names_go_with_additions_that_are_dropped() {
    let (place, world) = (Place::new(), world());
    place.aggregate(&world).await;
    let mut renumbered = world.clone();
    for account in renumbered.accounts.values_mut() {
        account.id = format!("x{}", account.id);
    }
    renumbered.assignments.clear();
    let fake = Fake::new(&renumbered);
    let report = place.run(&fake.job()).await;
    assert_eq!(report.status, RunStatus::Refused);
    assert_eq!(place.number("SELECT count(*) FROM account_names"), 40);
    assert_eq!(found(&place, "person 17").as_deref(), Some("00001"));
}
