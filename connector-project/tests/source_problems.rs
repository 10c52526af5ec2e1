//! All problems of a source file are reported at once, each fault once, with its position and help.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fakes;

use connector_core::{Problem, registry};
use connector_project::source::{Project, masked_text, source_template};
use fakes::{VALID, project_with};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// The problems of a source as plain text, one per line.
fn report(text: &str) -> String {
    let (_folder, project) = project_with("people.yaml", text);
    fakes::write_private(&project.folder().join("secrets/directory.key"), "made up");
    shown(&project.check("people"))
}

fn shown(problems: &[Problem]) -> String {
    let mut report = String::new();
    for problem in problems {
        let marker = if problem.secret { " (hidden)" } else { "" };
        let place = &problem.place;
        writeln!(report, "{}:{} {}{marker}: {}", place.line, place.column, problem.rule, problem.title).unwrap();
        if !problem.detail.is_empty() {
            writeln!(report, "  {}", problem.detail).unwrap();
        }
        if let Some(help) = &problem.help {
            writeln!(report, "  help: {help}").unwrap();
        }
    }
    report
}

fn changed(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from}");
    VALID.replace(from, to)
}

#[test]
fn a_valid_file_has_no_problems() {
    assert_eq!(report(VALID), "");
}

#[test]
fn each_fault_is_reported_once_with_its_place_and_help() {
    let cases: &[(&str, String)] = &[
        ("unknown_key", changed("issuer: client", "isuer: client")),
        ("unknown_block", changed("settings:", "setings:")),
        ("merge_key", changed("auth:\n", "auth:\n  <<: {issuer: x}\n")),
        ("missing_key", changed("  subject: iga@acme.example\n", "")),
        ("missing_keys", changed("  subject: iga@acme.example\n  key_ref: file:secrets/directory.key\n", "")),
        ("key_in_wrong_block", changed("settings:\n", "settings:\n  concurrency: 2\n  subject: x\n")),
        ("item_of_list", changed("settings:\n", "settings:\n  custom_fields: [a, 2]\n")),
        ("home_folder", changed("file:secrets", "file:~/secrets")),
        ("template", changed("issuer: client", "issuer: {{ client }}")),
        ("open_brace", changed("settings:\n", "settings:\n  app: {kind: connected_app\n")),
        ("no_blank", changed("subject: iga", "subject:iga")),
        ("missing_connector", changed("connector: directory\n", "")),
        ("missing_auth", "connector: directory\n".into()),
        ("empty_auth", "connector: directory\nauth:\n".into()),
        ("missing_grant_type", changed("  grant_type: signed\n", "")),
        ("unknown_connector", changed("connector: directory", "connector: direktory")),
        ("unknown_grant_type", changed("grant_type: signed", "grant_type: sinned")),
        ("grant_type_not_accepted", "connector: directory\nauth:\n  grant_type: foreign\n  token_url: https://a.example/\n  client_id: a\n  client_secret_ref: env:A\n".into()),
        ("auth_not_needed", "connector: people_file\nauth: {grant_type: signed}\nsettings: {path: a.json}\n".into()),
        ("unquoted_number", changed("api_version: \"67.0\"", "api_version: 67.0")),
        ("pattern", changed("api_version: \"67.0\"", "api_version: v67")),
        ("choice", changed("transport: auto", "transport: bluk")),
        ("yes_for_true", changed("settings:", "http: {allow_insecure_loopback: yes}\nsettings:")),
        ("time_span", changed("settings:", "http: {timeout: 60}\nsettings:")),
        ("time_span_form", changed("settings:", "http: {timeout: 60 s}\nsettings:")),
        ("time_span_overflow", changed("settings:", "http: {timeout: 99999999999999999999d}\nsettings:")),
        ("percentage", changed("settings:", "aggregation: {delete_threshold: 10}\nsettings:")),
        ("out_of_bounds", changed("settings:", "aggregation: {concurrency: 0}\nsettings:")),
        ("time_span_too_long", changed("settings:", "http: {timeout: 9999999999d}\nsettings:")),
        ("minute", changed("settings:", "aggregation: {schedule: \"61 * * * *\"}\nsettings:")),
        ("day_that_never_comes", changed("settings:", "aggregation: {schedule: 0 0 31 2 *}\nsettings:")),
        ("nul_byte", changed("issuer: client", "issuer: cli\0ent")),
        ("capital_prefix", changed("file:secrets", "FILE:secrets")),
        ("absolute_path", changed("file:secrets/directory.key", "/abs/key")),
        ("schedule", changed("settings:", "aggregation: {schedule: hourly}\nsettings:")),
        ("empty_text", changed("issuer: client", "issuer: ''")),
        ("empty_value", changed("issuer: client", "issuer:")),
        ("nested", changed("settings:\n", "settings:\n  app: {kind: conected_app, nme: a}\n")),
        ("optional_block_as_text", changed("settings:\n", "settings:\n  app: Identity\n")),
        ("list_expected", changed("settings:\n", "settings:\n  custom_fields: Badge__c\n")),
        ("plain_http", changed("https://acme", "http://acme")),
        ("loopback_http", changed("https://acme.example", "http://127.0.0.1:8080")),
        ("no_url", changed("https://acme.example/token", "acme.example/token")),
        ("proxy", changed("settings:", "http: {proxy: proxy.acme.example:3128}\nsettings:")),
        ("ref_without_kind", changed("file:secrets/directory.key", "secrets/directory.key")),
        ("ref_kind", changed("file:secrets", "fiel:secrets")),
        ("ref_of_env", changed("file:secrets/directory.key", "env:$KEY")),
        ("ref_of_command", changed("file:secrets/directory.key", "command:pass show key")),
        ("missing_file", changed("directory.key", "other.key")),
        ("half_certificate", changed("settings:", "http: {client_certificate_ref: env:CERT}\nsettings:")),
        ("client_key_file", changed("settings:", "http:\n  client_certificate_ref: tls.crt\n  client_key_ref: file:none.key\nsettings:")),
        ("password_without_key", changed("settings:", "http: {client_key_password_ref: env:PASSWORD}\nsettings:")),
        ("ca_file", changed("settings:", "http: {ca_file: secrets/ca.pem}\nsettings:")),
        ("duplicate_key", changed("issuer: client", "issuer: client\n  issuer: other")),
        ("settings_contradict", changed("transport: auto", "transport: bulk\n  custom_fields: [a, b, c]")),
        ("tab", changed("  issuer: client", "\tissuer: client")),
        ("indent", changed("  issuer: client", "   issuer: client")),
        ("colon", changed("description: Production", "description: Production: EU")),
        ("open_quote", changed("description: Production", "description: \"Production")),
        ("at_sign", changed("subject: iga@acme.example", "subject: @iga")),
        ("two_documents", format!("{VALID}---\n{VALID}")),
        ("empty", "# nothing yet\n".into()),
        ("list", "- connector: directory\n".into()),
        ("text", "just some text\n".into()),
    ];
    let mut all = String::new();
    for (name, text) in cases {
        let report = report(text);
        assert!(!report.is_empty(), "{name} is not noticed");
        writeln!(all, "## {name}\n{report}").unwrap();
    }
    // The names of temporary folders change. Which kinds of refs follow the three built-in ones depends on the features of
    // this build.
    let filters =
        [(r"`[^` ]*/\.tmp\w+/", "`PROJECT/"), (r"(expected one of command:\S+, env:NAME, file:PATH)\b.*", "$1 …")];
    insta::with_settings!({filters => filters}, { insta::assert_snapshot!(all) });
}

