//! Writes of SCIM clients: each is a plan, with the same guards, and the source has what the client wanted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_engine::query;
use connector_engine::store::Store;
use connector_server::Role;
use place::{Answer, Place, Served};
use serde_json::{Value, json};
use std::fs;

const OWN: &str = "urn:connector:params:scim:schemas:crew:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A source with all that a file can have; `more` are lines of its definition.
async fn crew(more: &str) -> Place {
    let place = Place::empty();
    place.write(
        "sources/crew.yaml",
        &format!(
            "connector: delimited\n{more}settings:\n  complete: {{at_least: 1}}\n  writable: true\n  accounts:\n    file: crew.csv\n    id: login\n    enabled: {{column: status, is: [A], is_not: [T]}}\n    attributes:\n      types: {{level: {{type: integer}}}}\n      lists: {{tags: \"|\"}}\n  entitlements:\n    role: {{title: Role, file: roles.csv, id: code, name: name, holders: {{file: members.csv, account: login, entitlement: role}}}}\n"
        ),
    );
    place.write("roles.csv", "code,name\npayroll,Payroll\nbadge,Badge\nkey,Key\n");
    place.write("members.csv", "login,role\nann,payroll\nbob,payroll\ncid,payroll\nbob,key\n");
    place.write(
        "crew.csv",
        "login,status,name.givenName,name.familyName,mail,dept,title,displayName,level,tags,cost center,cost.center\nann,A,Ann,Ash,ann@x.example,Sales,Clerk,Ann A,9,a|b,c1,d1\nbob,A,Bob,Birch,bob@x.example,Sales,Clerk,Bob B,10,,,\ncid,T,Cid,Cedar,cid@x.example,Legal,Chief,Cid C,2,b,,\n",
    );
    std::thread::sleep(std::time::Duration::from_millis(20));
    place.aggregate_source("crew").await;
    place
}

struct Client<'a> {
    served: &'a Served,
    token: String,
}

impl Client<'_> {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let all = [
            &[("Authorization", bearer.as_str()), ("Cookie", "none=1"), ("Content-Type", "application/scim+json")][..],
            headers,
        ]
        .concat();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.served.ask(method, &format!("/scim/v2/crew{path}"), &all, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        read(&self.ask("GET", path, &[], &Value::Null).await, 200)
    }

    async fn patch(&self, path: &str, operations: Value) -> Answer {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        self.ask("PATCH", path, &[], &body).await
    }
}

fn read(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap_or_default()
}

/// The line of an account in the file.
fn line(place: &Place, login: &str) -> Option<String> {
    let text = fs::read_to_string(place.path().join("crew.csv")).unwrap();
    text.lines().find(|line| line.starts_with(&format!("{login},"))).map(str::to_owned)
}

