//! Operations that name accounts which the same plan creates.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod provision_fake;

use connector_core::{AttributeMeaning, AttributeSchema, Error, ErrorKind, Writable};
use connector_engine::provision::Earlier;
use connector_engine::provision::Standing::{Applied, Failed, Planned, Unchanged};
use connector_engine::query::OperationReport;
use provision_fake::{Directory, Fate, Place, create, delete, grant, outcomes, update};
use serde_json::{Value, json};
use std::sync::Arc;

fn directory(names: &[&str]) -> Directory {
    let mut directory = Directory::of(names);
    directory.further = vec![
        AttributeSchema::reference("Boss").writable(Writable::Always),
        AttributeSchema::text("Login").means(AttributeMeaning::LoginName).writable(Writable::Always),
    ];
    directory
}

fn boss_of(directory: &Directory, name: &str) -> Value {
    directory.server().person(name).attributes["Boss"].clone()
}

fn id_of(directory: &Directory, name: &str) -> Value {
    let server = directory.server();
    let (id, _) = server.accounts.iter().find(|(_, person)| person.name == name).unwrap();
    id.as_str().into()
}

fn message(report: &OperationReport) -> &str {
    &report.error.as_ref().unwrap().message
}

#[tokio::test]
async fn an_account_may_name_another_one_that_the_plan_creates_before_or_after_it() {
    let plan = [
        create("report", json!({"Boss": "Boss"}), &["group/1"]),
        create("deputy", json!({"Boss": "boss"}), &[]),
        create("boss", json!({"Boss": "chair"}), &[]),
        update("old", json!({"Boss": "deputy", "Title": "x"})),
        create("chair", json!({"Boss": "old"}), &[]),
        grant("report", "group/2"),
    ];
    let sorted = |mut directory: Directory| {
        directory.most = 2;
        directory
    };
    let without_preparing = |mut directory: Directory| {
        (directory.can_prepare, directory.can_batch) = (false, false);
        directory
    };
    for directory in [sorted(directory(&["old"])), without_preparing(directory(&["old"]))] {
        let place = Place::new();
        let (_, _, reports) = place.preview(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Planned; 6], "{reports:#?}");
        let shown = serde_json::to_value(&reports[0].changes).unwrap();
        assert!(shown.to_string().contains("boss (created by operation 2)"), "{shown}");
        let (applied, reports) = place.carry_out(&directory, &plan).await;
        assert!(applied.error.is_none());
        assert_eq!(outcomes(&reports), [Applied; 6], "{reports:#?}");
        for (name, boss) in [("report", "boss"), ("deputy", "boss"), ("boss", "chair"), ("old", "deputy")] {
            assert_eq!(boss_of(&directory, name), id_of(&directory, boss), "{name}");
        }
        let shown = serde_json::to_value(&reports[0].changes).unwrap();
        assert!(shown.to_string().contains(id_of(&directory, "boss").as_str().unwrap()), "{shown}");
        // Now the accounts exist, and their names stand for their ids.
        let (_, reports) = Place::new().carry_out(&directory, &plan[..4]).await;
        let chair = boss_of(&directory, "boss");
        assert_eq!(outcomes(&reports)[..2], [Unchanged; 2], "{chair} {reports:#?}");
        assert_eq!(outcomes(&reports)[3], Unchanged, "{reports:#?}");
    }
}

#[tokio::test]
async fn accounts_that_name_each_other_are_refused_and_say_so() {
    let directory = directory(&["old"]);
    let plan = [
        create("a", json!({"Boss": "b"}), &[]),
        create("b", json!({"Boss": "a"}), &[]),
        create("c", json!({"Boss": "a"}), &[]),
        create("self", json!({"Boss": "self"}), &[]),
        grant("a", "group/1"),
        create("fine", json!({"Boss": "old"}), &[]),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Failed, Failed, Failed, Failed, Failed, Applied], "{reports:#?}");
    assert!(message(&reports[0]).contains("operations 0 and 1"), "{reports:#?}");
    assert_eq!(message(&reports[0]), message(&reports[1]));
    assert!(message(&reports[2]).contains("not done: operation 0"), "{reports:#?}");
    assert!(message(&reports[3]).contains("itself"), "{reports:#?}");
    assert!(message(&reports[4]).contains("not done: operation 0"), "{reports:#?}");
}

