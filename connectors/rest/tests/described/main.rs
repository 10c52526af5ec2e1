//! The described systems in `examples/`, each against answers made by hand after the public documents of its API; and the
//! descriptions in the book.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod book;

use connector_core::{
    Connector, Context, Credential, Cursor, Exchange, HttpOptions, Operation, Page, Result, SecretRef, StepStatus,
    TestReport, async_trait, registry,
};
use connector_http as _;
use connector_rest as _;
use connector_testkit::Replay;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What a system answers, and what Connector must make of it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    /// The settings of the source.
    #[serde(default)]
    settings: Map<String, Value>,
    answers: Vec<Answer>,
    accounts: Vec<String>,
    entitlements: Vec<String>,
    assignments: Vec<String>,
    #[serde(default)]
    operations: Vec<Step>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// Method, path and decoded query.
    ask: String,
    /// The body that must come with it.
    send: Option<Value>,
    /// The headers that must come with it.
    #[serde(default)]
    with: BTreeMap<String, String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

fn ok() -> u16 {
    200
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "do")]
    operation: Value,
    is: String,
}

#[derive(Default)]
struct Seen {
    asked: BTreeSet<usize>,
    unknown: Vec<String>,
}

struct Answers {
    all: Vec<Answer>,
    base: Mutex<String>,
    seen: Arc<Mutex<Seen>>,
}

struct Shared(Arc<Answers>);

impl Respond for Shared {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: Vec<_> = request.url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let asked = format!("{} {}{query}", request.method, request.url.path());
        let sent = serde_json::from_slice::<Value>(&request.body).ok();
        let mut seen = self.0.seen.lock().unwrap();
        let found = self.0.all.iter().position(|one| {
            one.ask == asked && (one.send.is_none() || one.send == sent) && has_all(request, &one.with)
        });
        let Some(at) = found else {
            seen.unknown.push(format!("{asked} {}", sent.map(|sent| sent.to_string()).unwrap_or_default()));
            return ResponseTemplate::new(501);
        };
        seen.asked.insert(at);
        let answer = &self.0.all[at];
        let base = self.0.base.lock().unwrap().clone();
        let mut response = ResponseTemplate::new(answer.status);
        for (name, value) in &answer.headers {
            response = response.insert_header(name.as_str(), value.replace("BASE", &base).as_str());
        }
        if answer.body.is_null() {
            return response;
        }
        let body = answer.body.to_string().replace("BASE", &base);
        response.set_body_raw(body, "application/json")
    }
}

fn has_all(request: &Request, headers: &BTreeMap<String, String>) -> bool {
    headers.iter().all(|(name, value)| request.headers.get(name.as_str()).is_some_and(|given| given == value.as_str()))
}

