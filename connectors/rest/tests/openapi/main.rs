//! Drafts of settings from OpenAPI descriptions: of a usual one with awkward parts, one that says little, and hostile ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use connector_core::{Context, Error, SourceDraft, registry};
use connector_rest as _;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const AWKWARD: &str = include_str!("awkward.yaml");
const BARE: &str = include_str!("bare.json");

fn draft(description: &Value) -> Result<SourceDraft, Error> {
    registry::connector("rest").unwrap().openapi.unwrap()(description)
}

fn read(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

/// The faults of settings that fit the schema.
fn faults(settings: &Value) -> Vec<String> {
    let registration = registry::connector("rest").unwrap();
    let found = registration.check(settings.clone(), &Context::new("acme", std::env::temp_dir()));
    found.unwrap_or_else(|fault| panic!("{fault}: {settings:#}")).iter().map(ToString::to_string).collect()
}

fn keys(draft: &SourceDraft) -> Vec<&str> {
    draft.open.iter().map(|one| one.key.as_str()).collect()
}

/// A description with one list of users whose items have these properties.
fn with_users(properties: &Value) -> Value {
    json!({
        "openapi": "3.0.0",
        "servers": [{"url": "https://api.acme.example"}],
        "paths": {"/users": {"get": {
            "parameters": [{"name": "offset", "in": "query", "schema": {"type": "integer"}}],
            "responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "properties": {
                "data": {"type": "array", "items": {"type": "object", "properties": properties}},
                "total": {"type": "integer"},
            }}}}}},
        }}},
    })
}

