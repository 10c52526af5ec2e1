//! A simulated system with a REST API, on loopback: an API key, a cursor that expires, offsets with a count in a header, page
//! numbers for each group, `ETag`s, and operations of every kind.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use connector_core::{
    Account, Assignment, Connector, Context, Cursor, Entitlement, Error, HttpOptions, Page, Result, SettingsFault,
    registry,
};
use connector_http as _;
use connector_rest as _;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const KEY: &str = "acme-key-7f3a";

/// The system.
pub(crate) struct Acme {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

/// What the system has.
#[derive(Default)]
pub(crate) struct State {
    users: BTreeMap<u64, Value>,
    groups: BTreeMap<String, BTreeSet<u64>>,
    next: u64,
    clock: u64,
    /// How many users a page has.
    page: usize,
    /// Answers that come instead, each once, by method and path.
    pub(crate) instead: Vec<(String, ResponseTemplate)>,
    /// What was asked: method, path and query.
    pub(crate) asked: Vec<String>,
    /// The cursors that were given and not used yet.
    cursors: BTreeMap<String, usize>,
}

struct Answers(Arc<Mutex<State>>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap();
        let line = format!("{} {}", request.method, request.url.path());
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        state.asked.push(format!("{line}{query}"));
        if let Some(at) = state.instead.iter().position(|(wanted, _)| *wanted == line) {
            return state.instead.remove(at).1;
        }
        if request.headers.get("x-api-key").is_none_or(|key| key.as_bytes() != KEY.as_bytes()) {
            return fault(401, "no key");
        }
        state.answer(request).insert_header("Date", "Mon, 30 Nov 2026 08:00:00 GMT")
    }
}

pub(crate) fn fault(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"code": code, "message": format!("{code} happened")}))
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

