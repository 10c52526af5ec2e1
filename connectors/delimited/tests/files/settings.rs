//! What is wrong in the settings, with its place.

use crate::project::Project;
use serde_json::{Value, json};

fn pointers(settings: &Value) -> Vec<String> {
    let project = Project::new(&[]);
    let faults = project.faults(settings);
    assert!(faults.iter().all(|fault| fault.help.is_some()), "{faults:?}");
    faults.into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn every_fault_has_its_place_and_all_of_them_are_shown_at_once() {
    let settings = json!({
        "format": {"delimiter": "a", "quote": "''", "encoding": "latin-17", "header": ["id", "id"]},
        "accounts": {
            "file": "h*r/people.csv", "id": "id",
            "enabled": {"column": "status"},
            "attributes": {"columns": ["id", "role"], "types": {"when": {"type": "date", "format": "%Q%"}}, "lists": {"phone": ""}},
            "entitlements": {"Role": {"column": "role", "split": ""}},
        },
        "entitlements": {
            "team": {},
            "group": {"file": "g.csv"},
            "site": {"id": "code", "holders": {"file": "m.csv", "entitlement": "site"}},
            "unit": {"holders": {"file": "m.csv", "alias": "login", "entitlement": "unit"}},
        },
    });
    let mut found = pointers(&settings);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "/accounts/attributes/lists/phone",
            "/accounts/attributes/lists/phone",
            "/accounts/attributes/types/when",
            "/accounts/attributes/types/when/format",
            "/accounts/enabled",
            "/accounts/entitlements/Role",
            "/accounts/entitlements/Role/column",
            "/accounts/entitlements/Role/split",
            "/accounts/file",
            "/entitlements/group",
            "/entitlements/site/holders",
            "/entitlements/site/id",
            "/entitlements/team",
            "/entitlements/unit/holders/alias",
            "/format/delimiter",
            "/format/encoding",
            "/format/header/1",
            "/format/quote",
        ]
    );
}

#[test]
fn a_delimiter_that_the_encoding_does_not_have_is_a_fault() {
    let accounts = |format: Value| json!({"file": "a.csv", "id": "id", "format": format});
    for (source, own, fault) in [
        (json!({"delimiter": "→", "encoding": "windows-1252"}), json!({}), Some("/format/delimiter")),
        (json!({"encoding": "windows-1252"}), json!({"delimiter": "→"}), Some("/accounts/format/delimiter")),
        (json!({"delimiter": "→"}), json!({"encoding": "windows-1252"}), Some("/accounts/format/encoding")),
        (json!({"delimiter": "¦", "encoding": "windows-1252"}), json!({}), None),
        (json!({"delimiter": "→"}), json!({}), None),
    ] {
        let settings = json!({"format": source, "accounts": accounts(own)});
        assert_eq!(pointers(&settings), fault.into_iter().collect::<Vec<_>>(), "{settings}");
    }
}

#[test]
fn a_file_that_a_plan_could_not_rewrite_is_refused() {
    let settings = |file: &str, encoding: &str| json!({"writable": true, "format": {"encoding": encoding}, "accounts": {"file": file, "id": "id"}});
    assert_eq!(pointers(&settings("a*.csv", "utf-8")), ["/accounts/file"]);
    for encoding in ["shift_jis", "euc-jp", "iso-2022-jp", "gbk", "gb18030", "big5", "euc-kr"] {
        let faults = Project::new(&[]).faults(&settings("a.csv", encoding));
        assert_eq!(faults.len(), 1, "{encoding}");
        assert_eq!(faults[0].pointer, "/format/encoding");
        assert!(faults[0].message.contains("one character in several ways"), "{}", faults[0].message);
        assert!(faults[0].help.as_ref().is_some_and(|help| help.contains("UTF-8")), "{:?}", faults[0].help);
    }
    for file in ["a.csv.gz", "a.csv.zst", "a.csv"] {
        assert_eq!(pointers(&settings(file, "utf-16")), Vec::<String>::new(), "{file}");
    }
    for (file, new_rows, fault) in [
        ("hr/a*.csv", "hr/a9.csv", None),
        ("hr/a*.csv", "hr/b.csv", Some("/accounts/new_rows")),
        ("hr/a*.csv", "a9.csv", Some("/accounts/new_rows")),
        ("hr/a.csv", "hr/a.csv", Some("/accounts/new_rows")),
    ] {
        let mut several = settings(file, "utf-8");
        several["accounts"]["new_rows"] = json!(new_rows);
        assert_eq!(pointers(&several), fault.into_iter().collect::<Vec<_>>(), "{file} {new_rows}");
    }
    assert_eq!(pointers(&settings("a.csv", "windows-1252")), Vec::<String>::new());
    let mut quiet = settings("a.csv", "utf-8");
    quiet["complete"] = json!({"quiet_for": "2m"});
    assert_eq!(pointers(&quiet), ["/complete/quiet_for"]);
}

#[test]
fn two_ways_of_holding_one_type_are_refused() {
    let settings = json!({
        "accounts": {"file": "a.csv", "id": "id", "entitlements": {"team": {"column": "team"}}},
        "entitlements": {"team": {"holders": {"file": "m.csv", "account": "who", "entitlement": "team"}}},
    });
    assert_eq!(pointers(&settings), ["/entitlements/team/holders"]);
}

#[test]
fn the_wildcard_in_a_folder_is_marked_in_its_place() {
    let faults = Project::new(&[]).faults(&json!({"accounts": {"file": "h*r/people.csv", "id": "id"}}));
    assert_eq!(faults[0].span, Some(1..1));
}
