//! `file:`, `env:` and `command:`: what they read, what they refuse, and that no message contains a secret.

use connector_core::{Context, Error, ErrorKind, SecretRef, Sensitivity, registry};
use connector_keys::{Certificate, CertificateRequest, PrivateKey};
use secrecy::ExposeSecret;
use std::fs;
use std::path::Path;

async fn fetched(project: &Path, reference: &str) -> Result<String, Error> {
    let reference: SecretRef = reference.parse().unwrap();
    let secret = Context::new("people", project).secret(&reference).await?;
    Ok(secret.expose_secret().to_owned())
}

async fn refused(project: &Path, reference: &str) -> String {
    let error = fetched(project, reference).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Secret);
    format!("{error}; {}", error.help().unwrap_or_default())
}

#[tokio::test]
async fn a_file_is_read_from_the_project_folder_without_its_last_line_end() {
    let folder = tempfile::tempdir().unwrap();
    write_private(&folder.path().join("key"), "line\nend\r\n");
    assert_eq!(fetched(folder.path(), "file:key").await.unwrap(), "line\nend");
}

#[tokio::test]
async fn files_without_usable_text_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    assert!(refused(folder.path(), "file:key").await.contains("does not exist"));
    write_private(&path, "");
    assert!(refused(folder.path(), "file:key").await.contains("is empty"));
    write_private(&path, "\n");
    assert!(refused(folder.path(), "file:key").await.contains("is empty"));
    fs::write(&path, [0xff, 0x00]).unwrap();
    assert!(refused(folder.path(), "file:key").await.contains("is neither text nor"));
    fs::write(&path, [0xff, 0xfe, b'-', 0]).unwrap();
    assert!(refused(folder.path(), "file:key").await.contains("is UTF-16"));
    fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
    assert!(refused(folder.path(), "file:key").await.contains("too large for a key or certificate"));
    assert!(refused(folder.path(), "file:.").await.contains("is a folder"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_file_that_others_can_read_is_refused_but_a_certificate_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    write_private(&path, "made up");
    for mode in [0o640, 0o604, 0o660, 0o644] {
        set_mode(&path, mode);
        let message = refused(folder.path(), "file:key").await;
        assert!(
            message.contains("other users can read the file") && message.contains("chmod 600"),
            "{mode:o}: {message}"
        );
        let reference: SecretRef = "file:key".parse().unwrap();
        assert_eq!(Context::new("people", folder.path()).public_text(&reference).await.unwrap(), "made up");
    }
    set_mode(&path, 0o400);
    assert_eq!(fetched(folder.path(), "file:key").await.unwrap(), "made up");
}

/// `chmod 600` would hide what is wrong until the next try.
#[cfg(unix)]
#[tokio::test]
async fn a_certificate_in_place_of_a_key_is_named_and_not_hidden_from_others() {
    let folder = tempfile::tempdir().unwrap();
    let key = PrivateKey::generate(2048).unwrap();
    let request = CertificateRequest { subject_cn: "wrong".into(), organization: None, days: 9 };
    let certificate =
        Certificate::self_signed(&key, &request, connector_core::jiff::Timestamp::now()).unwrap().to_pem();
    let both = format!("{certificate}{}", key.to_pkcs8_pem(None).unwrap().expose_secret());
    for (text, says) in [(&certificate, "is a certificate"), (&both, "chmod 600")] {
        let path = folder.path().join("key");
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o644);
        let checked = connector_secrets::check_file(&path, Sensitivity::Secret).unwrap_err();
        for shown in [refused(folder.path(), "file:key").await, format!("{checked} {:?}", checked.help())] {
            assert!(shown.contains(says), "{says}: {shown}");
        }
    }
}

