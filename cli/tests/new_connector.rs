//! Promise: `connector new connector NAME` creates a crate that builds, passes the trials of the kit and runs, for somebody who has
//! only the published crates.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_connector");

fn refused(folder: &Path, arguments: &[&str], code: i32, texts: &[&str]) {
    let before = names_in(folder);
    let output = run(folder, arguments);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    for text in texts {
        assert!(said.contains(text), "{arguments:?}: {said}");
    }
    assert_eq!(names_in(folder), before, "{arguments:?}");
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_connector_is_a_folder_with_names_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let created = run(folder.path(), &["new", "connector", "acme_hr"]);
    assert!(created.status.success(), "{}", said(&created));
    let made = folder.path().join("connector-acme-hr");
    assert_eq!(names_in(&made), [".gitignore", "Cargo.toml", "README.md", "connector.yaml", "sources", "src", "tests"]);
    let manifest = fs::read_to_string(made.join("Cargo.toml")).unwrap();
    assert!(manifest.contains("name = \"connector-acme-hr\""), "{manifest}");
    assert!(!manifest.contains("[workspace]") && !manifest.contains("[patch"), "{manifest}");
    // The first `cargo test` builds no program, so the binary asks for its feature, and so does every command that is shown.
    assert!(manifest.contains("default = []") && manifest.contains("required-features = [\"binary\"]"), "{manifest}");
    let readme = fs::read_to_string(made.join("README.md")).unwrap();
    let shown = [
        readme,
        said(&created),
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/writing-a-connector.md")).unwrap(),
    ];
    for text in shown {
        let runs: Vec<_> =
            text.lines().filter(|line| line.contains("cargo run") || line.contains("cargo build")).collect();
        assert!(!runs.is_empty() && runs.iter().all(|line| line.contains("--features binary")), "{runs:?}");
    }
    for file in ["src/lib.rs", "src/main.rs", "src/settings.rs", "src/connector.rs", "src/people.rs", "README.md"] {
        let text = fs::read_to_string(made.join(file)).unwrap();
        assert!(!text.contains("{{"), "{file}: {text}");
    }
    refused(folder.path(), &["new", "connector", "acme_hr"], 1, &["already exists", "`--dir`"]);
    let elsewhere = run(folder.path(), &["new", "connector", "acme_hr", "--dir", "elsewhere", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&elsewhere.stdout).unwrap();
    assert_eq!(report["folder"], "elsewhere");
    assert!(report["created"].as_array().unwrap().iter().any(|file| file == "sources/acme_hr.yaml"), "{report}");
}

#[test]
fn a_crate_below_a_workspace_is_a_workspace_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
    assert!(run(folder.path(), &["new", "connector", "acme"]).status.success());
    let manifest = fs::read_to_string(folder.path().join("connector-acme/Cargo.toml")).unwrap();
    assert!(manifest.contains("\n[workspace]\n"), "{manifest}");
}

#[test]
fn an_unusable_name_or_folder_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "Acme", "acme-hr", "1acme", "acme__hr", "acme_", "äcme", "../acme", &"a".repeat(41)] {
        refused(folder.path(), &["new", "connector", "--", name], 2, &["is not a valid name", "acme_hr"]);
    }
    #[cfg(feature = "salesforce")]
    refused(folder.path(), &["new", "connector", "salesforce"], 1, &["already has a connector `salesforce`"]);
    refused(folder.path(), &["new", "connector", "acme", "--dir", "no/such/folder"], 2, &["can't create"]);
    refused(folder.path(), &["new", "connector", "acme", "--crates", "nowhere"], 2, &["can't read `nowhere`"]);
    refused(folder.path(), &["new", "connector", "acme", "--crates", "."], 2, &["`connector-cli`", "clone"]);
}

