//! What the command line refuses to believe, to follow and to overwrite.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// `nobody` on most systems. Only root can give a file away, so these tests do less elsewhere; CI runs them as root.
const OTHER: u32 = 65534;

fn refused(folder: &Path, arguments: &[&str], parts: &[&str]) -> String {
    let output = run(folder, arguments);
    let said = said(&output);
    assert!(!output.status.success(), "{arguments:?}: {said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
    said
}

fn is_root(folder: &Path) -> bool {
    folder.metadata().unwrap().uid() == 0
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    folder
}

/// A source whose key is the output of a program that leaves a trace.
const RUNS: &str = r#"connector: salesforce
auth:
  grant_type: jwt_bearer
  token_url: http://127.0.0.1:9/services/oauth2/token
  issuer: a
  subject: b
  audience: https://login.salesforce.com
  key_ref: command:["sh","-c","id > ran"]
http: {allow_insecure_loopback: true}
"#;

#[test]
fn a_project_that_another_user_put_above_runs_nothing() {
    let shared = tempfile::tempdir().unwrap();
    set_mode(shared.path(), 0o1777);
    let (sources, work) = (shared.path().join("sources"), shared.path().join("work"));
    fs::create_dir(&sources).unwrap();
    fs::create_dir(&work).unwrap();
    fs::write(sources.join("m.yaml"), RUNS).unwrap();
    let ran = shared.path().join("ran");

    set_mode(&sources, 0o777);
    refused(&work, &["test", "m"], &["sources", "other users can change", "chmod go-w", "-C"]);
    assert!(!ran.exists());
    set_mode(&sources, 0o755);
    set_mode(&sources.join("m.yaml"), 0o666);
    refused(&work, &["test", "m"], &["m.yaml", "other users can change", "chmod go-w"]);
    assert!(!ran.exists());
    set_mode(&sources.join("m.yaml"), 0o644);

    let connectors = shared.path().join("connectors");
    fs::create_dir(&connectors).unwrap();
    set_mode(&connectors, 0o777);
    refused(&work, &["test", "m"], &["connectors", "other users can change", "chmod go-w"]);
    assert!(!ran.exists());
    set_mode(&connectors, 0o755);

    if is_root(shared.path()) {
        for path in [&sources, &sources.join("m.yaml")] {
            chown(path, Some(OTHER), Some(OTHER)).unwrap();
            let said = refused(&work, &["test", "m"], &[&path.display().to_string(), "belongs to"]);
            assert!(said.contains("nobody") || said.contains("65534"), "{said}");
            assert!(!ran.exists());
            chown(path, Some(0), Some(0)).unwrap();
        }
        chown(shared.path(), Some(OTHER), Some(OTHER)).unwrap();
        refused(&work, &["test", "m"], &["belongs to", "-C"]);
        assert!(!ran.exists());
        // The user named the folder.
        let named = run(&work, &["-C", &shared.path().display().to_string(), "test", "m"]);
        assert!(ran.exists(), "{}", said(&named));
    }
}

#[test]
fn a_plan_runs_no_program_unless_the_project_allows_it_and_none_before_the_answer() {
    let folder = project();
    let folder = folder.path();
    let plans = [
        (
            "hr.csv",
            "operation,account,password_ref\nset_password,a,\"command:[\"\"sh\"\",\"\"-c\"\",\"\"id > ran; echo pw\"\"]\"\n",
        ),
        (
            "hr.yaml",
            "operations:\n- set_password: {account: a, password_ref: 'command:[\"sh\",\"-c\",\"id > ran; echo pw\"]'}\n",
        ),
        (
            "hr.ndjson",
            "{\"set_password\":{\"account\":\"a\",\"password_ref\":\"command:[\\\"sh\\\",\\\"-c\\\",\\\"id > ran\\\"]\"}}\n",
        ),
        (
            "new.yaml",
            "operations:\n- create: {name: a, password_ref: 'command:[\"sh\",\"-c\",\"id > ran; echo pw\"]'}\n",
        ),
    ];
    for (name, text) in plans {
        fs::write(folder.join("plans").join(name), text).unwrap();
        let path = format!("plans/{name}");
        refused(folder, &["validate", &path], &["command_in_plan", "allow_commands"]);
    }
    let settings = fs::read_to_string(folder.join("connector.yaml")).unwrap();
    fs::write(folder.join("connector.yaml"), format!("{settings}\nplans: {{allow_commands: true}}\n")).unwrap();
    let allowed = run(folder, &["validate", "plans/hr.csv"]);
    assert!(allowed.status.success(), "{}", said(&allowed));
    assert!(!folder.join("ran").exists());
}

#[test]
fn a_preview_shows_where_a_password_comes_from_and_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    fs::write(tour.join("connector.yaml"), "plans: {allow_commands: true}\n").unwrap();
    let plan = "operations:\n- set_password: {account: a@acme.example, password_ref: 'command:[\"sh\",\"-c\",\"id > ran\"]'}\n";
    fs::write(tour.join("plans/p.yaml"), plan).unwrap();
    // The simulated org of the tour is gone, so the preview ends early; it still ran nothing.
    run(&tour, &["provision", "salesforce", "plans/p.yaml", "--preview"]);
    assert!(!tour.join("ran").exists());
}

