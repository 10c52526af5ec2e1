//! Plans change files: what no operation names keeps its bytes.

use crate::project::{Project, assignments};
use connector_core::{Change, Connector, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn writable() -> Value {
    json!({
        "accounts": {
            "file": "people.csv", "id": "id", "name": "login",
            "enabled": {"column": "status", "is": ["A"], "is_not": ["T"]},
            "attributes": {"types": {"fte": {"type": "number"}, "hired": {"type": "date", "format": "%d.%m.%Y"}}, "lists": {"phone": ";"}},
            "entitlements": {"role": {"column": "roles", "split": "|"}},
        },
        "writable": true,
    })
}

#[allow(clippy::needless_pass_by_value, reason = "the value is written where it is used")]
fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn carried_out(connector: &dyn Connector, operations: Vec<Operation>) -> Vec<Result<Outcome, String>> {
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    outcomes.into_iter().map(|outcome| outcome.map_err(|error: Error| error.to_string())).collect()
}

const HEADER: &str = "id,login,status,roles,phone,fte,hired\r\n";

#[tokio::test]
async fn one_batch_rewrites_the_rows_it_names_and_keeps_every_other_byte() {
    let odd = "  7 ,\"j\"\"o\",A,,\"1\";2,,\r\n\r\n\"8\",\"j,im\",\"A\",\"\",\"\",\"0.50\",\"\"\r\n";
    let text = format!("{HEADER}1,jane,A,r1|r2,1;2,1.0,31.01.2027\r\n{odd}2,bob,T,,,,\r\n3,eve,A,r1,,,\r\n");
    let project = Project::of_people(&text);
    let connector = project.open(&writable());
    let role = |id: &str| EntitlementRef::new("role", id.to_owned());
    let new = object(json!({"id": "9", "login": "new, one", "phone": ["5", "6"], "hired": "2027-02-01"}));
    let outcomes = carried_out(
        connector.as_ref(),
        vec![
            Operation::new("1", Change::revoke(role("r1"))),
            Operation::new("2", Change::Enable),
            Operation::new("3", Change::Delete),
            Operation::new("", Change::create("new, one", new, vec![], None)),
            Operation::new("8", Change::set(object(json!({"fte": 0.5})))),
            Operation::new("  7 ", Change::grant(role("r9"), None)),
            Operation::new("404", Change::Disable),
        ],
    )
    .await;
    let applied = |id: &str| Ok(Outcome::applied(id));
    assert_eq!(outcomes[..4], [applied("1"), applied("2"), applied("3"), applied("9")]);
    assert!(matches!(outcomes[4], Ok(Outcome::Unchanged { .. })), "0.50 is 0.5: {:?}", outcomes[4]);
    assert!(outcomes[6].as_ref().unwrap_err().contains("no account"));
    let odd = "  7 ,\"j\"\"o\",A,r9,\"1\";2,,\r\n\r\n\"8\",\"j,im\",\"A\",\"\",\"\",\"0.50\",\"\"\r\n";
    let odd = odd.replace("\"1\";2", "1;2");
    let expected =
        format!("{HEADER}1,jane,A,r2,1;2,1.0,31.01.2027\r\n{odd}2,bob,A,,,,\r\n9,\"new, one\",A,,5;6,,01.02.2027\r\n");
    assert_eq!(project.text("people.csv"), expected);
}

#[tokio::test]
async fn values_of_lists_are_added_and_removed_and_the_rest_stays() {
    let project = Project::of_people(format!("{HEADER}1,jane,A,,1; 2,,\n"));
    let connector = project.open(&writable());
    let change = |add: &[&str], remove: &[&str]| {
        let values = |all: &[&str]| BTreeMap::from([("phone".to_owned(), all.iter().map(|one| json!(one)).collect())]);
        Operation::new("1", Change::update(Map::new(), values(add), values(remove)))
    };
    assert_eq!(carried_out(connector.as_ref(), vec![change(&["3", "1"], &["2"])]).await, [Ok(Outcome::applied("1"))]);
    assert!(project.text("people.csv").ends_with("1,jane,A,,1;3,,\n"));
    let again = carried_out(connector.as_ref(), vec![change(&["3", "1"], &["2"])]).await;
    assert!(matches!(again[0], Ok(Outcome::Unchanged { .. })));
    let refused = carried_out(connector.as_ref(), vec![change(&["4;5"], &[])]).await;
    assert!(refused[0].is_err());
}

#[tokio::test]
async fn the_mode_stays_the_trailer_stays_last_and_nothing_is_left_behind() {
    let project = Project::of_people(format!("{HEADER}1,jane,A,,,,\n#EOF"));
    std::fs::set_permissions(project.path("people.csv"), std::fs::Permissions::from_mode(0o640)).unwrap();
    let before = project.path("people.csv").metadata().unwrap();
    let mut settings = writable();
    settings["complete"] = json!({"trailer": "#EOF"});
    let create = Change::create("jo", object(json!({"id": "2"})), vec![], None);
    let outcomes = carried_out(project.open(&settings).as_ref(), vec![Operation::new("", create)]).await;
    assert_eq!(outcomes, [Ok(Outcome::applied("2"))]);
    assert_eq!(project.text("people.csv"), format!("{HEADER}1,jane,A,,,,\n2,jo,A,,,,\r\n#EOF"));
    let after = project.path("people.csv").metadata().unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
    let mut names: Vec<_> = project.folder().read_dir().unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, [".people.csv.lock", "people.csv"]);
}

