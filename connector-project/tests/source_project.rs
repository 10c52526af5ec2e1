//! Projects: how to find and create them, what they contain, and how to open a source.

mod fakes;

use connector_core::{Allowance, ErrorKind, Meter, registry};
use connector_project::source::{Catalog, Project, schema, source_template};
use fakes::{VALID, project_with};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

#[test]
fn a_project_is_found_from_a_folder_inside_it() {
    let (folder, _) = project_with("people.yaml", VALID);
    let inside = folder.path().join("plans/2026");
    fs::create_dir_all(&inside).unwrap();
    assert_eq!(Project::find(&inside).unwrap().folder(), folder.path());
    fs::remove_file(folder.path().join("connector.yaml")).unwrap();
    assert_eq!(Project::find(&inside).unwrap().folder(), folder.path(), "`sources/` alone makes a project");

    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(Project::find(nowhere.path()).unwrap().folder(), nowhere.path());
}

#[test]
fn a_source_is_typed_with_defaults_and_opens_offline() {
    let (_folder, project) = project_with("people.yaml", VALID);
    let source = project.load("people").unwrap();
    assert_eq!((source.name.as_str(), &*source.connector.name), ("people", "directory"));
    assert_eq!(source.description.as_deref(), Some("Production"));
    assert_eq!(source.aggregation.concurrency, 8);
    assert_eq!(source.aggregation.delete_threshold.to_string(), "10%");
    assert_eq!(source.http.timeout.to_string(), "1m");
    let auth = source.auth.as_ref().unwrap();
    assert_eq!(auth.strategy.grant_type, "signed");
    assert_eq!(auth.refs(), [("key_ref", "file:secrets/directory.key")]);
    let opened = source.open(&project).unwrap();
    assert_eq!(opened.context.source(), "people");
    assert_eq!(opened.context.auth().unwrap().token_url().unwrap().as_str(), "https://acme.example/token");
}

#[test]
fn the_hash_of_a_definition_changes_when_something_else_is_read() {
    let definition_of = |text: String| {
        let (_folder, project) = project_with("people.yaml", text);
        project.load("people").unwrap().open(&project).unwrap().definition
    };
    let definition = definition_of(VALID.to_owned());
    let lines = "  api_version: \"67.0\"\n  transport: auto\n";
    let swapped = VALID.replace(lines, "  transport: auto\n  api_version: \"67.0\"\n");
    assert_ne!(swapped, VALID);
    assert_eq!(definition, definition_of(swapped));
    assert_eq!(definition, definition_of(VALID.replace("directory.key", "new.key")), "a key may move");
    assert_eq!(definition, definition_of(format!("{VALID}aggregation: {{concurrency: 9}}\n")));
    assert_ne!(definition, definition_of(format!("{VALID}  custom_fields: [a]\n")));
    assert_ne!(definition, definition_of(VALID.replace("acme.example", "other.example")));
}

#[test]
fn other_spellings_of_a_grant_type_are_accepted() {
    for spelling in ["SIGNED", "urn:example:signed"] {
        let (_folder, project) = project_with("people.yaml", VALID.replace("signed", spelling));
        assert_eq!(project.load("people").unwrap().auth.unwrap().strategy.grant_type, "signed");
    }
}

#[test]
fn values_of_a_source_override_those_of_the_project() {
    let text = format!("{VALID}http: {{timeout: 5s}}\naggregation: {{concurrency: 2}}\n");
    let (folder, project) = project_with("people.yaml", text);
    let settings = "store: data/store.db\nhttp: {timeout: 9s, proxy: 'http://proxy:1'}\naggregation: {concurrency: 8, delete_threshold: 3%}\n";
    fs::write(folder.path().join("connector.yaml"), settings).unwrap();
    let source = project.load("people").unwrap();
    assert_eq!(source.http.timeout.to_string(), "5s");
    assert_eq!(source.http.proxy.unwrap().as_str(), "http://proxy:1/");
    assert_eq!(source.aggregation.concurrency, 2);
    assert_eq!(source.aggregation.delete_threshold.to_string(), "3%");
    assert_eq!(project.store_place().unwrap().file().unwrap(), folder.path().join("data/store.db"));
}

