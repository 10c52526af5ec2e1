//! A plan has the same meaning in every format and at any size, and each of its problems has a position.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fakes;

use connector_core::{Change, EntitlementRef, OperationKind, Problem, SecretRef};
use connector_project::plan::{self, PlanOperation, plan_schema};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The operations or the problems of a plan with this name and content.
fn read(name: &str, content: impl AsRef<[u8]>) -> Result<Vec<PlanOperation>, Vec<Problem>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    read_file(&path)
}

fn read_file(path: &Path) -> Result<Vec<PlanOperation>, Vec<Problem>> {
    let mut operations = Vec::new();
    let read = plan::read(path, &mut |operation| operations.push(operation));
    read.map(|()| operations).map_err(|problems| problems.0)
}

/// Line, column and rule of each problem.
fn rules(problems: &[Problem]) -> Vec<(usize, usize, &str)> {
    problems.iter().map(|one| (one.place.line, one.place.column, one.rule)).collect()
}

/// An operation as an item of a YAML or JSON plan.
fn item(operation: &PlanOperation) -> Value {
    let texts = |entitlements: &[EntitlementRef]| entitlements.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut block = match &operation.change {
        Change::Create { name, attributes, entitlements, .. } if entitlements.is_empty() => {
            json!({"name": name, "attributes": attributes})
        }
        Change::Create { name, attributes, entitlements, .. } => {
            json!({"name": name, "attributes": attributes, "entitlements": texts(entitlements)})
        }
        Change::Update { set, add, remove, .. } => {
            let mut block = json!({"account": operation.account, "set": set});
            for (key, values) in [("add", add), ("remove", remove)] {
                if !values.is_empty() {
                    block[key] = json!(values);
                }
            }
            block
        }
        Change::Grant { entitlement, until: Some(until), .. } => {
            json!({"account": operation.account, "entitlement": entitlement.to_string(), "until": until})
        }
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
            json!({"account": operation.account, "entitlement": entitlement.to_string()})
        }
        Change::SetPassword { password: None, .. } => json!({"account": operation.account, "reset": true}),
        _ => json!({"account": operation.account}),
    };
    if let Some(reference) = operation.change.password() {
        block["password_ref"] = json!(reference);
    }
    json!({operation.kind().name(): block})
}

fn attributes_of(operation: &PlanOperation) -> Map<String, Value> {
    match &operation.change {
        Change::Create { attributes: values, .. } | Change::Update { set: values, .. } => values.clone(),
        _ => Map::new(),
    }
}

/// The operations as CSV, where every value is text.
fn table(operations: &[PlanOperation], delimiter: u8) -> Vec<u8> {
    let mut names: Vec<String> =
        operations.iter().flat_map(|one| attributes_of(one).into_iter()).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    let fixed = ["operation", "account", "entitlement", "until", "password_ref", "reset"].map(str::to_owned);
    writer.write_record(fixed.into_iter().chain(names.iter().map(|name| format!("attributes.{name}")))).unwrap();
    for operation in operations {
        let (entitlements, until) = match &operation.change {
            Change::Create { entitlements, .. } => (entitlements.iter().map(ToString::to_string).collect(), None),
            Change::Grant { entitlement, until, .. } => (vec![entitlement.to_string()], *until),
            change => (change.entitlement().map(ToString::to_string).into_iter().collect::<Vec<_>>(), None),
        };
        let attributes = attributes_of(operation);
        let is_reset = matches!(operation.change, Change::SetPassword { password: None, .. });
        let fixed = [
            operation.kind().name().to_owned(),
            operation.target().to_owned(),
            entitlements.join(";"),
            until.map(|until| until.to_string()).unwrap_or_default(),
            operation.change.password().map(ToString::to_string).unwrap_or_default(),
            if is_reset { "true".to_owned() } else { String::new() },
        ];
        let values = names.iter().map(|name| match attributes.get(name) {
            None => String::new(),
            Some(Value::Null) => "null".to_owned(),
            Some(value) => value.as_str().unwrap().to_owned(),
        });
        writer.write_record(fixed.into_iter().chain(values)).unwrap();
    }
    writer.into_inner().unwrap()
}

