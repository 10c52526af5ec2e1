//! Connectors that are files: `connectors/NAME.yaml` in a project works like a linked connector.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod fakes;
mod roster;

use connector_core::{ErrorKind, Problem};
use connector_project::source::{Catalog, Project, schema, source_template};
use fakes::{VALID, project_with};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;

/// A valid connector file.
const ROSTER: &str = "\
format: roster
title: Acme
params:
  type: object
  properties:
    floor: {type: integer, description: The floor to list.}
  required: [floor]
  additionalProperties: false
people:
  - ada
  - grace
";

const SOURCE: &str = "connector: acme\nsettings:\n  floor: 3\n";

/// A project with these connector files and the source `people`.
fn project_of(connectors: &[(&str, &str)], source: &str) -> (tempfile::TempDir, Project) {
    let (folder, project) = project_with("people.yaml", source);
    fs::create_dir(folder.path().join("connectors")).unwrap();
    for (name, text) in connectors {
        fs::write(folder.path().join("connectors").join(name), text).unwrap();
    }
    (folder, project)
}

fn shown(problems: &[Problem]) -> String {
    let mut report = String::new();
    for problem in problems {
        let place = &problem.place;
        let file = place.file.file_name().unwrap().to_string_lossy();
        writeln!(report, "{file}:{}:{} {}: {}", place.line, place.column, problem.rule, problem.title).unwrap();
        if let Some(help) = &problem.help {
            writeln!(report, "  help: {help}").unwrap();
        }
    }
    report
}

/// The problems of a connector file.
fn report(file: &str, text: &str) -> String {
    let (_folder, project) = project_of(&[(file, text)], SOURCE);
    shown(&project.catalog().problems())
}

#[tokio::test]
async fn a_connector_file_works_like_a_linked_connector() {
    let (folder, project) = project_of(&[("acme.yaml", ROSTER)], SOURCE);
    assert_eq!(shown(&project.check("people")), "");
    let source = project.load("people").unwrap();
    assert_eq!((&*source.connector.name, &*source.connector.title), ("acme", "Acme"));
    let opened = source.open(&project).unwrap();
    let page = opened.connector.aggregate_accounts(&connector_core::Cursor::start()).await.unwrap();
    assert_eq!(page.items().iter().map(|account| account.name.as_str()).collect::<Vec<_>>(), ["ada", "grace"]);

    let found = project.catalog().connector("acme").unwrap();
    assert!(found.file.as_ref().unwrap().ends_with("connectors/acme.yaml"));
    let all: Vec<_> = project.catalog().connectors().iter().map(|one| one.registration.name.to_string()).collect();
    assert_eq!(all, ["acme", "directory", "people_file"]);
    let template = source_template(&found.registration, None, &[("floor".to_owned(), "4".to_owned())].into()).unwrap();
    fs::write(folder.path().join("sources/new.yaml"), template).unwrap();
    assert_eq!(project.load("new").unwrap().settings, json!({"floor": 4}));
}

#[test]
fn settings_of_a_connector_file_are_checked_with_places() {
    for (wrong, rule, place) in [
        ("connector: acme\nsettings:\n  flor: 3\n", "unknown_key", (3, 3)),
        ("connector: acme\nsettings:\n  floor: top\n", "wrong_type", (3, 10)),
        ("connector: acme\nsettings:\n  floor: 13\n", "invalid_settings", (3, 10)),
        ("connector: acme\n", "missing_key", (1, 1)),
        ("connector: acme\nauth: {grant_type: signed}\nsettings: {floor: 3}\n", "auth_not_needed", (2, 1)),
    ] {
        let (_folder, project) = project_of(&[("acme.yaml", ROSTER)], wrong);
        let problems = project.check("people");
        let found: Vec<_> = problems.iter().map(|one| (one.rule, (one.place.line, one.place.column))).collect();
        assert_eq!(found, [(rule, place)], "{wrong}");
    }
}

/// The schema for editors and the checks of Connector accept and refuse the same files.
#[test]
fn editors_know_the_connectors_of_the_project() {
    let (_folder, project) = project_of(&[("acme.yaml", ROSTER)], SOURCE);
    let catalog = project.catalog();
    let validator = jsonschema::draft202012::new(&schema::source_schema(catalog)).unwrap();
    let accepts = |text: &str| validator.is_valid(&serde_yaml::from_str::<Value>(text).unwrap());
    assert!(accepts(SOURCE) && accepts(VALID));
    assert!(!accepts("connector: acme\nsettings: {flor: 3}\n") && !accepts("connector: other\n"));
    assert_eq!(schema::named("acme", catalog).unwrap()["title"], "Acme settings");
    assert!(schema::named("acme", &Catalog::linked()).is_err());

    let of_files = jsonschema::draft202012::new(&schema::named("connector", catalog).unwrap()).unwrap();
    assert!(of_files.is_valid(&serde_yaml::from_str::<Value>(ROSTER).unwrap()));
    assert!(!of_files.is_valid(&json!({"format": "roster", "titel": "x"})));
    let written = project.write_schemas().unwrap();
    assert!(written.iter().any(|file| file.ends_with("source.schema.json")), "{written:?}");
    assert!(project.folder().join("schemas/connector.schema.json").is_file());
}

#[test]
fn every_problem_of_a_connector_file_is_reported_at_once() {
    let text = "\
format: roster
titel: Acme
params: {type: object}
password: hunter22
home_url: http://acme.example
people: [ada l, 7]
";
    insta::assert_snapshot!(report("acme.yaml", text));
}

