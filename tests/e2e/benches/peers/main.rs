//! How long Connector takes to read a whole org into its store, beside clients that others wrote and that only count the rows of the
//! same queries, and beside the floors: the same pages fetched at once and thrown away, and the same rows inserted by a bare loop.
//!
//! `cargo bench -p connector-e2e --bench peers` installs the clients with `python3` and `npm`, and measures 10,000 and 100,000 users
//! without latency. After `--`, other sizes and a latency in milliseconds can follow: `-- 1000000 latency=100`. `--write` puts the
//! table and the picture into `docs/`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise and prints its figures"
)]

mod floors;
mod picture;
mod process;

use connector_e2e::{Bare, Binary, Project};
use connector_sandbox_salesforce::Options;
use floors::{fetch, insert};
use process::{Measured, measured};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

/// The figures of one size and latency.
struct Round {
    users: u64,
    rows: u64,
    lines: Vec<(String, Measured)>,
}

#[tokio::main]
async fn main() {
    let (mut sizes, mut latency, mut writes) = (Vec::new(), Duration::ZERO, false);
    for argument in std::env::args().skip(1) {
        if let Some(milliseconds) = argument.strip_prefix("latency=") {
            latency = Duration::from_millis(milliseconds.parse().unwrap());
        } else if let Ok(users) = argument.parse() {
            sizes.push(users);
        } else {
            writes |= argument == "--write";
        }
    }
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000];
    }
    let clients = Clients::install();
    let mut rounds = Vec::new();
    for users in sizes {
        let round = measure(&clients, users, latency).await;
        println!("{}", table(std::slice::from_ref(&round)));
        rounds.push(round);
    }
    if writes {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let page = docs.join("speed.md");
        fs::write(&page, between(&fs::read_to_string(&page).unwrap(), latency, &table(&rounds))).unwrap();
        if latency.is_zero() {
            fs::write(docs.join("speed.svg"), picture::drawn(&rounds)).unwrap();
        }
    }
}

async fn measure(clients: &Clients, users: u64, latency: Duration) -> Round {
    let project = Project::start(BINARY, Options { users, latency, ..Options::default() }).await;
    project.run(&["test", "salesforce"]).expect_code(0);
    let (mut lines, mut queries, mut pages, mut rows) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (transport, first, again) in [
        ("rest", "Connector, REST, first run", "Connector, REST, second run"),
        ("bulk", "Connector, query jobs, first run", "Connector, query jobs, second run"),
    ] {
        project.write_source(&format!("settings: {{transport: {transport}}}\n"));
        let _ = fs::remove_dir_all(project.path(".connector"));
        for name in [first, again] {
            project.sandbox.clear_requests();
            let mut command = project.command(&["aggregate", "salesforce", "--full", "--output", "json"]);
            let (output, mut figures) = measured(&project, &mut command).await;
            let report: serde_json::Value = serde_json::from_str(&output).unwrap();
            figures.calls = report["api_calls"].as_u64().unwrap();
            lines.push((name.to_owned(), figures));
            rows = ["accounts", "entitlements", "assignments"]
                .iter()
                .filter_map(|what| report[what]["seen"].as_u64())
                .sum();
            if name == "Connector, REST, first run" {
                let answered = project.sandbox.requests().log.into_iter().filter(|request| request.status == 200);
                pages = answered.filter_map(|request| request.soql).collect();
                queries = whole_tables(&pages);
            }
        }
    }
    let insert = insert(&project.path(".connector/store.db"));
    lines.push(("the same rows inserted by a bare loop".to_owned(), insert));
    let fetched = fetch(&project, &pages, 8).await;
    lines.push(("the same pages fetched, 8 at once, and thrown away".to_owned(), fetched));
    let bare = Bare::sign_in(&project).await;
    let mut read = Vec::new();
    for (name, client, transport) in [
        ("simple-salesforce, REST, counts only", &clients.python, "rest"),
        ("simple-salesforce, query jobs, counts only", &clients.python, "bulk"),
        ("jsforce, REST, counts only", &clients.node, "rest"),
        ("jsforce, query jobs, counts only", &clients.node, "bulk"),
    ] {
        let mut command = client.command(&project, &bare, transport, &queries);
        let (output, figures) = measured(&project, &mut command).await;
        // A client that ends without an error and without an answer read nothing to its end.
        read.push((name, figures, output.trim().parse::<u64>().unwrap_or(0)));
    }
    // A client may end early without an error. Its time is not one for the whole work. Some count the lines of titles, too.
    let whole = read.iter().map(|(_, _, rows)| *rows).max().unwrap();
    for (name, figures, rows) in read {
        let is_whole = rows * 100 >= whole * 99;
        let name = if is_whole { name.to_owned() } else { format!("{name}: ended without an error after {rows} rows") };
        lines.push((name, figures));
    }
    Round { users, rows, lines }
}