const EVERY_KIND: &str = "\
operations:
  - create:
      name: jane@acme.example
      attributes: {FirstName: Jane, Age: 3, Active: true, Tags: [a, b], Address: {City: Ulm}}
      entitlements: [permission_set/Sales_Ops, group/Name with / and spaces]
  - update: {account: bob@acme.example, set: {Department: Finance, Title: null}}
  - grant:  {account: bob@acme.example, entitlement: permission_set/Sales_Ops}
  - revoke: {account: bob@acme.example, entitlement: group/Everyone_EMEA}
  - disable: {account: eve@acme.example}
  - enable: {account: eve@acme.example}
  - lock: {account: eve@acme.example}
  - unlock: {account: eve@acme.example}
  - set_password: {account: bob@acme.example, password_ref: env:NEW_PASSWORD}
  - set_password: {account: bob@acme.example, reset: true}
  - delete: {account: old@acme.example}
";

#[test]
fn every_kind_of_operation_is_read_as_written() {
    let operations = read("plan.yaml", EVERY_KIND).unwrap();
    let kinds: Vec<_> = operations.iter().map(|one| one.kind().name()).collect();
    assert_eq!(
        kinds,
        [
            "create",
            "update",
            "grant",
            "revoke",
            "disable",
            "enable",
            "lock",
            "unlock",
            "set_password",
            "set_password",
            "delete"
        ]
    );
    let create = &operations[0];
    assert_eq!((create.account.as_str(), create.target()), ("", "jane@acme.example"));
    let attributes =
        json!({"FirstName": "Jane", "Age": 3, "Active": true, "Tags": ["a", "b"], "Address": {"City": "Ulm"}});
    assert_eq!(Value::Object(attributes_of(create)), attributes);
    let group = EntitlementRef::new("group", "Name with / and spaces");
    let Change::Create { entitlements, .. } = &create.change else { panic!("{create:?}") };
    assert_eq!(*entitlements, [EntitlementRef::new("permission_set", "Sales_Ops"), group]);
    assert_eq!(attributes_of(&operations[1])["Title"], Value::Null);
    assert_eq!(operations[8].change, Change::set_password(Some("env:NEW_PASSWORD".parse().unwrap())));
    assert_eq!(operations[9].change, Change::set_password(None));
}

#[test]
fn a_bare_list_is_a_plan_too() {
    let list = EVERY_KIND.replacen("operations:\n", "", 1);
    assert_eq!(read("plan.yml", list).unwrap(), read("plan.yaml", EVERY_KIND).unwrap());
}

#[test]
fn the_schema_for_editors_agrees_with_the_reader() {
    let schema = plan_schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let cases = [
        (EVERY_KIND, true),
        ("- disable: {account: eve}\n", true),
        ("operations: []\n", false),
        ("operation: [{disable: {account: eve}}]\n", false),
        ("operations: [{disable: {account: eve}, enable: {account: eve}}]\n", false),
        ("operations: [{disable: {user: eve}}]\n", false),
        ("operations: [{update: {account: eve, set: {}}}]\n", false),
        ("operations: [{grant: {account: eve, entitlement: Sales_Ops}}]\n", false),
        ("operations: [{grant: {account: eve, entitlement: group/ }}]\n", false),
        ("operations: [{create: {name: eve, entitlements: [Sales/Ops]}}]\n", false),
        ("operations: [{create: {name: eve}}]\n", true),
        ("operations: [{set_password: {account: eve}}]\n", false),
        ("operations: [{set_password: {account: eve, reset: true, password_ref: 'env:X'}}]\n", false),
        ("operations: [{set_password: {account: eve, password_ref: hunter2}}]\n", false),
    ];
    for (text, valid) in cases {
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(validator.is_valid(&value), valid, "{text}");
        assert_eq!(read("plan.yaml", text).is_ok(), valid, "{text}");
        assert_eq!(read("plan.json", value.to_string()).is_ok(), valid, "{text}");
    }
}

