//! Promise: what watches the sources sees what the store has, and the dashboard and the alerts in `deploy/` ask for nothing else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

const NIGHTLY: &str = "aggregation: {schedule: \"0 3 * * *\"}\n";

/// Every name of a metric in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_inside = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let starts = text.match_indices("connector_").map(|(start, _)| &text[start..]);
    starts.map(|rest| rest.chars().take_while(|letter| is_inside(*letter)).collect()).collect()
}

/// The value of a line without a timestamp.
fn value(metrics: &str, series: &str) -> f64 {
    let line =
        metrics.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_else(|| panic!("{series}: {metrics}"));
    line.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_those_of_the_store_and_no_dashboard_or_alert_asks_for_others() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.write_source(NIGHTLY);
    let before = project.run(&["metrics"]).expect_code(0).stdout;
    assert_eq!(value(&before, "connector_source_valid{source=\"salesforce\"}"), 1.0);
    assert!(!before.contains("connector_runs_total{") && before.ends_with("# EOF\n"), "{before}");

    project.run(&["aggregate", "salesforce"]).expect_code(0);
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let after = project.run(&["metrics"]).expect_code(0).stdout;
    assert_eq!(value(&after, "connector_source_accounts{source=\"salesforce\"}"), 20.0);
    assert_eq!(value(&after, "connector_accounts_total{source=\"salesforce\",state=\"added\"}"), 20.0);
    let first = "connector_runs_total{source=\"salesforce\",mode=\"full\",status=\"succeeded\"}";
    let second = "connector_runs_total{source=\"salesforce\",mode=\"delta\",status=\"succeeded\"}";
    assert_eq!((value(&after, first), value(&after, second)), (1.0, 1.0));
    let expiry = value(&after, "connector_certificate_expiry_timestamp_seconds{source=\"salesforce\"}");
    let success = value(&after, "connector_last_success_timestamp_seconds{source=\"salesforce\"}");
    let next = value(&after, "connector_next_run_timestamp_seconds{source=\"salesforce\"}");
    assert!(success < next && next < expiry, "{after}");

    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let known = names(&after);
    for file in ["grafana/sources.json", "prometheus/rules.yaml", "prometheus/rules.test.yaml"] {
        let text = fs::read_to_string(deploy.join(file)).unwrap();
        // Only a store on a server has a queue: the tests of the queue look for those.
        let asked: BTreeSet<_> =
            names(&text).into_iter().filter(|name| !name.starts_with("connector_queue_")).collect();
        assert!(asked.len() > 3, "{file}: {asked:?}");
        assert!(asked.is_subset(&known), "{file} asks for {:?}", asked.difference(&known));
    }
    let dashboard = fs::read(deploy.join("grafana/sources.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&dashboard).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_counts_once_it_can_go_on_no_more() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.write_source("");
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    let connection = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    connection.execute("UPDATE runs SET status = 'failed'", []).unwrap();
    drop(connection);
    let failed = project.run(&["metrics"]).expect_code(0).stdout;
    assert_eq!(value(&failed, "connector_last_run_status{source=\"salesforce\",status=\"failed\"}"), 1.0);
    assert!(!failed.contains("connector_runs_total{"), "the next run continues it, so it may still succeed: {failed}");
    project.run(&["aggregate", "salesforce", "--restart"]).expect_code(0);
    let over = project.run(&["metrics"]).expect_code(0).stdout;
    assert_eq!(over.matches("connector_runs_total{").count(), 2, "{over}");
    assert_eq!(over.matches("connector_last_run_status{").count(), 1, "{over}");
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_answers_those_who_watch_it_until_it_ends() {
    let project = Project::start(BINARY, Options { users: 20, ..Options::default() }).await;
    project.write_source(NIGHTLY);
    let arguments = ["worker", "--output", "json", "--listen", "127.0.0.1:0"];
    let mut child = project.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
    let listening = events.find(|event| event.contains("\"listening\"")).unwrap();
    let listening: serde_json::Value = serde_json::from_str(&listening).unwrap();
    let address = listening["address"].as_str().unwrap();
    for path in ["/healthz", "/readyz"] {
        assert!(get(address, path).starts_with("HTTP/1.1 200"), "{path}");
    }
    let metrics = get(address, "/metrics");
    assert!(metrics.contains("application/openmetrics-text") && metrics.ends_with("# EOF\n"), "{metrics}");
    assert!(get(address, "/").starts_with("HTTP/1.1 404"));
    fs::write(project.path("connector.yaml"), "aggregation: 7\n").unwrap();
    let ready = get(address, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("aggregation"), "{ready}");
    assert!(get(address, "/healthz").starts_with("HTTP/1.1 200"), "it lives, and a restart would mend nothing");
    // An open connection does not keep it.
    let _open = TcpStream::connect(address).unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(events.any(|event| event.contains("\"stopped\"")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_worker_says_which_address_it_can_not_take() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("connector.yaml"), "aggregation: {schedule: \"0 3 * * *\"}\n").unwrap();
    fs::create_dir(folder.path().join("sources")).unwrap();
    let people = "connector: delimited\nsettings:\n  accounts: {file: people.csv, id: id}\n";
    fs::write(folder.path().join("sources/people.yaml"), people).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_connector-under-test"))
        .args(["-C", folder.path().to_str().unwrap(), "worker", "--listen", &address])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}