/// A URL that is known only with the settings of a source is left to the format.
#[test]
fn a_url_with_a_value_in_braces_is_checked_by_the_format() {
    let with = |url: &str| report("acme.yaml", &ROSTER.replace("params:", &format!("home_url: \"{url}\"\nparams:")));
    assert_eq!(with("{settings.url}/people"), "");
    assert_eq!(with("https://{settings.site}.acme.example"), "");
    assert!(with("acme.example").contains("bad_url"), "{}", with("acme.example"));
}

#[test]
fn what_only_the_format_can_check_has_a_place_too() {
    let text = ROSTER.replace("grace", "grace h").replace("- ada", "- a da");
    assert_eq!(
        report("acme.yaml", &text),
        "acme.yaml:10:6 invalid_settings: a name has no space\n  help: write one word\n\
         acme.yaml:11:10 invalid_settings: a name has no space\n  help: write one word\n"
    );
}

#[test]
fn files_that_are_no_connector_say_what_they_lack() {
    for (text, expected) in [
        ("", "acme.yaml:1:1 empty_file: the file is empty\n"),
        ("- a\n", "acme.yaml:1:1 not_a_mapping: the file must consist of `key: value` lines\n"),
        (
            "title: x\n",
            "acme.yaml:1:1 missing_key: `format` is missing from the file\n  help: add `format: …`: roster\n",
        ),
        ("format: [roster]\n", "acme.yaml:1:1 wrong_type: `format` must be text\n"),
        (
            "format: rosster\n",
            "acme.yaml:1:9 unknown_format: unknown format `rosster`\n  help: did you mean `roster`?\n",
        ),
        ("format: soap\n", "acme.yaml:1:9 unknown_format: unknown format `soap`\n  help: write `roster`\n"),
        (VALID, "acme.yaml:1:1 source_file: this is a source file, not a connector file\n"),
        ("format: roster\ntitle: a: b\n", "acme.yaml:2:"),
        (&ROSTER.replace("type: integer", "type: intger"), "acme.yaml:1:1 broken_schema: "),
    ] {
        let report = report("acme.yaml", text);
        assert!(report.starts_with(expected), "{text:?}:\n{report}");
    }
}

#[test]
fn the_name_of_a_connector_file_must_be_valid_and_free() {
    for (name, expected) in [
        ("directory.yaml", "this program already has a connector `directory`"),
        ("signed.yaml", "the name `signed` already belongs to a grant type or schema"),
        ("source.yaml", "the name `source` already belongs to a grant type or schema"),
        ("Acme.yaml", "the file name `Acme` is not a valid connector name"),
        ("acme-2.yaml", "the file name `acme-2` is not a valid connector name"),
        ("2acme.yml", "the file name `2acme` is not a valid connector name"),
    ] {
        let report = report(name, ROSTER);
        assert!(report.starts_with(&format!("{name}:1:1 connector_name: {expected}\n  help: ")), "{report}");
    }
    let (_folder, project) = project_of(&[("acme.yaml", ROSTER), ("acme.yml", ROSTER), ("notes.txt", "x")], SOURCE);
    let problems = project.catalog().problems();
    assert_eq!(problems.len(), 1, "{}", shown(&problems));
    assert!(problems[0].title.contains("already defines the connector `acme`"));
    // A linked connector of the same name stays what it is.
    let (_folder, project) = project_of(&[("directory.yaml", ROSTER)], VALID);
    assert!(project.load("people").is_ok());
}

#[test]
fn a_connector_file_with_problems_stops_its_own_sources_alone() {
    let (folder, project) = project_of(&[("acme.yaml", "format: roster\n"), ("beta.yaml", ROSTER)], SOURCE);
    fs::write(folder.path().join("sources/other.yaml"), VALID).unwrap();
    fs::write(folder.path().join("sources/beta.yaml"), SOURCE.replace("acme", "beta")).unwrap();
    assert!(project.load("other").is_ok() && project.load("beta").is_ok());
    let problems = project.load("people").unwrap_err().0;
    assert_eq!(problems[0].rule, "unusable_connector");
    assert!(problems[0].help.as_ref().unwrap().contains("connectors/acme.yaml"));
    let files: Vec<_> = project.check("people").into_iter().map(|one| one.place.file).collect();
    assert!(files.iter().any(|file| file.ends_with("connectors/acme.yaml")), "{files:?}");
    let error = project.catalog().connector("acme").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition);
    assert!(error.message().contains("missing"), "{error}");
    assert!(project.catalog().connector("acne").unwrap_err().help().is_some());
    let by_path = project.check(folder.path().join("connectors/acme.yaml").to_str().unwrap());
    assert!(!by_path.is_empty() && by_path.iter().all(|one| one.place.file.ends_with("connectors/acme.yaml")));
}

#[test]
fn a_changed_connector_file_changes_what_a_source_means() {
    let hash_with = |text: &str| {
        let (_folder, project) = project_of(&[("acme.yaml", text)], SOURCE);
        project.load("people").unwrap().open(&project).unwrap().definition.hash
    };
    let hash = hash_with(ROSTER);
    let reordered = ROSTER.replace("format: roster\ntitle: Acme\n", "title: Acme\n# a comment\nformat: roster\n");
    assert_eq!(hash, hash_with(&reordered));
    assert_ne!(hash, hash_with(&ROSTER.replace("grace", "joan")));
}
