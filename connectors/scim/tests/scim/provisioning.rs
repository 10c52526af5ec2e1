//! Changes of users and members.

use crate::server::{Server, Traits, World};
use connector_core::{Change, EntitlementRef, ErrorKind, Operation, Outcome};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn grant(user: u64, group: &str) -> Operation {
    Operation::new(format!("u{user:05}"), Change::grant(EntitlementRef::new("group", group.to_owned()), None))
}

fn revoke(user: u64, group: &str) -> Operation {
    Operation::new(format!("u{user:05}"), Change::revoke(EntitlementRef::new("group", group.to_owned())))
}

fn set(values: &Value) -> Change {
    Change::set(values.as_object().unwrap().clone())
}

#[tokio::test]
async fn a_new_user_gets_its_password_in_the_same_request_and_its_extensions_their_schemas() {
    let server = Server::start(Traits::default(), World::of(1, &[])).await;
    let attributes: Map<_, _> =
        json!({"name.familyName": "Roe", "title": null, "urn:acme:2.0:User:badge": "7"}).as_object().unwrap().clone();
    let create = Change::create("jane", attributes, Vec::new(), Some("s3cret".into()));
    let outcome = server.open(&json!({})).provision(&Operation::new("", create)).await.unwrap();
    assert_eq!(outcome, Outcome::applied("u00001"));
    assert_eq!(
        server.bodies("POST").await,
        [
            json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:acme:2.0:User"], "userName": "jane", "active": true,
            "name": {"familyName": "Roe"}, "urn:acme:2.0:User": {"badge": "7"}, "password": "s3cret"})
        ]
    );
}

#[tokio::test]
async fn an_update_sends_only_what_differs_with_the_version_that_it_read() {
    let server = Server::start(Traits::default(), World::of(2, &[])).await;
    let connector = server.open(&json!({}));
    let update = set(&json!({"name.givenName": "User", "title": "Boss", "displayName": null}));
    connector.provision(&Operation::new("u00001", update)).await.unwrap();
    assert_eq!(
        server.bodies("PATCH").await[0]["Operations"],
        json!([{"op": "replace", "path": "title", "value": "Boss"}, {"op": "remove", "path": "displayName"}])
    );
    let again = connector.provision(&Operation::new("u00001", set(&json!({"title": "Boss"})))).await.unwrap();
    assert!(matches!(again, Outcome::Unchanged { .. }));
    assert_eq!(server.bodies("PATCH").await.len(), 1);
}

#[tokio::test]
async fn values_are_added_to_lists_and_removed_from_them() {
    for write in [json!({}), json!({"users": "put"})] {
        let server = Server::start(Traits::default(), World::of(2, &[])).await;
        let connector = server.open(&json!({"write": write}));
        let of = |value: Value| BTreeMap::from([("emails".to_owned(), vec![value])]);
        let add = Change::update(Map::new(), of(json!({"value": "b@acme.example"})), BTreeMap::new());
        connector.provision(&Operation::new("u00001", add)).await.unwrap();
        let remove = Change::update(Map::new(), BTreeMap::new(), of(json!("user1@acme.example")));
        connector.provision(&Operation::new("u00001", remove)).await.unwrap();
        assert_eq!(server.world().get("Users", "u00001").unwrap()["emails"], json!([{"value": "b@acme.example"}]));
    }
}

#[tokio::test]
async fn a_user_that_changes_in_between_is_read_and_changed_again() {
    for write in ["patch", "put"] {
        let server = Server::start(Traits::default(), World::of(2, &[])).await;
        let connector = server.open(&json!({"write": {"users": write}}));
        server.answer(&format!("{} ", write.to_uppercase()), 1, crate::server::refusal(412, None, "another version"));
        let outcome = connector.provision(&Operation::new("u00001", Change::Disable)).await.unwrap();
        assert_eq!(outcome, Outcome::applied("u00001"));
        assert_eq!(server.world().get("Users", "u00001").unwrap()["active"], false);
    }
}

#[tokio::test]
async fn case_11_a_server_without_patch_gets_whole_users_and_groups_without_a_switch() {
    let server = Server::start(Traits { patch: false, ..Traits::default() }, World::of(5, &[&[1, 2]])).await;
    let connector = server.open(&json!({}));
    connector.provision(&Operation::new("u00001", set(&json!({"urn:acme:2.0:User:badge": "7"})))).await.unwrap();
    connector.provision(&grant(3, "g0")).await.unwrap();
    connector.provision(&revoke(1, "g0")).await.unwrap();
    assert_eq!(server.world().members("g0"), ["u00002", "u00003"]);
    let user = server.world().get("Users", "u00001").unwrap().clone();
    assert_eq!(user["urn:acme:2.0:User"], json!({"badge": "7"}));
    assert_eq!(user["displayName"], "User 1", "the rest stays");
    assert!(server.bodies("PATCH").await.is_empty());
}

