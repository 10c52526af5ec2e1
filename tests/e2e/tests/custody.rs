//! A source that signs in with a key that never leaves its token.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Ended, Project};
use connector_sandbox_salesforce::Options;
use connector_sandbox_softhsm::{SoftHsm, Token};
use std::fs;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const PIN: &str = "864213";

/// A project whose source signs in with the key `sales` of the token `iga`, whose certificate the app holds.
async fn project(hsm: &SoftHsm) -> Project {
    let token = Token::make(hsm, "iga", PIN);
    let certificate = Token::certificate_for(&token.make_rsa("sales", &[1], 2048), 365);
    token.make_rsa("other", &[2], 2048);
    let mut options = Options { users: 40, ..Options::default() };
    options.app.certificate_pem = Some(certificate);
    let project = Project::start(BINARY, options).await;
    project.write_secret("pin", PIN);
    sign_with(&project, hsm, "object=sales", "file:secrets/pin");
    project
}

fn sign_with(project: &Project, hsm: &SoftHsm, object: &str, pin: &str) {
    project.write_source("");
    let path = project.path("sources/salesforce.yaml");
    let key = format!("pkcs11:token=iga;{object}?module-path={}\n  key_password_ref: {pin}", hsm.module().display());
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("file:secrets/salesforce.key", &key)).unwrap();
}

fn test(project: &Project) -> Ended {
    project.run(&["test", "salesforce", "--output", "json"])
}

/// The step of that name, as `status: detail / help`.
fn step(ended: &Ended, name: &str) -> String {
    let report = ended.json();
    let step = report["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap().clone();
    let text = |field: &str| step[field].as_str().unwrap_or_default().to_owned();
    format!("{}: {} / {}", text("status"), text("detail"), text("help"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn a_key_in_a_token_signs_in_and_reads() {
    let Some(hsm) = SoftHsm::enter("a_key_in_a_token_signs_in_and_reads", "ALL") else { return };
    let project = project(&hsm).await;
    project.run(&["validate"]).expect_code(0);
    let ended = test(&project).expect_code(0);
    let key = step(&ended, "private_key");
    assert!(key.starts_with("passed: RSA 2048 in the token `iga`, from pkcs11:token=iga;object=sales"), "{key}");
    assert!(step(&ended, "certificate").contains("matches the key"));
    assert!(step(&ended, "assertion").starts_with("passed: signed with RS256"));
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let shown = project.run(&["cert", "check", "salesforce", "--output", "json"]).expect_code(0);
    assert_eq!(shown.json()[0]["fits_key"], true);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs SoftHSM"]
async fn another_key_or_a_wrong_pin_is_said_before_anything_is_sent() {
    let name = "another_key_or_a_wrong_pin_is_said_before_anything_is_sent";
    let Some(hsm) = SoftHsm::enter(name, "ALL") else { return };
    let project = project(&hsm).await;
    sign_with(&project, &hsm, "object=other", "file:secrets/pin");
    let certificate = step(&test(&project).expect_code(1), "certificate");
    assert!(certificate.contains("does not match the private key"), "{certificate}");

    project.write_secret("wrong", "975318");
    sign_with(&project, &hsm, "object=sales", "file:secrets/wrong");
    let ended = test(&project).expect_code(1);
    let key = step(&ended, "private_key");
    assert!(key.starts_with("failed: the token `iga` refused the PIN"), "{key}");
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains("975318"));
    assert!(step(&ended, "certificate").starts_with("skipped"));
}
