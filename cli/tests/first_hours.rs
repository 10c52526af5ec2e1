//! What somebody meets who uses the program for the first time: slips in files, odd settings and hints.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said};
use rustix::fs::inotify;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    succeeds(folder.path(), &["init"]);
    folder
}

/// A project with a source `org` that has only the values of the template.
fn with_template() -> TempDir {
    let folder = project();
    succeeds(folder.path(), &["source", "new", "salesforce", "org"]);
    succeeds(folder.path(), &["cert", "new", "org"]);
    folder
}

#[test]
fn a_slip_in_a_new_source_is_no_false_alarm_of_a_secret() {
    for grant_type in ["jwt_bearer", "client_credentials"] {
        let folder = project();
        let set = format!("auth.grant_type={grant_type}");
        succeeds(folder.path(), &["source", "new", "salesforce", "org", "--set", &set]);
        let file = folder.path().join("sources/org.yaml");
        let text = fs::read_to_string(&file).unwrap();
        let slips = [
            text.replacen("  grant_type", "\tgrant_type", 1),
            format!("{text}\nopen: [\n"),
            format!("{text}---\n{text}"),
        ];
        for slip in slips {
            fs::write(&file, &slip).unwrap();
            let output = run(folder.path(), &["validate", "org", "--output", "json"]);
            assert_eq!(output.status.code(), Some(2));
            let problems: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(problems.len(), 1, "{problems:#?}");
            assert_ne!(problems[0]["rule"], "secret_in_file", "{problems:#?}");
        }
    }
}

