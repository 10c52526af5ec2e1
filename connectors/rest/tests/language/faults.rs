//! Every fault of the settings has its place, and all are found at once.

use crate::acme::{faults, settings};
use serde_json::{Value, json};

/// The faults after `change`, each with its pointer, the text that it marks and its message.
fn found(change: impl FnOnce(&mut Value)) -> Vec<(String, Option<String>, String)> {
    let mut settings = settings("https://api.acme.example/v2");
    change(&mut settings);
    let marked = |pointer: &str, span: Option<std::ops::Range<usize>>| {
        let text = settings.pointer(pointer)?.as_str()?;
        Some(text.get(span?)?.to_owned())
    };
    let faults = faults(&settings).into_iter();
    faults.map(|fault| (fault.pointer.clone(), marked(&fault.pointer, fault.span), fault.message)).collect()
}

fn one(change: impl FnOnce(&mut Value)) -> (String, Option<String>, String) {
    let mut all = found(change);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn is(found: (String, Option<String>, String), pointer: &str, marked: &str, message: &str) {
    let (at, text, says) = found;
    assert_eq!((at.as_str(), text.unwrap_or_default().as_str()), (pointer, marked), "{says}");
    assert!(says.contains(message), "{says}");
}

#[test]
fn right_settings_have_no_fault() {
    assert_eq!(found(|_| {}), []);
}

#[test]
fn an_unknown_name_in_an_expression_is_marked_alone() {
    let at = "/accounts/map/enabled";
    is(one(|s| s["accounts"]["map"]["enabled"] = "itm.status == 'active'".into()), at, "itm.status", "unknown name");
    is(
        one(|s| s["accounts"]["map"]["enabled"] = "item.status == active".into()),
        at,
        "active",
        "unknown name `active`",
    );
    is(
        one(|s| s["accounts"]["map"]["enabled"] = "item.login[:login.size] == 'x'".into()),
        at,
        "login.size",
        "unknown name",
    );
    is(one(|s| s["accounts"]["map"]["id"] = "account.id".into()), "/accounts/map/id", "account.id", "unknown name");
    let get = "/assignments/0/get";
    is(one(|s| s["assignments"][0]["get"] = "/g/{parent.slug}".into()), get, "parent.slug", "`parent` has no `slug`");
}

#[test]
fn filters_tests_and_functions_that_do_not_exist_are_faults() {
    let at = "/accounts/map/name";
    is(one(|s| s["accounts"]["map"]["name"] = "item.login | lowr".into()), at, "lowr", "unknown filter");
    is(one(|s| s["accounts"]["map"]["name"] = "item.login is empty".into()), at, "empty", "unknown test");
    is(one(|s| s["accounts"]["map"]["name"] = "lower(item.login)".into()), at, "lower", "functions");
    is(one(|s| s["accounts"]["map"]["name"] = "item.login.lower()".into()), at, "lower", "functions");
    is(one(|s| s["accounts"]["map"]["name"] = "'a' * 1000000000".into()), at, "*", "multiply");
    is(one(|s| s["accounts"]["map"]["name"] = "item.login ~".into()), at, "~", "can't be read");
    is(one(|s| s["accounts"]["map"]["name"] = " ".into()), at, " ", "empty");
}

#[test]
fn texts_in_quotes_are_no_words_of_the_language() {
    let argument = "item.tags | selectattr('x', 'eq', true) | map(attribute='y') | join(', ')";
    assert_eq!(found(|s| s["accounts"]["map"]["name"] = argument.into()), []);
    let quoted = "item.login | replace('| lowr (x) * {', \"is empty\") ~ ''";
    assert_eq!(found(|s| s["accounts"]["map"]["name"] = quoted.into()), []);
}

#[test]
fn deep_and_long_expressions_are_refused_and_not_run() {
    let deep = format!("{}1{}", "(".repeat(900), ")".repeat(900));
    let (pointer, _, message) = one(|s| s["accounts"]["map"]["name"] = deep.into());
    assert_eq!(pointer, "/accounts/map/name");
    assert!(message.contains("recursion"), "{message}");
    let long = format!("'{}'", "a".repeat(3000));
    assert!(one(|s| s["accounts"]["map"]["name"] = long.into()).2.contains("at most"));
}

#[test]
fn paths_are_below_the_base_url_and_have_no_query() {
    let at = "/accounts/get";
    is(one(|s| s["accounts"]["get"] = "users".into()), at, "", "begins with `/`");
    is(one(|s| s["accounts"]["get"] = "https://evil.example/users".into()), at, "", "begins with `/`");
    is(one(|s| s["accounts"]["get"] = "/users?limit=2".into()), at, "?limit=2", "no query");
    is(one(|s| s["accounts"]["get"] = "/users/{".into()), at, "{", "never closed");
    is(one(|s| s["accounts"]["get"] = "/users/}".into()), at, "}", "closes nothing");
    for wrong in
        ["api.acme.example", "ftp://api.acme.example", "https://user@api.acme.example", "https://x.example/?a=b"]
    {
        assert_eq!(one(|s| s["base_url"] = wrong.into()).0, "/base_url", "{wrong}");
    }
}

#[test]
fn the_sign_in_stands_under_auth_and_nowhere_else() {
    let (pointer, _, message) = one(|s| s["headers"] = json!({"Authorization": "Bearer x"}));
    assert_eq!(pointer, "/headers/Authorization");
    assert!(message.contains("sign-in"), "{message}");
}

#[test]
fn a_list_without_a_proven_end_is_a_fault() {
    let (pointer, _, message) = one(|s| {
        s["entitlements"]["role"].as_object_mut().unwrap().remove("page");
    });
    assert_eq!((pointer.as_str(), message.contains("proves the end")), ("/entitlements/role", true), "{message}");
    let page = |page: Value| one(move |s| s["accounts"]["page"] = page);
    let cursor = json!({"from": "/next", "as": "c"});
    assert_eq!(page(json!({"end": "no_cursor"})).0, "/accounts/page");
    assert_eq!(page(json!({"cursor": cursor, "offset": {"as": "o"}, "end": "no_cursor"})).0, "/accounts/page");
    assert_eq!(page(json!({"offset": {"as": "o"}, "end": "no_cursor"})).0, "/accounts/page/end");
    assert_eq!(page(json!({"cursor": cursor, "end": {}})).0, "/accounts/page/end");
    assert_eq!(page(json!({"cursor": cursor, "end": {"flag": "more"}})).0, "/accounts/page/end/flag");
    assert_eq!(page(json!({"next_link": {}, "end": "no_cursor"})).0, "/accounts/page/next_link");
    let both = page(json!({"cursor": {"from": "/next", "as": "limit"}, "end": "no_cursor"}));
    assert_eq!(both.0, "/accounts/query/limit");
}

#[test]
fn every_change_can_be_found_again() {
    let without = |name: &'static str| {
        move |s: &mut Value| {
            s["accounts"].as_object_mut().unwrap().remove(name);
        }
    };
    assert_eq!(one(without("one")).0, "/operations");
    assert_eq!(one(without("find")).0, "/operations/create");
    let all = found(|s| {
        s["accounts"]["map"].as_object_mut().unwrap().remove("locked");
    });
    let places: Vec<_> = all.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(places, ["/operations/lock", "/operations/unlock"]);
}

