//! The connectors that ship with this project keep the contract.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

// Links the connectors in.
use connector_cli as _;
use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

#[tokio::test(flavor = "multi_thread")]
async fn salesforce_passes_every_trial() {
    let project =
        Project::start(BINARY, Options { users: 130, max_page: 200, territories: true, ..Options::default() }).await;
    project.write_source("settings:\n  custom_fields: all\n");
    let folder = connector_project::source::Project::at(project.folder());
    let source = folder.load("salesforce").unwrap();
    let report = connector_testkit::check(|| source.open(&folder).map(|opened| opened.connector)).await;
    assert!(report.passed(), "{report}");
    assert!(report.to_string().ends_with("0 failed, 0 not applicable"), "{report}");
}
