//! The work that nobody can leave out.

use super::process::Measured;
use connector_e2e::{Bare, Project};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// The tables of a store that hold what was read.
const TABLES: [&str; 3] = ["accounts", "entitlements", "assignments"];

/// Fetches pages with a bare client, so many at once, and throws the bytes away.
pub(crate) async fn fetch(project: &Project, queries: &[String], at_once: usize) -> Measured {
    let bare = Bare::sign_in(project).await;
    project.sandbox.clear_requests();
    let places = Arc::new(Semaphore::new(at_once));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for soql in queries {
        let place = places.clone().acquire_owned().await.unwrap();
        let request = bare.get("/services/data/v67.0/query").query(&[("q", soql)]);
        tasks.push(tokio::spawn(async move {
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success());
            answer.bytes().await.unwrap();
            drop(place);
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    Measured { time: started.elapsed(), calls: project.sandbox.requests().total, peak_kib: None }
}

/// Inserts the rows of a store into a fresh one with the same tables and indexes, in one transaction.
pub(crate) fn insert(store: &Path) -> Measured {
    let from = Connection::open(store).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let mut to = Connection::open(folder.path().join("bare.db")).unwrap();
    to.pragma_update(None, "journal_mode", "WAL").unwrap();
    to.pragma_update(None, "synchronous", "NORMAL").unwrap();
    to.pragma_update(None, "foreign_keys", false).unwrap();
    let shapes = "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index') ORDER BY type DESC";
    let mut shapes = from.prepare(shapes).unwrap();
    let shapes = shapes.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    for (table, sql) in shapes.map(Result::unwrap) {
        if TABLES.contains(&table.as_str()) {
            to.execute_batch(&sql).unwrap();
        }
    }
    let mut time = Duration::ZERO;
    for table in TABLES {
        let mut select = from.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = select.column_count();
        let read =
            |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>();
        let rows: Vec<Vec<Value>> = select.query_map([], read).unwrap().map(Result::unwrap).collect();
        let marks = vec!["?"; columns].join(", ");
        let started = Instant::now();
        let transaction = to.transaction().unwrap();
        let mut statement = transaction.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
        for row in &rows {
            statement.execute(rusqlite::params_from_iter(row)).unwrap();
        }
        drop(statement);
        transaction.commit().unwrap();
        time += started.elapsed();
    }
    Measured { time, calls: 0, peak_kib: None }
}
