//! scimmy and scimmy-routers on Express, in JavaScript: no versions. On Express 5, `startIndex` and `count` have no effect.

use crate::peer::{Peer, free_port, install};
use crate::server::{accounts, ids};
use connector_core::ErrorKind;
use serde_json::json;
use std::path::PathBuf;
use tokio::process::Command;

const TOKEN: &str = "made-up-token-of-scimmy";

async fn start(express: &'static str) -> Peer {
    let name = format!("scimmy-{express}");
    let folder = install(&name, |folder| {
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(folder);
        npm.args(["--loglevel", "error", "scimmy@1.3.5", "scimmy-routers@1.3.2", express]);
        vec![npm]
    });
    let (folder, port) = (folder.await, free_port());
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/servers/scimmy.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(port.to_string()).arg(TOKEN).arg(folder);
    Peer::start(command, port, "/scim/v2", TOKEN).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs npm"]
async fn keeps_the_contract() {
    let peer = start("express@4.21.2").await;
    let attributes = json!({"name.familyName": "Kit"});
    let settings = json!({"page_size": 20, "changes": "last_modified"});
    let group = peer.fill(45, &settings, &attributes).await;
    for page_size in [7, 20, 22, 44, 45, 100] {
        let read = accounts(&*peer.open(&json!({"page_size": page_size}))).await.unwrap();
        let mut unique = ids(&read);
        unique.dedup();
        assert_eq!((read.len(), unique.len()), (45, 45), "{page_size} a page");
    }
    peer.try_all(&settings, &group, &attributes).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs npm"]
async fn a_server_that_ignores_the_start_is_an_error_and_never_a_shorter_list() {
    let peer = start("express@5.1.0").await;
    let attributes = json!({"name.familyName": "Kit"});
    peer.fill(45, &json!({}), &attributes).await;
    let error = accounts(&*peer.open(&json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("first page again"), "{error}");
    // Without pages, all is there.
    assert_eq!(
        accounts(&*peer.open(&json!({"paging": "keyset", "page_size": 20}))).await.map(|read| read.len()).unwrap(),
        45
    );
}
