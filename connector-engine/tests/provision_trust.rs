//! Promise: nothing that a connector says about a plan is believed against what the source and the schema show.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{
    AttributeMeaning, AttributeSchema, Change, Error, ErrorKind, Operation, OperationKind, Prepared, Retry, Writable,
};
use connector_engine::provision::Standing::{Applied, Failed, Planned, Unchanged};
use connector_engine::query::OperationReport;
use provision_fake::{
    Directory, Place, create, delete, disable, enable, grant, lock, outcomes, reference, revoke, set_password, unlock,
    update,
};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn message(report: &OperationReport) -> &str {
    &report.error.as_ref().unwrap().message
}

/// What a connector gives back that knows only how to create the account itself.
fn bare_create(named: bool, proposed: &connector_core::Proposed) -> Option<connector_core::Result<Prepared>> {
    let Change::Create { name, attributes, entitlements, .. } = &proposed.operation.change else { return None };
    let kept = if named { entitlements.clone() } else { Vec::new() };
    let change = Change::create(name, attributes.clone(), kept, None);
    Some(Ok(Prepared::step(Operation::new("", change))))
}

#[tokio::test]
async fn a_prepared_create_never_loses_entitlements() {
    for named in [true, false] {
        let mut directory = Directory::of(&[]);
        directory.preparing = Arc::new(move |one| bare_create(named, one));
        let place = Place::new();
        let plan = [create("jane", json!({"Title": "1"}), &["group/1", "license/2"])];
        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Applied]);
        assert_eq!(reports[0].changes.len(), 3, "the preview shows the grants: {:?}", reports[0].changes);
        let held: Vec<_> = directory.server().person("jane").held.iter().map(ToString::to_string).collect();
        assert_eq!(held, ["group/1", "license/2"], "named: {named}");
    }
}

#[tokio::test]
async fn an_entitlement_that_a_create_sets_as_an_attribute_is_not_granted_again() {
    let mut directory = Directory::of(&[]);
    directory.preparing = Arc::new(|one| {
        let Change::Create { name, .. } = &one.operation.change else { return None };
        let attributes = json!({"Title": "2"}).as_object().unwrap().clone();
        Some(Ok(Prepared::step(Operation::new("", Change::create(name, attributes, Vec::new(), None)))))
    });
    let (_, _, reports) = Place::new().preview(&directory, &[create("jane", json!({}), &["license/2"])]).await;
    assert_eq!((outcomes(&reports), reports[0].changes.len()), (vec![Planned], 1), "{:?}", reports[0].changes);
}

#[tokio::test]
async fn unchanged_from_preparing_hides_nothing_that_is_missing() {
    let unchanged: fn(&connector_core::Proposed) -> _ = |_| Some(Ok(Prepared::unchanged("nothing to do")));
    let mut directory = Directory::of(&["bob", "eve"]);
    directory.preparing = Arc::new(unchanged);
    directory.server().person("bob").attributes.insert("Title".to_owned(), json!("Clerk"));
    directory.server().person("bob").held.insert(reference("group/3"));
    let place = Place::new();
    let plan = [
        create("bob", json!({"Title": "Clerk"}), &["group/1", "group/2"]),
        create("nobody", json!({}), &[]),
        grant("bob", "group/1"),
        revoke("bob", "group/3"),
        disable("bob"),
        lock("bob"),
        delete("bob"),
        update("bob", json!({"Title": "Boss"})),
        update("bob", json!({"Title": " clerk"})),
        enable("bob"),
        unlock("bob"),
        set_password("bob", None),
    ];
    let (_, _, reports) = place.preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports[..8]), [Failed; 8], "{reports:#?}");
    assert_eq!(outcomes(&reports[8..]), [Unchanged; 4]);
    assert!(message(&reports[0]).contains("already exists with other values"), "{:?}", reports[0].error);
    assert!(message(&reports[2]).contains("nothing has to change"), "{:?}", reports[2].error);
}

