//! States, ends and holders of assignments: what is listed as held is held.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Pages, Place, World, reference};
use connector_core::{Assignment, AssignmentState, Attributes, Holder, Page};
use connector_engine::aggregate::{Counts, RunStatus};
use connector_engine::query::{
    self, AccountQuery, Breadth, Event, Filter, Format, HoldingState, TableFormat, What, WithoutEffect,
};
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const EFFECTIVE: Breadth = Breadth { effective: true, all_states: false };
const ALL_STATES: Breadth = Breadth { effective: false, all_states: true };

fn assignment(holder: Holder, written: &str) -> Assignment {
    Assignment::new(holder, reference(written))
}

fn inactive(account: &str, written: &str) -> Assignment {
    let mut assignment = assignment(Holder::account(account), written);
    assignment.state = AssignmentState::Inactive;
    assignment
}

fn until(account: &str, written: &str, end: &str) -> Assignment {
    let mut assignment = assignment(Holder::account(account), written);
    assignment.valid_until = Some(end.parse().unwrap());
    assignment
}

fn nested(holder: &str, written: &str) -> Assignment {
    assignment(Holder::Entitlement(reference(holder)), written)
}

/// Jane holds one group with effect and three without.
fn states() -> World {
    let mut world = World::default();
    world.add_account("jane", "{}", &[]);
    for group in ["on", "off", "over", "soon"] {
        world.add_entitlement(&format!("group/{group}"), group);
    }
    let mut soon = assignment(Holder::account("jane"), "group/soon");
    soon.state = AssignmentState::Scheduled;
    world.assignments = vec![
        until("jane", "group/on", "9000-01-01T00:00:00Z"),
        inactive("jane", "group/off"),
        until("jane", "group/over", "2001-01-01T00:00:00Z"),
        soon,
    ];
    world
}

fn line(place: &Place, breadth: Breadth) -> Value {
    let mut lines = Vec::new();
    query::accounts(&place.store, "directory", &AccountQuery { breadth, ..AccountQuery::default() }, |account| {
        lines.push(serde_json::to_value(account).unwrap());
        Ok(())
    })
    .unwrap();
    lines.swap_remove(0)
}

fn holder_ids(place: &Place, written: &str, breadth: Breadth) -> (Vec<String>, WithoutEffect) {
    let mut ids = Vec::new();
    let left_out = query::holders(&place.store, "directory", &reference(written), breadth, |holder| {
        ids.push(holder.id.clone());
        Ok(())
    })
    .unwrap();
    (ids, left_out)
}

fn differences(place: &Place) -> Vec<Value> {
    let mut found = Vec::new();
    query::diff(&place.store, "directory", None, None, |difference| {
        found.push(serde_json::to_value(difference).unwrap());
        Ok(())
    })
    .unwrap();
    found
}

#[tokio::test]
async fn only_what_has_effect_is_listed_as_held() {
    let place = Place::new();
    assert_eq!(place.aggregate(&states()).await.status, RunStatus::Succeeded);
    let held = json!({"type": "group", "id": "on", "valid_until": "9000-01-01T00:00:00Z"});
    assert_eq!(line(&place, Breadth::default())["entitlements"], json!([held]));
    let detail = query::account(&place.store, "directory", "jane", Breadth::default()).unwrap();
    let left_out = WithoutEffect { expired: 1, inactive: 1, scheduled: 1 };
    assert_eq!((detail.account.holdings.len(), detail.account.without_effect), (1, left_out));
    for (group, shown, left_out) in [
        ("on", 1, WithoutEffect::default()),
        ("off", 0, WithoutEffect { inactive: 1, ..WithoutEffect::default() }),
        ("over", 0, WithoutEffect { expired: 1, ..WithoutEffect::default() }),
        ("soon", 0, WithoutEffect { scheduled: 1, ..WithoutEffect::default() }),
    ] {
        let (ids, told) = holder_ids(&place, &format!("group/{group}"), Breadth::default());
        assert_eq!((ids.len(), told), (shown, left_out), "{group}");
        let counted = query::entitlement(&place.store, "directory", &format!("group/{group}")).unwrap().holders;
        assert_eq!(counted, shown as u64, "{group}");
    }
    let current = place.query("SELECT entitlement_id FROM current_assignments");
    assert_eq!(current, [[Cell::Text("on".to_owned())]]);
    let holding = |holding| {
        let query = AccountQuery { holding: Some(holding), ..AccountQuery::default() };
        query::accounts(&place.store, "directory", &query, |_| Ok(())).unwrap()
    };
    assert_eq!((holding("group/on"), holding("group/off"), holding("group/over")), (1, 0, 0));
}