/// The queries of whole tables, from the queries of their pages.
fn whole_tables(pages: &[String]) -> Vec<String> {
    let mut whole = BTreeSet::new();
    for page in pages.iter().filter(|page| page.contains(" ORDER BY Id") && !page.contains("COUNT(")) {
        let (head, conditions) = page.split(" ORDER BY").next().unwrap().split_once(" WHERE ").unwrap_or((page, ""));
        let head = head.split(" ORDER BY").next().unwrap();
        let span = |condition: &&str| !condition.starts_with("Id >") && !condition.starts_with("Id <");
        let kept: Vec<&str> =
            conditions.split(" AND ").filter(|condition| !condition.is_empty()).filter(span).collect();
        whole.insert(if kept.is_empty() { head.to_owned() } else { format!("{head} WHERE {}", kept.join(" AND ")) });
    }
    whole.into_iter().collect()
}

/// A client that others wrote.
struct Client {
    program: PathBuf,
    script: &'static str,
    modules: PathBuf,
}

struct Clients {
    python: Client,
    node: Client,
}

impl Clients {
    fn install() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (python, node) = (folder.join("simple-salesforce"), folder.join("jsforce"));
        if !python.join("bin/python").exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&python));
        }
        let pip = ["install", "--quiet", "--disable-pip-version-check", "simple-salesforce==1.12.10"];
        run(Command::new(python.join("bin/pip")).args(pip));
        let npm = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "jsforce@3.10.16", "--prefix"];
        run(Command::new("npm").args(npm).arg(&node));
        Self {
            python: Client {
                program: python.join("bin/python"),
                script: "read_with_simple_salesforce.py",
                modules: python,
            },
            node: Client { program: "node".into(), script: "read_with_jsforce.js", modules: node.join("node_modules") },
        }
    }
}

impl Client {
    fn command(&self, project: &Project, bare: &Bare, transport: &str, queries: &[String]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(self.script);
        let mut command = Command::new(&self.program);
        command.arg(script).arg(transport).args(queries).env("NODE_PATH", &self.modules);
        command
            .env("NODE_EXTRA_CA_CERTS", project.path("secrets/ca.pem"))
            .env("ORG_CA", project.path("secrets/ca.pem"));
        command.env("ORG_INSTANCE", project.sandbox.instance_url()).env("ORG_TOKEN", bare.token());
        command
    }
}

/// The figures as a table of Markdown.
fn table(rounds: &[Round]) -> String {
    let mut text = "| users | rows | who | time | rows per second | API calls | peak memory |\n".to_owned();
    text.push_str("| --: | --: | --- | --: | --: | --: | --: |\n");
    for round in rounds {
        for (name, figures) in &round.lines {
            let seconds = figures.time.as_secs_f64();
            let pace = round.rows as f64 / seconds;
            let pace = if name.contains("ended") { String::new() } else { format!("{pace:.0}") };
            let memory = figures.peak_kib.map_or_else(String::new, |peak| format!("{} MiB", peak / 1024));
            let calls = if figures.calls == 0 { String::new() } else { figures.calls.to_string() };
            let line = format!(
                "| {} | {} | {name} | {seconds:.2} s | {pace} | {calls} | {memory} |\n",
                round.users, round.rows
            );
            text.push_str(&line);
        }
    }
    text
}

/// A page with its table for this latency replaced.
fn between(page: &str, latency: Duration, table: &str) -> String {
    let (begin, end) = (format!("<!-- peers {} -->\n", latency.as_millis()), "<!-- end -->");
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}\n{table}\n{end}{after}")
}

/// Runs a command that must succeed.
fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
