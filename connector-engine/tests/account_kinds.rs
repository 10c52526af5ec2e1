//! Who or what uses an account, who answers for it, what the source's own lists call it, and values that are no change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, reference};
use connector_core::{AccountKind, AccountSchema, AttributeSchema, Attributes, EntitlementType};
use connector_engine::aggregate::{Counts, RunReport};
use connector_engine::query::{self, AccountQuery, Breadth, Difference, Event, Filter};
use connector_engine::store::Store;
use serde_json::json;

/// A world of two accounts: a person, and a program that she answers for.
fn world(owner: &str) -> World {
    let mut world = World::default();
    world.add_account("jane", "{}", &[]);
    world.add_account("bot", r#"{"State":"CA"}"#, &[]);
    let bot = world.accounts.get_mut("bot").unwrap();
    bot.kind = AccountKind::Service;
    bot.owner = Some(owner.to_owned());
    bot.alias = Some("cn=bot".to_owned());
    world
}

fn matching(store: &Store, condition: &str) -> Vec<String> {
    let filter = Filter::parse(condition, &["State"]).unwrap();
    let query = AccountQuery { filter: Some(&filter), ..AccountQuery::default() };
    let mut ids = Vec::new();
    query::accounts(store, "directory", &query, |account| {
        ids.push(account.id.clone());
        Ok(())
    })
    .unwrap();
    ids
}

fn differences(place: &Place) -> Vec<Difference> {
    let mut found = Vec::new();
    query::diff(&place.store, "directory", None, None, |difference| {
        found.push(difference.clone());
        Ok(())
    })
    .unwrap();
    found
}

#[tokio::test]
async fn kind_owner_and_alias_are_kept_and_found() {
    let place = Place::new();
    place.aggregate(&world("jane")).await;
    let mut lines = Vec::new();
    query::accounts(&place.store, "directory", &AccountQuery::default(), |account| {
        lines.push(serde_json::to_value(account).unwrap());
        Ok(())
    })
    .unwrap();
    let bot = &lines[0];
    assert_eq!((&bot["kind"], &bot["owner"], &bot["alias"]), (&json!("service"), &json!("jane"), &json!("cn=bot")));
    assert!(lines[1].get("kind").is_none() && lines[1].get("owner").is_none() && lines[1].get("alias").is_none());
    assert_eq!(matching(&place.store, "kind = 'service'"), ["bot"]);
    assert_eq!(matching(&place.store, "owner = 'jane'"), ["bot"]);
    assert_eq!(matching(&place.store, "kind is null"), ["jane"]);
    assert_eq!(matching(&place.store, "State = 'CA'"), ["bot"], "the attribute that is spelled so");
}

#[tokio::test]
async fn another_kind_or_owner_is_a_change() {
    let place = Place::new();
    place.aggregate(&world("jane")).await;
    let mut second = world("bob");
    second.accounts.get_mut("bot").unwrap().kind = AccountKind::Agent;
    let report = place.aggregate(&second).await;
    assert_eq!(report.counts.accounts, Counts { seen: 2, changed: 1, unchanged: 1, ..Counts::default() });
    let [Difference::Account { changes, .. }] = &differences(&place)[..] else { panic!("one account changed") };
    assert_eq!(
        serde_json::to_value(changes).unwrap(),
        json!([{"attribute": "kind", "from": "service", "to": "agent"}, {"attribute": "owner", "from": "jane", "to": "bob"}])
    );
    let history = query::account(&place.store, "directory", "bot", Breadth::default()).unwrap().history;
    assert_eq!((history[1].event, history[1].changes[1].attribute.as_str()), (Event::Changed, "owner"));
}

#[tokio::test]
async fn another_alias_is_kept_and_is_no_change() {
    let place = Place::new();
    place.aggregate(&world("jane")).await;
    let mut second = world("jane");
    second.accounts.get_mut("bot").unwrap().alias = Some("cn=robot".to_owned());
    let report = place.aggregate(&second).await;
    assert_eq!(report.counts.accounts, Counts { seen: 2, unchanged: 2, ..Counts::default() });
    assert_eq!(differences(&place), []);
    assert_eq!(place.number("SELECT count(*) FROM current_accounts WHERE alias = 'cn=robot'"), 1);
}

async fn with_quiet(place: &Place, attributes: &str, seats: &str) -> RunReport {
    let mut world = World::default();
    world.add_account("a", attributes, &[]);
    world.add_entitlement("license/l", "License");
    world.entitlements.get_mut(&reference("license/l")).unwrap().attributes = Attributes::parse(seats).unwrap();
    let mut fake = Fake::new(&world);
    fake.schema = AccountSchema::new(vec![AttributeSchema::text("Title"), AttributeSchema::date_time("Login").quiet()]);
    fake.types = vec![
        EntitlementType::new("license", "License").with_attributes(vec![AttributeSchema::integer("Used").quiet()]),
    ];
    place.run(&fake.job()).await
}

#[tokio::test]
async fn a_quiet_value_is_kept_and_alone_is_no_change() {
    let place = Place::new();
    with_quiet(&place, r#"{"Title":"Boss","Login":"1"}"#, r#"{"Used":1}"#).await;
    let report = with_quiet(&place, r#"{"Title":"Boss","Login":"2"}"#, r#"{"Used":2}"#).await;
    assert_eq!((report.counts.accounts.changed, report.counts.entitlements.changed), (0, 0));
    assert_eq!(differences(&place), []);
    assert_eq!(place.number("SELECT count(*) FROM changes"), 0);
    assert_eq!(place.number("SELECT count(*) FROM accounts WHERE attributes ->> 'Login' = '2'"), 1);
    assert_eq!(place.number("SELECT count(*) FROM entitlements WHERE CAST(attributes ->> 'Used' AS BIGINT) = 2"), 1);
}

#[tokio::test]
async fn a_diff_of_other_values_leaves_quiet_ones_out() {
    let place = Place::new();
    let first = with_quiet(&place, r#"{"Title":"Boss","Login":"1"}"#, "{}").await;
    with_quiet(&place, r#"{"Title":"CEO","Login":"2"}"#, "{}").await;
    let [Difference::Account { changes, .. }] = &differences(&place)[..] else { panic!("one account changed") };
    assert_eq!(changes.iter().map(|change| change.attribute.as_str()).collect::<Vec<_>>(), ["Title"]);
    let last = with_quiet(&place, r#"{"Title":"Boss","Login":"3"}"#, "{}").await;
    let mut told = 0;
    query::diff(&place.store, "directory", Some(&first.run), Some(&last.run), |_| {
        told += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(told, 0, "only the quiet value differs");
}
