//! A source of a SCIM server, as far as nothing is sent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::Binary;
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

#[test]
fn the_source_file_that_is_made_is_valid_and_a_wrong_filter_is_shown_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| BINARY.run(folder.path(), arguments);
    run(&["init"]).expect_code(0);
    run(&["source", "new", "scim", "acme"]).expect_code(0);
    run(&["validate", "acme"]).expect_code(0);
    let shown = run(&["connectors", "show", "scim"]).expect_code(0).stdout;
    assert!(shown.contains("member_removal") && shown.contains("private_key_jwt"), "{shown}");
    let path = folder.path().join("sources/acme.yaml");
    let source = fs::read_to_string(&path).unwrap();
    fs::write(&path, source.replace("  # filter: …", "  filter: userType eq")).unwrap();
    let wrong = run(&["validate", "acme"]);
    assert_ne!(wrong.code, Some(0));
    assert!(wrong.stderr.contains("not a SCIM filter") && wrong.stderr.contains("filter: userType eq"), "{wrong:?}");
}

#[test]
fn the_codes_of_scim_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    BINARY.run(folder.path(), &["init"]).expect_code(0);
    let explained = BINARY.run(folder.path(), &["explain", "uniqueness"]).expect_code(0).stdout;
    assert!(explained.contains("userName"), "{explained}");
}
