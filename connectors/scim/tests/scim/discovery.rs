//! What a server says about itself, and what users become.

use crate::server::{Server, Traits, World, accounts, entitlements};
use connector_core::{AttributeMeaning, AttributeType, Cursor, TestReport, Writable};
use serde_json::json;

#[tokio::test]
async fn a_server_that_says_nothing_about_itself_is_read_by_the_standard_with_a_warning() {
    let server = Server::start(Traits { discovery: false, ..Traits::default() }, World::of(30, &[&[1]])).await;
    let connector = server.open(&json!({}));
    let page = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    assert_eq!(page.items().len(), 30);
    assert!(page.warnings()[0].contains("no ServiceProviderConfig and no ResourceTypes and no Schemas"), "{page:?}");
    let schema = connector.schema();
    assert!(schema.open && schema.attribute("name.familyName").is_some());
}

#[tokio::test]
async fn attributes_have_flat_names_and_the_types_of_the_schemas() {
    let mut world = World::of(1, &[]);
    world.users[0]["urn:acme:2.0:User"] = json!({"badge": "007", "level": 3});
    world.users[0]["roles"] = json!({"value": "a single one"});
    let server = Server::start(Traits::default(), world).await;
    let connector = server.open(&json!({}));
    let account = accounts(&*connector).await.unwrap().remove(0);
    assert_eq!(account.name, "user0@acme.example");
    assert_eq!(account.display_name.as_deref(), Some("User 0"));
    let value = |name: &str| account.attributes.get::<serde_json::Value>(name);
    assert_eq!(value("name.givenName"), Some(json!("User")));
    assert_eq!(value("urn:acme:2.0:User:badge"), Some(json!("007")));
    assert_eq!(value("roles"), Some(json!([{"value": "a single one"}])));
    assert_eq!(value("meta.created"), Some(json!("2026-01-01T12:00:00Z")));
    assert_eq!(value("active"), None, "it is `enabled`");
    let schema = connector.schema();
    assert!(!schema.open && schema.attribute("password").is_none());
    let level = schema.attribute("urn:acme:2.0:User:level").unwrap();
    assert_eq!((level.attribute_type, level.writable), (AttributeType::Integer, Writable::Never));
    let manager = schema.meaning(AttributeMeaning::Manager).unwrap();
    assert_eq!(manager.attribute_type, AttributeType::Reference);
    assert_eq!(schema.meaning(AttributeMeaning::LoginName).unwrap().name, "userName");
}

#[tokio::test]
async fn what_no_schema_describes_comes_back_byte_for_byte() {
    let server = Server::start(Traits::default(), World::of(1, &[])).await;
    let odd = r#"{"totalResults": 1, "Resources": [{"id": "1", "userName": "x", "urn:x:1.0:User": {"n": 12345678901234567890.10, "o": {"b":1,"a":[ 2]}}}]}"#;
    server.answer("/Users", 1, wiremock::ResponseTemplate::new(200).set_body_raw(odd, "application/scim+json"));
    let connector = server.open(&json!({}));
    let account = accounts(&*connector).await.unwrap().remove(0);
    let text = account.attributes.as_str();
    assert!(text.contains("12345678901234567890.10") && text.contains("[ 2]"), "{text}");
    assert!(connector.schema().attribute("urn:x:1.0:User:n").is_some());
}

#[tokio::test]
async fn excluded_attributes_are_neither_asked_for_nor_read() {
    let server = Server::start(Traits::default(), World::of(1, &[])).await;
    let connector = server.open(&json!({"attributes": {"exclude": ["emails", "name"]}}));
    let account = accounts(&*connector).await.unwrap().remove(0);
    assert!(!account.attributes.as_str().contains("email") && !account.attributes.as_str().contains("name."));
    assert!(connector.schema().attribute("emails").is_none());
    assert!(server.lines().await.iter().any(|line| line.contains("excludedAttributes=emails%2Cname")));
}

#[tokio::test]
async fn active_may_be_a_text_or_missing_but_nothing_else() {
    let mut world = World::of(3, &[]);
    world.users[0]["active"] = json!("False");
    world.users[1].as_object_mut().unwrap().remove("active");
    let server = Server::start(Traits::default(), world).await;
    let read = accounts(&*server.open(&json!({}))).await.unwrap();
    assert_eq!((read[0].enabled, read[1].enabled), (false, true));
    server.world().users[2]["active"] = json!("perhaps");
    assert!(accounts(&*server.open(&json!({}))).await.unwrap_err().to_string().contains("`active`"));
}

#[tokio::test]
async fn roles_of_users_are_entitlements_if_the_settings_say_so() {
    let mut world = World::of(30, &[&[]]);
    world.users[3]["roles"] = json!([{"value": "admin", "display": "Administrator"}, {"value": "admin"}]);
    world.users[4]["roles"] = json!(["plain"]);
    let server = Server::start(Traits { cap: 10, ..Traits::default() }, world).await;
    let connector = server.open(&json!({"entitlements": ["Group", "roles"]}));
    let mut names: Vec<_> =
        entitlements(&*connector).await.unwrap().iter().map(|one| format!("{} {}", one.key, one.name)).collect();
    names.sort_unstable();
    assert_eq!(names, ["group/g0 Group 0", "role/admin Administrator", "role/plain plain"]);
    let read = accounts(&*connector).await.unwrap();
    let held: Vec<_> =
        read.iter().find(|one| one.id == "u00003").unwrap().entitlements.iter().map(ToString::to_string).collect();
    assert_eq!(held, ["role/admin"]);
}

#[tokio::test]
async fn the_connection_test_shows_what_the_server_can_do() {
    let traits = Traits { cap: 20, etag: false, ..Traits::default() };
    let server = Server::start(traits, World::of(130, &[&[1, 2]])).await;
    let mut report = TestReport::new();
    server.open(&json!({})).test_connection(&mut report).await;
    let shown: Vec<String> = report
        .steps()
        .iter()
        .map(|step| format!("{} {:?} {}", step.name, step.status, step.detail.clone().unwrap()))
        .collect();
    assert_eq!(
        shown[1..],
        [
            "discovery Passed resource types User, Group; with PATCH, filters, sorting; without ETags",
            "accounts Passed 130 users, 20 a page although 100 were asked for",
            "entitlements Passed 1 of type Group",
            "members Passed a Group with 2 members",
            "lookup Passed users are found by id and login name, 20 in one request",
        ]
    );
}
