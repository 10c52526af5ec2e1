//! Entitlements and who holds them, in every form.

use crate::project::{Project, accounts, assignments, entitlements};
use connector_core::AssignmentState::{Active, Inactive};
use connector_core::{Holder, StepStatus, TestReport};
use serde_json::json;

#[tokio::test]
async fn values_name_entitlements_by_id_or_by_name() {
    let project = Project::new(&[
        ("people.csv", b"id,roles\n1,r1|Sales\n2,\n3,unlisted\n"),
        ("roles.csv", b"code,title,what,level\nr1,Support,Helps,3\nr2,Sales,,\n"),
    ]);
    let settings = json!({
        "accounts": {"file": "people.csv", "id": "id", "entitlements": {"role": {"column": "roles", "split": "|"}}},
        "entitlements": {"role": {
            "title": "Role", "file": "roles.csv", "id": "code", "name": "title", "description": "what",
            "attributes": {"types": {"level": {"type": "integer"}}},
        }},
    });
    let connector = project.open(&settings);
    let read = accounts(connector.as_ref()).await.unwrap();
    let held = |at: usize| read[at].entitlements.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((held(0), held(1)), (vec!["role/r1".to_owned(), "role/r2".to_owned()], vec![]));
    assert_eq!(held(2), ["role/unlisted"], "the engine says that nothing has this id");
    assert!(
        read[0].attributes.get::<String>("roles").is_none(),
        "a column is either an attribute or names entitlements"
    );
    let listed = entitlements(connector.as_ref()).await.unwrap();
    assert_eq!((&*listed[0].name, listed[0].description.as_deref()), ("Support", Some("Helps")));
    assert_eq!(listed[0].attributes.as_str(), r#"{"level":3}"#);
}

#[tokio::test]
async fn entitlements_without_a_list_are_those_that_are_named() {
    let project = Project::new(&[
        ("people.csv", b"id,team,site\n1,a;b,x\n2,b,\n"),
        ("m.csv", b"login,group\njane,g1\njane,g2\njo,g1\n"),
    ]);
    let settings = json!({
        "accounts": {
            "file": "people.csv", "id": "id",
            "entitlements": {"team": {"column": "team", "split": ";"}, "site": {"column": "site"}},
        },
        "entitlements": {"group": {"holders": {"file": "m.csv", "account": "login", "entitlement": "group"}}},
    });
    let listed = entitlements(project.open(&settings).as_ref()).await.unwrap();
    let mut keys: Vec<_> = listed.iter().map(|one| one.key.to_string()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["group/g1", "group/g2", "site/x", "team/a", "team/b"]);
}

#[tokio::test]
async fn members_are_named_by_id_or_by_alias() {
    let project = Project::new(&[
        ("people.csv", b"id,login\n1,jane\n"),
        ("m.csv", b"login;groups\njane;g1|g2\n"),
        ("n.csv", b"who,team\n1,t1\n"),
    ]);
    let settings = json!({
        "accounts": {"file": "people.csv", "id": "id", "name": "login", "alias": "login"},
        "entitlements": {
            "group": {"holders": {"file": "m.csv", "format": {"delimiter": ";"}, "alias": "login", "entitlement": "groups", "split": "|"}},
            "team": {"holders": {"file": "n.csv", "account": "who", "entitlement": "team"}},
        },
    });
    let connector = project.open(&settings);
    assert_eq!(accounts(connector.as_ref()).await.unwrap()[0].alias.as_deref(), Some("jane"));
    let held = assignments(connector.as_ref()).await.unwrap();
    let held: Vec<_> = held.into_iter().map(|one| (one.holder, one.entitlement.to_string())).collect();
    let alias = || Holder::alias("jane");
    let expected = [(alias(), "group/g1"), (alias(), "group/g2"), (Holder::account("1"), "team/t1")];
    assert_eq!(held, expected.map(|(holder, key)| (holder, key.to_owned())));
}

#[tokio::test]
async fn the_connection_test_says_what_is_in_each_file() {
    let project = Project::new(&[("people.csv", b"id,name\n1,jane\n2,jo\n"), ("m.csv", b"who,team\n1,t1\n")]);
    let settings = json!({
        "format": {"encoding": "windows-1252"},
        "accounts": {"file": "people.csv", "id": "id"},
        "entitlements": {"team": {"holders": {"file": "m.csv", "account": "who", "entitlement": "team"}}},
    });
    let mut report = TestReport::new();
    project.open(&settings).test_connection(&mut report).await;
    let detail = |name: &str| report.steps().iter().find(|step| step.name == name).unwrap().detail.clone().unwrap();
    assert!(detail("files").starts_with("m.csv (14 B, 0 s old); people.csv (20 B, "), "{}", detail("files"));
    assert_eq!(detail("accounts"), "people.csv has 2 rows, 2 columns, windows-1252");
    assert_eq!(detail("entitlements"), "team: 1 that are named");
    assert_eq!(detail("members"), "team: m.csv has 1 row, 2 columns, windows-1252");
    assert!(report.steps().iter().all(|step| step.status == StepStatus::Passed), "{report:?}");
    project.write("people.csv", b"id,name\n1,jane\n2\n");
    let mut report = TestReport::new();
    project.open(&settings).test_connection(&mut report).await;
    let failed = report.steps().iter().find(|step| step.status == StepStatus::Failed).unwrap();
    assert_eq!(
        (failed.name, failed.detail.as_deref()),
        ("accounts", Some("`people.csv`, line 3: 1 value, but the header has 2 columns"))
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_anybody_can_change_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::of_people("id\n1\n");
    std::fs::set_permissions(project.path("people.csv"), std::fs::Permissions::from_mode(0o666)).unwrap();
    let mut report = TestReport::new();
    project.open(&json!({"accounts": {"file": "people.csv", "id": "id"}})).test_connection(&mut report).await;
    assert_eq!(report.steps()[0].status, StepStatus::Warning);
}

/// The trials that only read, for what can't be written.
#[tokio::test]
async fn compressed_files_with_accounts_in_several_rows_keep_the_contract() {
    let row = |number: u32| format!("{:04};r{};x{number}\n", number % 4700, number % 3);
    let rows = (0..6000).map(row).collect::<Vec<_>>().concat();
    let packed = zstd::encode_all(["id;role;phone\n", &rows].concat().as_bytes(), 1).unwrap();
    let project = Project::new(&[("people-1.csv.zst", &packed), ("people-2.csv.zst", &packed)]);
    let settings = json!({
        "format": {"delimiter": ";"},
        "accounts": {
            "file": "people-*.csv.zst", "id": "id", "merge": "anywhere", "attributes": {"lists": {"phone": "|"}},
            "entitlements": {"role": {"column": "role"}},
        },
    });
    let report = connector_testkit::check(|| Ok(project.open(&settings))).await;
    assert!(report.passed(), "{report}");
    let wide: Vec<u8> = "id;role\n1;a\n2;b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let project = Project::new(&[("people.csv", &wide)]);
    let settings = json!({
        "format": {"delimiter": ";", "encoding": "utf-16le"},
        "accounts": {"file": "people.csv", "id": "id", "entitlements": {"role": {"column": "role"}}},
    });
    let report = connector_testkit::check(|| Ok(project.open(&settings))).await;
    assert!(report.passed(), "{report}");
}

fn with_state_and_end(project: &Project) -> serde_json::Value {
    project.write("people.csv", b"id\n1\n2\n3\n4\n5\n");
    project.write(
        "m.csv",
        b"who,team,state,until\n1,t,active,\n2,t,ended,\n3,t,active,31.01.2027\n4,t,active,01.02.2027\n",
    );
    json!({
        "accounts": {"file": "people.csv", "id": "id"},
        "entitlements": {"team": {"holders": {
            "file": "m.csv", "account": "who", "entitlement": "team",
            "active": {"column": "state", "is": ["active"], "is_not": ["ended"]},
            "until": {"column": "until", "format": "%d.%m.%Y"},
        }}},
    })
}

#[tokio::test]
async fn members_have_a_state_and_an_end_and_only_those_with_effect_are_found_as_held() {
    let project = Project::new(&[]);
    let settings = with_state_and_end(&project);
    // The last day is over in UTC.
    let now: jiff::Timestamp = "2027-02-01T00:00:00Z".parse().unwrap();
    let connector = project.open_at(&settings, connector_core::Clock::from_fn(move || now));
    let held = assignments(connector.as_ref()).await.unwrap();
    let shown: Vec<_> = held.iter().map(|one| (one.state, one.valid_until.map(|end| end.to_string()))).collect();
    let end = |text: &str| Some(text.to_owned());
    let wanted = [
        (Active, None),
        (Inactive, None),
        (Active, end("2027-02-01T00:00:00Z")),
        (Active, end("2027-02-02T00:00:00Z")),
    ];
    assert_eq!(shown, wanted);
    let mut concern = connector_core::Concern::default();
    concern.entitlements = [connector_core::EntitlementRef::new("team", "t")].into();
    let ids: Vec<String> = (1..=5).map(|id| id.to_string()).collect();
    let found = connector.capabilities().accounts().unwrap().find_accounts(&ids, &concern).await.unwrap();
    let holds: Vec<_> = found.iter().map(|one| !one[0].entitlements.is_empty()).collect();
    assert_eq!(holds, [true, false, false, true, false]);
}

#[tokio::test]
async fn a_state_or_an_end_that_is_not_clear_is_an_error_with_its_line() {
    for (rows, says) in [
        ("who,team,state,until\n1,t,maybe,\n", "neither list"),
        ("who,team,state,until\n1,t,active,2027-01-31\n", "no day or time"),
        ("who,team,state\n1,t,active\n", "until"),
    ] {
        let project = Project::new(&[]);
        let settings = with_state_and_end(&project);
        project.write("m.csv", rows.as_bytes());
        let error = assignments(project.open(&settings).as_ref()).await.unwrap_err();
        assert!(error.to_string().contains(says), "{says}: {error}");
    }
}

#[test]
fn members_with_a_state_or_an_end_are_not_writable() {
    let project = Project::new(&[]);
    let mut settings = with_state_and_end(&project);
    assert_eq!(project.faults(&settings), []);
    settings["writable"] = true.into();
    let faults: Vec<_> = project.faults(&settings).into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(faults, ["/entitlements/team/holders/active", "/entitlements/team/holders/until"]);
    settings["writable"] = false.into();
    settings["entitlements"]["team"]["holders"]["active"] = json!({"column": "state"});
    assert_eq!(project.faults(&settings)[0].message, "no values say which rows have effect");
}
