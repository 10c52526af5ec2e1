//! Plans change files: what no operation names keeps its bytes.

use crate::project::{Project, assignments};
use connector_core::{Change, Connector, EntitlementRef, Error, ErrorKind, Operation, Outcome, Result};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
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
async fn a_state_that_nobody_could_read_again_is_not_written() {
    let text = format!("{HEADER}1,jane,A,,,,\n");
    let project = Project::of_people(&text);
    let mut settings = writable();
    settings["accounts"]["enabled"]["is_not"] = json!(["T", "L"]);
    let connector = project.open(&settings);
    let set = |status: &str| Operation::new("1", Change::set(object(json!({"status": status}))));
    let new = object(json!({"id": "9", "login": "new", "status": "X"}));
    let refused = vec![set("X"), Operation::new("", Change::create("new", new, vec![], None))];
    for operation in refused {
        let outcomes = carried_out(connector.as_ref(), vec![operation]).await;
        assert!(outcomes[0].as_ref().unwrap_err().contains("`status` can't be `X`"), "{outcomes:?}");
    }
    assert_eq!(project.text("people.csv"), text);
    assert_eq!(carried_out(connector.as_ref(), vec![set("L")]).await, [Ok(Outcome::applied("1"))]);
    assert_eq!(project.text("people.csv"), format!("{HEADER}1,jane,L,,,,\n"));
    // With one value each, `enable` and `disable` are the only way.
    let schema = project.open(&writable()).schema();
    assert_eq!(schema.attribute("status").unwrap().writable, connector_core::Writable::Never);
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

/// How a file is packed.
const PACKED: [(&str, &str); 6] = [
    ("people.csv", "utf-8"),
    ("people.csv.gz", "utf-8"),
    ("people.csv.zst", "utf-8"),
    ("people.csv", "utf-16"),
    ("people.csv.gz", "utf-16be"),
    ("people.csv", "utf-16le"),
];

fn packed((name, encoding): (&str, &str), text: &str) -> Vec<u8> {
    // `utf-16` has a mark that says that the second half of each character comes first.
    let units = || text.encode_utf16();
    let bytes: Vec<u8> = match encoding {
        "utf-16" => [0xfe, 0xff].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect(),
        "utf-16be" => units().flat_map(u16::to_be_bytes).collect(),
        "utf-16le" => units().flat_map(u16::to_le_bytes).collect(),
        _ => text.as_bytes().to_vec(),
    };
    match name.rsplit_once('.').unwrap().1 {
        "gz" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap()
        }
        "zst" => zstd::encode_all(&*bytes, 1).unwrap(),
        _ => bytes,
    }
}

fn unpacked((name, encoding): (&str, &str), bytes: &[u8]) -> String {
    let mut plain = Vec::new();
    match name.rsplit_once('.').unwrap().1 {
        "gz" => _ = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        "zst" => plain = zstd::decode_all(bytes).unwrap(),
        _ => plain = bytes.to_vec(),
    }
    let units = |of: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| of([pair[0], pair[1]])).collect();
        String::from_utf16(&units).unwrap()
    };
    match encoding {
        "utf-16" => units(u16::from_be_bytes, plain.strip_prefix(&[0xfe, 0xff]).expect("the mark stays")),
        "utf-16be" => units(u16::from_be_bytes, &plain),
        "utf-16le" => units(u16::from_le_bytes, &plain),
        _ => String::from_utf8(plain).unwrap(),
    }
}