#[test]
fn a_file_of_another_kind_is_refused_with_the_known_kinds() {
    for (name, help) in
        [("plan.yamll", "did you mean `.yaml`?"), ("plan.xlsx", "as CSV"), ("plan", ".yaml, .yml, .json, .ndjson")]
    {
        let problems = read(name, EVERY_KIND).unwrap_err();
        assert_eq!(rules(&problems), [(1, 1, "unknown_format")]);
        assert!(problems[0].help.as_ref().unwrap().contains(help), "{problems:?}");
    }
    let problems = read_file(Path::new("nowhere/plan.csv")).unwrap_err();
    assert_eq!(rules(&problems), [(1, 1, "unreadable_file")]);
}

#[test]
fn plans_are_distinguished_from_sources() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("plans")).unwrap();
    for (name, text, expected) in [
        ("joiner.yaml", EVERY_KIND, true),
        ("list.yaml", "- disable: {account: eve}\n", true),
        ("people.yaml", fakes::VALID, false),
        ("plans/broken.yaml", "operatons: x\n", true),
        ("rows.csv", "", true),
        ("rows.jsonl", "", true),
        ("notes.txt", "operations:\n", false),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        assert_eq!(plan::is_plan(&path), expected, "{name}");
    }
}

#[test]
fn an_empty_cell_leaves_a_value_alone_and_null_clears_it() {
    let text = "\u{feff}operation,name,attributes.Title,attributes.City\r\nupdate,bob,null,\r\n\r\n,,,\r\nupdate,eve,007, Ulm \r\n";
    let operations = read("plan.csv", text).unwrap();
    assert_eq!(Value::Object(attributes_of(&operations[0])), json!({"Title": null}));
    assert_eq!(Value::Object(attributes_of(&operations[1])), json!({"Title": "007", "City": " Ulm "}));
}

#[test]
fn positions_in_a_table_are_lines_and_columns_of_the_file() {
    let text = "\u{feff}operation,account,attributes.Title\r\nupdate,bob,\"two\r\nlines\"\r\n\r\nupdat,\"é\",x\r\nupdate,,\"ä\"\r\n";
    let problems = read("plan.csv", text).unwrap_err();
    assert_eq!(rules(&problems), [(5, 1, "unknown_operation"), (6, 1, "empty_cell")]);
    let marked: Vec<_> = problems.iter().map(|one| &text[one.place.span.clone()]).collect();
    assert_eq!(marked, ["updat", "update,,\"ä\""]);
}

#[test]
fn positions_in_ndjson_are_lines_and_columns_of_the_file() {
    let text = "{\"disable\":{\"account\":\"\u{e9}\"}}\r\n\n{\"disable\":{\"acount\":\"\\ud83d\\ude00\"}}\n";
    let problems = read("plan.ndjson", text).unwrap_err();
    assert_eq!(rules(&problems), [(3, 13, "unknown_key")]);
    assert_eq!(&text[problems[0].place.span.clone()], "\"acount\"");
}

#[test]
fn secrets_are_refused_everywhere_and_never_shown() {
    let secret = "hunter2-correct-horse";
    let cases = [
        ("plan.yaml", format!("- set_password: {{account: bob, password: {secret}}}\n")),
        ("plan.yaml", format!("- create: {{name: bob, attributes: {{Password: {secret}}}}}\n")),
        ("plan.yaml", format!("- update:\n    account: bob\n    set:\n      ApiToken: {secret}\n")),
        ("plan.yaml", format!("- set_password: {{account: bob, password_ref: {secret}}}\n")),
        ("plan.json", format!("[{{\"update\":{{\"account\":\"bob\",\"set\":{{\"secret\":\"{secret}\"}}}}}}]")),
        ("plan.json", format!("[{{\"update\":{{\"account\":\"bob\",\"set\":{{\"secret\":\"{secret}\"}}}}]")),
        ("plan.ndjson", format!("{{\"set_password\":{{\"account\":\"bob\",\"password\":\"{secret}\"}}}}")),
        ("plan.csv", format!("operation,account,attributes.Password\nupdate,bob,{secret}\n")),
        ("plan.csv", format!("operation,account,password\nset_password,bob,{secret}\n")),
        ("plan.csv", format!("operation,account,password_ref\nset_password,bob,{secret}\n")),
        ("plan.csv", format!("operation,account,x,attributes.Password\nupdate,{secret},bob\n")),
        ("plan.csv", format!("operation,account,attributes.Password\nupdate,bob,\"{secret}\n")),
    ];
    for (name, text) in cases {
        let problems = read(name, &text).unwrap_err();
        assert!(!format!("{problems:?}").contains("hunter2"), "{text}\n{problems:?}");
        let at = text.find(secret).unwrap();
        let hidden = problems.iter().any(|one| one.secret && one.place.span.contains(&at));
        assert!(hidden, "{text}\n{problems:?}");
    }
}

