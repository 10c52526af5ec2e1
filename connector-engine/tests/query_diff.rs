//! What changed between two runs, and what a store answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "tests end where something is missing"
)]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, reference};
use connector_core::{Assignment, Entitlement, ErrorKind, Holder, Percentage, Result};
use connector_engine::query::{
    self, AccountQuery, AttributeChange, Breadth, Change, Difference, Event, Filter, Format, TableFormat, What,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a store shows, in the terms of a diff.
#[derive(Clone, Debug, Default, PartialEq)]
struct Snapshot {
    accounts: BTreeMap<String, BTreeMap<String, Value>>,
    entitlements: BTreeMap<String, BTreeMap<String, Value>>,
    assignments: BTreeSet<(String, String)>,
}

fn values(own: &[(&str, Value)], attributes: &Map<String, Value>) -> BTreeMap<String, Value> {
    let all = own.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    all.chain(attributes.clone()).filter(|(_, value)| !value.is_null()).collect()
}

fn snapshot(place: &Place) -> Snapshot {
    let mut taken = Snapshot::default();
    query::accounts(&place.store, "directory", &AccountQuery::default(), |account| {
        let attributes: Map<String, Value> = serde_json::from_str(account.attributes.as_str()).unwrap();
        let own = [
            ("name", json!(account.name)),
            ("display_name", json!(account.display_name)),
            ("enabled", json!(account.enabled)),
            ("locked", json!(account.locked)),
        ];
        taken.accounts.insert(account.id.clone(), values(&own, &attributes));
        Ok(())
    })
    .unwrap();
    query::entitlements(&place.store, "directory", None, |stored| {
        let Entitlement { key, name, description, attributes, .. } = &stored.entitlement;
        let attributes: Map<String, Value> = serde_json::from_str(attributes.as_str()).unwrap();
        let own = [("name", json!(name)), ("description", json!(description))];
        taken.entitlements.insert(key.to_string(), values(&own, &attributes));
        Ok(())
    })
    .unwrap();
    let mut lines = Vec::new();
    query::export(&place.store, "directory", What::Assignments, Format::Ndjson, &mut lines).unwrap();
    for line in String::from_utf8(lines).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        taken.assignments.insert((text("account"), format!("{}/{}", text("type"), text("id"))));
    }
    taken
}

fn apply_values(
    rows: &mut BTreeMap<String, BTreeMap<String, Value>>,
    id: &str,
    change: Change,
    to: &[AttributeChange],
) {
    match change {
        Change::Added => assert!(rows.insert(id.to_owned(), BTreeMap::new()).is_none(), "{id} was there"),
        Change::Changed => assert!(!to.is_empty()),
        Change::Removed => {}
    }
    let row = rows.get_mut(id).expect("the row is there");
    for change in to {
        let before = row.remove(&change.attribute).unwrap_or_default();
        assert_eq!(before, change.from, "{id} {}", change.attribute);
        if !change.to.is_null() {
            row.insert(change.attribute.clone(), change.to.clone());
        }
    }
    if change == Change::Removed {
        assert_eq!(rows.remove(id), Some(BTreeMap::new()), "all values of a row that is gone are told");
    }
}

impl Snapshot {
    fn apply(&mut self, difference: &Difference) -> Result<()> {
        match difference {
            Difference::Account { change, id, changes, .. } => apply_values(&mut self.accounts, id, *change, changes),
            Difference::Entitlement { change, entitlement, changes, .. } => {
                apply_values(&mut self.entitlements, &entitlement.to_string(), *change, changes);
            }
            Difference::Assignment { change, account, entitlement, .. } => {
                let held = (account.clone(), entitlement.to_string());
                let fits = if *change == Change::Added {
                    self.assignments.insert(held)
                } else {
                    self.assignments.remove(&held)
                };
                assert!(fits, "{difference:?}");
            }
            Difference::Nesting { .. } => panic!("these worlds have none: {difference:?}"),
        }
        Ok(())
    }
}

