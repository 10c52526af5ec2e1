//! Promise: what the source does not show was not applied, whatever it said; what it only queued is pending.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{Change, Error, ErrorKind, Outcome};
use connector_engine::provision::Standing::{Applied, Failed, Pending, Planned, Unchanged};
use connector_engine::provision::{Earlier, Provisioning};
use provision_fake::{
    Directory, Fate, Place, changes_of_each_kind, create, delete, disable, enable, grant, outcomes, reference, revoke,
    unlock, update,
};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_util::sync::CancellationToken;

const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];

fn directory() -> Directory {
    let directory = Directory::of(&NAMES);
    directory.server().person("c").held.insert(reference("group/1"));
    directory.server().person("e").disabled = true;
    directory.server().person("i").locked = true;
    directory.server().person("g").password_changed = 1;
    directory
}

fn plan() -> Vec<connector_project::plan::PlanOperation> {
    changes_of_each_kind().into_iter().chain([unlock("i")]).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_source_says_is_done_without_doing_it_is_failed() {
    for says_unchanged in [false, true] {
        let mut directory = directory();
        directory.single = Arc::new(move |operation, _| {
            let applied = Outcome::applied(&operation.account);
            Fate::Lied(if says_unchanged { Outcome::unchanged("nothing to do") } else { applied })
        });
        let place = Place::new();
        let (applied, reports) = place.carry_out(&directory, &plan()).await;
        assert!(applied.error.is_none());
        assert_eq!(outcomes(&reports), [Failed; 9], "{reports:#?}");
        let error = reports[0].error.as_ref().unwrap();
        assert_eq!(error.kind, ErrorKind::Protocol);
        let said = if says_unchanged { "said that nothing has to change" } else { "accepted it" };
        assert_eq!(error.message, format!("the source {said}, but the account does not show it: `Title` is null"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_not_created_is_failed() {
    let mut directory = directory();
    directory.single = Arc::new(|operation, _| match operation.kind().name() {
        "create" => Fate::Lied(Outcome::applied("A0099")),
        _ => Fate::Done,
    });
    let (_, reports) = Place::new().carry_out(&directory, &[create("jane", json!({"Title": "x"}), &[])]).await;
    assert_eq!(outcomes(&reports), [Failed]);
    assert!(reports[0].error.as_ref().unwrap().message.ends_with("it does not exist"), "{:?}", reports[0].error);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_read_back_in_bulk_and_stays_applied() {
    let mut directory = directory();
    directory.most_accounts = 200;
    let place = Place::new();
    let mut all = plan();
    // Later steps undo earlier ones.
    all.extend([
        update("a", json!({"Title": "b"})),
        revoke("b", "group/1"),
        grant("c", "group/1"),
        enable("d"),
        create("new", json!({"Title": " Mixed "}), &["group/1", "license/1"]),
        update("new", json!({"Title": "Other"})),
        delete("c"),
    ]);
    let mut provisioning = place.begin(&directory, &all);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let before = directory.server().reads;
    provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(directory.server().reads - before, 1, "ten accounts are one read");
    provisioning.leave().await.unwrap();
    assert_eq!(outcomes(&place.reports(&provisioning.id())), [Applied; 16]);
    drop(provisioning);
    assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_source_may_write_a_value_in_its_own_way() {
    let directory = directory();
    let place = Place::new();
    let plan = [update("a", json!({"Title": "Jane@Acme.Example ", "Phone": "a\r\nb", "Number": 5}))];
    let mut provisioning = place.begin(&directory, &plan);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let stop = CancellationToken::new();
    let normal = directory.clone();
    let progress = move |_: &connector_engine::provision::Progress| {
        let mut server = normal.server();
        let person = server.person("a");
        if person.attributes.contains_key("Title") {
            let values = json!({"Title": "jane@acme.example", "Phone": "a\nb", "Number": 5.0});
            person.attributes = values.as_object().unwrap().clone();
        }
    };
    provisioning.apply(progress, &stop).await.unwrap();
    assert_eq!(outcomes(&place.reports(&provisioning.id())), [Applied]);
}

#[tokio::test(start_paused = true)]
async fn reading_back_goes_on_after_a_failure_and_can_be_left_out() {
    let mut directory = directory();
    directory.single = Arc::new(|operation, _| Fate::Lied(Outcome::applied(&operation.account)));
    let place = Place::new();
    let plan: Vec<_> = NAMES.iter().map(|name| update(name, json!({"Title": "x"}))).collect();
    // The preview reads three times, reading back twice for the first accounts: they may only be late.
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    directory.reading = Arc::new(move |read| {
        (read >= 5 && is_broken.load(Ordering::SeqCst)).then(|| Error::new(ErrorKind::Unavailable, "down"))
    });
    let mut provisioning = place.begin(&directory, &plan);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(applied.error.unwrap().kind(), ErrorKind::Unavailable);
    provisioning.leave().await.unwrap();
    drop(provisioning);

    broken.store(false, Ordering::SeqCst);
    let calls = directory.server().calls.len();
    let again = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    assert_eq!(again.earlier(), Earlier::Interrupted);
    let (_, reports) = place.finish(again).await;
    assert_eq!(outcomes(&reports), [Failed; 9], "{reports:#?}");
    assert_eq!(directory.server().calls.len(), calls, "nothing is sent twice");

    let mut blind = place.begin(&directory, &plan);
    blind.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    blind.skip_read_back();
    blind.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(outcomes(&place.reports(&blind.id())), [Applied; 9], "as the source said");
}

#[tokio::test(start_paused = true)]
async fn what_the_source_queued_is_pending_and_not_sent_again() {
    let mut directory = directory();
    directory.single = Arc::new(|operation, _| match operation.kind().name() {
        "update" => Fate::Queued,
        _ => Fate::Done,
    });
    let place = Place::new();
    let plan = [update("a", json!({"Title": "x"})), disable("a"), disable("d")];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Pending, Applied, Applied]);
    assert_eq!(reports[0].detail.as_deref(), Some("waits for a confirmation"));
    assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none(), "nothing is left to do");

    // The next plan with the same change waits too.
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Pending, Unchanged, Unchanged], "{reports:#?}");
    assert_eq!(directory.server().sent.values().filter(|sent| **sent > 1).count(), 0);
    // Another value is another change.
    let (_, _, reports) = place.preview(&directory, &[update("a", json!({"Title": "y"}))]).await;
    assert_eq!(outcomes(&reports), [Planned]);
    let (_, _, reports) = place.preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Pending, Unchanged, Unchanged], "what was not sent overrides nothing");
    // Once it is confirmed, there is nothing to do.
    directory.server().person("a").attributes.insert("Title".to_owned(), json!("x"));
    let (_, _, reports) = place.preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Unchanged; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_the_source_queued_without_an_id_is_pending_and_not_sent_again() {
    for can_batch in [true, false] {
        let mut directory = directory();
        directory.can_batch = can_batch;
        directory.single = Arc::new(|operation, _| match operation.kind().name() {
            "create" => Fate::Queued,
            _ => Fate::Done,
        });
        let place = Place::new();
        let plan = [create("jane", json!({"Title": "x"}), &[]), grant("jane", "group/1"), disable("d")];
        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Pending, Failed, Applied], "{reports:#?}");
        assert_eq!(reports[0].detail.as_deref(), Some("waits for a confirmation"));
        assert!(Provisioning::interrupted(&place.store, directory.opened()).unwrap().is_none());

        // A second request would create a second account.
        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Pending, Failed, Unchanged], "{reports:#?}");
        assert!(reports[1].error.as_ref().unwrap().message.contains("is unknown"), "{reports:#?}");
        assert_eq!(directory.server().sent.values().filter(|sent| **sent > 1).count(), 0);

        // Once the account is there, the rest can be done, and a deleted account can be created again.
        directory.server().add("jane");
        directory.server().person("jane").attributes.insert("Title".to_owned(), json!("x"));
        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Unchanged, Applied, Unchanged], "{reports:#?}");
        let (_, reports) = place.carry_out(&directory, &[delete("jane")]).await;
        assert_eq!(outcomes(&reports), [Applied]);
        let (_, _, reports) = place.preview(&directory, &plan[..1]).await;
        assert_eq!(outcomes(&reports), [Planned], "{reports:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_the_source_makes_before_it_is_read_back_is_applied() {
    let mut directory = directory();
    let normal = directory.clone();
    directory.single = Arc::new(|_, _| Fate::Queued);
    let place = Place::new();
    let mut provisioning = place.begin(&directory, &[create("jane", json!({}), &[])]);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let progress = move |seen: &connector_engine::provision::Progress| {
        let mut server = normal.server();
        if seen.done == 1 && !server.accounts.values().any(|person| person.name == "jane") {
            server.add("jane");
        }
    };
    provisioning.apply(progress, &CancellationToken::new()).await.unwrap();
    assert_eq!(outcomes(&place.reports(&provisioning.id())), [Applied]);
}