#[tokio::test]
async fn compressed_files_and_utf_16_are_changed_in_their_own_form() {
    for form in PACKED {
        let text = format!("{HEADER}1,jane 日本,A,r1,,,\r\n\r\n2,bob,T,,,,\r\n3,\"e,ve\",A,r1,,,\r\n");
        let project = Project::new(&[(form.0, &packed(form, &text))]);
        let mut settings = writable();
        settings["accounts"]["file"] = json!(form.0);
        settings["format"] = json!({"encoding": form.1});
        let connector = project.open(&settings);
        let new = object(json!({"id": "9", "login": "🐳"}));
        let operations = vec![
            Operation::new("2", Change::Enable),
            Operation::new("3", Change::Delete),
            Operation::new("", Change::create("🐳", new, vec![], None)),
        ];
        let outcomes = carried_out(connector.as_ref(), operations).await;
        assert!(outcomes.iter().all(Result::is_ok), "{form:?}: {outcomes:?}");
        let expected = format!("{HEADER}1,jane 日本,A,r1,,,\r\n\r\n2,bob,A,,,,\r\n9,🐳,A,,,,\r\n");
        assert_eq!(unpacked(form, &project.read(form.0)), expected, "{form:?}");
        assert_eq!(project.accounts(&settings).await.unwrap().len(), 3);
        let mut names: Vec<_> = project.folder().read_dir().unwrap().map(|one| one.unwrap().file_name()).collect();
        names.sort_unstable();
        assert_eq!(names.len(), 2, "the file and its lock: {names:?}");
    }
}

#[tokio::test]
async fn each_of_several_files_keeps_its_accounts_and_a_new_one_goes_to_the_file_for_new_rows() {
    let untouched = "id,login,status\r\n\"5\",kim,A\r\n";
    let files = [
        ("hr/a.csv", "id,login,status\n1,jane,A\n2,bob,T\n"),
        ("hr/b.csv", untouched),
        ("hr/c.csv", "id,login,status\r\n3,eve,A\r\n"),
    ];
    let project = Project::new(&files.map(|(name, text)| (name, text.as_bytes())));
    let settings = json!({
        "accounts": {
            "file": "hr/*.csv", "new_rows": "hr/c.csv", "id": "id", "name": "login",
            "enabled": {"column": "status", "is": ["A"], "is_not": ["T"]},
        },
        "writable": true,
    });
    let before = project.path("hr/b.csv").metadata().unwrap();
    let connector = project.open(&settings);
    let operations = vec![
        Operation::new("2", Change::Enable),
        Operation::new("3", Change::Disable),
        Operation::new("", Change::create("jo", object(json!({"id": "9"})), vec![], None)),
        Operation::new("", Change::create("again", object(json!({"id": "5"})), vec![], None)),
        Operation::new("1", Change::Delete),
    ];
    let outcomes = carried_out(connector.as_ref(), operations).await;
    let applied = |id: &str| Ok(Outcome::applied(id));
    assert_eq!(
        [&outcomes[0], &outcomes[1], &outcomes[2], &outcomes[4]],
        [&applied("2"), &applied("3"), &applied("9"), &applied("1")]
    );
    assert!(outcomes[3].as_ref().unwrap_err().contains("has an account with the id `5`"), "whatever file it is in");
    assert_eq!(project.text("hr/a.csv"), "id,login,status\n2,bob,A\n");
    assert_eq!(project.text("hr/b.csv"), untouched);
    assert_eq!(project.text("hr/c.csv"), "id,login,status\r\n3,eve,T\r\n9,jo,A\r\n");
    let after = project.path("hr/b.csv").metadata().unwrap();
    assert_eq!((after.ino(), after.mtime_nsec()), (before.ino(), before.mtime_nsec()), "it was not written");
}

#[tokio::test]
async fn several_files_with_other_columns_or_without_the_one_for_new_rows_are_not_changed() {
    let settings = json!({"accounts": {"file": "*.csv", "new_rows": "b.csv", "id": "id"}, "writable": true});
    for (files, words) in [
        ([("a.csv", "id,x\n1,2\n"), ("b.csv", "x,id\n2,3\n")], "other columns"),
        ([("a.csv", "id,x\n1,2\n"), ("c.csv", "id,x\n3,3\n")], "no such file"),
    ] {
        let project = Project::new(&files.map(|(name, text)| (name, text.as_bytes())));
        let change = Operation::new("1", Change::set(object(json!({"x": "7"}))));
        let error = project.open(&settings).provision(&change).await.unwrap_err();
        assert!(error.message().contains(words) && error.help().is_some(), "{error}");
        assert_eq!(project.text("a.csv"), "id,x\n1,2\n");
    }
}