#[test]
fn all_faults_of_a_file_are_in_one_report_sorted_by_place() {
    let text = "\
connector: directory
descripton: x
auth:
  grant_type: signed
  token_url: http://acme.example/token
  key_ref: file:secrets/none.key
  isuer: client
http:
  timeout: soon
settings:
  transport: telepathy
  api_version: 67
";
    insta::with_settings!({filters => [(r"`[^` ]*/\.tmp\w+/", "`PROJECT/")]}, { insta::assert_snapshot!(report(text)) });
}

#[test]
fn a_literal_secret_is_refused_and_never_shown() {
    let cases = [
        changed("  issuer: client\n", "  issuer: client\n  password: hunter2-correct-horse\n"),
        changed("  issuer: client\n", "  issuer: client\n  key_password_ref: hunter2-correct-horse\n"),
        changed("  issuer: client\n", "  issuer: client\n  key_password_ref: \"hunter2-correct-horse: x\"\n"),
        changed("  issuer: client\n", "  issuer: client\n  client_secret: 'hunter2-correct-horse'\n"),
        changed(
            "  issuer: client\n",
            "  issuer: client\n  private_key: |\n    hunter2-correct-horse\n    hunter2-correct-horse\n",
        ),
        changed("settings:", "http: {proxy: 'http://me:hunter2-correct-horse@proxy.example:1'}\nsettings:"),
        // Not valid YAML:
        changed("  issuer: client\n", "  issuer: client\n  client_secret: \"hunter2-correct-horse\n"),
        changed("  issuer: client\n", "  issuer: client\n  password: hunter2-correct-horse: yes\n"),
    ];
    for text in cases {
        let report = report(&text);
        assert!(report.contains(" (hidden): "), "{text}\n{report}");
        assert!(!report.contains("hunter2"), "{report}");
        let masked = masked_text(&text);
        assert!(!masked.contains("hunter2") && !masked.contains("horse"), "{masked}");
        assert_eq!(masked.len(), text.len(), "positions in the masked text must stay valid");
    }
}

