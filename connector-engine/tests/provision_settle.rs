//! Promise: an operation whose answer was lost is applied once, or known to be pending; never silently twice.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{Error, ErrorKind, Happened};
use connector_engine::provision::Standing::{Abandoned, Applied, Failed, Pending, Planned, Unchanged};
use connector_engine::provision::{Earlier, Provisioning};
use connector_project::plan::PlanOperation;
use provision_fake::{
    Directory, Fate, Place, changes_of_each_kind, create, delete, disable, enable, grant, lock, outcomes, reference,
    set_password, update,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One operation of each kind, on accounts of their own.
fn each_kind(directory: &Directory) -> Vec<PlanOperation> {
    directory.server().person("c").held.insert(reference("group/1"));
    directory.server().person("e").disabled = true;
    let new = create("new", json!({"Title": "a"}), &["group/1"]);
    std::iter::once(new).chain(changes_of_each_kind()).collect()
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_settled_by_reading() {
    for when in ["before", "after", "late", "whole before", "whole after", "whole late"] {
        let mut directory = Directory::of(&NAMES);
        let fate = move |sent: usize| match when {
            _ if sent > 0 => Fate::Done,
            "before" | "whole before" => Fate::LostBefore,
            "after" | "whole after" => Fate::LostAfter,
            _ => Fate::LostLate(Duration::from_secs(2)),
        };
        if when.starts_with("whole") {
            directory.whole = Arc::new(move |number| if number < 9 { fate(0) } else { Fate::Done });
        } else {
            // Late for one operation is like after: the whole request waits.
            directory.single = Arc::new(move |_, sent| fate(sent));
        }
        let plan = each_kind(&directory);
        let place = Place::new();
        let (applied, reports) = place.carry_out(&directory, &plan).await;
        assert!(applied.error.is_none(), "{when}");
        assert_eq!(outcomes(&reports), [Applied; 9], "{when}: {reports:#?}");
        let server = directory.server();
        assert_eq!(server.changes.len(), 10, "{when}: {:?}", server.changes);
        assert!(server.idle.is_empty(), "{when}: {:?}", server.idle);
        if when.ends_with("after") || when.ends_with("late") {
            assert!(server.sent.values().all(|sent| *sent == 1), "{when}: {:?}", server.sent);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_came_back_although_it_happened_is_settled_by_reading() {
    let mut directory = Directory::of(&["bob"]);
    directory.server().person("bob").disabled = true;
    let place = Place::new();
    let plan = [enable("bob"), update("bob", json!({"Title": "a"}))];
    directory.single = Arc::new(|operation, sent| match operation.kind().name() {
        "enable" if sent == 0 => Fate::Refused(Error::new(ErrorKind::Conflict, "odd").with_happened(Happened::Yes)),
        _ => Fate::Done,
    });
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 2]);
    assert!(!directory.server().person("bob").disabled);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_after_it_made_the_account_is_failed_and_a_repeat_makes_no_second_account() {
    let incomplete = || {
        Error::new(ErrorKind::Invalid, "no password was set; the system has already carried out POST /users")
            .with_happened(Happened::Yes)
    };
    for is_whole in [false, true] {
        let mut directory = Directory::of(&[]);
        if is_whole {
            directory.whole =
                Arc::new(move |number| if number == 0 { Fate::DoneBut(incomplete()) } else { Fate::Done });
        } else {
            directory.single = Arc::new(move |operation, _| match operation.kind().name() {
                "create" => Fate::DoneBut(incomplete()),
                _ => Fate::Done,
            });
        }
        let place = Place::new();
        let plan = [create("jane", json!({"Title": "a"}), &[]), grant("jane", "group/1")];
        let (applied, reports) = place.carry_out(&directory, &plan).await;
        assert!(applied.error.is_none());
        assert_eq!(outcomes(&reports), [Failed, Failed], "{reports:#?}");
        assert!(reports[0].error.as_ref().unwrap().message.contains("already carried out POST /users"));
        assert!(reports[1].error.as_ref().unwrap().message.contains("operation 0"));
        assert_eq!(directory.server().changes.len(), 1, "it is not sent again");

        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Unchanged, Applied], "{reports:#?}");
        assert_eq!(directory.server().accounts.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_cannot_be_settled_stays_pending_with_the_reason() {
    for tells in [false, true] {
        let mut directory = Directory::of(&["bob"]);
        directory.tells_password_time = tells;
        directory.single = Arc::new(|operation, sent| match operation.kind().name() {
            "set_password" if sent == 0 => Fate::LostAfter,
            _ => Fate::Done,
        });
        let plan = [set_password("bob", None), grant("bob", "group/1")];
        let place = Place::new();
        let (applied, reports) = place.carry_out(&directory, &plan).await;
        assert!(applied.error.is_none());
        assert_eq!(outcomes(&reports), [if tells { Applied } else { Pending }, Applied]);
        assert_eq!(reports[0].error.is_some(), !tells);
        assert_eq!(directory.server().sent.values().max(), Some(&1), "never twice");
        assert_eq!(place.begin(&directory, &plan).earlier(), Earlier::Nothing, "nothing of it is left");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_password_proves_nothing_where_the_plan_sets_it_twice() {
    let mut directory = Directory::of(&["bob"]);
    directory.single = Arc::new(|operation, sent| match operation.kind().name() {
        "set_password" if sent == 1 => Fate::LostBefore,
        _ => Fate::Done,
    });
    let plan = [set_password("bob", None), disable("bob"), set_password("bob", Some("env:PATH"))];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied, Applied, Pending]);
    assert_eq!(directory.server().person("bob").password.as_deref(), Some("reset"));
}

#[tokio::test(start_paused = true)]
async fn without_reading_everything_lost_stays_pending() {
    let mut directory = Directory::bare(&["bob"]);
    directory.single = Arc::new(|_, sent| if sent == 0 { Fate::LostAfter } else { Fate::Done });
    let plan = [create("jane", json!({}), &[]), grant("jane", "group/1"), disable("A0001"), enable("A0001")];
    let place = Place::new();
    let (applied, reports) = place.carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), [Pending, Failed, Pending, Pending], "{reports:#?}");
    assert!(reports[1].error.as_ref().unwrap().message.contains("operation 0"));
    assert!(directory.server().sent.values().all(|sent| *sent == 1));
    assert_eq!(place.begin(&directory, &plan).earlier(), Earlier::Nothing, "nothing of it is left");
}

#[tokio::test(start_paused = true)]
async fn when_reading_fails_too_they_stay_pending_and_a_later_job_settles_them() {
    let mut directory = Directory::of(&["a", "b", "c"]);
    directory.whole = Arc::new(|number| if number == 0 { Fate::LostAfter } else { Fate::LostBefore });
    let plan = [disable("a"), lock("b"), update("a", json!({"Title": "x"})), create("new", json!({}), &["group/1"])];
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    let id = provisioning.id();
    let before = directory.server().reads;
    directory.reading = {
        drop(provisioning);
        Arc::new(move |read| (read > before).then(|| Error::new(ErrorKind::Unavailable, "down")))
    };
    provisioning = place.begin(&directory, &plan);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(applied.error.unwrap().kind(), ErrorKind::Unavailable);
    provisioning.leave().await.unwrap();
    assert_eq!(outcomes(&place.reports(&id)), [Pending, Pending, Planned, Pending]);
    drop(provisioning);

    directory.reading = Arc::new(|_| None);
    directory.whole = Arc::new(|_| Fate::Done);
    let resumed = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    assert_eq!((resumed.id(), resumed.file().await.unwrap()), (id, "plans/test.yaml".to_owned()));
    let (applied, reports) = place.finish(resumed).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), [Applied; 4]);
    assert_eq!(directory.server().changes.len(), 5);
    assert!(directory.server().idle.is_empty());
    assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn another_plan_settles_an_interrupted_one_and_carries_out_nothing_of_it() {
    let mut directory = Directory::of(&["a", "b", "c"]);
    directory.delay = Duration::from_secs(1);
    let plan = [disable("a"), update("a", json!({"Title": "x"})), lock("b")];
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    let first = provisioning.id();
    let stop = CancellationToken::new();
    let killed = tokio::time::timeout(Duration::from_millis(500), provisioning.apply(|_| {}, &stop)).await;
    assert!(killed.is_err());
    drop(provisioning);

    let other = place.begin(&directory, &[disable("c")]);
    assert_eq!(other.earlier(), Earlier::Nothing);
    assert_eq!(other.others_interrupted().await.unwrap(), [(first.clone(), "plans/test.yaml".to_owned())]);
    let settled = other.settle(|_| {}).await.unwrap();
    assert_eq!((settled.applied, settled.again, settled.unknown), (2, 0, 0));
    let (_, reports) = place.finish(other).await;
    assert_eq!(outcomes(&reports), [Applied]);
    assert_eq!(outcomes(&place.reports(&first)), [Applied, Planned, Applied]);
    assert!(directory.server().person("a").attributes.is_empty());

    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 3]);
    assert_eq!(directory.server().changes.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_plan_is_settled_and_nothing_more_of_it_is_done() {
    let mut directory = Directory::of(&["a", "b", "c"]);
    directory.delay = Duration::from_secs(1);
    let plan = [disable("a"), update("a", json!({"Title": "x"})), lock("b")];
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    let first = provisioning.id();
    let stop = CancellationToken::new();
    assert!(tokio::time::timeout(Duration::from_millis(500), provisioning.apply(|_| {}, &stop)).await.is_err());
    drop(provisioning);

    let abandoned = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    abandoned.settle(|_| {}).await.unwrap();
    abandoned.abandon().await.unwrap();
    abandoned.leave().await.unwrap();
    drop(abandoned);
    let reports = place.reports(&first);
    assert_eq!(outcomes(&reports), [Applied, Abandoned, Applied]);
    assert_eq!(reports[1].error.as_ref().unwrap().kind, ErrorKind::Cancelled);
    assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none());
    assert_eq!(directory.server().changes.len(), 2);
    assert_eq!(place.begin(&directory, &plan).earlier(), Earlier::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_was_approved_and_never_begun_can_be_abandoned() {
    let directory = Directory::of(&["a"]);
    let place = Place::new();
    let (provisioning, ..) = place.preview(&directory, &[disable("a")]).await;
    provisioning.approve(true).await.unwrap();
    drop(provisioning);
    let abandoned = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    abandoned.abandon().await.unwrap();
    drop(abandoned);
    assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn steps_of_a_plan_for_another_system_are_not_settled_against_this_one() {
    let mut directory = Directory::of(&["a"]);
    directory.delay = Duration::from_secs(1);
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &[delete("a")]).await;
    let first = provisioning.id();
    let stop = CancellationToken::new();
    assert!(tokio::time::timeout(Duration::from_millis(500), provisioning.apply(|_| {}, &stop)).await.is_err());
    drop(provisioning);

    let mut elsewhere = Directory::of(&[]);
    elsewhere.definition = "two".to_owned();
    let refused = Provisioning::interrupted(&place.store, elsewhere.opened()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Definition);
    let other = place.begin(&elsewhere, &[create("z", json!({}), &[])]);
    assert_eq!(other.settle(|_| {}).await.unwrap().applied, 0);
    assert_eq!(outcomes(&place.reports(&first)), [Pending]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_an_earlier_version_began_is_settled_when_the_file_is_the_same() {
    let mut directory = Directory::of(&["a"]);
    directory.delay = Duration::from_secs(1);
    directory.definition = "former one".to_owned();
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &[delete("a")]).await;
    let stop = CancellationToken::new();
    assert!(tokio::time::timeout(Duration::from_millis(500), provisioning.apply(|_| {}, &stop)).await.is_err());
    drop(provisioning);

    directory.definition = "one".to_owned();
    let resumed = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    assert_eq!(resumed.settle(|_| {}).await.unwrap().applied, 1);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_the_source_calls_unchanged_gives_its_followers_the_account_it_has() {
    for can_find in [true, false] {
        let mut directory = Directory::of(&[]);
        directory.can_find = can_find;
        let place = Place::new();
        let plan = [create("jane", json!({}), &[]), grant("jane", "group/1")];
        let (mut provisioning, ..) = place.preview(&directory, &plan).await;
        directory.server().add("jane");
        directory.server().polite = true;
        provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
        let reports = place.reports(&provisioning.id());
        assert_eq!(reports[0].outcome, Unchanged);
        assert_eq!(reports[1].outcome, if can_find { Applied } else { Failed }, "{reports:#?}");
    }
}