fn members(place: &Place, role: &str) -> Vec<String> {
    let text = fs::read_to_string(place.path().join("members.csv")).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(','))
        .filter(|(_, of)| *of == role)
        .map(|(who, _)| who.to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_created_changed_replaced_and_deleted_and_each_step_is_a_plan() {
    let place = crew("").await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("okta", Role::Approver) };
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE], "userName": "dot", "active": true, "externalId": "okta-7",
        "name": {"givenName": "Dot", "familyName": "Dogwood", "middleName": "none here"}, "displayName": "Dot D",
        "groups": [], "phoneNumbers": [{"value": "1"}], "title": "Clerk",
        ENTERPRISE: {"department": "Sales"}, OWN: {"level": "7", "tags": ["x", "y"], "mail": "dot@x.example", "dept": "Sales"},
    });
    let made = client.ask("POST", "/Users", &[], &user).await;
    let shown = read(&made, 201);
    assert_eq!(
        (made.header("location"), made.header("etag")),
        (Some("/scim/v2/crew/Users/dot"), shown["meta"]["version"].as_str())
    );
    assert_eq!(line(&place, "dot").unwrap(), "dot,A,Dot,Dogwood,dot@x.example,Sales,Clerk,Dot D,7,x|y,,");
    assert_eq!(shown, client.get("/Users/dot").await);
    assert_eq!(
        (&shown["name"], &shown["title"], &shown[OWN]["level"], &shown[OWN]["tags"]),
        (&json!({"givenName": "Dot", "familyName": "Dogwood"}), &json!("Clerk"), &json!(7), &json!(["x", "y"]))
    );

    // What the client calls the user is kept, and found.
    assert_eq!(shown["externalId"], "okta-7");
    assert_eq!(client.get("/Users?filter=externalId%20eq%20%22okta-7%22").await["Resources"][0]["id"], "dot");
    assert!(shown["meta"]["created"].is_string() && shown["meta"]["lastModified"].is_string(), "{shown}");

    let twice = read(&client.ask("POST", "/Users", &[], &user).await, 409);
    assert_eq!(twice["scimType"], "uniqueness", "{twice}");
    assert_eq!(
        read(&client.ask("POST", "/Users", &[], &json!({"userName": "ann"})).await, 409)["scimType"],
        "uniqueness"
    );

    let other = json!({"userName": "bob", "active": false});
    assert_eq!(read(&client.ask("POST", "/Users", &[], &other).await, 409)["scimType"], "uniqueness");
    assert!(line(&place, "bob").unwrap().starts_with("bob,A,"), "who creates what exists does not change it");

    // What is sent stays or comes; what can be written and is not sent goes.
    let mut put = shown.clone();
    put["title"] = json!("Chief");
    put.as_object_mut().unwrap().remove("displayName");
    let replaced = client.ask("PUT", "/Users/dot", &[("If-Match", made.header("etag").unwrap())], &put).await;
    let replaced_user = read(&replaced, 200);
    assert_eq!((&replaced_user["title"], replaced_user.get("displayName")), (&json!("Chief"), None));
    assert_eq!(line(&place, "dot").unwrap(), "dot,A,Dot,Dogwood,dot@x.example,Sales,Chief,,7,x|y,,");
    let stale = client.ask("PUT", "/Users/dot", &[("If-Match", made.header("etag").unwrap())], &put).await;
    assert_eq!(read(&stale, 412)["status"], "412");

    let gone =
        client.ask("DELETE", "/Users/dot", &[("If-Match", replaced.header("etag").unwrap())], &Value::Null).await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert!(line(&place, "dot").is_none());
    read(&client.ask("GET", "/Users/dot", &[], &Value::Null).await, 404);
    read(&client.ask("DELETE", "/Users/dot", &[], &Value::Null).await, 404);
    assert_eq!(client.get("/Users?filter=userName%20eq%20%22dot%22").await["totalResults"], 0);

    let store = Store::open(&place.store).unwrap();
    let plans = query::plans(&store, Some("crew"), None, 10).unwrap();
    let mut files: Vec<_> =
        plans.iter().map(|plan| (plan.file.as_str(), plan.stage.name(), plan.author.as_deref())).collect();
    files.reverse();
    assert_eq!(
        files,
        [
            ("SCIM POST Users dot", "ended", Some("okta")),
            ("SCIM PUT Users/dot", "ended", Some("okta")),
            ("SCIM DELETE Users/dot", "ended", Some("okta")),
        ]
    );
    assert!(plans.iter().all(|plan| plan.approver.as_deref() == Some("okta")));
    let cookie = served.cookie_of(&place, "boss", Role::Viewer).await;
    assert!(served.see(&cookie, "/audit").await.body.contains("SCIM POST Users dot"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dialects_of_entra_and_okta_do_what_they_mean() {
    let place = crew("").await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("entra", Role::Approver) };
    // Entra ID: capitals, texts for switches, a path with a condition, an extension in the path.
    let answer = client
        .patch(
            "/Users/ann",
            json!([
                {"op": "Replace", "path": "active", "value": "False"},
                {"op": "Replace", "path": format!("{OWN}:mail"), "value": "new@x.example"},
                {"op": "Replace", "path": format!("{OWN}:dept"), "value": "Legal"},
                {"op": "add", "path": "name.givenName", "value": "Anna"},
                {"op": "Add", "path": format!("{OWN}:tags"), "value": "c"},
            ]),
        )
        .await;
    let ann = read(&answer, 200);
    assert_eq!((&ann["active"], &ann[OWN]["mail"]), (&json!(false), &json!("new@x.example")));
    assert_eq!(line(&place, "ann").unwrap(), "ann,T,Anna,Ash,new@x.example,Legal,Clerk,Ann A,9,a|b|c,c1,d1");
    // Entra ID: no path, names with dots and with schemas.
    let body = json!([{"op": "replace", "value": {
        "active": "True", "name.familyName": "Alder", "displayName": "Anna A", "phoneNumbers[type eq \"work\"].value": "1",
        format!("{ENTERPRISE}:department"): "Sales", format!("{OWN}:dept"): "Sales", OWN: {"level": 3},
    }}]);
    read(&client.patch("/Users/ann", body).await, 200);
    assert_eq!(line(&place, "ann").unwrap(), "ann,A,Anna,Alder,new@x.example,Sales,Clerk,Anna A,3,a|b|c,c1,d1");
    // Okta: no path.
    read(&client.patch("/Users/ann", json!([{"op": "replace", "value": {"active": false}}])).await, 200);
    assert!(line(&place, "ann").unwrap().starts_with("ann,T,"));
    // Removing a value, a condition on a list, and an attribute.
    let path = format!("{OWN}:tags[value eq \"b\"]");
    let body = json!([{"op": "remove", "path": path}, {"op": "remove", "path": "title"}, {"op": "remove", "path": "name.givenName"}]);
    read(&client.patch("/Users/ann", body).await, 200);
    assert_eq!(line(&place, "ann").unwrap(), "ann,T,,Alder,new@x.example,Sales,,Anna A,3,a|c,c1,d1");
    // Sent again, it is no change and no error.
    read(&client.patch("/Users/ann", json!([{"op": "remove", "path": "title"}])).await, 200);

    // Okta renames no group, but sends its name along; Entra ID names the members to remove in the value.
    for (body, wanted) in [
        (
            json!([{"op": "replace", "value": {"id": "role:payroll", "displayName": "Payroll"}}]),
            vec!["ann", "bob", "cid"],
        ),
        (
            json!([{"op": "Add", "path": "members", "value": [{"value": "ann"}, {"value": "bob"}]}]),
            vec!["ann", "bob", "cid"],
        ),
        (json!([{"op": "Remove", "path": "members", "value": [{"value": "ann"}]}]), vec!["bob", "cid"]),
        (json!([{"op": "remove", "path": "members[value eq \"bob\"]"}]), vec!["cid"]),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": "ann"}, {"value": "bob"}]}]),
            vec!["ann", "bob"],
        ),
        (
            json!([
                {"op": "add", "path": "members", "value": [{"value": "cid"}]},
                {"op": "remove", "path": "members[value eq \"cid\"]"},
            ]),
            vec!["ann", "bob"],
        ),
        (json!([{"op": "remove", "path": "members"}]), vec![]),
    ] {
        let answer = client.patch("/Groups/role:payroll", body.clone()).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{body}");
        let mut found = members(&place, "payroll");
        found.sort();
        assert_eq!(found, wanted, "{body}");
        let group = client.get("/Groups/role:payroll").await;
        let mut shown: Vec<_> =
            group["members"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
        shown.sort();
        assert_eq!(shown, wanted, "{body}");
    }
    let put = json!({"displayName": "Badge", "members": [{"value": "cid", "type": "User"}]});
    let group = read(&client.ask("PUT", "/Groups/role:badge", &[], &put).await, 200);
    assert_eq!((&group["members"][0]["value"], members(&place, "badge")), (&json!("cid"), vec!["cid".to_owned()]));
    let silent = json!({"displayName": "Badge", "members": null});
    read(&client.ask("PUT", "/Groups/role:badge", &[], &silent).await, 200);
    assert_eq!(members(&place, "badge"), ["cid"], "null says nothing about members");
    let cid = client.get("/Users/cid").await;
    assert_eq!(cid["groups"][0]["value"], "role:badge");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_may_not_or_can_not_do_is_refused_in_the_words_of_scim() {
    let place = crew("provisioning: {protected: [bob], max_delete: 0}\n").await;
    let served = place.serve();
    let before = fs::read_to_string(place.path().join("crew.csv")).unwrap();
    let operator = Client { served: &served, token: place.token("operator", Role::Operator) };
    assert_eq!(operator.patch("/Users/ann", json!([{"op": "replace", "value": {"active": false}}])).await.status, 403);
    let client = Client { served: &served, token: place.token("iga", Role::Approver) };
    for (body, kind) in [
        (json!([{"op": "replace", "path": "userName", "value": "anna"}]), "mutability"),
        (json!([{"op": "replace", "path": "groups", "value": [{"value": "role:badge"}]}]), "mutability"),
        (json!([{"op": "replace", "path": format!("{OWN}:locked"), "value": true}]), "mutability"),
        (json!([{"op": "replace", "path": "phoneNumbers", "value": "1"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "urn:nobody:User:x", "value": "1"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "name.[", "value": "1"}]), "invalidPath"),
        (json!([{"op": "replace", "path": format!("{OWN}:tags[value eq \"z\"]"), "value": "1"}]), "noTarget"),
        (json!([{"op": "replace", "path": "active", "value": "perhaps"}]), "invalidValue"),
        (json!([{"op": "replace", "path": format!("{OWN}:level"), "value": "high"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "title", "value": {"a": 1}}]), "invalidValue"),
        (json!([{"op": "replace", "path": "password", "value": "x"}]), "invalidValue"),
        (json!([{"op": "remove"}]), "noTarget"),
        (json!([{"op": "replace", "path": "title"}]), "invalidValue"),
        (json!([{"op": "copy", "path": "title", "value": "x"}]), "invalidSyntax"),
        (json!([]), "invalidSyntax"),
    ] {
        let error = read(&client.patch("/Users/ann", body.clone()).await, 400);
        assert_eq!(error["scimType"], kind, "{body}: {error}");
    }
    for (method, path, body, status) in [
        ("POST", "/Users", json!({"active": true}), 400),
        ("POST", "/Users", json!({"userName": "x", "password": "secret"}), 400),
        ("POST", "/Users", json!({"userName": "x", OWN: {"level": "high"}}), 400),
        ("PUT", "/Users/nobody", json!({"userName": "nobody"}), 404),
        ("PATCH", "/Users/nobody", json!({"Operations": [{"op": "remove", "path": "title"}]}), 404),
        ("DELETE", "/Users/ann", Value::Null, 403),
        ("PATCH", "/Users/bob", json!({"Operations": [{"op": "remove", "path": "title"}]}), 403),
        ("POST", "/Groups", json!({"displayName": "New"}), 501),
        ("DELETE", "/Groups/role:badge", Value::Null, 501),
        ("PATCH", "/Groups/role:nothing", json!({"Operations": [{"op": "remove", "path": "members"}]}), 404),
        (
            "PATCH",
            "/Groups/role:badge",
            json!({"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}),
            400,
        ),
        (
            "PATCH",
            "/Groups/role:badge",
            json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]}),
            400,
        ),
        (
            "PATCH",
            "/Groups/role:badge",
            json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "role:payroll", "type": "Group"}]}]}),
            400,
        ),
        // All or nothing: ann does not get it either.
        (
            "PATCH",
            "/Groups/role:badge",
            json!({"Operations": [{"op": "add", "path": "members", "value": [{"value": "ann"}, {"value": "nobody"}]}]}),
            400,
        ),
    ] {
        let answer = client.ask(method, path, &[], &body).await;
        let error = read(&answer, status);
        assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{error}");
        assert!(!error["detail"].as_str().unwrap().is_empty() && !answer.body.contains("secret"), "{error}");
    }
    let broken = client
        .served
        .ask("POST", "/scim/v2/crew/Users", &[("Authorization", &format!("Bearer {}", client.token))], "{")
        .await;
    assert_eq!(read(&broken, 400)["scimType"], "invalidSyntax");
    assert_eq!(fs::read_to_string(place.path().join("crew.csv")).unwrap(), before, "nothing was sent");
    assert!(members(&place, "badge").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_somebody_else_must_approve_or_nothing_can_be_written_the_service_says_so() {
    let place = crew("provisioning: {approval: required}\n").await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Approver) };
    let refused = read(&client.patch("/Users/ann", json!([{"op": "replace", "value": {"active": false}}])).await, 403);
    assert!(refused["detail"].as_str().unwrap().contains("`provisioning.approval`"), "{refused}");
    assert_eq!(client.get("/ServiceProviderConfig").await["patch"]["supported"], false);
    let schemas = client.get("/Schemas").await.to_string();
    assert!(!schemas.contains("readWrite") && !schemas.contains("immutable"), "{schemas}");
    assert!(query::plans(&Store::open(&place.store).unwrap(), None, None, 10).unwrap().is_empty());

    // The same source, and nothing may be changed.
    let text = fs::read_to_string(place.path().join("sources/crew.yaml")).unwrap();
    place.write(
        "sources/crew.yaml",
        &text.replace("provisioning: {approval: required}\n", "").replace("  writable: true\n", ""),
    );
    let refused = read(&client.patch("/Users/ann", json!([{"op": "replace", "value": {"active": false}}])).await, 501);
    assert!(refused["detail"].as_str().unwrap().contains("nothing of `crew` can be changed"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_write_at_the_same_time_wait_for_each_other() {
    let place = crew("").await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Approver) };
    let logins = ["ann", "bob", "cid", "ann", "bob"];
    let all = logins.iter().enumerate().map(|(number, login)| {
        let body = json!([{"op": "replace", "path": format!("{OWN}:level"), "value": number + 100}]);
        let client = &client;
        async move { client.patch(&format!("/Users/{login}"), body).await.status }
    });
    assert_eq!(futures_util::future::join_all(all).await, [200; 5]);
    let level = |login: &str| line(&place, login).unwrap().split(',').nth(8).unwrap().parse::<u32>().unwrap();
    assert!(level("cid") == 102 && [100, 103].contains(&level("ann")) && [101, 104].contains(&level("bob")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_sorted_by_number_and_no_attribute_hides_another() {
    let place = crew("").await;
    let served = place.serve();
    let client = Client { served: &served, token: place.token("iga", Role::Viewer) };
    let of = |page: &Value| {
        page["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&client.get(&format!("/Users?sortBy={OWN}:level")).await), ["cid", "ann", "bob"]);
    assert_eq!(
        of(&client.get(&format!("/Users?sortBy={OWN}:level&sortOrder=descending")).await),
        ["bob", "ann", "cid"]
    );
    assert_eq!(of(&client.get(&format!("/Users?filter={OWN}:cost_center_2%20eq%20%22d1%22")).await), ["ann"]);
    assert_eq!(
        (&client.get("/Users/ann").await[OWN]["cost_center"], &client.get("/Users/ann").await[OWN]["cost_center_2"]),
        (&json!("c1"), &json!("d1"))
    );
}