#[test]
fn a_private_key_in_the_file_is_one_problem_and_never_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\n    nonsense\n    -----END PRIVATE KEY-----";
    let in_block = changed("file:secrets/directory.key", &format!("|\n    {key}"));
    let pasted = changed("file:secrets/directory.key", &key.replace("\n    ", "\n"));
    for text in [in_block, pasted] {
        let report = report(&text);
        assert_eq!(report.matches("secret_in_file (hidden): the file contains a private key").count(), 1, "{report}");
        assert!(!report.contains("nonsense"), "{report}");
        assert!(!masked_text(&text).contains("nonsense"));
    }
    let in_block = changed("file:secrets/directory.key", &format!("|\n    {key}"));
    assert_eq!(report(&in_block).matches("secret_in_file").count(), 1, "{}", report(&in_block));
}

#[test]
fn a_masked_text_shows_everything_that_is_not_a_secret() {
    assert_eq!(masked_text(VALID), VALID);
    let text = "auth: {client_secret: abc, x: 1}\nhttp: {}\n";
    assert_eq!(masked_text(text), "auth: {client_secret: **** ** **\nhttp: {}\n");
}

#[test]
fn bytes_that_are_not_text_are_reported_at_their_place() {
    let (_folder, project) = project_with("people.yaml", b"connector: directory\ndescription: caf\xe9\n");
    let problems = project.check("people");
    assert_eq!(
        shown(&problems),
        "2:17 not_utf8: the file is not UTF-8 here; it is probably Windows-1252\n  help: save the file as UTF-8\n"
    );

    let (_folder, project) = project_with("people.yaml", b"\xff\xfec\0o\0");
    assert!(shown(&project.check("people")).contains("UTF-16"));
}

#[test]
fn a_byte_order_mark_is_accepted_and_moves_no_position() {
    assert_eq!(report(&format!("\u{feff}{VALID}")), "");
    let report = report("\u{feff}conector: directory\n");
    assert!(report.starts_with("1:1 unknown_key"), "{report}");
}

#[test]
fn huge_files_and_alias_bombs_end_in_one_problem() {
    let huge = format!("{VALID}# {}\n", "x".repeat(1024 * 1024));
    assert!(report(&huge).contains("file_too_large"));

    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{alias}]").unwrap();
    }
    let report = report(&bomb);
    assert_eq!(report.lines().next().unwrap(), "1:1 yaml_syntax: the aliases make this file far too large", "{report}");
}

#[test]
fn endless_nesting_is_a_problem_and_not_a_crash() {
    let deep = format!("connector: {}", "[".repeat(50_000));
    assert!(!report(&deep).is_empty());
}

