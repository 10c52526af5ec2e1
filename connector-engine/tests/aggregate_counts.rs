//! What a run counts and keeps.

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, account, reference, run};
use connector_core::{Allowance, Attributes};
use connector_engine::aggregate::{Counts, Phase, Progress, RunStatus};
use serde_json::json;
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_run_counts_what_came_what_changed_and_what_is_gone() {
    let place = Place::new();
    let mut world = World::of(50);
    let first = place.aggregate(&world).await;
    assert_eq!(first.status, RunStatus::Succeeded);
    assert_eq!(first.counts.accounts, Counts { seen: 50, added: 50, ..Counts::default() });
    assert_eq!(first.counts.entitlements, Counts { seen: 6, added: 6, ..Counts::default() });
    assert_eq!(first.counts.assignments, Counts { seen: 150, added: 150, ..Counts::default() });

    world.accounts.remove("00003");
    world.assignments.retain(|assignment| assignment.holder.account_id() != Some("00003"));
    world.add_account("00010", r#"{"Email":"new@acme.example"}"#, &["profile/user"]);
    world.add_account("new", "{}", &[]);
    world.assignments.retain(|assignment| assignment.holder.account_id() != Some("00004"));
    let second = place.aggregate(&world).await;
    assert_eq!(second.counts.accounts, Counts { seen: 50, added: 1, changed: 1, unchanged: 48, removed: 1 });
    assert_eq!(second.counts.entitlements, Counts { seen: 6, unchanged: 6, ..Counts::default() });
    assert_eq!(second.counts.assignments, Counts { seen: 145, added: 0, changed: 0, unchanged: 145, removed: 5 });
}

#[tokio::test]
async fn the_report_serializes_to_the_machine_output() {
    let place = Place::new();
    let fake = Fake::new(&World::of(3));
    fake.context.meter().note_allowance("api-usage", Allowance::new(5, 100));
    let mut report = serde_json::to_value(place.run(&fake.job()).await).unwrap();
    let id = report["run"].take();
    assert_eq!(id.as_str().unwrap().len(), 26);
    report["duration_ms"].take();
    assert_eq!(
        report,
        json!({
            "run": null, "source": "directory", "mode": "full", "status": "succeeded", "resumed": false,
            "accounts": {"seen": 3, "added": 3, "changed": 0, "unchanged": 0, "removed": 0},
            "entitlements": {"seen": 6, "added": 6, "changed": 0, "unchanged": 0, "removed": 0},
            "assignments": {"seen": 9, "added": 9, "changed": 0, "unchanged": 0, "removed": 0},
            "api_calls": 12, "retries": 0, "bytes_received": 0, "duration_ms": null, "warnings": [],
            "limits": {"api-usage": {"used": 5, "max": 100}},
        })
    );
}

#[tokio::test]
async fn an_unchanged_row_costs_no_write() {
    let place = Place::new();
    let world = World::of(200);
    place.aggregate(&world).await;
    let tables = ["accounts", "entitlements", "assignments", "changes"];
    let connection = place.connection();
    connection.execute_batch("CREATE TABLE writes (what TEXT)").unwrap();
    for table in tables {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            connection
                .execute_batch(&format!(
                    "CREATE TRIGGER {event}_{table} AFTER {event} ON {table}
                     BEGIN INSERT INTO writes VALUES ('{event} {table}'); END"
                ))
                .unwrap();
        }
    }
    let again = place.aggregate(&world).await;
    assert_eq!(again.counts.accounts, Counts { seen: 200, unchanged: 200, ..Counts::default() });
    assert_eq!(place.number("SELECT count(*) FROM writes"), 0);
    let mut changed = world.clone();
    changed.add_account("00007", "{}", &["profile/user"]);
    place.aggregate(&changed).await;
    assert_eq!(place.query("SELECT what FROM writes ORDER BY 1").len(), 2, "one row and what it was");
}

#[tokio::test]
async fn the_order_of_attributes_is_no_change() {
    let place = Place::new();
    let mut world = World::default();
    world.add_account("a", r#"{"x":1,"y":"two"}"#, &[]);
    place.aggregate(&world).await;
    world.add_account("a", r#"{"y":"two","x":1}"#, &[]);
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.accounts.changed, report.counts.accounts.unchanged), (0, 1));
}

#[tokio::test]
async fn entitlements_of_the_accounts_own_record_follow_it() {
    let place = Place::new();
    let mut world = World::of(20);
    world.add_entitlement("profile/admin", "Administrator");
    place.aggregate(&world).await;
    let email = r#"{"Email":"00001@acme.example","Number":1}"#;
    world.add_account("00001", email, &["profile/admin"]);
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.accounts.changed, report.counts.accounts.unchanged), (0, 20));
    assert_eq!((report.counts.assignments.added, report.counts.assignments.removed), (1, 1));
    world.add_account("00001", email, &["profile/user"]);
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.assignments.added, report.counts.assignments.removed), (1, 1));
    assert_eq!(place.number("SELECT count(*) FROM assignments WHERE inline = 1 AND removed_run IS NULL"), 20);
}

