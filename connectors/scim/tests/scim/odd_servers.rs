//! Servers that number, order and count their rows in their own ways: users' cases 1 to 6.

use crate::server::{Server, Traits, World, account_pages, accounts, assignments, entitlements, ids};
use connector_core::ErrorKind;
use serde_json::json;

async fn read(traits: Traits, users: u64) -> connector_core::Result<Vec<String>> {
    let server = Server::start(traits, World::of(users, &[])).await;
    let read = accounts(&*server.open(&json!({"page_size": 10}))).await?;
    Ok(ids(&read).into_iter().map(str::to_owned).collect())
}

fn all(users: u64) -> Vec<String> {
    (0..users).map(|number| format!("u{number:05}")).collect()
}

#[tokio::test]
async fn case_1_an_unstable_order_makes_the_read_incomplete_or_an_error() {
    let server = Server::start(Traits { unstable: true, sort: false, ..Traits::default() }, World::of(100, &[])).await;
    match account_pages(&*server.open(&json!({"page_size": 10}))).await {
        Ok((_, incomplete)) => assert!(incomplete.unwrap().contains("order"), "nothing may be removed"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Protocol),
    }
}

#[tokio::test]
async fn case_2_a_server_that_counts_from_0_is_an_error_and_never_a_list_without_the_first_user() {
    for users in [5, 10, 25, 100] {
        let traits = Traits { counts_from_zero: true, ..Traits::default() };
        match read(traits, users).await {
            Ok(read) => panic!("{} of {users} users instead of an error", read.len()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Protocol);
                assert!(error.to_string().contains("empty"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn case_3_pages_advance_by_the_rows_that_came_and_not_by_those_that_were_asked_for() {
    // 7 of the 10 rows that a page asks for.
    assert_eq!(read(Traits { cap: 7, ..Traits::default() }, 100).await.unwrap(), all(100));
}

#[tokio::test]
async fn case_4_a_server_that_ignores_start_index_is_an_error() {
    let error = read(Traits { ignores_start: true, ..Traits::default() }, 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("first page again"), "{error}");
}

#[tokio::test]
async fn case_5_a_page_that_is_shorter_than_asked_ends_nothing() {
    let server = Server::start(Traits { cap: 10, ..Traits::default() }, World::of(25, &[])).await;
    let one = accounts(&*server.open(&json!({"page_size": 1}))).await.unwrap()[0].id.clone();
    assert_eq!(one, "u00000");
    let short = json!({"totalResults": 25, "Resources": [{"id": "u00010", "userName": "x"}]});
    server.answer("startIndex=11&", 1, crate::server::ok(200, &short));
    assert_eq!(ids(&accounts(&*server.open(&json!({"page_size": 10}))).await.unwrap()), all(25));
}

#[tokio::test]
async fn case_6_a_total_of_the_page_is_not_taken_for_the_end() {
    for users in [0, 5, 10, 20, 25] {
        assert_eq!(read(Traits { page_total: true, ..Traits::default() }, users).await.unwrap(), all(users));
    }
}

#[tokio::test]
async fn case_6_a_total_of_a_page_that_is_cut_without_a_word_is_not_taken_for_the_end() {
    // The server gives 7 of the 10 rows that were asked for, and counts 7.
    for users in [7, 8, 25] {
        let traits = Traits { page_total: true, cap: 7, ..Traits::default() };
        assert_eq!(read(traits.clone(), users).await.unwrap(), all(users), "by index");
        let server = Server::start(traits, World::of(users, &[])).await;
        let read = accounts(&*server.open(&json!({"page_size": 10, "paging": "keyset"}))).await.unwrap();
        assert_eq!(ids(&read), all(users), "by id");
    }
}

#[tokio::test]
async fn that_a_server_counts_whole_lists_is_looked_at_once() {
    let server = Server::start(Traits::default(), World::of(9, &[&[1], &[2]])).await;
    let connector = server.open(&json!({"page_size": 10}));
    accounts(&*connector).await.unwrap();
    assert_eq!(server.lines().await.len(), 3 + 2, "an empty page with a total of 9 shows it");
    entitlements(&*connector).await.unwrap();
    accounts(&*connector).await.unwrap();
    assert_eq!(server.lines().await.len(), 3 + 2 + 2);
}

#[tokio::test]
async fn case_6_a_total_past_the_end_is_an_error_after_a_second_look() {
    let server = Server::start(Traits { total_too_high: 3, ..Traits::default() }, World::of(20, &[])).await;
    let error = accounts(&*server.open(&json!({"page_size": 10}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let again = server.lines().await.iter().filter(|line| line.contains("startIndex=21")).count();
    assert_eq!(again, 2);
}

#[tokio::test]
async fn an_empty_page_in_between_is_read_again_once() {
    let server = Server::start(Traits::default(), World::of(30, &[])).await;
    server.answer("startIndex=11&", 1, crate::server::ok(200, &json!({"totalResults": 30, "Resources": []})));
    assert_eq!(ids(&accounts(&*server.open(&json!({"page_size": 10}))).await.unwrap()), all(30));
}

#[tokio::test]
async fn a_server_that_begins_again_after_the_end_ends() {
    for users in [5, 10, 20, 25, 30] {
        assert_eq!(read(Traits { wraps: true, ..Traits::default() }, users).await.unwrap(), all(users), "{users}");
    }
}

#[tokio::test]
async fn a_refused_start_after_the_end_ends_a_short_page_and_proves_nothing_after_a_full_one() {
    let traits = Traits { refuses_start_after_end: true, ..Traits::default() };
    for users in [1, 5, 9, 25] {
        assert_eq!(read(traits.clone(), users).await.unwrap(), all(users), "{users}");
    }
    let error = read(traits, 10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "a server that counts the rows of its pages may have more: {error}");
}

#[tokio::test]
async fn a_refused_question_for_ids_after_the_last_one_ends_a_short_page_only() {
    for (users, ends) in [(5, true), (10, false)] {
        let server = Server::start(Traits::default(), World::of(users, &[])).await;
        let refused = crate::server::refusal(400, Some("invalidValue"), "no such id");
        server.answer("count=1&", usize::MAX, refused);
        let read = accounts(&*server.open(&json!({"page_size": 10, "paging": "keyset"}))).await;
        assert_eq!(read.is_ok_and(|read| ids(&read) == all(users)), ends, "{users}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_count_gives_each_user_once() {
    assert_eq!(read(Traits { ignores_count: true, ..Traits::default() }, 100).await.unwrap(), all(100));
}

#[tokio::test]
async fn one_id_twice_on_a_page_is_an_error() {
    let server = Server::start(Traits::default(), World::of(2, &[])).await;
    let copy = server.world().users[0].clone();
    server.world().users.push(copy);
    let error = accounts(&*server.open(&json!({}))).await.unwrap_err();
    assert!(error.to_string().contains("`u00000` twice"), "{error}");
}

#[tokio::test]
async fn groups_that_went_while_they_were_read_remove_nothing() {
    let groups: Vec<&[u64]> = vec![&[]; 30];
    let server = Server::start(Traits::default(), World::of(1, &groups)).await;
    let connector = server.open(&json!({"page_size": 10}));
    let ability = connector.capabilities().entitlements().unwrap();
    let first = ability.entitlements(&connector_core::Cursor::start()).await.unwrap();
    server.world().groups.remove(0);
    let second = ability.entitlements(&first.next()[0]).await.unwrap();
    assert!(second.incomplete().unwrap().contains("from 30 to 29"), "{:?}", second.incomplete());
    assert_eq!(entitlements(&*connector).await.unwrap().len(), 29);
}

#[tokio::test]
async fn case_10_a_server_with_only_eq_and_and_is_read_and_searched() {
    let traits = Traits { only_eq_and: true, ..Traits::default() };
    let server = Server::start(traits, World::of(30, &[])).await;
    let connector = server.open(&json!({}));
    let wanted = ["u00003".to_owned(), "USER4@acme.example".to_owned(), "nobody".to_owned()];
    let ability = connector.capabilities().accounts().unwrap();
    let found = ability.find_accounts(&wanted, &connector_core::Concern::default()).await.unwrap();
    let found: Vec<Vec<&str>> = found.iter().map(|found| ids(found)).collect();
    assert_eq!(found, [vec!["u00003"], vec!["u00004"], vec![]]);
}

#[tokio::test]
async fn a_server_that_ignores_filters_finds_only_who_was_asked_for() {
    let traits = Traits { ignores_filter: true, cap: 20, ..Traits::default() };
    let server = Server::start(traits, World::of(130, &[])).await;
    let connector = server.open(&json!({}));
    let wanted = ["user99@acme.example".to_owned(), "nobody".to_owned(), "u00007".to_owned()];
    let ability = connector.capabilities().accounts().unwrap();
    let found = ability.find_accounts(&wanted, &connector_core::Concern::default()).await.unwrap();
    let found: Vec<Vec<&str>> = found.iter().map(|found| ids(found)).collect();
    assert_eq!(found, [vec!["u00099"], vec![], vec!["u00007"]]);
}

#[tokio::test]
async fn a_filter_that_the_server_ignores_is_an_error_and_never_everybody() {
    let settings = json!({"filter": "userType eq \"Employee\""});
    let server = Server::start(Traits { ignores_filter: true, ..Traits::default() }, World::of(30, &[])).await;
    let error = accounts(&*server.open(&settings)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let server = Server::start(Traits { filter: false, ..Traits::default() }, World::of(30, &[])).await;
    let error = accounts(&*server.open(&settings)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Invalid), "{error:?}");
    let server = Server::start(Traits::default(), World::of(30, &[])).await;
    server.world().users[4]["userType"] = json!("Employee");
    assert_eq!(ids(&accounts(&*server.open(&settings)).await.unwrap()), ["u00004"]);
}

#[tokio::test]
async fn a_server_that_refuses_to_sort_by_id_is_read_in_its_own_order() {
    assert_eq!(read(Traits { refuses_sort: true, ..Traits::default() }, 100).await.unwrap(), all(100));
}

#[tokio::test]
async fn a_sort_that_is_refused_in_the_middle_begins_the_read_again_and_mixes_no_orders() {
    let mut world = World::of(40, &[]);
    world.users.reverse();
    let traits = Traits { refuses_sort_from: Some(3), cap: 10, ..Traits::default() };
    let server = Server::start(traits, world).await;
    let connector = server.open(&json!({"page_size": 10}));
    let error = accounts(&*connector).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired, "the engine then begins again: {error}");
    assert_eq!(ids(&accounts(&*connector).await.unwrap()), all(40));
}

#[tokio::test]
async fn a_list_that_was_begun_by_id_stays_so_if_another_one_can_not_be_sorted() {
    let mut world = World::of(40, &[&[1]]);
    world.users.reverse();
    let server = Server::start(Traits { cap: 10, ..Traits::default() }, world).await;
    let connector = server.open(&json!({"page_size": 10}));
    let first = connector.aggregate_accounts(&connector_core::Cursor::start()).await.unwrap();
    server.answer("/Groups?startIndex=1&count=10&sortBy", 1, crate::server::refusal(400, None, "no sorting"));
    entitlements(&*connector).await.unwrap();
    let (mut read, mut left) = first.into_parts();
    while let Some(cursor) = left.pop() {
        let (items, next) = connector.aggregate_accounts(&cursor).await.unwrap().into_parts();
        read.extend(items);
        left.extend(next);
    }
    assert_eq!(ids(&read), all(40));
}

#[tokio::test]
async fn a_server_that_refuses_the_parameters_of_a_group_is_an_error_and_never_a_group_without_members() {
    let server =
        Server::start(Traits { hides_members: true, ..Traits::default() }, World::of(5, &[&[1, 2], &[3]])).await;
    server.answer("attributes=members", 100, crate::server::refusal(400, Some("invalidSyntax"), "unknown parameter"));
    let error = assignments(&*server.open(&json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("unknown parameter"), "{error}");
}
