//! `connector identities`, as a user types it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const RULES: &str = "
identities:
  authority: hr
  leave_out: {where: 'name like \"svc-%\"'}
  rules:
    - {name: number, account: {from: employee}, person: {from: id}}
    - name: mail
      account: {from: email, then: [trim, lower]}
      person: {from: mail, then: [trim, lower]}
";
const HR: &str = "number,mail,department
1001,jane.roe@acme.example,Sales
1002,bob.ray@acme.example,IT
1003,ann.lee@acme.example,IT
1004,ann.lee@acme.example,Legal
";
const CRM: &str = "id,login,roles,employee,email
c1,jroe,sales|all,1001,
c2,bob,all,,\" BOB.RAY@acme.example\"
c3,annl,all,,ann.lee@acme.example
c4,ghost,all,9999,
c5,svc-backup,admin,,
";
const VPN: &str = "id,login,roles,employee,email
v1,jane,users,,Jane.Roe@acme.example
v2,jane2,admins,1001,
";

/// A project with the people of one file, and accounts in two others.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("sources")).unwrap();
    let source = |file: &str, id: &str, name: &str, more: &str| {
        format!(
            "connector: delimited\nsettings:\n  accounts: {{file: {file}, id: {id}, name: {name}{more}}}\naggregation: {{delete_threshold: 100%}}\n"
        )
    };
    let roles = ", entitlements: {role: {column: roles, split: \"|\"}}";
    fs::write(path.join("sources/hr.yaml"), source("hr.csv", "number", "mail", "")).unwrap();
    fs::write(path.join("sources/crm.yaml"), source("crm.csv", "id", "login", roles)).unwrap();
    fs::write(path.join("sources/vpn.yaml"), source("vpn.csv", "id", "login", roles)).unwrap();
    fs::write(path.join("connector.yaml"), RULES).unwrap();
    for (file, text) in [("hr.csv", HR), ("crm.csv", CRM), ("vpn.csv", VPN)] {
        fs::write(path.join(file), text).unwrap();
    }
    folder
}