#[tokio::test]
async fn a_broken_file_is_never_rewritten() {
    let text = format!("{HEADER}1,jane,A,,,,\r\n2,jo\r\n");
    let project = Project::of_people(&text);
    let operations = [Operation::new("1", Change::Disable)];
    let connector = project.open(&writable());
    let error = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap_err();
    assert_eq!(error.message(), "`people.csv`, line 3: 2 values, but the header has 7 columns");
    assert_eq!(project.text("people.csv"), text);
}

#[tokio::test]
async fn what_a_file_can_not_hold_is_refused_and_the_others_are_carried_out() {
    let project = Project::of_people(b"id,login,status,roles,phone,fte,hired\n1,J\xfcrgen,A,,,,\n2,jo,A,,,,\n");
    let mut settings = writable();
    settings["format"] = json!({"encoding": "windows-1252"});
    settings["complete"] = json!({"at_least": 2});
    let outcomes = carried_out(
        project.open(&settings).as_ref(),
        vec![
            Operation::new("1", Change::set(object(json!({"phone": ["日本"]})))),
            Operation::new("2", Change::set(object(json!({"login": "J\u{f6}"})))),
            Operation::new("", Change::create("x", object(json!({"id": "2"})), vec![], None)),
            Operation::new("", Change::create("x", Map::new(), vec![], None)),
            Operation::new("1", Change::Delete),
            Operation::new("1", Change::Lock),
        ],
    )
    .await;
    let error = |at: usize| outcomes[at].as_ref().unwrap_err();
    assert!(error(0).contains("windows-1252 does not have"), "{}", error(0));
    assert_eq!(outcomes[1], Ok(Outcome::applied("2")));
    assert!(error(2).contains("has an account with the id `2`"), "{}", error(2));
    assert!(error(3).contains("needs an id"), "{}", error(3));
    assert!(error(4).contains("would have 1 row, but `at_least` is 2"), "{}", error(4));
    assert!(error(5).contains("does not support `lock`"), "{}", error(5));
    assert_eq!(
        project.read("people.csv"),
        b"id,login,status,roles,phone,fte,hired\n1,J\xfcrgen,A,,,,\n2,J\xf6,A,,,,\n"
    );
}

