//! Promise: a preview shows what every operation comes to before anything is sent.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::ErrorKind;
use connector_engine::aggregate::{Options, run};
use connector_engine::provision::Standing::{Applied, Failed, Planned, Unchanged};
use connector_engine::provision::{Earlier, ValueChange};
use connector_engine::query::OperationReport;
use provision_fake::{
    Directory, Place, create, delete, disable, enable, grant, lock, outcomes, reference, revoke, set_password, unlock,
    update,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The changes of an operation, as machine output has them.
fn changes(report: &OperationReport) -> Value {
    serde_json::to_value(&report.changes).unwrap()
}

fn problem(report: &OperationReport) -> (ErrorKind, &str, &str) {
    let error = report.error.as_ref().unwrap();
    (error.kind, &error.message, error.help.as_deref().unwrap_or_default())
}

#[tokio::test]
async fn each_operation_tells_what_it_changes_value_by_value() {
    let directory = Directory::of(&["bob"]);
    directory.server().person("bob").attributes = json!({"Title": "Clerk", "Number": 5}).as_object().unwrap().clone();
    directory.server().person("bob").held.insert(reference("group/1"));
    let place = Place::new();
    let plan = [
        create("jane", json!({"Title": "Boss", "Phone": null}), &["group/2"]),
        update("bob", json!({"Title": null, "Number": 5.0, "Phone": ""})),
        grant("bob", "group/group 2"),
        revoke("bob", "group/1"),
        disable("bob"),
        lock("bob"),
        set_password("bob", None),
    ];
    let (_, preview, reports) = place.preview(&directory, &plan).await;
    assert!(preview.changed.is_empty());
    assert_eq!(outcomes(&reports), [Planned; 7]);
    let group = |id: &str, name: &str, to: bool| json!([{"entitlement": {"type": "group", "id": id}, "name": name, "from": !to, "to": to}]);
    let mut made = json!([{"attribute": "Title", "from": null, "to": "Boss"}]);
    made.as_array_mut().unwrap().extend(group("2", "group 2", true).as_array().unwrap().clone());
    assert_eq!(changes(&reports[0]), made);
    assert_eq!(changes(&reports[1]), json!([{"attribute": "Title", "from": "Clerk", "to": null}]));
    assert_eq!(changes(&reports[2]), group("2", "group 2", true));
    assert_eq!(changes(&reports[3]), group("1", "group 1", false));
    assert_eq!(changes(&reports[4]), json!([{"attribute": "enabled", "from": true, "to": false}]));
    assert_eq!(changes(&reports[5]), json!([{"attribute": "locked", "from": false, "to": true}]));
    assert_eq!(changes(&reports[6]), json!([{"attribute": "password", "from": null, "to": "(reset)"}]));
    assert_eq!(reports[1].account, "A0001");
    assert_eq!(directory.server().calls.len(), 0, "a preview changes nothing");
}

#[tokio::test]
async fn what_is_so_already_is_unchanged_and_never_sent() {
    let directory = Directory::of(&["bob"]);
    directory.server().person("bob").held.insert(reference("group/1"));
    directory.server().person("bob").attributes.insert("Hidden".to_owned(), json!("x"));
    let place = Place::new();
    let plan = [
        update("bob", json!({"Hidden": "x", "Title": null})),
        grant("bob", "group/1"),
        revoke("bob", "group/2"),
        enable("bob"),
        unlock("bob"),
        delete("nobody"),
        create("bob", json!({"Hidden": "x"}), &["group/1"]),
    ];
    let (applied, reports) = place.carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), [Unchanged; 7]);
    assert!(reports.iter().all(|report| report.detail.is_some() && report.changes.is_empty()));
    assert_eq!(directory.server().calls.len(), 0);
}

