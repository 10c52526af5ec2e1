//! The server as a SCIM server: what other systems read from it, and whether our own connector reads the same rows back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_engine::query::{self, AccountQuery, Breadth};
use connector_engine::store::Store;
use connector_server::Role;
use place::{HOSTILE, Place, Served, encoded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

struct Client<'a> {
    served: &'a Served,
    token: String,
}

impl Client<'_> {
    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> place::Answer {
        let bearer = format!("Bearer {}", self.token);
        let all = [&[("Authorization", bearer.as_str()), ("Cookie", "none=1")][..], headers].concat();
        self.served.ask("GET", &format!("/scim/v2{path}"), &all, "").await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(path, &[]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/scim+json")),
            "{path}: {}",
            answer.body
        );
        serde_json::from_str(&answer.body).unwrap()
    }

    async fn ids(&self, path: &str) -> Vec<String> {
        let page = self.get(path).await;
        page["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}

async fn place() -> Place {
    let place = Place::with_people().await;
    place.add_staff("").await;
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_user_and_group_is_on_one_page_by_index_and_by_cursor() {
    let place = place().await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Viewer) };
    let number = 251 + HOSTILE.len();
    let whole = client.ids("/people/Users?count=1000").await;
    assert_eq!(whole.iter().collect::<BTreeSet<_>>().len(), number);
    let (mut by_index, mut start) = (Vec::new(), 1);
    loop {
        let page = client.get(&format!("/people/Users?count=100&startIndex={start}")).await;
        assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(number), &json!(start)));
        let rows = page["Resources"].as_array().unwrap().clone();
        assert_eq!(page["itemsPerPage"], rows.len());
        if rows.is_empty() {
            break;
        }
        start += rows.len();
        by_index.extend(rows.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(by_index, whole);
    for path in ["/people/Users", "/staff/Groups"] {
        let whole = client.ids(&format!("{path}?count=1000")).await;
        let (mut by_cursor, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("{path}?count=2&cursor={cursor}")).await;
            by_cursor
                .extend(page["Resources"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = encoded(next),
                None => break,
            }
        }
        assert_eq!(by_cursor, whole, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_sorting_projections_and_tags_do_what_the_standard_says() {
    let place = place().await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Viewer) };
    let urn = "urn:connector:params:scim:schemas:people:2.0:User";
    for (filter, number) in [
        ("userName eq \"USER7\"", 1),
        ("userName eq \"nobody\"", 0),
        ("id eq \"p00007\"", 1),
        (&*format!("{urn}:department eq \"finance\""), HOSTILE.len()),
        ("userName sw \"user24\"", 11),
        ("active eq \"False\"", 0),
        ("groups.value eq \"role:<i>boss</i>\"", HOSTILE.len()),
        ("not (groups.value eq \"role:staff\")", 0),
    ] {
        let page = client.get(&format!("/people/Users?count=1000&filter={}", encoded(filter))).await;
        assert_eq!(
            (&page["totalResults"], page["Resources"].as_array().unwrap().len()),
            (&json!(number), number),
            "{filter}"
        );
    }
    for [id, login, _] in HOSTILE {
        let filter = format!("userName eq {}", serde_json::to_string(login).unwrap());
        let answer = client.ask(&format!("/people/Users?filter={}", encoded(&filter)), &[]).await;
        assert_eq!(answer.status, 200, "{login}: {}", answer.body);
        let page: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((&page["totalResults"], &page["Resources"][0]["id"]), (&json!(1), &json!(id)), "{login}");
    }
    let down = client
        .ids("/people/Users?sortBy=userName&sortOrder=descending&count=2&filter=userName%20sw%20%22user%22")
        .await;
    assert_eq!(down, ["p00099", "p00098"]);
    let user = client.get("/people/Users/p00007").await;
    assert_eq!(
        (&user["userName"], &user["displayName"], &user["active"]),
        (&json!("user7"), &json!("User 7"), &json!(true))
    );
    assert_eq!((&user[urn]["department"], &user["groups"][0]["value"]), (&json!("Legal"), &json!("role:staff")));
    let only = client
        .get(&format!("/people/Users/p00007?attributes=userName,{}", encoded(&format!("{urn}:department"))))
        .await;
    let names: Vec<_> = only.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names.iter().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from(["id", "schemas", "meta", "userName", urn]),
        "{only}"
    );
    assert_eq!(only[urn], json!({"department": "Legal"}));
    let tag = client.ask("/people/Users/p00007", &[]).await.header("etag").unwrap().to_owned();
    assert_eq!(user["meta"]["version"], tag.as_str());
    assert_eq!(client.ask("/people/Users/p00007", &[("If-None-Match", &tag)]).await.status, 304);
    let group = client.get("/staff/Groups/role:badge").await;
    assert_eq!((&group["displayName"], &group["members"]), (&json!("Badge"), &json!([])));
    let payroll = client.get("/staff/Groups/role:payroll").await;
    assert_eq!(payroll["members"].as_array().unwrap().len(), 40 + HOSTILE.len());
    assert!(client.get("/staff/Groups/role:payroll?excludedAttributes=members").await.get("members").is_none());
    assert!(client.get("/staff/Groups").await["Resources"][0].get("members").is_none(), "only on request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_scim_errors_and_nobody_reads_without_a_token() {
    let place = place().await;
    let served = place.serve();
    let none = served.get("/scim/v2/people/Users").await;
    assert_eq!(
        (none.status, none.header("www-authenticate"), none.header("content-type")),
        (401, Some("Bearer"), Some("application/scim+json"))
    );
    assert!(!none.body.contains("user1"));
    let client = Client { served: &served, token: place.token("iga", Role::Viewer) };
    for (path, status, kind) in [
        ("/people/Users?filter=userName%20is%20x", 400, Some("invalidFilter")),
        ("/people/Users?cursor=%21", 400, Some("invalidValue")),
        ("/people/Users?cursor=&sortBy=userName", 400, Some("invalidValue")),
        ("/people/Users?count=x", 400, None),
        ("/people/Users/nobody", 404, None),
        ("/people/Users/p0000", 404, None),
        ("/people/Users/user7", 404, None),
        ("/people/Groups/role:nothing", 404, None),
        ("/people/Groups/nothing", 404, None),
        ("/people/Schemas/urn:nothing", 404, None),
        ("/people/Bulk", 405, None),
        ("/nobody/Users", 404, None),
        ("/broken/Users", 404, None),
        ("/..%2Fsources%2Fpeople/Users", 404, None),
        ("/nobody/ServiceProviderConfig", 404, None),
    ] {
        let answer = client.ask(path, &[]).await;
        let error: Value =
            serde_json::from_str(&answer.body).unwrap_or_else(|fault| panic!("{path}: {fault}: {}", answer.body));
        assert_eq!(
            (answer.status, error["status"].as_str()),
            (status, Some(status.to_string().as_str())),
            "{path}: {error}"
        );
        assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{path}");
        assert_eq!(error["scimType"].as_str(), kind, "{path}: {error}");
    }
    let bearer = format!("Bearer {}", client.token);
    for (method, path, status) in [
        ("PUT", "/scim/v2/people/Users/p00007", 403),
        ("PATCH", "/scim/v2/people/Users/p00007", 403),
        ("DELETE", "/scim/v2/people/Users/p00007", 403),
        ("POST", "/scim/v2/people/Users", 403),
        ("POST", "/scim/v2/people/Groups", 403),
        ("POST", "/scim/v2/people/Users/p00007", 405),
        ("POST", "/scim/v2/people/Schemas", 405),
        ("POST", "/scim/v2/people/.search", 501),
        ("POST", "/scim/v2/people/Bulk", 501),
    ] {
        let answer = served.ask(method, path, &[("Authorization", &bearer)], "{}").await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_says_of_itself_fits_what_it_shows() {
    let place = place().await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Viewer) };
    let config = client.get("/people/ServiceProviderConfig").await;
    assert_eq!((&config["filter"]["supported"], &config["patch"]["supported"]), (&json!(true), &json!(false)));
    let schemas = client.get("/people/Schemas").await;
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for schema in schemas["Resources"].as_array().unwrap() {
        let id = schema["id"].as_str().unwrap().to_owned();
        assert_eq!(client.get(&format!("/people/Schemas/{}", encoded(&id))).await, *schema);
        let names = schema["attributes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        known.insert(id, names.collect());
    }
    for kind in client.get("/people/ResourceTypes").await["Resources"].as_array().unwrap() {
        let core = &known[kind["schema"].as_str().unwrap()];
        let page = client.get(&format!("/people{}?count=20", kind["endpoint"].as_str().unwrap())).await;
        for resource in page["Resources"].as_array().unwrap() {
            for (name, value) in resource.as_object().unwrap() {
                if name.starts_with("urn:") {
                    for part in value.as_object().unwrap().keys() {
                        assert!(known[name].contains(part), "{name} has no {part}");
                    }
                } else {
                    assert!(core.contains(name) || matches!(name.as_str(), "id" | "meta" | "schemas"), "{name}");
                }
            }
        }
    }
}

/// Accounts and what they hold, as a store has them.
fn rows(store: &Store, source: &str) -> BTreeMap<String, (String, bool, BTreeSet<String>)> {
    let mut rows = BTreeMap::new();
    let all = AccountQuery { breadth: Breadth::default(), ..AccountQuery::default() };
    query::accounts(store, source, &all, |account| {
        let held =
            account.holdings.iter().map(|held| held.entitlement.id.trim_start_matches("role:").to_owned()).collect();
        rows.insert(account.id.clone(), (account.name.clone(), account.enabled, held));
        Ok(())
    })
    .unwrap();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_connector_reads_it_back_row_for_row() {
    let place = place().await;
    let served = place.serve();
    place.write("token", &place.token("iga", Role::Viewer));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(place.path().join("token"), private).unwrap();
    let store = Store::open(&place.store).unwrap();
    let wanted = rows(&store, "staff");
    for paging in ["cursor", "index"] {
        let name = format!("back-{paging}");
        place.write(
            &format!("sources/{name}.yaml"),
            &format!(
                "connector: scim\nauth: {{grant_type: bearer, token_ref: \"file:token\"}}\nhttp: {{allow_insecure_loopback: true}}\nsettings: {{base_url: \"http://{}/scim/v2/staff\", paging: {paging}, page_size: 7}}\n",
                served.address
            ),
        );
        place.aggregate_source(&name).await;
        assert_eq!(rows(&store, &name), wanted, "{paging}");
    }
}