/// Small worlds over the same few ids, so that rows come, change, go and come again.
fn world() -> impl Strategy<Value = World> {
    let accounts = proptest::collection::btree_map(0..5_u8, (0..3_u8, 0..3_u8), 0..5);
    let entitlements = proptest::collection::btree_map(0..3_u8, 0..3_u8, 0..3);
    let assignments = proptest::collection::btree_set((0..5_u8, 0..4_u8), 0..10);
    (accounts, entitlements, assignments).prop_map(|(accounts, entitlements, assignments)| {
        let mut world = World::default();
        for (id, (value, profile)) in accounts {
            let attributes = if value == 0 { "{}".to_owned() } else { format!(r#"{{"Value":{value},"Same":"x"}}"#) };
            world.add_account(&format!("a{id}"), &attributes, &[&format!("profile/p{profile}")]);
        }
        for (id, name) in entitlements {
            world.add_entitlement(&format!("group/g{id}"), &format!("Name {name}"));
        }
        world.assignments = assignments
            .into_iter()
            .map(|(account, group)| {
                Assignment::new(Holder::account(format!("a{account}")), reference(&format!("group/g{group}")))
            })
            .collect();
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_leads_from_one_state_to_the_other(worlds in proptest::collection::vec(world(), 2..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let place = Place::new();
        let mut states: Vec<(String, Snapshot)> = Vec::new();
        for world in &worlds {
            let fake = Fake::new(world);
            let job = Job { delete_threshold: Percentage::new(100.0), ..fake.job() };
            let report = runtime.block_on(place.run(&job));
            states.push((report.run, snapshot(&place)));
        }
        for (at, (from, before)) in states.iter().enumerate() {
            for (to, after) in &states[at..] {
                let mut state = before.clone();
                query::diff(&place.store, "directory", Some(from), Some(to), |one| state.apply(one)).unwrap();
                prop_assert_eq!(&state, after);
            }
        }
    }
}

async fn two_runs() -> Place {
    let place = Place::new();
    let mut world = World::of(20);
    place.aggregate(&world).await;
    world.add_account("00002", r#"{"Email":"new@acme.example","Number":2}"#, &["profile/user"]);
    world.accounts.remove("00003");
    world.assignments.retain(|assignment| assignment.holder.account_id() != Some("00003"));
    world.assign("00005", "group/g4");
    place.aggregate(&world).await;
    place
}

#[tokio::test]
async fn a_diff_names_what_changed() {
    let place = two_runs().await;
    let mut told = Vec::new();
    let summary = query::diff(&place.store, "directory", None, None, |one| {
        told.push(serde_json::to_value(one).unwrap());
        Ok(())
    })
    .unwrap();
    assert_eq!(
        (summary.counts.accounts.added, summary.counts.accounts.changed, summary.counts.accounts.removed),
        (0, 1, 1)
    );
    assert_eq!((summary.counts.assignments.added, summary.counts.assignments.removed), (1, 3));
    assert_eq!(
        told[0],
        json!({"what": "account", "change": "changed", "id": "00002", "name": "00002@acme.example",
               "changes": [{"attribute": "Email", "from": "00002@acme.example", "to": "new@acme.example"}]})
    );
    assert!(told.contains(&json!({
        "what": "assignment", "change": "added", "account": "00005", "account_name": "00005@acme.example",
        "entitlement": {"type": "group", "id": "g4"}, "entitlement_name": "Group 4"
    })));
    let error = query::diff(&place.store, "directory", Some("zz"), None, |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn accounts_are_listed_as_asked() {
    let place = two_runs().await;
    let listed = |query: &AccountQuery<'_>| {
        let mut ids = Vec::new();
        query::accounts(&place.store, "directory", query, |account| {
            ids.push(account.id.clone());
            Ok(())
        })
        .map(|_| ids)
    };
    let filter = Filter::parse("number >= 17", &["Number"]).unwrap();
    assert_eq!(
        listed(&AccountQuery { filter: Some(&filter), ..Default::default() }).unwrap(),
        ["00017", "00018", "00019"]
    );
    let holding = AccountQuery { holding: Some("group/Group 4"), limit: Some(3), ..Default::default() };
    assert_eq!(listed(&holding).unwrap(), ["00004", "00005", "00008"]);
    let unknown = AccountQuery { holding: Some("grop/x"), ..Default::default() };
    let error = listed(&unknown).unwrap_err();
    assert!(error.help().unwrap().contains("group, profile"), "{error:?}");

    let mut line = String::new();
    query::accounts(&place.store, "directory", &AccountQuery { limit: Some(1), ..Default::default() }, |account| {
        line = serde_json::to_string(account).unwrap();
        Ok(())
    })
    .unwrap();
    assert_eq!(
        line,
        r#"{"id":"00000","name":"00000@acme.example","display_name":"Person 00000","enabled":true,"locked":false,"attributes":{"Email":"00000@acme.example","Number":0},"entitlements":[{"type":"group","id":"g0"},{"type":"group","id":"g1"},{"type":"profile","id":"user"}]}"#
    );
}

#[tokio::test]
async fn an_account_has_a_history() {
    let place = two_runs().await;
    let detail = query::account(&place.store, "directory", "00002@acme.example", Breadth::default()).unwrap();
    let events: Vec<_> = detail.history.iter().map(|entry| entry.event).collect();
    assert_eq!(events, [Event::Added, Event::Assigned, Event::Assigned, Event::Assigned, Event::Changed]);
    assert_eq!(detail.history[4].changes[0].to, json!("new@acme.example"));
    let gone = query::account(&place.store, "directory", "00003", Breadth::default()).unwrap();
    assert!(gone.removed && gone.account.entitlements.is_empty());
    assert_eq!(
        query::account(&place.store, "directory", "nobody", Breadth::default()).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        query::account(&place.store, "elsewhere", "x", Breadth::default()).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn an_entitlement_knows_its_holders() {
    let place = two_runs().await;
    let found = query::entitlement(&place.store, "directory", "group/Group 4").unwrap();
    let mut holders = Vec::new();
    query::holders(&place.store, "directory", &found.entitlement.key, Breadth::default(), |holder| {
        holders.push(holder.id.clone());
        Ok(())
    })
    .unwrap();
    assert_eq!(found.holders, holders.len() as u64);
    assert_eq!(holders, ["00004", "00005", "00008", "00009", "00013", "00014", "00018", "00019"]);
}

#[tokio::test]
async fn exports_are_whole() {
    let place = two_runs().await;
    let export = |what, format| {
        let mut bytes = Vec::new();
        let count = query::export(&place.store, "directory", what, format, &mut bytes).unwrap();
        (count, String::from_utf8(bytes).unwrap())
    };
    let (count, text) = export(What::Accounts, Format::Table(TableFormat::Csv));
    assert_eq!((count, text.lines().count()), (19, 20));
    assert_eq!(
        text.lines().next().unwrap(),
        "id,name,display_name,enabled,locked,entitlements,kind,owner,alias,Email,Number"
    );
    assert_eq!(
        text.lines().nth(1).unwrap(),
        "00000,00000@acme.example,Person 00000,true,false,group/g0;group/g1;profile/user,,,,00000@acme.example,0"
    );
    for (what, rows) in [(What::Accounts, 19), (What::Entitlements, 6), (What::Assignments, 58)] {
        for (format, header) in [(Format::Ndjson, 0), (Format::Table(TableFormat::Csv), 1)] {
            let (count, text) = export(what, format);
            assert_eq!((count, text.lines().count() as u64), (rows, rows + header), "{what:?} {format:?}");
        }
    }
    let (_, text) = export(What::Entitlements, Format::Ndjson);
    assert_eq!(
        text.lines().next().unwrap(),
        r#"{"type":"group","id":"g0","name":"Group 0","description":null,"attributes":{}}"#
    );
}

#[tokio::test]
async fn what_an_account_holds_in_two_ways_is_lost_with_the_second() {
    let place = Place::new();
    let mut world = World::of(30);
    world.assign("00007", "profile/user");
    place.aggregate(&world).await;
    let differences = |place: &Place| {
        let mut found = Vec::new();
        query::diff(&place.store, "directory", None, None, |difference| {
            found.push(difference.clone());
            Ok(())
        })
        .unwrap();
        found
    };
    let history = |place: &Place| {
        let entries = query::account(&place.store, "directory", "00007", Breadth::default()).unwrap().history;
        let of_profile = |entry: &&query::HistoryEntry| entry.entitlement == Some(reference("profile/user"));
        entries.iter().filter(of_profile).map(|entry| entry.event).collect::<Vec<_>>()
    };
    assert_eq!(history(&place), [Event::Assigned]);

    world.assignments.retain(|assignment| assignment.entitlement != reference("profile/user"));
    place.aggregate(&world).await;
    assert_eq!(differences(&place), []);
    assert_eq!(history(&place), [Event::Assigned]);

    world.accounts.get_mut("00007").unwrap().entitlements.clear();
    place.aggregate(&world).await;
    assert!(matches!(&differences(&place)[..], [Difference::Assignment { change: Change::Removed, .. }]));
    assert_eq!(history(&place), [Event::Assigned, Event::Unassigned]);
}
