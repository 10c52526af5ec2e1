//! Somebody else's SCIM testers and clients, unmodified, against a source that can be written.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod place;

use connector_server::Role;
use place::{Place, Served};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_mins(8);

/// All checks of scim2-tester for users and for what the service says of itself. Groups are made at the source, so no client creates
/// the ones that the checks for groups begin with.
const TESTER: &str = r#"
import sys
from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

http = Client(base_url=sys.argv[1], headers={"Authorization": f"Bearer {sys.argv[2]}"}, timeout=60)
results = check_server(SyncSCIMClient(http), resource_types=["User"])
fine = {Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE, Status.SKIPPED}
for result in results:
    if result.status not in fine:
        print(result.status, result.title, result.reason, result.data)
skipped = [result.title for result in results if result.status == Status.SKIPPED]
print(f"{len(results)} checks, {sum(result.status not in fine for result in results)} failed, skipped: {skipped}")
"#;

/// Runs a program that must succeed; returns all that it said.
async fn run(command: &mut Command) -> String {
    let output = tokio::time::timeout(PATIENCE, command.stdin(Stdio::null()).kill_on_drop(true).output()).await;
    let output = output.unwrap().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// The folder with the programs of a virtual environment with these packages. Each test has its own, because tests run at the
/// same time.
async fn tools(name: &str, packages: &[&str]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder)).await;
    run(Command::new(folder.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))
    .await;
    folder.join("bin")
}

/// A source that clients can write; returns its address and a token.
async fn source() -> (Place, Served, String, String) {
    let place = Place::empty();
    place.write(
        "sources/crew.yaml",
        "connector: delimited\nsettings:\n  complete: {at_least: 1}\n  writable: true\n  accounts:\n    file: crew.csv\n    id: login\n    enabled: {column: status, is: [A], is_not: [T]}\n    attributes:\n      columns: [login, name.givenName, name.familyName, displayName, title, nickName, level, guest, mail]\n      types: {level: {type: integer}, guest: {type: boolean}}\n  entitlements:\n    role: {title: Role, file: roles.csv, id: code, name: name, holders: {file: members.csv, account: login, entitlement: role}}\n",
    );
    place.write("roles.csv", "code,name\nbadge,Badge\nkey,Key\n");
    place.write("members.csv", "login,role\nann,key\n");
    place.write(
        "crew.csv",
        "login,status,name.givenName,name.familyName,displayName,title,nickName,level,guest,mail\nann,A,Ann,Ash,Ann A,Clerk,An,9,true,ann@x.example\nbob,A,Bob,Birch,Bob B,,,,,\n",
    );
    tokio::time::sleep(Duration::from_millis(20)).await;
    place.aggregate_source("crew").await;
    let served = place.serve();
    let base = format!("http://{}/scim/v2/crew", served.address);
    let token = place.token("tester", Role::Approver);
    (place, served, base, token)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn scim2_tester_finds_nothing_wrong_with_users_and_with_what_the_service_says_of_itself() {
    let tools = tools("scim2-tester", &["scim2-tester==0.5.2", "scim2-cli==0.6.0"]).await;
    let (place, _served, base, token) = source().await;
    let said =
        run(Command::new(tools.join("python3")).args(["-c", TESTER, &base, &token]).current_dir(place.path())).await;
    assert!(said.contains(" 0 failed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn scim_sanity_finds_nothing_wrong_with_the_life_of_a_user() {
    let tools = tools("scim-sanity", &["scim-sanity==0.7.4"]).await;
    let (place, _served, base, token) = source().await;
    let mut probe = Command::new(tools.join("scim-sanity"));
    probe.args(["probe", &base, "--token", &token, "--resource", "User", "--i-accept-side-effects"]);
    let said = run(probe.current_dir(place.path())).await;
    assert!(said.contains("All tests passed"), "{said}");
}