#[tokio::test]
async fn every_plan_is_held_against_the_schema() {
    for can_prepare in [true, false] {
        let mut directory = Directory::of(&["bob"]);
        directory.can_prepare = can_prepare;
        directory.operations.retain(|kind| !matches!(kind, OperationKind::Delete | OperationKind::Lock));
        let always = |one: AttributeSchema| one.writable(Writable::Always);
        directory.further = vec![
            always(AttributeSchema::text("login").required().means(AttributeMeaning::LoginName)),
            always(AttributeSchema::text("Family").required()),
            always(AttributeSchema::boolean("Vip")),
            always(AttributeSchema::text("Tags").multi()),
            AttributeSchema::text("Origin").writable(Writable::OnCreate),
        ];
        let place = Place::new();
        let add = |name: &str| {
            let values = [(name.to_owned(), vec![json!("x")])].into();
            Operation::new("bob", Change::update(serde_json::Map::new(), values, std::collections::BTreeMap::new()))
        };
        let plan = [
            update("bob", json!({"nosuch": 1})),
            update("bob", json!({"PasswordChanged": "2026-01-01T00:00:00Z"})),
            update("bob", json!({"Origin": "x"})),
            update("bob", json!({"Number": "many"})),
            update("bob", json!({"Vip": 1})),
            update("bob", json!({"Family": ["a", "b"]})),
            update("bob", json!({"Family": null})),
            add("Family"),
            delete("bob"),
            lock("bob"),
            create("jane", json!({"Title": "x"}), &[]),
            update("bob", json!({"title": "Boss", "NUMBER": "5", "vip": "TRUE", "Tags": "one"})),
            create("joe", json!({"Family": "Doe", "Origin": "hr"}), &[]),
        ];
        let (_, reports) = place.carry_out(&directory, &plan).await;
        assert_eq!(outcomes(&reports[..11]), [Failed; 11], "prepares: {can_prepare}: {reports:#?}");
        assert_eq!(
            outcomes(&reports[11..]),
            [Applied; 2],
            "{:?}",
            reports[11..].iter().map(|one| &one.error).collect::<Vec<_>>()
        );
        for (place, part) in [
            (0, "no attribute `nosuch`"),
            (1, "the source sets it by itself"),
            (2, "only be set when the account is created"),
            (3, "wrong type"),
            (5, "holds one value"),
            (6, "can't be empty"),
            (7, "holds one value"),
            (8, "does not support `delete`"),
            (10, "without `Family`"),
        ] {
            assert!(message(&reports[place]).contains(part), "{place}: {:?}", reports[place].error);
        }
        let bob = directory.server().person("bob").attributes.clone();
        assert_eq!(json!(bob), json!({"Title": "Boss", "Number": 5, "Vip": true, "Tags": ["one"]}));
    }
}

#[tokio::test(start_paused = true)]
async fn every_read_of_a_plan_is_repeated_when_it_fails_in_passing() {
    let busy = || Error::new(ErrorKind::Unavailable, "try again").with_retry(Retry::After(Duration::from_secs(1)));
    let mut directory = Directory::of(&["bob", "eve"]);
    // Every second read of each kind fails.
    directory.reading = Arc::new(move |read| (read % 2 == 0).then(busy));
    let asked = Arc::new(AtomicUsize::new(0));
    directory.failing = Some(Arc::new(move || asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2).then(busy)));
    let place = Place::new();
    let plan = [update("bob", json!({"Title": "a"})), grant("eve", "group/1")];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 2]);

    directory.reading = Arc::new(move |_| Some(busy()));
    let mut broken = place.begin(&directory, &[update("bob", json!({"Title": "b"}))]);
    let error = broken.preview(|_| {}, &CancellationToken::new()).await.unwrap_err();
    let place: Vec<_> = error.context().collect();
    assert_eq!(place, [("source", "directory"), ("while", "looking up accounts")]);
    assert_eq!(error.help(), Some("run the command again later"));
}

#[tokio::test]
async fn a_guard_message_shows_outcomes_and_reasons() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [grant("bob", "group/1"), disable("bob")];
    directory.server().person("bob").held.insert(reference("group/1"));
    drop(place.preview(&directory, &plan).await);
    directory.server().entitlements.clear();
    let (_, preview, _) = place.preview(&directory, &plan).await;
    let [changed] = &preview.changed[..] else { panic!("{:?}", preview.changed) };
    assert_eq!((changed.before.outcome, changed.now.outcome), (Unchanged, Failed));
    assert_eq!(changed.before.reason.as_deref(), Some("already holds it"));
    assert!(changed.now.reason.as_ref().unwrap().contains("has no `group/1`"), "{changed:?}");
}