#[tokio::test]
async fn what_will_be_refused_fails_beforehand() {
    let directory = Directory::of(&["bob", "eve", "twin", "twin"]);
    let double = provision_fake_entitlement();
    directory.server().entitlements.extend(double);
    let place = Place::new();
    let plan = [
        update("bob", json!({"Unknown": 1})),
        update("nobody", json!({"Title": "x"})),
        grant("bob", "group/nothing"),
        grant("bob", "team/1"),
        grant("bob", "group/Twins"),
        update("twin", json!({"Title": "x"})),
        create("eve", json!({"Title": "Boss"}), &[]),
        create("eve2", json!({}), &["group/nothing"]),
        set_password("bob", Some("env:CONNECTOR_TEST_NOT_SET_AT_ALL")),
        update("bob", json!({"Title": "fine"})),
    ];
    let (applied, reports) = place.carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports[..9]), [Failed; 9]);
    assert_eq!(reports[9].outcome, Applied, "one failure leaves the others alone");
    assert_eq!(problem(&reports[1]).0, ErrorKind::NotFound);
    assert_eq!(problem(&reports[3]).0, ErrorKind::NotFound);
    assert!(problem(&reports[3]).2.contains("group, license, permission"), "{:?}", reports[3].error);
    assert!(problem(&reports[4]).2.contains("`group/t1`, `group/t2`"), "{:?}", reports[4].error);
    assert!(problem(&reports[5]).2.contains("`A0003` (twin), `A0004` (twin)"), "{:?}", reports[5].error);
    assert_eq!(problem(&reports[6]).0, ErrorKind::AlreadyExists);
    assert_eq!(problem(&reports[8]).0, ErrorKind::Secret);
    assert_eq!(directory.server().calls, [1]);
}

#[tokio::test]
async fn a_digest_is_a_sha_256_that_changes_with_the_result() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let (_, first, _) = place.preview(&directory, &[update("bob", json!({"Title": "a"}))]).await;
    let (_, second, _) = place.preview(&directory, &[update("bob", json!({"Title": "b"}))]).await;
    for digest in [&first.digest, &second.digest] {
        assert!(digest.len() == 64 && digest.chars().all(|c| c.is_ascii_hexdigit()), "{digest}");
    }
    assert_ne!(first.digest, second.digest);
}

#[tokio::test]
async fn a_digest_is_the_sha_256_of_the_system_and_of_what_each_operation_shows() {
    let directory = Directory::of(&["bob", "eve"]);
    let place = Place::new();
    let plan = [update("bob", json!({"Title": "a"})), disable("eve"), update("nobody", json!({"Title": "b"}))];
    let (provisioning, _, reports) = place.preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Planned, Planned, Failed]);
    drop(provisioning);
    let store = place.connection();
    store.execute("UPDATE sources SET instance = 'ORG-1'", []).unwrap();
    let again = place.preview(&directory, &plan).await.1.digest;
    let shown: String = store
        .query_row(
            "SELECT string_agg(foreseen || outcome, '' ORDER BY number) FROM operations WHERE part = 0",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let whole = openssl::sha::sha256(format!("ORG-1{shown}").as_bytes());
    assert_eq!(again, whole.map(|byte| format!("{byte:02x}")).concat());
    // Of one operation: each part with its length in front, so that no text can move from one part into the next.
    let part = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let nothing = u64::MAX.to_le_bytes().to_vec();
    let message = reports[2].error.as_ref().unwrap().message.as_str();
    let parts = [part("failed"), nothing.clone(), nothing, part(message)].concat();
    let expected = openssl::sha::sha256(&parts).map(|byte| format!("{byte:02x}")).concat();
    assert!(shown.contains(&expected), "{shown}");
}

#[tokio::test]
async fn a_create_names_every_unknown_entitlement_and_what_else_is_wrong() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [
        create("eve", json!({"Refused": 1}), &["group/one", "group/1", "team/2", "group/three"]),
        create("eve2", json!({}), &["group/1"]),
    ];
    let (_, _, reports) = place.preview(&directory, &plan).await;
    let (kind, message, help) = problem(&reports[0]);
    assert_eq!(kind, ErrorKind::NotFound);
    for part in ["`group/one`", "`team`", "`group/three`"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("`group/1`") && help.contains("check the spelling"), "{message}; {help}");
    assert_eq!(reports[1].outcome, Planned);
}

fn provision_fake_entitlement() -> Vec<connector_core::Entitlement> {
    ["group/t1", "group/t2"].map(|written| connector_core::Entitlement::new(reference(written), "Twins")).to_vec()
}

#[tokio::test]
async fn operations_on_one_account_are_simulated_one_after_the_other() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [
        update("bob", json!({"Title": "a"})),
        update("A0001", json!({"Title": "b"})),
        update("bob", json!({"Title": "b"})),
        grant("A0001", "group/1"),
        revoke("bob", "group/1"),
        delete("bob"),
        update("A0001", json!({"Title": "c"})),
    ];
    let (_, _, reports) = place.preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Planned, Planned, Unchanged, Planned, Planned, Planned, Failed]);
    assert_eq!(changes(&reports[1]), json!([{"attribute": "Title", "from": "a", "to": "b"}]));
    assert_eq!(changes(&reports[4])[0]["from"], true);
}