#[tokio::test]
async fn members_are_added_and_removed_by_the_name_that_their_file_uses() {
    let project = Project::new(&[
        ("people.csv", b"id,login\n1,jane\n2,jo\n"),
        ("m.csv", b"team;since;login\nt1;2020;jane\nt2;;jane\n"),
    ]);
    let settings = json!({
        "accounts": {"file": "people.csv", "id": "id", "name": "login", "alias": "login"},
        "entitlements": {"team": {"holders": {"file": "m.csv", "format": {"delimiter": ";"}, "alias": "login", "entitlement": "team"}}},
        "writable": true,
    });
    let connector = project.open(&settings);
    let team = |id: &str| EntitlementRef::new("team", id.to_owned());
    let outcomes = carried_out(
        connector.as_ref(),
        vec![
            Operation::new("1", Change::revoke(team("t2"))),
            Operation::new("2", Change::grant(team("t1"), None)),
            Operation::new("3", Change::grant(team("t1"), None)),
        ],
    )
    .await;
    assert_eq!(outcomes[..2], [Ok(Outcome::applied("1")), Ok(Outcome::applied("2"))]);
    assert!(outcomes[2].is_err());
    assert_eq!(project.text("m.csv"), "team;since;login\nt1;2020;jane\nt1;;jo\n");
    assert_eq!(assignments(connector.as_ref()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_row_for_each_role_is_added_and_removed() {
    let project = Project::of_people("id,name,role\n1,jane,a\n2,jo,\n1,jane,b\n");
    let settings = json!({
        "accounts": {"file": "people.csv", "id": "id", "merge": "anywhere", "entitlements": {"role": {"column": "role"}}},
        "writable": true,
    });
    let connector = project.open(&settings);
    let role = |id: &str| EntitlementRef::new("role", id.to_owned());
    let change = async |account: &str, change: Change| {
        carried_out(connector.as_ref(), vec![Operation::new(account, change)]).await
    };
    assert_eq!(change("1", Change::grant(role("c"), None)).await, [Ok(Outcome::applied("1"))]);
    assert_eq!(change("2", Change::grant(role("a"), None)).await, [Ok(Outcome::applied("2"))]);
    assert_eq!(project.text("people.csv"), "id,name,role\n1,jane,a\n2,jo,a\n1,jane,b\n1,jane,c\n");
    assert_eq!(change("1", Change::revoke(role("a"))).await, [Ok(Outcome::applied("1"))]);
    assert_eq!(change("2", Change::revoke(role("a"))).await, [Ok(Outcome::applied("2"))]);
    assert_eq!(project.text("people.csv"), "id,name,role\n2,jo,\n1,jane,b\n1,jane,c\n");
}

#[tokio::test]
async fn without_writable_nothing_is_changed() {
    let project = Project::of_people(format!("{HEADER}1,jane,A,,,,\n"));
    let mut settings = writable();
    settings["writable"] = json!(false);
    let error = project.open(&settings).provision(&Operation::new("1", Change::Delete)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_that_no_operation_names_keep_their_bytes(
        rows in prop::collection::vec(("[^\\x00]{0,10}", any::<bool>(), 0..4_usize), 1..25),
        pick in any::<prop::sample::Index>(),
        kind in 0..3_usize,
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let lines: Vec<String> = rows.iter().enumerate().map(|(number, (value, quoted, blank))| {
            let style = if *quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
            let mut writer = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
            writer.write_record([&number.to_string(), "A", value]).unwrap();
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            // Empty lines before it.
            [&end.repeat(blank.saturating_sub(2)), text.trim_end_matches('\n'), end].concat()
        }).collect();
        let header = format!("id,status,value{end}");
        let project = Project::of_people([&header, &*lines.concat()].concat());
        let settings = json!({
            "complete": {"at_least": 0},
            "accounts": {"file": "people.csv", "id": "id", "enabled": {"column": "status", "is": ["A"], "is_not": ["T"]}},
            "writable": true,
        });
        let picked = pick.index(rows.len());
        let change = [Change::Disable, Change::Delete, Change::create("new", Map::new(), vec![], None)][kind].clone();
        let account = if kind == 2 { String::new() } else { picked.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let connector = project.open(&settings);
        runtime.block_on(connector.provision(&Operation::new(account, change))).unwrap();
        let after = project.text("people.csv");
        let (before, behind) = (lines[..picked].concat(), lines[picked + 1..].concat());
        if kind == 2 {
            let start = [&*header, &lines.concat()].concat();
            let new = after.strip_prefix(&start).unwrap().replace('"', "");
            prop_assert_eq!(new, ["new,A,", end].concat());
        } else {
            let start = [&*header, &before].concat();
            prop_assert!(after.starts_with(&start) && after.ends_with(&behind), "{:?}", after);
            prop_assert!(after.len() < start.len() + behind.len() + lines[picked].len() + 16);
        }
    }
}