#[test]
fn a_value_that_only_switches_something_is_not_a_secret() {
    let text = "- update: {account: bob, set: {PasswordNeverExpires: true, Password: null, Secret_Id: x}}\n";
    assert_eq!(read("plan.yaml", text).map(|operations| operations.len()), Ok(1));
}

#[test]
fn a_first_line_that_names_the_separator_is_used() {
    for mark in ["", "\u{feff}"] {
        let text =
            format!("{mark}sep=|\r\noperation|account|attributes.Title\r\nupdate|bob|a, b; c\r\nupdat|eve|x\r\n");
        assert_eq!(rules(&read("plan.csv", &text).unwrap_err()), [(4, 1, "unknown_operation")]);
        let operations = read("plan.csv", text.replace("updat|", "update|")).unwrap();
        assert_eq!(attributes_of(&operations[0])["Title"], "a, b; c");
        assert_eq!(operations.len(), 2);
    }
}

#[test]
fn a_value_that_would_reach_the_source_with_other_characters_is_refused() {
    for lost in ["+491234567", "007", "1.10", "12E4", "0x1F", "0o17", ".nan", ".5"] {
        let text = format!("- update:\n    account: bob\n    set: {{Title: x, Code: {lost}}}\n");
        match read("plan.yaml", &text) {
            Err(problems) => {
                assert_eq!(rules(&problems), [(3, 27, "respelled")], "{lost}");
                assert!(problems[0].help.as_ref().unwrap().contains(&format!("`\"{lost}\"`")), "{:?}", problems[0]);
            }
            Ok(operations) => assert_eq!(attributes_of(&operations[0])["Code"], lost),
        }
    }
    let long = read("plan.yaml", "- update: {account: bob, set: {Code: 123456789012345678901234}}\n").unwrap_err();
    assert_eq!(
        (rules(&long), long[0].title.as_str()),
        (vec![(1, 38, "yaml_syntax")], "this number has too many digits")
    );
    let kept = "- update: {account: bob, set: {A: 5, B: -3, C: 5.5, D: ~, E: true, F: \"+49\", G: +49 30, H: 2026-01-01, I: yes, J: 1_000}}\n";
    let kept = attributes_of(&read("plan.yaml", kept).unwrap()[0]);
    let expected = json!({"A": 5, "B": -3, "C": 5.5, "D": null, "E": true, "F": "+49", "G": "+49 30", "H": "2026-01-01", "I": "yes", "J": "1_000"});
    assert_eq!(Value::Object(kept.clone()), expected);
}

#[test]
fn what_cannot_be_seen_in_a_name_is_reported_with_its_place() {
    let yaml = "- disable: {account: \"bob@acme.example\u{200b}\"}\n- grant: {account: eve@acme.example, entitlement: \"group/Ops\u{2060}\"}\n- create: {name: \"new\u{a0}@acme.example\"}\n";
    let problems = read("plan.yaml", yaml).unwrap_err();
    let rule = "unseen_character";
    assert_eq!(rules(&problems), [(1, 39, rule), (2, 61, rule), (3, 22, rule)], "{problems:#?}");
    let line = "{\"disable\":{\"account\":\"\u{feff}bob@acme.example\"}}\n";
    assert_eq!(rules(&read("plan.ndjson", line).unwrap_err()), [(1, 24, rule)]);
    let table = "operation,account\ndisable,bob@acme.example\u{200b}\n";
    assert_eq!(rules(&read("plan.csv", table).unwrap_err()), [(2, 9, rule)]);
    assert!(
        read("plan.csv", "operation,account\ndisable, bob@acme.example\u{a0}\n").is_ok(),
        "blanks of a cell are cut off"
    );
}

