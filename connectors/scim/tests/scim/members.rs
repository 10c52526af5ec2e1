//! Who is in which group.

use crate::server::{Server, Traits, World, assignments};
use connector_core::{Cursor, StepStatus, TestReport};
use serde_json::json;

async fn held(server: &Server) -> Vec<String> {
    let all = assignments(&*server.open(&json!({"page_size": 2}))).await.unwrap();
    let mut held: Vec<_> = all.iter().map(|one| format!("{} in {}", one.holder, one.entitlement)).collect();
    held.sort_unstable();
    held
}

fn nested() -> World {
    let mut world = World::of(5, &[&[1, 2], &[2], &[], &[], &[4]]);
    world.groups[0]["members"].as_array_mut().unwrap().push(json!({"value": "g1", "type": "Group"}));
    world
}

#[tokio::test]
async fn groups_in_groups_are_found_also_if_members_do_not_say_what_they_are() {
    let expected = [
        "group/g1 in group/g0",
        "u00001 in group/g0",
        "u00002 in group/g0",
        "u00002 in group/g1",
        "u00004 in group/g4",
    ];
    for types_members in [true, false] {
        let server = Server::start(Traits { types_members, ..Traits::default() }, nested()).await;
        assert_eq!(held(&server).await, expected);
    }
}

#[tokio::test]
async fn the_link_of_a_member_says_what_it_is() {
    let mut world = World::of(3, &[&[], &[]]);
    world.groups[0]["members"] = json!([{"value": "g1", "$ref": "https://x.example/scim/v2/Groups/g1"}, {"value": "u00001", "$ref": "../Users/u00001"}]);
    let server = Server::start(Traits::default(), world).await;
    assert_eq!(held(&server).await, ["group/g1 in group/g0", "u00001 in group/g0"]);
    assert!(!server.lines().await.iter().any(|line| line.contains("attributes=id")), "nothing else is asked");
}

#[tokio::test]
async fn members_that_lists_leave_out_are_read_group_by_group() {
    let server = Server::start(Traits { hides_members: true, ..Traits::default() }, nested()).await;
    assert_eq!(held(&server).await.len(), 5);
    let mut report = TestReport::new();
    server.open(&json!({})).test_connection(&mut report).await;
    let step = report.steps().iter().find(|step| step.name == "members").unwrap();
    assert_eq!(step.status, StepStatus::Warning);
}

#[tokio::test]
async fn a_list_that_shows_fewer_members_than_the_group_fails_the_connection_test() {
    let server = Server::start(Traits::default(), World::of(5, &[&[1, 2, 3]])).await;
    let cut =
        json!({"totalResults": 1, "Resources": [{"id": "g0", "displayName": "G", "members": [{"value": "u00001"}]}]});
    server.answer("/Groups?", 9, crate::server::ok(200, &cut));
    let mut report = TestReport::new();
    server.open(&json!({})).test_connection(&mut report).await;
    assert!(
        report.failure().unwrap().to_string().contains("shows 1 members of group `g0`, but the group itself shows 3")
    );
}

#[tokio::test]
async fn a_huge_group_comes_in_pages_that_are_not_huge() {
    let members: Vec<u64> = (0..30_000).collect();
    let server = Server::start(Traits::default(), World::of(2, &[&members, &[1]])).await;
    let connector = server.open(&json!({}));
    let ability = connector.capabilities().entitlements().unwrap();
    let (mut left, mut read, mut pages) = (vec![Cursor::start()], 0, 0);
    while let Some(cursor) = left.pop() {
        let (items, next) = ability.assignments(&cursor).await.unwrap().into_parts();
        assert!(items.len() <= 4000, "{} assignments on a page", items.len());
        (read, pages) = (read + items.len(), pages + 1);
        left.extend(next);
    }
    assert_eq!(read, 30_001);
    assert!(pages > 7);
    assert_eq!(
        server.lines().await.iter().filter(|line| line.contains("/Groups?startIndex=1&")).count(),
        1,
        "one response for all of them"
    );
}

#[tokio::test]
async fn groups_too_large_to_hold_have_all_their_members_and_only_these() {
    let members: Vec<u64> = (0..90_000).collect();
    for types_members in [true, false] {
        let mut world = World::of(2, &[&[1], &members, &[], &[0, 1]]);
        world.groups[1]["members"].as_array_mut().unwrap().push(json!({"value": "g3", "type": "Group"}));
        let server = Server::start(Traits { types_members, ..Traits::default() }, world).await;
        let connector = server.open(&json!({}));
        let all = assignments(&*connector).await.unwrap();
        let of = |id: &str| all.iter().filter(|one| one.entitlement.id == id).count();
        assert_eq!((of("g0"), of("g1"), of("g2"), of("g3")), (1, 90_001, 0, 2));
        let nested: Vec<_> =
            all.iter().filter(|one| matches!(one.holder, connector_core::Holder::Entitlement(_))).collect();
        assert_eq!(nested.len(), 1, "the group in the group");
        let entitlements = crate::server::entitlements(&*connector).await.unwrap();
        assert_eq!(entitlements.len(), 4);
        let mut report = TestReport::new();
        connector.test_connection(&mut report).await;
        assert!(report.failure().is_none(), "{:?}", report.failure().map(ToString::to_string));
    }
}

#[tokio::test]
async fn a_large_response_that_is_cut_or_no_json_is_an_error() {
    let one = |n: u32| format!("{{\"value\":\"u{n:05}\",\"type\":\"User\",\"display\":\"somebody\"}},");
    let members = (0..90_000).map(one).collect::<Vec<_>>().concat();
    for end in ["", "]", "{}]}", "x]}]}", "{}]},{\"displayName\":\"no id\",\"members\":[{}]}]}"] {
        let server = Server::start(Traits::default(), World::of(2, &[&[1]])).await;
        let body = format!("{{\"totalResults\":1,\"Resources\":[{{\"id\":\"g0\",\"members\":[{members}{end}");
        let answer = wiremock::ResponseTemplate::new(200).set_body_raw(body, "application/scim+json");
        server.answer("/Groups?", 9, answer);
        let error = assignments(&*server.open(&json!({}))).await.unwrap_err();
        assert_eq!(error.kind(), connector_core::ErrorKind::Protocol, "{end}: {error}");
    }
}
