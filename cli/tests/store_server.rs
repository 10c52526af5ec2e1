//! The store on a PostgreSQL server: the same commands, the same answers.
//!
//! Each test starts a server. `tests/run` installs PostgreSQL and runs them.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{command, run, said};
use connector_sandbox_postgres::Cluster;
use connector_sql::{Address, Connection};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// Whoever connects has a password.
const WITH_PASSWORD: &str = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
const PASSWORD: &str = "correct horse battery staple";

/// A project with a source that lists people from a file.
fn project(people: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["init"]);
    assert!(output.status.success(), "{}", in_one_line(&output));
    write_people(folder.path(), people);
    let source = "connector: delimited\nsettings:\n  accounts:\n    file: people.csv\n    id: id\n    name: login\n    entitlements:\n      role: {column: roles, split: \"|\"}\n";
    fs::write(folder.path().join("sources/people.yaml"), source).unwrap();
    folder
}

fn write_people(folder: &Path, people: usize) {
    let rows: Vec<_> = (0..people).map(|id| format!("{id:04},user{id},role{}|all\n", id % 7)).collect();
    fs::write(folder.join("people.csv"), format!("id,login,roles\n{}", rows.concat())).unwrap();
}

fn create(cluster: &Cluster, database: &str) -> String {
    let server = Connection::connect(&Address::parse(&cluster.url("postgres")).unwrap()).unwrap();
    server.execute_batch(&format!("CREATE DATABASE {database}")).unwrap();
    cluster.url(database)
}