#[test]
fn a_draft_follows_refs_joins_schemas_and_lists_what_is_left() {
    let draft = draft(&read(AWKWARD)).unwrap();
    assert_eq!(keys(&draft), ["settings.entitlements.role.page"]);
    let mut settings = read(&draft.settings);
    assert_eq!(faults(&settings).len(), 1, "{:?}", faults(&settings));
    settings["entitlements"]["role"]["page"] = "none".into();
    assert_eq!(faults(&settings), [""; 0], "with the one point decided, the draft is valid");
    let accounts = &settings["accounts"];
    assert_eq!(settings["base_url"], "https://eu.acme.example/v2");
    assert_eq!(
        accounts["page"],
        json!({"cursor": {"from": "/paging/next_cursor", "as": "cursor"}, "end": "no_cursor"})
    );
    assert_eq!(accounts["query"], json!({"limit": 100, "view": "full"}));
    assert_eq!(accounts["map"]["id"], "item.id", "from a schema that joins itself");
    assert_eq!(accounts["map"]["enabled"], "item.status == 'ACTIVE'");
    assert_eq!(accounts["map"]["attributes"]["cost-center"], "item['cost-center']");
    assert_eq!(accounts["map"]["attributes"]["level"], json!({"from": "item.level", "type": "integer"}));
    assert_eq!(accounts["map"]["attributes"].get("api_token"), None, "a secret is no attribute");
    assert_eq!(accounts["one"], json!({"get": "/users/{id}", "at": "/user"}));
    let group = &settings["entitlements"]["user_group"];
    assert_eq!(group["page"], json!({"offset": {"as": "offset"}, "end": {"total": {"header": "X-Total-Count"}}}));
    assert_eq!(settings["assignments"][0]["map"], json!({"entitlement": {"role": "item.id"}}));
    assert_eq!(settings["assignments"][1]["map"], json!({"account": "item.user.id"}));
    assert_eq!(
        settings["assignments"][1]["page"],
        json!({"page": {"as": "page", "first": 0}, "end": {"last": "/meta/is_last_page"}})
    );
    let auth =
        [("grant_type", "api_key"), ("header", "X-Acme-Key")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(draft.auth, auth);
}

#[test]
fn what_a_description_does_not_say_is_left_out_and_named() {
    let draft = draft(&read(BARE)).unwrap();
    let settings = read(&draft.settings);
    for (key, pointer) in [
        ("settings.base_url", "/base_url"),
        ("settings.accounts.page", "/accounts/page"),
        ("settings.accounts.map.id", "/accounts/map/id"),
        ("settings.entitlements.team.page", "/entitlements/team/page"),
        ("settings.assignments.0.page", "/assignments/0/page"),
        ("settings.assignments.0.map", "/assignments/0/map"),
    ] {
        assert!(keys(&draft).contains(&key), "{key}: {:?}", keys(&draft));
        assert_eq!(settings.pointer(pointer), None, "{key} is not guessed");
    }
    for key in ["settings.accounts.query", "settings.accounts.get", "auth"] {
        assert!(keys(&draft).contains(&key), "{key}: {:?}", keys(&draft));
    }
    assert!(draft.settings.contains("# page: nothing proves the end of the list"), "{}", draft.settings);
}

#[test]
fn a_page_that_may_be_the_last_one_without_saying_so_is_left_to_the_author() {
    let mut description = with_users(&json!({"id": {"type": "string"}, "active": {"type": "boolean"}}));
    assert_eq!(read(&draft(&description).unwrap().settings)["accounts"]["page"]["end"], json!({"total": "/total"}));
    let users = "/paths/~1users/get/responses/200/content/application~1json/schema/properties";
    description.pointer_mut(users).unwrap().as_object_mut().unwrap().remove("total");
    let open = draft(&description).unwrap();
    assert!(keys(&open).contains(&"settings.accounts.page"), "{open:?}");
    assert_eq!(read(&open.settings)["accounts"].get("page"), None);
}

/// As large APIs write it: in the text of the parameter, or as a URL in the body.
#[test]
fn a_cursor_that_comes_with_a_link_is_a_link() {
    let mut description = with_users(&json!({"id": {"type": "string"}}));
    let get = "/paths/~1users/get";
    let text = "An opaque string that you obtain from the `Link` response header.";
    let after = json!([{"name": "after", "in": "query", "description": text, "schema": {"type": "string"}}]);
    description.pointer_mut(get).unwrap()["parameters"] = after;
    let page = |description: &Value| read(&draft(description).unwrap().settings)["accounts"]["page"].clone();
    assert_eq!(page(&description), json!({"next_link": {"header": "Link"}, "end": "no_cursor"}));
    description.pointer_mut(get).unwrap()["parameters"][0]["description"] = "The cursor of the next page".into();
    let places = format!("{get}/responses/200/content/application~1json/schema/properties");
    let next = json!({"type": "object", "properties": {"href": {"type": "string"}}});
    description.pointer_mut(&places).unwrap()["_links"] = json!({"type": "object", "properties": {"next": next}});
    assert_eq!(page(&description), json!({"next_link": {"body": "/_links/next/href"}, "end": "no_cursor"}));
}

/// The users of a whole service are rarely those of the organization that is meant.
#[test]
fn lists_of_accounts_that_need_a_value_are_named() {
    let mut description = with_users(&json!({"id": {"type": "string"}}));
    let users = description["paths"]["/users"].clone();
    description["paths"]["/orgs/{org}/members"] = users.clone();
    description["paths"]["/orgs/{org}/teams/{team}/members"] = users;
    let draft = draft(&description).unwrap();
    let named = draft.open.iter().find(|one| one.key == "settings.accounts.get").unwrap();
    assert!(named.what.contains("`/orgs/{org}/members`") && !named.what.contains("teams"), "{}", named.what);
    assert_eq!(faults(&read(&draft.settings)), [""; 0], "it is no reason not to use the draft");
}

#[test]
fn hostile_names_and_texts_stay_in_quotes_and_comments() {
    let evil = "x\nbase_url: https://evil.example\u{202e}#";
    let mut description = with_users(&json!({
        "id": {"type": "string"},
        "a': {b}": {"type": "string"},
        "{{id}}": {"type": "string"},
        "x\ny": {"type": "string"},
        "in": {"type": "string"},
        "on": {"type": "boolean"},
        "~": {"type": "string"},
        "é": {"type": "string"},
    }));
    description["info"] = json!({"title": evil, "version": evil});
    let paths = description["paths"].as_object_mut().unwrap();
    let users = paths["/users"].clone();
    for path in ["/x/../users", "/{a}{b}/users", "/a b/users", "//users", "/users\n", "/{id/users", "/a?b=/users"] {
        paths.insert(path.to_owned(), users.clone());
    }
    description["servers"][0]["url"] = "https://api.acme.example".into();
    let draft = draft(&description).unwrap();
    let settings = read(&draft.settings);
    assert_eq!(settings["base_url"], "https://api.acme.example");
    assert_eq!(settings["accounts"]["get"], "/users");
    assert_eq!(faults(&settings), [""; 0], "{}", draft.settings);
    assert!(!draft.settings.contains('\u{202e}'), "{}", draft.settings);
    for url in
        ["http://api.acme.example", "https://a:b@acme.example", "javascript:1", "https://x/?a=b", "https://{x}/", evil]
    {
        description["servers"][0]["url"] = url.into();
        let draft = self::draft(&description).unwrap();
        assert!(keys(&draft).contains(&"settings.base_url"), "{url}: {}", draft.settings);
        assert_eq!(read(&draft.settings).get("base_url"), None, "{url}");
    }
}

#[test]
fn a_description_that_refers_to_itself_for_ever_ends_soon() {
    let begun = Instant::now();
    let refers = |to: &str| json!({"$ref": format!("#/components/schemas/{to}")});
    // Each joins the next one twice, so that a reader that follows all of them never ends.
    let schemas: serde_json::Map<_, _> = (0..60)
        .map(|n| (format!("S{n}"), json!({"allOf": [refers(&format!("S{}", n + 1)), refers(&format!("S{}", n + 1))]})))
        .collect();
    let mut bomb = with_users(&refers("S0"));
    bomb["components"] = json!({"schemas": schemas});
    let items = "/paths/~1users/get/responses/200/content/application~1json/schema/properties/data/items";
    *bomb.pointer_mut(items).unwrap() = refers("S0");
    for depth in 0..40 {
        let users = bomb["paths"]["/users"].clone();
        bomb["paths"].as_object_mut().unwrap().insert(format!("/n{depth}/users"), users);
    }
    let error = draft(&bomb).unwrap_err();
    assert!(error.message().contains("nested too deeply"), "{error}");
    let mut circle = with_users(&json!({"id": {"type": "string"}}));
    circle["components"] = json!({"schemas": {"A": refers("B"), "B": refers("A")}});
    *circle.pointer_mut(items).unwrap() = refers("A");
    assert!(draft(&circle).unwrap_err().message().contains("no list that looks like accounts"));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_huge_description_is_drafted_from_its_best_list() {
    let properties: serde_json::Map<_, _> =
        (0..3000).map(|n| (format!("field_{n}"), json!({"type": "string"}))).collect();
    let mut huge = with_users(&Value::Object(properties));
    let users = huge["paths"]["/users"].clone();
    for n in 0..2000 {
        huge["paths"].as_object_mut().unwrap().insert(format!("/tenants/{{t}}/areas{n}/users"), users.clone());
    }
    let draft = draft(&huge).unwrap();
    let settings = read(&draft.settings);
    assert_eq!(settings["accounts"]["get"], "/users", "the one that needs no parameter");
    assert!(settings["accounts"]["map"]["attributes"].as_object().unwrap().len() <= 40);
}

#[test]
fn what_is_no_description_is_refused_with_a_way_on() {
    let users = with_users(&json!({"id": {"type": "string"}}));
    let mut swagger = users.clone();
    swagger["swagger"] = "2.0".into();
    let mut other = users.clone();
    other["paths"] = json!({"/widgets": users["paths"]["/users"], "/gadgets": users["paths"]["/users"]});
    for (description, message, help) in [
        (swagger, "Swagger 2.0", "convert it"),
        (json!({"openapi": "4.0.0"}), "OpenAPI 4.0.0", "OpenAPI 3"),
        (json!([1]), "no OpenAPI description", "OpenAPI 3"),
        (json!("text"), "no OpenAPI description", "OpenAPI 3"),
        (json!({"openapi": "3.0.0", "paths": [], "servers": 5}), "no list that looks like accounts", "no GET request"),
        (other, "no list that looks like accounts", "/widgets, /gadgets"),
    ] {
        let error = draft(&description).unwrap_err();
        assert!(error.message().contains(message), "{error}");
        assert!(error.help().unwrap_or_default().contains(help), "{error:?}");
    }
}
