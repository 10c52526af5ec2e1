//! Promise: everything a user writes wrongly is reported with line, column, reason and cure, all of it at once.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::Binary;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// Each file of the corpus is validated by the binary in a project of its own; what the user sees is kept next to it.
#[test]
fn every_broken_source_file_gets_its_report() {
    let files = broken_files("sources");
    let _bound = reports("reports");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let project = tempfile::TempDir::new().unwrap();
        fs::create_dir(project.path().join("sources")).unwrap();
        fs::copy(&file, project.path().join("sources/salesforce.yaml")).unwrap();
        fs::create_dir(project.path().join("secrets")).unwrap();
        for (secret, mode) in [("salesforce.key", 0o600), ("salesforce.crt", 0o644), ("readable.key", 0o644)] {
            let secret = project.path().join("secrets").join(secret);
            fs::write(&secret, "anything").unwrap();
            fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        }
        let ended = BINARY.run(project.path(), &["validate"]).expect_code(2);
        assert!(ended.stdout.is_empty() || ended.stderr.is_empty(), "{name} is reported in two places");
        insta::assert_snapshot!(name, format!("{}{}", ended.stdout, ended.stderr));
    }
}

/// The same with plans, in each of the forms they may have.
#[test]
fn every_broken_plan_gets_its_report() {
    let files = broken_files("plans");
    let _bound = reports("plan-reports");
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let project = tempfile::TempDir::new().unwrap();
        fs::create_dir(project.path().join("plans")).unwrap();
        let plan = format!("plans/plan.{}", file.extension().unwrap().to_str().unwrap());
        fs::copy(&file, project.path().join(&plan)).unwrap();
        let ended = BINARY.run(project.path(), &["validate", &plan]).expect_code(2);
        assert!(ended.stdout.is_empty() || ended.stderr.is_empty(), "{name} is reported in two places");
        assert!(!ended.stderr.contains("hunter2"), "{name} shows its secret: {}", ended.stderr);
        insta::assert_snapshot!(name, format!("{}{}", ended.stdout, ended.stderr));
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

fn broken_files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(corpus().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "only {} broken files", files.len());
    files
}

/// Keeps the snapshots of this test in a folder of the corpus.
fn reports(folder: &str) -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(corpus().join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind_to_scope()
}
