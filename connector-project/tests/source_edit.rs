//! Edits of the `auth:` block: every other byte of the file stays the same, or the whole file does.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fakes;

use fakes::{VALID, project_with};
use std::fs;

const KEY: (&str, Option<&str>) = ("key_ref", Some("file:secrets/new.key"));
const CERTIFICATE: (&str, Option<&str>) = ("certificate_ref", Some("file:secrets/new.crt"));
const PASSWORD: (&str, Option<&str>) = ("key_password_ref", Some("env:KEY_PASSWORD"));
const NO_PASSWORD: (&str, Option<&str>) = ("key_password_ref", None);

const COMMENTED: &str = "\
# The people of Acme — handle with care.
connector: directory # the only one
auth:
    # how
    grant_type: signed
    token_url: https://acme.example/token
    issuer: client
    key_ref: \"file:secrets/old.key\"   # made in 2025

    # who
    subject: 'iga@acme.example'
# settings follow
settings: {api_version: \"67.0\"}
";

fn edited(text: &str, changes: &[(&str, Option<&str>)]) -> String {
    let (folder, project) = project_with("people.yaml", text);
    project.edit_auth("people", changes).unwrap();
    let files = fs::read_dir(folder.path().join("sources")).unwrap().count();
    assert_eq!(files, 1, "no other file is left next to it");
    fs::read_to_string(folder.path().join("sources/people.yaml")).unwrap()
}

#[test]
fn a_key_is_replaced_in_place_and_a_new_one_gets_the_line_below() {
    let expected = COMMENTED.replace(
        "    key_ref: \"file:secrets/old.key\"   # made in 2025\n",
        "    key_ref: file:secrets/new.key   # made in 2025\n    key_password_ref: env:KEY_PASSWORD\n    certificate_ref: file:secrets/new.crt\n",
    );
    assert_eq!(edited(COMMENTED, &[KEY, PASSWORD, CERTIFICATE]), expected);
    assert_eq!(edited(&expected, &[KEY, PASSWORD, CERTIFICATE]), expected, "a second edit changes nothing");
}

#[test]
fn removing_a_key_removes_only_its_line() {
    let with = edited(COMMENTED, &[("key_ref", Some("file:secrets/old.key")), PASSWORD]);
    let without = edited(&with, &[NO_PASSWORD]);
    assert_eq!(without, COMMENTED.replace("\"file:secrets/old.key\"", "file:secrets/old.key"));
    assert_eq!(edited(&without, &[NO_PASSWORD]), without, "what is not there need not go");
}

#[test]
fn line_ends_of_windows_a_mark_and_a_missing_last_line_end_stay_as_they_are() {
    let windows = format!("\u{feff}{}", VALID.replace('\n', "\r\n"));
    let changed = edited(&windows, &[KEY, CERTIFICATE]);
    assert!(changed.starts_with("\u{feff}connector: directory\r\n"), "{changed:?}");
    assert!(
        changed.contains("  key_ref: file:secrets/new.key\r\n  certificate_ref: file:secrets/new.crt\r\nsettings:")
    );
    let (settings, auth) =
        VALID.split_once("auth:").map(|(head, tail)| (head, tail.split_once("settings:").unwrap())).unwrap();
    let cut = format!("{settings}settings:{}auth:{}", auth.1, auth.0.trim_end());
    let changed = edited(&cut, &[KEY, CERTIFICATE]);
    assert!(
        changed.ends_with("key_ref: file:secrets/new.key\n  certificate_ref: file:secrets/new.crt\n"),
        "{changed:?}"
    );
}

#[test]
fn a_value_that_yaml_would_misread_is_quoted() {
    let reference = r#"command:["pass","show","sales # force"]"#;
    let changed = edited(VALID, &[("key_password_ref", Some(reference))]);
    let value: serde_json::Value = serde_yaml::from_str(&changed).unwrap();
    assert_eq!(value["auth"]["key_password_ref"], reference);
}

#[test]
fn a_block_that_only_a_person_can_edit_is_left_alone() {
    let flow = VALID
        .replace("auth:\n  grant_type: signed\n", "auth: {grant_type: signed, ")
        .replace("  token_url: https://acme.example/token\n", "token_url: 'https://acme.example/token', ")
        .replace("  issuer: client\n", "issuer: client, ")
        .replace("  subject: iga@acme.example\n", "subject: 'iga@acme.example', ")
        .replace("  key_ref: file:secrets/directory.key\n", "key_ref: 'file:secrets/directory.key'}\n");
    let wrapped = VALID.replace("key_ref: file:secrets/directory.key", "key_ref: >-\n    file:secrets/directory.key");
    let invalid = VALID.replace("issuer", "isuer");
    for (text, part) in [(flow, "by hand"), (wrapped, "by hand"), (invalid, "")] {
        let (folder, project) = project_with("people.yaml", &text);
        let error = project.edit_auth("people", &[KEY, CERTIFICATE]).unwrap_err();
        assert!(error.help().unwrap().contains(part), "{text}: {error:?}");
        assert_eq!(fs::read_to_string(folder.path().join("sources/people.yaml")).unwrap(), text);
    }
    let (folder, project) = project_with("people.yaml", VALID);
    for bad in [("key_ref", None), ("key_ref", Some("no ref")), ("unknown_ref", Some("env:A"))] {
        assert!(project.edit_auth("people", &[bad]).is_err(), "{bad:?}");
        assert_eq!(fs::read_to_string(folder.path().join("sources/people.yaml")).unwrap(), VALID);
    }
}

#[cfg(unix)]
#[test]
fn the_mode_of_the_file_and_a_link_to_it_stay() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, project) = project_with("people.yaml", VALID);
    let (file, kept) = (folder.path().join("sources/people.yaml"), folder.path().join("kept.yaml"));
    fs::rename(&file, &kept).unwrap();
    fakes::set_mode(&kept, 0o640);
    std::os::unix::fs::symlink(&kept, &file).unwrap();
    project.edit_auth("people", &[CERTIFICATE]).unwrap();
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(&kept).unwrap().contains("new.crt"));
}