#[tokio::test]
async fn all_states_are_listed_as_what_they_are() {
    let place = Place::new();
    place.aggregate(&states()).await;
    assert_eq!(
        line(&place, ALL_STATES)["entitlements"],
        json!([
            {"type": "group", "id": "off", "state": "inactive"},
            {"type": "group", "id": "on", "valid_until": "9000-01-01T00:00:00Z"},
            {"type": "group", "id": "over", "state": "expired", "valid_until": "2001-01-01T00:00:00Z"},
            {"type": "group", "id": "soon", "state": "scheduled"},
        ])
    );
    assert_eq!(holder_ids(&place, "group/over", ALL_STATES).0, ["jane"]);
    let told = place.query("SELECT entitlement_id || ' ' || state FROM all_assignments ORDER BY 1");
    let told: Vec<_> = told.into_iter().flatten().collect();
    assert_eq!(told, ["off inactive", "on active", "over expired", "soon scheduled"].map(|one| Cell::Text(one.into())));
    let mut csv = Vec::new();
    query::export(&place.store, "directory", What::Assignments, Format::Table(TableFormat::Csv), &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let header = "account,account_name,type,id,name,state,valid_until,through,attributes";
    assert_eq!(csv.lines().next(), Some(header));
    assert!(csv.lines().any(|line| line == "jane,jane@acme.example,group,off,off,inactive,,,"), "{csv}");
    for (condition, expected) in [("state = 'expired'", 1), ("state in ('scheduled')", 1), ("state is null", 0)] {
        let filter = Filter::parse(condition, &[]).unwrap();
        let query = AccountQuery { filter: Some(&filter), ..AccountQuery::default() };
        let found = query::accounts(&place.store, "directory", &query, |_| Ok(())).unwrap();
        assert_eq!(found, expected, "{condition}");
    }
}

#[tokio::test]
async fn another_state_end_or_value_is_a_change_of_the_assignment() {
    let place = Place::new();
    let mut world = World::default();
    world.add_account("jane", "{}", &[]);
    world.add_entitlement("group/g", "G");
    world.assignments = vec![inactive("jane", "group/g")];
    place.aggregate(&world).await;
    let added = json!([{"attribute": "state", "from": null, "to": "inactive"}]);
    let told = differences(&place);
    assert_eq!((&told[2]["change"], &told[2]["changes"]), (&json!("added"), &added), "not told as held");

    world.assignments[0] = until("jane", "group/g", "9000-01-01T00:00:00Z");
    world.assignments[0].attributes = Attributes::parse(r#"{"role":"lead"}"#).unwrap();
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments, Counts { seen: 1, changed: 1, ..Counts::default() });
    assert_eq!(
        differences(&place),
        [json!({
            "what": "assignment", "change": "changed", "account": "jane", "account_name": "jane@acme.example",
            "entitlement": {"type": "group", "id": "g"}, "entitlement_name": "G", "changes": [
                {"attribute": "state", "from": "inactive", "to": "active"},
                {"attribute": "valid_until", "from": null, "to": "9000-01-01T00:00:00Z"},
                {"attribute": "role", "from": null, "to": "lead"},
            ]
        })]
    );
    let detail = query::account(&place.store, "directory", "jane", Breadth::default()).unwrap();
    let told: Vec<_> = detail.history.iter().map(|entry| (entry.event, entry.changes.len())).collect();
    assert_eq!(told, [(Event::Added, 0), (Event::Assigned, 1), (Event::Changed, 3)]);

    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments, Counts { seen: 1, unchanged: 1, ..Counts::default() });
    assert_eq!(differences(&place), [] as [Value; 0]);
}

#[tokio::test]
async fn what_comes_again_in_another_state_is_told_with_its_earlier_life() {
    let place = Place::new();
    let mut world = World::of(3);
    world.assignments.push(inactive("00000", "group/g3"));
    let first = place.aggregate(&world).await.run;
    world.assignments.pop();
    place.aggregate(&world).await;
    world.assign("00000", "group/g3");
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.assignments.added, report.counts.assignments.changed), (1, 0));
    let mut told = Vec::new();
    query::diff(&place.store, "directory", Some(&first), None, |one| {
        told.push(serde_json::to_value(one).unwrap()["changes"].clone());
        Ok(())
    })
    .unwrap();
    assert_eq!(told, [json!([{"attribute": "state", "from": "inactive", "to": "active"}])]);
}