#[test]
fn many_problems_are_listed_up_to_a_hundred_and_counted() {
    let line = "{\"disable\":{\"user\":\"eve\"}}\n";
    let problems = read("plan.ndjson", line.repeat(5_000)).unwrap_err();
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[99].place.line, 100);
    assert_eq!(
        (problems[100].rule, problems[100].title.as_str()),
        ("more_problems", "4900 more problems are not listed")
    );

    let table = format!("operation,account\n{}", "disabl,eve\n".repeat(5_000));
    assert_eq!(read("plan.csv", table).unwrap_err().len(), 101);
}

#[test]
fn lines_and_rows_without_an_end_are_one_problem() {
    let endless = vec![b'x'; 5 * 1024 * 1024];
    assert_eq!(rules(&read("plan.ndjson", &endless).unwrap_err()), [(1, 1, "line_too_long")]);
    let open = [b"operation,account\ndisable,\"eve\n".to_vec(), endless].concat();
    assert_eq!(rules(&read("plan.csv", &open).unwrap_err()), [(2, 9, "csv_quote")]);
}

#[test]
fn large_plans_are_handed_over_while_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plan.ndjson", "plan.csv"] {
        let path = folder.path().join(name);
        let mut file = BufWriter::new(fs::File::create(&path).unwrap());
        if name == "plan.csv" {
            writeln!(file, "operation,account,attributes.Title").unwrap();
        }
        for index in 0..20_000 {
            match name {
                "plan.csv" => writeln!(file, "update,user{index}@acme.example,\"Clerk, {index}\"").unwrap(),
                _ => writeln!(file, "{{\"update\":{{\"account\":\"user{index}@acme.example\",\"set\":{{\"Title\":\"Clerk, {index}\"}}}}}}").unwrap(),
            }
        }
        file.into_inner().unwrap();
        let mut next = 0;
        plan::read(&path, &mut |operation| {
            assert_eq!(operation.account, format!("user{next}@acme.example"));
            assert_eq!(attributes_of(&operation)["Title"], format!("Clerk, {next}"));
            next += 1;
        })
        .unwrap();
        assert_eq!(next, 20_000);
    }
}

/// A name without leading or trailing spaces, which CSV trims, and without characters that YAML can't print.
fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9@._+é日\"',:#{}\\[\\]/ -]{0,10}[a-z@\"'#é]".prop_map(|name| name.trim().to_owned())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~é日\n\r\t]{1,12}", "[0-9]{1,4}", Just("true".to_owned()), Just("~".to_owned())]
        .prop_filter("CSV uses `null` for something else", |text| text != "null")
}

/// Names that a plan may give a value: one that sounds like a secret is refused.
fn no_secret(pattern: &'static str) -> impl Strategy<Value = String> {
    pattern.prop_filter("the name of a secret", |name| {
        let name = name.to_lowercase();
        !["pass", "pwd", "pw", "pin", "psk", "jwt", "cookie"].contains(&name.as_str()) && !name.ends_with("token")
    })
}

fn value(depth: u32) -> BoxedStrategy<Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    if depth == 0 {
        return plain.boxed();
    }
    let inner = || value(depth - 1);
    prop_oneof![
        4 => plain,
        1 => prop::collection::vec(inner(), 0..3).prop_map(Value::from),
        1 => prop::collection::btree_map(no_secret("[a-z]{1,4}"), inner(), 0..3).prop_map(|map| json!(map)),
    ]
    .boxed()
}

fn attributes(value: impl Strategy<Value = Value>, least: usize) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(no_secret("[A-Z][a-zA-Z]{0,5}(__c)?"), value, least..5)
        .prop_map(|map| map.into_iter().collect())
}

fn entitlement() -> impl Strategy<Value = EntitlementRef> {
    ("[a-z][a-z0-9_]{0,8}", name()).prop_map(|(kind, id)| EntitlementRef::new(kind, id))
}