#[test]
fn a_link_out_of_the_project_shows_no_line_of_its_target() {
    let folder = project();
    let secret = folder.path().parent().unwrap().join(format!("shadow-{}", std::process::id()));
    fs::write(&secret, "root:hunter2:\n").unwrap();
    symlink(&secret, folder.path().join("sources/x.yaml")).unwrap();
    let said = refused(folder.path(), &["validate", "x"], &["untrusted_file", "leads out of the project"]);
    fs::remove_file(secret).unwrap();
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_device_in_place_of_a_file_is_refused_at_once() {
    let folder = project();
    for name in ["sources/x.yaml", "plans/p.yaml", "plans/p.csv", "plans/p.ndjson", "connector.yaml"] {
        let path = folder.path().join(name);
        let before = fs::read(&path).ok();
        let _ = fs::remove_file(&path);
        symlink("/dev/zero", &path).unwrap();
        let target = if name == "connector.yaml" { "sources/none.yaml" } else { name };
        refused(folder.path(), &["validate", target], &[]);
        fs::remove_file(&path).unwrap();
        if let Some(before) = before {
            fs::write(&path, before).unwrap();
        }
    }
}

#[test]
fn locks_and_schemas_are_not_written_through_links() {
    let folder = project();
    let folder = folder.path();
    let precious = folder.join("precious");
    fs::write(&precious, "precious").unwrap();
    fs::remove_file(folder.join("schemas/source.schema.json")).unwrap();
    symlink("../precious", folder.join("schemas/source.schema.json")).unwrap();
    refused(folder, &["source", "new", "salesforce", "prod"], &["is a link"]);
    refused(folder, &["schema", "--write", "schemas"], &["is a link"]);

    fs::write(folder.join("sources/m.yaml"), RUNS.replace("command:[\"sh\",\"-c\",\"id > ran\"]", "env:KEY")).unwrap();
    fs::create_dir_all(folder.join("other/x.locks")).unwrap();
    symlink("../../precious", folder.join("other/x.locks/source-m.lock")).unwrap();
    refused(folder, &["--store", "other/x.db", "aggregate", "m"], &["lock"]);
    fs::remove_dir_all(folder.join("other/x.locks")).unwrap();
    symlink("..", folder.join("other/x.locks")).unwrap();
    refused(folder, &["--store", "other/x.db", "aggregate", "m"], &["x.locks` must be a folder"]);
    if is_root(folder) {
        fs::remove_file(folder.join("other/x.locks")).unwrap();
        fs::create_dir(folder.join("other/x.locks")).unwrap();
        chown(folder.join("other/x.locks"), Some(OTHER), Some(OTHER)).unwrap();
        refused(folder, &["--store", "other/x.db", "aggregate", "m"], &["x.locks` belongs to"]);
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

#[test]
fn no_key_is_made_behind_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (target, project) = (folder.path().join("target"), folder.path().join("project"));
    fs::create_dir(&target).unwrap();
    set_mode(&target, 0o755);
    fs::create_dir_all(project.join("sources")).unwrap();
    symlink("../target", project.join("secrets")).unwrap();
    refused(&project, &["cert", "new", "prod"], &["secrets` must be a folder"]);
    assert_eq!((mode(&target), fs::read_dir(&target).unwrap().count()), (0o755, 0));
}

#[test]
fn git_ignores_keys_also_where_a_gitignore_was_there_before() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".gitignore"), "target/").unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    let ignored = fs::read_to_string(folder.path().join(".gitignore")).unwrap();
    let lines: Vec<_> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, ["target/", "secrets/", ".connector/"]);
    assert!(run(folder.path(), &["init"]).status.success());
    assert_eq!(fs::read_to_string(folder.path().join(".gitignore")).unwrap(), ignored, "a second call changes nothing");

    let without = tempfile::tempdir().unwrap();
    fs::create_dir(without.path().join("sources")).unwrap();
    assert!(run(without.path(), &["cert", "new", "prod"]).status.success());
    assert!(fs::read_to_string(without.path().join(".gitignore")).unwrap().contains("secrets/\n"));
}