#[tokio::test]
async fn an_account_that_comes_again_holds_again_what_its_record_names() {
    let place = Place::new();
    let world = World::of(20);
    let mut without = world.clone();
    without.accounts.remove("00005");
    without.assignments.retain(|assignment| assignment.holder.account_id() != Some("00005"));
    place.aggregate(&world).await;
    let report = place.aggregate(&without).await;
    assert_eq!((report.counts.accounts.removed, report.counts.assignments.removed), (1, 3));
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.accounts.added, report.counts.assignments.added), (1, 3));
    assert_eq!(place.number("SELECT count(*) FROM accounts WHERE removed_run IS NULL"), 20);
}

#[tokio::test]
async fn an_assignment_of_an_unread_entitlement_is_kept_with_a_warning() {
    let place = Place::new();
    let mut world = World::of(2);
    world.assign("00000", "group/hidden");
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments.seen, 7);
    assert_eq!(report.warnings, ["group: 1 that accounts hold were not among the entitlements that the source showed"]);
    world.add_entitlement("group/hidden", "Hidden");
    let report = place.aggregate(&world).await;
    assert_eq!((report.counts.entitlements.added, report.warnings.len()), (1, 0));
}

#[tokio::test]
async fn a_row_shown_twice_counts_once() {
    let place = Place::new();
    let mut world = World::of(30);
    for number in 0..10 {
        let copy = world.assignments[number].clone();
        world.assignments.push(copy);
    }
    let report = place.aggregate(&world).await;
    assert_eq!(report.counts.assignments, Counts { seen: 90, added: 90, ..Counts::default() });
}

#[tokio::test]
async fn odd_values_come_through_unchanged() {
    let place = Place::new();
    let mut world = World::default();
    let odd = "'; DROP TABLE accounts; --\u{0}\u{1F600}";
    let mut one = account("x", "{}", &["profile/a", "profile/a"]);
    one.id = odd.to_owned();
    one.name = odd.to_owned();
    one.display_name = None;
    one.attributes = Attributes::parse(serde_json::json!({ odd: [1, null, odd] }).to_string()).unwrap();
    world.accounts.insert(odd.to_owned(), one.clone());
    place.aggregate(&world).await;
    one.entitlements = vec![reference("profile/a")];
    let mut found = Vec::new();
    let query = connector_engine::query::AccountQuery::default();
    connector_engine::query::accounts(&place.store, "directory", &query, |account| {
        found.push(account.account.clone());
        Ok(())
    })
    .unwrap();
    assert_eq!(found, [one]);
}

#[tokio::test]
async fn progress_is_told_after_each_commit() {
    let place = Place::new();
    let fake = Fake::new(&World::of(30));
    let told = Mutex::new(Vec::new());
    run(&place.store, &fake.job(), |progress| told.lock().unwrap().push(*progress), CancellationToken::new())
        .await
        .unwrap();
    let told = told.into_inner().unwrap();
    assert_eq!(told.len(), fake.asked.lock().unwrap().len() + 2);
    assert!(told.is_sorted_by_key(|progress| progress.steps.accounts.seen));
    let last = told.last().unwrap();
    assert_eq!(
        (last.phase, last.steps.accounts.seen, last.steps.accounts.estimate),
        (Phase::Reconciling, 30, Some(30))
    );
}

#[tokio::test]
async fn another_spelling_of_the_same_json_is_no_change() {
    let place = Place::new();
    let mut world = World::of(3);
    world.add_account("00001", r#"{"City":"Zürich","Tags":["a/b"],"More":{"a":1,"b":2}}"#, &[]);
    place.aggregate(&world).await;
    world.add_account("00001", r#"{"Tags":[ "a\/b" ],"City":"Z\u00fcrich","More":{"b":2,"a":1}}"#, &[]);
    assert_eq!(place.aggregate(&world).await.counts.accounts.changed, 0);
    world.add_account("00001", r#"{"Tags":["a\/b"],"City":"Z\u00fcrich","More":{"b":2,"a":"1"}}"#, &[]);
    assert_eq!(place.aggregate(&world).await.counts.accounts.changed, 1);
}

#[tokio::test]
async fn a_stop_while_the_store_is_compared_is_heard_and_the_next_job_compares() {
    let place = Place::new();
    let mut world = World::of(2_000);
    place.aggregate(&world).await;
    let gone: Vec<_> = world.accounts.keys().take(150).cloned().collect();
    for id in &gone {
        world.accounts.remove(id);
    }
    let fake = Fake::new(&world);
    let stop = CancellationToken::new();
    let progress = |progress: &Progress| {
        if progress.phase == Phase::Reconciling {
            stop.cancel();
        }
    };
    let stopped = run(&place.store, &fake.job(), progress, stop.clone()).await.unwrap();
    assert_eq!((stopped.status, stopped.counts.accounts.removed), (RunStatus::Interrupted, 0));

    let ended = place.run(&fake.job()).await;
    assert_eq!((ended.status, ended.counts.accounts.removed), (RunStatus::Succeeded, 150));
    assert!(ended.resumed);
}