impl State {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().trim_start_matches("/v2/").to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["me"]) => ok(&json!({"active": true, "org": "acme-42"})),
            ("GET", ["users"]) => self.users(&query),
            ("POST", ["users"]) => self.create(&body),
            ("GET", ["groups"]) => self.groups(&query),
            ("GET", ["roles"]) => ok(&json!([{"id": "r1", "name": "Reader"}, {"id": "r2", "name": "Writer"}])),
            (_, ["users", id, rest @ ..]) => self.user(request, id, rest, &body),
            ("GET", ["groups", id, "members"]) => self.members(id, &query),
            (method, ["groups", group, "members", user]) => self.member(method, group, user),
            _ => fault(404, "unknown_path"),
        }
    }

    fn users(&mut self, query: &BTreeMap<String, String>) -> ResponseTemplate {
        let mut all: Vec<Value> = self.users.values().cloned().collect();
        if let Some(login) = query.get("login") {
            all.retain(|user| user["login"] == **login);
            return ok(&json!({"data": all}));
        }
        if let Some(since) = query.get("updated_after") {
            all.retain(|user| user["updated"].as_str().unwrap() >= since.as_str());
        }
        let from = match query.get("cursor") {
            None => 0,
            Some(cursor) => match self.cursors.get(cursor) {
                Some(from) => *from,
                None => return fault(400, "cursor_expired"),
            },
        };
        let end = (from + self.page).min(all.len());
        let mut body = json!({"data": all[from..end], "total": all.len()});
        if end < all.len() {
            let cursor = format!("c{end}");
            self.cursors.insert(cursor.clone(), end);
            body["next"] = cursor.into();
        }
        ok(&body)
    }

    fn create(&mut self, body: &Value) -> ResponseTemplate {
        if self.users.values().any(|user| user["login"] == body["login"]) {
            return fault(409, "login_taken");
        }
        self.next += 1;
        let id = self.next;
        let mut user = json!({"id": id, "status": "active", "locked": false, "roles": []});
        for (name, value) in body.as_object().unwrap() {
            user[name] = value.clone();
        }
        self.touch(&mut user);
        self.users.insert(id, user.clone());
        ResponseTemplate::new(201).set_body_json(json!({"id": id}))
    }

    fn touch(&mut self, user: &mut Value) {
        self.clock += 1;
        user["version"] = self.clock.into();
        user["updated"] = format!("2026-11-30T09:{:02}:{:02}Z", self.clock / 60 % 60, self.clock % 60).into();
    }

    fn groups(&self, query: &BTreeMap<String, String>) -> ResponseTemplate {
        let from: usize = query.get("offset").map_or(0, |offset| offset.parse().unwrap());
        let page: Vec<_> =
            self.groups.keys().skip(from).take(2).map(|id| json!({"id": id, "name": id.to_uppercase()})).collect();
        ok(&json!(page)).insert_header("X-Total-Count", self.groups.len().to_string().as_str())
    }

    fn members(&self, id: &str, query: &BTreeMap<String, String>) -> ResponseTemplate {
        let Some(members) = self.groups.get(id) else { return fault(404, "no_group") };
        let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
        let chunks: Vec<Vec<u64>> =
            members.iter().copied().collect::<Vec<_>>().chunks(2).map(<[u64]>::to_vec).collect();
        let items: Vec<_> =
            chunks.get(page - 1).into_iter().flatten().map(|id| json!({"user_id": id, "role": "member"})).collect();
        ok(&json!({"members": items, "last": page >= chunks.len()}))
    }

    fn member(&mut self, method: &str, group: &str, user: &str) -> ResponseTemplate {
        let Some(members) = self.groups.get_mut(group) else { return fault(404, "no_group") };
        let user: u64 = user.parse().unwrap();
        match method {
            "GET" if members.contains(&user) => ResponseTemplate::new(204),
            "PUT" if members.insert(user) => ResponseTemplate::new(204),
            "PUT" => ResponseTemplate::new(304),
            "DELETE" if members.remove(&user) => ResponseTemplate::new(204),
            _ => fault(404, "no_member"),
        }
    }

    fn user(&mut self, request: &Request, id: &str, rest: &[&str], body: &Value) -> ResponseTemplate {
        let Some(mut user) = id.parse().ok().and_then(|id: u64| self.users.get(&id).cloned()) else {
            return fault(404, "no_user");
        };
        let number: u64 = id.parse().unwrap();
        let etag = format!("\"{}\"", user["version"]);
        match (request.method.as_str(), rest) {
            ("GET", []) => return ok(&json!({"user": user})).insert_header("ETag", etag.as_str()),
            ("DELETE", []) => {
                self.users.remove(&number);
                for members in self.groups.values_mut() {
                    members.remove(&number);
                }
                return ResponseTemplate::new(204);
            }
            ("PUT", []) => {
                if request.headers.get("if-match").is_none_or(|given| given.as_bytes() != etag.as_bytes()) {
                    return fault(412, "changed_meanwhile");
                }
                user = body.clone();
            }
            ("PATCH", []) => {
                for (name, value) in body.as_object().unwrap() {
                    user[name] = value.clone();
                }
            }
            ("POST", ["suspend"]) => user["status"] = "suspended".into(),
            ("POST", ["activate"]) => user["status"] = "active".into(),
            ("POST", ["lock"]) => user["locked"] = true.into(),
            ("POST", ["unlock"]) => user["locked"] = false.into(),
            ("POST", ["password"]) => user["password"] = body["value"].clone(),
            ("POST", ["reset"]) => {}
            _ => return fault(404, "unknown_path"),
        }
        self.touch(&mut user);
        self.users.insert(number, user);
        ok(&json!({"ok": true}))
    }
}

