//! Installs a server that others wrote, runs it, and fills it.

use connector_core::{Change, Connector, Context, EntitlementRef, HttpOptions, Operation, Outcome};
use connector_http::{Client, Reach};
use connector_testkit::{Fixture, Subject};
use serde_json::{Value, json};
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs the steps that install something into a folder, unless it is already there.
pub(crate) async fn install(name: &str, steps: impl Fn(&PathBuf) -> Vec<Command>) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Other tests, and other processes, want the same.
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let done = folder.join("installed");
    if done.exists() {
        return folder;
    }
    std::fs::create_dir_all(&folder).unwrap();
    for mut step in steps(&folder) {
        let output = match step.stdin(Stdio::null()).output().await {
            Ok(output) => output,
            Err(error) => panic!("{name}: {}: {error}", step.as_std().get_program().display()),
        };
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::write(done, "").unwrap();
    folder
}

/// A virtual environment with these packages.
pub(crate) async fn install_python(name: &str, packages: &'static [&'static str]) -> PathBuf {
    install(name, |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
        vec![venv, pip]
    })
    .await
}

/// A running server.
pub(crate) struct Peer {
    base_url: String,
    token: String,
    process: Child,
}

impl Drop for Peer {
    /// Stops the server with the processes that it started.
    fn drop(&mut self) {
        if let Some(id) = self.process.id() {
            let _ = std::process::Command::new("kill").args(["-KILL", "--", &format!("-{id}")]).status();
        }
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

impl Peer {
    /// Starts a server and waits until it listens.
    pub(crate) async fn start(mut command: Command, port: u16, path: &str, token: &str) -> Self {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .process_group(0)
            .spawn();
        let mut process = process.unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE && process.try_wait().unwrap().is_none(), "the server did not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { base_url: format!("http://127.0.0.1:{port}{path}"), token: token.to_owned(), process }
    }

    pub(crate) fn open(&self, settings: &Value) -> Box<dyn Connector> {
        crate::server::open(&self.base_url, &self.token, settings)
    }

    /// Creates a resource as any client would.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> String {
        let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
        let context =
            Context::new("peer", ".").with_http(http).with_auth(Arc::new(crate::server::Fixed(self.token.clone())));
        let client = Client::open(&context, Reach::base(&self.base_url.parse().unwrap())).unwrap();
        let request = client.post_json(path, body).header("content-type", "application/scim+json");
        let response = request.send().await.unwrap();
        assert!(response.is_success(), "{path}: {} {:?}", response.status, response.body);
        response.json::<Value>().unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Users, and two groups, one in the other. Returns the id of an empty group.
    pub(crate) async fn fill(&self, users: u64, settings: &Value, attributes: &Value) -> String {
        let ids = self.users(users, settings, attributes).await;
        let inner = self.group("Inner", json!([{"value": ids[0], "type": "User"}])).await;
        let members = [(&inner, "Group"), (&ids[1], "User"), (&ids[2], "User")];
        let members = members.map(|(id, kind)| json!({"value": id, "type": kind}));
        self.group("Outer", json!(members)).await;
        self.group("Empty", Value::Null).await
    }

    /// Users with the connector's own operations.
    pub(crate) async fn users(&self, users: u64, settings: &Value, attributes: &Value) -> Vec<String> {
        let connector = self.open(settings);
        let mut ids = Vec::new();
        for number in 0..users {
            let name = format!("user{number:04}@acme.example");
            let mut attributes = attributes.as_object().unwrap().clone();
            attributes.insert("name.givenName".to_owned(), json!(format!("User {number}")));
            let create = Change::create(&name, attributes, Vec::new(), None);
            match connector.provision(&Operation::new("", create)).await.unwrap() {
                Outcome::Applied { account } => ids.push(account),
                other => panic!("{other:?}"),
            }
        }
        ids
    }

    async fn group(&self, name: &str, members: Value) -> String {
        let mut body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name});
        if !members.is_null() {
            body["members"] = members;
        }
        self.post("/Groups", &body).await
    }

    /// Runs the trials of the conformance kit.
    pub(crate) async fn try_all(&self, settings: &Value, group: &str, attributes: &Value) {
        let object = |value: Value| value.as_object().unwrap().clone();
        let fixture = Fixture {
            name: |word| format!("kit-{word}@acme.example"),
            attributes: object(attributes.clone()),
            update: object(json!({"title": "Boss", "name.givenName": "Ada"})),
            entitlement: EntitlementRef::new("group", group.to_owned()),
            unknown_id: None,
        };
        let subject = Subject::new(|| Ok(self.open(settings))).with_fixture(fixture);
        let report = connector_testkit::check_subject(&subject.with_secret(self.token.clone())).await;
        assert!(report.passed(), "{settings}: {report}");
    }
}
