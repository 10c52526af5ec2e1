//! Promise: a grant with an end is unchanged only if the account holds the entitlement until then.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{End, Outcome};
use connector_engine::provision::Standing::{Applied, Failed, Planned, Unchanged};
use connector_engine::provision::ValueChange;
use jiff::Timestamp;
use provision_fake::{Directory, Fate, Place, grant, grant_until, outcomes, reference, revoke};
use std::sync::Arc;

const EARLY: &str = "2126-01-31T00:00:00Z";
const LATE: &str = "2126-06-30T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// `b` holds a group without an end, `c` holds it until late.
fn directory() -> Directory {
    let directory = Directory::of(&["a", "b", "c"]);
    directory.server().person("b").held.insert(reference("group/1"));
    directory.server().person("c").held.insert(reference("group/1"));
    directory.server().person("c").ends.insert(reference("group/1"), time(LATE));
    directory
}

fn ends(directory: &Directory) -> Vec<Option<Timestamp>> {
    let of = |name: &str| directory.server().person(name).ends.get(&reference("group/1")).copied();
    ["a", "b", "c"].map(of).to_vec()
}

#[tokio::test(start_paused = true)]
async fn an_end_replaces_any_other_end_and_is_unchanged_the_second_time() {
    let directory = directory();
    let plan = ["a", "b", "c"].map(|name| grant_until(name, "group/1", EARLY));
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 3], "{reports:#?}");
    assert_eq!(ends(&directory), [Some(time(EARLY)); 3]);
    let before = |number: usize| match &reports[number].changes[..] {
        [ValueChange::Entitlement { from, until, until_before, .. }] => (*from, *until, *until_before),
        other => panic!("{other:?}"),
    };
    let until = Some(time(EARLY));
    assert_eq!(before(0), (false, until, None));
    assert_eq!(before(1), (true, until, Some(End::Never)));
    assert_eq!(before(2), (true, until, Some(End::At(time(LATE)))));
    // Also in the preview.
    let (_, _, reports) = Place::new().preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Unchanged; 3], "{reports:#?}");
    assert_eq!(reports[0].detail.as_deref(), Some("already holds it until 2126-01-31T00:00:00Z"));
    let (_, reports) = Place::new().carry_out(&directory, &plan.map(|_| grant_until("c", "group/1", LATE))).await;
    assert_eq!(outcomes(&reports), [Applied, Unchanged, Unchanged], "the first one made it longer");
}

#[tokio::test(start_paused = true)]
async fn a_grant_without_an_end_keeps_the_end_and_says_so() {
    let directory = directory();
    let (_, reports) = Place::new().carry_out(&directory, &[grant("c", "group/1")]).await;
    assert_eq!(outcomes(&reports), [Unchanged]);
    let detail = reports[0].detail.clone().unwrap();
    assert_eq!(detail, "already holds it until 2126-06-30T00:00:00Z; to remove the end, revoke it and grant it again");
    let again = [revoke("c", "group/1"), grant("c", "group/1")];
    let (_, reports) = Place::new().carry_out(&directory, &again).await;
    assert_eq!((outcomes(&reports), ends(&directory)[2]), (vec![Applied; 2], None));
}

#[tokio::test(start_paused = true)]
async fn an_end_that_was_not_set_is_failed_whatever_the_source_says() {
    for says_unchanged in [false, true] {
        let mut directory = directory();
        directory.single = Arc::new(move |operation, _| {
            let applied = Outcome::applied(&operation.account);
            Fate::Lied(if says_unchanged { Outcome::unchanged("already holds it") } else { applied })
        });
        let plan = ["b", "c"].map(|name| grant_until(name, "group/1", EARLY));
        let (_, reports) = Place::new().carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Failed; 2], "{reports:#?}");
        let message = |number: usize| reports[number].error.as_ref().unwrap().message.clone();
        assert!(message(0).ends_with("it holds group/1 without end, not until 2126-01-31T00:00:00Z"), "{}", message(0));
        assert!(message(1).ends_with("it holds group/1 until 2126-06-30T00:00:00Z, not until 2126-01-31T00:00:00Z"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_grant_with_an_end_is_not_settled_by_what_was_held_before() {
    for shows_ends in [true, false] {
        let mut directory = directory();
        directory.shows_ends = shows_ends;
        // The first response is lost, and nothing was done.
        directory.single = Arc::new(|_, before| match before {
            0 => Fate::LostBefore,
            _ => Fate::Done,
        });
        let (_, reports) = Place::new().carry_out(&directory, &[grant_until("b", "group/1", EARLY)]).await;
        assert_eq!(outcomes(&reports), [Applied], "{reports:#?}");
        assert_eq!(ends(&directory)[1], Some(time(EARLY)), "it was sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_with_an_end_is_sent_each_time_if_nobody_can_see_the_end() {
    let mut directory = directory();
    directory.shows_ends = false;
    let plan = [grant_until("c", "group/1", LATE)];
    let (_, _, reports) = Place::new().preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Planned]);
    assert_eq!(reports[0].detail.as_deref(), Some("already holds it, but the source does not show until when"));
}
