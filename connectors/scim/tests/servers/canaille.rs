//! canaille, an identity provider in Python: it fails at `count`, ignores filters, and wants `name.formatted`.

use crate::peer::{Peer, free_port, install_python};
use crate::server::{accounts, ids};
use connector_core::{Change, Concern, Operation, Outcome};
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;
use tokio::process::Command;

const TOKEN: &str = "made-up-token-of-canaille";

fn config(folder: &Path, port: u16) -> String {
    format!(
        r#"
SECRET_KEY = "0123456789abcdef0123456789abcdef"
SERVER_NAME = "127.0.0.1:{port}"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{folder}/canaille.sqlite"
[CANAILLE_SCIM]
ENABLE_SERVER = true
[CANAILLE.ACL.DEFAULT]
PERMISSIONS = ["edit_self", "use_oidc", "manage_users", "manage_all_groups"]
READ = ["user_name"]
WRITE = ["password"]
"#,
        folder = folder.display()
    )
}

async fn start() -> (Peer, TempDir) {
    let installed = install_python(
        "canaille",
        &["canaille[front,oidc,scim,sqlite,server]==0.3.6", "scim2-models==0.6.12", "scim2-client==0.7.5"],
    );
    let (folder, port, files) = (installed.await, free_port(), tempfile::tempdir().unwrap());
    let path = files.path().join("config.toml");
    std::fs::write(&path, config(files.path(), port)).unwrap();
    let command = || {
        let mut command = Command::new(folder.join("bin/canaille"));
        command.env("CANAILLE_CONFIG", &path).current_dir(files.path());
        command
    };
    let client = "create client --client-id iga --client-secret made-up --client-name iga --client-uri http://127.0.0.1:1 \
                  --grant-types client_credentials --scope openid --token-endpoint-auth-method client_secret_basic";
    let token = format!(
        "create token --token-id t1 --access-token {TOKEN} --client iga --subject admin --type access_token \
         --lifetime 3600000000 --scope openid --issue-date 2026-01-01T00:00:00+00:00"
    );
    let admin = "create user --user-name admin --family-name Admin --given-name A --formatted-name Admin \
                 --emails admin@acme.example --password made-up-password-1";
    for words in ["install", admin, client, &token] {
        let output = command().args(words.split_whitespace()).output().await.unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut server = command();
    server.args(["run", "--bind", &format!("127.0.0.1:{port}")]);
    (Peer::start(server, port, "/scim/v2", TOKEN).await, files)
}

fn attributes() -> Value {
    json!({"name.familyName": "Kit", "name.formatted": "Kit", "emails": [{"value": "kit@acme.example"}]})
}

/// The kit does not apply: groups name their members by the login name, and not by the id.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3"]
async fn users_of_a_server_without_pages_and_filters_are_read_found_and_changed() {
    let (peer, _files) = start().await;
    let settings = json!({"paging": "none"});
    let people = peer.users(8, &settings, &attributes()).await;
    let connector = peer.open(&settings);
    let read = accounts(&*connector).await.unwrap();
    assert_eq!(read.len(), 9);
    let ability = connector.capabilities().accounts().unwrap();
    let wanted = [people[3].clone(), "user0005@acme.example".to_owned(), "nobody".to_owned()];
    let found = ability.find_accounts(&wanted, &Concern::default()).await.unwrap();
    assert_eq!((ids(&found[0]), ids(&found[1]), found[2].len()), (vec![&*people[3]], vec![&*people[5]], 0));
    let change = |change| Operation::new(people[3].clone(), change);
    let title = || Change::set(json!({"title": "Boss"}).as_object().unwrap().clone());
    assert_eq!(connector.provision(&change(title())).await.unwrap(), Outcome::applied(&*people[3]));
    assert!(matches!(connector.provision(&change(title())).await.unwrap(), Outcome::Unchanged { .. }));
    connector.provision(&change(Change::Delete)).await.unwrap();
    assert_eq!(accounts(&*connector).await.unwrap().len(), 8);
}
