//! A store of an earlier version opens and keeps what it has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, World, run};
use connector_core::AccountKind;
use connector_engine::aggregate::{Counts, RunStatus};
use connector_engine::query::{self, Breadth, Event};
use connector_engine::store::Store;
use rusqlite::Connection;
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Three runs that succeeded and one that was killed, as the version before states and kinds of accounts wrote them.
fn old_store() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    // The tables come in the order of their names.
    let script = ["PRAGMA foreign_keys = OFF;", include_str!("stores/v4.sql")].concat();
    Connection::open(&file).unwrap().execute_batch(&script).unwrap();
    (folder, file)
}

/// What the killed run was reading.
fn world() -> World {
    let mut world = World::of(12);
    world.add_entitlement("profile/admin", "Administrator");
    world.assign("00000", "group/hidden");
    world
}

#[test]
fn an_old_store_opens_and_keeps_its_rows_and_its_history() {
    let (_folder, file) = old_store();
    let store = Store::open(&file).unwrap();
    let detail = query::account(&store, "directory", "00002", Breadth::default()).unwrap();
    assert_eq!((detail.account.kind, detail.account.owner.as_deref()), (AccountKind::Unspecified, None));
    assert_eq!(detail.account.attributes.get::<String>("Email").unwrap(), "00002@acme.example");
    let held: Vec<_> = detail.account.holdings.iter().map(|held| held.entitlement.to_string()).collect();
    assert_eq!(held, ["group/g2", "group/g3", "profile/user"]);
    let told: Vec<_> = detail.history.iter().map(|entry| entry.event).collect();
    let (came, given, taken, changed) = (Event::Added, Event::Assigned, Event::Unassigned, Event::Changed);
    assert_eq!(told, [came, given, given, given, changed, given, taken, changed, taken, given]);
    let again = query::account(&store, "directory", "00003", Breadth::default()).unwrap().history;
    assert!(again.iter().any(|entry| entry.event == Event::Restored));
    let group = query::entitlement(&store, "directory", "group/g4").unwrap();
    assert_eq!((group.entitlement.name.as_str(), group.holders), ("Group 4", 5));
    let runs = query::runs(&store, Some("directory"), None).unwrap();
    assert_eq!(runs.len(), 4);
    let mut told = Vec::new();
    let summary = query::diff(&store, "directory", Some(&runs[3].report.run), Some(&runs[2].report.run), |one| {
        told.push(one.clone());
        Ok(())
    })
    .unwrap();
    let counts = summary.counts;
    assert_eq!((counts.accounts.changed, counts.accounts.removed, counts.entitlements.changed), (1, 1, 1));
    assert_eq!((counts.assignments.added, counts.assignments.removed), (2, 4));
    assert_eq!(told.len(), 9);
}

#[tokio::test]
async fn a_run_that_the_old_version_left_unfinished_goes_on() {
    let (_folder, file) = old_store();
    let store = Store::open(&file).unwrap();
    let fake = Fake::new(&world());
    let report = run(&store, &fake.job(), |_| {}, CancellationToken::new()).await.unwrap();
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert_eq!(report.counts.accounts.seen, 12);
    assert_eq!(report.counts.assignments.seen, 37);
    let fake = Fake::new(&world());
    let report = run(&store, &fake.job(), |_| {}, CancellationToken::new()).await.unwrap();
    assert_eq!(report.counts.accounts, Counts { seen: 12, unchanged: 12, ..Counts::default() });
    assert_eq!(report.counts.assignments, Counts { seen: 37, unchanged: 37, ..Counts::default() });
    assert_eq!(report.counts.entitlements, Counts { seen: 7, unchanged: 7, ..Counts::default() });
}

#[test]
fn the_views_keep_their_columns() {
    let (_folder, file) = old_store();
    let columns = |view: &str| {
        let connection = Connection::open(&file).unwrap();
        let statement = connection.prepare(&format!("SELECT * FROM {view}")).unwrap();
        statement.column_names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = ["current_accounts", "current_assignments"].map(columns);
    drop(Store::open(&file).unwrap());
    let after = ["current_accounts", "current_assignments"].map(columns);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before[..], after[..before.len()]);
    }
}