#[tokio::test]
async fn what_names_an_account_that_is_not_created_is_not_sent() {
    let plan = [
        create("report", json!({"Boss": "boss"}), &[]),
        create("boss", json!({"Title": "x"}), &[]),
        update("old", json!({"Boss": "report"})),
    ];
    let mut directory = directory(&["old"]);
    directory.single = Arc::new(|operation, _| match &operation.change {
        connector_core::Change::Create { name, .. } if name == "boss" => {
            Fate::Refused(Error::new(ErrorKind::Invalid, "the directory has no room"))
        }
        _ => Fate::Done,
    });
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Failed; 3], "{reports:#?}");
    assert!(message(&reports[0]).contains("not done: operation 1"), "{reports:#?}");
    assert!(message(&reports[2]).contains("not done: operation 0"), "{reports:#?}");
    assert!(directory.server().changes.is_empty());

    let refused = [create("report", json!({"Boss": "boss"}), &[]), create("boss", json!({"Unknown": 1}), &[])];
    let (_, _, reports) = Place::new().preview(&directory, &refused).await;
    assert_eq!(outcomes(&reports), [Failed; 2], "{reports:#?}");
    assert!(message(&reports[0]).contains("not done: operation 1"), "{reports:#?}");
}

#[tokio::test]
async fn an_interrupted_plan_fills_in_the_ids_of_accounts_that_an_earlier_job_created() {
    let plan = [create("report", json!({"Boss": "boss"}), &["group/1"]), create("boss", json!({"Title": "x"}), &[])];
    for first in [Fate::LostAfter, Fate::LostBefore] {
        let mut directory = directory(&[]);
        let is_lost = matches!(first, Fate::LostAfter);
        directory.whole = Arc::new(move |number| match number {
            0 if is_lost => Fate::LostAfter,
            0 => Fate::Done,
            _ => Fate::Refused(Error::new(ErrorKind::Unavailable, "not now")),
        });
        let place = Place::new();
        let (applied, reports) = place.carry_out(&directory, &plan).await;
        assert!(applied.error.is_some());
        assert_eq!(outcomes(&reports), [Planned, Applied], "{reports:#?}");
        directory.whole = Arc::new(|_| Fate::Done);
        let again = place.begin(&directory, &plan);
        assert_eq!(again.earlier(), Earlier::Interrupted);
        let (_, reports) = place.finish(again).await;
        assert_eq!(outcomes(&reports), [Applied; 2], "{reports:#?}");
        assert_eq!(boss_of(&directory, "report"), id_of(&directory, "boss"));
    }
}

#[tokio::test]
async fn accounts_that_wait_for_others_still_fill_batches() {
    let mut plan = Vec::new();
    for number in 0..20 {
        plan.push(create(&format!("report{number}"), json!({"Boss": format!("boss{number}")}), &[]));
        plan.push(create(&format!("boss{number}"), json!({"Title": "x"}), &[]));
    }
    let directory = directory(&[]);
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert!(reports.iter().all(|report| report.outcome == Applied), "{reports:#?}");
    assert_eq!(directory.server().calls, [10; 4]);
}

#[tokio::test]
async fn an_account_that_the_plan_renames_is_named_as_it_was() {
    let directory = directory(&["bob"]);
    let plan = [update("bob", json!({"Login": "Robert"})), grant("robert", "group/1")];
    let (_, _, reports) = Place::new().preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Planned, Failed]);
    let help = reports[1].error.as_ref().unwrap().help.clone().unwrap();
    assert!(help.contains("operation 0 gives this name to `bob`"), "{help}");
}

#[tokio::test]
async fn whoever_names_an_account_that_the_plan_deletes_and_creates_again_gets_the_new_one() {
    let without_preparing = |mut directory: Directory| {
        (directory.can_prepare, directory.can_batch) = (false, false);
        directory
    };
    for directory in [directory(&["boss", "old"]), without_preparing(directory(&["boss", "old"]))] {
        let former = id_of(&directory, "boss");
        let plan = [
            update("old", json!({"Boss": "boss"})),
            delete("boss"),
            create("boss", json!({"Title": "x"}), &[]),
            create("report", json!({"Boss": "BOSS"}), &[]),
        ];
        let (applied, reports) = Place::new().carry_out(&directory, &plan).await;
        assert!(applied.error.is_none());
        assert_eq!(outcomes(&reports), [Applied; 4], "{reports:#?}");
        let boss = id_of(&directory, "boss");
        assert_ne!(boss, former);
        for name in ["old", "report"] {
            assert_eq!(boss_of(&directory, name), boss, "{name}");
        }
    }
}
