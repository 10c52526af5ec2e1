//! The file of the store.

use connector_core::ErrorKind;
use connector_engine::store::Store;

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
