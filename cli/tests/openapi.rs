//! Promise: `connector source new rest NAME --openapi FILE` writes a source from a description, or says why not, and leaves no
//! half of one.
#![cfg(feature = "rest")]
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod binary;

use binary::{run, said};
use serde_json::Value;
use std::fs;
use tempfile::TempDir;

const USERS: &str = "\
openapi: 3.0.3
servers: [{url: https://api.acme.example}]
paths:
  /users:
    get:
      parameters: [{name: page_token, in: query, schema: {type: string}}]
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  users: {type: array, items: {type: object, properties: {id: {type: string}, email: {type: string}, active: {type: boolean}}}}
                  next_page_token: {type: string}
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
";

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), &["init"]).status.success());
    folder
}

#[test]
fn a_description_becomes_a_source_that_is_valid() {
    let folder = project();
    fs::write(folder.path().join("acme.yaml"), USERS).unwrap();
    let made = run(folder.path(), &["source", "new", "rest", "acme", "--openapi", "acme.yaml"]);
    let shown = said(&made);
    assert!(made.status.success(), "{shown}");
    for text in ["GET /users: the accounts", "the sign-in: bearer", "auth.token_ref"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let checked = run(folder.path(), &["validate", "acme"]);
    assert!(checked.status.success(), "{}", said(&checked));
    let json = run(folder.path(), &["source", "new", "rest", "two", "--openapi", "acme.yaml", "-o", "json"]);
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["to_decide"], Value::Array(Vec::new()), "{report}");
    let other = ["--set", "auth.grant_type=api_key", "--set", "auth.header=X-Key", "--set", "auth.secret_ref=env:KEY"];
    let own = [&["source", "new", "rest", "three", "--openapi", "acme.yaml"][..], &other].concat();
    assert!(run(folder.path(), &own).status.success());
    let text = fs::read_to_string(folder.path().join("sources/three.yaml")).unwrap();
    assert!(text.contains("grant_type: api_key") && text.contains("header: X-Key"), "{text}");
}

#[test]
fn what_can_not_be_drafted_is_refused_and_nothing_is_written() {
    let folder = project();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    write("acme.yaml", USERS.as_bytes());
    write("broken.json", b"{\"openapi\": \"3.0.0\",");
    write("broken.yaml", b"openapi: [3.0.0\npaths: {");
    write("swagger.yaml", b"swagger: '2.0'\n");
    write("binary.yaml", b"\xff\xfe\x00");
    write("empty.yaml", b"");
    // Each line holds the line before nine times.
    let line = |n: u32| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(","));
    let bomb = (1..20).map(line).collect::<Vec<_>>().concat();
    write("bomb.yaml", format!("a0: &a0 [lol]\n{bomb}").as_bytes());
    write("deep.json", "[".repeat(100_000).as_bytes());
    write("deep.yaml", format!("a: {}", "[".repeat(100_000)).as_bytes());
    for (file, text) in [
        ("missing.yaml", "missing.yaml"),
        ("sources", "sources"),
        ("broken.json", "can't be read"),
        ("broken.yaml", "can't be read"),
        ("swagger.yaml", "Swagger 2.0"),
        ("binary.yaml", "UTF-8"),
        ("empty.yaml", "no OpenAPI description"),
        ("bomb.yaml", "aliases"),
        ("deep.json", "can't be read"),
        ("deep.yaml", "nested too deeply"),
    ] {
        let output = run(folder.path(), &["source", "new", "rest", "acme", "--openapi", file]);
        assert_eq!(output.status.code(), Some(2), "{file}: {}", said(&output));
        assert!(said(&output).contains(text), "{file}: {}", said(&output));
    }
    let mixed =
        ["source", "new", "rest", "acme", "--openapi", "acme.yaml", "--set", "settings.base_url=https://x.example"];
    let mixed = run(folder.path(), &mixed);
    assert_eq!(mixed.status.code(), Some(2), "{}", said(&mixed));
    assert!(said(&mixed).contains("exclude each other"), "{}", said(&mixed));
    #[cfg(feature = "scim")]
    {
        let other = run(folder.path(), &["source", "new", "scim", "acme", "--openapi", "acme.yaml"]);
        assert_eq!(other.status.code(), Some(2), "{}", said(&other));
        assert!(said(&other).contains("use the connector rest"), "{}", said(&other));
    }
    assert_eq!(fs::read_dir(folder.path().join("sources")).unwrap().count(), 0);
}
