//! `keyring:` against GNOME Keyring, if it is installed, and without a keyring.

use crate::asked::asked;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use tempfile::TempDir;

const INSIDE: &str = "CONNECTOR_TEST_INSIDE_SESSION";

#[test]
fn without_a_keyring_service_the_error_says_what_it_needs() {
    let folder = TempDir::new().unwrap();
    let nowhere = format!("unix:path={}", folder.path().join("bus").display());
    let error =
        asked("keyring:connector/salesforce", folder.path(), &[("DBUS_SESSION_BUS_ADDRESS", &nowhere)]).unwrap_err();
    assert!(error.starts_with("secret: can't reach a keyring") && error.contains("Secret Service"), "{error}");
}

#[test]
#[ignore = "needs dbus-run-session, gnome-keyring-daemon and secret-tool"]
fn an_entry_of_a_real_keyring_is_read_and_a_missing_one_is_named() {
    if env::var_os(INSIDE).is_some() {
        return inside();
    }
    let home = TempDir::new().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let script = "printf made-up | gnome-keyring-daemon --unlock --components=secrets >/dev/null && \
                  printf s3cret | secret-tool store --label=test service connector username salesforce && exec \"$@\"";
    let status = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", script, "sh"])
        .arg(env::current_exe().unwrap())
        .args([
            "--exact",
            "keyring::an_entry_of_a_real_keyring_is_read_and_a_missing_one_is_named",
            "--include-ignored",
            "--nocapture",
        ])
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "inside of its session: {status}");
}

fn inside() {
    let folder = TempDir::new().unwrap();
    let bus = env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let read = |reference: &str| asked(reference, folder.path(), &[("DBUS_SESSION_BUS_ADDRESS", &bus)]);
    assert_eq!(read("keyring:connector/salesforce").unwrap(), "s3cret");
    let error = read("keyring:connector/other").unwrap_err();
    assert!(error.contains("no entry for `other` of `connector`") && error.contains("secret-tool store"), "{error}");
}