#[test]
fn validate_warns_about_values_of_the_example() {
    let folder = with_template();
    let output = run(folder.path(), &["validate", "org"]);
    assert!(output.status.success(), "{}", said(&output));
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    for key in ["auth.token_url", "auth.issuer", "auth.subject"] {
        assert!(warnings.contains(&format!("`{key}` is still the example")), "{key}: {warnings}");
    }
    let file = folder.path().join("sources/org.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let filled = text.replace("acme.my", "corp.my").replace("3MVG9_the_consumer_key_of_the_app", "3MVG9abc");
    fs::write(&file, filled.replace("iga@acme.example", "iga@corp.test")).unwrap();
    let filled = succeeds(folder.path(), &["validate", "org"]);
    assert!(!filled.contains("warning"), "{filled}");
}

#[test]
fn the_settings_of_the_project_are_checked_by_name() {
    let folder = project();
    assert!(succeeds(folder.path(), &["validate", "connector.yaml"]).contains("connector.yaml is valid"));
    fs::write(folder.path().join("connector.yaml"), "stor: x\n").unwrap();
    let output = run(folder.path(), &["validate", "connector.yaml"]);
    let said = said(&output);
    assert!(output.status.code() == Some(2) && said.contains("`stor`") && !said.contains("`connector`"), "{said}");
}

#[test]
fn a_store_in_memory_is_refused_with_the_reason() {
    let folder = project();
    let output = run(folder.path(), &["--store", "sqlite::memory:", "runs"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("in memory"), "{}", said(&output));
}

#[test]
fn a_literal_key_is_refused_before_anything_is_written() {
    let folder = project();
    let key = "auth.key_ref=-----BEGIN PRIVATE KEY-----\nMIIverysecret\n-----END PRIVATE KEY-----";
    for set in [key, "aggregation.concurrency=99"] {
        let output = run(folder.path(), &["source", "new", "salesforce", "org", "--set", set]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(!said(&output).contains("MIIverysecret") && said(&output).contains("help:"), "{}", said(&output));
        assert!(!folder.path().join("sources/org.yaml").exists());
    }
}

#[test]
fn the_schemas_of_a_new_project_are_current() {
    let folder = project();
    succeeds(folder.path(), &["schema", "--check", "schemas"]);
    let check = |code| {
        let output = run(folder.path(), &["schema", "--check", "schemas", "-o", "json"]);
        assert_eq!(output.status.code(), Some(code));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(check(0)["current"], true);
    let written = run(folder.path(), &["schema", "--write", "schemas", "-o", "json"]);
    let written: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert!(written["written"].as_array().unwrap().contains(&"salesforce.schema.json".into()), "{written}");
    assert_eq!(check(0)["current"], true);
    fs::remove_file(folder.path().join("schemas/salesforce.schema.json")).unwrap();
    assert_eq!(check(1)["stale"], serde_json::json!(["salesforce.schema.json"]));
}

#[test]
fn wrong_usage_is_json_for_whoever_asks_for_it_in_any_spelling() {
    let folder = project();
    for spelling in [&["-o", "json"][..], &["-ojson"], &["--output", "json"], &["--output=json"]] {
        let output = run(folder.path(), &[&["accounts"], spelling].concat());
        let line: Value = serde_json::from_slice(&output.stderr).unwrap_or_else(|_| panic!("{}", said(&output)));
        assert!(line["error"]["kind"] == "definition" && output.status.code() == Some(2), "{line}");
    }
}

#[test]
fn a_common_name_that_no_certificate_can_have_is_refused_in_plain_words() {
    let folder = project();
    let long = "x".repeat(65);
    for (name, csr) in [("", false), (long.as_str(), false), (long.as_str(), true)] {
        let mut arguments = vec!["cert", "new", "org", "--common-name", name];
        arguments.extend(csr.then_some("--csr"));
        let output = run(folder.path(), &arguments);
        let text = said(&output);
        assert!(!output.status.success() && text.contains("common name") && text.contains("1 to 64"), "{text}");
        assert!(!text.to_lowercase().contains("asn1") && !text.contains("cause:"), "{text}");
        assert!(!folder.path().join("secrets/org.key").exists(), "no key without its certificate");
    }
    succeeds(folder.path(), &["cert", "new", "org", "--common-name", &"x".repeat(64)]);
}

#[test]
fn a_log_setting_that_cannot_be_used_is_warned_about() {
    let folder = project();
    let output = command(folder.path(), &["runs"]).env("RUST_LOG", "garbage=[").output().unwrap();
    assert!(output.status.success() && said(&output).contains("warning: `RUST_LOG` is ignored"), "{}", said(&output));
}

#[test]
fn a_definition_error_is_shown_once() {
    let folder = with_template();
    let file = folder.path().join("sources/org.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("  issuer:", "  isuer:")).unwrap();
    let said = said(&run(folder.path(), &["test", "org"]));
    assert_eq!(said.matches("unknown key `isuer`").count(), 1, "{said}");
    assert!(said.contains("1 problem, shown below"), "{said}");
}

#[test]
fn a_source_written_as_json_has_its_title_in_the_heading() {
    let folder = with_template();
    let json = r#"{"auth": {"grant_type": "jwt_bearer"},
  "connector": "salesforce", "settings": {}}"#;
    fs::write(folder.path().join("sources/org.yaml"), json).unwrap();
    let said = said(&run(folder.path(), &["test", "org"]));
    assert!(said.starts_with("Testing org (Salesforce)\n"), "{said}");
}

#[test]
fn a_used_folder_is_no_reason_to_remove_anything() {
    let folder = project();
    for arguments in [&["quickstart", "."][..], &["quickstart", folder.path().to_str().unwrap()]] {
        let output = run(folder.path(), arguments);
        let said = said(&output);
        assert!(output.status.code() == Some(2) && said.contains("is not empty"), "{said}");
        assert!(!said.contains("rm ") && !said.contains("remove"), "{said}");
    }
    assert!(folder.path().join("connector.yaml").exists());
}

#[test]
fn a_guard_that_is_off_is_named_by_the_list_and_by_the_test() {
    let folder = with_template();
    let file = folder.path().join("sources/org.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\naggregation: {{delete_threshold: 100%, delete_window: 1h}}\n")).unwrap();
    let list = run(folder.path(), &["source", "list"]);
    let warnings = String::from_utf8_lossy(&list.stderr).into_owned();
    assert!(warnings.contains("warning: org: the guard is off") && warnings.contains("delete_window"), "{warnings}");
    let list = run(folder.path(), &["source", "list", "-o", "json"]);
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[0]["loosened"].as_array().unwrap().len(), 2, "{list}");
    // Without its key, the test ends before it uses the network.
    fs::remove_file(folder.path().join("secrets/org.key")).unwrap();
    let output = run(folder.path(), &["test", "org", "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["steps"][0]["status"], "warning", "{report}");
    assert!(report["steps"][0]["detail"].as_str().unwrap().contains("the guard is off"), "{report}");
}

/// How often a command opens the folder of the sources.
fn openings(folder: &Path, arguments: &[&str]) -> usize {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, folder.join("sources"), inotify::WatchFlags::OPEN).unwrap();
    succeeds(folder, arguments);
    let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
    let mut reader = inotify::Reader::new(&watch, &mut buffer);
    let mut openings = 0;
    while let Ok(event) = reader.next() {
        assert!(!event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW));
        openings += usize::from(event.events().contains(inotify::ReadFlags::ISDIR));
    }
    openings
}

#[test]
fn more_sources_do_not_mean_more_listings_of_their_folder() {
    let folder = with_template();
    let text = fs::read_to_string(folder.path().join("sources/org.yaml")).unwrap();
    let commands = [&["source", "list"][..], &["validate"], &["cert", "check"]];
    let counts = || commands.map(|arguments| openings(folder.path(), arguments));
    let few = counts();
    for number in 0..30 {
        fs::write(folder.path().join(format!("sources/s{number}.yaml")), &text).unwrap();
    }
    assert_eq!(counts(), few);
    assert!(few.iter().all(|count| *count > 0), "{few:?}");
}

/// Answers each request with an error, and counts the connections.
fn count_connections(listener: TcpListener) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = stream.read(&mut [0; 16 * 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        }
    });
    count
}