/// Roles that lead to groups, in a circle, with one way that has ended.
fn nesting() -> World {
    let mut world = World::default();
    for account in ["ann", "bob", "cid"] {
        world.add_account(account, "{}", &[]);
    }
    for entitlement in ["role/boss", "role/clerk", "group/all", "group/vault", "group/old"] {
        world.add_entitlement(entitlement, entitlement);
    }
    world.assign("ann", "role/boss");
    world.assign("bob", "role/clerk");
    world.assign("bob", "group/vault");
    world.assignments.push(inactive("cid", "role/boss"));
    let mut ended = nested("role/clerk", "group/old");
    ended.valid_until = Some("2001-01-01T00:00:00Z".parse().unwrap());
    world.assignments.extend([
        nested("role/boss", "role/clerk"),
        nested("role/clerk", "group/all"),
        nested("group/all", "role/boss"),
        nested("role/boss", "group/vault"),
        ended,
    ]);
    world
}

fn effective(place: &Place) -> BTreeSet<String> {
    let mut held = BTreeSet::new();
    query::accounts(
        &place.store,
        "directory",
        &AccountQuery { breadth: EFFECTIVE, ..AccountQuery::default() },
        |account| {
            held.extend(account.holdings.iter().map(|holding| format!("{} {}", account.id, holding.entitlement)));
            Ok(())
        },
    )
    .unwrap();
    held
}

#[tokio::test]
async fn what_is_held_through_others_is_listed_with_its_path() {
    let place = Place::new();
    place.aggregate(&nesting()).await;
    assert_eq!(
        line(&place, EFFECTIVE)["entitlements"],
        json!([
            {"type": "group", "id": "all", "path": [{"type": "role", "id": "boss"}, {"type": "role", "id": "clerk"}]},
            {"type": "group", "id": "vault", "path": [{"type": "role", "id": "boss"}]},
            {"type": "role", "id": "boss"},
            {"type": "role", "id": "clerk", "path": [{"type": "role", "id": "boss"}]},
        ])
    );
    assert_eq!(line(&place, Breadth::default())["entitlements"], json!([{"type": "role", "id": "boss"}]));
    assert!(!effective(&place).iter().any(|held| held.starts_with("cid") || held.contains("group/old")));
    assert_eq!(holder_ids(&place, "group/vault", Breadth::default()).0, ["bob"]);
    assert_eq!(holder_ids(&place, "group/vault", EFFECTIVE).0, ["ann", "bob"]);
    assert_eq!(holder_ids(&place, "group/all", EFFECTIVE).0, ["ann", "bob"]);
    let nesting = query::nesting(&place.store, "directory", &reference("role/clerk"), Breadth::default()).unwrap();
    let keys = |holdings: &[query::Holding]| holdings.iter().map(|one| one.entitlement.to_string()).collect::<Vec<_>>();
    assert_eq!((keys(&nesting.held_by), keys(&nesting.holds)), (vec!["role/boss".into()], vec!["group/all".into()]));
    let all = query::nesting(&place.store, "directory", &reference("role/clerk"), ALL_STATES).unwrap();
    assert_eq!(all.holds[1].state, HoldingState::Expired);
}

#[tokio::test]
async fn what_entitlements_hold_changes_apart_from_what_accounts_hold() {
    let place = Place::new();
    let mut world = nesting();
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments.added, 4, "those of accounts");
    world.assignments.retain(|one| *one != nested("role/boss", "group/vault"));
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments, Counts { seen: 4, unchanged: 4, ..Counts::default() });
    let mut told = Vec::new();
    let summary = query::diff(&place.store, "directory", None, None, |one| {
        told.push(serde_json::to_value(one).unwrap());
        Ok(())
    })
    .unwrap();
    assert_eq!(
        told,
        [json!({
            "what": "nesting", "change": "removed", "holder": {"type": "role", "id": "boss"},
            "entitlement": {"type": "group", "id": "vault"}, "entitlement_name": "group/vault",
        })]
    );
    assert_eq!((summary.counts.assignments.removed, summary.nestings.removed), (0, 1));
}

#[tokio::test]
async fn the_view_of_effective_assignments_says_the_same_as_the_lists() {
    let place = Place::new();
    place.aggregate(&nesting()).await;
    let rows =
        place.query("SELECT DISTINCT account_id || ' ' || type || '/' || entitlement_id FROM effective_assignments");
    let seen: BTreeSet<String> = rows
        .into_iter()
        .flatten()
        .map(|cell| if let Cell::Text(text) = cell { text } else { panic!("{cell:?}") })
        .collect();
    assert_eq!(seen, effective(&place));
    let path =
        place.query("SELECT path FROM effective_assignments WHERE account_id = 'ann' AND entitlement_id = 'all'");
    assert_eq!(path, [[Cell::Text("role/boss > role/clerk".to_owned())]]);
}