#[test]
fn plain_http_on_loopback_can_be_allowed_for_the_whole_project() {
    let text = VALID.replace("https://acme.example/", "http://127.0.0.1:1/");
    let (folder, project) = project_with("people.yaml", text);
    assert!(project.load("people").is_err());
    fs::write(folder.path().join("connector.yaml"), "http: {allow_insecure_loopback: true}\n").unwrap();
    assert!(project.load("people").unwrap().http.allow_insecure_loopback);
}

#[test]
fn plain_http_to_a_name_below_localhost_is_refused_even_with_the_switch() {
    for (address, accepted) in [("http://localhost:1/", true), ("http://api.localhost:1/", false)] {
        let text = VALID.replace("https://acme.example/", address);
        let text = text.replace("settings:", "http: {allow_insecure_loopback: true}\nsettings:");
        let (_folder, project) = project_with("people.yaml", text);
        assert_eq!(project.load("people").is_ok(), accepted, "{address}");
    }
}

#[test]
fn the_store_is_in_the_project_folder_by_default() {
    let (folder, project) = project_with("people.yaml", VALID);
    assert_eq!(project.store_place().unwrap().file().unwrap(), folder.path().join(".connector/store.db"));
    assert_eq!(project.store_at("sqlite:/var/a.db").unwrap().to_string(), "/var/a.db");
    assert_eq!(project.store_at("mysql://db/x").unwrap_err().kind(), ErrorKind::Definition);
    assert_eq!(project.store_at("postgres://c@db/x").unwrap().to_string(), "postgres://c@db/x");
}

#[test]
fn sources_are_listed_by_name_and_a_name_is_used_once() {
    let (folder, project) = project_with("people.yaml", VALID);
    fs::write(folder.path().join("sources/beta.yml"), VALID).unwrap();
    fs::write(folder.path().join("sources/notes.txt"), "x").unwrap();
    assert_eq!(project.sources().unwrap(), ["beta", "people"]);
    assert!(project.load("beta").is_ok());

    fs::write(folder.path().join("sources/beta.yaml"), VALID).unwrap();
    assert!(project.sources().unwrap_err().message().contains("`beta`"));
    assert_eq!(project.load("beta").unwrap_err().0[0].rule, "ambiguous_source");
}

#[test]
fn an_unknown_source_names_the_one_that_was_probably_meant() {
    let (_folder, project) = project_with("people.yaml", VALID);
    let problems = project.load("poeple").unwrap_err();
    assert_eq!(problems.0[0].help.as_deref(), Some("did you mean `people`?"));
}

#[test]
fn an_unknown_name_does_not_list_a_hundred_sources() {
    let (folder, project) = project_with("people.yaml", VALID);
    for number in 0..100 {
        fs::write(folder.path().join(format!("sources/s{number}.yaml")), VALID).unwrap();
    }
    let problems = project.load("something_else").unwrap_err();
    let help = problems.0[0].help.as_deref().unwrap();
    assert_eq!(help, "the project has 101 sources; `connector source list` shows them");
}

#[cfg(unix)]
#[test]
fn a_broken_link_or_a_folder_in_sources_is_reported() {
    let (folder, project) = project_with("people.yaml", VALID);
    std::os::unix::fs::symlink("/none/such", folder.path().join("sources/link.yaml")).unwrap();
    std::os::unix::fs::symlink("loop.yaml", folder.path().join("sources/loop.yaml")).unwrap();
    fs::create_dir(folder.path().join("sources/folder.yaml")).unwrap();
    assert_eq!(project.sources().unwrap(), ["folder", "link", "loop", "people"]);
    for name in ["folder", "link", "loop"] {
        assert_eq!(project.check(name)[0].rule, "unreadable_file", "{name}");
    }
}

#[test]
fn a_new_source_has_a_name_that_commands_accept() {
    let folder = tempfile::tempdir().unwrap();
    let (project, _) = Project::create(folder.path()).unwrap();
    let connector = registry::connectors()[0];
    for name in ["x.yaml", "x.yml", "-x", "a/b", "a b", ""] {
        let error = project.add_source(name, connector, None, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition, "{name}");
    }
}

#[test]
fn a_source_can_be_named_by_the_path_of_its_file() {
    let (folder, project) = project_with("people.yaml", VALID);
    let elsewhere = folder.path().join("other.yaml");
    fs::write(&elsewhere, VALID).unwrap();
    assert_eq!(project.load(elsewhere.to_str().unwrap()).unwrap().name, "other");
    assert_eq!(project.load("none/such.yaml").unwrap_err().0[0].rule, "unreadable_file");
}

