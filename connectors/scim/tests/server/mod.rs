//! A SCIM server for tests, with the oddities of real ones.
#![allow(dead_code, clippy::missing_panics_doc, reason = "each test binary uses a part of it")]
#![allow(clippy::result_large_err, reason = "an answer is what it is")]

mod discovery;
mod filter;
mod patch;
mod read;
mod world;
mod write;

use connector_core::{
    Account, Assignment, Connector, Context, Entitlement, HttpOptions, Result, SettingsFault, registry,
};
use connector_scim as _;
use connector_testkit::{Whole, whole_accounts, whole_assignments, whole_entitlements};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard};
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};
pub(crate) use world::World;

/// The token that the server wants.
pub(crate) const TOKEN: &str = "made-up-token-for-this-test";

/// What a server does in its own way.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an oddity of its own")]
pub(crate) struct Traits {
    /// The most rows of a page.
    pub(crate) cap: usize,
    /// Which parts of the discovery exist.
    pub(crate) discovery: bool,
    pub(crate) schemas: bool,
    pub(crate) sort: bool,
    pub(crate) filter: bool,
    /// Filters are accepted and ignored.
    pub(crate) ignores_filter: bool,
    /// Only `eq` and `and`, as at AWS.
    pub(crate) only_eq_and: bool,
    pub(crate) etag: bool,
    pub(crate) patch: bool,
    /// Cursors of RFC 9865 are the default.
    pub(crate) cursors: bool,
    pub(crate) ignores_count: bool,
    pub(crate) ignores_start: bool,
    /// It says that it sorts, but not by id.
    pub(crate) refuses_sort: bool,
    /// The first row is number 0.
    pub(crate) counts_from_zero: bool,
    /// Each page has another order.
    pub(crate) unstable: bool,
    /// `totalResults` is the number of rows on the page.
    pub(crate) page_total: bool,
    /// `totalResults` is this much too high.
    pub(crate) total_too_high: usize,
    /// A start after the end gives the first page, as scimmy does.
    pub(crate) wraps: bool,
    /// A start after the end is refused.
    pub(crate) refuses_start_after_end: bool,
    /// Lists show no members.
    pub(crate) hides_members: bool,
    /// Members are shown only to those who ask for them.
    pub(crate) members_on_request: bool,
    /// The list ends after so many pages of users, without a cursor for the next one.
    pub(crate) loses_cursor_after: Option<u64>,
    /// A sort by id is refused from this page on.
    pub(crate) refuses_sort_from: Option<u64>,
    /// Only the first of several members in one request is removed.
    pub(crate) removes_first_only: bool,
    /// Nobody can be added to a group.
    pub(crate) refuses_members: bool,
    /// Every page is a web page.
    pub(crate) web_page: bool,
    /// `{path: members, value: […]}` removes these, and not all.
    pub(crate) removes_by_value: bool,
    /// `members[value eq …]` removes these; otherwise, it removes all.
    pub(crate) removes_by_filter: bool,
    /// Members say what they are.
    pub(crate) types_members: bool,
    /// Users list their groups.
    pub(crate) lists_groups: bool,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            cap: 200,
            discovery: true,
            schemas: true,
            sort: true,
            filter: true,
            ignores_filter: false,
            only_eq_and: false,
            etag: true,
            patch: true,
            cursors: false,
            ignores_count: false,
            ignores_start: false,
            refuses_sort: false,
            counts_from_zero: false,
            unstable: false,
            page_total: false,
            total_too_high: 0,
            wraps: false,
            refuses_start_after_end: false,
            hides_members: false,
            members_on_request: false,
            loses_cursor_after: None,
            refuses_sort_from: None,
            removes_first_only: false,
            refuses_members: false,
            web_page: false,
            removes_by_value: false,
            removes_by_filter: true,
            types_members: true,
            lists_groups: false,
        }
    }
}

type Hook = Box<dyn FnMut(&mut World, usize) + Send>;
/// Answers that a test sets: a part of the request line, how often, and the answer.
type Answers = Vec<(String, usize, ResponseTemplate)>;

struct Shared {
    traits: Traits,
    world: Mutex<World>,
    /// Called after each page of users, with the number of pages so far.
    between: Mutex<Option<Hook>>,
    pages: Mutex<usize>,
    answers: Mutex<Answers>,
}

/// A running server.
pub(crate) struct Server {
    server: MockServer,
    shared: Arc<Shared>,
}

struct Everything;
impl Match for Everything {
    fn matches(&self, _: &Request) -> bool {
        true
    }
}