#[tokio::test(start_paused = true)]
async fn what_a_later_plan_overrode_no_longer_waits() {
    for answers_at_once in [false, true] {
        let mut directory = directory();
        directory.single = Arc::new(move |operation, _| match &operation.change {
            Change::Update { set, .. } if set.get("Title") == Some(&json!("y")) && answers_at_once => Fate::Done,
            Change::Update { .. } => Fate::Queued,
            _ => Fate::Done,
        });
        let place = Place::new();
        let title = |title: &str| [update("a", json!({"Title": title}))];
        let later = if answers_at_once { Applied } else { Pending };
        for (title, outcome) in [(title("x"), Pending), (title("y"), later)] {
            let (_, reports) = place.carry_out(&directory, &title).await;
            assert_eq!(outcomes(&reports), [outcome], "{reports:#?}");
        }
        // The source waits for `y`, or has made it, so `x` must be sent again; a change of another attribute overrides nothing.
        let (_, _, reports) = place.preview(&directory, &title("x")).await;
        assert_eq!(outcomes(&reports), [Planned], "{answers_at_once}: {reports:#?}");
        let other = [update("a", json!({"Department": "z"})), disable("a")];
        place.carry_out(&directory, &other).await;
        let (_, _, reports) = place.preview(&directory, &title("y")).await;
        assert_eq!(outcomes(&reports), [if answers_at_once { Unchanged } else { Pending }], "{reports:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_is_stopped_before_it_is_read_back_is_no_success_and_the_next_job_reads_it() {
    let stop = CancellationToken::new();
    let mut directory = directory();
    let canceled = stop.clone();
    directory.single = Arc::new(move |operation, _| {
        canceled.cancel();
        Fate::Lied(Outcome::applied(&operation.account))
    });
    let place = Place::new();
    let mut provisioning = place.begin(&directory, &[disable("a")]);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let error = provisioning.apply(|_| {}, &stop).await.unwrap().error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error}");
    assert!(error.help().unwrap().contains("--resume"), "{error:?}");
    provisioning.leave().await.unwrap();
    drop(provisioning);

    let resumed = Provisioning::interrupted(&place.store, directory.opened()).unwrap().unwrap();
    let (_, reports) = place.finish(resumed).await;
    assert_eq!(outcomes(&reports), [Failed], "{reports:#?}");
}
