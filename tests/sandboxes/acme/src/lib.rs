//! A simulated system with a REST API, on loopback: an API key, a cursor that expires, offsets with a count in a header, page
//! numbers for each group, `ETag`s, and operations of every kind.
#![allow(clippy::panic, clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test stops at the first surprise")]

mod proof;

pub use proof::prove;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The key that each request needs, in the header `X-Api-Key`.
pub const KEY: &str = "acme-key-7f3a";

/// The system.
pub struct Acme {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

/// What the system has.
#[derive(Default)]
pub struct State {
    users: BTreeMap<u64, Value>,
    groups: BTreeMap<String, BTreeSet<u64>>,
    /// The role and the end of memberships that were given with a body.
    given: BTreeMap<(String, u64), Value>,
    next: u64,
    clock: u64,
    /// How many users a page has.
    page: usize,
    /// Answers that come instead, each once, by method and path.
    pub instead: Vec<(String, ResponseTemplate)>,
    /// What was asked: method, path and query.
    pub asked: Vec<String>,
    /// Each request with this number, and each multiple of it, is one too many.
    busy: Option<usize>,
    requests: usize,
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
        state.requests += 1;
        if state.busy.is_some_and(|every| state.requests.is_multiple_of(every)) {
            return fault(429, "slow_down").insert_header("Retry-After", "0");
        }
        if let Some(at) = state.instead.iter().position(|(wanted, _)| *wanted == line) {
            return state.instead.remove(at).1;
        }
        if request.headers.get("x-api-key").is_none_or(|key| key.as_bytes() != KEY.as_bytes()) {
            return fault(401, "no key");
        }
        state.answer(request).insert_header("Date", "Mon, 30 Nov 2026 08:00:00 GMT")
    }
}

/// An answer with this status and code.
pub fn fault(status: u16, code: &str) -> ResponseTemplate {
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
            ("GET", ["memberships", group, user]) => match (self.groups.get(*group), user.parse()) {
                (Some(members), Ok(user)) if members.contains(&user) => {
                    ok(&json!({"membership": self.membership(group, user, members)}))
                }
                _ => fault(404, "no_member"),
            },
            (method, ["groups", group, "members", user]) => self.member(method, group, user, &body),
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
            chunks.get(page - 1).into_iter().flatten().map(|user| self.membership(id, *user, members)).collect();
        ok(&json!({"members": items, "last": page >= chunks.len()}))
    }

    fn membership(&self, group: &str, user: u64, members: &BTreeSet<u64>) -> Value {
        let given = self.given.get(&(group.to_owned(), user)).cloned().unwrap_or_default();
        let role = if members.first() == Some(&user) { "lead" } else { "member" };
        let role = given.get("role").cloned().unwrap_or_else(|| role.into());
        json!({"user_id": user, "role": role, "until": given["until"]})
    }

    fn member(&mut self, method: &str, group: &str, user: &str, body: &Value) -> ResponseTemplate {
        let user: u64 = user.parse().unwrap();
        let pair = (group.to_owned(), user);
        let Some(members) = self.groups.get_mut(group) else { return fault(404, "no_group") };
        match method {
            "GET" if members.contains(&user) => ResponseTemplate::new(204),
            // A body replaces the whole membership.
            "PUT" if members.insert(user) || (body.is_object() && self.given.get(&pair) != Some(body)) => {
                self.given.insert(pair, body.clone());
                ResponseTemplate::new(204)
            }
            "PUT" => ResponseTemplate::new(304),
            "DELETE" if members.remove(&user) => {
                self.given.remove(&pair);
                ResponseTemplate::new(204)
            }
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
    pub async fn start(users: u64, groups: u64) -> Self {
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

    /// The address of the API.
    pub fn base_url(&self) -> String {
        format!("{}/v2", self.server.uri())
    }

    /// What the system has.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Answers the next request to `METHOD PATH` with this.
    pub fn instead(&self, line: &str, answer: ResponseTemplate) {
        self.state().instead.push((line.to_owned(), answer));
    }

    /// Answers each request with this number, and each multiple of it, with status 429.
    pub fn busy_every(&self, requests: usize) {
        self.state().busy = Some(requests);
    }

    /// What was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// A user as the system has it; null if there is none.
    pub fn user(&self, id: u64) -> Value {
        self.state().users.get(&id).cloned().unwrap_or(Value::Null)
    }

    /// The id of the newest user.
    pub fn state_next(&self) -> u64 {
        self.state().next
    }

    /// The members of a group.
    pub fn members(&self, group: &str) -> BTreeSet<u64> {
        self.state().groups[group].clone()
    }

    /// Deletes a user, as an administrator of the system would.
    pub fn remove(&self, id: u64) {
        let mut state = self.state();
        state.users.remove(&id);
        for members in state.groups.values_mut() {
            members.remove(&id);
        }
    }

    /// Takes a user out of a group.
    pub fn leave(&self, group: &str, id: u64) {
        if let Some(members) = self.state().groups.get_mut(group) {
            members.remove(&id);
        }
    }

    /// Sets a value of a user.
    pub fn set(&self, id: u64, name: &str, value: Value) {
        if let Some(user) = self.state().users.get_mut(&id) {
            user[name] = value;
        }
        self.touch(id);
    }

    /// Marks a user as changed now.
    pub fn touch(&self, id: u64) {
        let mut state = self.state();
        let mut user = state.users[&id].clone();
        state.touch(&mut user);
        state.users.insert(id, user);
    }
}