#[derive(Debug)]
struct SignedIn(&'static str, String);

#[async_trait]
impl connector_core::AuthStrategy for SignedIn {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        Ok(Credential::header(self.0, self.1.clone().into()))
    }

    async fn check(&self, _: &mut TestReport) {}
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn yaml(path: &Path) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The connector of a description, and what its checks find.
fn load(mut description: Value, name: &str) -> Arc<registry::ConnectorRegistration> {
    description.as_object_mut().unwrap().remove("format");
    let format = registry::connector_formats().into_iter().find(|format| format.name == "rest").unwrap();
    let faults = (format.check)(description.clone()).unwrap();
    assert_eq!(faults, [], "{name}");
    Arc::new((format.load)(description, name).unwrap())
}

fn context() -> Context {
    context_with(SignedIn("Authorization", "test".to_owned()))
}

fn context_with_key(key: &str) -> Context {
    context_with(SignedIn("X-Api-Key", key.to_owned()))
}

fn context_with(sign_in: SignedIn) -> Context {
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    Context::new("acme", std::env::temp_dir()).with_http(http).with_auth(Arc::new(sign_in))
}

/// The same description with its host on this machine.
fn local(mut description: Value, uri: &str, settings: &mut Map<String, Value>) -> Value {
    // The limits of the real system would only make the test slow.
    description.as_object_mut().unwrap().remove("limits");
    let base = description["base_url"].as_str().unwrap().to_owned();
    if base.starts_with("{settings.url}") {
        settings.insert("url".to_owned(), uri.into());
    } else {
        let path = base.split("://").nth(1).unwrap().split_once('/').map_or("", |(_, path)| path);
        description["base_url"] = format!("{uri}/{path}").into();
    }
    description
}

async fn all<T>(page: impl AsyncFn(&Cursor) -> Result<Page<T>>, line: impl Fn(&T) -> Vec<String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut left = VecDeque::from([Cursor::start()]);
    while let Some(cursor) = left.pop_front() {
        let page = page(&cursor).await.unwrap();
        assert_eq!(page.incomplete(), None);
        let (items, next) = page.into_parts();
        lines.extend(items.iter().flat_map(&line));
        left.extend(next);
    }
    lines
}

async fn check(name: &str) {
    let path = folder("examples").join(format!("{name}.yaml"));
    let lines = fs::read_to_string(&path).unwrap().lines().count();
    assert!(lines < 80, "{name} has {lines} lines");
    let fixture = yaml(&folder("tests/described").join(format!("{name}.yaml")));
    let mut fixture: Fixture = serde_json::from_value(fixture).unwrap();
    let seen = Arc::<Mutex<Seen>>::default();
    let answers = Arc::new(Answers { all: fixture.answers.clone(), base: Mutex::default(), seen: seen.clone() });
    let server = MockServer::start().await;
    *answers.base.lock().unwrap() = server.uri();
    Mock::given(any()).respond_with(Shared(answers)).mount(&server).await;
    let description = local(yaml(&path), &server.uri(), &mut fixture.settings);
    let registration = load(description, name);
    let settings = Value::Object(fixture.settings.clone());
    assert_eq!(registration.check(settings.clone(), &context()).unwrap(), [], "{name}");
    let connector = registration.open(settings, &context()).unwrap();
    compare(name, connector.as_ref(), &fixture, &seen).await;
}

async fn compare(name: &str, connector: &dyn Connector, fixture: &Fixture, seen: &Mutex<Seen>) {
    let unknown = || seen.lock().unwrap().unknown.clone();
    read(name, connector, fixture, unknown).await;
    change(name, connector, fixture, unknown).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.unknown, Vec::<String>::new(), "{name}");
    let unasked: Vec<_> = (0..fixture.answers.len()).filter(|at| !seen.asked.contains(at)).collect();
    let unasked: Vec<_> = unasked.into_iter().map(|at| fixture.answers[at].ask.as_str()).collect();
    assert_eq!(unasked, Vec::<&str>::new(), "{name}: answers that nobody asks for");
}

async fn read(name: &str, connector: &dyn Connector, fixture: &Fixture, unknown: impl Fn() -> Vec<String>) {
    let mut report = TestReport::new();
    connector.test_connection(&mut report).await;
    for step in report.steps() {
        assert_eq!(step.status, StepStatus::Passed, "{name}: {step:?} {:?}", unknown());
    }
    let accounts = all(
        async |cursor: &Cursor| connector.aggregate_accounts(cursor).await,
        |one| {
            let state = if one.enabled { "" } else { " disabled" };
            let held: Vec<_> = one.entitlements.iter().map(|held| format!(" {held}")).collect();
            vec![format!("{} {}{state}{}", one.id, one.name, held.concat())]
        },
    );
    assert_eq!(accounts.await, fixture.accounts, "{name} {:?}", unknown());
    let ability = connector.capabilities().entitlements().unwrap();
    let entitlements = all(
        async |cursor: &Cursor| ability.entitlements(cursor).await,
        |one| vec![format!("{} {}", one.key, one.name)],
    );
    assert_eq!(entitlements.await, fixture.entitlements, "{name} {:?}", unknown());
    let assignments = all(
        async |cursor: &Cursor| ability.assignments(cursor).await,
        |one| {
            let until = one.valid_until.map(|until| format!(" until {until}")).unwrap_or_default();
            vec![format!("{} {}{until}", one.holder, one.entitlement)]
        },
    );
    assert_eq!(assignments.await, fixture.assignments, "{name} {:?}", unknown());
}

