//! Promise: a value that names an account is that account's id before anything is sent, or the operation fails.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{AttributeMeaning, AttributeSchema, Writable};
use connector_engine::provision::Standing::{Applied, Failed, Planned, Unchanged};
use provision_fake::{Directory, Place, create, outcomes, update};
use serde_json::{Value, json};

/// Doesn't prepare operations, so the engine finds the accounts.
fn directory() -> Directory {
    let mut directory = Directory::of(&["a", "b", "c", "twin", "twin"]);
    directory.can_prepare = false;
    directory.most_accounts = 200;
    let mut deputies = AttributeSchema::account("Deputies").writable(Writable::Always);
    deputies.multi = true;
    let manager = AttributeSchema::text("Boss").means(AttributeMeaning::Manager).writable(Writable::Always);
    let place = AttributeSchema::reference("Place").writable(Writable::Always);
    directory.further = vec![deputies, manager, place];
    directory
}

fn value(directory: &Directory, name: &str, attribute: &str) -> Value {
    directory.server().person(name).attributes.get(attribute).cloned().unwrap_or_default()
}

fn id(directory: &Directory, name: &str) -> String {
    let server = directory.server();
    server.accounts.iter().find(|(_, person)| person.name == name).unwrap().0.clone()
}

#[tokio::test(start_paused = true)]
async fn a_name_becomes_the_id_that_is_shown_and_sent() {
    let directory = directory();
    let b = id(&directory, "b");
    let plan = [
        update("a", json!({"Boss": "b", "Deputies": ["c", &b], "Place": "b"})),
        create("new", json!({"Boss": &b}), &[]),
    ];
    let (_, _, reports) = Place::new().preview(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Planned; 2], "{reports:#?}");
    let shown = serde_json::to_value(&reports[0].changes).unwrap();
    assert!(shown.as_array().unwrap().contains(&json!({"attribute": "Boss", "from": null, "to": b})), "{shown}");
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 2], "{reports:#?}");
    assert_eq!(value(&directory, "a", "Boss"), json!(b));
    assert_eq!(value(&directory, "a", "Deputies"), json!([id(&directory, "c"), b]));
    assert_eq!(value(&directory, "a", "Place"), json!("b"), "a reference to something else is not an account");
    assert_eq!(value(&directory, "new", "Boss"), json!(b));
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Unchanged; 2], "{reports:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_names_no_account_or_several_is_refused_before_anything_is_sent() {
    let directory = directory();
    let plan = [
        update("a", json!({"Boss": "nobody"})),
        update("b", json!({"Deputies": ["c", "twin"]})),
        create("new", json!({"Boss": "nobody"}), &[]),
    ];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Failed; 3]);
    let said = |number: usize| {
        let error = reports[number].error.clone().unwrap();
        (error.message, error.help.unwrap())
    };
    assert_eq!(said(0).0, "`Boss`: `directory` has no account `nobody`");
    assert!(said(0).1.starts_with("write the id or the name of an account"), "{}", said(0).1);
    assert_eq!(said(1).0, "`Deputies`: several accounts have the name `twin`");
    assert!(said(1).1.starts_with("use an id: "), "{}", said(1).1);
    assert!(directory.server().changes.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_the_same_plan_creates_can_be_named() {
    let directory = directory();
    let plan = [update("a", json!({"Boss": "chief"})), create("chief", json!({}), &[])];
    let (_, reports) = Place::new().carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied; 2], "{reports:#?}");
    assert_eq!(value(&directory, "a", "Boss"), json!(id(&directory, "chief")));
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_prepares_operations_finds_accounts_itself() {
    let mut directory = directory();
    directory.can_prepare = true;
    let (_, _, reports) = Place::new().preview(&directory, &[update("a", json!({"Boss": "nobody"}))]).await;
    assert_eq!(outcomes(&reports), [Planned]);
    assert_eq!(directory.server().reads, 1, "nothing is looked up twice");
}