impl Acme {
    /// With so many users and groups.
    pub(crate) async fn start(users: u64, groups: u64) -> Self {
        let mut state = State { page: 3, ..State::default() };
        for number in 1..=users {
            let mut user = json!({
                "id": number, "login": format!("p{number}"), "name": {"full": format!("Person {number}")},
                "email": format!("p{number}@acme.example"), "status": if number % 5 == 0 { "suspended" } else { "active" },
                "locked": number % 7 == 0, "roles": [{"id": "r1"}], "level": number, "tags": ["a", "b"],
            });
            state.touch(&mut user);
            state.users.insert(number, user);
        }
        state.next = users;
        for group in 1..=groups {
            let members = (1..=users).filter(|user| user % (group + 1) == 0).collect();
            state.groups.insert(format!("g{group}"), members);
        }
        let state = Arc::new(Mutex::new(state));
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(Answers(state.clone())).mount(&server).await;
        Self { server, state }
    }

    pub(crate) fn base_url(&self) -> String {
        format!("{}/v2", self.server.uri())
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Answers the next request to `METHOD PATH` with this.
    pub(crate) fn instead(&self, line: &str, answer: ResponseTemplate) {
        self.state().instead.push((line.to_owned(), answer));
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    pub(crate) fn user(&self, id: u64) -> Value {
        self.state().users.get(&id).cloned().unwrap_or(Value::Null)
    }

    /// The id of the newest user.
    pub(crate) fn state_next(&self) -> u64 {
        self.state().next
    }

    pub(crate) fn members(&self, group: &str) -> BTreeSet<u64> {
        self.state().groups[group].clone()
    }

    pub(crate) fn touch(&self, id: u64) {
        let mut state = self.state();
        let mut user = state.users[&id].clone();
        state.touch(&mut user);
        state.users.insert(id, user);
    }

    /// The settings that describe the whole system.
    pub(crate) fn settings(&self) -> Value {
        settings(&self.base_url())
    }

    #[allow(clippy::unused_self, reason = "the settings name the system")]
    pub(crate) fn open(&self, settings: &Value) -> Result<Box<dyn Connector>> {
        open(settings)
    }
}

fn context() -> Context {
    let http = HttpOptions { allow_insecure_loopback: true, ..HttpOptions::default() };
    Context::new("acme", std::env::temp_dir()).with_http(http).with_auth(Arc::new(KeySignIn))
}

/// Sends the key.
#[derive(Debug)]
struct KeySignIn;

#[connector_core::async_trait]
impl connector_core::AuthStrategy for KeySignIn {
    async fn credential(&self, _: &dyn connector_core::Exchange) -> Result<connector_core::Credential> {
        Ok(connector_core::Credential::header("X-Api-Key", KEY.into()))
    }

    async fn check(&self, _: &mut connector_core::TestReport) {}
}

pub(crate) fn open(settings: &Value) -> Result<Box<dyn Connector>> {
    let registration = registry::connector("rest").unwrap();
    let faults = registration.check(settings.clone(), &context()).unwrap();
    assert_eq!(faults, [], "the settings are right");
    registration.open(settings.clone(), &context())
}

pub(crate) fn faults(settings: &Value) -> Vec<SettingsFault> {
    registry::connector("rest").unwrap().check(settings.clone(), &context()).unwrap()
}

/// The settings that describe the whole system.
pub(crate) fn settings(base_url: &str) -> Value {
    json!({
        "base_url": base_url,
        "test": {"get": "/me", "expect": "body.active", "instance": "body.org"},
        "errors": [{"status": 400, "when": "body.code == 'cursor_expired'", "kind": "expired"}],
        "accounts": {
            "get": "/users", "query": {"limit": 3}, "items": "/data",
            "page": {"cursor": {"from": "/next", "as": "cursor", "expires": true}, "end": "no_cursor", "total": "/total"},
            "map": {
                "id": "item.id", "name": "item.login", "display_name": "item.name.full",
                "enabled": "item.status == 'active'", "locked": "item.locked",
                "attributes": {
                    "mail": {"from": "item.email", "writable": "always", "write": "/email", "meaning": "email"},
                    "level": {"from": "item.level", "type": "integer", "writable": "always"},
                    "tags": {"from": "item.tags", "list": true, "writable": "always"},
                },
            },
            "one": {"get": "/users/{id}", "at": "/user"},
            "find": {"get": "/users", "query": {"login": "{name}"}, "items": "/data"},
            "since": {"query": "updated_after", "field": "item.updated", "overlap": "5m"},
        },
        "entitlements": {
            "group": {
                "title": "Group", "get": "/groups",
                "page": {"offset": {"as": "offset"}, "end": {"total": {"header": "X-Total-Count"}}},
                "map": {"id": "item.id", "name": "item.name | lower"},
            },
            "role": {"get": "/roles", "page": "none", "map": {"id": "item.id", "name": "item.name"}},
        },
        "assignments": [
            {
                "for_each": "group", "get": "/groups/{parent.id}/members", "items": "/members",
                "page": {"page": {"as": "page"}, "end": {"last": "/last"}},
                "map": {"account": "item.user_id", "attributes": {"role": "item.role"}},
                "lookup": {"get": "/groups/{entitlement.id}/members/{account.id}"},
            },
            {"embedded": "accounts", "items": "/roles", "map": {"entitlement": {"role": "item.id"}}},
        ],
        "operations": {
            "create": {"post": "/users", "body": {"login": "{name}", "name": {"full": "{name}"}}, "attributes": "", "id": "/id"},
            "update": {"put": "/users/{account.id}", "read": {"at": "/user"}, "attributes": ""},
            "enable": {"post": "/users/{account.id}/activate"},
            "disable": {"post": "/users/{account.id}/suspend", "success": {"when": "body.ok"}},
            "lock": {"post": "/users/{account.id}/lock"},
            "unlock": {"post": "/users/{account.id}/unlock"},
            "set_password": {"post": "/users/{account.id}/password", "body": {"value": "{password}"}},
            "reset_password": {"post": "/users/{account.id}/reset"},
            "delete": {"delete": "/users/{account.id}"},
            "grant": {
                "group": {"put": "/groups/{entitlement.id}/members/{account.id}", "already": {"status": 304}},
                "role": {
                    "put": "/users/{account.id}", "read": {"at": "/user"},
                    "add": {"list": "/roles", "value": {"id": "{entitlement.id}"}},
                },
            },
            "revoke": {
                "group": {"delete": "/groups/{entitlement.id}/members/{account.id}", "already": {"status": 404}},
                "role": {
                    "put": "/users/{account.id}", "read": {"at": "/user"},
                    "remove": {"list": "/roles", "value": {"id": "{entitlement.id}"}},
                },
            },
        },
    })
}

/// Everything that a list shows, and the reasons why it is not whole.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) incomplete: Vec<String>,
}

async fn all<T>(page: impl AsyncFn(&Cursor) -> Result<Page<T>>) -> Result<Listed<T>> {
    let mut listed = Listed { items: Vec::new(), incomplete: Vec::new() };
    let mut left = VecDeque::from([Cursor::start()]);
    while let Some(cursor) = left.pop_front() {
        let page = page(&cursor).await?;
        listed.incomplete.extend(page.incomplete().map(str::to_owned));
        let (items, next) = page.into_parts();
        listed.items.extend(items);
        left.extend(next);
    }
    Ok(listed)
}

pub(crate) async fn accounts(connector: &dyn Connector) -> Result<Listed<Account>> {
    all(async |cursor: &Cursor| connector.aggregate_accounts(cursor).await).await
}

pub(crate) async fn entitlements(connector: &dyn Connector) -> Result<Listed<Entitlement>> {
    let ability = connector.capabilities().entitlements().unwrap();
    all(async |cursor: &Cursor| ability.entitlements(cursor).await).await
}

pub(crate) async fn assignments(connector: &dyn Connector) -> Result<Listed<Assignment>> {
    let ability = connector.capabilities().entitlements().unwrap();
    all(async |cursor: &Cursor| ability.assignments(cursor).await).await
}

pub(crate) async fn failure(connector: &dyn Connector) -> Error {
    accounts(connector).await.map(|listed| listed.items.len()).unwrap_err()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object") };
    object
}
