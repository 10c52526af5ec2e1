//! What the command line does for a shell and a terminal: completion, man pages and the pager.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const CONNECTOR: &str = env!("CARGO_BIN_EXE_connector");

fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for name in ["RUST_LOG", "NO_COLOR", "COLUMNS", "CLICOLOR_FORCE", "PAGER", "CONNECTOR_PAGER"] {
        command.env_remove(name);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, CONNECTOR, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tour() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    (folder, tour)
}

/// What a shell offers for the last word.
fn completed(folder: &Path, words: &[&str]) -> Vec<String> {
    let words = [&["--", "connector"], words].concat();
    let output = command(folder, CONNECTOR, &words).env("CONNECTOR_COMPLETE", "fish").output().unwrap();
    assert!(output.status.success(), "{words:?}");
    assert_eq!(text(&output.stderr), "", "{words:?}");
    text(&output.stdout).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn a_shell_completes_commands_sources_runs_and_entitlements() {
    let (folder, tour) = tour();
    assert!(completed(&tour, &["entitl"]).contains(&"entitlements".to_owned()));
    assert_eq!(completed(&tour, &["accounts", "sal"]), ["salesforce"]);
    assert_eq!(completed(folder.path(), &["-C", "tour", "accounts", "sal"]), ["salesforce"]);
    let runs = text(&run(&tour, &["runs", "-o", "csv", "--columns", "run"]).stdout);
    let runs: Vec<_> = runs.lines().skip(1).collect();
    for words in [&["run", "show", "01"][..], &["diff", "salesforce", "--from", "01"]] {
        let mut offered = completed(&tour, words);
        offered.sort();
        offered.reverse();
        assert_eq!(offered, runs, "{words:?}");
    }
    let types = completed(&tour, &["entitlement", "salesforce", "perm"]);
    assert!(types.contains(&"permission_set/".to_owned()), "{types:?}");
    let offered = completed(&tour, &["accounts", "salesforce", "--holding", "permission_set/"]);
    assert!(!offered.is_empty());
    for name in offered {
        let found = run(&tour, &["entitlement", "salesforce", &name]);
        assert!(found.status.success() && !name.contains(' '), "{name}: {}", text(&found.stderr));
    }
}

#[test]
fn a_shell_completes_accounts_and_plans_of_the_source_that_was_typed() {
    let (_folder, tour) = tour();
    let offered = completed(&tour, &["account", "salesforce", "A"]);
    assert!(offered.len() > 1 && offered.iter().all(|name| name.to_lowercase().starts_with('a')), "{offered:?}");
    let found = run(&tour, &["account", "salesforce", &offered[0]]);
    assert!(found.status.success(), "{}", text(&found.stderr));
    assert!(completed(&tour, &["account", "elsewhere", "a"]).is_empty());
    let plans = text(&run(&tour, &["operations", "salesforce", "-o", "csv", "--columns", "plan"]).stdout);
    let mut plans: Vec<_> = plans.lines().skip(1).collect();
    plans.dedup();
    assert!(!plans.is_empty());
    assert_eq!(completed(&tour, &["operations", "salesforce", "--plan", "01"]), plans);
    assert!(completed(&tour, &["operations", "salesforce", "--plan", "x"]).is_empty());
}

#[test]
fn completion_is_quiet_where_nothing_is_known_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(completed(folder.path(), &["accounts", ""]).iter().all(|name| name.starts_with('-')));
    assert!(run(folder.path(), &["init"]).status.success());
    fs::write(folder.path().join("connector.yaml"), "storage: [\n").unwrap();
    fs::write(folder.path().join("sources/org.yaml"), "}{\n").unwrap();
    assert_eq!(completed(folder.path(), &["accounts", "o"]), ["org"]);
    assert!(completed(folder.path(), &["run", "show", "0"]).is_empty());
    assert!(!folder.path().join(".connector").exists());
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&run(folder.path(), &["completions", shell]).stdout);
        assert!(script.contains("CONNECTOR_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["man", "man1"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = |name: &str| fs::read_to_string(folder.path().join("man1").join(name)).unwrap();
    assert!(page("connector.1").starts_with(".ie") || page("connector.1").contains(".TH CONNECTOR"));
    for (name, part) in
        [("connector-accounts.1", "holding"), ("connector-source-list.1", "columns"), ("connector-cert-new.1", "bits")]
    {
        assert!(page(name).contains(part), "{name}");
    }
    assert!(!folder.path().join("man1/connector-help.1").exists());
}

/// What a terminal shows.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Path, typed: &str, pager: &str) -> String {
    let line = format!("{CONNECTOR} {typed}");
    let mut script = command(folder, "script", &["-q", "-e", "-c", &line, "/dev/null"]);
    let output = script.env("TERM", "xterm").env("CONNECTOR_PAGER", pager).output().unwrap();
    assert!(output.status.success(), "{typed}: {}", text(&output.stdout));
    text(&output.stdout)
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_long_results_page_by_page_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    let pager = "sed s/^/paged:/";
    let shown = on_a_terminal(folder.path(), "connectors", pager);
    assert!(shown.contains("paged:"), "{shown}");
    // Messages come after the pages, not in their middle.
    assert!(shown.find("Next:").is_some_and(|next| next > shown.rfind("paged:").unwrap()), "{shown}");
    for (typed, pager) in [
        ("connectors --no-pager", pager),
        ("connectors -o json", pager),
        ("validate", pager),
        ("connectors", "cat"),
        ("connectors", ""),
    ] {
        let shown = on_a_terminal(folder.path(), typed, pager);
        assert!(!shown.contains("paged:"), "{typed} with `{pager}`: {shown}");
    }
    let piped = command(folder.path(), CONNECTOR, &["connectors"]).env("CONNECTOR_PAGER", pager).output().unwrap();
    assert!(!text(&piped.stdout).contains("paged:"));
    // A pager that the user leaves at once is no fault.
    on_a_terminal(folder.path(), "schema", "head -1");
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_shows_the_last_fifty_events_of_an_account_and_a_program_gets_all() {
    let (_folder, tour) = tour();
    let account = ["account", "salesforce", "jane.roe@acme.example"];
    let history = |output: &str| {
        let (_, history) = output.split_once("History").unwrap();
        history.lines().filter(|line| [" assigned", " added"].iter().any(|event| line.contains(event))).count()
    };
    let store = rusqlite::Connection::open(tour.join(".connector/store.db")).unwrap();
    store
        .execute_batch(
            "INSERT INTO entitlements (source, type, entitlement_id, name, attributes, first_run, added_run)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
             SELECT (SELECT id FROM sources), 'permission_set', 'added' || i, 'Added' || i, '{}', 1, 1 FROM n;
             INSERT INTO assignments (source, account, entitlement, inline, id, first_run, added_run)
             SELECT source, (SELECT account_id FROM accounts WHERE name LIKE 'jane.roe@%'), id, 0, 1000 + id, 1, 1
             FROM entitlements WHERE entitlement_id LIKE 'added%'",
        )
        .unwrap();
    let piped = text(&run(&tour, &account).stdout);
    let all = history(&piped);
    assert!(all > 60, "{piped}");
    let shown = on_a_terminal(&tour, &account.join(" "), "cat");
    assert_eq!(history(&shown), 50, "{shown}");
    assert!(shown.contains("only the last 50 of") && shown.contains("--limit N"), "{shown}");
    let more = on_a_terminal(&tour, &format!("{} --limit 1000", account.join(" ")), "cat");
    assert_eq!(history(&more), all, "{more}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_waits_for_another_program_shows_what_it_does_and_a_clock() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["init"][..], &["source", "new", "salesforce", "org"], &["cert", "new", "org"]] {
        assert!(run(folder.path(), arguments).status.success(), "{arguments:?}");
    }
    let file = folder.path().join("sources/org.yaml");
    let source = fs::read_to_string(&file).unwrap();
    let slow = r#"'command:["sleep","30"]'"#;
    fs::write(&file, source.replace("certificate_ref: file:secrets/org.crt", &format!("certificate_ref: {slow}")))
        .unwrap();
    for (typed, drawn) in [
        ("cert check", ["Reading certificates  0:01", "Reading certificates  0:02"]),
        ("cert show org", ["Reading the certificate  0:01", "Reading the certificate  0:02"]),
    ] {
        until_drawn(folder.path(), typed, &drawn);
    }
}

/// Reads what a command draws on a terminal, until it has drawn all of these.
#[cfg(target_os = "linux")]
fn until_drawn(folder: &Path, typed: &str, drawn: &[&str]) {
    let line = format!("exec {CONNECTOR} {typed}");
    let mut script = command(folder, "script", &["-q", "-e", "-f", "-c", &line, "/dev/null"]);
    let mut child = script.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut shown, mut part) = (String::new(), [0; 4096]);
    let mut output = child.stdout.take().unwrap();
    // The clock goes on from second to second.
    while !drawn.iter().all(|state| shown.contains(state)) {
        let length = output.read(&mut part).unwrap();
        assert_ne!(length, 0, "{typed}: {shown}");
        shown.push_str(&String::from_utf8_lossy(&part[..length]));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A host that takes connections and never answers.
#[cfg(target_os = "linux")]
#[test]
fn a_command_that_waits_for_a_mute_host_shows_the_step_and_a_clock_on_a_terminal() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["init"][..], &["source", "new", "salesforce", "org"], &["cert", "new", "org"]] {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }
    let file = folder.path().join("sources/org.yaml");
    let source = fs::read_to_string(&file).unwrap();
    let url = format!("http://{}/services/oauth2/token", mute.local_addr().unwrap());
    let source: Vec<_> = source
        .lines()
        .map(|line| match line.split_once("token_url: ") {
            Some((before, _)) => format!("{before}token_url: {url}"),
            None => line.to_owned(),
        })
        .collect();
    let more = "http: {allow_insecure_loopback: true}\nsettings: {app: {kind: external_client_app, name: Connector}}\n";
    fs::write(&file, source.join("\n") + "\n" + more).unwrap();
    for (typed, drawn) in [
        ("test org", ["access_token  0:00", "access_token  0:01"]),
        ("cert rotate org --preview", ["Reading the app  0:01", "Reading the app  0:02"]),
        ("aggregate org", ["Reading org  0:00  connecting", "Reading org  0:01  connecting"]),
    ] {
        until_drawn(folder.path(), typed, &drawn);
    }
}
