//! Pages by index, by cursor and by id.

use crate::server::{Server, Traits, World, account_pages, accounts, assignments, entitlements, ids};
use connector_core::{Cursor, ErrorKind};
use serde_json::json;

fn all(users: u64) -> Vec<String> {
    (0..users).map(|number| format!("u{number:05}")).collect()
}

#[tokio::test]
async fn a_whole_read_costs_one_call_for_each_page_and_three_for_the_server_itself() {
    // Users and groups at different caps, and lists that don't end with a full page.
    let groups: Vec<&[u64]> = vec![&[1]; 45];
    let server = Server::start(Traits { cap: 20, ..Traits::default() }, World::of(1010, &groups)).await;
    let connector = server.open(&json!({"page_size": 100}));
    assert_eq!(ids(&accounts(&*connector).await.unwrap()), all(1010));
    assert_eq!(server.lines().await.len(), 3 + 51);
    assert_eq!(entitlements(&*connector).await.unwrap().len(), 45);
    assert_eq!(server.lines().await.len(), 3 + 51 + 3);
    assert_eq!(assignments(&*connector).await.unwrap().len(), 45);
    assert_eq!(server.lines().await.len(), 3 + 51 + 3, "the same pages show the members");
    // Who reads the same list again, wants to see it as it is now.
    assert_eq!(assignments(&*connector).await.unwrap().len(), 45);
    assert_eq!(server.lines().await.len(), 3 + 51 + 3 + 3);
}

#[tokio::test]
async fn groups_and_their_members_that_are_read_at_once_share_each_response() {
    let groups: Vec<&[u64]> = vec![&[1, 2]; 45];
    for cursors in [false, true] {
        let server = Server::start(Traits { cap: 20, cursors, ..Traits::default() }, World::of(10, &groups)).await;
        let connector = server.open(&json!({}));
        let (entitlements, assignments) = tokio::join!(entitlements(&*connector), assignments(&*connector));
        assert_eq!((entitlements.unwrap().len(), assignments.unwrap().len()), (45, 90));
        assert_eq!(server.lines().await.len(), 3 + 3, "cursors: {cursors}");
    }
}

/// Each of them could ask what the server counts.
#[tokio::test]
async fn two_lists_of_one_page_that_are_read_at_once_cost_one_call_more_for_the_end_of_both() {
    let server = Server::start(Traits::default(), World::of(10, &[&[1, 2], &[3]])).await;
    let connector = server.open(&json!({}));
    let (users, groups, held) =
        tokio::join!(accounts(&*connector), entitlements(&*connector), assignments(&*connector));
    assert_eq!((users.unwrap().len(), groups.unwrap().len(), held.unwrap().len()), (10, 2, 3));
    let lines = server.lines().await;
    assert_eq!(lines.len(), 1 + 1 + 4, "{lines:?}");
}

#[tokio::test]
async fn memberships_of_users_cost_no_call_of_their_own() {
    let groups: Vec<&[u64]> = vec![&[1]; 45];
    let traits = Traits { cap: 20, lists_groups: true, ..Traits::default() };
    let server = Server::start(traits, World::of(130, &groups)).await;
    let connector = server.open(&json!({"memberships": "user"}));
    let read = accounts(&*connector).await.unwrap();
    assert_eq!(read[1].entitlements.len(), 45, "direct ones, and none that follow from other groups");
    assert!(assignments(&*connector).await.unwrap().is_empty());
    entitlements(&*connector).await.unwrap();
    assert!(server.lines().await.len() <= 7 + 3 + 4, "{:?}", server.lines().await);
}

#[tokio::test]
async fn every_cap_below_the_page_size_reads_every_user_once() {
    for (cap, total) in [(1, 7), (3, 10), (50, 149), (50, 150), (50, 151), (100, 100), (100, 99), (200, 301)] {
        for sort in [true, false] {
            let server = Server::start(Traits { cap, sort, ..Traits::default() }, World::of(total, &[])).await;
            let read = accounts(&*server.open(&json!({}))).await.unwrap();
            assert_eq!(ids(&read), all(total), "{total} users by {cap}");
        }
    }
}

#[tokio::test]
async fn the_rest_of_a_list_is_read_in_branches_that_do_not_overlap() {
    let server = Server::start(Traits { cap: 10, ..Traits::default() }, World::of(995, &[])).await;
    let connector = server.open(&json!({}));
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    assert_eq!((first.items().len(), first.next().len()), (10, 8));
    assert_eq!(first.estimate(), Some(995));
}