#[tokio::test]
async fn a_delimiter_of_several_characters_is_read_and_written() {
    for (delimiter, odd) in [("||", "a|b"), ("~|~", "x~y"), ("¦", "p¦q"), ("::", "1:2:")] {
        let line = |values: &[&str]| values.join(delimiter) + "\n";
        let quoted = format!("\"{odd}{delimiter}\"");
        let text = [line(&["id", "login", "note"]), line(&["1", "jane", &quoted]), line(&["2", "bob", ""])].concat();
        let project = Project::of_people(&text);
        let settings = json!({
            "format": {"delimiter": delimiter}, "writable": true,
            "accounts": {"file": "people.csv", "id": "id", "name": "login"},
        });
        let connector = project.open(&settings);
        let read = project.accounts(&settings).await.unwrap();
        assert_eq!(read[0].attributes.get::<String>("note"), Some(format!("{odd}{delimiter}")), "{delimiter}");
        let change = Operation::new("2", Change::set(object(json!({"note": odd}))));
        assert_eq!(carried_out(connector.as_ref(), vec![change]).await, [Ok(Outcome::applied("2"))]);
        let after = project.text("people.csv");
        assert!(
            after.starts_with(&[line(&["id", "login", "note"]), line(&["1", "jane", &quoted])].concat()),
            "{after}"
        );
        let read = project.accounts(&settings).await.unwrap();
        assert_eq!(read[1].attributes.get::<String>("note").as_deref(), Some(odd), "{after}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_that_no_operation_names_keep_their_bytes(
        rows in prop::collection::vec(("[^\\x00]{0,10}", any::<bool>(), 0..4_usize), 1..25),
        pick in any::<prop::sample::Index>(),
        kind in 0..3_usize,
        crlf in any::<bool>(),
        form in prop::sample::select(PACKED.to_vec()),
        delimiter in prop::sample::select(vec![",", ";;", "~|~"]),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let quoted = |value: &str| format!("\"{}\"", value.replace('"', "\"\""));
        let row = |values: [&str; 3], always: bool| {
            let needs = |value: &str| always || value.contains(['"', '\r', '\n', ',', ';', '~', '|']);
            values.map(|value| if needs(value) { quoted(value) } else { value.to_owned() }).join(delimiter)
        };
        let lines: Vec<String> = rows.iter().enumerate().map(|(number, (value, always, blank))| {
            // Empty lines before it.
            [&end.repeat(blank.saturating_sub(2)), &*row([&number.to_string(), "A", value], *always), end].concat()
        }).collect();
        let header = row(["id", "status", "value"], false) + end;
        let project = Project::new(&[(form.0, &packed(form, &[&header, &*lines.concat()].concat()))]);
        let settings = json!({
            "format": {"encoding": form.1, "delimiter": delimiter},
            "complete": {"at_least": 0},
            "accounts": {"file": form.0, "id": "id", "enabled": {"column": "status", "is": ["A"], "is_not": ["T"]}},
            "writable": true,
        });
        let picked = pick.index(rows.len());
        let change = [Change::Disable, Change::Delete, Change::create("new", Map::new(), vec![], None)][kind].clone();
        let account = if kind == 2 { String::new() } else { picked.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let connector = project.open(&settings);
        runtime.block_on(connector.provision(&Operation::new(account, change))).unwrap();
        let after = unpacked(form, &project.read(form.0));
        let (before, behind) = (lines[..picked].concat(), lines[picked + 1..].concat());
        if kind == 2 {
            let start = [&*header, &lines.concat()].concat();
            let new = after.strip_prefix(&start).unwrap().replace('"', "");
            prop_assert_eq!(new, ["new", delimiter, "A", delimiter, end].concat());
        } else {
            let start = [&*header, &before].concat();
            prop_assert!(after.starts_with(&start) && after.ends_with(&behind), "{:?}", after);
            prop_assert!(after.len() < start.len() + behind.len() + lines[picked].len() + 16);
        }
    }
}