#[tokio::test]
async fn what_follows_a_create_is_done_on_the_new_account() {
    let directory = Directory::of(&[]);
    let place = Place::new();
    let plan = [
        create("Jane", json!({"Title": "a"}), &["group/1"]),
        update("jane", json!({"Title": "b"})),
        grant("Jane", "group/2"),
        disable("Jane"),
    ];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 4]);
    assert!(reports.iter().all(|report| report.account == "A0001"));
    let jane = directory.server().person("Jane").clone();
    assert_eq!((jane.attributes["Title"].as_str(), jane.held.len(), jane.disabled), (Some("b"), 2, true));
}

#[tokio::test]
async fn what_follows_a_create_that_cannot_be_done_fails_as_not_done() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [
        create("jane", json!({"Unknown": "a"}), &[]),
        grant("jane", "group/2"),
        create("joe", json!({"Refused": "only when it is sent"}), &["group/1"]),
        grant("joe", "group/2"),
        grant("bob", "group/2"),
    ];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Failed, Failed, Failed, Failed, Applied]);
    assert!(problem(&reports[1]).1.contains("not done: operation 0"), "{:?}", reports[1].error);
    assert!(problem(&reports[2]).1.contains("refuses the value"), "{:?}", reports[2].error);
    assert!(problem(&reports[3]).1.contains("not done: operation 2"), "{:?}", reports[3].error);
}

#[tokio::test]
async fn accounts_whose_ids_differ_in_case_alone_are_two_accounts() {
    let directory = Directory::of(&[]);
    for id in ["00aB", "00ab"] {
        let name = format!("name of {id}");
        directory
            .server()
            .accounts
            .insert(id.to_owned(), provision_fake::Person { name, ..provision_fake::Person::default() });
    }
    let place = Place::new();
    let plan = [update("00aB", json!({"Title": "one"})), update("00ab", json!({"Title": "other"}))];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 2]);
    let server = directory.server();
    let title = |id: &str| server.accounts[id].attributes["Title"].clone();
    assert_eq!((title("00aB"), title("00ab")), (json!("one"), json!("other")));
}

#[tokio::test]
async fn a_second_preview_tells_what_comes_out_otherwise_now() {
    let directory = Directory::of(&["bob", "eve"]);
    let place = Place::new();
    let plan = [update("bob", json!({"Title": "a"})), update("eve", json!({"Title": "a"})), grant("A0001", "group/1")];
    let (first, before, _) = place.preview(&directory, &plan).await;
    assert_eq!(first.earlier(), Earlier::Previewed);
    let id = first.id();
    drop(first);

    directory.server().person("bob").attributes.insert("Unrelated".to_owned(), json!(1));
    let (again, same, _) = place.preview(&directory, &plan).await;
    assert_eq!((again.id(), &same.digest), (id, &before.digest));
    assert!(same.changed.is_empty(), "{:?}", same.changed);
    drop(again);

    directory.server().person("bob").attributes.insert("Title".to_owned(), json!("z"));
    let (third, other, _) = place.preview(&directory, &plan).await;
    assert_ne!(other.digest, before.digest);
    assert_eq!(other.changed.len(), 1);
    let changed = &other.changed[0];
    assert_eq!(changed.operation, 0);
    let title = |from: Value| ValueChange::Attribute { attribute: "Title".to_owned(), from, to: json!("a") };
    assert_eq!(
        (&changed.before.changes[..], &changed.now.changes[..]),
        (&[title(Value::Null)][..], &[title(json!("z"))][..])
    );
    drop(third);

    let (_, last, _) = place.preview(&directory, &plan).await;
    assert!(last.changed.is_empty(), "it was shown");
    assert_eq!(last.digest, other.digest);
}

#[tokio::test]
async fn a_name_that_changes_hands_between_previews_is_followed() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let plan = [update("A0001", json!({"Title": "a"})), update("bob", json!({"Title": "b"}))];
    drop(place.preview(&directory, &plan).await);
    directory.server().person("bob").name = "robert".to_owned();
    directory.server().add("bob");
    let (provisioning, preview, _) = place.preview(&directory, &plan).await;
    assert_eq!(preview.changed.iter().map(|one| one.operation).collect::<Vec<_>>(), [1]);
    let (_, reports) = place.finish(provisioning).await;
    assert_eq!(outcomes(&reports), [Applied; 2]);
    assert_eq!(directory.server().person("robert").attributes["Title"], "a");
    assert_eq!(directory.server().person("bob").attributes["Title"], "b");
}

