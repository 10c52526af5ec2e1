//! `vault:` against the documented API of the key-value engine, version 2.

use crate::asked::asked;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const TOKEN: &str = "hvs.the-token-of-the-test";

async fn answering(template: ResponseTemplate) -> (MockServer, TempDir) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    (server, TempDir::new().unwrap())
}

fn secret(fields: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "request_id": "5f3d", "lease_id": "", "renewable": false, "lease_duration": 0,
        "data": {"data": fields, "metadata": {"version": 3, "destroyed": false}},
        "wrap_info": null, "warnings": null, "auth": null,
    }))
}

fn read(server: &MockServer, folder: &Path, more: &[(&str, &str)]) -> Result<String, String> {
    let address = server.uri();
    let mut variables = vec![("VAULT_ADDR", address.as_str()), ("VAULT_TOKEN", TOKEN)];
    variables.extend_from_slice(more);
    asked("vault:secret/connector/sales force#client_secret", folder, &variables)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_is_read_with_the_token_and_the_namespace() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/secret/data/connector/sales%20force"))
        .and(header("X-Vault-Token", TOKEN))
        .and(header("X-Vault-Namespace", "team/iga"))
        .and(header("X-Vault-Request", "true"))
        .respond_with(secret(&json!({"client_secret": "s3cret", "pin": 1})))
        .expect(1)
        .mount(&server)
        .await;
    let folder = TempDir::new().unwrap();
    assert_eq!(read(&server, folder.path(), &[("VAULT_NAMESPACE", "team/iga")]).unwrap(), "s3cret");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_variable_the_token_comes_from_a_file() {
    let server = MockServer::start().await;
    Mock::given(header("X-Vault-Token", TOKEN))
        .respond_with(secret(&json!({"client_secret": "s3cret"})))
        .mount(&server)
        .await;
    let folder = TempDir::new().unwrap();
    let none = [("VAULT_TOKEN", "")];
    let error = read(&server, folder.path(), &none).unwrap_err();
    assert!(error.contains("token is missing") && error.contains("vault login"), "{error}");
    fs::write(folder.path().join(".vault-token"), TOKEN).unwrap();
    for mode in [0o666, 0o640, 0o604] {
        fs::set_permissions(folder.path().join(".vault-token"), fs::Permissions::from_mode(mode)).unwrap();
        let error = read(&server, folder.path(), &none).unwrap_err();
        assert!(error.contains("other users can read") && error.contains("chmod 600"), "{mode:o}: {error}");
    }
    fs::set_permissions(folder.path().join(".vault-token"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(read(&server, folder.path(), &none).unwrap(), "s3cret");
    fs::rename(folder.path().join(".vault-token"), folder.path().join("token")).unwrap();
    let named = [("VAULT_TOKEN", ""), ("VAULT_TOKEN_FILE", "token")];
    assert_eq!(read(&server, folder.path(), &named).unwrap(), "s3cret");
    let missing = [("VAULT_TOKEN", ""), ("VAULT_TOKEN_FILE", "elsewhere")];
    assert!(read(&server, folder.path(), &missing).unwrap_err().contains("`elsewhere`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_help_and_shows_no_secret() {
    let cases = [
        (403, json!({"errors": ["1 error occurred: permission denied"]}), "capabilities = [\"read\"]"),
        (404, json!({"errors": []}), "vault kv get -mount=secret"),
        (404, json!({"data": {"data": null, "metadata": {"deletion_time": "2026-01-01T00:00:00Z"}}}), "undelete"),
        (503, json!({"errors": ["Vault is sealed"]}), "sealed"),
        (473, json!({"errors": []}), "standby"),
        (500, json!({"errors": ["s3cret"]}), "status 500"),
        (200, json!({"hello": "s3cret"}), "version 2"),
        (200, json!({"data": {"data": {"other": "s3cret", "more": "s3cret"}}}), "`other`, `more`"),
        (200, json!({"data": {"data": {"client_secret": {"deep": "s3cret"}}}}), "not text"),
        (200, json!({"data": {"data": {"client_secret": ""}}}), "empty"),
    ];
    for (status, body, part) in cases {
        let (server, folder) = answering(ResponseTemplate::new(status).set_body_json(body)).await;
        let error = read(&server, folder.path(), &[]).unwrap_err();
        assert!(error.starts_with("secret: ") && error.contains(part), "{status}: {error}");
        assert!(!error.contains("s3cret") && !error.contains(TOKEN), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_does_not_get_the_token() {
    let (elsewhere, _) = answering(secret(&json!({"client_secret": "s3cret"}))).await;
    let redirect = ResponseTemplate::new(307).insert_header("Location", elsewhere.uri());
    let (server, folder) = answering(redirect).await;
    let error = read(&server, folder.path(), &[]).unwrap_err();
    assert!(error.contains("active server"), "{error}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[test]
fn an_address_that_would_expose_the_token_is_refused() {
    let folder = TempDir::new().unwrap();
    for (address, part) in [
        ("", "`VAULT_ADDR` is not set"),
        ("vault.example.com:8200", "not a URL"),
        ("http://vault.example.com:8200", "plain http"),
        ("http://vault.localhost:8200", "plain http"),
        ("https://user:s3cret@vault.example.com", "contains a password"),
    ] {
        let variables = [("VAULT_ADDR", address), ("VAULT_TOKEN", TOKEN)];
        let error = asked("vault:secret/app#key", folder.path(), &variables).unwrap_err();
        assert!(error.contains(part) && !error.contains("s3cret"), "{address}: {error}");
    }
}

#[test]
fn an_unreachable_server_is_named() {
    let folder = TempDir::new().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let variables = [("VAULT_ADDR", &*format!("http://{free}")), ("VAULT_TOKEN", TOKEN)];
    let error = asked("vault:secret/app#key", folder.path(), &variables).unwrap_err();
    assert!(error.contains(&free.to_string()) && error.contains("VAULT_CACERT"), "{error}");
}
