//! Query parameters, and where a row of the error table counts.

use crate::acme::{accounts, faults, open};
use connector_core::{Change, Cursor, Operation, Outcome};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Shows two accounts, of which one is deleted, and notes what it is asked.
#[derive(Clone, Default)]
struct Users(Arc<Mutex<Vec<String>>>);

impl Respond for Users {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let query: Vec<_> = request.url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        self.0.lock().unwrap().push(format!("{} {}?{}", request.method, request.url.path(), query.join("&")));
        let user = |id: &str, active: bool| json!({"id": id, "active": active, "updated": "2026-01-01T00:00:00Z"});
        let body = match request.url.path() {
            "/users" => json!([user("1", true), user("2", true)]),
            path => user(path.trim_start_matches("/users/"), !path.ends_with("/3")),
        };
        ResponseTemplate::new(200).set_body_json(body).insert_header("Date", "Thu, 01 Jan 2026 12:00:00 GMT")
    }
}

async fn server() -> (MockServer, Users, Value) {
    let server = MockServer::start().await;
    let users = Users::default();
    Mock::given(any()).respond_with(users.clone()).mount(&server).await;
    let settings = json!({
        "base_url": server.uri(),
        "accounts": {
            "get": "/users", "query": {"role": ["agent", "admin"], "filter": "all"}, "page": "none",
            "map": {"id": "item.id"}, "one": {"get": "/users/{id}"},
            "since": {"query": "filter", "value": "after {since}", "field": "item.updated", "overlap": "1h"},
        },
        "operations": {"delete": {"delete": "/users/{account.id}"}},
        "errors": [{"on": "accounts", "when": "body.active == false", "kind": "not_found"}],
    });
    (server, users, settings)
}

#[tokio::test]
async fn a_parameter_with_several_values_is_sent_once_for_each() {
    let (_server, users, mut settings) = server().await;
    accounts(open(&settings).unwrap().as_ref()).await.unwrap();
    assert_eq!(*users.0.lock().unwrap(), ["GET /users?filter=all&role=agent&role=admin"]);
    settings["accounts"]["query"] = json!({"role": ["agent", {"a": 1}], "x": null});
    let found: Vec<_> = faults(&settings).into_iter().map(|fault| fault.pointer.clone()).collect();
    assert_eq!(found, ["/accounts/query/role/1", "/accounts/query/x"]);
}

#[tokio::test]
async fn the_time_of_the_last_read_takes_the_place_of_a_parameter_that_shows_all() {
    let (_server, users, settings) = server().await;
    let connector = open(&settings).unwrap();
    let changes = connector.capabilities().changes().unwrap();
    let since: Cursor = changes.watermark().await.unwrap();
    users.0.lock().unwrap().clear();
    changes.changes(&since).await.unwrap();
    assert_eq!(*users.0.lock().unwrap(), ["GET /users?role=agent&role=admin&filter=after 2026-01-01T11:00:00Z"]);
}

/// A system that still shows who was deleted.
#[tokio::test]
async fn an_error_on_accounts_counts_for_the_account_of_an_operation_and_not_for_the_operation() {
    let (_server, users, settings) = server().await;
    let connector = open(&settings).unwrap();
    let delete = async |id: &str| connector.provision(&Operation::new(id, Change::Delete)).await.unwrap();
    assert!(matches!(delete("1").await, Outcome::Applied { .. }));
    assert!(matches!(delete("3").await, Outcome::Unchanged { .. }));
    assert_eq!(*users.0.lock().unwrap(), ["GET /users/1?", "DELETE /users/1?", "GET /users/3?"]);
}