async fn change(name: &str, connector: &dyn Connector, fixture: &Fixture, unknown: impl Fn() -> Vec<String>) {
    for step in &fixture.operations {
        let operation: Operation<SecretRef> = serde_json::from_value(step.operation.clone()).unwrap();
        let password = operation.change.password().map(|_| "s3cret-word".into());
        let operation = Operation::new(operation.account, operation.change.with_password(password));
        let outcome = match connector.provision(&operation).await {
            Ok(connector_core::Outcome::Applied { account }) => format!("applied {account}"),
            Ok(connector_core::Outcome::Unchanged { .. }) => "unchanged".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{}: {error}", error.kind()),
        };
        assert_eq!(outcome, step.is, "{name}: {} {:?}", step.operation, unknown());
    }
}

/// A folder as `connector test --record` writes it is enough to test a description. This one was recorded from the answers made by
/// hand in `github.yaml`, with the real address.
#[tokio::test]
async fn a_recording_of_github_is_read_without_github() {
    let fixture = yaml(&folder("tests/described/github.yaml"));
    let mut fixture: Fixture = serde_json::from_value(fixture).unwrap();
    let replay = Replay::start(folder("tests/recordings/github")).unwrap();
    let description = local(yaml(&folder("examples/github.yaml")), replay.url(), &mut fixture.settings);
    let registration = load(description, "github");
    let connector = registration.open(Value::Object(fixture.settings.clone()), &context()).unwrap();
    read("github", connector.as_ref(), &fixture, || replay.unknown()).await;
    replay.finish().unwrap();
}

#[tokio::test]
async fn atlassian_is_read_and_changed() {
    check("atlassian").await;
}

#[tokio::test]
async fn github_is_read_and_changed() {
    check("github").await;
}

#[tokio::test]
async fn gitlab_is_read_and_changed() {
    check("gitlab").await;
}

#[tokio::test]
async fn keycloak_is_read_and_changed() {
    check("keycloak").await;
}

#[tokio::test]
async fn okta_is_read_and_changed() {
    check("okta").await;
}

#[tokio::test]
async fn pagerduty_is_read_and_changed() {
    check("pagerduty").await;
}

#[tokio::test]
async fn slack_is_read() {
    check("slack").await;
}

#[tokio::test]
async fn zendesk_is_read_and_changed() {
    check("zendesk").await;
}

/// Every description in the book is right, and the first one is a whole source.
#[test]
fn the_descriptions_in_the_book_have_no_fault() {
    let book = fs::read_to_string(folder("../../docs/rest.md")).unwrap();
    let blocks: Vec<_> = book.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    let source: Value = serde_yaml::from_str(blocks[0]).unwrap();
    let settings = source["settings"].clone();
    assert_eq!(registry::connector("rest").unwrap().check(settings.clone(), &context()).unwrap(), []);
    let connector = registry::connector("rest").unwrap().open(settings, &context()).unwrap();
    assert_eq!(connector.schema().operations.len(), 7);
    let made = load(serde_yaml::from_str(blocks[1]).unwrap(), "acme");
    assert_eq!((&*made.title, &*made.grant_types), ("Acme", &["api_key", "bearer"][..]));
}

/// The settings of a source can't lead the credentials to another host.
#[test]
fn a_setting_cannot_change_the_host_of_its_connector() {
    let acme = |base_url: &str| {
        let description = serde_json::json!({
            "settings": {"site": {}, "url": {"type": "url", "default": "https://x.example"}},
            "base_url": base_url,
            "accounts": {"get": "/u", "page": "none", "map": {"id": "item.id"}},
        });
        load(description, "acme")
    };
    let by_name = acme("https://{settings.site}.acme.example/v2");
    let settings = |site: &str| serde_json::json!({"site": site});
    for right in ["x", "eu-1", "a.b"] {
        assert_eq!(by_name.check(settings(right), &context()).unwrap(), [], "{right}");
    }
    for wrong in [
        "evil.example/",
        "evil.example#",
        "evil.example?",
        "user@evil.example",
        "evil.example:8443",
        "evil.example\\",
        "",
    ] {
        assert_eq!(by_name.check(settings(wrong), &context()).unwrap().len(), 1, "{wrong}");
    }
    let by_url = acme("{settings.url}/v2");
    let url = |url: &str| serde_json::json!({"site": "x", "url": url});
    assert_eq!(by_url.check(url("https://acme.example/base/"), &context()).unwrap(), []);
    for wrong in ["acme.example", "ftp://acme.example", "https://user:pass@acme.example", "https://acme.example/?a=b"] {
        assert_eq!(by_url.check(url(wrong), &context()).unwrap().len(), 1, "{wrong}");
    }
}
