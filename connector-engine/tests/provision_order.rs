//! Promise: operations of one account keep the plan's order, those of different accounts go side by side.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{Error, ErrorKind, Retry};
use connector_engine::provision::Earlier;
use connector_engine::provision::Standing::{self, Applied, Failed, Planned, Unchanged};
use connector_engine::query::OperationReport;
use provision_fake::{
    Directory, Fate, Place, create, delete, disable, enable, grant, outcomes, reference, revoke, update,
};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user{number}")).collect()
}

fn directory(names: &[String]) -> Directory {
    Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What was done to an account, in order.
fn done_to(directory: &Directory, name: &str) -> Vec<String> {
    let server = directory.server();
    server.changes.iter().filter(|(known, _)| known == name).map(|(_, what)| what.clone()).collect()
}

fn message(report: &OperationReport) -> &str {
    &report.error.as_ref().unwrap().message
}

#[tokio::test]
async fn one_account_is_changed_in_the_plans_order_whatever_it_is_called() {
    let directory = Directory::of(&["bob"]);
    let plan = [
        update("bob", json!({"Title": "a"})),
        disable("A0001"),
        update("bob", json!({"Title": "b"})),
        enable("bob"),
        update("A0001", json!({"Title": "c"})),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 5]);
    let update = |title: &str| format!(r#"update {{"Title":"{title}"}}"#);
    let expected = [update("a"), "disable".to_owned(), update("b"), "enable".to_owned(), update("c")];
    assert_eq!(done_to(&directory, "bob"), expected);
}

#[tokio::test]
async fn an_account_under_two_names_that_is_deleted_and_made_anew_is_changed_in_order() {
    let mut directory = Directory::of(&["bob"]);
    directory.delay = Duration::from_millis(1);
    let plan = [
        update("A0001", json!({"Title": "a"})),
        delete("bob"),
        create("bob", json!({"Title": "new"}), &[]),
        grant("bob", "group/1"),
        update("A0001", json!({"Title": "meant for the deleted one"})),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied, Applied, Applied, Applied, Failed]);
    assert_eq!(reports[3].account, "A0002");
    assert_eq!(directory.server().accounts.len(), 1);
    assert_eq!(directory.server().person("bob").held, [reference("group/1")].into());
}

#[tokio::test]
async fn what_is_needed_is_granted_first_and_revoked_last() {
    let directory = Directory::of(&["bob"]);
    let need = (reference("permission/1"), reference("license/1"));
    directory.server().needs.push(need);
    let plan = [
        grant("bob", "permission/1"),
        grant("bob", "license/1"),
        disable("bob"),
        revoke("bob", "license/1"),
        revoke("bob", "permission/1"),
        create("jane", json!({}), &["permission/1", "license/1"]),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 6]);
    let expected = ["grant license/1", "grant permission/1", "disable", "revoke permission/1", "revoke license/1"];
    assert_eq!(done_to(&directory, "bob"), expected);
}

#[tokio::test]
async fn batches_are_full_and_at_most_four_are_under_way() {
    let names = names(230);
    let mut directory = directory(&names);
    (directory.most_accounts, directory.delay) = (50, Duration::from_millis(40));
    let mut plan = Vec::new();
    for name in &names {
        plan.extend([update(name, json!({"Title": "a"})), grant(name, "group/1"), disable(name)]);
    }
    let (applied, reports) = Place::new().carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), vec![Applied; 690]);
    let server = directory.server();
    assert_eq!(server.most_under_way, 4);
    assert!(server.calls.len() <= 69 + 3, "{} calls", server.calls.len());
}

#[tokio::test]
async fn seats_are_counted_in_the_plans_order() {
    let directory = Directory::of(&["a", "b", "c", "d"]);
    directory.server().seats.extend([(reference("license/1"), 2), (reference("license/2"), 1)]);
    directory.server().person("a").held.insert(reference("license/1"));
    let plan = [
        grant("b", "license/1"),
        grant("c", "license/1"),
        create("new", json!({}), &["license/2", "license/1"]),
        grant("new", "license/2"),
        grant("d", "license/2"),
        revoke("a", "license/1"),
        grant("d", "license/1"),
    ];
    let place = Place::new();
    let (_, _, reports) = place.preview(&directory, &plan).await;
    let expected = [Planned, Failed, Failed, Failed, Planned, Planned, Planned];
    assert_eq!(outcomes(&reports), expected, "{reports:#?}");
    assert!(message(&reports[2]).contains("seat"));
    assert!(message(&reports[3]).contains("not done: operation 2"));
    let twice = [grant("b", "license/1"), grant("c", "license/1"), grant("c", "license/1"), grant("b", "license/1")];
    let (_, _, reports) = Place::new().preview(&directory, &twice).await;
    assert_eq!(outcomes(&reports), [Planned, Failed, Failed, Unchanged], "{reports:#?}");
    let (_, reports) = place.carry_out(&directory, &plan).await;
    let done: Vec<Standing> = expected.map(|one| if one == Planned { Applied } else { one }).to_vec();
    assert_eq!(outcomes(&reports), done);
}