/// Reading from a device, or from a pipe without a writer, would never end.
#[cfg(unix)]
#[tokio::test]
async fn a_pipe_or_device_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(folder.path().join("key")).status();
    assert!(made.unwrap().success());
    for place in ["file:key", "file:/dev/zero"] {
        let reference: SecretRef = place.parse().unwrap();
        let context = Context::new("people", folder.path());
        let limit = std::time::Duration::from_mins(5);
        let error = tokio::time::timeout(limit, context.public_text(&reference)).await.unwrap().unwrap_err();
        assert!(error.message().contains("is not a regular file"), "{error}");
    }
}

#[tokio::test]
async fn an_environment_variable_is_read_and_a_missing_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!fetched(folder.path(), "env:PATH").await.unwrap().is_empty());
    let message = refused(folder.path(), "env:SURELY_NOT_SET_ANYWHERE").await;
    assert!(message.contains("`SURELY_NOT_SET_ANYWHERE` is not set"), "{message}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_runs_without_a_shell_and_its_output_is_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let printed = fetched(folder.path(), r#"command:["printf","%s\n","$HOME; echo x"]"#).await.unwrap();
    assert_eq!(printed, "$HOME; echo x");
    fs::write(folder.path().join("near"), "here").unwrap();
    assert_eq!(fetched(folder.path(), r#"command:["cat","near"]"#).await.unwrap(), "here");
    assert!(refused(folder.path(), r#"command:["cat"]"#).await.contains("is empty"), "it gets no input");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_that_fails_shows_its_status_but_not_its_output() {
    let folder = tempfile::tempdir().unwrap();
    let failing = r#"command:["sh","-c","echo hunter2; echo hunter2 >&2; exit 3"]"#;
    let message = refused(folder.path(), failing).await;
    assert!(message.contains("exit status: 3") && !message.contains("hunter2"), "{message}");
    let missing = refused(folder.path(), r#"command:["surely-no-such-program"]"#).await;
    assert!(missing.contains("can't start"), "{missing}");
    let endless =
        refused(folder.path(), r#"command:["sh","-c","while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"]"#)
            .await;
    assert!(endless.contains("printed more than"), "{endless}");
}

#[test]
fn the_format_of_a_ref_is_checked_without_reading_the_secret() {
    let well_formed = |text: &str| {
        let reference: SecretRef = text.parse().unwrap();
        let registration = registry::secret_resolver(reference.scheme()).unwrap();
        (registration.resolver)().check(&reference).is_ok()
    };
    for good in ["file:a/b.key", "file:/abs", "env:A_1", r#"command:["a"]"#, r#"command:["a","b c"]"#] {
        assert!(well_formed(good), "{good}");
    }
    for bad in [
        "file:~/a",
        "file:///a",
        "env:$A",
        "env:1A",
        "env:A B",
        "command:a b",
        "command:[]",
        r#"command:[""]"#,
        "command:[1]",
    ] {
        assert!(!well_formed(bad), "{bad}");
    }
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    set_mode(path, 0o600);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_secret_that_the_service_replaced_is_written_to_its_file_and_only_its_owner_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let context = Context::new("people", folder.path());
    let reference: SecretRef = "file:refresh.token".parse().unwrap();
    for secret in ["marked-first", "marked-second"] {
        context.keep(&reference, secret.into()).await.unwrap();
        assert_eq!(context.secret(&reference).await.unwrap().expose_secret(), secret);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("refresh.token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no other file is left next to it");

    let missing: SecretRef = "file:no/such/folder/x".parse().unwrap();
    let error = context.keep(&missing, "marked-third".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Secret);
    assert!(!format!("{error:?}").contains("marked-third"), "{error:?}");
}

#[tokio::test]
async fn a_read_only_place_refuses_to_keep_a_secret() {
    let reference: SecretRef = "env:REFRESH_TOKEN".parse().unwrap();
    let error = Context::new("people", ".").keep(&reference, "marked".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.help().unwrap().contains("file:"), "{error:?}");
    assert!(!format!("{error:?}").contains("marked"), "{error:?}");
}