/// The first mistakes of a newcomer, in the file that `source new` wrote: its comments explain passwords and PINs.
#[test]
fn a_comment_in_broken_yaml_is_no_secret() {
    let mut checked = 0;
    for connector in registry::connectors() {
        let grant_types: Vec<_> = match &*connector.grant_types {
            [] => vec![None],
            accepted => accepted.iter().copied().map(Some).collect(),
        };
        for grant_type in grant_types {
            let template = source_template(connector, grant_type, &BTreeMap::new()).unwrap();
            let template = format!("{template}# token: made up, password: made up\n");
            for broken in [
                template.replacen("  grant_type", "\tgrant_type", 1).replacen("  path", "\tpath", 1),
                format!("{template}open: [\n"),
                format!("{template}---\n{template}"),
            ] {
                let report = report(&broken);
                assert!(!report.is_empty() && !report.contains("secret_in_file"), "{broken}\n{report}");
                assert!(!masked_text(&broken).contains("token: made up"), "{}", masked_text(&broken));
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 9);
    let broken = "# token: x\n  client_secret: hunter2  # token\nurl: \"a # b\", password: hunter3\nopen: [\n";
    let report = report(broken);
    assert_eq!(report.matches("secret_in_file").count(), 2, "{report}");
}

#[test]
fn an_empty_settings_file_is_not_asked_for_a_connector() {
    let (folder, project) = project_with("people.yaml", VALID);
    for (text, rule) in [("~\n", "empty_file"), ("- a\n", "not_a_mapping"), ("just text\n", "not_a_mapping")] {
        fs::write(folder.path().join("connector.yaml"), text).unwrap();
        let report = shown(&project.check(folder.path().join("connector.yaml").to_str().unwrap()));
        assert!(report.contains(rule) && report.contains("store") && !report.contains("connector:"), "{report}");
    }
}

#[test]
fn the_settings_file_is_checked_as_such_and_not_as_a_source() {
    let (folder, project) = project_with("people.yaml", VALID);
    let file = folder.path().join("connector.yaml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        shown(&project.check(file.to_str().unwrap()))
    };
    assert_eq!(check("# nothing\n"), "");
    assert_eq!(check("store: data/store.db\n"), "");
    for store in ["'sqlite::memory:'", "':memory:'", "'sqlite:'"] {
        let report = check(&format!("store: {store}\n"));
        assert!(report.starts_with("1:8 unsupported_store: the "), "{report}");
    }
    let report = check("aggregation: {schedule: 0 0 30 2 *}\n");
    assert!(report.contains("1:29 bad_schedule"), "{report}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_fixes_it() {
    let (folder, project) = project_with("people.yaml", VALID);
    let key = folder.path().join("secrets/directory.key");
    fakes::write_private(&key, "made up");
    fakes::set_mode(&key, 0o640);
    let report = shown(&project.check("people"));
    assert!(report.contains("8:12 file_not_usable") && report.contains("chmod 600"), "{report}");
    assert!(project.load("people").is_ok(), "the definition itself is right");
}

#[test]
fn problems_of_connector_yaml_come_with_those_of_the_source() {
    let (folder, project) = project_with("people.yaml", changed("connector: directory", "connector: nowhere"));
    fs::write(folder.path().join("connector.yaml"), "stor: x\nstore: postgres://db/x\nhttp: {timeout: soon}\n")
        .unwrap();
    let problems = project.check("people");
    let rules: Vec<_> = problems.iter().map(|problem| problem.rule).collect();
    assert_eq!(rules, ["unknown_key", "unsupported_store", "wrong_form", "unknown_connector", "file_not_usable"]);
    assert!(problems[0].place.file.ends_with("connector.yaml"));
}

#[test]
fn problems_print_one_line_each() {
    let (_folder, project) = project_with("people.yaml", "connector: directory\nauth: 5\nhttp: 6\n");
    let problems = project.load("people").unwrap_err();
    let text = problems.to_string();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.lines().all(|line| line.contains("people.yaml:")), "{text}");
}

#[test]
fn a_fault_that_the_connector_finds_in_its_settings_is_marked_inside_the_text() {
    let settings =
        "settings:\n  api_version: \"1.0\"\n  custom_fields:\n    - Emp No\n    - 'Cost Center'\n    - \"a\\tb c\"\n";
    let text = changed("settings:\n  api_version: \"67.0\"\n", settings);
    let (_folder, project) = project_with("people.yaml", &text);
    fakes::write_private(&project.folder().join("secrets/directory.key"), "made up");
    let problems = project.check("people");
    let marked: Vec<_> = problems.iter().map(|one| (&text[one.place.span.clone()], one.title.as_str())).collect();
    let blank = "a field name has no space";
    assert_eq!(marked, [("\"1.0\"", "the interface 1.0 is gone"), (" ", blank), (" ", blank), ("\"a\\tb c\"", blank)]);
    let line = text.lines().position(|line| line == "    - Emp No").unwrap() + 1;
    assert_eq!((problems[1].place.line, problems[1].place.column), (line, 10));
    assert_eq!(problems[1].help.as_deref(), Some("write the API name of the field"));

    // Together with problems in other blocks.
    let text = text.replace("issuer: client", "isuer: client");
    assert!(
        report(&text).contains("the interface 1.0 is gone") && report(&text).contains("isuer"),
        "{}",
        report(&text)
    );
}

/// Descriptions of systems name passwords that exist only at run time.
#[test]
fn a_text_that_names_a_value_is_no_secret() {
    for (value, is_secret) in [
        ("\"{password}\"", false),
        ("\"{account.password}\"", false),
        ("item.passwordChanged", false),
        ("\"{password\"", true),
        ("\"{hunter 2}\"", true),
        ("\"{2hunter}\"", true),
        ("item.hunter-2", true),
        ("items.x", true),
    ] {
        let text = format!("{VALID}settings:\n  password: {value}\n");
        assert_eq!(report(&text).contains("the value of `password` is a secret"), is_secret, "{value}");
    }
}

fn rough_yaml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("connector: directory\n".to_owned()),
        Just("auth:\n".to_owned()),
        Just("  grant_type: signed\n".to_owned()),
        Just("  key_ref: ".to_owned()),
        Just("client_secret: ".to_owned()),
        Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
        Just("http://a:b@c\n".to_owned()),
        Just("settings: {app: ".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("---\n".to_owned()),
        Just("é: ü\n".to_owned()),
        "[ \t\n:{}\\[\\]&*!|>'\"%@`#,?<-]{1,6}",
        "[a-zà-ý日本]{1,8}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_a_source_or_problems_with_places_inside_the_file(text in rough_yaml()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.yaml");
        fs::write(&path, &text).unwrap();
        let problems = Project::at(folder.path()).check(path.to_str().unwrap());
        let lines: Vec<_> = text.split('\n').collect();
        for problem in &problems {
            let place = &problem.place;
            prop_assert!(place.line >= 1 && place.line <= lines.len(), "{problem:?}");
            prop_assert!(place.column >= 1 && place.column <= lines[place.line - 1].chars().count() + 1, "{problem:?}");
            prop_assert!(text.get(place.span.clone()).is_some(), "{problem:?}");
        }
        let masked = masked_text(&text);
        prop_assert_eq!(masked.len(), text.len());
    }
}