#[test]
fn operations_say_which_account_and_what_they_send() {
    let at = "/operations/disable/post";
    is(one(|s| s["operations"]["disable"]["post"] = "/suspend".into()), at, "", "which account");
    let (pointer, ..) = one(|s| s["operations"]["disable"] = json!({"post": "/{account.id}", "put": "/{account.id}"}));
    assert_eq!(pointer, "/operations/disable");
    let (pointer, ..) = one(|s| s["operations"]["set_password"]["body"] = json!({"value": "secret"}));
    assert_eq!(pointer, "/operations/set_password");
    let at = "/operations/set_password/post";
    is(one(|s| s["operations"]["set_password"]["post"] = "/{account.id}/{password}".into()), at, "", "URL");
    let (pointer, ..) = one(|s| s["operations"]["lock"]["content_type"] = "text/xml".into());
    assert_eq!(pointer, "/operations/lock/content_type");
    let (pointer, ..) = one(|s| s["operations"]["grant"]["team"] = json!({"put": "/{account.id}"}));
    assert_eq!(pointer, "/operations/grant/team");
}

#[test]
fn assignments_say_who_holds_what() {
    let block = |block: Value| {
        let mut all = found(move |s| s["assignments"] = json!([block]));
        all.retain(|one| one.0.starts_with("/assignments"));
        all.into_iter().map(|one| one.0).collect::<Vec<_>>()
    };
    assert_eq!(block(json!({"map": {}})), ["/assignments/0"]);
    let list = json!({"get": "/m", "page": "none", "map": {"account": "item.u", "entitlement": {"team": "item.g"}}});
    // Also: a flat list can't show what is gone, and the settings have `since`.
    assert_eq!(block(list), ["/assignments/0/map/entitlement/team", "/assignments/0"]);
    let each = json!({"for_each": "group", "get": "/m", "page": "none", "map": {"account": "item.u"}});
    assert_eq!(block(each), ["/assignments/0/get"]);
    let alias = json!({"for_each": "group", "get": "/{parent.id}", "page": "none", "map": {"alias": "item.u"}});
    assert_eq!(block(alias), ["/assignments/0/map/alias"]);
    let nobody = json!({"for_each": "group", "get": "/{parent.id}", "page": "none", "map": {}});
    assert_eq!(block(nobody), ["/assignments/0/map/"]);
}

#[test]
fn all_faults_are_found_at_once() {
    let all = found(|s| {
        s["accounts"]["get"] = "users".into();
        s["accounts"]["map"]["id"] = "itm".into();
        s["entitlements"]["role"]["map"]["id"] = "itm".into();
        s["assignments"][0]["for_each"] = "team".into();
        s["errors"] = json!([{"kind": "auth"}]);
    });
    let places: Vec<_> = all.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(
        places,
        ["/accounts/get", "/accounts/map/id", "/entitlements/role/map/id", "/assignments/0/for_each", "/errors/0"]
    );
}

/// The walk of a stranger: `disable` was a PUT of the account with nothing but `active: false`.
#[test]
fn a_put_of_a_whole_account_needs_what_is_there_or_a_word_that_it_is_partial() {
    let disable = |settings: Value| found(|s| s["operations"]["disable"] = settings);
    let put = "/users/{account.id}";
    let body = json!({"active": false});
    let all = disable(json!({"put": put, "body": body}));
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, "/operations/disable/put");
    assert!(all[0].2.contains("would replace the whole account"), "{all:?}");
    assert_eq!(disable(json!({"put": put, "body": body, "read": {"at": "/user"}})), []);
    assert_eq!(disable(json!({"put": put, "body": body, "partial": true})), []);
    assert_eq!(disable(json!({"put": "/users/{account.id}/state", "body": body})), []);
    let before = json!({"post": "/users/{account.id}/suspend", "before": [{"put": put, "body": body}]});
    assert_eq!(disable(before)[0].0, "/operations/disable/before/0/put");
}
