//! An account or entitlement is found by every name that a plan accepts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Place, World, reference};
use connector_core::{Attributes, Entitlement, ErrorKind};
use connector_engine::query::{self, AccountQuery, Breadth};

fn world() -> World {
    let mut world = World::default();
    for (id, technical, name) in
        [("0PS000000000001AAA", "Sales_Ops", "Sales: Ops"), ("0PS000000000002AAA", "Other", "Sales_Ops")]
    {
        let key = reference(&format!("set/{id}"));
        let mut entitlement = Entitlement::new(key.clone(), name);
        entitlement.attributes = Attributes::parse(format!(r#"{{"DeveloperName":"{technical}"}}"#)).unwrap();
        world.entitlements.insert(key, entitlement);
    }
    for id in ["005000000000001AAA", "005000000000002AAA", "gone"] {
        world.add_account(id, "{}", &["set/0PS000000000001AAA"]);
    }
    // Enough others that one may go.
    (0..20).for_each(|number| world.add_account(&format!("9{number:03}"), "{}", &[]));
    world
}

async fn place() -> Place {
    let (place, mut world) = (Place::new(), world());
    place.aggregate(&world).await;
    world.accounts.remove("gone");
    place.aggregate(&world).await;
    place
}

#[tokio::test]
async fn an_entitlement_is_found_by_the_names_that_a_plan_accepts() {
    let place = place().await;
    for (written, id) in [
        ("set/0PS000000000001AAA", "0PS000000000001AAA"),
        ("set/0PS000000000001", "0PS000000000001AAA"),
        ("set/Sales: Ops", "0PS000000000001AAA"),
        ("set/sales: ops", "0PS000000000001AAA"),
        // A technical name takes precedence over the name of another one.
        ("set/Sales_Ops", "0PS000000000001AAA"),
        ("set/OTHER", "0PS000000000002AAA"),
    ] {
        let found = query::entitlement(&place.store, "directory", written).unwrap();
        assert_eq!(found.entitlement.key.id, id, "{written}");
        let query = AccountQuery { holding: Some(written), ..AccountQuery::default() };
        let held = query::accounts(&place.store, "directory", &query, |_| Ok(())).unwrap();
        assert_eq!(held, if id.ends_with("1AAA") { 2 } else { 0 }, "{written}");
    }
    for written in ["set/0PS00000000000", "set/0PS", "set/nothing"] {
        let refused = query::entitlement(&place.store, "directory", written).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound, "{written}");
    }
}

#[tokio::test]
async fn an_account_is_found_in_any_case_by_the_beginning_of_its_id_and_after_it_is_gone() {
    let place = place().await;
    let find = |written: &str| query::account(&place.store, "directory", written, Breadth::default());
    for (written, id) in [
        ("005000000000001AAA@ACME.example", "005000000000001AAA"),
        ("005000000000002", "005000000000002AAA"),
        ("005000000000002aaa", "005000000000002AAA"),
        ("Gone@acme.example", "gone"),
        ("gone", "gone"),
    ] {
        let found = find(written).unwrap();
        assert_eq!((found.account.id.as_str(), found.removed), (id, id == "gone"), "{written}");
        assert_eq!(found.account.removed_at.is_some(), id == "gone", "{written}");
    }
    let several = find("00500000000000").unwrap_err();
    assert_eq!(several.kind(), ErrorKind::Conflict);
    assert!(several.help().unwrap().contains("005000000000001AAA, 005000000000002AAA"), "{several:?}");
    assert_eq!(find("nobody").unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn accounts_that_are_gone_are_listed_on_request() {
    let place = place().await;
    let listed = |removed: bool| {
        let mut ids = Vec::new();
        let query = AccountQuery { removed, ..AccountQuery::default() };
        query::accounts(&place.store, "directory", &query, |account| {
            assert_eq!(account.removed_at.is_some(), removed);
            ids.push(account.id.clone());
            Ok(())
        })
        .unwrap();
        ids
    };
    assert_eq!(listed(true), ["gone"]);
    assert!(!listed(false).contains(&"gone".to_owned()));
}

#[tokio::test]
async fn pages_of_accounts_follow_one_another_with_all_that_each_account_holds() {
    let place = place().await;
    let page = |after: Option<&str>, limit: Option<u64>| {
        let mut page = Vec::new();
        let query = AccountQuery { after, limit, ..AccountQuery::default() };
        query::accounts(&place.store, "directory", &query, |account| {
            page.push((account.id.clone(), account.holdings.clone()));
            Ok(())
        })
        .unwrap();
        page
    };
    let all = page(None, None);
    assert!(all.len() > 1 && all.iter().any(|(_, held)| !held.is_empty()), "{all:?}");
    let mut paged: Vec<(String, _)> = Vec::new();
    loop {
        let after = paged.last().map(|(id, _)| id.clone());
        let next = page(after.as_deref(), Some(1));
        if next.is_empty() {
            break;
        }
        paged.extend(next);
    }
    assert_eq!(paged, all);
}