#[test]
fn an_export_never_replaces_the_store_a_key_or_a_source_and_other_files_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    fs::write(tour.join("notes.txt"), "mine").unwrap();
    fs::write(tour.join("plans/hr.csv"), "mine").unwrap();
    fs::write(tour.join("package.json"), "mine").unwrap();
    fs::write(tour.join("people.csv"), "mine").unwrap();
    symlink(".connector/store.db", tour.join("link.csv")).unwrap();
    let export = |to: &str, more: &[&str]| run(&tour, &[&["export", "salesforce", "--to", to], more].concat());
    for own in [
        ".connector/store.db",
        ".connector/new.csv",
        "./sources/../.connector/store.db",
        "link.csv",
        "secrets/salesforce.key",
        "secrets/new.csv",
        "sources/salesforce.yaml",
        "schemas/source.schema.json",
        "connector.yaml",
    ] {
        for more in [&[][..], &["--force"]] {
            let output = export(own, more);
            assert_eq!(output.status.code(), Some(1), "{own}: {}", said(&output));
            assert!(said(&output).contains("belongs to the project"), "{own}: {}", said(&output));
        }
    }
    for other in ["notes.txt", "plans/hr.csv", "package.json", "people.csv"] {
        let output = export(other, &[]);
        assert!(said(&output).contains("--force"), "{}", said(&output));
        assert_eq!(fs::read_to_string(tour.join(other)).unwrap(), "mine");
        assert!(export(other, &["--force"]).status.success());
        assert_ne!(fs::read_to_string(tour.join(other)).unwrap(), "mine");
    }
    let stdout = export("-", &[]);
    assert!(stdout.status.success() && stdout.stdout.starts_with(b"{") && !tour.join("-").exists());
    assert!(run(&tour, &["accounts", "salesforce", "--limit", "1"]).status.success(), "the store is intact");

    // The name of a file that is not complete can't be foreseen.
    fs::write(tour.join("victim"), "mine").unwrap();
    symlink("victim", tour.join("out.csv.partial")).unwrap();
    assert!(export("out.csv", &[]).status.success());
    assert_eq!(fs::read_to_string(tour.join("victim")).unwrap(), "mine");
    assert_eq!(mode(&tour.join("out.csv")), 0o600);
    // A job that exports each night replaces its own file.
    for what in ["accounts", "entitlements", "assignments"] {
        for format in ["csv", "ndjson"] {
            let more = ["--what", what, "--format", format];
            assert!(export("nightly", &more).status.success());
            let again = export("nightly", &more);
            assert!(again.status.success(), "{what} {format}: {}", said(&again));
        }
    }
}

#[test]
fn a_store_that_became_readable_is_closed_again_and_one_of_another_user_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    let (connector, store) = (tour.join(".connector"), tour.join(".connector/store.db"));
    set_mode(&connector, 0o755);
    set_mode(&store, 0o644);
    assert!(run(&tour, &["runs"]).status.success());
    assert_eq!((mode(&connector), mode(&store)), (0o700, 0o600));
    if is_root(&tour) {
        chown(&store, Some(OTHER), Some(OTHER)).unwrap();
        refused(&tour, &["runs"], &["store.db` belongs to"]);
    }
}

#[test]
fn a_store_is_a_path_and_never_a_url_of_sqlite() {
    let folder = project();
    refused(folder.path(), &["--store", "file:st/x.db", "runs"], &["without `file:`"]);
    fs::write(folder.path().join("connector.yaml"), "store: file:st/x.db\n").unwrap();
    refused(folder.path(), &["runs"], &["without `file:`"]);
    assert!(!folder.path().join("st").exists() && !folder.path().join("file:st").exists());
}