#[test]
fn rules_for_people_are_checked_with_their_places() {
    let (folder, project) = project_with("people.yaml", VALID);
    fs::write(folder.path().join("sources/hr.yaml"), VALID).unwrap();
    let file = folder.path().join("connector.yaml");
    let check = |text: &str| {
        fs::write(&file, text).unwrap();
        shown(&project.check(file.to_str().unwrap()))
    };
    let valid = "identities:\n  authority: hr\n  sources: [people]\n  rules:\n    - name: mail\n      account: {from: mail, then: [trim, lower]}\n      person: {from: mail}\n";
    assert_eq!(check(valid), "");
    for (from, to, expected) in [
        ("authority: hr", "authority: hrr", "2:14 unknown_source: the source `hrr` does not exist"),
        ("[people]", "[staff]", "3:13 unknown_source: the source `staff` does not exist"),
        ("[people]", "[hr]", "3:13 invalid_settings: the accounts of the authority `hr` are the people"),
        ("person: {from: mail}", "person: {expr: mail |}", "7:"),
        ("person: {from: mail}", "persn: {from: mail}", "unknown_key"),
        ("[trim, lower]", "[trim, lowr]", "6:42 "),
        ("      person:", "      confirm: yes please\n      person:", "7:16 "),
        ("  rules:", "  leave_out: {where: 'name like'}\n  rules:", "4:22 invalid_settings"),
        ("  rules:", "  leave_out: {kinds: [person]}\n  rules:", "4:"),
        ("  rules:", "  change_threshold: much\n  rules:", "4:21 "),
    ] {
        let report = check(&valid.replace(from, to));
        assert!(report.contains(expected) && !report.is_empty(), "{to}: {report}");
    }
    let twice = format!("{valid}    - {{name: mail, account: {{from: a}}, person: {{from: a, constant: b}}}}\n");
    let report = check(&twice);
    assert!(report.contains("8:14 invalid_settings: two rules have the name `mail`"), "{report}");
    assert!(report.contains("`person` says twice where its value comes from"), "{report}");
}
