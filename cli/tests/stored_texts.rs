//! Texts of a source, as they reach a terminal, a file and a spreadsheet.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said, text};
use rusqlite::{Connection, params};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const FORMULA: &str = "=cmd|' /C calc'!A0";
/// A title, a color and the start of a window title, as a terminal obeys them.
const OBEYED: [&str; 3] = ["\u{1b}]0;PWNED\u{7}", "\u{1b}[31mred", "\u{9b}2J"];

/// The project of the tour, whose first account has such attributes, and the name of that account.
fn tour() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["quickstart", "tour"]).status.success());
    let tour = folder.path().join("tour");
    let store = Connection::open(tour.join(".connector/store.db")).unwrap();
    let (row, name): (i64, String) = store
        .query_row("SELECT id, name FROM accounts WHERE removed_run IS NULL ORDER BY account_id LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let attributes = json!({
        "Title": OBEYED[1],
        "Department": FORMULA,
        OBEYED[0]: OBEYED[2],
    });
    store.execute("UPDATE accounts SET attributes = ?2 WHERE id = ?1", params![row, attributes.to_string()]).unwrap();
    (folder, tour, name)
}

/// What a terminal gets.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Path, typed: &str) -> String {
    let line = format!("{} {typed}", env!("CARGO_BIN_EXE_connector"));
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c", &line, "/dev/null"]).current_dir(folder);
    let output = script.env("TERM", "xterm").env("CONNECTOR_PAGER", "cat").env_remove("COLUMNS").output().unwrap();
    assert!(output.status.success(), "{typed}: {}", text(&output.stdout));
    text(&output.stdout)
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_obeys_no_name_and_no_value_of_a_source() {
    let (_folder, tour, name) = tour();
    let account = format!("account salesforce {name}");
    for typed in [
        "export salesforce --what accounts --format csv",
        "export salesforce --what accounts --format csv --keep-formulas",
        "export salesforce --what accounts --format ndjson",
        "accounts salesforce --columns name,Title",
        "accounts salesforce -o csv --columns name,Title",
        "accounts salesforce -o yaml",
        "accounts salesforce -o json",
        account.as_str(),
    ] {
        let shown = on_a_terminal(&tour, typed);
        assert!(shown.contains(&name) || shown.contains("PWNED"), "{typed}: {shown}");
        for obeyed in OBEYED {
            assert!(!shown.contains(obeyed), "{typed}: {}", shown.escape_debug());
        }
    }
}

#[test]
fn a_file_or_program_gets_every_byte() {
    let (_folder, tour, _) = tour();
    let piped = run(&tour, &["export", "salesforce", "--what", "accounts", "--format", "csv"]);
    let piped = text(&piped.stdout);
    for kept in OBEYED {
        assert!(piped.contains(kept), "{}", kept.escape_debug());
    }
    let written = run(&tour, &["export", "salesforce", "--what", "accounts", "--format", "csv", "--to", "all.csv"]);
    assert!(written.status.success(), "{}", said(&written));
    assert_eq!(std::fs::read_to_string(tour.join("all.csv")).unwrap(), piped);
}

#[test]
fn an_export_for_a_spreadsheet_runs_nothing_unless_the_user_asks_for_formulas() {
    let (_folder, tour, _) = tour();
    let csv = |more: &[&str]| {
        let arguments = [&["export", "salesforce", "--what", "accounts", "--format", "csv"], more].concat();
        text(&command(&tour, &arguments).output().unwrap().stdout)
    };
    let (safe, plain) = (csv(&[]), csv(&["--keep-formulas"]));
    assert!(safe.contains(&format!("'{FORMULA}")), "{safe}");
    assert!(plain.contains(FORMULA) && !plain.contains(&format!("'{FORMULA}")), "{plain}");
    let listed = text(&run(&tour, &["accounts", "salesforce", "-o", "csv", "--columns", "name,Department"]).stdout);
    assert!(listed.contains(&format!("'{FORMULA}")), "{listed}");
}

#[test]
fn an_account_with_many_entitlements_costs_no_more_openings_of_the_store() {
    let (_folder, tour, name) = tour();
    let store = Connection::open(tour.join(".connector/store.db")).unwrap();
    let few = openings(&tour, &["account", "salesforce", &name]);
    let more = "INSERT INTO entitlements (source, type, entitlement_id, name, attributes, hash, first_run, added_run)
             SELECT s.id, 'group', printf('G%06d', n.value), printf('Group %d', n.value), '{}', x'', 1, 1
             FROM sources s, generate_series(1, 3000) n;
         INSERT INTO assignments (source, account, entitlement, holder, through, inline, id, first_run, added_run)
             SELECT e.source, a.account_id, e.id, 0, 0, 0, 1000000 + e.id, 1, 1
             FROM entitlements e, accounts a WHERE e.entitlement_id LIKE 'G______' AND a.name = ";
    let series = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 3000) ";
    let more = more.replacen("INSERT", &format!("{series}INSERT"), 1).replace("generate_series(1, 3000) n", "n");
    store.execute_batch(&format!("{more}'{name}'")).unwrap();
    drop(store);
    let shown = text(&run(&tour, &["account", "salesforce", &name]).stdout);
    assert!(shown.contains("Group 2999") && shown.lines().count() > 3_000, "{shown}");
    assert_eq!(openings(&tour, &["account", "salesforce", &name]), few);
}

/// How often a command opens a file in the folder of the store.
#[cfg(target_os = "linux")]
fn openings(folder: &Path, arguments: &[&str]) -> usize {
    use rustix::fs::inotify;
    use std::mem::MaybeUninit;
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, folder.join(".connector"), inotify::WatchFlags::OPEN).unwrap();
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", said(&output));
    let mut buffer = vec![MaybeUninit::uninit(); 64 * 1024].into_boxed_slice();
    let mut reader = inotify::Reader::new(&watch, &mut buffer);
    let mut openings = 0;
    while let Ok(event) = reader.next() {
        assert!(!event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW));
        openings += usize::from(event.file_name().is_some_and(|name| name.to_bytes() == b"store.db"));
    }
    openings
}