#[tokio::test]
async fn a_seat_that_is_given_back_late_because_of_its_rank_is_waited_for() {
    let mut directory = Directory::of(&["a", "b", "c"]);
    directory.delay = Duration::from_millis(1);
    {
        let mut server = directory.server();
        server.seats.insert(reference("license/1"), 1);
        let need = (reference("permission/1"), reference("license/1"));
        server.needs.push(need);
        server.person("a").held.extend([reference("license/1"), reference("permission/1")]);
    }
    let plan = [
        revoke("a", "license/1"),
        grant("b", "permission/1"),
        grant("b", "license/1"),
        update("c", json!({"Title": "x"})),
        revoke("a", "permission/1"),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 5], "{reports:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_worth_another_try_is_tried_five_times() {
    let mut directory = Directory::of(&["bob", "eve", "joe"]);
    directory.single = Arc::new(|operation, sent| {
        let busy = Error::new(ErrorKind::Conflict, "the record is locked");
        let busy = busy.with_retry(Retry::After(Duration::from_millis(100)));
        match operation.account.as_str() {
            "A0001" if sent < 4 => Fate::Refused(busy),
            "A0002" if sent < 9 => Fate::Refused(busy),
            _ => Fate::Done,
        }
    });
    let plan = [
        disable("bob"),
        disable("eve"),
        disable("joe"),
        update("bob", json!({"Title": 1})),
        update("eve", json!({"Title": 1})),
    ];
    let (applied, reports) = Place::new().carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), [Applied, Failed, Applied, Applied, Failed], "{reports:#?}");
    assert!(directory.server().sent.values().all(|sent| *sent <= 5));
}

#[tokio::test]
async fn trouble_of_the_whole_source_stops_the_run_and_leaves_the_rest_planned() {
    for kind in [ErrorKind::Auth, ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::RateLimited, ErrorKind::Quota]
    {
        for bare in [false, true] {
            let names = names(12);
            let mut directory = directory(&names);
            (directory.most, directory.can_batch) = (2, !bare);
            directory.whole = Arc::new(move |number| match number {
                0 => Fate::Done,
                _ => Fate::Refused(Error::new(kind, "not now")),
            });
            let plan: Vec<_> = names.iter().map(|name| disable(name)).collect();
            let place = Place::new();
            let (applied, reports) = place.carry_out(&directory, &plan).await;
            assert_eq!(applied.error.map(|error| error.kind()), Some(kind), "bare {bare}");
            let done = reports.iter().filter(|report| report.outcome == Applied).count();
            assert_eq!(done, if bare { 1 } else { 2 });
            assert_eq!(reports.iter().filter(|report| report.outcome == Planned).count(), 12 - done, "bare {bare}");

            directory.whole = Arc::new(|_| Fate::Done);
            let again = place.begin(&directory, &plan);
            assert_eq!(again.earlier(), Earlier::Interrupted);
            let (_, reports) = place.finish(again).await;
            assert_eq!(outcomes(&reports), [Applied; 12]);
            assert_eq!(directory.server().changes.len(), 12);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_sends_nothing_more_and_waits_for_what_was_sent() {
    let names = names(20);
    let mut directory = directory(&names);
    (directory.most, directory.delay) = (2, Duration::from_secs(1));
    let plan: Vec<_> = names.iter().map(|name| disable(name)).collect();
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    let stop = CancellationToken::new();
    let later = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        later.cancel();
    });
    let applied = provisioning.apply(|_| {}, &stop).await.unwrap();
    assert!(applied.error.is_none());
    provisioning.leave().await.unwrap();
    assert_eq!(directory.server().calls.len(), 4);
    let tally = place.tally(&provisioning.id());
    assert_eq!((tally.applied, tally.planned, tally.pending), (8, 12, 0));
    drop(provisioning);
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 20]);
    assert_eq!(directory.server().changes.len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_until_something_may_be_sent_again() {
    let mut directory = Directory::of(&["bob"]);
    directory.single = Arc::new(|_, _| {
        let busy = Error::new(ErrorKind::Conflict, "the record is locked");
        Fate::Refused(busy.with_retry(Retry::After(Duration::from_hours(1))))
    });
    let place = Place::new();
    let (mut provisioning, ..) = place.preview(&directory, &[disable("bob")]).await;
    let stop = CancellationToken::new();
    let later = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        later.cancel();
    });
    // The clock is paused: it goes on by itself when everybody waits.
    tokio::time::timeout(Duration::from_mins(1), provisioning.apply(|_| {}, &stop)).await.unwrap().unwrap();
    assert_eq!(place.tally(&provisioning.id()).planned, 1);
}

#[tokio::test]
async fn a_connector_that_only_writes_one_operation_is_enough() {
    let directory = Directory::bare(&["bob"]);
    let plan = [
        create("jane", json!({"Title": "a"}), &["group/1"]),
        grant("jane", "group/2"),
        update("A0001", json!({"Title": "b"})),
        revoke("A0001", "group/1"),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied, Applied, Applied, Unchanged]);
    assert_eq!(directory.server().calls, [1; 5]);
    let held = directory.server().person("jane").held.clone();
    assert_eq!(held, [reference("group/1"), reference("group/2")].into());
}