struct Responder(Arc<Shared>);
impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        self.0.answer(request)
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> ResponseTemplate {
        let line = format!("{} {}", request.method, request.url);
        {
            let mut answers = self.answers.lock().unwrap();
            if let Some(set) = answers.iter_mut().find(|(part, left, _)| *left > 0 && line.contains(part.as_str())) {
                set.1 -= 1;
                return set.2.clone();
            }
        }
        let sent = request.headers.get("authorization").and_then(|value| value.to_str().ok());
        if sent != Some(&format!("Bearer {TOKEN}")) {
            return refusal(401, None, "who are you?");
        }
        if self.traits.web_page {
            return ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
        }
        let path = request.url.path().strip_prefix("/scim/v2").unwrap_or("/").to_owned();
        let parts: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut world = self.world.lock().unwrap();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["ServiceProviderConfig" | "ResourceTypes" | "Schemas"]) => {
                discovery::answer(&self.traits, parts[0]).unwrap_or_else(|| refusal(404, None, "not here"))
            }
            ("GET", [kind @ ("Users" | "Groups")]) => {
                let answer = read::list(&self.traits, &mut world, kind, request);
                if *kind == "Users" {
                    let mut pages = self.pages.lock().unwrap();
                    *pages += 1;
                    if let Some(between) = &mut *self.between.lock().unwrap() {
                        between(&mut world, *pages);
                    }
                }
                answer
            }
            ("GET", [kind @ ("Users" | "Groups"), id]) => read::one(&self.traits, &world, kind, id, request),
            ("POST", ["Users"]) => write::create(&self.traits, &mut world, request),
            ("PUT", [kind @ ("Users" | "Groups"), id]) => write::replace(&self.traits, &mut world, kind, id, request),
            ("PATCH", [kind @ ("Users" | "Groups"), id]) => write::patch(&self.traits, &mut world, kind, id, request),
            ("DELETE", ["Users", id]) => write::delete(&mut world, id),
            _ => refusal(404, None, "no such resource"),
        }
    }
}

/// An error of SCIM.
pub(crate) fn refusal(status: u16, scim_type: Option<&str>, detail: &str) -> ResponseTemplate {
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.to_string(), "detail": detail});
    if let Some(scim_type) = scim_type {
        body["scimType"] = scim_type.into();
    }
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json")
}

pub(crate) fn ok(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.to_string(), "application/scim+json")
}

impl Server {
    pub(crate) async fn start(traits: Traits, world: World) -> Self {
        let server = MockServer::start().await;
        let shared = Arc::new(Shared {
            traits,
            world: Mutex::new(world),
            between: Mutex::default(),
            pages: Mutex::default(),
            answers: Mutex::default(),
        });
        Mock::given(Everything).respond_with(Responder(shared.clone())).mount(&server).await;
        Self { server, shared }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap()
    }

    /// Calls this after each page of users.
    pub(crate) fn between(&self, hook: impl FnMut(&mut World, usize) + Send + 'static) {
        *self.shared.between.lock().unwrap() = Some(Box::new(hook));
    }

    /// Gives this answer so many times to requests whose line contains a text.
    pub(crate) fn answer(&self, part: &str, times: usize, answer: ResponseTemplate) {
        self.shared.answers.lock().unwrap().push((part.to_owned(), times, answer));
    }

    pub(crate) fn base_url(&self) -> String {
        format!("{}/scim/v2", self.server.uri())
    }

    /// The request lines so far.
    pub(crate) async fn lines(&self) -> Vec<String> {
        let all = self.server.received_requests().await.unwrap();
        all.iter().map(|request| format!("{} {}", request.method, &request.url[url::Position::BeforePath..])).collect()
    }

    /// The bodies of the requests with a method.
    pub(crate) async fn bodies(&self, method: &str) -> Vec<Value> {
        let all = self.server.received_requests().await.unwrap();
        let of_method = all.iter().filter(|request| request.method.as_str() == method);
        of_method.map(|request| serde_json::from_slice(&request.body).unwrap_or_default()).collect()
    }

    pub(crate) fn open(&self, settings: &Value) -> Box<dyn Connector> {
        open(&self.base_url(), TOKEN, settings)
    }
}

/// A connector for the server at a URL.
pub(crate) fn open(base_url: &str, token: &str, more: &Value) -> Box<dyn Connector> {
    let mut settings = more.clone();
    settings["base_url"] = base_url.into();
    let registration = registry::connector("scim").unwrap();
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    let context = Context::new("people", ".").with_http(http);
    assert_eq!(registration.check(settings.clone(), &context).unwrap(), [], "the settings are right");
    let context = context.with_auth(Arc::new(Fixed(token.to_owned())));
    registration.open(settings, &context).unwrap()
}

/// What is wrong with settings.
pub(crate) fn faults(settings: &Value) -> Vec<SettingsFault> {
    registry::connector("scim").unwrap().check(settings.clone(), &Context::new("people", ".")).unwrap()
}

/// A fixed token, without a place where it is kept.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) String);

#[connector_core::async_trait]
impl connector_core::AuthStrategy for Fixed {
    async fn credential(&self, _: &dyn connector_core::Exchange) -> Result<connector_core::Credential> {
        Ok(connector_core::Credential::Bearer(connector_core::Token::new(self.0.clone().into())))
    }
    async fn check(&self, _: &mut connector_core::TestReport) {}
    fn token_url(&self) -> Option<&url::Url> {
        None
    }
}

pub(crate) async fn accounts(connector: &dyn Connector) -> Result<Vec<Account>> {
    Ok(whole_accounts(connector).await?.items)
}

/// All accounts, and why the list may be incomplete.
pub(crate) async fn account_pages(connector: &dyn Connector) -> Result<(Vec<Account>, Option<String>)> {
    let Whole { items, incomplete } = whole_accounts(connector).await?;
    Ok((items, incomplete.into_iter().next()))
}

pub(crate) async fn entitlements(connector: &dyn Connector) -> Result<Vec<Entitlement>> {
    Ok(whole_entitlements(connector).await?.items)
}

pub(crate) async fn assignments(connector: &dyn Connector) -> Result<Vec<Assignment>> {
    Ok(whole_assignments(connector).await?.items)
}

/// The ids of accounts, sorted.
pub(crate) fn ids(accounts: &[Account]) -> Vec<&str> {
    let mut ids: Vec<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    ids.sort_unstable();
    ids
}