#[tokio::test]
async fn cursors_of_rfc_9865_are_live_and_read_every_user_once() {
    let server = Server::start(Traits { cap: 20, cursors: true, ..Traits::default() }, World::of(130, &[&[1]])).await;
    let connector = server.open(&json!({}));
    assert_eq!(ids(&accounts(&*connector).await.unwrap()), all(130));
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    let live = &first.next()[0];
    assert_eq!(live.anchor(), Some(Cursor::start()));
    let elsewhere = server.open(&json!({})).aggregate_accounts(live).await.unwrap_err();
    assert_eq!(elsewhere.kind(), ErrorKind::Expired);
    assert!(!live.as_str().contains("c1-"), "the server's cursor stays in memory");
}

#[tokio::test]
async fn a_list_that_ends_without_a_cursor_before_its_total_is_an_error_on_every_page() {
    for pages in [1, 2, 6] {
        let traits = Traits { cap: 20, cursors: true, loses_cursor_after: Some(pages), ..Traits::default() };
        let server = Server::start(traits, World::of(130, &[])).await;
        let error = accounts(&*server.open(&json!({}))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains(&format!("{} of 130 rows", pages * 20)), "{error}");
    }
    // A server that counts the rows of each page says nothing about the others.
    let traits = Traits { cap: 20, cursors: true, page_total: true, ..Traits::default() };
    let server = Server::start(traits, World::of(130, &[])).await;
    assert_eq!(ids(&accounts(&*server.open(&json!({}))).await.unwrap()), all(130));
}

#[tokio::test]
async fn users_that_leave_a_list_with_cursors_while_it_is_read_are_no_fault() {
    let server = Server::start(Traits { cap: 20, cursors: true, ..Traits::default() }, World::of(130, &[])).await;
    server.between(|world, page| {
        if page == 2 {
            world.users.truncate(125);
        }
    });
    assert_eq!(ids(&accounts(&*server.open(&json!({}))).await.unwrap()), all(125));
}

#[tokio::test]
async fn a_cursor_that_the_server_no_longer_keeps_is_expired() {
    let server = Server::start(Traits { cap: 20, cursors: true, ..Traits::default() }, World::of(130, &[])).await;
    let connector = server.open(&json!({}));
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    server.world().cursors.clear();
    let error = connector.aggregate_accounts(&first.next()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
}

#[tokio::test]
async fn keyset_pages_ask_for_ids_after_the_last_one() {
    for total in [0, 1, 20, 21, 130] {
        let server = Server::start(Traits { cap: 20, ..Traits::default() }, World::of(total, &[])).await;
        let connector = server.open(&json!({"paging": "keyset", "page_size": 20}));
        assert_eq!(ids(&accounts(&*connector).await.unwrap()), all(total));
    }
}

#[tokio::test]
async fn keyset_pages_of_a_server_that_ignores_the_filter_are_an_error() {
    let server =
        Server::start(Traits { cap: 20, ignores_filter: true, ..Traits::default() }, World::of(130, &[])).await;
    let error = accounts(&*server.open(&json!({"paging": "keyset", "page_size": 20}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.help().unwrap().contains("paging: index"), "{error:?}");
}

#[tokio::test]
async fn users_that_come_and_go_between_pages_are_read_or_found() {
    for settings in [json!({"page_size": 10}), json!({"page_size": 10, "paging": "keyset"})] {
        let server = Server::start(Traits::default(), World::of(100, &[])).await;
        server.between(|world, page| {
            if page % 3 == 0 {
                world.users.remove(0);
            } else {
                world.add_user(json!({"userName": format!("new{page}@acme.example")}));
            }
        });
        let connector = server.open(&settings);
        let (read, _) = account_pages(&*connector).await.unwrap();
        let mut unique = ids(&read);
        unique.dedup();
        let there: Vec<String> =
            server.world().users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
        // What the list did not show is looked up before it is removed.
        let missing: Vec<String> = there.iter().filter(|id| !unique.contains(&id.as_str())).cloned().collect();
        let found = connector.capabilities().accounts().unwrap();
        let found = found.find_accounts(&missing, &connector_core::Concern::default()).await.unwrap();
        assert!(found.iter().all(|found| found.len() == 1), "{settings}");
        if settings["paging"] == "keyset" {
            let old = missing.iter().filter(|id| ***id < *"u00100").count();
            assert_eq!(old, 0, "a keyset leaves out nobody");
        }
    }
}

#[tokio::test]
async fn without_pages_one_response_must_have_all_rows() {
    let server = Server::start(Traits::default(), World::of(19, &[])).await;
    assert_eq!(ids(&accounts(&*server.open(&json!({"paging": "none"}))).await.unwrap()), all(19));
    assert!(!server.lines().await.iter().any(|line| line.contains("count")), "some servers fail at it");
    // The server's own page has 20 rows.
    let server = Server::start(Traits::default(), World::of(21, &[])).await;
    let error = accounts(&*server.open(&json!({"paging": "none"}))).await.unwrap_err();
    assert!(error.to_string().contains("20 of 21"), "{error}");
}