#[tokio::test]
async fn seats_that_were_taken_since_make_a_preview_another_one() {
    let directory = Directory::of(&["bob", "eve"]);
    directory.server().seats.insert(reference("license/1"), 1);
    let place = Place::new();
    let plan = [grant("bob", "license/1"), grant("bob", "license/1")];
    drop(place.preview(&directory, &plan).await);
    assert!(place.preview(&directory, &plan).await.1.changed.is_empty());
    directory.server().person("eve").held.insert(reference("license/1"));
    let (_, preview, reports) = place.preview(&directory, &plan).await;
    assert_eq!(reports[0].outcome, Failed);
    assert_eq!(preview.changed[0].operation, 0);
    let (before, now) = (&preview.changed[0].before, &preview.changed[0].now);
    assert_eq!((before.changes.len(), before.outcome, now.changes.len(), now.outcome), (1, Planned, 0, Failed));
    assert!(now.reason.as_ref().unwrap().contains("no free seat"), "{now:?}");
    assert!(place.preview(&directory, &plan).await.1.changed.is_empty(), "it was shown");
}

#[tokio::test]
async fn what_a_failed_preview_found_is_told_by_the_next_one() {
    let names: Vec<String> = (0..30).map(|number| format!("user{number}")).collect();
    let mut directory = Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let place = Place::new();
    let plan: Vec<_> = names.iter().map(|name| update(name, json!({"Title": "a"}))).collect();
    drop(place.preview(&directory, &plan).await);
    directory.server().person("user0").attributes.insert("Title".to_owned(), json!("z"));
    let before = directory.server().reads;
    directory.reading = Arc::new(move |read| {
        let down = connector_core::Error::new(ErrorKind::Unavailable, "down");
        (read >= before + 8).then_some(down)
    });
    let mut broken = place.begin(&directory, &plan);
    let stop = CancellationToken::new();
    assert_eq!(broken.preview(|_| {}, &stop).await.unwrap_err().kind(), ErrorKind::Unavailable);
    drop(broken);
    directory.reading = Arc::new(|_| None);
    let (_, preview, _) = place.preview(&directory, &plan).await;
    assert_eq!(preview.changed.iter().map(|one| one.operation).collect::<Vec<_>>(), [0]);
}

#[tokio::test]
async fn a_create_of_a_disabled_account_says_that_it_is_disabled_and_what_differs() {
    let directory = Directory::of(&["frank", "grace", "henry"]);
    for name in ["frank", "grace", "henry"] {
        let mut server = directory.server();
        let person = server.person(name);
        person.disabled = true;
        person.attributes.insert("Title".to_owned(), json!("Clerk"));
    }
    let plan = [
        create("frank", json!({"Title": "Manager"}), &["group/1"]),
        create("grace", json!({"Title": "Clerk"}), &[]),
        create("henry", json!({"Title": "Clerk", "Vip": false}), &[]),
    ];
    let (_, _, reports) = Place::new().preview(&directory, &plan).await;
    let error = |place: usize| reports[place].error.as_ref().unwrap();
    let parts = ["is disabled", "`Title` is \"Clerk\", not \"Manager\"", "does not hold"];
    assert!(parts.iter().all(|part| error(0).message.contains(part)), "{:?}", error(0));
    let help = error(0).help.as_deref().unwrap();
    assert!(["`enable`", "`update`", "`grant`"].iter().all(|verb| help.contains(verb)), "{help}");
    assert_eq!(error(1).message, "`grace` already exists and is disabled");
    assert!(error(1).help.as_deref().unwrap().contains("`enable`"));
    assert!(reports[2].error.as_ref().is_none_or(|error| !error.message.contains("disabled")), "{:?}", reports[2]);
}

#[tokio::test]
async fn a_create_of_a_disabled_account_says_since_when_as_far_as_the_runs_know() {
    let directory = Directory::of(&["frank", "grace", "henry"]);
    let place = Place::new();
    let read = || async {
        let (options, stop) = (Options::default(), CancellationToken::new());
        assert!(run(&place.store, directory.opened(), options, |_| {}, stop).await.unwrap().error.is_none());
    };
    directory.server().person("grace").disabled = true;
    read().await;
    directory.server().person("frank").disabled = true;
    read().await;
    // It comes after the newest run.
    directory.server().person("henry").disabled = true;
    let plan = ["frank", "grace", "henry"].map(|name| create(name, json!({}), &[]));
    let (_, _, reports) = place.preview(&directory, &plan).await;
    let help = |number: usize| reports[number].error.as_ref().unwrap().help.clone().unwrap();
    assert!(help(0).starts_with("it was found disabled on 20"), "{}", help(0));
    assert!(help(1).starts_with("it was already disabled on 20"), "{}", help(1));
    assert!(help(2).starts_with("if it is the same person"), "{}", help(2));
}
