//! Looks at every page in a real browser: at three widths, light and dark, with the rules of axe for people who can't see or use
//! a mouse. The screenshots are in `target/tmp/console/` for somebody to look at.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod place;

use connector_server::Role;
use place::Place;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// 40 pages at three widths in two themes take a minute on a small machine.
const PATIENCE: Duration = Duration::from_mins(6);

/// The first view may have this many bytes; a phone far away loads them in two seconds.
const FIRST_VIEW: u64 = 200_000;

async fn installed() -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["package.json", "walk.mjs"] {
        std::fs::copy(scripts.join(name), folder.join(name)).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder);
    let output = npm.stdin(Stdio::null()).output().await.unwrap();
    assert!(output.status.success(), "npm: {}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Gives the source `staff` a past, so that its calendar has one.
fn age_runs(place: &Place) {
    let store = rusqlite::Connection::open(&place.store).unwrap();
    let ago = |hours: i64| (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours)).to_string();
    let source = "source = (SELECT id FROM sources WHERE name = 'staff')";
    store.execute(&format!("UPDATE runs SET started_at = ?1, ended_at = ?1 WHERE {source}"), [ago(130)]).unwrap();
    for (number, hours) in (9..126).step_by(4).enumerate() {
        let status = if number % 9 == 4 { "failed" } else { "succeeded" };
        if number % 7 == 3 {
            continue;
        }
        store
            .execute(
                &format!(
                    "INSERT INTO runs (id, source, connector, definition, mode, status, started_at, ended_at)
                     SELECT 'past' || ?1, source, connector, definition, mode, ?2, ?3, ?3 FROM runs WHERE {source} LIMIT 1"
                ),
                rusqlite::params![number, status, ago(hours)],
            )
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs npm and chromium"]
async fn every_page_is_usable_at_every_width_in_both_themes_by_keyboard_and_without_a_foreign_byte() {
    let place = Place::with_people().await;
    place.write("sources/never-read.yaml", &std::fs::read_to_string(place.path().join("sources/people.yaml")).unwrap());
    place.add_staff("aggregation: {delete_threshold: 100%, schedule: \"0 */4 * * *\"}\n").await;
    place.write(
        "findings.yaml",
        "accept:\n  - {rule: disabled_account_access, account: staff10, reason: leaves in May, agreed with HR, until: 2126-05-31}\n".replace("leaves in May, agreed with HR", "\"leaves in May, agreed with HR\"").as_str(),
    );
    age_runs(&place);
    let served = place.open().await;
    let cookie = served.cookie.clone().unwrap();
    let written = async |name: &str, text: &str| {
        let form = format!("name={name}&text={}", place::encoded(text));
        let answer = served.press(&cookie, "/sources/staff/plans", &form).await;
        answer.header("location").unwrap().to_owned()
    };
    let applied = written("leavers.csv", "operation,account\ndisable,staff1\ndisable,staff2\ndisable,staff0\n").await;
    let page = served.shows(&cookie, &applied, "Approve and apply").await;
    let digest = page.split("name=\"digest\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    served.press(&cookie, &format!("{applied}/apply"), &format!("digest={digest}")).await;
    served.shows(&cookie, &applied, "</i>applied").await;
    let waiting = written(
        "joiners.yaml",
        "operations:\n  - update: {account: staff3, set: {department: Finance}}\n  - grant: {account: staff3, entitlement: role/badge}\n  - revoke: {account: staff4, entitlement: role/payroll}\n  - disable: {account: staff5}\n  - disable: {account: nobody}\n  - enable: {account: staff6}\n",
    )
    .await;
    served.shows(&cookie, &waiting, "Approve and apply").await;
    let run =
        place::links(&served.get("/runs").await.body).into_iter().find(|link| link.starts_with("/runs/")).unwrap();
    let pages = json!({
        "home": "/",
        "source": "/sources/people",
        "source-broken": "/sources/broken",
        "source-never-read": "/sources/never-read",
        "accounts": "/sources/people/accounts?columns=department",
        "accounts-fault": "/sources/people/accounts?where=departmnt%20is%20null",
        "accounts-none": "/sources/people/accounts?where=nobody",
        "account": "/sources/people/accounts/1",
        "entitlements": "/sources/people/entitlements",
        "entitlement": "/sources/people/entitlements/role/staff?effective=true",
        "test": "/sources/people/test",
        "audit": "/audit",
        "search": "/search?q=user1",
        "search-nothing": "/search?q=",
        "certificates": "/certificates",
        "runs": "/runs",
        "run": run,
        "diff": "/sources/people/diff",
        "plans": "/plans",
        "plans-source": "/sources/staff/plans",
        "plans-none": "/sources/people/plans",
        "plan-waiting": waiting,
        "plan-applied": applied,
        "schedule": "/schedule",
        "findings": "/findings",
        "findings-source": "/sources/staff/findings?accepted=true",
        "findings-none": "/sources/staff/findings?severity=critical",
        "error": "/sources/nobody",
    });
    let folder = installed().await;
    let shots = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
    std::fs::create_dir_all(&shots).unwrap();
    let mut node = Command::new("node");
    node.arg("walk.mjs").current_dir(&folder).env("OUT", &shots).env("PAGES", pages.to_string());
    let roles = [("viewer", Role::Viewer), ("operator", Role::Operator), ("approver", Role::Approver)];
    let roles = roles.map(|(name, role)| (name, place.token(name, role)));
    node.env("ROLES", serde_json::to_string(&std::collections::BTreeMap::from(roles)).unwrap());
    node.env("CONSOLE", format!("http://{}{}", served.address, served.newest_link())).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, node.stdin(Stdio::null()).output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    let view = said.split("first_view_bytes\":").nth(1).and_then(|rest| rest.split('}').next()?.parse::<u64>().ok());
    assert!(view.is_some_and(|bytes| (10_000..FIRST_VIEW).contains(&bytes)), "{said}");
}
