//! One of several files can't be written.

use super::*;
use crate::settings::Settings;
use connector_core::{Context, ErrorKind};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A project with the files `a.csv` and `b.csv`, which have the accounts `a` and `b`.
fn project() -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        fs::write(folder.path().join(format!("{name}.csv")), format!("id,x\n{name},1\n")).unwrap();
    }
    let accounts = json!({"file": "*.csv", "new_rows": "b.csv", "id": "id"});
    let settings: Settings = serde_json::from_value(json!({"accounts": accounts, "writable": true})).unwrap();
    let layout = Layout::new(&settings, &Context::new("people", folder.path()));
    (folder, layout)
}

/// Changes the row of each file, of which somebody else changes one before it is written.
fn changed(folder: &Path, layout: &Layout, other: &str) -> Result<Vec<Result<Outcome>>> {
    let mut lines = BTreeMap::new();
    let mut rewritten = Rewritten::read(layout, &layout.accounts, None, |rows, origin| {
        lines.insert(origin.part, Line::of(rows, origin)?);
        Ok(())
    })?;
    for line in lines.values() {
        let values = [line.values[0].clone(), b"2".to_vec()];
        rewritten.replace(line, &values)?;
    }
    let path = folder.join(other);
    fs::write(&path, fs::read_to_string(&path).unwrap() + "new,1\n").unwrap();
    let told = [("a", vec![0]), ("b", vec![1]), ("both", vec![0, 1]), ("none", vec![])];
    rewritten.finish(told.map(|(id, files)| (Ok(Outcome::applied(id)), files)).into())
}

#[test]
fn operations_fail_whose_file_was_not_written_and_say_whether_another_one_was() {
    let (folder, layout) = project();
    let outcomes = changed(folder.path(), &layout, "b.csv").unwrap();
    let told: Vec<_> = outcomes.iter().map(|one| one.as_ref().map_err(Error::happened)).collect();
    let (a, none) = (Outcome::applied("a"), Outcome::applied("none"));
    assert_eq!(told, [Ok(&a), Err(Happened::No), Err(Happened::Unknown), Ok(&none)]);
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("`b.csv`"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("a.csv")).unwrap(), "id,x\na,2\n");
    assert_eq!(fs::read_to_string(folder.path().join("b.csv")).unwrap(), "id,x\nb,1\nnew,1\n");
}

#[test]
fn if_the_first_file_is_not_written_no_file_is_and_nothing_happened() {
    let (folder, layout) = project();
    let error = changed(folder.path(), &layout, "a.csv").unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::No));
    assert_eq!(fs::read_to_string(folder.path().join("b.csv")).unwrap(), "id,x\nb,1\n");
}