#[tokio::test]
async fn a_group_that_is_replaced_keeps_members_that_are_shown_only_on_request() {
    let traits = Traits { patch: false, members_on_request: true, ..Traits::default() };
    let server = Server::start(traits, World::of(5, &[&[1, 2]])).await;
    let connector = server.open(&json!({}));
    connector.provision(&grant(3, "g0")).await.unwrap();
    assert_eq!(server.world().members("g0"), ["u00001", "u00002", "u00003"]);
    connector.provision(&revoke(1, "g0")).await.unwrap();
    assert_eq!(server.world().members("g0"), ["u00002", "u00003"]);
}

#[tokio::test]
async fn a_web_page_instead_of_a_user_is_not_taken_for_a_user_that_is_gone() {
    let server = Server::start(Traits::default(), World::of(3, &[])).await;
    let connector = server.open(&json!({}));
    let page = wiremock::ResponseTemplate::new(404).set_body_raw("<html>not here</html>", "text/html");
    server.answer("DELETE", 1, page);
    connector.provision(&Operation::new("u00001", Change::Delete)).await.unwrap_err();
    assert!(server.world().get("Users", "u00001").is_some());
}

#[tokio::test]
async fn a_member_without_an_id_is_an_error_and_never_a_shorter_list() {
    for member in [json!("u00001"), json!({"value": 1}), json!({"display": "User 1"})] {
        let server = Server::start(Traits::default(), World::of(3, &[&[1, 2]])).await;
        server.world().groups[0]["members"].as_array_mut().unwrap().push(member.clone());
        let error = crate::server::assignments(&*server.open(&json!({}))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{member}: {error}");
    }
}

#[tokio::test]
async fn ten_writers_on_one_group_that_is_replaced_whole_lose_no_member() {
    for etag in [true, false] {
        let server = Server::start(Traits { patch: false, etag, ..Traits::default() }, World::of(20, &[&[0]])).await;
        // With versions, another process may write, too.
        let (one, other) = (server.open(&json!({})), server.open(&json!({})));
        let writer = |user: u64| if etag && user.is_multiple_of(2) { &other } else { &one };
        let all = (1..=10).map(|user| async move {
            let mut tries = 0;
            while let Err(error) = writer(user).provision(&grant(user, "g0")).await {
                tries += 1;
                assert!(error.kind() == ErrorKind::Conflict && tries < 5, "{error}");
            }
        });
        futures_util::future::join_all(all).await;
        assert_eq!(server.world().members("g0").len(), 11, "versions: {etag}");
    }
}

#[tokio::test]
async fn grants_of_one_group_share_requests() {
    let server = Server::start(Traits::default(), World::of(300, &[&[1], &[]])).await;
    let connector = server.open(&json!({}));
    let operations: Vec<_> =
        (0..250).map(|user| grant(user, "g0")).chain((0..50).map(|user| grant(user, "g1"))).collect();
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(matches!(outcomes[1], Ok(Outcome::Unchanged { .. })), "it is a member already");
    assert_eq!(server.world().members("g0").len(), 250);
    assert_eq!(server.world().members("g1").len(), 50);
    assert_eq!(server.bodies("PATCH").await.len(), 3 + 1, "100 members in each");
}

#[tokio::test]
async fn a_member_that_the_server_refuses_leaves_the_others_alone() {
    let server = Server::start(Traits::default(), World::of(5, &[&[]])).await;
    let connector = server.open(&json!({}));
    let operations = [grant(1, "g0"), grant(77, "g0"), grant(2, "g0")];
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    assert_eq!(outcomes[1].as_ref().unwrap_err().kind(), ErrorKind::Invalid);
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    assert_eq!(server.world().members("g0"), ["u00001", "u00002"]);
}

#[tokio::test]
async fn case_7_a_removal_never_empties_a_group() {
    // The settings' form is one that the server takes for "all members".
    for (form, removes_by_filter, removes_by_value) in [("filter", false, true), ("value", true, false)] {
        let traits = Traits { removes_by_value, removes_by_filter, ..Traits::default() };
        let server = Server::start(traits, World::of(9, &[&[1, 2, 3, 4]])).await;
        let connector = server.open(&json!({"write": {"member_removal": form}}));
        let error = connector.provision(&revoke(2, "g0")).await.unwrap_err();
        assert!(error.help().unwrap().contains("member_removal"), "{error:?}");
        let mut members = server.world().members("g0");
        members.sort_unstable();
        assert_eq!(members, ["u00001", "u00003", "u00004"], "the others are members again");
    }
}

#[tokio::test]
async fn case_8_each_form_of_removal_works_with_the_server_that_wants_it() {
    for (form, removes_by_filter, removes_by_value) in
        [("filter", true, false), ("value", false, true), ("replace", false, false), ("replace", true, true)]
    {
        let traits = Traits { removes_by_value, removes_by_filter, ..Traits::default() };
        let server = Server::start(traits, World::of(9, &[&[1, 2, 3, 4]])).await;
        let connector = server.open(&json!({"write": {"member_removal": form}}));
        let operations = [revoke(2, "g0"), revoke(4, "g0"), revoke(7, "g0")];
        let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
        assert!(matches!(outcomes[2], Ok(Outcome::Unchanged { .. })));
        assert!(outcomes[0].is_ok() && outcomes[1].is_ok(), "{form}: {outcomes:?}");
        assert_eq!(server.world().members("g0"), ["u00001", "u00003"], "{form}");
    }
}

#[tokio::test]
async fn members_that_can_not_be_put_back_are_named_by_their_number_and_nothing_is_sent_again() {
    let traits = Traits { removes_by_filter: false, refuses_members: true, ..Traits::default() };
    let server = Server::start(traits, World::of(9, &[&[1, 2, 3, 4]])).await;
    let error = server.open(&json!({})).provision(&revoke(2, "g0")).await.unwrap_err();
    assert!(error.to_string().contains("removed all members, and they can't be put back"), "{error}");
    assert!(error.to_string().contains("members come from the directory"), "{error}");
    assert!(error.help().unwrap().contains("add the 3 other members by hand"), "{error:?}");
    let said = (error.kind(), error.happened(), error.retry());
    assert_eq!(said, (ErrorKind::Permission, connector_core::Happened::Yes, connector_core::Retry::No));
    assert_eq!(server.bodies("PATCH").await.len(), 2, "the removal, and one try to put them back");
}

#[tokio::test]
async fn a_member_that_stays_when_others_are_removed_is_an_error_of_its_own() {
    let traits = Traits { removes_first_only: true, ..Traits::default() };
    let server = Server::start(traits, World::of(9, &[&[1, 2, 3, 4]])).await;
    let connector = server.open(&json!({}));
    let operations = [revoke(1, "g0"), revoke(2, "g0"), revoke(3, "g0"), revoke(8, "g0")];
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    assert_eq!(outcomes[0].as_ref().unwrap(), &Outcome::applied("u00001"));
    for outcome in &outcomes[1..3] {
        let error = outcome.as_ref().unwrap_err();
        assert!(error.to_string().contains("still a member"), "{error}");
        assert!(error.help().unwrap().contains("members_per_patch: 1"), "{error:?}");
    }
    assert!(matches!(outcomes[3], Ok(Outcome::Unchanged { .. })));
    assert_eq!(server.world().members("g0"), ["u00002", "u00003", "u00004"]);
    // What the help says works.
    let connector = server.open(&json!({"write": {"members_per_patch": 1}}));
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(server.world().members("g0"), ["u00004"]);
}

#[tokio::test]
async fn case_9_the_last_member_is_removed_without_an_empty_list() {
    for form in ["filter", "replace"] {
        let server = Server::start(Traits::default(), World::of(3, &[&[1]])).await;
        let connector = server.open(&json!({"write": {"member_removal": form}}));
        connector.provision(&revoke(1, "g0")).await.unwrap();
        assert!(server.world().members("g0").is_empty());
        assert!(server.bodies("PATCH").await.iter().all(|body| body["Operations"][0]["value"] != json!([])));
    }
}

#[tokio::test]
async fn roles_are_granted_and_revoked_as_values_of_the_user() {
    let server = Server::start(Traits::default(), World::of(3, &[])).await;
    let connector = server.open(&json!({"entitlements": ["roles"]}));
    let role = || EntitlementRef::new("role", "admin");
    connector.provision(&Operation::new("u00001", Change::grant(role(), None))).await.unwrap();
    assert_eq!(server.world().get("Users", "u00001").unwrap()["roles"], json!([{"value": "admin"}]));
    let again = connector.provision(&Operation::new("u00001", Change::grant(role(), None))).await.unwrap();
    assert!(matches!(again, Outcome::Unchanged { .. }));
    connector.provision(&Operation::new("u00001", Change::revoke(role()))).await.unwrap();
    assert_eq!(server.world().get("Users", "u00001").unwrap()["roles"], json!([]));
    let ends = Change::grant(role(), Some("2027-01-31T00:00:00Z".parse().unwrap()));
    let error = connector.provision(&Operation::new("u00001", ends)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn ids_and_names_with_special_characters_name_one_user() {
    let server = Server::start(Traits::default(), World::of(2, &[])).await;
    for odd in ["a/b?c#d%e", "quo\"te\\back", "ünï 🐳", "..", "."] {
        let mut user = server.world().users[0].clone();
        (user["id"], user["userName"]) = (odd.into(), format!("name of {odd}").into());
        server.world().users.push(user);
    }
    let connector = server.open(&json!({}));
    let ability = connector.capabilities().accounts().unwrap();
    for odd in ["a/b?c#d%e", "quo\"te\\back", "ünï 🐳"] {
        let wanted = [odd.to_owned(), format!("name of {odd}")];
        let found = ability.find_accounts(&wanted, &connector_core::Concern::default()).await.unwrap();
        assert!(found.iter().all(|found| found.len() == 1 && found[0].id == odd), "{odd}: {found:?}");
        connector.provision(&Operation::new(odd, Change::Delete)).await.unwrap();
        assert!(server.world().get("Users", odd).is_none());
    }
    let outcome = connector.provision(&Operation::new("..", Change::Delete)).await.unwrap();
    assert!(matches!(outcome, Outcome::Unchanged { .. }), "no URL names it");
    assert!(server.world().get("Users", "..").is_some());
}
