//! The file of the store.

use connector_core::ErrorKind;
use connector_engine::store::Store;
use connector_sql::Connection;
use connector_store::{RunLock, Work, fault, sql};

#[cfg(unix)]
#[test]
fn the_store_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".connector/store.db");
    Store::open(&file).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(mode(&file), 0o600);
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("INSERT INTO sources (name) VALUES ('x')").unwrap();
    assert_eq!(mode(&folder.path().join(".connector/store.db-wal")), 0o600);
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    Store::open(&file).unwrap();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection
        .execute_batch("INSERT INTO refinery_schema_history SELECT version + 1000, name, applied_on, checksum FROM refinery_schema_history")
        .unwrap();
    let error = Store::open(&file).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition);
    assert!(error.message().contains("newer version"), "{error}");
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    std::fs::write(&file, "people: jane, bob and everybody else in this long list of ours\n".repeat(40)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = Store::open(&file).unwrap_err();
    assert!(error.message().contains("is not a store"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn several_programs_may_open_a_new_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/down/store.db");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Store::open(&file).unwrap());
        }
    });
}

/// A store that may not get larger is what a full disk is to SQLite.
#[test]
fn a_full_disk_is_named_with_what_to_do_and_what_was_written_before_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    Store::open(&file).unwrap();
    let connection = Connection::from(rusqlite::Connection::open(&file).unwrap());
    sql::insert(&connection, "INSERT INTO sources (name) VALUES ('before') RETURNING id", []).unwrap();
    let pages: i64 = sql::one(&connection, "PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let most = format!("PRAGMA max_page_count = {pages}");
    sql::one(&connection, &most, [], |row| row.get::<_, i64>(0)).unwrap();
    let long = "x".repeat(1_000_000);
    let error = sql::execute(&connection, "INSERT INTO sources (name) VALUES (?1)", [&long]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.message().contains("no room left on the disk"), "{error}");
    assert!(error.help().unwrap().contains("free some"), "{error:?}");
    let names: Vec<String> = sql::all(&connection, "SELECT name FROM sources", [], |row| row.get(0)).unwrap();
    assert_eq!(names, ["before"]);
}

/// SQLite does not call every full disk full, and a disk that can't be read is no full one.
#[test]
fn a_fault_in_writing_points_at_the_disk_and_one_in_reading_at_a_copy_of_the_store() {
    use rusqlite::ffi;
    let fault_of = |code| fault(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into());
    for code in
        [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE, ffi::SQLITE_IOERR_TRUNCATE, ffi::SQLITE_IOERR_FSYNC]
    {
        let error = fault_of(code);
        assert!(error.message().contains("can't be written"), "{code}: {error}");
        assert!(error.help().unwrap().contains("disk of the store is not full"), "{code}: {error:?}");
    }
    for code in [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ, ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB] {
        let error = fault_of(code);
        assert!(error.help().unwrap().contains("keep a copy of the file"), "{code}: {error:?}");
    }
    let error = fault_of(ffi::SQLITE_READONLY);
    assert!(error.message().contains("can't be written") && error.help().unwrap().contains("who owns"), "{error:?}");
}

#[test]
fn the_error_of_a_locked_source_says_who_holds_it_and_how_to_continue() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("store.db")).unwrap();
    for (work, doing, help) in [
        (Work::Aggregation, "another job is aggregating `a b` now", "its run can then be continued"),
        (Work::Provisioning, "another job is provisioning `a b` now", "continue its plan with `--resume`"),
        (Work::Rotation, "another job is replacing the certificate of `a b` now", "`connector cert rotate 'a b'`"),
    ] {
        let held = RunLock::take(&store, work, "a b").unwrap();
        let error = RunLock::take(&store, work, "a b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Guard);
        let holder = format!("(pid {} since ", std::process::id());
        assert!(error.message().starts_with(doing) && error.message().contains(&holder), "{error}");
        let said = error.help().unwrap();
        assert!(said.starts_with("wait until it ends, or stop that process") && said.contains(help), "{said}");
        assert!(RunLock::is_held(&store, work, "a b") && !RunLock::is_held(&store, work, "b"));
        drop(held);
        RunLock::take(&store, work, "a b").unwrap();
    }
}