/// A hosts file of its own needs a mount namespace.
#[test]
#[ignore = "needs unshare, as root"]
fn localhost_is_this_machine_whatever_the_hosts_file_says() {
    let folder = with_template();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, "127.0.0.2 localhost\n").unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut all = vec!["-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts.to_str().unwrap()];
        all.extend(arguments);
        let mut command = Command::new("unshare");
        command.args(all).current_dir(folder.path()).stdin(Stdio::null()).env_remove("RUST_LOG");
        command
    };
    let mapped = elsewhere(&["getent", "ahosts", "localhost"]).output().unwrap();
    assert!(said(&mapped).contains("127.0.0.2"), "{}", said(&mapped));
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = own.local_addr().unwrap().port();
    let other = TcpListener::bind(("127.0.0.2", port)).unwrap();
    let (own, other) = (count_connections(own), count_connections(other));
    let file = folder.path().join("sources/org.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let local = text.replace("https://acme.my.salesforce.com", &format!("http://localhost:{port}"));
    let local = format!("{local}\nhttp: {{allow_insecure_loopback: true}}\n");
    fs::write(&file, &local).unwrap();
    let program = env!("CARGO_BIN_EXE_connector");
    let output = elsewhere(&[program, "test", "org"]).output().unwrap();
    let after_test = own.load(Ordering::SeqCst);
    assert!(after_test > 0, "{}", said(&output));

    fs::write(&file, local.replace("file:secrets/org.key", "vault:secret/org#key")).unwrap();
    let mut vault = elsewhere(&[program, "test", "org"]);
    let output = vault.env("VAULT_ADDR", format!("http://localhost:{port}")).env("VAULT_TOKEN", "x").output().unwrap();
    assert!(own.load(Ordering::SeqCst) > after_test, "{}", said(&output));
    assert_eq!(other.load(Ordering::SeqCst), 0, "another machine was asked");
}

#[test]
fn a_source_whose_name_has_a_blank_is_refused_by_the_name_of_its_file() {
    let folder = with_template();
    fs::rename(folder.path().join("sources/org.yaml"), folder.path().join("sources/with space.yaml")).unwrap();
    for arguments in
        [&["validate"][..], &["aggregate", "with space"], &["test", "with space"], &["source", "show", "with space"]]
    {
        let output = run(folder.path(), arguments);
        let said = said(&output);
        assert!(!output.status.success(), "{arguments:?}: {said}");
        assert!(said.contains("the file name `with space` is not a valid source name"), "{arguments:?}: {said}");
    }
    // What was never read has no other way to its name than a quoted one.
    let output = run(folder.path(), &["accounts", "with space"]);
    assert!(said(&output).contains("`connector aggregate 'with space'`"), "{}", said(&output));
}

/// The limit on the size of files stands for a disk that is full.
#[test]
fn a_source_file_that_could_not_be_written_whole_does_not_stay() {
    let folder = project();
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" source new salesforce org";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_connector")])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("sources/org.yaml"), "{}", said(&output));
    assert!(!folder.path().join("sources/org.yaml").exists());
    succeeds(folder.path(), &["source", "new", "salesforce", "org"]);
}

#[test]
fn a_full_disk_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    for arguments in [
        &["accounts", "salesforce"][..],
        &["accounts", "salesforce", "-o", "json"],
        &["export", "salesforce", "--what", "accounts", "--format", "csv"],
        &["export", "salesforce", "--what", "accounts"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(&tour, arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("No space left") && message.contains("free some disk space"), "{message}");
    }
}

#[test]
fn a_proxy_of_the_environment_that_does_not_answer_is_named_as_such() {
    let folder = with_template();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut test = command(folder.path(), &["test", "org", "--output", "json"]);
    let output = test.env("HTTPS_PROXY", format!("http://{nobody}")).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == "access_token").unwrap();
    assert!(step["help"].as_str().unwrap().contains("HTTPS_PROXY"), "{step}");
}

#[test]
fn a_pipe_or_device_among_the_schemas_is_no_current_schema() {
    let folder = project();
    let schema = folder.path().join("schemas/plan.schema.json");
    for make in ["mkfifo", "ln -s /dev/zero"] {
        fs::remove_file(&schema).unwrap();
        let made = Command::new("sh").args(["-c", &format!("{make} \"$0\"")]).arg(&schema).status().unwrap();
        assert!(made.success());
        let output = run(folder.path(), &["schema", "--check", "schemas"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("plan.schema.json is out of date"), "{}", said(&output));
    }
}
