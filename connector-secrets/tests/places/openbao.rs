//! `vault:` against a real server: OpenBao or Vault in development mode, if one is on the PATH.

use crate::asked::asked;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const ROOT: &str = "the-root-token-of-the-test";

struct Server {
    process: Child,
    address: String,
    home: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    async fn start() -> Self {
        let home = TempDir::new().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = ["bao", "vault"].into_iter().find_map(|program| {
            Command::new(program)
                .args(["server", "-dev", "-dev-no-store-token"])
                .arg(format!("-dev-root-token-id={ROOT}"))
                .arg(format!("-dev-listen-address={free}"))
                .env("HOME", home.path())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .ok()
        });
        let process = process.expect("`bao` or `vault` is on the PATH");
        let server = Self { process, address: format!("http://{free}"), home };
        let mut server = server;
        while server.process.try_wait().unwrap().is_none() {
            if server.call("GET", "sys/health", None).await == Some(200) && server.has_engine().await {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server ended before it answered");
    }

    async fn has_engine(&self) -> bool {
        self.call("POST", "secret/data/ready", Some(json!({"data": {}}))).await == Some(200)
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Option<u16> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1/{path}", self.address);
        let request = client.request(method.parse().unwrap(), url).header("X-Vault-Token", ROOT);
        let request = match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None => request,
        };
        Some(request.send().await.ok()?.status().as_u16())
    }

    fn read(&self, reference: &str, token: &str) -> Result<String, String> {
        let folder: &Path = self.home.path();
        asked(reference, folder, &[("VAULT_ADDR", &self.address), ("VAULT_TOKEN", token)])
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs bao or vault"]
async fn a_real_server_returns_a_field_and_its_refusals_are_explained() {
    let server = Server::start().await;
    let fields = json!({"data": {"client_secret": "s3cret", "other": "x"}});
    assert_eq!(server.call("POST", "secret/data/connector/app", Some(fields)).await, Some(200));
    assert_eq!(server.read("vault:secret/connector/app#client_secret", ROOT).unwrap(), "s3cret");

    let refused = |reference: &str, token: &str, part: &str| {
        let error = server.read(reference, token).unwrap_err();
        assert!(error.contains(part), "{reference}: {error}");
    };
    refused("vault:secret/connector/app#pin", ROOT, "`client_secret`, `other`");
    refused("vault:secret/connector/none#pin", ROOT, "Vault has no secret `secret/connector/none`");
    refused("vault:nowhere/app#pin", ROOT, "Vault has no secret `nowhere/app`");
    refused("vault:secret/connector/app#client_secret", "hvs.not-a-token", "does not allow this token to read");
    assert_eq!(server.call("DELETE", "secret/data/connector/app", None).await, Some(204));
    refused("vault:secret/connector/app#client_secret", ROOT, "undelete");
    assert_eq!(server.call("PUT", "sys/seal", None).await, Some(204));
    refused("vault:secret/connector/app#client_secret", ROOT, "is sealed");
}