#[tokio::test]
async fn what_the_source_lists_as_given_by_another_is_no_direct_holding() {
    let place = Place::new();
    let mut world = World::of(1);
    let mut given = assignment(Holder::account("00000"), "group/g4");
    given.through = Some(reference("group/g1"));
    world.assignments.push(given.clone());
    world.assign("00000", "group/g4");
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments.added, 5, "one of its own and one that was given");
    world.assignments.pop();
    place.aggregate(&world).await;
    let through = json!({"type": "group", "id": "g1"});
    let told = differences(&place);
    assert_eq!((told.len(), &told[0]["change"], told[0].get("through")), (1, &json!("removed"), None));
    let default = line(&place, Breadth::default());
    assert!(!default["entitlements"].as_array().unwrap().iter().any(|held| held["id"] == "g4"));
    let held = line(&place, EFFECTIVE);
    let held = held["entitlements"].as_array().unwrap().iter().find(|held| held["id"] == "g4").unwrap();
    assert_eq!(held["through"], through);
}

#[tokio::test]
async fn an_alias_names_the_account_or_entitlement_that_has_it() {
    let place = Place::new();
    let mut world = World::of(30);
    world.accounts.get_mut("00007").unwrap().alias = Some("cn=Jane".to_owned());
    world.entitlements.get_mut(&reference("group/g1")).unwrap().alias = Some("cn=Group".to_owned());
    for alias in ["cn=Jane", "cn=Group", "cn=nobody", "cn=nothing"] {
        world.assignments.push(assignment(Holder::alias(alias), "group/g4"));
    }
    let report = place.aggregate(&world).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert_eq!(
        report.warnings,
        ["2 assignments name a holder that is not among what was read, for example `cn=nobody`"]
    );
    assert_eq!(report.counts.assignments.seen, 91, "what an entitlement holds is not counted");
    assert!(holder_ids(&place, "group/g4", Breadth::default()).0.contains(&"00007".to_owned()));
    assert!(holder_ids(&place, "group/g4", EFFECTIVE).0.contains(&"00000".to_owned()), "it holds group/g1");
    assert_eq!(place.number("SELECT count(*) FROM unresolved_holders"), 0);

    // Another account has the name now.
    world.accounts.get_mut("00007").unwrap().alias = None;
    world.accounts.get_mut("00011").unwrap().alias = Some("cn=Jane".to_owned());
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.assignments.added, report.counts.assignments.removed), (1, 1));
    let holders = holder_ids(&place, "group/g4", Breadth::default()).0;
    assert!(holders.contains(&"00011".to_owned()) && !holders.contains(&"00007".to_owned()));
}

#[tokio::test]
async fn an_alias_waits_for_an_account_that_is_read_later() {
    let place = Place::new();
    let mut world = World::of(3);
    world.accounts.get_mut("00002").unwrap().alias = Some("cn=Jane".to_owned());
    world.assignments = vec![assignment(Holder::alias("cn=Jane"), "group/g4")];
    // The accounts fail until the assignments are committed and the job is gone.
    let fake = Fake::new(&world)
        .with_script(|step, _, _| (step == "accounts").then(|| Err(connector_core::Error::protocol("not now"))));
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Failed);
    let late = Fake::new(&world);
    let mut job = late.job();
    job.concurrency = 1;
    let report = place.run(&job).await;
    assert_eq!((report.status, report.warnings.len()), (RunStatus::Succeeded, 0));
    assert_eq!(holder_ids(&place, "group/g4", Breadth::default()).0, ["00002"]);
}

#[tokio::test]
async fn an_unknown_alias_removes_nothing_where_not_every_account_was_shown() {
    let place = Place::new();
    let mut world = World::of(3);
    world.accounts.get_mut("00002").unwrap().alias = Some("cn=Jane".to_owned());
    world.assignments.push(assignment(Holder::alias("cn=Jane"), "group/g3"));
    place.aggregate(&world).await;
    // She has another name now, and is not shown.
    world.assignments.pop();
    world.assignments.push(assignment(Holder::alias("cn=Jane,ou=new"), "group/g3"));
    let shown: Vec<_> = world.accounts.values().take(2).cloned().collect();
    let fake = Fake::new(&world).with_script(move |step, _, _| {
        (step == "accounts").then(|| Ok(Pages::Accounts(Page::last(shown.clone()).with_incomplete("hidden"))))
    });
    let report = place.run(&fake.job()).await;
    assert_eq!((report.status, report.counts.assignments.removed), (RunStatus::Succeeded, 0));
    assert_eq!(holder_ids(&place, "group/g3", Breadth::default()).0, ["00002"]);
}