#[test]
fn creating_a_project_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (project, made) = Project::create(folder.path()).unwrap();
    assert!(made.len() >= 6, "{made:?}");
    let ignored = fs::read_to_string(folder.path().join(".gitignore")).unwrap();
    assert!(ignored.contains("secrets/") && ignored.contains(".connector/"));
    assert!(project.settings().is_ok(), "its own `connector.yaml` is valid");
    fs::write(folder.path().join("connector.yaml"), "store: mine.db\n").unwrap();
    let (_, made) = Project::create(folder.path()).unwrap();
    assert!(made.is_empty(), "{made:?}");
    assert_eq!(fs::read_to_string(folder.path().join("connector.yaml")).unwrap(), "store: mine.db\n");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_folder_for_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Project::create(folder.path()).unwrap();
    let secrets = folder.path().join("secrets");
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
    fakes::set_mode(&secrets, 0o755);
    let error = Project::create(folder.path()).unwrap_err();
    assert!(error.help().unwrap().contains("chmod 700"));
}

#[test]
fn a_new_source_is_valid_without_edits() {
    for connector in registry::connectors() {
        let grant_types = connector.grant_types.iter().copied().map(Some);
        let grant_types: Vec<_> = if connector.grant_types.is_empty() { vec![None] } else { grant_types.collect() };
        for grant_type in grant_types {
            let folder = tempfile::tempdir().unwrap();
            let (project, _) = Project::create(folder.path()).unwrap();
            project.add_source("new", connector, grant_type, &BTreeMap::new()).unwrap();
            let source = project.load("new").unwrap_or_else(|problems| panic!("{grant_type:?}: {problems}"));
            assert_eq!(source.auth.map(|auth| auth.strategy.grant_type), grant_type);
            let again = project.add_source("new", connector, grant_type, &BTreeMap::new()).unwrap_err();
            assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        }
    }
}

#[test]
fn a_new_source_with_a_bad_value_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (project, _) = Project::create(folder.path()).unwrap();
    let connector = registry::connector("directory").unwrap();
    for (key, value, said) in [
        ("key_ref", "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "private key"),
        ("key_ref", "hunter2", "`key_ref`"),
        ("concurrency", "99", "`concurrency`"),
        ("schedule", "61 * * * *", "`schedule`"),
        ("token_url", "http://foo bar", "`token_url`"),
        ("transport", "bluk", "`transport`"),
    ] {
        let filled = [(key.to_owned(), value.to_owned())].into();
        let error = project.add_source("new", connector, Some("signed"), &filled).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.message().contains(said), "{key}: {}", error.message());
        let everything = format!("{} {:?} {error:?}", error.message(), error.help());
        assert!(!everything.contains("MIIabc") && !everything.contains("hunter2"), "{everything}");
        assert_eq!(fs::read_dir(folder.path().join("sources")).unwrap().count(), 0, "{key}");
    }
    let filled = [("schedule".to_owned(), "0 4 * * *".to_owned())].into();
    project.add_source("new", connector, Some("signed"), &filled).unwrap();
}

#[test]
fn values_of_the_example_are_found_until_somebody_replaces_them() {
    let folder = tempfile::tempdir().unwrap();
    let (project, _) = Project::create(folder.path()).unwrap();
    let connector = registry::connector("directory").unwrap();
    project.add_source("new", connector, Some("signed"), &BTreeMap::new()).unwrap();
    let placeholders = project.load("new").unwrap().placeholders();
    let keys: Vec<_> = placeholders.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["auth.token_url", "auth.subject"]);
    let filled = [("token_url", "https://id.corp.test/token"), ("subject", "iga@corp.test")];
    let filled = filled.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    project.add_source("real", connector, Some("signed"), &filled).unwrap();
    assert_eq!(project.load("real").unwrap().placeholders(), []);
}