fn operations(values: impl Fn() -> BoxedStrategy<Value>) -> impl Strategy<Value = Vec<PlanOperation>> {
    let kind = prop::sample::select(OperationKind::ALL.to_vec());
    let one = (
        kind,
        name(),
        attributes(values(), 1),
        prop::collection::vec(entitlement(), 1..4),
        prop::option::of(Just("env:NEW_PASSWORD".parse().unwrap())),
        prop::option::of((1_800_000_000_i64..4_000_000_000).prop_map(|at| Timestamp::from_second(at).unwrap())),
    );
    prop::collection::vec(one, 1..8)
        .prop_map(|all| {
            let mut created = std::collections::HashSet::new();
            #[allow(clippy::type_complexity, reason = "the tuple is what the strategy above makes")]
            let one = |(kind, account, attributes, mut entitlements, password, until): (
                OperationKind,
                String,
                Map<String, Value>,
                Vec<EntitlementRef>,
                Option<SecretRef>,
                Option<Timestamp>,
            )| {
                let change = match kind {
                    OperationKind::Create => Change::create(account.clone(), attributes, entitlements, password),
                    OperationKind::Update => Change::set(attributes),
                    OperationKind::Grant => Change::grant(entitlements.remove(0), until),
                    OperationKind::Revoke => Change::revoke(entitlements.remove(0)),
                    OperationKind::Disable => Change::Disable,
                    OperationKind::Enable => Change::Enable,
                    OperationKind::Lock => Change::Lock,
                    OperationKind::Unlock => Change::Unlock,
                    OperationKind::SetPassword => Change::set_password(password),
                    _ => Change::Delete,
                };
                PlanOperation::new(if kind == OperationKind::Create { String::new() } else { account }, change)
            };
            let mut all: Vec<_> = all.into_iter().map(one).collect();
            all.retain(|one| one.kind() != OperationKind::Create || created.insert(one.target().to_owned()));
            all
        })
        .prop_filter("a plan has at least one operation", |all| !all.is_empty())
}

fn rough_plan() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"operations:\n".to_vec()),
        Just(b"- create: {name: a, attributes: {".to_vec()),
        Just(b"{\"grant\":{\"account\":\"a\",\"entitlement\":\"".to_vec()),
        Just(b"\"}}\n".to_vec()),
        Just(b"operation,account,attributes.Password,reset\n".to_vec()),
        Just(b"create,\"a\",x,\n".to_vec()),
        Just(b"set_password".to_vec()),
        Just(b"password: x".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
        "[ \t\n\r:;,{}\\[\\]&*!|>'\"%@`#?<-]{1,6}".prop_map(String::into_bytes),
        "[a-zà-ý日本]{1,8}".prop_map(String::into_bytes),
        any::<String>().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_list_of_operations_reads_back_the_same(all in operations(|| value(2))) {
        let items: Vec<_> = all.iter().map(item).collect();
        let yaml = serde_yaml::to_string(&json!({"operations": items})).unwrap();
        prop_assert_eq!(read("plan.yaml", &yaml), Ok(all.clone()), "{}", yaml);
        let pretty = format!("{:#}", json!({"operations": items}));
        prop_assert_eq!(read("plan.json", &pretty), Ok(all.clone()), "{}", pretty);
        let lines: String = items.iter().flat_map(|item| [item.to_string(), "\n".to_owned()]).collect();
        prop_assert_eq!(read("plan.ndjson", &lines), Ok(all.clone()), "{}", lines);
    }

    #[test]
    fn what_a_table_can_say_reads_back_the_same(
        all in operations(|| prop_oneof![Just(Value::Null), text().prop_map(Value::from)].boxed())
    ) {
        for delimiter in [b',', b';', b'\t'] {
            let table = table(&all, delimiter);
            prop_assert_eq!(read("plan.csv", &table), Ok(all.clone()), "{}", String::from_utf8_lossy(&table));
        }
    }

    #[test]
    fn any_bytes_give_a_plan_or_problems_with_places_inside_the_file(bytes in rough_plan()) {
        for name in ["plan.yaml", "plan.json", "plan.ndjson", "plan.csv"] {
            let Err(problems) = read(name, &bytes) else { continue };
            prop_assert!(!problems.is_empty());
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            let lines: Vec<_> = text.split('\n').collect();
            for problem in &problems {
                let place = &problem.place;
                prop_assert!(place.line >= 1 && place.line <= lines.len(), "{name} {problem:?}");
                prop_assert!(
                    place.column >= 1 && place.column <= lines[place.line - 1].chars().count() + 1,
                    "{name} {problem:?}"
                );
                prop_assert!(text.get(place.span.clone()).is_some(), "{name} {problem:?}");
            }
        }
    }
}
