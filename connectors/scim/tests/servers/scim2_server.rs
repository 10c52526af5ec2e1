//! scim2-server, in Python: all of the standard, with versions, and with cursors if it is asked to.

use crate::peer::{Peer, free_port, install_python};
use crate::server::{accounts, assignments, ids};
use connector_core::{Change, EntitlementRef, Operation};
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::process::Command;

const TOKEN: &str = "made-up-token-of-scim2-server";

/// A small maximum for pages, and cursors.
const AWKWARD: &str = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"], "patch": {"supported": true},
 "bulk": {"supported": true, "maxOperations": 1000, "maxPayloadSize": 1048576}, "filter": {"supported": true, "maxResults": 50},
 "changePassword": {"supported": true}, "sort": {"supported": true}, "etag": {"supported": true},
 "pagination": {"cursor": true, "index": true, "defaultPaginationMethod": "METHOD", "defaultPageSize": 20, "maxPageSize": 50, "cursorTimeout": 60}}"#;

async fn installed() -> PathBuf {
    install_python("scim2-server", &["scim2-server[cursor]==0.8.3"]).await
}

/// A server; with a method, one with small pages that prefers it.
async fn start(method: Option<&str>) -> (Peer, TempDir) {
    let (folder, port, files) = (installed().await, free_port(), tempfile::tempdir().unwrap());
    let mut command = Command::new(folder.join("bin/scim2-server"));
    command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
    if let Some(method) = method {
        let config = files.path().join("config.json");
        std::fs::write(&config, AWKWARD.replace("METHOD", method)).unwrap();
        command.arg("--service-provider-config").arg(config);
    }
    (Peer::start(command, port, "/v2", TOKEN).await, files)
}

fn plain() -> Value {
    json!({"name.familyName": "Kit"})
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn keeps_the_contract() {
    let (peer, _files) = start(None).await;
    let settings = json!({"page_size": 40, "changes": "last_modified"});
    let group = peer.fill(130, &settings, &plain()).await;
    peer.try_all(&settings, &group, &plain()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn keeps_the_contract_with_put_and_keyset_pages() {
    let (peer, _files) = start(None).await;
    let settings = json!({"page_size": 40, "paging": "keyset", "write": {"users": "put", "groups": "put"}});
    let group = peer.fill(90, &settings, &plain()).await;
    peer.try_all(&settings, &group, &plain()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn keeps_the_contract_with_small_pages_and_cursors() {
    for method in ["index", "cursor"] {
        let (peer, _files) = start(Some(method)).await;
        let settings = json!({"page_size": 500, "write": {"member_removal": "replace"}});
        let group = peer.fill(130, &settings, &plain()).await;
        peer.try_all(&settings, &group, &plain()).await;
        let read = accounts(&*peer.open(&settings)).await.unwrap();
        let mut unique = ids(&read);
        unique.dedup();
        assert_eq!(unique.len(), read.len(), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn a_form_of_removal_that_the_server_refuses_removes_nobody_and_names_the_setting() {
    let (peer, _files) = start(None).await;
    let group = peer.fill(5, &json!({}), &plain()).await;
    let entitlement = EntitlementRef::new("group", group);
    for (form, left) in [("value", 3), ("filter", 2), ("replace", 2)] {
        let connector = peer.open(&json!({"write": {"member_removal": form}}));
        let people = accounts(&*connector).await.unwrap();
        let operation = |person: usize, change| Operation::new(people[person].id.clone(), change);
        for person in 0..3 {
            connector.provision(&operation(person, Change::grant(entitlement.clone(), None))).await.unwrap();
        }
        let revoked = connector.provision(&operation(1, Change::revoke(entitlement.clone()))).await;
        if let Err(error) = &revoked {
            assert!(error.help().unwrap().contains("member_removal"), "{error:?}");
        }
        assert_eq!(revoked.is_err(), form == "value", "{revoked:?}");
        let held = assignments(&*connector).await.unwrap();
        assert_eq!(held.iter().filter(|one| one.entitlement == entitlement).count(), left, "{form}");
    }
}