/// Runs cargo in the folder of the new crate. What others wrote is built where this workspace builds it, and with its versions.
fn cargo(folder: &Path, arguments: &[&str]) -> Output {
    let profile = Path::new(BINARY).parent().unwrap();
    let profile_name = profile.file_name().unwrap().to_str().unwrap();
    let (subcommand, others) = arguments.split_first().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command.arg(subcommand);
    if profile_name != "debug" {
        command.args(["--profile", profile_name, "--config", &format!("profile.{profile_name}.inherits='dev'")]);
        command.args(["--config", &format!("profile.{profile_name}.debug=false")]);
        command.args(["--config", &format!("profile.{profile_name}.incremental=false")]);
    }
    // After cargo's own flags: what follows `--` belongs to the program.
    command.args(others);
    command.current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    command.env("CARGO_BUILD_BUILD_DIR", profile.parent().unwrap());
    command.output().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

/// The crates of this workspace as packages side by side, unpacked.
fn packages(folder: &Path) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let packed = folder.join("packed");
    let mut package = Command::new(env!("CARGO"));
    package.args(["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet"]);
    for private in ["connector-e2e", "connector-entries", "connector-sandbox-softhsm"] {
        package.args(["--exclude", private]);
    }
    let package = package.current_dir(workspace).env("CARGO_TARGET_DIR", &packed);
    succeeds(&package.output().unwrap());
    let unpacked = folder.join("crates");
    fs::create_dir(&unpacked).unwrap();
    for entry in fs::read_dir(packed.join("package")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "crate") {
            let mut unpack = Command::new("tar");
            succeeds(&unpack.arg("-xzf").arg(&path).arg("-C").arg(&unpacked).output().unwrap());
        }
    }
    unpacked
}

/// Makes code of the ability that the template has as a comment.
fn with_the_other_ability(connector: &Path) {
    let text = fs::read_to_string(connector).unwrap();
    let (before, commented) = text.split_once("// #[async_trait]\n").unwrap();
    let code: Vec<_> =
        commented.lines().map(|line| line.strip_prefix("// ").or(line.strip_prefix("//")).unwrap()).collect();
    let before = before.replace(".with_entitlements(self)", ".with_entitlements(self).with_accounts(self)").replacen(
        "async_trait,",
        "async_trait, Concern, FindAccounts,",
        1,
    );
    fs::write(connector, format!("{before}#[async_trait]\n{}\n", code.join("\n"))).unwrap();
}

#[test]
#[ignore = "builds every crate again from packages"]
fn a_stranger_builds_tests_and_runs_a_connector_from_packages() {
    let folder = tempfile::tempdir().unwrap();
    let crates = packages(folder.path());
    succeeds(&run(folder.path(), &["new", "connector", "acme_hr", "--crates", crates.to_str().unwrap()]));
    let made = folder.path().join("connector-acme-hr");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), made.join("Cargo.lock")).unwrap();

    let tree = Command::new(env!("CARGO")).args(["tree", "--edges", "all"]).current_dir(&made).output().unwrap();
    let tree = succeeds(&tree);
    assert!(
        tree.contains("connector-testkit") && !tree.contains("connector-cli") && !tree.contains("openssl"),
        "{tree}"
    );
    let tested = succeeds(&cargo(&made, &["test"]));
    assert!(!tested.contains("warning"), "{tested}");
    assert!(tested.contains("only_what_has_effect_is_found_as_held") && tested.contains("0 failed"), "{tested}");
    let formatted = Command::new(env!("CARGO")).args(["fmt", "--check"]).current_dir(&made).output().unwrap();
    succeeds(&formatted);

    let run = ["run", "--features", "binary", "--", "aggregate", "acme_hr", "--output", "json"];
    let read = succeeds(&cargo(&made, &run));
    assert!(read.contains("\"seen\":250"), "{read}");
    let binary = made.join("target").join(Path::new(BINARY).parent().unwrap().file_name().unwrap()).join("connector");
    let connectors = Command::new(&binary).arg("connectors").current_dir(&made).output().unwrap();
    let connectors = succeeds(&connectors);
    assert!(connectors.contains("acme_hr") && !connectors.contains("salesforce"), "{connectors}");
    // A place of secrets that this binary leaves out is refused with the name of its feature.
    let source = fs::read_to_string(made.join("sources/acme_hr.yaml")).unwrap();
    let refs = "http:\n  client_certificate_ref: file:client.crt\n  client_key_ref: vault:kv/client#key\n";
    fs::write(made.join("sources/left_out.yaml"), format!("{source}{refs}")).unwrap();
    let validated = Command::new(&binary).args(["validate", "left_out"]).current_dir(&made).output().unwrap();
    assert_eq!(validated.status.code(), Some(2), "{}", said(&validated));
    assert!(said(&validated).contains("--features vault"), "{}", said(&validated));

    with_the_other_ability(&made.join("src/connector.rs"));
    let tested = succeeds(&cargo(&made, &["test", "--test", "conformance"]));
    let found = tested.lines().find(|line| line.contains("an_account_is_found_by_id_and_by_name")).unwrap();
    assert!(found.ends_with("ok"), "{tested}");
}