/// What a command prints, in one line, without what differs from run to run and the name of the store.
fn printed(folder: &Path, store: &str, arguments: &[&str]) -> String {
    let output = run(folder, &[&["--store", store], arguments].concat());
    let text = format!("{:?}\n{}", output.status.code(), said(&output));
    let lines = text.lines().filter(|line| !line.contains(store) && !line.contains("the last run"));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let shown = words.iter().enumerate().map(|(place, word)| {
        let is_span = words.get(place + 1).is_some_and(|unit| ["ms", "s"].contains(unit));
        let bare = word.trim_matches(['"', ',', ';', '(', ')']);
        let is_id = bare.len() == 26 && bare.starts_with("01");
        let is_time = bare.starts_with("20") && bare.matches('-').count() == 2 || bare.matches(':').count() == 2;
        if is_span || is_id || is_time || word.contains("_ms") { "…" } else { word }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// What a command says, in one line, however wide the terminal is.
fn in_one_line(output: &Output) -> String {
    said(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn every_command_prints_the_same_with_a_file_and_a_server() {
    let cluster = Cluster::start().unwrap();
    let (folder, server) = (project(300), create(&cluster, "same"));
    let file = folder.path().join("other.db").display().to_string();
    let both = |arguments: &[&str]| {
        let [first, second] = [&file, &server].map(|store| printed(folder.path(), store, arguments));
        assert_eq!(first, second, "{arguments:?}");
        first
    };
    both(&["runs"]);
    // Without it, the command says that no worker is running.
    assert!(both(&["aggregate", "people", "--local"]).contains("people aggregated"));
    write_people(folder.path(), 290);
    both(&["aggregate", "people", "--full", "--local"]);
    for arguments in [
        &["runs", "--output", "csv"][..],
        &["source", "list"],
        &["accounts", "people"],
        &["accounts", "people", "--removed"],
        &["accounts", "people", "--where", "name = user7"],
        &["accounts", "people", "--holding", "role/ROLE3", "--output", "json"],
        &["account", "people", "USER12"],
        &["account", "people", "nobody"],
        &["entitlements", "people"],
        &["entitlement", "people", "role/role1"],
        &["entitlement", "people", "role/nothing"],
        &["export", "people", "--format", "csv"],
        &["diff", "people"],
        &["findings", "people"],
        &["operations", "people"],
        &["provision", "people", "--resume"],
        &["store", "check"],
        &["doctor"],
    ] {
        both(arguments);
    }
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_store_is_copied_to_a_server_and_back_and_never_over_another_one() {
    let cluster = Cluster::start().unwrap();
    let (folder, server) = (project(100), create(&cluster, "copied"));
    let said_of = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        (output.status.success(), in_one_line(&output))
    };
    assert!(said_of(&["aggregate", "people"]).0);
    let copied = run(folder.path(), &["store", "copy", ".connector/store.db", &server, "--output", "json"]);
    assert!(copied.status.success(), "{}", in_one_line(&copied));
    let there: Value = serde_json::from_slice(&copied.stdout).unwrap();
    let copied = run(folder.path(), &["store", "copy", &server, "back.db", "--output", "json"]);
    let back: Value = serde_json::from_slice(&copied.stdout).unwrap();
    assert_eq!(there["tables"], back["tables"]);
    let (done, text) = said_of(&["store", "copy", ".connector/store.db", &server]);
    assert!(!done && text.contains("has a history already"), "{text}");
    // The copy is continued where the original was.
    write_people(folder.path(), 101);
    let (done, text) = said_of(&["--store", &server, "aggregate", "people"]);
    assert!(done, "{text}");
    let (done, text) = said_of(&["--store", &server, "store", "check"]);
    assert!(done, "{text}");
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn the_password_comes_from_its_ref_and_goes_to_no_other_database() {
    let cluster = Cluster::start().unwrap();
    let database = create(&cluster, "guarded");
    let server = Connection::connect(&Address::parse(&cluster.url("postgres")).unwrap()).unwrap();
    server
        .execute_batch(&format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE guarded TO app"))
        .unwrap();
    drop(server);
    let owner = Connection::connect(&Address::parse(&database).unwrap()).unwrap();
    owner.execute_batch("GRANT ALL ON SCHEMA public TO app").unwrap();
    drop(owner);
    cluster.set_rules(WITH_PASSWORD).unwrap();
    let url = format!("postgres://app@127.0.0.1:{}/guarded", cluster.port());
    let folder = project(10);
    let settings = format!("store: {url}\nstore_password_ref: env:STORE_PASSWORD\n");
    fs::write(folder.path().join("connector.yaml"), settings).unwrap();
    let with = |password: Option<&str>, arguments: &[&str]| {
        let mut command = command(folder.path(), arguments);
        command.env_remove("PGPASSWORD").env_remove("STORE_PASSWORD");
        if let Some(password) = password {
            command.env("STORE_PASSWORD", password);
        }
        let output = command.output().unwrap();
        (output.status.success(), in_one_line(&output))
    };
    let (done, text) = with(Some(PASSWORD), &["aggregate", "people"]);
    assert!(done && !folder.path().join(".connector/store.db").exists(), "{text}");
    let (done, text) = with(Some("wrong secret"), &["runs"]);
    assert!(!done && text.contains("password authentication failed") && text.contains("store_password_ref"), "{text}");
    assert!(!text.contains("wrong secret"), "{text}");
    let (done, text) = with(None, &["runs"]);
    assert!(!done && text.contains("STORE_PASSWORD"), "{text}");
    // Another database gets no password of the project.
    let other = url.replace("/guarded", "/postgres");
    let (done, text) = with(Some(PASSWORD), &["--store", &other, "runs"]);
    assert!(!done && text.contains("password"), "{text}");
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_server_is_trusted_only_with_a_certificate_of_a_known_authority() {
    let (key, certificate) = certificate("127.0.0.1");
    let cluster = Cluster::start_prepared(
        "local all all trust\nhostssl all all 127.0.0.1/32 trust\n",
        "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'",
        |data| {
            fs::write(data.join("server.key"), &key)?;
            fs::write(data.join("server.crt"), &certificate)
        },
    )
    .unwrap();
    let folder = project(10);
    fs::write(folder.path().join("ca.pem"), &certificate).unwrap();
    let url = cluster.url("postgres");
    let other = certificate_file(folder.path(), "other.pem");
    for (store, expected) in [
        (format!("{url}?sslmode=verify-full"), "is not trusted: self-signed certificate"),
        (format!("{url}?sslrootcert={other}"), "is not trusted: self-signed certificate"),
        (url.clone(), "no encryption"),
    ] {
        let output = run(folder.path(), &["--store", &store, "runs"]);
        assert!(
            !output.status.success() && in_one_line(&output).contains(expected),
            "{store}: {}",
            in_one_line(&output)
        );
    }
    let trusted = format!("{url}?sslrootcert={}", folder.path().join("ca.pem").display());
    let output = run(folder.path(), &["--store", &trusted, "aggregate", "people"]);
    assert!(output.status.success(), "{}", in_one_line(&output));
}

fn certificate_file(folder: &Path, name: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, certificate("127.0.0.1").1).unwrap();
    file.display().to_string()
}

/// A key, and a certificate that it signs itself, for an address.
fn certificate(address: &str) -> (Vec<u8>, Vec<u8>) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", address).unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    let names = SubjectAlternativeName::new().ip(address).build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    (key.private_key_to_pem_pkcs8().unwrap(), builder.build().to_pem().unwrap())
}

#[test]
#[ignore = "starts a PostgreSQL server"]
fn a_database_that_is_no_store_of_this_version_is_named() {
    let cluster = Cluster::start().unwrap();
    let (folder, newer) = (project(10), create(&cluster, "newer"));
    assert!(run(folder.path(), &["--store", &newer, "aggregate", "people"]).status.success());
    let connection = Connection::connect(&Address::parse(&newer).unwrap()).unwrap();
    connection.execute_batch("UPDATE refinery_schema_history SET version = version + 900").unwrap();
    let output = run(folder.path(), &["--store", &newer, "runs"]);
    assert!(
        in_one_line(&output).contains("made by a newer version") && !output.status.success(),
        "{}",
        in_one_line(&output)
    );
    let missing = run(folder.path(), &["--store", &cluster.url("missing"), "runs"]);
    assert!(in_one_line(&missing).contains("does not exist") && !missing.status.success(), "{}", in_one_line(&missing));
    let latin = Connection::connect(&Address::parse(&cluster.url("postgres")).unwrap()).unwrap();
    latin.execute_batch("CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0").unwrap();
    let output = run(folder.path(), &["--store", &cluster.url("latin"), "aggregate", "people"]);
    assert!(
        in_one_line(&output).contains("has the encoding LATIN1") && !output.status.success(),
        "{}",
        in_one_line(&output)
    );
}

/// A job that the server leaves in the middle ends with an error, and the next one continues it.
#[test]
#[ignore = "starts a PostgreSQL server"]
fn the_end_of_the_server_ends_a_command_and_loses_nothing_that_was_said() {
    let cluster = Cluster::start().unwrap();
    let (folder, server) = (project(100), create(&cluster, "crashed"));
    assert!(run(folder.path(), &["--store", &server, "aggregate", "people"]).status.success());
    cluster.crash().unwrap();
    for arguments in [&["store", "check"][..], &["aggregate", "people", "--full"], &["accounts", "people"]] {
        let output = run(folder.path(), &[&["--store", &server], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", in_one_line(&output));
    }
}
