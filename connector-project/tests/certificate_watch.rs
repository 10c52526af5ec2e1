//! Watching the certificate that a source names, wherever it and its key are kept.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fakes;

use connector_core::ErrorKind;
use connector_core::secrecy::{ExposeSecret, SecretString};
use connector_keys::{Certificate, CertificateRequest, CertificateStatus, PrivateKey};
use connector_project::certificate::{self, Watched};
use connector_project::source::Project;
use fakes::{VALID, project_with, write_private};
use jiff::{Timestamp, ToSpan};
use std::fs;
use std::time::Duration;
use tempfile::TempDir;

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

/// A project whose source `people` names a certificate for `days`.
fn project(days: u32) -> (TempDir, Project) {
    let certificate_ref = "key_ref: file:secrets/directory.key\n  certificate_ref: file:secrets/directory.crt";
    let (folder, project) =
        project_with("people.yaml", VALID.replace("key_ref: file:secrets/directory.key", certificate_ref));
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "people".to_owned(), organization: None, days };
    let certificate = Certificate::self_signed(&key, &request, now()).unwrap();
    write_private(&folder.path().join("secrets/directory.key"), key.to_pkcs8_pem(None).unwrap().expose_secret());
    fs::write(folder.path().join("secrets/directory.crt"), certificate.to_pem()).unwrap();
    (folder, project)
}

async fn examined(project: &Project, window: Option<Duration>) -> Watched {
    certificate::examine(project, &project.load("people").unwrap(), window, now()).await.unwrap()
}

fn days(days: u64) -> Duration {
    Duration::from_hours(days * 24)
}

#[tokio::test]
async fn a_certificate_is_compared_with_its_key_and_with_the_window() {
    let (_folder, project) = project(40);
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Ok, Some(true)));
    assert_eq!(watched.certificate.unwrap().subject(), "CN=people");
    assert_eq!(examined(&project, Some(days(45))).await.verdict.status, CertificateStatus::Warning);
    assert_eq!(examined(&project, Some(days(5))).await.verdict.status, CertificateStatus::Ok);
}

#[tokio::test]
async fn a_key_that_can_not_be_used_is_broken() {
    let (folder, project) = project(40);
    fs::remove_file(folder.path().join("secrets/directory.key")).unwrap();
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Broken, None));
    assert!(watched.key_fault.unwrap().message().contains("directory.key"));
}

#[tokio::test]
async fn a_password_that_is_not_at_hand_says_nothing_about_the_key_but_a_wrong_one_does() {
    let (folder, project) = project(40);
    let file = folder.path().join("sources/people.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let with_password = |reference: &str| {
        let key = "key_ref: file:secrets/directory.key";
        fs::write(&file, text.replace(key, &format!("{key}\n  key_password_ref: {reference}"))).unwrap();
    };
    let key = PrivateKey::generate(2048).unwrap().to_pkcs8_pem(Some(&SecretString::from("right"))).unwrap();
    write_private(&folder.path().join("secrets/directory.key"), key.expose_secret());
    with_password("file:secrets/password");
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Ok, None));
    assert!(watched.key_fault.unwrap().message().contains("secrets/password"));
    write_private(&folder.path().join("secrets/password"), "wrong");
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Broken, None));
}

#[tokio::test]
async fn a_certificate_that_can_not_be_read_or_is_of_another_key_is_broken() {
    let (folder, project) = project(40);
    let file = folder.path().join("secrets/directory.crt");
    let other = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "other".to_owned(), organization: None, days: 40 };
    fs::write(&file, Certificate::self_signed(&other, &request, now()).unwrap().to_pem()).unwrap();
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Broken, Some(false)));
    fs::write(&file, "nothing").unwrap();
    let watched = examined(&project, None).await;
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Broken, None));
    assert!(watched.certificate.is_none() && watched.verdict.help.is_some());
}

#[tokio::test]
async fn a_glance_opens_no_key_and_runs_no_program() {
    let (folder, project) = project(20);
    let source = || project.load("people").unwrap();
    let watched = certificate::glance(&project, &source(), now()).unwrap();
    assert_eq!((watched.verdict.status, watched.fits_key), (CertificateStatus::Warning, None));
    let later = now() + (24 * 21).hours();
    let watched = certificate::glance(&project, &source(), later).unwrap();
    assert_eq!(watched.verdict.status, CertificateStatus::Expired);
    let file = folder.path().join("sources/people.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let program = r#"command:["sh","-c","touch ran; echo x"]"#;
    fs::write(&file, text.replace("file:secrets/directory.crt", &format!("'{program}'"))).unwrap();
    assert!(certificate::glance(&project, &source(), now()).is_none());
    assert!(!folder.path().join("ran").exists());
    assert_eq!(examined(&project, None).await.verdict.status, CertificateStatus::Broken);
    assert!(folder.path().join("ran").exists(), "whoever asks for the whole truth gets it");
}

#[test]
fn what_a_policy_can_not_be_followed_for_is_told_instead_of_passed_over() {
    let (folder, project) = project(40);
    let file = folder.path().join("sources/people.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let is_due = |policy: &str, later: i64| {
        let key = "key_ref: file:secrets/directory.key";
        fs::write(&file, text.replace(key, &format!("{key}\n  rotation: {{before_expiry: {policy}}}"))).unwrap();
        certificate::is_due(&project, &project.load("people").unwrap(), now() + (24 * later).hours())
    };
    assert!(!is_due("30d", 9).unwrap());
    assert!(is_due("30d", 11).unwrap());
    assert!(is_due("30d", 50).unwrap(), "one that has ended is due");
    assert!(!is_due("39d", 0).unwrap());
    assert_eq!(is_due("40d", 1).unwrap_err().kind(), ErrorKind::Definition);
    fs::write(folder.path().join("secrets/directory.crt"), "nothing").unwrap();
    assert_eq!(is_due("30d", 11).unwrap_err().kind(), ErrorKind::Secret);
    let elsewhere = text.replace("file:secrets/directory.crt", "env:CERTIFICATE");
    let key = "key_ref: file:secrets/directory.key";
    fs::write(&file, elsewhere.replace(key, &format!("{key}\n  rotation: {{before_expiry: 30d}}"))).unwrap();
    let elsewhere = certificate::is_due(&project, &project.load("people").unwrap(), now());
    assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_source_without_a_certificate_is_not_watched() {
    let (_folder, project) = project_with("people.yaml", VALID);
    assert!(certificate::glance(&project, &project.load("people").unwrap(), now()).is_none());
}