#[test]
fn a_name_with_escape_sequences_is_harmless_everywhere() {
    let folder = project();
    let name = "\u{1b}]0;PWNED\u{7}\u{202e}x";
    fs::write(folder.path().join(format!("sources/{name}.yaml")), "connector: salesforce\nisuer: 1\n").unwrap();
    for arguments in [&["validate"][..], &["source", "list"], &["validate", &format!("sources/{name}.yaml")]] {
        let output = command(folder.path(), arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
        let said = said(&output);
        for harmful in ["\u{1b}]", "\u{7}", "\u{202e}"] {
            assert!(!said.contains(harmful), "{arguments:?}: {said:?}");
        }
    }
}

#[test]
fn the_value_under_an_unknown_key_is_not_shown() {
    let folder = project();
    let secret = "hunter2-correct-horse";
    for key in [
        "key_pasword",
        "pwd",
        "pass",
        "authorization",
        "signing_key",
        "jwt",
        "cookie",
        "password_file",
        "clientsecret",
        "pin",
        "x",
        "basic_auth",
    ] {
        let text = format!("{}\n", RUNS.replace("  issuer: a\n", &format!("  issuer: a\n  {key}: Bearer {secret}\n")));
        fs::write(folder.path().join("sources/m.yaml"), text).unwrap();
        let said = refused(folder.path(), &["validate", "m"], &[]);
        assert!(!said.contains(secret), "{key}: {said}");
    }
}

#[test]
fn the_user_of_a_proxy_is_a_secret_with_or_without_a_colon() {
    let folder = project();
    for user in ["hunter2token", "user:hunter2token"] {
        let text = RUNS.replace("http: {", &format!("http: {{proxy: 'http://{user}@proxy.acme.example:3128', "));
        fs::write(folder.path().join("sources/m.yaml"), text).unwrap();
        let said = refused(folder.path(), &["validate", "m"], &["secret_in_file"]);
        assert!(!said.contains("hunter2token"), "{said}");
    }
}

#[test]
fn an_assertion_for_salesforce_goes_to_no_other_host() {
    let folder = project();
    let text = RUNS.replace("http://127.0.0.1:9", "https://login.evil.example");
    fs::write(folder.path().join("sources/m.yaml"), text).unwrap();
    refused(folder.path(), &["validate", "m"], &["login.evil.example", "not a host of Salesforce"]);
    refused(folder.path(), &["test", "m"], &["login.evil.example"]);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn small_files_that_would_eat_the_machine_are_refused() {
    let folder = project();
    let texts = [
        format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(20_000), "*a,".repeat(3_000)),
        format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), "*a,".repeat(100_000)),
        format!("a: {}\n", "[".repeat(500_000)),
        format!("a: {}\n", "{b: ".repeat(100_000)),
        format!("a: \"{}\"\n", "pin-value=".repeat(100_000)),
        format!("a: \"{}\"\n", "-----BEGIN ".repeat(90_000)),
        format!("a: \"{}PRIVATE KEY-----\"\n", "-----BEGIN ".repeat(90_000)),
    ];
    for (number, text) in texts.iter().enumerate() {
        fs::write(folder.path().join("sources/m.yaml"), text).unwrap();
        fs::write(folder.path().join("plans/m.yaml"), text).unwrap();
        for file in ["sources/m.yaml", "plans/m.yaml"] {
            // Each took minutes or all memory; the limit on the address space makes that a failure.
            let limited = format!("ulimit -v 4000000; exec \"$0\" validate {file}");
            let output = Command::new("sh")
                .args(["-c", &limited, env!("CARGO_BIN_EXE_connector")])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(
                output.status.code(),
                Some(2),
                "{number} {file}: {}",
                said(&output).get(..300).unwrap_or_default()
            );
        }
    }
}

/// At this size, work that grows with the square of a text would not end before the runner stops the test.
#[test]
fn a_plan_of_the_largest_size_is_read_in_one_pass() {
    const ROOM: usize = 8 * 1024 * 1024 - 64;
    let folder = project();
    let filled = |text: &str| text.repeat(ROOM / text.len());
    for text in [
        format!("a: {}\n", filled("[")),
        format!("a: \"{}\"\n", filled("pin-value=")),
        format!("a: \"{}\"\n", filled("-----BEGIN ")),
        format!("a: \"{}PRIVATE KEY-----\"\n", filled("-----BEGIN ")),
        format!("a: \"{}\"\n", filled("password: ")),
    ] {
        fs::write(folder.path().join("plans/m.yaml"), &text).unwrap();
        let output = run(folder.path(), &["validate", "plans/m.yaml"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output).get(..300).unwrap_or_default());
    }
}

#[test]
fn quiet_hides_progress_but_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    let loud = run(&tour, &["cert", "new", "short", "--days", "3", "--write-source", "salesforce"]);
    assert!(loud.status.success(), "{}", said(&loud));
    let quiet = run(&tour, &["-q", "aggregate", "salesforce"]);
    assert!(String::from_utf8_lossy(&quiet.stderr).contains("warning:"), "{}", said(&quiet));
}

#[test]
fn a_process_leaves_no_core_dump() {
    let folder = project();
    let text =
        RUNS.replace(r#"["sh","-c","id > ran"]"#, r#"["sh","-c","ulimit -c > limit; ulimit -Hc >> limit; echo x"]"#);
    fs::write(folder.path().join("sources/m.yaml"), text).unwrap();
    run(folder.path(), &["test", "m"]);
    assert_eq!(fs::read_to_string(folder.path().join("limit")).unwrap(), "0\n0\n");
}

#[test]
fn a_wrong_argument_does_not_reach_the_terminal_as_a_command() {
    let folder = tempfile::tempdir().unwrap();
    for typed in [&["\u{1b}]0;PWNED\u{7}x"][..], &["runs", "--\u{1b}[2J"], &["runs", "--limit", "\u{9b}31m"]] {
        let output = command(folder.path(), typed).env("CLICOLOR_FORCE", "1").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = said(&output);
        assert!(said.contains("error:") && !said.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{said:?}");
    }
}
