//! An org whose answers a test sets, and a connector opened on it.

use async_trait::async_trait;
use connector_core::{
    AuthStrategy, Connector, Context, Credential, Cursor, Exchange, HttpOptions, Page, Result, TestReport, Token,
};
use connector_core::{Settings as _, registry};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use url::Url;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

/// Answers by what is asked: an object for a query, else the path below the version.
type Answers = Arc<Mutex<HashMap<String, Vec<ResponseTemplate>>>>;

pub(crate) struct Org {
    server: MockServer,
    answers: Answers,
    logins: Arc<AtomicU64>,
}

struct Everything;
impl Match for Everything {
    fn matches(&self, _: &Request) -> bool {
        true
    }
}

struct Responder(Answers);
impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut answers = self.0.lock().unwrap();
        let Some(set) = answers.get_mut(&about(request)) else { return default(request) };
        if set.len() > 1 { set.remove(0) } else { set[0].clone() }
    }
}

/// What a request is about.
fn about(request: &Request) -> String {
    let query = soql(request);
    let object = query.as_deref().and_then(|soql| soql.split(" FROM ").nth(1)?.split(' ').next().map(str::to_owned));
    object.unwrap_or_else(|| request.url.path().trim_start_matches("/services/data/").to_owned())
}

fn soql(request: &Request) -> Option<String> {
    request.url.query_pairs().find(|(name, _)| name == "q").map(|(_, soql)| soql.into_owned())
}

fn default(request: &Request) -> ResponseTemplate {
    let path = request.url.path();
    let body = match path {
        "/services/data/" => json!([{"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"},
            {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"}]),
        "/services/data/v67.0/sobjects/User/describe" => describe(&[]),
        "/services/data/v67.0/limits/recordCount" => json!({"sObjects": []}),
        "/services/data/v67.0/query" => page(&[]),
        _ => return refusal(404, "NOT_FOUND", "The requested resource does not exist"),
    };
    ok(&body)
}

/// The names of the standard fields that the connector knows, as its schema tells them.
fn standard_fields() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let schema = connector("{}", &Context::new("x", "/"), "http://localhost:1").schema();
        schema.attributes.into_iter().map(|attribute| attribute.name).collect()
    })
}

/// A description of User with the standard fields and more.
pub(crate) fn describe(more: &[(&str, &str)]) -> Value {
    let standard = standard_fields().iter().map(|name| (name.as_str(), "string"));
    let all = [("Id", "id")].into_iter().chain(standard).chain(more.iter().copied());
    let fields: Vec<_> = all.map(|(name, kind)| json!({"name": name, "type": kind, "label": name})).collect();
    json!({"name": "User", "fields": fields})
}

pub(crate) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).insert_header("Sforce-Limit-Info", "api-usage=1234/100000").set_body_json(body)
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!([{"message": message, "errorCode": code}]))
}

/// A complete page.
pub(crate) fn page(records: &[Value]) -> Value {
    json!({"totalSize": records.len(), "done": true, "records": records})
}

pub(crate) fn record(object: &str, id: &str, mut fields: Value) -> Value {
    let mut record = json!({"attributes": {"type": object, "url": format!("/services/data/v67.0/sobjects/{object}/{id}")}, "Id": id});
    record.as_object_mut().unwrap().append(fields.as_object_mut().unwrap());
    record
}

/// The id of user number `number`, in its 18 characters.
pub(crate) fn user_id(number: u64) -> String {
    format!("005ak{number:010}AAA")
}

/// A user with every standard field.
pub(crate) fn user(number: u64) -> Value {
    let nulls: serde_json::Map<_, _> = standard_fields().iter().map(|name| (name.clone(), Value::Null)).collect();
    let mut values = Value::Object(nulls);
    values["Username"] = json!(format!("user{number}@acme.example"));
    values["Name"] = json!(format!("User {number}"));
    values["IsActive"] = json!(number.is_multiple_of(2));
    values["ProfileId"] = json!("00eak0000000001AAA");
    record("User", &user_id(number), values)
}

impl Org {
    pub(crate) async fn start() -> Self {
        let (server, answers) = (MockServer::start().await, Answers::default());
        Mock::given(Everything).respond_with(Responder(answers.clone())).mount(&server).await;
        Self { server, answers, logins: Arc::default() }
    }

    /// Sets the answers about something; the last one stays.
    pub(crate) fn answer(&self, about: &str, answers: Vec<ResponseTemplate>) {
        self.answers.lock().unwrap().insert(about.to_owned(), answers);
    }

    pub(crate) fn open(&self) -> Box<dyn Connector> {
        self.open_with("{}")
    }

    pub(crate) fn open_with(&self, settings: &str) -> Box<dyn Connector> {
        let strategy = FixedToken { token_url: self.server.uri().parse().unwrap(), logins: self.logins.clone() };
        let context = Context::new("salesforce", "/").with_auth(Arc::new(strategy));
        connector(settings, &context, &self.server.uri())
    }

    /// How many tokens were given out.
    pub(crate) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    /// How many requests were about something.
    pub(crate) async fn requests(&self, what: &str) -> usize {
        self.server.received_requests().await.unwrap().iter().filter(|request| about(request) == what).count()
    }

    /// The queries of an object, in order.
    pub(crate) async fn queries(&self, object: &str) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap();
        requests.iter().filter(|request| about(request) == object).filter_map(soql).collect()
    }
}

fn connector(settings: &str, context: &Context, url: &str) -> Box<dyn Connector> {
    let settings: connector_salesforce::Settings = serde_json::from_str(settings).unwrap();
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    let context = context.clone().with_http(http);
    let context = if context.auth().is_ok() {
        context
    } else {
        context.with_auth(Arc::new(FixedToken { token_url: url.parse().unwrap(), logins: Arc::default() }))
    };
    assert!(registry::connector("salesforce").is_ok());
    settings.open(&context).unwrap()
}

/// Gives a token at once.
#[derive(Debug)]
struct FixedToken {
    token_url: Url,
    logins: Arc<AtomicU64>,
}

#[async_trait]
impl AuthStrategy for FixedToken {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        let number = self.logins.fetch_add(1, Ordering::Relaxed);
        let members = json!({"instance_url": self.token_url.as_str()}).as_object().unwrap().clone();
        Ok(Credential::Bearer(Token::new(format!("00D!token{number}").into()).with_members(members)))
    }
    async fn check(&self, _: &mut TestReport) {}
    fn token_url(&self) -> Option<&Url> {
        Some(&self.token_url)
    }
}

/// Follows every cursor from the start, last one first; gives the pages.
pub(crate) async fn all<T, F>(mut read: impl FnMut(Cursor) -> F) -> Result<Vec<Page<T>>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut frontier = vec![Cursor::start()];
    let mut pages = Vec::new();
    while let Some(cursor) = frontier.pop() {
        let page = read(cursor).await?;
        frontier.extend_from_slice(page.next());
        pages.push(page);
        assert!(pages.len() < 1_000, "the read does not end");
    }
    Ok(pages)
}