#[test]
fn limits_come_from_the_source_and_the_project_and_set_the_pace() {
    let (_folder, project) =
        project_with("people.yaml", format!("{VALID}limits: {{reserve: 10%, requests_per_second: 5}}\n"));
    let source = project.load("people").unwrap();
    assert_eq!(source.limits.reserve.map(|share| share.to_string()).as_deref(), Some("10%"));
    assert_eq!(source.http.requests_per_second.map(std::num::NonZeroU32::get), Some(5));
    let meter = Meter::default();
    for (used, is_refused) in [(0, false), (86, false), (87, true), (u64::MAX, true)] {
        meter.note_allowance("api-usage", Allowance::new(used, 100));
        assert_eq!(source.limits.check(&meter, 4).is_err(), is_refused, "{used}");
    }
    for (wrong, rule) in [
        ("{reserve: 10}", "reserve"),
        ("{requests_per_second: 0}", "requests_per_second"),
        ("{reserves: 1%}", "unknown key `reserves`"),
    ] {
        let (_folder, project) = project_with("people.yaml", format!("{VALID}limits: {wrong}\n"));
        let problems = project.load("people").unwrap_err().to_string();
        assert!(problems.contains(rule), "{problems}");
    }
    let (folder, project) = project_with("people.yaml", VALID);
    fs::write(folder.path().join("connector.yaml"), "limits: {reserve: 25%}\n").unwrap();
    let source = project.load("people").unwrap();
    assert_eq!(source.limits.reserve.map(|share| share.to_string()).as_deref(), Some("25%"));
}

#[test]
fn a_template_explains_each_key_and_takes_given_values() {
    let connector = registry::connector("directory").unwrap();
    let filled = [("issuer", "3MVG9: x"), ("transport", "rest"), ("timeout", "5s"), ("api_version", "67.0")];
    let filled = filled.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let text = source_template(connector, Some("signed"), &filled).unwrap();
    insta::assert_snapshot!(text);
    let (_folder, project) = project_with("people.yaml", &text);
    let source = project.load("people").unwrap();
    assert_eq!(source.auth.unwrap().settings["issuer"], "3MVG9: x");
    assert_eq!(source.settings, json!({"transport": "rest", "api_version": "67.0"}));

    let unknown = [("isuer".to_owned(), "x".to_owned())].into();
    assert!(source_template(connector, None, &unknown).unwrap_err().message().contains("`isuer`"));
    assert!(source_template(connector, Some("foreign"), &BTreeMap::new()).is_err());
}

/// The schema for editors and the checks of Connector accept and refuse the same files.
#[test]
fn the_composed_schema_agrees_with_the_checks() {
    let schema = schema::source_schema(&Catalog::linked());
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let cases = [
        (VALID.to_owned(), true),
        (VALID.replace("signed", "SIGNED"), true),
        ("connector: people_file\nsettings: {path: a}\n".to_owned(), true),
        (format!("{VALID}http:\naggregation:\n"), true),
        (VALID.replace("issuer", "isuer"), false),
        (VALID.replace("transport: auto", "transport: x"), false),
        (VALID.replace("transport: auto", "app: {kind: connected_app}"), false),
        (VALID.replace("grant_type: signed", "grant_type: foreign"), false),
        (VALID.replace("grant_type: signed", "grant_type: shared"), false),
        ("connector: people_file\n".to_owned(), false),
        ("connector: people_file\nauth: {grant_type: signed}\nsettings: {path: a}\n".to_owned(), false),
        ("connector: directory\n".to_owned(), false),
        (format!("{VALID}extra: 1\n"), false),
        (format!("{VALID}aggregation: {{concurrency: 17}}\n"), false),
    ];
    for (text, valid) in cases {
        let value: Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(validator.is_valid(&value), valid, "{text}");
        let (_folder, project) = project_with("people.yaml", &text);
        assert_eq!(project.load("people").is_ok(), valid, "{text}");
    }
}

#[test]
fn the_schemas_have_file_names_and_are_the_same_every_time() {
    let catalog = Catalog::linked();
    let names: Vec<_> = schema::all(&catalog).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "findings.schema.json",
            "plan.schema.json",
            "project.schema.json",
            "source.schema.json",
            "directory.schema.json",
            "people_file.schema.json",
            "foreign.schema.json",
            "shared.schema.json",
            "signed.schema.json"
        ]
    );
    for ((_, first), (_, second)) in schema::all(&catalog).iter().zip(schema::all(&catalog).iter()) {
        assert_eq!(schema::to_text(first), schema::to_text(second));
        assert!(jsonschema::meta::is_valid(first));
    }
    assert_eq!(schema::named("signed", &catalog).unwrap()["required"][0], "grant_type");
    assert!(schema::named("sources", &catalog).unwrap_err().help().unwrap().contains("people_file"));
}
