//! The simulated system, and a connector that reads it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use connector_core::{Connector, Context, Error, HttpOptions, Result, SettingsFault, registry};
use connector_http as _;
use connector_rest as _;
#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub(crate) use connector_sandbox_acme::{Acme, KEY, fault};
#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub(crate) use connector_testkit::{
    whole_accounts as accounts, whole_assignments as assignments, whole_entitlements as entitlements,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

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

/// Describes memberships with an end, and how a grant sets it.
pub(crate) fn with_ends(mut settings: Value) -> Value {
    let members = &mut settings["assignments"][0];
    members["map"]["expires"] = "item.until".into();
    members["lookup"] = json!({"get": "/memberships/{entitlement.id}/{account.id}", "item": "/membership"});
    let body = json!({"until": "{until}", "role": "{held.role | default('member')}"});
    settings["operations"]["grant"]["group"]["body"] = body;
    settings
}

/// The settings that describe this system.
pub(crate) fn described(acme: &Acme) -> Value {
    settings(&acme.base_url())
}

pub(crate) async fn failure(connector: &dyn Connector) -> Error {
    accounts(connector).await.map(|listed| listed.items.len()).unwrap_err()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object") };
    object
}
