//! Promise: what the book shows works. Its plans are run in their order against the simulated org, its queries against the
//! store.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_e2e::{Binary, Project};
use connector_sandbox_salesforce::Options;
use serde_json::json;
use std::fs;
use std::path::Path;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)).unwrap()
}

/// The fenced blocks of a page with their language.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = page.split("\n```").collect();
    parts.iter().skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

/// An org with the people and groups that the book speaks of.
async fn project() -> Project {
    let project = Project::start(BINARY, Options { users: 40, ..Options::default() }).await;
    let org = project.sandbox.org();
    for name in ["bob", "eve", "max", "fay"] {
        project.add_user(&format!("{name}@acme.example"));
    }
    for (name, api_name, kind) in [("Everyone EMEA", "Everyone_EMEA", "Regular"), ("Leads EMEA", "Leads_EMEA", "Queue")]
    {
        let group = [("Name", json!(name)), ("DeveloperName", json!(api_name)), ("Type", json!(kind))];
        org.insert("Group", &group).unwrap();
    }
    for name in ["Sales EMEA", "Finance EMEA"] {
        org.insert("UserRole", &[("Name", json!(name)), ("DeveloperName", json!(name.replace(' ', "_")))]).unwrap();
    }
    fs::create_dir(project.path("plans")).unwrap();
    project
}

/// Writes a plan of the page into its file and applies it.
#[track_caller]
fn apply(project: &Project, page: &str, file: &str) {
    let first_line = format!("# {file}\n");
    let (_, text) = blocks(page).into_iter().find(|(_, text)| text.starts_with(&first_line)).unwrap();
    fs::write(project.path(file), text).unwrap();
    for (again, outcome) in [(false, "applied"), (true, "unchanged")] {
        let ended = project.run(&["provision", "salesforce", file, "--yes", "--output", "json"]).expect_code(0);
        let lines = ended.json_lines();
        let (summary, operations) = lines.split_last().unwrap();
        assert!(operations.iter().all(|line| line["outcome"] == outcome), "{file}, again: {again}: {summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_joiner_the_mover_and_the_leaver_of_the_book() {
    let project = project().await;
    let page = page("plans.md");
    let org = project.sandbox.org();
    let field = |name: &str| org.field(&org.user_named("jane@acme.example").unwrap(), name).unwrap();
    let role = || org.field(field("UserRoleId").as_str().unwrap(), "Name").unwrap();
    let manager = |name: &str| json!(org.user_named(name).unwrap());
    let held = || org.holdings(&org.user_named("jane@acme.example").unwrap()).unwrap().len();

    apply(&project, &page, "plans/joiner.yaml");
    assert_eq!(field("ManagerId"), manager("max@acme.example"));
    assert_eq!(role(), json!("Sales EMEA"));
    assert_eq!(field("IsActive"), json!(true));
    assert_eq!(held(), 3);

    apply(&project, &page, "plans/mover.yaml");
    assert_eq!(field("ManagerId"), manager("fay@acme.example"));
    assert_eq!(role(), json!("Finance EMEA"));
    assert_eq!(field("Department"), json!("Finance"));
    assert_eq!(held(), 3);

    apply(&project, &page, "plans/leaver.yaml");
    assert_eq!(field("ManagerId"), json!(null));
    assert_eq!(field("UserRoleId"), json!(null));
    assert_eq!(field("IsActive"), json!(false));
    assert_eq!(held(), 0);
    let login = org.login_of(&org.user_named("jane@acme.example").unwrap()).unwrap();
    assert_eq!(org.field(&login, "IsFrozen").unwrap(), json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_plan_of_the_book_is_valid() {
    let project = project().await;
    let page = page("plans.md");
    let mut checked = 0;
    for (language, text) in blocks(&page) {
        let form = match language {
            // A part of a source file says so in its first line.
            "yaml" if text.starts_with("# sources/") => continue,
            "yaml" | "csv" => language,
            "json" if text.starts_with('{') && !text.contains("\"outcome\"") && !text.contains("\"summary\"") => {
                "ndjson"
            }
            _ => continue,
        };
        let file = format!("plans/block{checked}.{form}");
        fs::write(project.path(&file), text).unwrap();
        project.run(&["validate", &file]).expect_code(0);
        checked += 1;
    }
    assert!(checked >= 6, "only {checked} plans");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_the_book_answer() {
    let project = project().await;
    let page = page("plans.md");
    project.run(&["aggregate", "salesforce"]).expect_code(0);
    apply(&project, &page, "plans/joiner.yaml");
    let store = rusqlite::Connection::open(project.path(".connector/store.db")).unwrap();
    let mut asked = 0;
    for line in [page.as_str(), &self::page("store.md")].join("\n").lines() {
        let Some(query) = line.strip_prefix("$ sqlite3 .connector/store.db \"") else { continue };
        let query = query.strip_suffix('"').unwrap();
        let mut statement = store.prepare(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let rows = statement.query_map([], |_| Ok(())).unwrap().map(Result::unwrap).count();
        assert!(rows > 0, "no row: {query}");
        asked += 1;
    }
    assert!(asked >= 4, "only {asked} queries");
}
