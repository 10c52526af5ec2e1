//! The connector keeps the contract: the trials of the conformance kit against a folder of files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod project;

use connector_core::EntitlementRef;
use connector_testkit::{Fixture, Subject};
use project::Project;
use serde_json::json;
use std::fmt::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    // More rows than a page has, so that the trials of pages apply.
    let mut people = String::from("employee_no,login,full name,status,roles,phone,fte\n");
    let mut members = String::from("login\tteam\n");
    for number in 0..5000 {
        let status = if number % 7 == 0 { "T" } else { "A" };
        let _ = writeln!(people, "{number:05},p{number},\"Person, {number}\",{status},r1|R 2,1;2,0.5");
        if number % 10 == 0 {
            let _ = writeln!(members, "p{number}\tt{}", number % 3);
        }
    }
    let roles = "code;title;grade\nr1;R 1;\nr2;R 2;7\nr3;R 3;\n";
    let files: [(&str, &[u8]); 3] =
        [("hr/people.csv", people.as_bytes()), ("hr/roles.csv", roles.as_bytes()), ("m.tsv", members.as_bytes())];
    let project = Project::new(&files);
    let settings = json!({
        "accounts": {
            "file": "hr/people.csv", "id": "employee_no", "name": "login", "display_name": "full name", "alias": "login",
            "enabled": {"column": "status", "is": ["A"], "is_not": ["T"]},
            "attributes": {"types": {"fte": {"type": "number"}}, "lists": {"phone": ";"}},
            "entitlements": {"role": {"column": "roles", "split": "|"}},
        },
        "entitlements": {
            "role": {"file": "hr/roles.csv", "format": {"delimiter": ";"}, "id": "code", "name": "title"},
            "team": {"holders": {"file": "m.tsv", "format": {"delimiter": "tab"}, "alias": "login", "entitlement": "team"}},
        },
        "writable": true,
    });
    let object = |value: serde_json::Value| value.as_object().unwrap().clone();
    let fixture = Fixture {
        name: |word| format!("kit-{word}"),
        attributes: object(json!({"employee_no": "E-{name}", "phone": ["1"], "status": "A"})),
        update: object(json!({"fte": 0.75, "phone": ["7", "8"]})),
        entitlement: EntitlementRef::new("role", "r3"),
        unknown_id: None,
    };
    connector_testkit::run(Subject::new(move || Ok(project.open(&settings))).with_fixture(fixture))
}