fn done(folder: &Path, code: i32, arguments: &[&str]) -> String {
    let output: Output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    said(&output).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(folder, &[arguments, &["--output", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(folder: &Path, arguments: &[&str]) -> Vec<String> {
    lines(folder, arguments).iter().map(|line| line["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn people_have_their_accounts_of_all_sources_after_each_run() {
    let folder = project();
    let path = folder.path();
    assert!(done(path, 1, &["identities"]).contains("run `connector aggregate hr` first"));
    // Accounts that are read before there are people wait for them.
    assert!(!done(path, 0, &["aggregate", "crm"]).contains("Identities"));
    assert!(done(path, 0, &["aggregate", "hr", "vpn"]).contains("Identities: 4 accounts are linked."));
    let people = lines(path, &["identities"]);
    let places = |person: &Value| {
        let accounts = person["accounts"].as_array().unwrap();
        accounts
            .iter()
            .map(|one| format!("{} {}", one["id"].as_str().unwrap(), one["rule"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(people.len(), 4);
    assert_eq!(places(&people[0]), ["c1 number", "v1 mail", "v2 number"]);
    assert_eq!(places(&people[1]), ["c2 mail"]);
    assert_eq!(ids(path, &["identities", "--where", "department = \"IT\""]), ["1002", "1003"]);
    assert_eq!(ids(path, &["identities", "--source", "vpn"]), ["1001"]);
    assert_eq!(ids(path, &["identities", "--duplicates"]), ["1001", "1003", "1004"]);
    assert_eq!(ids(path, &["identities", "--orphans"]), ["c3", "c4"]);
    assert_eq!(ids(path, &["identities", "--ambiguous"]), ["c3"]);
    assert_eq!(ids(path, &["identities", "--unmatched", "--source", "vpn"]), [] as [&str; 0]);
    assert_eq!(ids(path, &["identities", "--left-out"]), ["c5"]);
    let csv = done(path, 0, &["identities", "--output", "csv", "--columns", "name,accounts", "--sort", "-accounts"]);
    assert!(csv.starts_with("name,accounts jane.roe@acme.example,3 bob.ray@acme.example,1"), "{csv}");
    let shown = done(path, 0, &["identities", "show", "vpn/jane2"]);
    for part in [
        "authority hr",
        "crm jroe c1 enabled rule number",
        "vpn jane2 role admins",
        "linked crm jroe by the rule number",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let jane = &lines(path, &["identities", "show", "jane.roe@acme.example"])[0];
    assert_eq!(jane["accounts"][0]["account"]["entitlements"].as_array().unwrap().len(), 2);
    assert!(done(path, 0, &["validate"]).contains("is valid"));
    assert!(done(path, 0, &["store", "check"]).contains("has no problems"));
}

#[test]
fn people_decide_and_findings_show_what_nobody_decided() {
    let folder = project();
    let path = folder.path();
    done(path, 0, &["aggregate", "hr", "crm", "vpn"]);
    let findings = |rule: &str| {
        let mut all = lines(path, &["findings", "crm", "--rule", rule]);
        all.pop();
        all.iter().map(|one| one["account"]["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(findings("orphan_account"), ["c3", "c4"]);
    assert!(
        done(path, 0, &["identities", "confirm", "crm", "annl", "1003", "--note", "asked her"])
            .contains("belongs to ann.lee@acme.example (1003): confirmed")
    );
    assert!(done(path, 0, &["identities", "refuse", "crm", "ghost"]).contains("belongs to nobody"));
    assert_eq!((findings("orphan_account"), findings("leaver_account")), (vec![], vec![]));
    // Bob leaves, and Ann's address is in the file no more.
    fs::write(path.join("hr.csv"), HR.replace("1002,bob.ray@acme.example,IT\n", "").replace("ann.lee@", "al@"))
        .unwrap();
    done(path, 0, &["aggregate", "hr"]);
    assert_eq!(findings("leaver_account"), ["c2"]);
    assert_eq!(ids(path, &["identities", "--left"]), ["1002"]);
    let ann = &lines(path, &["identities", "show", "1003"])[0];
    assert_eq!(ann["accounts"][0]["note"], "asked her");
    assert!(done(path, 0, &["identities", "release", "crm", "c3"]).contains("belongs to no person"));
    assert!(done(path, 1, &["identities", "release", "crm", "c1"]).contains("nobody confirmed or refused anything"));
    assert!(done(path, 2, &["identities", "confirm", "crmm", "c1", "1001"]).contains("did you mean `crm`?"));
    assert!(done(path, 1, &["identities", "show", "nobody"]).contains("there is no person `nobody`"));
}

#[test]
fn a_renamed_column_makes_no_orphans_and_a_changed_rule_says_so() {
    let folder = project();
    let path = folder.path();
    let rows: Vec<_> = (0..30).map(|number| format!("{},p{number}@x,IT\n", 2000 + number)).collect();
    fs::write(path.join("hr.csv"), format!("number,mail,department\n{}", rows.concat())).unwrap();
    let logins = |column: &str| {
        let rows: Vec<_> = (0..30).map(|number| format!("c{number},l{number},all,,P{number}@x\n")).collect();
        fs::write(path.join("crm.csv"), format!("id,login,roles,employee,{column}\n{}", rows.concat())).unwrap();
    };
    logins("email");
    assert!(done(path, 0, &["aggregate", "hr", "crm"]).contains("30 accounts are linked"));
    logins("e_mail");
    let ended = done(path, 0, &["aggregate", "crm"]);
    assert!(ended.contains("30 of 30 links") && ended.contains("correlate --preview"), "{ended}");
    assert_eq!(ids(path, &["identities", "--orphans"]), [] as [&str; 0]);
    assert!(done(path, 4, &["identities", "correlate"]).contains("nothing was changed"));
    let preview = done(path, 0, &["identities", "correlate", "--preview"]);
    assert!(preview.contains("30 links ended; nothing was kept"), "{preview}");
    fs::write(path.join("connector.yaml"), RULES.replace("from: email", "from: e_mail")).unwrap();
    assert!(done(path, 0, &["identities"]).contains("run `connector identities correlate`"));
    let correlation = &lines(path, &["identities", "correlate"])[0];
    assert_eq!((&correlation["now"]["linked"], &correlation["ended"]), (&Value::from(30), &Value::from(0)));
    fs::write(path.join("connector.yaml"), "").unwrap();
    assert!(done(path, 2, &["identities"]).contains("connector.yaml has no `identities:`"));
}
